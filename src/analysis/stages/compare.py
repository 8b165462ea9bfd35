"""The analysis frame to the lines of evidence on advisee against advisor, and the verdict."""

from __future__ import annotations

from pathlib import Path

from analysis.contract.files import write_csv
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.tables import read_made, read_table
from analysis.evidence.grid import compare_all_cells
from analysis.measure.window import reply_means, shared_subscales
from analysis.stages.prepare import comparison_inputs


def compare(mapping: Path, plan: Path, folder: Path) -> None:
    """Write ``comparison.csv`` beside a dataset's scores."""
    dataset = Dataset(mapping)
    choices = read_plan(plan).comparison
    alliance = read_made(folder / "alliance.parquet")
    replies = reply_means(alliance, choices.window)
    inputs = comparison_inputs(
        dataset,
        choices,
        read_made(folder / "frame.parquet"),
        alliance,
        read_table("checkins", folder / "checkins.parquet", choices.window),
        read_table("outcomes", folder / "outcomes.parquet"),
    )
    del alliance  # what is compared is made: the scores of all check-ins may be many times as large
    comparison = compare_all_cells(
        *inputs, subscales=shared_subscales(dataset.scored), replies=replies
    )
    comparison.insert(0, "dataset", dataset.mapping.name)
    write_csv(comparison, folder / "comparison.csv")
