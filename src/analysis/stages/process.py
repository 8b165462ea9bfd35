"""Scores, events and outcomes to how the relationship went."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.contract.estimates import in_order
from analysis.contract.files import write_csv
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.tables import read_table
from analysis.evidence.course import describe_course


def process(mapping: Path, plan: Path, folder: Path) -> None:
    """Write ``process.csv`` beside a dataset's scores."""
    dataset = Dataset(mapping)
    settings = dataset.mapping
    tables = {
        name: read_table(name, folder / f"{name}.parquet")
        for name in ("engagements", "checkins", "outcomes", "events")
    }
    tables |= {name: pd.read_parquet(folder / f"{name}.parquet") for name in ("alliance", "frame")}
    tables["measurement"] = pd.read_csv(folder / "measurement.csv")
    course = describe_course(
        tables,
        dataset.instruments,
        settings.outcomes,
        settings.cluster,
        (settings.primary_outcome, settings.primary_source, settings.primary_phase),
        read_plan(plan),
    )
    # Ruptures and repair add their rows here.
    rows = in_order([course])
    rows.insert(0, "dataset", settings.name)
    write_csv(rows, folder / "process.csv")
