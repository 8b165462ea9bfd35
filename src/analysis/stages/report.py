"""Tables and figures to the report, the figure across datasets, and what it all rests on."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from analysis.contract.claims import read_ledger
from analysis.contract.files import write_json, write_text
from analysis.contract.freeze import collect_choices, data_at_hand, read_frozen
from analysis.contract.layout import CALIBRATION, LEDGER, Dataset, read_plan
from analysis.contract.mapping import Mapping
from analysis.contract.plan import Plan
from analysis.contract.products import REPORTED
from analysis.contract.provenance import collect_provenance
from analysis.contract.tables import read_made
from analysis.evidence.sentence import read_headline
from analysis.present.calibration import describe_calibration
from analysis.present.change import describe_change
from analysis.present.claims import describe_claims
from analysis.present.course import describe_course
from analysis.present.figures import draw_datasets, save_figure
from analysis.present.flow_diagram import CAPTION as FLOW_CAPTION
from analysis.present.flow_diagram import read_flow, tell_flow
from analysis.present.forest import draw_forest
from analysis.present.measurement import describe_measurement
from analysis.present.mediation import describe_mediation_part
from analysis.present.multiverse import describe_multiverse
from analysis.present.notes import describe_origin, note_keys, note_origin
from analysis.present.parts import Figure as Drawn
from analysis.present.parts import Part
from analysis.present.plan import describe_plan
from analysis.present.privacy import describe_privacy
from analysis.present.report import ReportContext, ReportDataset, render_report
from analysis.present.ruptures import describe_ruptures_part
from analysis.present.synthesis import describe_synthesis
from analysis.present.warning import describe_warning_part


def report(plan: Path, results: Path, mappings: list[Path]) -> None:
    """Write ``report.html``, ``provenance.json`` and the figures across datasets (SVG and PNG).

    These are ``figures/datasets`` and ``figures/synthesis``.
    """
    choices = read_plan(plan)
    found = [Dataset(path) for path in mappings]
    tables = {name: _in_memory(read_made(results / f"tables/{name}.csv")) for name in REPORTED}
    metrics = json.loads((results / "metrics.json").read_text(encoding="utf-8"))
    shown = [_show(dataset, tables, metrics, results, choices) for dataset in found]
    titles = {one.name: one.title for one in shown}
    overview = draw_datasets(
        tables["comparison"],
        titles,
        choices.comparison.sesoi,
        {one.name: one.outcome_titles for one in shown},
        confidence=choices.comparison.confidence,
    )
    provenance = collect_provenance(choices, {one.mapping.name: one for one in found})
    context = ReportContext(
        shown,
        _save(overview, results / "figures/datasets.svg"),
        choices,
        provenance,
        claims=describe_claims(
            tables["claims"],
            read_ledger(LEDGER).claims,
            titles,
            choices.comparison.confidence,
        ),
        across=(
            _synthesis(tables["synthesis"], titles, choices, results),
            *_calibration(),
            _plan(choices, found, titles),
        ),
    )
    write_text(render_report(context), results / "report.html")
    write_json(provenance, results / "provenance.json")


def _in_memory(table: pd.DataFrame) -> pd.DataFrame:
    """The table with text as Python's own: rows are looked up by the thousand, and taking some of
    a dozen Arrow columns costs ten times as much.
    """
    return table.astype(dict.fromkeys(table.select_dtypes("str").columns, object))


def _save(figure: Figure, path: Path) -> str:
    """Save a figure, and give back what the SVG file holds."""
    save_figure(figure, path)
    return path.read_text(encoding="utf-8")


def _synthesis(rows: pd.DataFrame, titles: dict, choices: Plan, results: Path) -> Part:
    level = choices.comparison.confidence
    forest = draw_forest(rows, titles, choices.comparison.sesoi, confidence=level)
    svg = _save(forest, results / "figures/synthesis.svg")
    return describe_synthesis(rows, titles, svg, confidence=level)


def _calibration() -> tuple[Part, ...]:
    """The recorded calibration: a run does not repeat what no dataset can change."""
    if not CALIBRATION.exists():
        return ()
    return (describe_calibration(pd.read_csv(CALIBRATION)),)


def _plan(choices: Plan, found: list[Dataset], titles: dict) -> Part:
    """The plan as it was frozen, if it was, and every later departure."""
    datasets = {one.mapping.name: one for one in found}
    frozen = read_frozen()
    collected = collect_choices(choices, datasets)
    return describe_plan(frozen, collected, titles, data_at_hand(datasets))


def _show(
    dataset: Dataset, tables: dict[str, pd.DataFrame], metrics: dict, results: Path, choices: Plan
) -> ReportDataset:
    """One dataset's part of everything."""
    settings = dataset.mapping
    own = {
        name: table[table["dataset"] == settings.name]
        for name, table in tables.items()
        if name != "synthesis"
    }
    figure = results / f"figures/{settings.name}_comparison.svg"
    titles = settings.outcome_titles
    notes = [*note_origin(settings.provenance), *note_keys(dataset.instruments)]
    return ReportDataset(
        name=settings.name,
        title=settings.title,
        sentence=metrics[settings.name]["sentence"],
        verdict=metrics[settings.name]["verdict"],
        reason=read_headline(own["comparison"]).reason,
        comparison=own["comparison"],
        flow=own["flow"],
        figure_svg=figure.read_text(encoding="utf-8"),
        notes=notes,
        provenance=describe_origin(settings.provenance, dataset.instruments),
        outcome_titles=titles,
        clusters=settings.clusters,
        parts=_parts(settings, own, titles, results, choices, notes),
        instruments={rater: key.title for rater, key in dataset.instruments.items()},
        flow_figure=_flow(settings.name, own, results, choices),
    )


def _flow(name: str, own: dict[str, pd.DataFrame], results: Path, choices: Plan) -> Drawn:
    """The dataset's flow diagram, told from the tables that it was drawn from."""
    svg = (results / f"figures/{name}_flow.svg").read_text(encoding="utf-8")
    flow = read_flow(own["flow"], own["measurement"], choices.disclosure)
    return Drawn(svg, tell_flow(flow), FLOW_CAPTION)


def _parts(
    settings: Mapping,
    own: dict[str, pd.DataFrame],
    titles: dict,
    results: Path,
    choices: Plan,
    notes: list[str],
) -> tuple[Part, ...]:
    """A dataset's further subjects; ``analysis.present.order`` says where each stands."""
    level, clusters = choices.comparison.confidence, settings.clusters
    curve = (results / f"figures/{settings.name}_multiverse.svg").read_text(encoding="utf-8")
    return (
        describe_change(own["comparison"], own["multiverse"], choices.comparison, clusters),
        describe_measurement(own["measurement"], settings.title, confidence=level, notes=notes),
        describe_course(
            own["process"],
            settings.title,
            outcome_titles=titles,
            confidence=level,
            clusters=clusters,
            notes=notes,
        ),
        describe_mediation_part(own["process"], titles, confidence=level, clusters=clusters),
        describe_ruptures_part(own["process"], settings.title, confidence=level),
        describe_warning_part(
            own["warning"],
            settings.title,
            choices.warning,
            confidence=level,
            clusters=clusters,
        ),
        describe_multiverse(own["multiverse"], titles, curve, confidence=level, clusters=clusters),
        describe_privacy(own["privacy"], settings.provenance, choices.disclosure),
    )
