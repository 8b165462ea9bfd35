"""The figure of a response surface: the fitted outcome over both ratings, where there are data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from analysis.present.lines import Interval
from analysis.present.sheet import INNER, LEADING, MARGIN, SMALL, TINY, TITLE, WIDTH, Scale, Sheet
from analysis.present.style import FAINT, INK, PAPER, house_style, wrap_text
from analysis.present.tables import show_count, show_number

SIDE = 232.0
LEFT = MARGIN + 34.0
#: From low to high outcome: one hue that darkens, so that grey print keeps the order.
SHADES = ("#f1f5f9", "#d3e0ea", "#acc6d9", "#7fa8c4", "#4f87ab", "#2a668d", "#0e4669")
WHERE = re.compile(r"advisee (\S+), advisor (\S+)")


@dataclass(frozen=True)
class Surface:
    """A fitted surface: coefficients around the scale's midpoint, and the cells that have data.

    ``b`` (6,); ``cells`` (n, 2) centres, advisee first, in scale units; ``width`` a cell's side;
    ``low`` and ``high`` the ends of the response range; ``curvature`` is a4.
    """

    b: np.ndarray
    centre: float
    cells: np.ndarray
    width: float
    low: float
    high: float
    n: float
    curvature: Interval

    @property
    def told(self) -> str:
        """The curvature where the raters part, with its interval."""
        one = self.curvature
        if not one.has_limits:
            return ""
        limits = f"[{show_number(one.low)}, {show_number(one.high)}]"
        return f"Curvature where they part: a4 = {show_number(one.estimate)} {limits}. "

    @property
    def places(self) -> set[tuple[int, int]]:
        """The cells by column and row, from the lower left corner of the response range."""
        found = np.floor((self.cells - self.low) / self.width + 1e-9).astype(int)
        return {(int(column), int(row)) for column, row in found}

    def at(self, advisee: np.ndarray, advisor: np.ndarray) -> np.ndarray:
        """The fitted outcome."""
        x, y = advisee - self.centre, advisor - self.centre
        b = self.b
        return b[0] + b[1] * x + b[2] * y + b[3] * x * x + b[4] * x * y + b[5] * y * y


def read_surface(rows: pd.DataFrame) -> Surface | None:
    """The primary outcome's surface; None without one, or where too few cells hold enough data."""
    own = rows[(rows["analysis"] == "surface") & rows["primary"].isin([True, "True"])]
    single = own.drop_duplicates("term").set_index("term")["estimate"]
    cells = own.loc[own["term"] == "surface", "method"].map(WHERE.fullmatch)
    if "centre" not in single.index or len(cells) < 3:
        return None
    return Surface(
        single[[f"b{place}" for place in range(6)]].to_numpy(dtype=float),
        float(single["centre"]),
        np.array([[float(one[1]), float(one[2])] for one in cells]),
        float(single["cell"]),
        float(single["lowest"]),
        float(single["highest"]),
        float(own.loc[own["term"] == "centre", "n_engagements"].iloc[0]),
        _curvature(own),
    )


def _curvature(own: pd.DataFrame) -> Interval:
    found = own[own["term"] == "a4"].head(1)
    if found.empty:
        return Interval()
    return Interval(*(float(found[name].iloc[0]) for name in ("estimate", "conf_low", "conf_high")))


def draw_surface(
    rows: pd.DataFrame, title: str, outcome: str, *, notes: Sequence[str] = ()
) -> Figure | None:
    """Contours of the fitted outcome, pale where there are too few engagements; None without any.

    Parameters
    ----------
    rows : one dataset's rows of ``analysis.evidence.course.course.describe_course``,
        as made or read back.
    title : the dataset's name as people read it.
    outcome : the primary outcome in words.
    notes : cautions to stand below the figure.
    """
    surface = read_surface(rows)
    if surface is None:
        return None
    margin = 1.5 * surface.width
    low = max(float(surface.cells.min()) - margin, surface.low)
    high = min(float(surface.cells.max()) + margin, surface.high)
    with house_style():
        heading = wrap_text(f"{title}: {outcome} by both early ratings", INNER, TITLE, "bold")
        said = wrap_text(
            "Full colour: at least ten engagements each; pale: what the surface says where there "
            f"are fewer. Dashed: both rate alike. {surface.told}n\u00a0=\u00a0"
            f"{show_count(surface.n)}.",
            INNER,
            SMALL,
        )
        foot = [line for note in notes for line in wrap_text(note, INNER, TINY)]
        below = MARGIN + len(heading) * TITLE * LEADING + 4
        top = below + len(said) * SMALL * LEADING + 8
        sheet = Sheet(top + SIDE + 40 + len(foot) * TINY * LEADING)
        sheet.write(MARGIN, MARGIN, heading, TITLE, weight="bold")
        sheet.write(MARGIN, below, said, SMALL, FAINT)
        across, down = Scale(LEFT, SIDE, low, high), Scale(top, SIDE, low, high)
        levels = _fill(sheet, surface, across, down)
        _mark_region(sheet, surface, across, down)
        _label_axes(sheet, across, down)
        _draw_levels(sheet, levels, outcome, top)
        sheet.write(MARGIN, top + SIDE + 34, foot, TINY, FAINT)
    return sheet.figure


def _flip(down: Scale, value: float) -> float:
    """A value's place from the top, high values up."""
    return 2 * down.left + down.width - down.place(value)


def _fill(sheet: Sheet, surface: Surface, across: Scale, down: Scale) -> np.ndarray:
    """Contours over the whole plane; their levels, which the data's own region spans."""
    own = surface.at(surface.cells[:, 0], surface.cells[:, 1])
    low, high = float(own.min()), float(own.max())
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-300):
        low, high = low - 0.5, high + 0.5
    levels = np.linspace(low, high, len(SHADES) + 1)
    values = np.linspace(across.low, across.high, 61)
    grid = surface.at(values[None, :], values[:, None])
    x = np.array([across.place(value) for value in values])
    y = np.array([_flip(down, value) for value in values])
    sheet.axes.contourf(
        x, y, np.clip(grid, low, high), levels=levels, colors=SHADES, zorder=0.6, antialiased=True
    )
    return levels


def _mark_region(sheet: Sheet, surface: Surface, across: Scale, down: Scale) -> None:
    """Pale over the cells without enough data, a line around those with, and the diagonal."""
    kept = surface.places
    whole = range(round((surface.high - surface.low) / surface.width))
    pale = [
        _corners(surface, column, row, across, down)
        for column in whole
        for row in whole
        if (column, row) not in kept
    ]
    if pale:
        path = Path.make_compound_path_from_polys(np.array(pale))
        sheet.axes.add_patch(PathPatch(path, fc=PAPER, ec="none", lw=0, alpha=0.74, zorder=0.7))
    for column, row in sorted(kept):
        corners = _corners(surface, column, row, across, down)
        for side, (dx, dy) in enumerate(((0, -1), (1, 0), (0, 1), (-1, 0))):
            if (column + dx, row + dy) not in kept:
                ends = corners[side], corners[(side + 1) % 4]
                sheet.axes.plot(*zip(*ends, strict=True), color=INK, lw=0.9, zorder=1.1)
    ends = across.low, across.high
    sheet.axes.plot(
        [across.place(end) for end in ends],
        [_flip(down, end) for end in ends],
        color=INK,
        lw=1.0,
        ls=(0, (4, 3)),
        zorder=1.2,
    )


def _corners(
    surface: Surface, column: int, row: int, across: Scale, down: Scale
) -> list[tuple[float, float]]:
    """A cell's corners in points: lower left, lower right, upper right, upper left."""
    left, right = (across.place(surface.low + (column + end) * surface.width) for end in (0, 1))
    low, high = (_flip(down, surface.low + (row + end) * surface.width) for end in (0, 1))
    return [(left, low), (right, low), (right, high), (left, high)]


def _label_axes(sheet: Sheet, across: Scale, down: Scale) -> None:
    bottom = down.left + down.width
    for tick in across.ticks():
        sheet.write(across.place(tick), bottom + 2, [f"{tick:.3g}"], TINY, FAINT, ha="center")
        sheet.write(
            across.left - 4, _flip(down, tick) - 5.5, [f"{tick:.3g}"], TINY, FAINT, ha="right"
        )
    middle = across.left + across.width / 2
    sheet.write(middle, bottom + 13, ["advisee’s rating"], SMALL, ha="center")
    sheet.axes.text(
        MARGIN + 6,
        down.left + down.width / 2,
        "advisor’s rating",
        size=SMALL,
        color=INK,
        rotation=90,
        ha="center",
        va="center",
    )


def _draw_levels(sheet: Sheet, levels: np.ndarray, outcome: str, top: float) -> None:
    """The shades and the outcome's values, high ones up."""
    left, step = LEFT + SIDE + 10, 17.0
    for place, shade in enumerate(reversed(SHADES)):
        sheet.shade(left, top + place * step, 11, step, shade)
    for place, level in enumerate(levels[::-1]):
        sheet.write(left + 15, top + place * step - 5, [show_number(level)], TINY, FAINT)
    under = top + len(SHADES) * step + 8
    sheet.write(left, under, wrap_text(outcome, WIDTH - left - 2, TINY), TINY, FAINT)
