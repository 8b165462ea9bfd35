"""A figure laid out in points on one sheet, and scales that put estimates in their place on it.

Labels stand above what they name, not beside it, so that a figure stays narrow enough to be read
in a column of print and on a phone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.present.lines import Interval, OutcomeCell
from analysis.present.style import FAINT, INK, PAPER, RULE, ZONE, measure_text, wrap_text
from analysis.present.tables import show_correlation

WIDTH = 335.0
MARGIN = 9.0
INNER = WIDTH - 2 * MARGIN
#: Between two panels, and the height of the strip that marks stand in.
GAP, LANE = 24.0, 28.0
#: Room beside a scale for the half of a label or mark that stands at its end.
INSET = 6.0
#: Room below a strip for the values on its scale.
UNDER_SCALE, UNDER_DIFFERENCE = 15.0, 29.0
LABEL, SMALL, TITLE = 10.0, 8.8, 12.0
#: The smallest type: on a phone 390 pixels wide it is still 7 points high.
TINY = 8.6
#: From one line of text to the next, in sizes of its type.
LEADING = 1.3


@dataclass(frozen=True)
class Scale:
    """Values from ``low`` to ``high`` over ``width`` points from ``left`` on."""

    left: float
    width: float
    low: float
    high: float

    @property
    def right(self) -> float:
        """Where the scale ends, in points."""
        return self.left + self.width

    def place(self, value: float) -> float:
        """A value's place in points; one beyond the scale at its end."""
        share = (value - self.low) / (self.high - self.low)
        return self.left + self.width * min(max(share, 0.0), 1.0)

    def exceeded_by(self, interval: Interval) -> bool:
        """Whether an interval reaches beyond either end."""
        return interval.low < self.low or interval.high > self.high

    def ticks(self, most: int = 6) -> list[float]:
        """Round values within the scale, 0 among them if it is there."""
        for step in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0):
            first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
            if last - first < most:
                break
        return [step * place for place in range(first, last + 1)]


def round_scale(
    values: Iterable[float], left: float, width: float, least: tuple[float, float]
) -> Scale:
    """A scale that holds all values, the range ``least`` and no more than -1 to 1."""
    known = [value for value in values if math.isfinite(value)]
    low, high = min([least[0], *known]), max([least[1], *known])
    low = max(math.floor(low * 10 + 1e-9) / 10, -1.0)
    high = min(math.ceil(high * 10 - 1e-9) / 10, 1.0)
    return Scale(left, width, low, high)


def difference_scale(
    cells: Iterable[OutcomeCell], sesoi: float, left: float, width: float
) -> Scale:
    """A scale for D, as it is and corrected, on which the zone of equivalence is seen whole."""
    least = max(0.3, 1.5 * sesoi)
    shown = [(cell.primary, one) for cell in cells for one in (cell.difference, cell.corrected)]
    return round_scale(extent(shown), left, width, (-least, least))


def extent(intervals: Iterable[tuple[bool, Interval]]) -> list[float]:
    """Values a scale should hold: every estimate, and the limits of intervals that say something.

    Each interval comes with whether it is a primary answer's. Of others, one more than three times
    as wide as the median would press all the rest together, and ends in an arrow instead.
    """
    shown = list(intervals)
    widths = [one.high - one.low for _, one in shown if one.has_limits]
    widest = 3 * median(widths) if widths else 0.0
    values = [one.estimate for _, one in shown]
    for primary, one in shown:
        if primary or one.high - one.low <= widest:
            values += [one.low, one.high]
    return values


def set_small(details: Iterable[str], counted: str = "") -> list[str]:
    """Details in lines of small type; the counts behind the first of them that leaves room."""
    texts = list(details)
    for place, text in enumerate(texts):
        together = ", ".join(filter(None, [text, counted]))
        if len(wrap_text(together, INNER, SMALL)) == 1:
            texts[place] = together
            break
    else:
        texts.insert(1, counted)
    return [line for text in texts if text for line in wrap_text(text, INNER, SMALL)]


class Sheet:
    """A figure whose units are points, counted from its upper left corner."""

    def __init__(self, height: float) -> None:
        self.figure = Figure(figsize=(WIDTH / 72, height / 72), facecolor=PAPER)
        FigureCanvasAgg(self.figure)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, WIDTH), ylim=(height, 0))
        self.axes.axis("off")

    def write(
        self,
        x: float,
        top: float,
        lines: Iterable[str],
        size: float = SMALL,
        color: str = INK,
        weight: str = "normal",
        ha: str = "left",
    ) -> float:
        """Write lines of plain text below one another; where the next may begin."""
        for line in lines:
            self.axes.text(
                x, top + size, line, size=size, color=color, weight=weight, ha=ha, va="baseline"
            )
            top += size * LEADING
        return top

    def shade(self, left: float, top: float, width: float, height: float, color: str) -> None:
        """Fill a rectangle."""
        self.axes.add_patch(Rectangle((left, top), width, height, color=color, lw=0, zorder=0.5))

    def rule(
        self, x: tuple[float, float], y: tuple[float, float], color: str, width: float
    ) -> None:
        """Draw a straight line behind the marks."""
        self.axes.plot(x, y, color=color, lw=width, zorder=0.8, solid_capstyle="butt")

    def lane(self, scale: Scale, top: float, height: float, zone: float | None = None) -> None:
        """Rule a lane at the scale's ticks, with the zone of equivalence if there is one."""
        if zone is not None:
            edges = scale.place(-zone), scale.place(zone)
            self.shade(edges[0], top, edges[1] - edges[0], height, ZONE)
        for tick in scale.ticks():
            at_zero = abs(tick) < 1e-9
            x = scale.place(tick)
            self.rule(
                (x, x), (top, top + height), FAINT if at_zero else RULE, 0.9 if at_zero else 0.6
            )

    def label_scale(self, scale: Scale, top: float) -> float:
        """Write the ticks' values below a scale; where the next line may begin."""
        for tick in scale.ticks():
            decimals = next(
                (d for d in (1, 2) if abs(tick * 10**d - round(tick * 10**d)) < 1e-9), 3
            )
            text = "0" if abs(tick) < 1e-9 else show_correlation(tick, decimals)
            self.write(scale.place(tick), top, [text], TINY, FAINT, ha="center")
        return top + TINY * LEADING

    def label_difference(self, scale: Scale, top: float) -> None:
        """Write the ticks' values below a scale for D, and which side is whose."""
        under = self.label_scale(scale, top) + 1
        sides = ["← advisor ahead", "advisee ahead →"]
        if sum(measure_text(side, TINY) for side in sides) + TINY > scale.width:
            sides = ["← advisor", "advisee →"]
        self.write(scale.left, under, sides[:1], TINY, FAINT)
        self.write(scale.right, under, sides[1:], TINY, FAINT, ha="right")

    def mark(
        self,
        scale: Scale,
        y: float,
        interval: Interval,
        color: str,
        shape: str,
        *,
        hollow: bool = False,
        size: float = 5.5,
        width: float = 1.6,
    ) -> None:
        """Draw an estimate and its interval; an arrow where a limit lies beyond the scale."""
        if not interval.given:
            return
        if interval.has_limits:
            limits = [interval.low, interval.high]
            self.axes.plot(
                [scale.place(x) for x in limits], [y, y], color=color, lw=width, zorder=2
            )
            for beyond, x, arrow in (
                (interval.low < scale.low, scale.left, "<"),
                (interval.high > scale.high, scale.right, ">"),
            ):
                if beyond:
                    self.symbol(x, y, color, arrow, size=4)
        self.symbol(scale.place(interval.estimate), y, color, shape, hollow=hollow, size=size)

    def symbol(
        self, x: float, y: float, color: str, shape: str, *, hollow: bool = False, size: float = 5.5
    ) -> None:
        """Draw one mark."""
        self.axes.plot(
            [x],
            [y],
            marker=shape,
            ms=size,
            mec=color,
            mew=1.3,
            mfc=PAPER if hollow else color,
            ls="none",
            zorder=3,
        )
