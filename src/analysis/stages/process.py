"""Scores, events and outcomes to how the relationship went."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from analysis.contract.estimates import in_order
from analysis.contract.files import write_csv
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.tables import read_made, read_table
from analysis.evidence.cells import collect_cells
from analysis.evidence.course.course import describe_course
from analysis.evidence.course.held import keep_held
from analysis.evidence.course.mediation import describe_mediation
from analysis.evidence.ruptures.ruptures import describe_ruptures, omega_by_occasion


def process(mapping: Path, plan: Path, folder: Path) -> None:
    """Write ``process.csv`` beside a dataset's scores."""
    dataset, choices = Dataset(mapping), read_plan(plan)
    settings = dataset.mapping
    tables = {
        name: read_table(name, folder / f"{name}.parquet")
        for name in ("engagements", "outcomes", "events")
    }
    tables |= {name: read_made(folder / f"{name}.parquet") for name in ("alliance", "frame")}
    tables["measurement"] = read_made(folder / "measurement.csv")
    course = describe_course(
        tables,
        dataset.instruments,
        settings.outcomes,
        settings.cluster,
        settings.primary,
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
    mediation = describe_mediation(
        tables["frame"],
        collect_cells(tables["frame"], tables["outcomes"], settings.outcomes),
        settings.primary,
        settings.cluster,
        choices.comparison,
        np.random.default_rng(choices.comparison.seed),
    )
    rows = in_order([course, ruptures, mediation])
    rows.insert(0, "dataset", settings.name)
    write_csv(rows, folder / "process.csv")
