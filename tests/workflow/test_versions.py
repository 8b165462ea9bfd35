"""Versions of data in a remote of one's own, what they change in a verdict, what stays out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
POINTER = "data/raw/own.dvc"
#: What the server on loopback asks for; not a secret of anybody's.
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
#: For the identifiers of data that are not simulated.
SECRET = {"ALLIANCE_SECRET": "tests-only-Hx83Lm2Qw7Rt5Vb9Nc4Kd6Zs"}
#: A name that stands nowhere yet: this file is in git itself.
CLIENT = f"Wilhelmina {uuid4().hex}"


class Clone:
    """A clone of a repository, with an own home, in which commands run."""

    def __init__(self, source: Path | str, folder: Path) -> None:
        self.folder = folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "clone", "--quiet", str(source), str(folder)], check=True)
        for key, value in (("user.name", "Tester"), ("user.email", "tester@example.org")):
            self.run("git", "config", key, value)

    def ask(self, *command: str) -> subprocess.CompletedProcess:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        home = self.folder.parent / "home"
        home.mkdir(exist_ok=True)
        own = {"PATH": path, "HOME": str(home), "PYTHONPATH": str(self.folder / "src")}
        return subprocess.run(
            command,
            cwd=self.folder,
            env=os.environ | own | KEYS | SECRET,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def run(self, *command: str) -> str:
        told = self.ask(*command)
        assert told.returncode == 0, f"{command}: {told.stdout}{told.stderr}"
        return told.stdout

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    def made(self) -> dict[str, bytes]:
        """All that a run leaves, without logs and without which commit it was."""
        results = self.folder / "results"
        found = {}
        for path in sorted(results.rglob("*")):
            place = path.relative_to(results)
            if path.is_file() and place.parts[0] not in ("logs", "benchmarks"):
                found[str(place)] = path.read_bytes()
        record = json.loads(found["provenance.json"])
        del record["git"]
        return found | {"provenance.json": json.dumps(record).encode()}


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """An S3-compatible server on loopback with an empty bucket; its address."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    try:
        client = boto3.client(
            "s3",
            endpoint_url=address,
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
            region_name=KEYS["AWS_REGION"],
        )
        client.create_bucket(Bucket="team")
        yield address
    finally:
        server.stop()


def write_dataset_of_the_repository(clone: Clone, own_dataset) -> Path:
    """The small dataset as the repository's only one; the folder of its raw tables."""
    raw = clone.folder / "data/raw/own"
    mapping = own_dataset(raw, engagements=24, advisors=12)
    content = yaml.safe_load(mapping.read_text()) | {"folder": "../../data/raw/own"}
    mapping.unlink()
    (clone.folder / "config/datasets/own.yaml").write_text(yaml.safe_dump(content))
    plan = clone.folder / "config/config.yaml"
    lines = plan.read_text().splitlines()
    begin = lines.index("datasets:")
    end = next(at for at in range(begin + 1, len(lines)) if not lines[at].startswith("  - "))
    plan.write_text("\n".join([*lines[:begin], "datasets: [own]", *lines[end:]]) + "\n")
    stage = yaml.safe_load((clone.folder / "dvc.yaml").read_text())
    deps = stage["stages"]["analyse"]["deps"]
    others = [name for name in deps if not name.startswith("data/raw/")]
    stage["stages"]["analyse"]["deps"] = [*others, "data/raw/own"]
    (clone.folder / "dvc.yaml").write_text(yaml.safe_dump(stage, sort_keys=False))
    return raw


def add_data(clone: Clone, name: str, remote: str) -> str:
    """As docs/data-versions.md says: a version of the data, its remote named in the pointer."""
    clone.run("dvc", "add", f"data/raw/{name}")
    pointer = clone.folder / f"data/raw/{name}.dvc"
    content = yaml.safe_load(pointer.read_text())
    content["outs"][0]["remote"] = remote
    pointer.write_text(yaml.safe_dump(content, sort_keys=False))
    return f"data/raw/{name}.dvc"


@pytest.fixture(scope="module")
def team(tmp_path_factory, s3, own_dataset) -> tuple[Clone, dict]:
    """A clone with two tagged versions of its data, pushed and recorded; what the first gave."""
    clone = Clone(ROOT, tmp_path_factory.mktemp("team") / "clone")
    raw = write_dataset_of_the_repository(clone, own_dataset)
    clone.run("dvc", "remote", "add", "team", "s3://team/alliance")
    clone.run("dvc", "remote", "modify", "team", "endpointurl", s3)
    made = {}
    for version in ("A", "B"):
        if version == "B":
            cases = pd.read_csv(raw / "cases.csv")
            cases["Goals"] = cases["Goals"].to_numpy()[::-1]
            cases.to_csv(raw / "cases.csv", index=False)
        add_data(clone, "own", "team")
        clone.run("dvc", "push", POINTER)
        clone.run("dvc", "repro")
        clone.commit(f"Data {version}")
        clone.run("git", "tag", f"data-{version}")
        made[version] = clone.made()
    return clone, made


def test_metrics_diff_shows_what_the_new_data_change_in_the_verdict(team):
    clone, made = team
    told = json.loads(clone.run("dvc", "metrics", "diff", "--json", "data-A", "data-B"))
    changed = told["results/metrics.json"]
    assert changed["own.verdict"] == {"old": "supported", "new": "inconclusive"}
    before, after = (json.loads(made[version]["metrics.json"])["own"] for version in "AB")
    assert changed["own.difference"]["old"] == before["difference"]
    assert changed["own.difference"]["new"] == after["difference"]
    shown = clone.run("dvc", "metrics", "diff", "data-A", "data-B")
    assert "own.verdict" in shown
    assert "supported" in shown


def test_an_earlier_version_checked_out_elsewhere_gives_its_results_byte_for_byte(team, tmp_path):
    clone, made = team
    other = Clone(clone.folder, tmp_path / "clone")
    other.run("git", "checkout", "--quiet", "data-A")
    other.run("dvc", "pull", POINTER)
    other.run("dvc", "repro", "--force")
    assert other.made() == made["A"]
    assert made["A"] != made["B"]
    assert other.run("git", "status", "--porcelain") == ""
    assert other.run("dvc", "metrics", "diff", "data-A").strip() == ""


def test_going_back_in_the_same_clone_runs_again_and_gives_the_earlier_bytes(team):
    clone, made = team
    clone.run("git", "checkout", "--quiet", "data-A")
    try:
        clone.run("dvc", "checkout", POINTER)
        clone.run("alliance", "run")
        assert clone.made() == made["A"]
    finally:
        clone.run("git", "checkout", "--quiet", "--force", "data-B")
        clone.run("dvc", "checkout", POINTER)


@pytest.fixture
def consultancy(tmp_path) -> Clone:
    """A fresh clone with data of clients under DVC, and no remote of its own."""
    clone = Clone(ROOT, tmp_path / "clone")
    folder = clone.folder / "data/raw/clients"
    folder.mkdir(parents=True)
    (folder / "clients.csv").write_text(f"Case,Client\n1,{CLIENT}\n")
    clone.run("dvc", "add", "data/raw/clients")
    return clone


def test_a_shared_folder_serves_as_well(consultancy, tmp_path):
    consultancy.run("dvc", "remote", "add", "drive", str(tmp_path / "drive"))
    pointer = add_data(consultancy, "clients", "drive")
    consultancy.run("dvc", "push", pointer)
    consultancy.commit("Clients")
    other = Clone(consultancy.folder, tmp_path / "other")
    other.run("dvc", "pull", pointer)
    assert CLIENT in (other.folder / "data/raw/clients/clients.csv").read_text()
    refused = consultancy.run("dvc", "push", "--remote", "example", pointer)
    assert "up to date" in refused
    assert in_remote(consultancy) == []


def in_git(clone: Clone) -> bool:
    """Whether a client's name is in anything git holds, after all that can be is committed."""
    clone.run("git", "add", "--all")
    clone.ask("git", "commit", "--quiet", "--message", "everything")
    held = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch"],
        cwd=clone.folder,
        capture_output=True,
        check=True,
    )
    return CLIENT.encode() in held.stdout


def in_remote(clone: Clone) -> list[Path]:
    files = (path for path in (clone.folder / "data/remote").rglob("*") if path.is_file())
    return [path for path in files if CLIENT.encode() in path.read_bytes()]


@pytest.mark.parametrize("arguments", [["data/raw/clients.dvc"], []])
def test_pushing_without_a_remote_of_ones_own_fails_clearly_and_nothing_gets_into_git(
    consultancy, arguments
):
    told = consultancy.ask("dvc", "push", *arguments)
    assert told.returncode != 0
    assert "no remote specified" in told.stderr
    assert "Setup default remote" in told.stderr
    assert in_remote(consultancy) == []
    assert not in_git(consultancy)
    assert consultancy.run("git", "check-ignore", ".dvc/cache").strip() == ".dvc/cache"


def test_even_what_is_pushed_to_the_examples_remote_stays_out_of_git(consultancy):
    """DVC's word names `-r <remote name>`, and the only remote there is is the examples'."""
    consultancy.run("dvc", "push", "--remote", "example", "data/raw/clients.dvc")
    assert in_remote(consultancy) != []
    assert not in_git(consultancy)


def test_raw_tables_that_dvc_does_not_know_yet_stay_out_of_git_too(tmp_path):
    clone = Clone(ROOT, tmp_path / "clone")
    for name in ("data/raw/new/clients.csv", "data/raw/clients.csv"):
        (clone.folder / name).parent.mkdir(exist_ok=True)
        (clone.folder / name).write_text(CLIENT)
    assert not in_git(clone)


def test_the_remote_in_the_repository_holds_the_examples_and_nothing_else():
    tracked = subprocess.run(
        ["git", "ls-files", "data/remote", "data/raw"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    held = {"".join(Path(name).parts[-2:]) for name in tracked if "remote/files/md5" in name}
    known = set()
    for name in tracked:
        if name.endswith(".dvc"):
            (out,) = yaml.safe_load((ROOT / name).read_text())["outs"]
            assert out["remote"] == "example"
            known.add(out["md5"])
            listing = ROOT / "data/remote/files/md5" / out["md5"][:2] / out["md5"][2:]
            known |= {entry["md5"] for entry in json.loads(listing.read_text())}
    assert held == known
