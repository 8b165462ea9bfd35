"""Clean tables and scores to how well the alliance was measured."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.contract.files import write_csv
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.tables import read_table
from analysis.evidence.measurement.measured import Measured, measure_all


def measure(mapping: Path, plan: Path, folder: Path) -> None:
    """Write ``measurement.csv`` beside a dataset's clean tables."""
    dataset = Dataset(mapping)
    settings = dataset.mapping
    data = Measured(
        engagements=read_table("engagements", folder / "engagements.parquet"),
        checkins=read_table("checkins", folder / "checkins.parquet"),
        outcomes=read_table("outcomes", folder / "outcomes.parquet"),
        alliance=pd.read_parquet(folder / "alliance.parquet"),
        frame=pd.read_parquet(folder / "frame.parquet"),
        forms=dataset.forms,
        cluster=settings.cluster,
        primary=settings.primary,
        programme=settings.programme,
    )
    measurement = measure_all(data, read_plan(plan))
    measurement.insert(0, "dataset", settings.name)
    write_csv(measurement, folder / "measurement.csv")
