"""The report: one HTML file that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.contract.plan import Plan
from analysis.present.captions import (
    caption_comparison,
    caption_datasets,
    tell_comparison,
    tell_datasets,
)
from analysis.present.claims import ClaimsPage
from analysis.present.lines import OutcomeCell, is_primary, read_cells
from analysis.present.parts import Figure, Part
from analysis.present.sections import (
    Table,
    tabulate_flow,
    tabulate_grid,
    tabulate_lines,
    tabulate_outcomes,
    tabulate_plan,
    tabulate_provenance,
    tabulate_subscales,
)
from analysis.present.tables import SIGNS, VERDICTS, begin_large, show_note

#: With more outcomes than this a figure is printed over several pages, not made smaller.
FIT_ON_A_PAGE = 8


@dataclass(frozen=True)
class ReportDataset:
    """What the report says of one dataset.

    ``sentence`` is the headline and ``reason`` the verdict's; ``comparison`` and ``flow``
    are the dataset's own rows of those tables; ``figure_svg`` is the figure's whole file; ``parts``
    are its further subjects in order; ``notes`` are cautions such as an unverified
    key; ``provenance`` maps a heading to what is said under it.
    """

    name: str
    title: str
    sentence: str
    verdict: str
    reason: str
    comparison: pd.DataFrame
    flow: pd.DataFrame
    figure_svg: str
    notes: Sequence[str] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    outcome_titles: Mapping[str, str] = field(default_factory=dict)
    clusters: str = "advisors"
    parts: Sequence[Part] = ()


@dataclass(frozen=True)
class ReportContext:
    """The whole report: datasets in order, the figure across them, the plan, what it rests on.

    ``across`` are the parts on all datasets together, which follow the figure across them;
    ``claims`` is the wall of claims;
    ``appendix`` those at the end.
    """

    datasets: Sequence[ReportDataset]
    overview_svg: str
    plan: Plan
    provenance: Mapping[str, object]
    across: Sequence[Part] = ()
    claims: ClaimsPage | None = None
    appendix: Sequence[Part] = ()


def render_report(context: ReportContext) -> str:
    """The report as one HTML page without script, link to a network, or time of day.

    The answers come first, then the figure across datasets, then each dataset's figure, evidence,
    grid and rows, then the plan and the provenance. All text is escaped; figures are data URIs.
    """
    sections = [_section(dataset, context.plan) for dataset in context.datasets]
    plan = context.plan.comparison
    return _template().render(
        sections=sections,
        overview=Figure(
            context.overview_svg,
            tell_datasets({one.dataset.title: one.primary for one in sections if one.primary}),
            caption_datasets(plan.sesoi, confidence=plan.confidence),
        ),
        across=_shown(context.across),
        claims=context.claims,
        verdicts=VERDICTS,
        signs=SIGNS,
        appendix=_shown(context.appendix),
        plan=tabulate_plan(context.plan),
        provenance=tabulate_provenance(context.provenance),
    )


@dataclass(frozen=True)
class _Section:
    """A dataset as the template needs it."""

    dataset: ReportDataset
    sign: str
    word: str
    reason: str
    together: str
    primary: OutcomeCell | None
    figure: Figure
    parts: list[Part]
    outcomes: Table
    subscales: Table | None
    lines: Table | None
    further_lines: list[Table]
    grid: Table
    flow: Table


def _section(dataset: ReportDataset, plan: Plan) -> _Section:
    cells = read_cells(dataset.comparison)
    primary = next((cell for cell in cells if cell.primary), None)
    titles, choices, clusters = dataset.outcome_titles, plan.comparison, dataset.clusters
    lines = [tabulate_lines(dataset.comparison, cell, titles, choices, clusters) for cell in cells]
    of_primary = lines[0] if primary else None
    caption = caption_comparison(
        cells, choices.sesoi, confidence=choices.confidence, clusters=clusters
    )
    return _Section(
        dataset,
        SIGNS[dataset.verdict],
        VERDICTS[dataset.verdict],
        "" if dataset.reason in dataset.sentence else begin_large(show_note(dataset.reason)),
        _together(dataset.comparison),
        primary,
        Figure(
            dataset.figure_svg,
            tell_comparison(cells, titles),
            " ".join([caption, *dataset.notes]),
            tall=len(cells) > FIT_ON_A_PAGE,
        ),
        _shown(dataset.parts),
        tabulate_outcomes(cells, titles, choices, clusters),
        tabulate_subscales(dataset.comparison, choices, clusters),
        of_primary if of_primary and of_primary.rows else None,
        [table for table in lines[1 if primary else 0 :] if table.rows],
        tabulate_grid(dataset.comparison, titles),
        tabulate_flow(dataset.flow),
    )


def _together(comparison: pd.DataFrame) -> str:
    """Which lines of evidence on the primary outcome point where; '' where none was given."""
    own = comparison[is_primary(comparison) & (comparison["analysis"] == "agreement")]
    return show_note(own["note"].iloc[0]) if len(own) else ""


def _shown(parts: Sequence[Part]) -> list[Part]:
    """The parts that say something."""
    return [part for part in parts if not part.empty]


@cache
def _template():
    environment = Environment(
        loader=PackageLoader("analysis.present"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.j2")
