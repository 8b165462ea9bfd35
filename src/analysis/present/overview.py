"""The figure across datasets: the headline difference of each, and the verdict in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd
from matplotlib.figure import Figure

from analysis.evidence.sentence import plain_verdict
from analysis.present.captions import describe_cell, describe_difference, shorten_reason
from analysis.present.key import (
    CORRECTED_ENTRY,
    Entry,
    draw_key,
    key_height,
    level_entry,
    zone_entry,
)
from analysis.present.lines import OutcomeCell, read_cells
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
    UNDER_SCALE,
    Scale,
    Sheet,
    difference_scale,
    set_small,
)
from analysis.present.style import (
    ADVISEE,
    ADVISOR,
    CORRECTED,
    FAINT,
    RULE,
    VERDICT_COLOURS,
    house_style,
    measure_text,
    wrap_text,
)
from analysis.present.tables import SIGNS, VERDICTS, begin_large, show_count, show_note

QUESTION = "Does the advisee’s rating do better than the advisor’s?"
MEANING = "D: the advisee’s correlation with the outcome less the advisor’s"
#: Room above the first dataset for the names of the two sides.
SIDES = 16.0
#: Points given to the differences; the verdict stands to their right.
DRAWN = 195.0
BESIDE = INNER - DRAWN - GAP


def draw_datasets(
    comparison: pd.DataFrame,
    titles: Mapping[str, str],
    sesoi: float,
    outcome_titles: Mapping[str, Mapping[str, str]] | None = None,
    *,
    confidence: float = 0.95,
) -> Figure:
    """The primary difference of every dataset with its interval, the zone and the verdict in words.

    Parameters
    ----------
    comparison : the tables of all datasets below one another, with the column ``dataset``.
    titles : a dataset's name -> its name as people read it; rows stand in this order, those that
        answer first.
    sesoi : smallest difference of interest.
    outcome_titles : dataset -> outcome -> its name in words.
    confidence : level of the intervals, for the key.
    """
    named = outcome_titles or {}
    with house_style():
        primary = read_primary_cells(comparison, titles)
        rows = [_lay_out(cell, titles[name], named.get(name, {})) for name, cell in primary.items()]
        heading = wrap_text(QUESTION, INNER, TITLE, "bold")
        meaning = wrap_text(MEANING, INNER, SMALL)
        rows = sorted(rows, key=lambda row: not row.answered)
        shown = [row.cell for row in rows if row.answered]
        corrected = [CORRECTED_ENTRY] if any(cell.corrected.given for cell in shown) else []
        entries = [
            [Entry("difference D", "D"), *corrected],
            [replace(zone_entry(sesoi), words=f"too small to matter ({zone_entry(sesoi).words})")],
            [level_entry(confidence)],
        ]
        top = MARGIN + (len(heading) * TITLE + len(meaning) * SMALL) * LEADING + 6
        body = top + key_height(entries) + (SIDES if shown else 0)
        answered = [place for place, row in enumerate(rows) if row.answered]
        under = UNDER_SCALE if answered else 0
        sheet = Sheet(body + sum(row.height for row in rows) + under)
        below = sheet.write(MARGIN, MARGIN, heading, TITLE, weight="bold")
        sheet.write(MARGIN, below + 2, meaning, SMALL, FAINT)
        draw_key(sheet, top, entries)
        scale = difference_scale(shown, sesoi, MARGIN + INSET, DRAWN - INSET)
        if shown:
            _name_sides(sheet, body - SIDES, scale)
        for place, row in enumerate(rows):
            _draw_row(sheet, body, row, scale, sesoi)
            body += row.height
            if answered[-1:] == [place]:
                sheet.label_scale(scale, body - 8)
                body += under
    return sheet.figure


def _name_sides(sheet: Sheet, top: float, scale: Scale) -> None:
    """Whose side is which, in that rater's colour, over the first of the differences."""
    words = ("← advisor’s better", "advisee’s better →")
    # On either side of 0, unless that would leave the sheet.
    end = max(scale.place(0.0) - 5, MARGIN + measure_text(words[0], TINY, "bold"))
    sheet.write(end, top, words[:1], TINY, ADVISOR, "bold", "right")
    sheet.write(end + 10, top, words[1:], TINY, ADVISEE, "bold")


def read_primary_cells(
    comparison: pd.DataFrame, titles: Mapping[str, str]
) -> dict[str, OutcomeCell]:
    """Dataset -> its primary cell, in the titles' order."""
    found = {}
    for name in titles:
        cells = read_cells(comparison[comparison["dataset"] == name])
        found.update((name, cell) for cell in cells if cell.primary)
    return found


@dataclass(frozen=True)
class _Row:
    """A dataset's words; the difference is drawn only where it answers the question."""

    cell: OutcomeCell
    label: list[str]
    details: list[str]
    verdict: list[str]
    reason: list[str]

    @property
    def answered(self) -> bool:
        """Whether there is an answer to draw."""
        return self.cell.verdict != "not_testable" and self.cell.difference.given

    @property
    def height(self) -> float:
        """Points from the top of this row to the top of the next."""
        text = (len(self.label) * LABEL + len(self.details) * SMALL) * LEADING
        verdict = (len(self.verdict) + len(self.reason)) * SMALL * LEADING + 4
        return text + (max(LANE + 4, verdict) if self.answered else verdict) + 12


def _lay_out(cell: OutcomeCell, title: str, outcome_titles: Mapping[str, str]) -> _Row:
    name = outcome_titles.get(cell.outcome) or cell.outcome.replace("_", " ")
    counted = f"n = {show_count(cell.n)}" if math.isfinite(cell.n) else ""
    details = [", ".join(filter(None, [begin_large(name), describe_cell(cell)]))]
    said = f"{SIGNS[cell.verdict]} {begin_large(VERDICTS[cell.verdict])}"
    if cell.verdict == "not_testable" or not cell.difference.given:
        verdict = wrap_text(f"{said}: {shorten_reason(cell.reason)}", INNER, SMALL, "bold")
        reason = []
    else:
        details.append(describe_difference(cell))
        verdict = wrap_text(said, BESIDE, SMALL, "bold")
        plain = plain_verdict(cell.verdict).replace("'", "’")
        if cell.verdict == "inconclusive":
            plain += f": {show_note(shorten_reason(cell.grounds))}".replace("±0.", "±.")
        reason = wrap_text(plain, BESIDE, SMALL)
    return _Row(
        cell,
        wrap_text(title, INNER, LABEL, "bold"),
        set_small(details, counted),
        verdict,
        reason,
    )


def _draw_row(sheet: Sheet, top: float, row: _Row, scale: Scale, sesoi: float) -> None:
    """One dataset: its words, its difference and, to the right, the verdict."""
    sheet.rule((MARGIN, MARGIN + INNER), (top - 3, top - 3), RULE, 0.6)
    top = sheet.write(MARGIN, top, row.label, LABEL, weight="bold")
    top = sheet.write(MARGIN, top, row.details, SMALL, FAINT) + 3
    colour = VERDICT_COLOURS[row.cell.verdict]
    if not row.answered:
        sheet.write(MARGIN, top, row.verdict, SMALL, colour, "bold")
        return
    sheet.lane(scale, top, LANE, zone=sesoi)
    sheet.mark(scale, top + LANE * 0.3, row.cell.difference, colour, "D")
    sheet.mark(
        scale, top + LANE * 0.7, row.cell.corrected, CORRECTED, "D", hollow=True, size=4.5, width=1
    )
    beside = scale.right + GAP
    below = sheet.write(beside, top, row.verdict, SMALL, colour, "bold")
    sheet.write(beside, below, row.reason, SMALL, FAINT)
