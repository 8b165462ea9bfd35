"""What the report says of one dataset, as parts that each have their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.contract.plan import Plan
from analysis.present.captions import (
    caption_comparison,
    describe_cell,
    name_outcome,
    tell_comparison,
)
from analysis.present.lines import OutcomeCell, is_primary, read_cells
from analysis.present.methods import Sample
from analysis.present.parts import Figure, Part
from analysis.present.sections import (
    tabulate_flow,
    tabulate_grid,
    tabulate_lines,
    tabulate_outcomes,
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
    are its further subjects, each of which has its place in ``analysis.present.order``; ``notes``
    are cautions such as an unverified key; ``provenance`` maps a heading to what is said under it;
    ``instruments`` maps a rater to the title of what that rater answered; ``flow_figure`` is the
    flow diagram.
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
    instruments: Mapping[str, str] = field(default_factory=dict)
    flow_figure: Figure | None = None


@dataclass(frozen=True)
class Shown:
    """A dataset as its answer is shown: the verdict in word and sign, the reason, the agreement."""

    dataset: ReportDataset
    cells: tuple[OutcomeCell, ...]
    name: str
    title: str
    sentence: str
    verdict: str
    sign: str
    word: str
    reason: str
    together: str
    notes: Sequence[str]

    @classmethod
    def of(cls, dataset: ReportDataset) -> Shown:
        """A dataset made ready."""
        own = dataset.comparison
        agreement = own[is_primary(own) & (own["analysis"] == "agreement")]
        return cls(
            dataset,
            tuple(read_cells(own)),
            dataset.name,
            dataset.title,
            dataset.sentence,
            dataset.verdict,
            SIGNS[dataset.verdict],
            VERDICTS[dataset.verdict],
            "" if dataset.reason in dataset.sentence else begin_large(show_note(dataset.reason)),
            show_note(agreement["note"].iloc[0]) if len(agreement) else "",
            dataset.notes,
        )

    @property
    def primary(self) -> OutcomeCell | None:
        """The cell that the plan names as the primary answer."""
        return next((cell for cell in self.cells if cell.primary), None)


def make_parts(shown: Shown, plan: Plan) -> list[Part]:
    """All parts of a dataset: those that every dataset has, and its further subjects."""
    dataset = shown.dataset
    origin = Part("origin", "Where the data come from", terms=tuple(dataset.provenance.items()))
    drawn = (dataset.flow_figure,) if dataset.flow_figure else ()
    flow = Part("flow", "Every row", figures=drawn, tables=(tabulate_flow(dataset.flow),))
    return [*_evidence(shown, plan), *dataset.parts, flow, origin]


def _evidence(shown: Shown, plan: Plan) -> list[Part]:
    """Outcomes, lines of evidence, and correlations by rater and source."""
    dataset, cells, choices = shown.dataset, list(shown.cells), plan.comparison
    own, titles, clusters = dataset.comparison, dataset.outcome_titles, dataset.clusters
    caption = caption_comparison(
        cells, choices.sesoi, confidence=choices.confidence, clusters=clusters
    )
    figure = Figure(
        dataset.figure_svg,
        tell_comparison(cells, titles),
        " ".join([caption, *dataset.notes]),
        tall=len(cells) > FIT_ON_A_PAGE,
    )
    outcomes = tabulate_outcomes(cells, titles, choices, clusters)
    subscales = tabulate_subscales(own, choices, clusters)
    lines = [tabulate_lines(own, cell, titles, choices, clusters) for cell in cells]
    first = lines[0] if shown.primary else None
    given = first is not None and bool(first.rows)
    reason = begin_large(show_note(dataset.reason))
    return [
        Part(
            "outcomes",
            "Every outcome",
            figures=(figure,),
            tables=tuple(filter(None, [outcomes, subscales])),
        ),
        Part(
            "lines",
            "Lines of evidence",
            () if given else (f"There is none on the primary outcome. {reason}.",),
            tables=(first,) if given else (),
            further=tuple(table for table in lines[1 if shown.primary else 0 :] if table.rows),
            further_heading="The other outcomes",
        ),
        Part("grid", "Rater by source", tables=(tabulate_grid(own, titles),)),
    ]


def sample_of(shown: Shown) -> Sample:
    """A dataset as the methods name it."""
    cell = shown.primary
    outcome = "not among the data"
    if cell and cell.outcome:
        name = name_outcome(cell, shown.dataset.outcome_titles)
        outcome = f"{name[:1].lower()}{name[1:]}, {describe_cell(cell)}"
    answered = cell is not None and cell.difference.given
    return Sample(
        shown.title,
        dict(shown.dataset.instruments),
        outcome,
        cell.n if answered else np.nan,
        cell.n_clusters if answered else np.nan,
        shown.dataset.clusters,
    )
