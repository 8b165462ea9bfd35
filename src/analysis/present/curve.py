"""D under all reasonable choices: the curve over its panel of choices, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from analysis.present.choices import (
    CHOICES,
    Multiverse,
    level_in_words,
    levels_of,
    read_multiverse,
)
from analysis.present.plate import draw_plate
from analysis.present.sheet import (
    INNER,
    LEADING,
    MARGIN,
    SMALL,
    TINY,
    TITLE,
    Sheet,
    round_scale,
)
from analysis.present.style import (
    ADVISEE,
    ADVISOR,
    BAND,
    FAINT,
    INK,
    RULE,
    ZONE,
    house_style,
    wrap_text,
)
from analysis.present.tables import show_correlation, show_count, show_level, show_p

CURVE = 150.0
LEVEL = 12.0
#: Points for the levels' words, left of the strips.
WORDS = 110.0
#: The curve's specifications are put in at most so many columns; a column's shade is the share of
#: its specifications that a level has.
COLUMNS = 60
SHADES = ("#dfe6ec", "#a9bccb", "#6d8ba3", "#33566f")

CAUTION = (
    "The specifications rest on the same engagements: they are no independent replications, and "
    "the share of significant ones is no probability that a claim is true."
)


def draw_multiverse(
    rows: pd.DataFrame,
    title: str,
    sesoi: float,
    *,
    confidence: float = 0.95,
    clusters: str = "advisors",
    notes: Sequence[str] = (),
) -> Figure:
    """One dataset's curve of D over all choices, and below it which choices lie where.

    Parameters
    ----------
    rows : the dataset's rows of ``analysis.evidence.multiverse.multiverse.explore_multiverse``.
    title : the dataset's name as people read it.
    sesoi : smallest difference of interest, half the width of the shaded zone.
    confidence : level of the intervals and of significance.
    clusters : what engagements are nested in, in the plural.
    notes : cautions to stand below the figure.
    """
    shown = read_multiverse(rows)
    heading = f"{title}: every reasonable choice"
    if shown.reason or len(shown.specifications) < 2:
        return draw_plate(heading, shown.reason or "one combination of choices only")
    with house_style():
        lines = wrap_text(heading, INNER, TITLE, "bold")
        said = [
            line
            for one in _key(shown, confidence, sesoi, clusters)
            for line in wrap_text(one, INNER, SMALL)
        ]
        foot = [line for one in (CAUTION, *notes) for line in wrap_text(one, INNER, TINY)]
        panel = _panel(shown, clusters)
        top = MARGIN + len(lines) * TITLE * LEADING + 4
        body = top + len(said) * SMALL * LEADING + 8
        height = sum(one.height for one in panel) + 16
        sheet = Sheet(body + CURVE + height + len(foot) * TINY * LEADING + MARGIN)
        sheet.write(MARGIN, MARGIN, lines, TITLE, weight="bold")
        sheet.write(MARGIN, top, said, SMALL, FAINT)
        _draw_curve(sheet, body, shown, sesoi)
        below = body + CURVE + 12
        for group in panel:
            below = _draw_group(sheet, below, group)
        sheet.write(MARGIN, below + 4, foot, TINY, FAINT)
    return sheet.figure


def _key(shown: Multiverse, confidence: float, sesoi: float, clusters: str) -> list[str]:
    """What the curve shows, on how many cases, and what the joint test says."""
    own = shown.specifications
    n, groups = (_range(own[name]) for name in ("n_engagements", "n_advisors"))
    return [
        f"{show_count(len(own))} combinations, from the lowest D to the highest; n = {n}, {groups} "
        f"{clusters}. Band: {show_level(confidence)} intervals; blue or orange: 0 excluded. "
        f"Diamond: the plan’s own choices. Green: within ±{show_correlation(sesoi, 2)}. Strips: "
        "the darker, the more of the combinations at that place were made so.",
        *joint_in_words(shown),
    ]


def _range(values: pd.Series) -> str:
    low, high = show_count(values.min()), show_count(values.max())
    return low if low == high else f"{low} to {high}"


def joint_in_words(shown: Multiverse) -> list[str]:
    """The joint test in a sentence, if there is one."""
    tests = shown.tests
    if tests.empty:
        return []
    share, null = tests.loc["share_significant"], tests.loc["share_significant: null"]
    median = tests.loc["median_difference"]
    low, high = (show_correlation(median[name], 2) for name in ("conf_low", "conf_high"))
    return [
        f"Tested together: median D {show_correlation(median['estimate'], 2)} [{low}, {high}], "
        f"p {_p(median['p_value'])}; {share['estimate']:.0%} significant, where "
        f"{null['estimate']:.0%} on average and up to {null['conf_high']:.0%} would be if D were "
        f"0 (p {_p(share['p_value'])}).".replace("%", " %").replace("  ", " ")
    ]


def _p(value: float) -> str:
    shown = show_p(value)
    return shown if shown.startswith("<") else f"= {shown}"


def _draw_curve(sheet: Sheet, top: float, shown: Multiverse, sesoi: float) -> None:
    """D over the rank of the specification, with the band of intervals."""
    own = shown.specifications
    values = [*own["estimate"], *own["conf_low"], *own["conf_high"]]
    scale = round_scale(values, top, CURVE - 4, (-0.2, 0.2))

    def y_of(numbers: pd.Series) -> np.ndarray:
        return np.array([2 * top + CURVE - 4 - scale.place(one) for one in numbers])

    x = _x_of(len(own))
    zone = y_of(pd.Series([sesoi, -sesoi]))
    sheet.shade(x[0], zone[0], x[-1] - x[0], zone[1] - zone[0], ZONE)
    for tick in scale.ticks():
        (y,) = y_of(pd.Series([tick]))
        at_zero = abs(tick) < 1e-9
        sheet.rule((x[0], x[-1]), (y, y), FAINT if at_zero else RULE, 0.9 if at_zero else 0.6)
        text = "0" if at_zero else show_correlation(tick, 1)
        sheet.write(x[0] - 6, y - 5.5, [text], TINY, FAINT, ha="right")
    for word, tick in (("advisee ahead", scale.high), ("advisor ahead", scale.low)):
        (y,) = y_of(pd.Series([tick]))
        sheet.write(MARGIN, y - (5 if tick > 0 else 6), [word], TINY, FAINT)
    given = own["conf_low"].notna().to_numpy()
    sheet.axes.fill_between(
        x[given],
        y_of(own["conf_low"][given]),
        y_of(own["conf_high"][given]),
        color="#9fb3c4",
        alpha=0.35,
        lw=0,
        zorder=1,
    )
    sheet.axes.plot(x, y_of(own["estimate"]), color=INK, lw=1.0, zorder=2)
    for significant, colour, shape in (
        (own["conf_low"] > 0, ADVISEE, "o"),
        (own["conf_high"] < 0, ADVISOR, "s"),
    ):
        chosen = significant.to_numpy()
        sheet.axes.plot(
            x[chosen],
            y_of(own["estimate"][chosen]),
            marker=shape,
            ms=2.2,
            ls="none",
            mew=0,
            color=colour,
            zorder=2.5,
        )
    for place in np.flatnonzero(own["primary"]):
        (y,) = y_of(own["estimate"].iloc[[place]])
        sheet.rule((x[place], x[place]), (y, top + CURVE + 8), INK, 0.6)
        sheet.symbol(x[place], y, INK, "D", size=6)


def _x_of(count: int) -> np.ndarray:
    """Where specifications stand, in points."""
    left, width = MARGIN + WORDS, INNER - WORDS
    return left + width * (np.arange(count) + 0.5) / count


@dataclass(frozen=True)
class _Group:
    """A choice: its heading, and each level's words with the shares of its columns."""

    heading: str
    levels: list[tuple[str, np.ndarray]]

    @property
    def height(self) -> float:
        """Points it takes."""
        return SMALL * LEADING + len(self.levels) * LEVEL + 4


def _panel(shown: Multiverse, clusters: str) -> list[_Group]:
    """The choices that were made in more than one way."""
    own, shares = shown.specifications, shown.shares
    columns = np.array_split(np.arange(len(own)), min(COLUMNS, len(own)))
    groups = []
    for column, share_name, words in CHOICES:
        levels = levels_of(own, column)
        if len(levels) < 2:
            continue
        share = shares.get(share_name, np.nan)
        told = "" if np.isnan(share) else f" ({share * 100:.0f} % of D’s variance)"
        strips = []
        for level in levels:
            chosen = (own[column] == level).to_numpy()
            part = np.array([chosen[places].mean() for places in columns])
            strips.append((level_in_words(column, level), part))
        heading = words.format(cluster=clusters.removesuffix("s"))
        groups.append(_Group(f"{heading}{told}", strips))
    return groups


def _draw_group(sheet: Sheet, top: float, group: _Group) -> float:
    """One choice: heading, then a strip per level; where the next may begin."""
    top = sheet.write(MARGIN, top, [group.heading], SMALL, weight="bold")
    left, width = MARGIN + WORDS, INNER - WORDS
    for words, part in group.levels:
        sheet.write(left - 6, top + 0.5, [words], TINY, FAINT, ha="right")
        sheet.shade(left, top + 1, width, LEVEL - 2.5, BAND)
        step = width / len(part)
        # One path per shade keeps the file small.
        for place, shade in enumerate(SHADES):
            low, high = place / len(SHADES), (place + 1) / len(SHADES)
            columns = np.flatnonzero((part > low) & (part <= high))
            corners = [
                [
                    (left + step * one, top + 1),
                    (left + step * (one + 1), top + 1),
                    (left + step * (one + 1), top + LEVEL - 1.5),
                    (left + step * one, top + LEVEL - 1.5),
                ]
                for one in columns
            ]
            if corners:
                whole = Path.make_compound_path_from_polys(np.array(corners))
                sheet.axes.add_patch(PathPatch(whole, fc=shade, ec="none", lw=0, zorder=1))
        top += LEVEL
    return top + 4
