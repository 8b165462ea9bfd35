"""Scores, events and outcomes to how the relationship went."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.contract.estimates import in_order
from analysis.contract.files import write_csv
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.tables import read_table
from analysis.evidence.course import describe_course
from analysis.evidence.held import keep_held
from analysis.evidence.ruptures import describe_ruptures, omega_by_occasion


def process(mapping: Path, plan: Path, folder: Path) -> None:
    """Write ``process.csv`` beside a dataset's scores."""
    dataset, choices = Dataset(mapping), read_plan(plan)
    settings = dataset.mapping
    tables = {
        name: read_table(name, folder / f"{name}.parquet")
        for name in ("engagements", "outcomes", "events")
    }
    tables |= {name: pd.read_parquet(folder / f"{name}.parquet") for name in ("alliance", "frame")}
    tables["measurement"] = pd.read_csv(folder / "measurement.csv")
    course = describe_course(
        tables,
        dataset.instruments,
        settings.outcomes,
        settings.cluster,
        (settings.primary_outcome, settings.primary_source, settings.primary_phase),
        choices,
    )
    ruptures = describe_ruptures(
        keep_held(tables["alliance"], tables["engagements"]),
        tables["engagements"],
        tables["events"],
        omega_by_occasion(tables["measurement"]),
        choices.ruptures,
        cluster=settings.cluster,
        confidence=choices.comparison.confidence,
    )
    rows = in_order([course, ruptures])
    rows.insert(0, "dataset", settings.name)
    write_csv(rows, folder / "process.csv")
