"""How well the alliance was measured, seen: responses, who answered, reliability over check-ins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Rectangle

from analysis.present.key import RATER_MARKS, Entry, draw_key, key_height
from analysis.present.measurement_tables import read_rows
from analysis.present.plate import draw_plate
from analysis.present.sheet import INNER, LABEL, LEADING, MARGIN, SMALL, TINY, TITLE, Scale, Sheet
from analysis.present.style import FAINT, PAPER, RULE, house_style, wrap_text
from analysis.present.tables import show_count, show_level

PANEL, HEAD, AXIS, BETWEEN = 78.0, LABEL * LEADING + 10.0, 24.0, 12.0
LEFT = MARGIN + 28.0
CAUTION = 0.70  # reliability below which a caution stands


def draw_measurement(
    rows: pd.DataFrame, title: str, *, confidence: float = 0.95, notes: Sequence[str] = ()
) -> Drawing:
    """Responses, shares answered and reliability by check-in, for each rater.

    Parameters
    ----------
    rows : one dataset's rows of measurement, as made or as read back
    title : the dataset's name as people read it
    confidence : level of the intervals
    notes : cautions to stand below
    """
    rows = read_rows(rows)
    panels = [
        (words, draw, part)
        for words, draw, part in (
            ("Responses, all items and check-ins", _draw_responses, _responses(rows)),
            ("Engagements with a usable rating", _draw_replies, _replies(rows)),
            ("Reliability of the total (omega)", _draw_reliability, reliability_of_total(rows)),
        )
        if len(part)
    ]
    heading = f"{title}: how the alliance was measured"
    if not panels:
        return draw_plate(heading, "nothing was measured")
    raters = [
        rater for rater in RATER_MARKS if any((part["rater"] == rater).any() for *_, part in panels)
    ]
    entries = [
        Entry(f"{rater}’s rating", RATER_MARKS[rater][1], RATER_MARKS[rater][0], bool(place))
        for place, rater in enumerate(raters)
    ]
    if _has_limits(panels):
        entries.append(Entry(f"Lines: {show_level(confidence)} intervals"))
    with house_style():
        first = wrap_text(heading, INNER, TITLE, "bold")
        counts = _counts(rows, raters)
        lead = [line for text in counts for line in wrap_text(text, INNER, SMALL)]
        foot = [line for note in notes for line in wrap_text(note, INNER, TINY)]
        top = MARGIN + len(first) * TITLE * LEADING + 3 + len(lead) * SMALL * LEADING + 4
        body = top + key_height([entries]) + 2
        step = HEAD + PANEL + AXIS + BETWEEN
        sheet = Sheet(body + len(panels) * step - BETWEEN + 4 + len(foot) * TINY * LEADING + MARGIN)
        under = sheet.write(MARGIN, MARGIN, first, TITLE, weight="bold") + 3
        sheet.write(MARGIN, under, lead, SMALL, FAINT)
        draw_key(sheet, top, [entries])
        for place, (words, draw, part) in enumerate(panels):
            start = body + place * step
            sheet.write(MARGIN, start, [words], LABEL, weight="bold")
            draw(sheet, start + HEAD, part, raters)
        sheet.write(MARGIN, body + len(panels) * step - BETWEEN + 4, foot, TINY, FAINT)
    return sheet.figure


def reliability_of_total(rows: pd.DataFrame) -> pd.DataFrame:
    """Omega of each rater's total by check-in, those that could be had; rows as ``read_rows``."""
    wanted = (rows["term"] == "reliability") & (rows["subscale"] == "total")
    wanted &= (rows["method"] == "mcdonald_omega") & rows["estimate"].notna()
    return rows[wanted].sort_values("occasion")


def _responses(rows: pd.DataFrame) -> pd.DataFrame:
    own = rows[rows["analysis"] == "responses"]
    return own if own["estimate"].notna().any() else own.iloc[:0]


def _replies(rows: pd.DataFrame) -> pd.DataFrame:
    own = rows[(rows["analysis"] == "replies") & (rows["term"] == "answered")]
    return own[own["estimate"].notna()].sort_values("occasion")


def _has_limits(panels) -> bool:
    return any(part["conf_low"].notna().any() for *_, part in panels)


def _counts(rows: pd.DataFrame, raters: Sequence[str]) -> list[str]:
    """How many engagements each rater rated at the first check-in."""
    own = _replies(rows)
    told = []
    for rater in raters:
        first = own[own["rater"] == rater].head(1)
        if len(first):
            n = show_count(first["n_engagements"].iloc[0])
            told.append(f"{n} {rater}s")
    return [f"At the first check-in: {' and '.join(told)} with a usable rating."] if told else []


def _draw_responses(sheet: Sheet, top: float, own: pd.DataFrame, raters: Sequence[str]) -> None:
    """Bars side by side: the share of each response, by rater."""
    labels = list(dict.fromkeys(own["term"].str.removeprefix("response ")))
    highest = float(np.ceil(own["estimate"].max() * 10 - 1e-9) / 10)
    height = Scale(0.0, PANEL, 0.0, highest)
    _rule_shares(sheet, top, height, MARGIN + INNER)
    width = (MARGIN + INNER - LEFT) / len(labels)
    bar = min(0.36 * width, 16.0)
    for place, label in enumerate(labels):
        centre = LEFT + (place + 0.5) * width
        for number, rater in enumerate(raters):
            colour, _ = RATER_MARKS[rater]
            found = own[(own["rater"] == rater) & (own["term"] == f"response {label}")]["estimate"]
            left = centre + (number - len(raters) / 2) * bar
            if not len(found) or np.isnan(found.iloc[0]):
                sheet.write(left + bar / 2, top + PANEL - 10, ["·"], 8, FAINT, ha="center")
                continue
            tall = height.place(float(found.iloc[0]))
            _draw_bar(sheet, left + 1, top + PANEL - tall, bar - 2, tall, colour, bool(number))
        words = label if len(labels) <= 8 else label.split(" to ")[0]
        sheet.write(centre, top + PANEL + 3, [words], TINY, FAINT, ha="center")
    hidden = own["estimate"].isna().any()
    words = "response" + ("; a point: given by fewer than 10 engagements" if hidden else "")
    sheet.write((LEFT + MARGIN + INNER) / 2, top + PANEL + 13, [words], TINY, FAINT, ha="center")


def _draw_bar(
    sheet: Sheet, left: float, top: float, width: float, tall: float, colour: str, hollow: bool
) -> None:
    """A bar; the second rater's is hollow, so that shape tells the two apart too."""
    fill = PAPER if hollow else colour
    sheet.axes.add_patch(
        Rectangle((left, top), width, tall, facecolor=fill, edgecolor=colour, lw=1.1, zorder=1)
    )


def _draw_replies(sheet: Sheet, top: float, own: pd.DataFrame, raters: Sequence[str]) -> None:
    """The share answered at each check-in, by rater."""
    height = Scale(0.0, PANEL, 0.0, 1.0)
    _rule_shares(sheet, top, height, MARGIN + INNER)
    _draw_courses(sheet, top, own, raters, height)


def _draw_reliability(sheet: Sheet, top: float, own: pd.DataFrame, raters: Sequence[str]) -> None:
    """Omega at each check-in with its interval, by rater; the caution at .70."""
    lowest = float(np.nanmin([own["conf_low"].min(), own["estimate"].min(), CAUTION - 0.05]))
    height = Scale(0.0, PANEL, max(np.floor(lowest * 10) / 10, 0.0), 1.0)
    for value in np.arange(height.low, 1.0001, 0.1):
        y = top + PANEL - height.place(value)
        at_caution = abs(value - CAUTION) < 1e-6
        sheet.rule((LEFT, MARGIN + INNER), (y, y), FAINT if at_caution else RULE, 0.6)
        words = f"{value:.1f}".lstrip("0") if value < 0.9999 else "1"
        sheet.write(LEFT - 5, y - 4, [words], TINY, FAINT, ha="right")
    _draw_courses(sheet, top, own, raters, height)


def _rule_shares(sheet: Sheet, top: float, height: Scale, right: float) -> None:
    """Three lines and their per cent."""
    for share in (0.0, height.high / 2, height.high):
        y = top + PANEL - height.place(share)
        sheet.rule((LEFT, right), (y, y), RULE, 0.6)
        sheet.write(LEFT - 5, y - 4, [f"{100 * share:.3g} %"], TINY, FAINT, ha="right")


def _draw_courses(
    sheet: Sheet, top: float, own: pd.DataFrame, raters: Sequence[str], height: Scale
) -> None:
    """Points over the check-ins joined by a line, a little apart for each rater."""
    occasions = own["occasion"].astype(float)
    low, high = occasions.min(), occasions.max()
    scale = Scale(LEFT + 12, MARGIN + INNER - LEFT - 24, low - 0.01, high + 0.01)
    for number, rater in enumerate(raters):
        colour, shape = RATER_MARKS[rater]
        points = own[own["rater"] == rater]
        apart = (number - (len(raters) - 1) / 2) * 5
        x = [scale.place(one) + apart for one in points["occasion"].astype(float)]
        y = [top + PANEL - height.place(one) for one in points["estimate"]]
        sheet.axes.plot(x, y, color=colour, lw=1.0, zorder=2)
        for place, middle, row in zip(x, y, points.to_dict("records"), strict=True):
            limits = [row["conf_low"], row["conf_high"]]
            if np.isfinite(limits).all():
                ends = [top + PANEL - height.place(limit) for limit in limits]
                sheet.axes.plot([place, place], ends, color=colour, lw=1.2, zorder=2)
            sheet.symbol(place, middle, colour, shape, size=4, hollow=bool(number))
    step = max(1, -(-(int(high) - int(low) + 1) // 10))
    for occasion in range(int(low), int(high) + 1, step):
        sheet.write(
            scale.place(occasion), top + PANEL + 3, [str(occasion)], TINY, FAINT, ha="center"
        )
    sheet.write(
        (LEFT + MARGIN + INNER) / 2, top + PANEL + 13, ["check-in"], TINY, FAINT, ha="center"
    )
