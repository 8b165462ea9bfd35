"""The timeline of ruptures: by check-in, how many begin, are open, are mended, beside chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Drawing

from analysis.present.key import RATER_MARKS
from analysis.present.plate import draw_plate
from analysis.present.sheet import INNER, LABEL, LEADING, MARGIN, SMALL, TINY, TITLE, Scale, Sheet
from analysis.present.style import FAINT, INK, RULE, house_style, wrap_text
from analysis.present.tables import begin_large, show_count, show_level, show_text

MEASURES = {
    "beginning": "Begin a drop",
    "in_rupture": "Have an open drop",
    "repaired": "Had one, now repaired",
}
CHANCE = "#d9d9d9"
ABOVE = 6.0
PANEL, BETWEEN, AXIS = 62.0, 22.0, 26.0


def headline_rule(rows: pd.DataFrame) -> str:
    """The rule (``2s_previous``) that the timeline and all details were made under; '' if none."""
    found = rows.loc[rows["term"] == "beginning", "method"]
    return show_text(found.iloc[0]) if len(found) else ""


def draw_ruptures(
    rows: pd.DataFrame, title: str, *, confidence: float = 0.95, notes: Sequence[str] = ()
) -> Drawing:
    """Three measures (rows) by rater (columns): observed by check-in, and the band of chance.

    Parameters
    ----------
    rows : tidy rows of one dataset, those of ruptures among them.
    title : the dataset's name as people read it.
    notes : cautions to stand below.
    """
    own = rows[rows["analysis"].isin(["rupture"])]
    rule = headline_rule(own)
    if not rule:
        refused = own[own["term"] == "rupture"]
        reason = show_text(refused["note"].iloc[0]) if len(refused) else "no ratings over check-ins"
        return draw_plate(f"{title}: ruptures and repair", reason)
    own = own[own["method"] == rule]
    raters = [rater for rater in RATER_MARKS if (own["rater"] == rater).any()]
    with house_style():
        heading = wrap_text(f"{title}: ruptures and repair", INNER, TITLE, "bold")
        size, _, reference = rule.partition("s_")
        fallen = {"previous": "the last score", "best_of_three": "the best of the last three"}
        lead = wrap_text(
            f"Falls of {size} SDs within engagements below {fallen[reference]}. Points: observed, "
            f"with {show_level(confidence)} intervals. Grey: 95 % of simulated courses without "
            "ruptures. Only what leaves the grey speaks of ruptures.",
            INNER,
            SMALL,
        )
        foot = [line for note in notes for line in wrap_text(note, INNER, TINY)]
        top = MARGIN + len(heading) * TITLE * LEADING + 3 + len(lead) * SMALL * LEADING + 6
        heads = 3 * SMALL * LEADING + 4
        row = LABEL * LEADING + ABOVE + PANEL + BETWEEN
        end = top + heads + len(MEASURES) * row
        sheet = Sheet(end + AXIS - 12 + len(foot) * TINY * LEADING)
        under = sheet.write(MARGIN, MARGIN, heading, TITLE, weight="bold") + 3
        sheet.write(MARGIN, under, lead, SMALL, FAINT)
        columns = _columns(own, raters)
        for rater, scale in columns.items():
            _write_headline(sheet, scale, top, own, rater)
        first = top + heads
        for name, words in MEASURES.items():
            sheet.write(MARGIN, first, [words], LABEL, weight="bold")
            _draw_measure(sheet, first + LABEL * LEADING + ABOVE, own, name, columns)
            first += row
        sheet.write(MARGIN + INNER / 2, end - 7, ["check-in"], SMALL, FAINT, ha="center")
        sheet.write(MARGIN, end + AXIS - 14, foot, TINY, FAINT)
    return sheet.figure


def _columns(own: pd.DataFrame, raters: Sequence[str]) -> dict[str, Scale]:
    """Each rater's scale of check-ins."""
    occasions = own.loc[own["term"].isin(list(MEASURES)), "occasion"].astype(float)
    left, gap = 26.0, 24.0
    width = (INNER - left - gap * (len(raters) - 1)) / max(len(raters), 1) - 6
    low, high = occasions.min() - 0.3, occasions.max() + 0.3
    return {
        rater: Scale(MARGIN + left + place * (width + gap + 6), width, low, high)
        for place, rater in enumerate(raters)
    }


def _write_headline(sheet: Sheet, scale: Scale, top: float, own: pd.DataFrame, rater: str) -> None:
    """Above a rater's column: who, and the share with any drop beside chance."""
    found = own[own["rater"] == rater].drop_duplicates("term").set_index("term")
    colour, _ = RATER_MARKS[rater]
    lines = []
    if "ruptured" in found.index and np.isfinite(found.loc["ruptured", "estimate"]):
        seen, chance = found.loc["ruptured"], found.loc["ruptured_by_chance"]
        lines = [
            f"any drop: {100 * seen['estimate']:.0f} %; by chance {100 * chance['estimate']:.0f} %",
            f"{show_count(seen['n_engagements'])} engagements",
        ]
    under = sheet.write(scale.left, top, [f"{begin_large(rater)}s"], LABEL, colour, "bold")
    sheet.write(scale.left, under, lines, TINY, INK)


def _draw_measure(
    sheet: Sheet, top: float, own: pd.DataFrame, name: str, columns: dict[str, Scale]
) -> None:
    """One measure for every rater on a common scale of shares."""
    chance = own[own["term"] == f"{name}_by_chance"]
    seen = own[own["term"] == name]
    highest = np.nanmax([seen["conf_high"].max(), chance["conf_high"].max(), 0.05])
    highest = float(np.ceil(highest * 10 - 1e-9) / 10)
    height = Scale(0.0, PANEL, 0.0, min(highest, 1.0))
    for share in (0.0, height.high / 2, height.high):
        y = top + PANEL - height.place(share)
        sheet.write(MARGIN + 20, y - 4, [f"{100 * share:.3g} %"], TINY, FAINT, ha="right")
        for scale in columns.values():
            sheet.rule((scale.left, scale.right), (y, y), RULE, 0.6)
    for rater, scale in columns.items():
        colour, shape = RATER_MARKS[rater]
        band = chance[(chance["rater"] == rater) & chance["conf_low"].notna()]
        band = band.sort_values("occasion")
        x = [scale.place(occasion) for occasion in band["occasion"].astype(float)]
        low, high = (
            [top + PANEL - height.place(share) for share in band[limit]]
            for limit in ("conf_low", "conf_high")
        )
        sheet.axes.fill_between(x, low, high, color=CHANCE, lw=0, zorder=1)
        points = seen[(seen["rater"] == rater) & seen["estimate"].notna()].sort_values("occasion")
        places = [scale.place(occasion) for occasion in points["occasion"].astype(float)]
        heights = [top + PANEL - height.place(share) for share in points["estimate"]]
        sheet.axes.plot(places, heights, color=colour, lw=1.2, zorder=2)
        for place, row in zip(places, points.to_dict("records"), strict=True):
            if np.isfinite([row["conf_low"], row["conf_high"]]).all():
                ends = [top + PANEL - height.place(row[key]) for key in ("conf_low", "conf_high")]
                sheet.axes.plot([place, place], ends, color=colour, lw=1.0, zorder=2)
            sheet.symbol(place, top + PANEL - height.place(row["estimate"]), colour, shape, size=4)
        _label_occasions(sheet, scale, top + PANEL + 3)


def _label_occasions(sheet: Sheet, scale: Scale, top: float) -> None:
    """Check-ins' numbers below a panel, no more than fit."""
    first, last = int(np.ceil(scale.low)), int(np.floor(scale.high))
    step = max(1, -(-(last - first + 1) // 10))
    for occasion in range(first, last + 1, step):
        sheet.write(scale.place(occasion), top, [str(occasion)], TINY, FAINT, ha="center")
