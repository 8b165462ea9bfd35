"""The figure of the synthesis: each dataset's effects, their mean, where a further one may lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from analysis.present.key import Entry, draw_key, key_height, level_entry, rater_entries, zone_entry
from analysis.present.lines import Interval
from analysis.present.plate import draw_plate
from analysis.present.sheet import (
    INNER,
    INSET,
    LABEL,
    LEADING,
    MARGIN,
    SMALL,
    TITLE,
    WIDTH,
    Scale,
    Sheet,
    round_scale,
)
from analysis.present.style import (
    ADVISEE,
    ADVISOR,
    BAND,
    CORRECTED,
    FAINT,
    INK,
    house_style,
    wrap_text,
)
from analysis.present.tables import show_count, show_interval, show_note

HEADING = "All datasets together"
STRIP = 22.0
ROW = SMALL * LEADING + STRIP + 5

#: A panel's heading, the zone's presence, and its lines: analysis, rater, colour, shape, hollow.
PANELS = (
    (
        "Difference D: advisee’s minus advisor’s correlation with the outcome",
        True,
        (
            ("clustered", None, INK, "D", False),
            ("disattenuated", None, CORRECTED, "D", True),
        ),
    ),
    (
        "Correlation of each rating with the outcome",
        False,
        (
            ("correlation", "advisee", ADVISEE, "o", False),
            ("correlation", "advisor", ADVISOR, "s", False),
        ),
    ),
)


@dataclass(frozen=True)
class _Line:
    """One line of a panel: rows of the synthesis and how its marks look."""

    rows: pd.DataFrame
    colour: str
    shape: str
    hollow: bool

    def of(self, term: str, dataset: str | None = None) -> Interval:
        """The interval of a term, and of a dataset if one is named."""
        own = self.rows[self.rows["term"] == term]
        if dataset is not None:
            own = own[own["dataset"] == dataset]
        if own.empty:
            return Interval()
        row = own.iloc[0]
        return Interval(
            *(float(row[name]) for name in ("estimate", "conf_low", "conf_high", "n_engagements"))
        )


def draw_forest(
    synthesis: pd.DataFrame,
    titles: Mapping[str, str],
    sesoi: float,
    *,
    confidence: float = 0.95,
) -> Figure:
    """Each dataset's D and correlations, their means and prediction intervals.

    Parameters
    ----------
    synthesis : a table of ``analysis.evidence.synthesis.synthesise``.
    titles : a dataset's name -> its name as people read it; rows stand in this order.
    sesoi : smallest difference of interest, half the width of the shaded zone.
    confidence : level of the intervals, for the key.
    """
    effects = synthesis[(synthesis["term"] == "effect") & synthesis["estimate"].notna()]
    shown = [name for name in titles if name in set(effects["dataset"])]
    if not shown:
        return draw_plate(HEADING, "no dataset has an outcome from a third party or a record")
    with house_style():
        heading = wrap_text(HEADING, INNER, TITLE, "bold")
        keys = _keys(sesoi, confidence)
        foot = [
            line for text in _left_out(synthesis, titles) for line in wrap_text(text, INNER, SMALL)
        ]
        top = MARGIN + len(heading) * TITLE * LEADING + 4
        panels = [_lines_of(synthesis, lines) for _, _, lines in PANELS]
        height = sum(
            _panel_height(panel, shown, head)
            for panel, (head, *_) in zip(panels, PANELS, strict=True)
        )
        sheet = Sheet(top + key_height(keys) + height + len(foot) * SMALL * LEADING + MARGIN)
        sheet.write(MARGIN, MARGIN, heading, TITLE, weight="bold")
        draw_key(sheet, top, keys)
        top += key_height(keys)
        for panel, (head, zoned, _) in zip(panels, PANELS, strict=True):
            top = _draw_panel(sheet, top, panel, head, sesoi if zoned else None, shown, titles)
        sheet.write(MARGIN, top, foot, SMALL, FAINT)
    return sheet.figure


def _keys(sesoi: float, confidence: float) -> list[list[Entry]]:
    return [
        [Entry("difference D", "D"), Entry("corrected for reliability", "D", CORRECTED, True)],
        rater_entries(False),
        [zone_entry(sesoi), level_entry(confidence)],
        [Entry("Bars: where a further dataset may lie; arrow: beyond the scale")],
    ]


def _lines_of(synthesis: pd.DataFrame, lines: Sequence[tuple]) -> list[_Line]:
    found = []
    for analysis, rater, colour, shape, hollow in lines:
        own = synthesis[synthesis["analysis"] == analysis]
        if rater is not None:
            own = own[own["rater"] == rater]
        found.append(_Line(own, colour, shape, hollow))
    return found


def _of_panel(panel: Sequence[_Line], shown: Sequence[str]) -> list[str]:
    """The datasets that have a mark in a panel."""
    return [name for name in shown if any(line.of("effect", name).given for line in panel)]


def _panel_height(panel: Sequence[_Line], shown: Sequence[str], head: str) -> float:
    count = len(_of_panel(panel, shown))
    if not count:
        return 0.0
    lines = len(wrap_text(head, INNER, LABEL, "bold"))
    pooled = ROW + STRIP * 0.6 if count > 1 else 0.0
    return lines * LABEL * LEADING + 4 + count * ROW + pooled + 24


def _draw_panel(
    sheet: Sheet,
    top: float,
    panel: Sequence[_Line],
    head: str,
    zone: float | None,
    shown: Sequence[str],
    titles: Mapping[str, str],
) -> float:
    """One panel; where the next may begin."""
    names = _of_panel(panel, shown)
    if not names:
        return top
    end = top + _panel_height(panel, shown, head)
    scale = _scale(panel, names, zone)
    top = sheet.write(MARGIN, top, wrap_text(head, INNER, LABEL, "bold"), LABEL, weight="bold") + 4
    for name in names:
        marks = [line.of("effect", name) for line in panel]
        counted = show_count(max(one.n for one in marks if one.given))
        label = wrap_text(f"{titles[name]}, n = {counted}", INNER, SMALL)[0]
        below = sheet.write(MARGIN, top, [label], SMALL)
        _draw_marks(sheet, scale, below, panel, marks, zone)
        top += ROW
    if len(names) > 1:
        sheet.shade(MARGIN / 2, top - 1, WIDTH - MARGIN, ROW + STRIP * 0.6 - 2, BAND)
        below = sheet.write(MARGIN, top, [_mean_label(panel, names)], SMALL, weight="bold")
        marks = [line.of("mean") for line in panel]
        _draw_marks(sheet, scale, below, panel, marks, zone, extra=STRIP * 0.6)
        for place, line in enumerate(panel):
            y = below + STRIP + (0.05 + 0.35 * place) * STRIP
            _draw_prediction(sheet, scale, y, line)
        top += ROW + STRIP * 0.6
    if zone is None:
        sheet.label_scale(scale, top - 2)
    else:
        sheet.label_difference(scale, top - 2)
    return end


def _mean_label(panel: Sequence[_Line], names: Sequence[str]) -> str:
    """How many datasets a mean is of, and the first line's prediction interval in numbers."""
    counts = [sum(line.of("effect", name).given for name in names) for line in panel]
    told = " and ".join(str(count) for count in dict.fromkeys(counts) if count)
    prediction = panel[0].of("prediction")
    limits = show_interval(prediction.low, prediction.high, 2)
    return f"Mean of {told} datasets; a further one: {limits}"


def _draw_marks(
    sheet: Sheet,
    scale: Scale,
    top: float,
    panel: Sequence[_Line],
    marks: Sequence[Interval],
    zone: float | None,
    extra: float = 0.0,
) -> None:
    sheet.lane(scale, top, STRIP + extra, zone=zone)
    for place, (line, mark) in enumerate(zip(panel, marks, strict=True)):
        y = top + STRIP * (0.28 + 0.44 * place)
        sheet.mark(scale, y, mark, line.colour, line.shape, hollow=line.hollow, size=5)


def _draw_prediction(sheet: Sheet, scale: Scale, y: float, line: _Line) -> None:
    """A bar from limit to limit of the prediction interval, with an end where it ends."""
    interval = line.of("prediction")
    if not interval.has_limits:
        return
    low, high = scale.place(interval.low), scale.place(interval.high)
    sheet.axes.plot(
        [low, high], [y, y], color=line.colour, lw=3.2, alpha=0.45, zorder=2, solid_capstyle="butt"
    )
    for beyond, x, arrow in (
        (interval.low < scale.low, scale.left, "<"),
        (interval.high > scale.high, scale.right, ">"),
    ):
        if beyond:
            sheet.symbol(x, y, line.colour, arrow, size=4)


def _scale(panel: Sequence[_Line], names: Sequence[str], zone: float | None) -> Scale:
    """A scale for effects and means; a prediction interval beyond it ends in an arrow."""
    intervals = [line.of("effect", name) for line in panel for name in names]
    intervals += [line.of("mean") for line in panel]
    values = [x for one in intervals for x in (one.estimate, one.low, one.high)]
    least = (0.0, 0.5) if zone is None else (-max(0.3, 1.5 * zone), max(0.3, 1.5 * zone))
    return round_scale(values, MARGIN + INSET, INNER - 2 * INSET, least)


def _left_out(synthesis: pd.DataFrame, titles: Mapping[str, str]) -> list[str]:
    """Which datasets have no difference, and why."""
    own = synthesis[(synthesis["analysis"] == "clustered") & (synthesis["term"] == "effect")]
    return [
        f"{titles.get(row.dataset, row.dataset)}: no difference, {show_note(row.note)}."
        for row in own.itertuples()
        if pd.isna(row.estimate)
    ]
