"""Clean tables to alliance scores and the analysis frame."""

from __future__ import annotations

from pathlib import Path

from analysis.contract.files import replacing
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.tables import read_table
from analysis.measure.scoring import score_alliance
from analysis.measure.window import assemble_frame


def score(mapping: Path, plan: Path, folder: Path) -> None:
    """Write ``alliance.parquet`` and ``frame.parquet`` beside a dataset's clean tables."""
    dataset, choices = Dataset(mapping), read_plan(plan)
    alliance = score_alliance(
        read_table("checkins", folder / "checkins.parquet"),
        dataset.scored,
        choices.scoring.minimum_answered,
    )
    engagements = read_table("engagements", folder / "engagements.parquet")
    frame = assemble_frame(engagements, alliance, choices.comparison.window)
    for name, table in {"alliance": alliance, "frame": frame}.items():
        with replacing(folder / f"{name}.parquet") as temporary:
            table.to_parquet(temporary, index=False)
