"""One dataset's estimates to its figure."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.contract.layout import Dataset, read_plan
from analysis.present.figures import draw_comparison, save_figure
from analysis.present.notes import note_keys, note_origin


def draw(mapping: Path, plan: Path, comparison: Path, output: Path) -> None:
    """Write a dataset's figure as SVG and, beside it, as PNG."""
    dataset, choices = Dataset(mapping), read_plan(plan).comparison
    settings = dataset.mapping
    figure = draw_comparison(
        pd.read_csv(comparison),
        settings.title,
        choices.sesoi,
        {name: one.title for name, one in settings.outcomes.items() if one.title},
        confidence=choices.confidence,
        clusters=settings.clusters,
        notes=[*note_origin(settings.provenance), *note_keys(dataset.instruments)],
    )
    save_figure(figure, output)
