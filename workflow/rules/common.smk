# Which datasets a run covers, and the content hashes that decide what is run again.
#
# Inputs that people edit are marked `ancient`: their content stands in `params` as a hash, which
# catches an edit with an older time stamp and lets a mere touch pass.

from functools import cache
from pathlib import Path

from analysis.contract import closure, freeze, layout, secret
from analysis.stages.keeping import teach_snakemake

teach_snakemake()

PLAN = layout.read_plan(layout.PLAN)
MAPPINGS = config.get("mappings")  # given for a dataset of the user's own

if MAPPINGS is None:
    DATASETS = layout.find_datasets(PLAN)
else:
    DATASETS = {name: layout.Dataset(Path(path)) for name, path in MAPPINGS.items()}


wildcard_constraints:
    dataset="[a-z][a-z0-9_]*",


@cache
def code_hash(stage):
    """Hash of all code a stage imports, and of the lock."""
    return closure.code_hash(f"analysis.stages.{stage}", lock=layout.LOCK)


def plan_hash(*keys):
    """Hash of the plan's keys that a stage reads."""
    return layout.plan_hash(PLAN, *keys)


def mapping_of(wildcards):
    """A dataset's mapping file."""
    return ancient(str(DATASETS[wildcards.dataset].path))


def raw_files_of(wildcards):
    """A dataset's raw files."""
    return [ancient(str(path)) for path in DATASETS[wildcards.dataset].raw_files.values()]


def data_hash(wildcards):
    """Hash of a dataset's raw files."""
    return DATASETS[wildcards.dataset].data_hash()


def instruments_hash(wildcards):
    """Hash of a dataset's instruments' keys."""
    return DATASETS[wildcards.dataset].instruments_hash()


def keys_hash(*keys):
    """Hash of the mapping's keys that a stage reads, as a function of the dataset."""
    return lambda wildcards: DATASETS[wildcards.dataset].keys_hash(*keys)


def key_in_use(wildcards):
    """Tells one secret from another without holding it: pseudonyms follow from it."""
    return secret.key_in_use(DATASETS[wildcards.dataset].mapping.provenance)
