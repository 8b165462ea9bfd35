"""The figures: a dataset's outcomes with both ratings, the headlines together, and their files.

They are drawn with matplotlib alone, as importing seaborn takes longer than drawing all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.present.captions import (
    describe_cell,
    describe_counts,
    describe_difference,
    name_outcome,
)
from analysis.present.drawing import save_figure
from analysis.present.key import (
    CORRECTED_ENTRY,
    RATER_MARKS,
    Entry,
    draw_key,
    key_height,
    level_entry,
    rater_entries,
    zone_entry,
)
from analysis.present.lines import Interval, OutcomeCell, read_cells
from analysis.present.overview import draw_datasets
from analysis.present.sheet import (
    GAP,
    INNER,
    INSET,
    LABEL,
    LANE,
    LEADING,
    MARGIN,
    SMALL,
    TINY,
    TITLE,
    UNDER_DIFFERENCE,
    UNDER_SCALE,
    WIDTH,
    Scale,
    Sheet,
    difference_scale,
    extent,
    round_scale,
    set_small,
)
from analysis.present.style import (
    BAND,
    CORRECTED,
    FAINT,
    INK,
    VERDICT_COLOURS,
    house_style,
    wrap_text,
)
from analysis.present.tables import SIGNS, VERDICTS, begin_large

__all__ = ["draw_comparison", "draw_datasets", "save_figure"]

BETWEEN = 9.0
#: With more rows than this the scales' values stand above them too.
MANY = 3
#: Above the correlations and above the differences.
HEADS = (["Correlation with", "the outcome"], ["Difference D:", "advisee − advisor"])


def draw_comparison(
    comparison: pd.DataFrame,
    title: str,
    sesoi: float,
    outcome_titles: Mapping[str, str] | None = None,
    *,
    confidence: float = 0.95,
    clusters: str = "advisors",
    notes: Sequence[str] = (),
) -> Figure:
    """A dataset's figure: per outcome, both correlations and their difference, with intervals.

    Parameters
    ----------
    comparison : one dataset's table of ``analysis.evidence.grid.compare_all_cells``.
    title : the dataset's name as people read it.
    sesoi : smallest difference of interest, the half-width of the shaded zone of equivalence.
    outcome_titles : an outcome's name -> its name in words.
    confidence : level of the intervals, for the key.
    clusters : what engagements are nested in, in the plural.
    notes : cautions to stand below the figure, such as an unverified key.
    """
    every = read_cells(comparison)
    cells = _worth_drawing(every)
    left_out = len(every) - len(cells)
    if left_out:
        further = (
            "1 further outcome stands" if left_out == 1 else f"{left_out} further outcomes stand"
        )
        notes = [*notes, f"{further} in the table: taken during the engagement, or not comparable."]
    compared = any(cell.difference.given for cell in cells)
    with house_style():
        heading = wrap_text(title, INNER, TITLE, "bold")
        rows = _lay_out_all(cells, outcome_titles or {}, clusters)
        left, right = _scales(cells, sesoi)
        key = _key(cells, sesoi, level_entry(confidence, _any_beyond(cells, left, right)))
        scales = [left, right] if compared else [left]
        below_heading = MARGIN + len(heading) * TITLE * LEADING + 4
        heads = below_heading + key_height(key)
        body = heads + 2 * SMALL * LEADING + 4
        first = body + (UNDER_SCALE if len(rows) > MANY else 0)
        end = first + sum(row.height for row in rows)
        foot = [line for note in notes for line in wrap_text(note, INNER, TINY)]
        sheet = Sheet(end + UNDER_DIFFERENCE + 6 + len(foot) * TINY * LEADING)
        sheet.write(MARGIN, MARGIN, heading, TITLE, weight="bold")
        draw_key(sheet, below_heading, key)
        for scale, head in zip(scales, HEADS, strict=False):
            sheet.write(scale.left, heads, head, SMALL, FAINT)
            if first > body:
                sheet.label_scale(scale, body)
        for row in rows:
            _draw_row(sheet, first, row, left, right, sesoi)
            first += row.height
        sheet.label_scale(left, end + 2)
        if compared:
            sheet.label_difference(right, end + 2)
        sheet.write(MARGIN, end + UNDER_DIFFERENCE + 2, foot, TINY, FAINT)
    return sheet.figure


def _key(cells: list[OutcomeCell], sesoi: float, level: Entry) -> list[list[Entry]]:
    """What the marks stand for, in lines; nothing of a difference where there is none."""
    compared = any(cell.difference.given for cell in cells)
    corrected = [CORRECTED_ENTRY] if any(cell.corrected.given for cell in cells) else []
    of_difference = [[Entry("difference D", "D"), *corrected, zone_entry(sesoi)]]
    return [
        rater_entries(any(cell.same_source for cell in cells)),
        *(of_difference if compared else []),
        [level],
    ]


def _worth_drawing(cells: Sequence[OutcomeCell]) -> list[OutcomeCell]:
    """The primary cell, and those at the end or later that have numbers; all if that is none."""
    chosen = [
        cell for cell in cells if cell.primary or (cell.phase != "during" and np.isfinite(cell.n))
    ]
    return chosen or list(cells)


def _any_beyond(cells: list[OutcomeCell], left: Scale, right: Scale) -> bool:
    """Whether any interval ends in an arrow."""
    return any(
        right.exceeded_by(cell.difference)
        or right.exceeded_by(cell.corrected)
        or any(left.exceeded_by(one) for one in cell.correlations.values())
        for cell in cells
    )


@dataclass(frozen=True)
class _Row:
    """A cell's text in lines, and whether marks follow below it."""

    cell: OutcomeCell
    label: list[str]
    verdict: list[str]
    details: list[str]

    @property
    def marks(self) -> bool:
        """Whether there is anything to draw."""
        return bool(self.cell.correlations) or self.cell.difference.given

    @property
    def height(self) -> float:
        """Points from the top of this row to the top of the next."""
        text = len(self.label) * LABEL + (len(self.details) + len(self.verdict)) * SMALL
        return text * LEADING + (LANE + 4 if self.marks else 0) + BETWEEN


def _lay_out_all(
    cells: list[OutcomeCell], outcome_titles: Mapping[str, str], clusters: str
) -> list[_Row]:
    """Every cell's words; a reason is given in full where it first stands."""
    told: set[str] = set()
    rows = []
    for cell in cells:
        rows.append(_lay_out(cell, outcome_titles, clusters, cell.reason in told))
        told.add(cell.reason)
    return rows


def _lay_out(
    cell: OutcomeCell, outcome_titles: Mapping[str, str], clusters: str, again: bool
) -> _Row:
    label = name_outcome(cell, outcome_titles) + (" (primary outcome)" if cell.primary else "")
    details = [begin_large(describe_cell(cell))]
    if cell.same_source:
        details.append(f"Same source: the {cell.same_source} rated the alliance and the outcome")
    if cell.difference.given:
        details.append(describe_difference(cell))
    verdict = []
    if cell.verdict:
        why = f": {cell.reason}" if cell.reason else ""
        verdict = [f"{SIGNS[cell.verdict]} {begin_large(VERDICTS[cell.verdict])}{why}"]
    elif cell.reason:
        what = "No interval" if cell.difference.given else "Not compared"
        details.append(f"{what}: {'the reason given above' if again else cell.reason}")
    return _Row(
        cell,
        wrap_text(label, INNER, LABEL, "bold"),
        [line for text in verdict for line in wrap_text(text, INNER, SMALL, "bold")],
        set_small(details, describe_counts(cell, clusters)),
    )


def _scales(cells: list[OutcomeCell], sesoi: float) -> tuple[Scale, Scale]:
    """Where correlations and differences are drawn."""
    width = (INNER - GAP) / 2
    correlations = extent(
        (cell.primary, one) for cell in cells for one in cell.correlations.values()
    )
    return (
        round_scale(correlations, MARGIN + INSET, width - INSET, (0.0, 0.5)),
        difference_scale(cells, sesoi, MARGIN + width + GAP, width - INSET),
    )


def _draw_row(sheet: Sheet, top: float, row: _Row, left: Scale, right: Scale, sesoi: float) -> None:
    """One cell: its words, then its marks, the correlations left and the difference right."""
    cell = row.cell
    if cell.primary:
        sheet.shade(MARGIN / 2, top - 2, WIDTH - MARGIN, row.height - 3, BAND)
    top = sheet.write(MARGIN, top, row.label, LABEL, weight="bold")
    colour = VERDICT_COLOURS.get(cell.verdict, INK)
    top = sheet.write(MARGIN, top, row.verdict, SMALL, colour, "bold")
    top = sheet.write(MARGIN, top, row.details, SMALL, FAINT) + 3
    if not row.marks:
        return
    upper, lower = top + LANE * 0.3, top + LANE * 0.7
    sheet.lane(left, top, LANE)
    for y, (rater, (colour, shape)) in zip((upper, lower), RATER_MARKS.items(), strict=True):
        interval = cell.correlations.get(rater, Interval())
        sheet.mark(left, y, interval, colour, shape, hollow=rater == cell.same_source)
    if not cell.difference.given:
        sheet.write(right.left, top + LANE / 2 - SMALL * 0.6, ["not compared"], SMALL, FAINT)
        return
    sheet.lane(right, top, LANE, zone=sesoi)
    sheet.mark(right, upper, cell.difference, INK, "D")
    sheet.mark(right, lower, cell.corrected, CORRECTED, "D", hollow=True, size=4.5, width=1.0)
