"""The analysis frame to the lines of evidence on advisee against advisor, and the verdict."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.contract.files import write_csv
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.tables import read_table
from analysis.evidence.grid import compare_all_cells
from analysis.measure.window import shared_subscales
from analysis.stages.prepare import comparison_inputs


def compare(mapping: Path, plan: Path, folder: Path) -> None:
    """Write ``comparison.csv`` beside a dataset's scores."""
    dataset = Dataset(mapping)
    inputs = comparison_inputs(
        dataset,
        read_plan(plan).comparison,
        pd.read_parquet(folder / "frame.parquet"),
        pd.read_parquet(folder / "alliance.parquet"),
        read_table("checkins", folder / "checkins.parquet"),
        read_table("outcomes", folder / "outcomes.parquet"),
    )
    comparison = compare_all_cells(*inputs, subscales=shared_subscales(dataset.scored))
    comparison.insert(0, "dataset", dataset.mapping.name)
    write_csv(comparison, folder / "comparison.csv")
