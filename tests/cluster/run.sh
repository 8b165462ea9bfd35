#!/usr/bin/env bash
# One dataset through a real Slurm, and the same tables byte for byte as a local run.
#
# Installs Debian's slurm-wlm and munge where they are missing, starts a cluster of one node that
# listens on loopback, runs, compares, and takes the cluster down again. Needs root on a Debian
# machine without a Slurm of its own; bounded to ten minutes. `make cluster` calls it.
set -euo pipefail
cd "$(dirname "$0")/../.."

dataset=${1:-management_consulting}
conf=/etc/slurm/slurm.conf
tables=(comparison multiverse flow)
targets=("${tables[@]/%/.csv}")
targets=("${targets[@]/#/results/interim/$dataset/}")

stop() { echo "tests/cluster: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || stop "starting a cluster needs root."
[ ! -e $conf ] || stop "there is a $conf already: this machine has a Slurm of its own."
[ -x .venv/bin/snakemake ] || stop "run \`make test\` first: it installs what a cluster run needs."

scratch=$(mktemp -d)
take_down() {
    status=$?
    trap - EXIT INT TERM
    kill $(jobs -p) 2>/dev/null || true
    wait 2>/dev/null || true
    rm -f $conf
    if [ $status = 0 ]; then
        rm -rf "$scratch"
    else
        echo "tests/cluster: failed; what the daemons said is in $scratch" >&2
    fi
    exit $status
}
trap take_down EXIT INT TERM

if ! command -v slurmctld munged sbatch >/dev/null; then
    echo "Installing slurm-wlm and munge ..."
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        slurm-wlm munge >"$scratch/install.log" 2>&1
fi

echo "Starting a cluster of one node on loopback ..."
node=$(hostname -s)
mkdir -p "$scratch"/{state,spool,munge} /etc/slurm
cat >$conf <<END
ClusterName=loopback
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$scratch/munge/socket
CredType=cred/munge
StateSaveLocation=$scratch/state
SlurmdSpoolDir=$scratch/spool
SlurmctldPidFile=$scratch/slurmctld.pid
SlurmdPidFile=$scratch/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=60 State=UP
END
dd if=/dev/urandom of="$scratch/munge/key" bs=1024 count=1 status=none
chmod 0400 "$scratch/munge/key"
chmod 0711 "$scratch" "$scratch/munge"
munged --force --foreground --key-file="$scratch/munge/key" --socket="$scratch/munge/socket" \
    --pid-file="$scratch/munge/pid" --seed-file="$scratch/munge/seed" \
    --log-file="$scratch/munge/log" >"$scratch/munged.out" 2>&1 &
for _ in $(seq 50); do [ -S "$scratch/munge/socket" ] && break; sleep 0.2; done
slurmctld -D -i >"$scratch/slurmctld.log" 2>&1 &
slurmd -D >"$scratch/slurmd.log" 2>&1 &
for _ in $(seq 100); do
    [ "$(sinfo --noheader --format=%T 2>/dev/null || true)" = idle ] && break
    sleep 0.3
done
[ "$(sinfo --noheader --format=%T)" = idle ] || stop "the node did not come up."

# What runs is a copy of this checkout, its code included.
for copy in local cluster; do
    mkdir "$scratch/$copy"
    cp -r config workflow src data requirements.lock "$scratch/$copy"
done
analyse() { # FOLDER ARGUMENT...: the targets there, at most five minutes
    (
        cd "$scratch/$1" && shift
        PATH="$OLDPWD/.venv/bin:$PATH" PYTHONPATH="$PWD/src" timeout 300 \
            "$OLDPWD/.venv/bin/python" -m analysis.cli run "${targets[@]/#/--snakemake=}" "$@"
    )
}
echo "Running $dataset here ..."
analyse local
echo "Running $dataset on the cluster ..."
# Without accounting nothing but squeue knows a job's state, and no account can be charged.
analyse cluster \
    --snakemake=--workflow-profile=workflow/profiles/slurm \
    --snakemake=--slurm-no-account \
    --snakemake=--slurm-status-command=squeue \
    --snakemake=--slurm-init-seconds-before-status-checks=2 \
    --snakemake=--seconds-between-status-checks=2 \
    --snakemake=--latency-wait=5

jobs_run=$(find "$scratch/cluster/results/benchmarks" -name '*.tsv' | wc -l)
submitted=$(grep -o "_job_complete: JobId=[0-9]* done" "$scratch/slurmctld.log" | sort -u | wc -l)
[ "$submitted" -ge "$jobs_run" ] || stop "$jobs_run jobs ran and Slurm was given $submitted."
for table in "${tables[@]}"; do
    cmp "$scratch/local/results/interim/$dataset/$table.csv" \
        "$scratch/cluster/results/interim/$dataset/$table.csv"
done
echo "$submitted jobs on Slurm; ${tables[*]}: the same bytes as here."
