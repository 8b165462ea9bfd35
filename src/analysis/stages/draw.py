"""One dataset's tables to its figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from analysis.contract.layout import Dataset, read_plan
from analysis.contract.plan import Plan
from analysis.present.figures import draw_comparison, save_figure
from analysis.present.measurement_figure import draw_measurement
from analysis.present.notes import note_keys, note_origin


@dataclass(frozen=True)
class _Drawn:
    """What the figures of one dataset are drawn from."""

    dataset: Dataset
    plan: Plan
    interim: Path

    def table(self, name: str) -> pd.DataFrame:
        """One of the dataset's tables of estimates."""
        return pd.read_csv(self.interim / f"{name}.csv")

    @property
    def notes(self) -> list[str]:
        """Cautions that stand below every figure."""
        return [
            *note_origin(self.dataset.mapping.provenance),
            *note_keys(self.dataset.instruments),
        ]


def _comparison(drawn: _Drawn) -> Figure:
    settings, choices = drawn.dataset.mapping, drawn.plan.comparison
    return draw_comparison(
        drawn.table("comparison"),
        settings.title,
        choices.sesoi,
        {name: one.title for name, one in settings.outcomes.items() if one.title},
        confidence=choices.confidence,
        clusters=settings.clusters,
        notes=drawn.notes,
    )


def _measurement(drawn: _Drawn) -> Figure:
    return draw_measurement(
        drawn.table("measurement"),
        drawn.dataset.mapping.title,
        confidence=drawn.plan.comparison.confidence,
        notes=drawn.notes,
    )


#: Every dataset's figures; where the data allow none, a plate says why.
FIGURES: dict[str, Callable[[_Drawn], Figure]] = {
    "comparison": _comparison,
    "measurement": _measurement,
}


def draw(mapping: Path, plan: Path, results: Path) -> None:
    """Write ``figures/<dataset>_<name>`` (SVG and PNG) for each name in ``FIGURES``."""
    dataset = Dataset(mapping)
    name = dataset.mapping.name
    drawn = _Drawn(dataset, read_plan(plan), results / "interim" / name)
    for figure, make in FIGURES.items():
        save_figure(make(drawn), results / f"figures/{name}_{figure}.svg")
