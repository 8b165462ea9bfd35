"""Clean tables to the difference under every combination of reasonable choices."""

from __future__ import annotations

from pathlib import Path

from analysis.contract.files import write_csv
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.tables import read_table
from analysis.evidence.multiverse.choices import Sources
from analysis.evidence.multiverse.multiverse import explore_multiverse


def multiverse(mapping: Path, plan: Path, folder: Path) -> None:
    """Write ``multiverse.csv`` beside a dataset's clean tables."""
    dataset = Dataset(mapping)
    settings = dataset.mapping
    tables = ("engagements", "checkins", "outcomes")
    sources = Sources(
        *(read_table(name, folder / f"{name}.parquet") for name in tables),
        dataset.scored,
        settings.outcomes,
        settings.cluster,
        settings.primary,
    )
    explored = explore_multiverse(sources, read_plan(plan))
    explored.insert(0, "dataset", settings.name)
    write_csv(explored, folder / "multiverse.csv")
