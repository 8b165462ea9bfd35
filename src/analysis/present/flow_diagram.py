"""The flow diagram that STROBE asks for: from raw rows to the engagements that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Rectangle

from analysis.contract.disclosure import say_count
from analysis.contract.plan import DisclosurePlan
from analysis.evidence.measurement.descriptives import PARTICIPANTS
from analysis.present.sheet import INNER, LABEL, LEADING, MARGIN, SMALL, TITLE, Sheet
from analysis.present.style import BAND, FAINT, INK, PAPER, house_style, wrap_text
from analysis.present.tables import begin_large, show_count, show_note, show_text

#: Points: the boxes down the middle, those of who left at their side, and what lies between.
BOX, ASIDE, BETWEEN = 168.0, 126.0, 23.0
PAD = 6.0
#: From one box down to the next.
DROP = 16.0
#: Reasons that a box at the side names before it sums up the rest.
MOST_REASONS = 4
#: The other clean tables as people call them.
TABLES = {"checkins": "Check-ins", "outcomes": "Outcomes", "events": "Events"}

CAPTION = (
    "From the raw rows to the engagements that are compared, and who was left out on the way and "
    "why (STROBE). A step that loses few engagements is told together with the next."
)


@dataclass(frozen=True)
class Step:
    """A box of the diagram: what is left, how many, and why others were left out before it."""

    words: str
    count: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class FlowOfRows:
    """A dataset's steps from raw rows of engagements on, and a line on each other table."""

    steps: tuple[Step, ...]
    tables: tuple[str, ...]


def read_flow(flow: pd.DataFrame, measured: pd.DataFrame, rule: DisclosurePlan) -> FlowOfRows:
    """The flow of one dataset, from its released rows of ``flow.csv`` and ``measurement.csv``.

    A count that was withheld is not given here either.
    """
    flow = flow.assign(rows=flow["rows"].astype("float64"))
    own = flow[flow["table"] == "engagements"]
    steps = []
    if len(own):
        steps.append(Step("rows of engagements read", _total(own, "read")))
        aside = own[own["step"].isin(["set aside", "left out"]) & ~(own["rows"] == 0)]
        reasons = aside.groupby("reason", sort=False)["rows"].agg(
            lambda rows: rows.sum(skipna=False)
        )
        told = tuple(f"{reason}: {_told(rows)}" for reason, rows in reasons.items())
        steps.append(Step("engagements", _total(own, "made"), told))
    people = measured[measured["analysis"].map(show_text) == PARTICIPANTS]
    before = np.nan
    for place, row in enumerate(people.to_dict("records")):
        if place:
            lost = before - row["estimate"]
            number = say_count(lost, rule) if np.isfinite(lost) else _told(lost)
            told = (f"{show_note(row['note'])}: {number}",) if lost else ()
            steps.append(Step(row["term"], row["estimate"], told))
        before = row["estimate"]
    return FlowOfRows(tuple(steps), tuple(_tables(flow)))


def _total(rows: pd.DataFrame, step: str) -> float:
    """Rows of a step over a table's sources; NaN where one of them is withheld."""
    return float(rows.loc[rows["step"] == step, "rows"].sum(skipna=False))


def _told(count: float) -> str:
    return show_count(count) if np.isfinite(count) else "number not given"


def _tables(flow: pd.DataFrame) -> list[str]:
    """A line for each other clean table: rows read, set aside, made, left out."""
    words = {"read": "rows read", "set aside": "set aside", "made": "made", "left out": "left out"}
    lines = []
    for table, own in flow[flow["table"] != "engagements"].groupby("table", sort=False):
        totals = {step: _total(own, step) for step in words}
        told = [
            f"{show_count(count)} {words[step]}"
            for step, count in totals.items()
            if np.isfinite(count) and (count or step in ("read", "made"))
        ]
        lines.append(f"{TABLES.get(table, table)}: {', '.join(told)}")
    return lines


def tell_flow(flow: FlowOfRows, longest: int = 400) -> str:
    """The diagram in words, for who does not see it: its boxes, and why people left if that fits.

    ``longest`` is how many characters can be listened to. The other tables' rows, which stand below
    the diagram, are in the report's table of rows.
    """
    if not flow.steps:
        return "There is nothing to show."
    plain = [f"{show_count(step.count)} {step.words}" for step in flow.steps]
    told = [
        f"{words} (left out: {'; '.join(step.reasons)})" if step.reasons else words
        for words, step in zip(plain, flow.steps, strict=True)
    ]
    whole = "; then ".join(told) + "."
    return whole if len(whole) <= longest else "; then ".join(plain) + "."


def draw_flow(flow: FlowOfRows, title: str, notes: Sequence[str] = ()) -> Drawing:
    """Boxes from above to below, with a box at the side wherever something was left out.

    Parameters
    ----------
    flow : see ``read_flow``.
    title : the dataset's name as people read it.
    notes : cautions that stand below.
    """
    with house_style():
        heading = wrap_text(f"{title}: the flow of engagements", INNER, TITLE, "bold")
        below = [line for text in (*flow.tables, *notes) for line in wrap_text(text, INNER, SMALL)]
        boxes = [_box(step) for step in flow.steps]
        asides = [_aside(step) for step in flow.steps]
        height = MARGIN + len(heading) * TITLE * LEADING + 6
        for place, (box, aside) in enumerate(zip(boxes, asides, strict=True)):
            height += (_gap(aside) if place else 0) + _tall(box)
        sheet = Sheet(height + 10 + len(below) * SMALL * LEADING + MARGIN)
        top = sheet.write(MARGIN, MARGIN, heading, TITLE, weight="bold") + 6
        middle = MARGIN + BOX / 2
        for place, (box, aside) in enumerate(zip(boxes, asides, strict=True)):
            if place:
                gap = _gap(aside)
                _arrow(sheet, (middle, top), (middle, top + gap))
                if aside:
                    left, at = MARGIN + BOX + BETWEEN, top + gap / 2
                    _arrow(sheet, (middle, at), (left, at))
                    _draw_box(sheet, left, at - _tall(aside) / 2, ASIDE, aside, PAPER)
                top += gap
            _draw_box(sheet, MARGIN, top, BOX, box, BAND)
            top += _tall(box)
        sheet.write(MARGIN, top + 10, below, SMALL, FAINT)
    return sheet.figure


#: A line of a box: its text, size and weight.
_Line = tuple[str, float, str]


def _box(step: Step) -> list[_Line]:
    count = [(show_count(step.count), LABEL + 1, "bold")]
    words = begin_large(step.words)
    return count + [(line, SMALL, "normal") for line in wrap_text(words, BOX - 2 * PAD, SMALL)]


def _aside(step: Step) -> list[_Line]:
    if not step.reasons:
        return []
    shown = list(step.reasons[:MOST_REASONS])
    if more := len(step.reasons) - len(shown):
        shown.append(f"{more} further reasons")
    lines = [("Left out", SMALL, "bold")]
    for reason in shown:
        lines += [
            (line, SMALL, "normal")
            for line in wrap_text(begin_large(reason), ASIDE - 2 * PAD, SMALL)
        ]
    return lines


def _tall(lines: Sequence[_Line]) -> float:
    return 2 * PAD + sum(size * LEADING for _, size, _ in lines) if lines else 0.0


def _gap(aside: Sequence[_Line]) -> float:
    """From one box to the next: room for what stands at the side."""
    return max(DROP, _tall(aside) + 8)


def _draw_box(
    sheet: Sheet, left: float, top: float, width: float, lines: Sequence[_Line], colour: str
) -> None:
    frame = Rectangle((left, top), width, _tall(lines), fc=colour, ec=FAINT, lw=0.8, zorder=1)
    sheet.axes.add_patch(frame)
    at = top + PAD
    for text, size, weight in lines:
        at = sheet.write(left + PAD, at, [text], size, INK, weight)


def _arrow(sheet: Sheet, start: tuple[float, float], end: tuple[float, float]) -> None:
    (x0, y0), (x1, y1) = start, end
    sheet.rule((x0, x1), (y0, y1), FAINT, 0.9)
    tip = (x1, y1 - 2.5) if x0 == x1 else (x1 - 2.5, y1)
    sheet.symbol(*tip, FAINT, "v" if x0 == x1 else ">", size=4)
