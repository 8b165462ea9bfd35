"""Tables and figures to the report, the figure across datasets, and what it all rests on."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from analysis.contract.files import write_json, write_text
from analysis.contract.layout import CALIBRATION, Dataset, read_plan
from analysis.contract.provenance import collect_provenance
from analysis.evidence.sentence import read_headline
from analysis.present.calibration import describe_calibration
from analysis.present.figures import draw_datasets, save_figure
from analysis.present.notes import describe_origin, note_keys, note_origin
from analysis.present.parts import Part
from analysis.present.report import ReportContext, ReportDataset, render_report


def report(plan: Path, results: Path, mappings: list[Path]) -> None:
    """Write ``report.html``, ``provenance.json`` and ``figures/datasets`` (SVG and PNG)."""
    choices = read_plan(plan)
    found = [Dataset(path) for path in mappings]
    comparison = pd.read_csv(results / "tables/comparison.csv")
    measurement = pd.read_csv(results / "tables/measurement.csv")
    flow = pd.read_csv(results / "tables/flow.csv")
    metrics = json.loads((results / "metrics.json").read_text(encoding="utf-8"))
    shown = [_show(dataset, comparison, measurement, flow, metrics, results) for dataset in found]
    overview = results / "figures/datasets.svg"
    figure = draw_datasets(
        comparison,
        {one.name: one.title for one in shown},
        choices.comparison.sesoi,
        {one.name: one.outcome_titles for one in shown},
        confidence=choices.comparison.confidence,
    )
    save_figure(figure, overview)
    provenance = collect_provenance(choices, {one.mapping.name: one for one in found})
    context = ReportContext(
        shown,
        overview.read_text(encoding="utf-8"),
        choices,
        provenance,
        appendix=_appendix(),
    )
    write_text(render_report(context), results / "report.html")
    write_json(provenance, results / "provenance.json")


def _appendix() -> tuple[Part, ...]:
    """The recorded calibration: a run does not repeat what no dataset can change."""
    if not CALIBRATION.exists():
        return ()
    return (describe_calibration(pd.read_csv(CALIBRATION)),)


def _show(
    dataset: Dataset,
    comparison: pd.DataFrame,
    measurement: pd.DataFrame,
    flow: pd.DataFrame,
    metrics: dict,
    results: Path,
) -> ReportDataset:
    """One dataset's part of everything."""
    settings = dataset.mapping
    own = comparison[comparison["dataset"] == settings.name]
    figure = results / f"figures/{settings.name}_comparison.svg"
    return ReportDataset(
        name=settings.name,
        title=settings.title,
        sentence=metrics[settings.name]["sentence"],
        verdict=metrics[settings.name]["verdict"],
        reason=read_headline(own).reason,
        comparison=own,
        measurement=measurement[measurement["dataset"] == settings.name],
        flow=flow[flow["dataset"] == settings.name],
        figure_svg=figure.read_text(encoding="utf-8"),
        notes=[*note_origin(settings.provenance), *note_keys(dataset.instruments)],
        provenance=describe_origin(settings.provenance, dataset.instruments),
        outcome_titles={name: one.title for name, one in settings.outcomes.items() if one.title},
        clusters=settings.clusters,
    )
