"""Clean tables and alliance scores to early warning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.contract.files import write_csv
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.tables import read_table
from analysis.evidence.warning import describe_warning


def warn(mapping: Path, plan: Path, folder: Path) -> None:
    """Write ``warning.csv`` beside a dataset's clean tables."""
    dataset, choices = Dataset(mapping), read_plan(plan)
    answers = {rater: key.responses for rater, key in dataset.instruments.items()}
    warning = describe_warning(
        read_table("engagements", folder / "engagements.parquet"),
        pd.read_parquet(folder / "alliance.parquet"),
        read_table("events", folder / "events.parquet"),
        {rater: (own.minimum, own.maximum) for rater, own in answers.items()},
        dataset.mapping.cluster,
        choices.warning,
        choices.comparison,
        np.random.default_rng(choices.warning.seed),
    )
    warning.insert(0, "dataset", dataset.mapping.name)
    write_csv(warning, folder / "warning.csv")
