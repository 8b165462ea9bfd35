"""One dataset's tables to its figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from analysis.contract.layout import Dataset, read_plan
from analysis.contract.plan import Plan
from analysis.contract.products import FIGURES
from analysis.present.curve import draw_multiverse
from analysis.present.figures import draw_comparison, save_figure
from analysis.present.flow_diagram import draw_flow, read_flow
from analysis.present.measurement_figure import draw_measurement
from analysis.present.notes import note_keys, note_origin
from analysis.present.plate import draw_plate
from analysis.present.rupture_timeline import draw_ruptures
from analysis.present.surface import draw_surface
from analysis.present.trajectories import draw_trajectories
from analysis.present.warning_curves import draw_warning
from analysis.stages.released import Released

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class _Drawn:
    """What the figures of one dataset are drawn from: only what may leave the interim folder."""

    dataset: Dataset
    plan: Plan
    released: Released

    def table(self, name: str) -> pd.DataFrame:
        """One of the dataset's tables of estimates."""
        return self.released.table(name)

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
        settings.outcome_titles,
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


def _multiverse(drawn: _Drawn) -> Figure:
    return draw_multiverse(
        drawn.table("multiverse"),
        drawn.dataset.mapping.title,
        drawn.plan.comparison.sesoi,
        confidence=drawn.plan.comparison.confidence,
        clusters=drawn.dataset.mapping.clusters,
        notes=drawn.notes,
    )


def _trajectories(drawn: _Drawn) -> Figure:
    title, rows = drawn.dataset.mapping.title, drawn.table("process")
    figure = draw_trajectories(
        rows, title, confidence=drawn.plan.comparison.confidence, notes=drawn.notes
    )
    reason = "ratings at a single check-in show no course"
    return figure or draw_plate(f"{title}: the course of the alliance", reason)


def _surface(drawn: _Drawn) -> Figure:
    settings = drawn.dataset.mapping
    name = settings.primary_outcome or "the outcome"
    outcome = settings.outcome_titles.get(name) or name.replace("_", " ")
    figure = draw_surface(drawn.table("process"), settings.title, outcome, notes=drawn.notes)
    reason = "it takes both raters early on and the primary outcome"
    return figure or draw_plate(f"{settings.title}: agreement and outcome", reason)


def _ruptures(drawn: _Drawn) -> Figure:
    return draw_ruptures(
        drawn.table("process"),
        drawn.dataset.mapping.title,
        confidence=drawn.plan.comparison.confidence,
        notes=drawn.notes,
    )


def _warning(drawn: _Drawn) -> Figure:
    return draw_warning(
        drawn.table("warning"),
        drawn.dataset.mapping.title,
        confidence=drawn.plan.comparison.confidence,
        clusters=drawn.dataset.mapping.clusters,
        notes=drawn.notes,
    )


def _flow(drawn: _Drawn) -> Figure:
    flow = read_flow(drawn.table("flow"), drawn.table("measurement"), drawn.plan.disclosure)
    return draw_flow(flow, drawn.dataset.mapping.title, drawn.notes)


#: How each figure is drawn; where the data allow none, a plate says why.
DRAWN_BY: dict[str, Callable[[_Drawn], Figure]] = {
    "comparison": _comparison,
    "measurement": _measurement,
    "trajectories": _trajectories,
    "surface": _surface,
    "ruptures": _ruptures,
    "warning": _warning,
    "multiverse": _multiverse,
    "flow": _flow,
}


def draw(mapping: Path, plan: Path, results: Path) -> None:
    """Write ``figures/<dataset>_<name>`` (SVG and PNG) for each name of the list of products."""
    dataset, choices = Dataset(mapping), read_plan(plan)
    name = dataset.mapping.name
    drawn = _Drawn(dataset, choices, Released(dataset, choices, results))
    for figure in FIGURES:
        save_figure(DRAWN_BY[figure](drawn), results / f"figures/{name}_{figure}.svg")
