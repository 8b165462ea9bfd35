"""The figure of trajectories: the ratings over check-ins, by rater and subscale."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.present.key import RATER_MARKS, Entry, draw_key, key_height, rater_entries
from analysis.present.sheet import INNER, LABEL, LEADING, MARGIN, TINY, TITLE, Scale, Sheet
from analysis.present.style import FAINT, RULE, house_style, wrap_text
from analysis.present.tables import begin_large, show_count, show_level

HEAD, PANEL, AXIS, BETWEEN = 19.0, 86.0, 52.0, 10.0
ORDER = ("goal", "task", "bond")


def draw_trajectories(
    rows: pd.DataFrame, title: str, *, confidence: float = 0.95, notes: Sequence[str] = ()
) -> Figure | None:
    """Mean ratings per check-in with their bands, a panel per subscale; None without two check-ins.

    Parameters
    ----------
    rows : one dataset's rows of ``analysis.evidence.course.course.describe_course``,
        as made or read back.
    title : the dataset's name as people read it.
    confidence : level of the bands.
    notes : cautions to stand below the figure.
    """
    own = read_means(rows)
    if own["occasion"].nunique() < 2:
        return None
    panels = _panels(own)
    with house_style():
        heading = wrap_text(f"{title}: the ratings over check-ins", INNER, TITLE, "bold")
        raters = [rater for rater in RATER_MARKS if (own["rater"] == rater).any()]
        shown = [entry for entry in rater_entries(False) if entry.words.split("’")[0] in raters]
        key = [shown, [Entry(f"Bands: {show_level(confidence)} intervals of the mean")]]
        foot = [line for note in notes for line in wrap_text(note, INNER, TINY)]
        top = MARGIN + len(heading) * TITLE * LEADING + 4
        first = top + key_height(key)
        height = HEAD + PANEL + AXIS + BETWEEN
        lanes = ceil(len(panels) / 2)
        sheet = Sheet(first + lanes * height + len(foot) * TINY * LEADING + MARGIN)
        sheet.write(MARGIN, MARGIN, heading, TITLE, weight="bold")
        draw_key(sheet, top, key)
        low, high = _range(own)
        for place, subscale in enumerate(panels):
            across = _across(own, place % 2, len(panels))
            down = Scale(first + (place // 2) * height + HEAD, PANEL, low, high)
            _draw_panel(sheet, subscale, own[own["subscale"] == subscale], across, down)
        sheet.write(MARGIN, first + lanes * height, foot, TINY, FAINT)
    return sheet.figure


def read_means(rows: pd.DataFrame) -> pd.DataFrame:
    """The means per check-in that are given."""
    if "occasion" not in rows:
        return pd.DataFrame(columns=["occasion", "rater", "subscale"])
    return rows[(rows["analysis"] == "trajectory") & rows["estimate"].notna()]


def _panels(own: pd.DataFrame) -> list[str]:
    """The total first, then the subscales in the usual order."""
    found = list(own["subscale"].unique())
    known = [name for name in ("total", *ORDER) if name in found]
    return known + [name for name in found if name not in known]


def _range(own: pd.DataFrame) -> tuple[float, float]:
    """A range that holds all bands, at least one unit wide: small changes then look small."""
    limits = own[["estimate", "conf_low", "conf_high"]].to_numpy(dtype=float)
    low, high = float(np.nanmin(limits)), float(np.nanmax(limits))
    if high - low < 1:
        middle = (low + high) / 2
        low, high = middle - 0.5, middle + 0.5
    return floor(low * 10) / 10, ceil(high * 10) / 10


def _across(own: pd.DataFrame, column: int, panels: int) -> Scale:
    width = INNER if panels == 1 else (INNER - 14) / 2
    left = MARGIN + column * (width + 14) + 27
    occasions = own["occasion"].astype(float)
    return Scale(left, width - 33, occasions.min() - 0.3, occasions.max() + 0.3)


def _draw_panel(sheet: Sheet, subscale: str, own: pd.DataFrame, across: Scale, down: Scale) -> None:
    """One subscale: both raters' lines and bands, and how many ratings they rest on."""

    def y_of(values: pd.Series) -> np.ndarray:
        return np.array([2 * down.left + down.width - down.place(value) for value in values])

    sheet.write(across.left - 27, down.left - HEAD, [begin_large(subscale)], LABEL, weight="bold")
    for tick in down.ticks(5):
        (y,) = y_of(pd.Series([tick]))
        sheet.rule((across.left, across.right), (y, y), RULE, 0.6)
        sheet.write(across.left - 4, y - 5.5, [f"{tick:.3g}"], TINY, FAINT, ha="right")
    bottom = down.left + down.width
    for tick in sorted(own["occasion"].unique()):
        sheet.write(across.place(tick), bottom + 2, [f"{tick:.0f}"], TINY, FAINT, ha="center")
    sheet.write(across.right, bottom + 13, ["check-in"], TINY, FAINT, ha="right")
    below = bottom + 26
    for rater, (colour, shape) in RATER_MARKS.items():
        mine = own[own["rater"] == rater].sort_values("occasion")
        if mine.empty:
            continue
        x = np.array([across.place(one) for one in mine["occasion"]])
        banded = mine["conf_low"].notna().to_numpy()
        sheet.axes.fill_between(
            x[banded],
            y_of(mine["conf_low"][banded]),
            y_of(mine["conf_high"][banded]),
            color=colour,
            alpha=0.18,
            lw=0,
            zorder=1,
        )
        sheet.axes.plot(x, y_of(mine["estimate"]), color=colour, lw=1.3, zorder=2)
        for place, y in zip(x, y_of(mine["estimate"]), strict=True):
            sheet.symbol(place, y, colour, shape, size=3.5)
        n = mine["n_engagements"]
        low, high = show_count(n.min()), show_count(n.max())
        counted = low if low == high else f"{low} to {high}"
        below = sheet.write(across.left, below, [f"{rater}: n = {counted}"], TINY, colour)
