"""Clean tables to the difference under every combination of reasonable choices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from analysis.contract.files import replacing, write_csv
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.tables import read_table
from analysis.evidence.multiverse.choices import Sources
from analysis.evidence.multiverse.multiverse import explore_multiverse, resample_multiverse


def multiverse(mapping: Path, plan: Path, folder: Path, replicates: Sequence[Path] = ()) -> None:
    """Write ``multiverse.csv`` beside a dataset's clean tables.

    ``replicates`` are the files of every part where ``resample`` made them beforehand.
    """
    dataset = Dataset(mapping)
    made = None
    if replicates:
        made = pd.concat([pd.read_parquet(path) for path in replicates], axis="columns")
    explored = explore_multiverse(_sources(dataset, folder), read_plan(plan), made)
    explored.insert(0, "dataset", dataset.mapping.name)
    write_csv(explored, folder / "multiverse.csv")


def resample(mapping: Path, plan: Path, folder: Path, part: int, parts: int, output: Path) -> None:
    """Write the replicates of one part of a dataset's specifications."""
    sources = _sources(Dataset(mapping), folder)
    made = resample_multiverse(sources, read_plan(plan), part, parts)
    with replacing(output) as temporary:
        made.to_parquet(temporary)


def _sources(dataset: Dataset, folder: Path) -> Sources:
    settings = dataset.mapping
    tables = ("engagements", "checkins", "outcomes")
    return Sources(
        *(read_table(name, folder / f"{name}.parquet") for name in tables),
        dataset.scored,
        settings.outcomes,
        settings.cluster,
        settings.primary,
    )
