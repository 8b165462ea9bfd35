"""The analysis frame to the lines of evidence on advisee against advisor, and the verdict."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from analysis.contract.files import write_csv
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.tables import read_table
from analysis.evidence.grid import compare_all_cells
from analysis.measure.window import window_items, window_occasions


def compare(mapping: Path, plan: Path, folder: Path) -> None:
    """Write ``comparison.csv`` beside a dataset's scores."""
    dataset, choices = Dataset(mapping), read_plan(plan).comparison
    settings = dataset.mapping
    occasions = window_occasions(pd.read_parquet(folder / "alliance.parquet"), choices.window)
    checkins = read_table("checkins", folder / "checkins.parquet")
    comparison = compare_all_cells(
        pd.read_parquet(folder / "frame.parquet"),
        read_table("outcomes", folder / "outcomes.parquet"),
        occasions,
        window_items(checkins, occasions, dataset.instruments),
        settings.outcomes,
        choices,
        settings.cluster,
        SimpleNamespace(
            outcome=settings.primary_outcome,
            source=settings.primary_source,
            phase=settings.primary_phase,
        ),
    )
    comparison.insert(0, "dataset", settings.name)
    write_csv(comparison, folder / "comparison.csv")
