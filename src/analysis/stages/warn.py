"""Clean tables and alliance scores to early warning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.contract.files import write_csv
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.tables import read_made, read_table
from analysis.evidence.course.held import keep_held
from analysis.evidence.ruptures.ruptures import list_rupture_episodes, omega_by_occasion
from analysis.evidence.warning.warning import describe_warning


def warn(mapping: Path, plan: Path, folder: Path) -> None:
    """Write ``warning.csv`` beside a dataset's clean tables."""
    dataset, choices = Dataset(mapping), read_plan(plan)
    cluster = dataset.mapping.cluster
    engagements = read_table("engagements", folder / "engagements.parquet")
    alliance = read_made(folder / "alliance.parquet")
    omega = omega_by_occasion(read_made(folder / "measurement.csv"))
    held = keep_held(alliance, engagements)
    traced = [
        list_rupture_episodes(
            held, engagements, None, rater, omega.get(rater), choices.ruptures, cluster=cluster
        )
        for rater in dataset.instruments
    ]
    traced = [episodes for episodes in traced if len(episodes)]
    answers = {rater: key.responses for rater, key in dataset.instruments.items()}
    warning = describe_warning(
        engagements,
        alliance,
        read_table("events", folder / "events.parquet"),
        {rater: (own.minimum, own.maximum) for rater, own in answers.items()},
        cluster,
        choices.warning,
        choices.comparison,
        np.random.default_rng(choices.warning.seed),
        pd.concat(traced, ignore_index=True) if traced else None,
    )
    warning.insert(0, "dataset", dataset.mapping.name)
    write_csv(warning, folder / "warning.csv")
