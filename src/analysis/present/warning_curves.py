"""The figure of early warning: are the probabilities right, and is acting on them of use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Drawing

from analysis.present.plate import draw_plate
from analysis.present.sheet import (
    GAP,
    INNER,
    LABEL,
    LEADING,
    MARGIN,
    SMALL,
    TINY,
    TITLE,
    Scale,
    Sheet,
)
from analysis.present.style import (
    ADVISEE,
    ADVISOR,
    FAINT,
    INK,
    RULE,
    house_style,
    measure_text,
    wrap_text,
)
from analysis.present.tables import (
    show_correlation,
    show_count,
    show_interval,
    show_level,
    show_text,
)

ENDED_EARLY = "ended_early"
#: Whose decisions a line stands for: words, colour, dashes, width.
DECISIONS = {
    "model": ("the model", ADVISEE, "solid", 1.8),
    "rule": ("the rule", ADVISOR, (0, (4, 1.5)), 1.4),
    "treat_all": ("everybody", FAINT, (0, (1, 1.5)), 1.4),
}
PANEL = 118.0
KEY_LINES = 3
#: Room left of a panel for its values, and below it for those and the axis's name.
BESIDE, BELOW = 22.0, 32.0
#: The decision curve shows losses no larger than this share of the largest gain.
DEEPEST = 0.5


def draw_warning(
    rows: pd.DataFrame,
    title: str,
    *,
    confidence: float = 0.95,
    clusters: str = "advisors",
    notes: Sequence[str] = (),
) -> Drawing:
    """Calibration curve and decision curve side by side, of ending early at the first landmark.

    Parameters
    ----------
    rows : a dataset's rows of ``describe_warning``, as made or as read back from CSV.
    title : the dataset's name as people read it.
    confidence : level of the intervals.
    clusters : what engagements are nested in, in the plural.
    notes : cautions to stand below.

    Returns
    -------
    A figure; where no model could be fitted, a plate that says why.
    """
    heading = f"{title}: early warning"
    own = rows[(rows["analysis"] == "warning") & (rows["outcome"] == ENDED_EARLY)]
    curve = own[own["term"] == "calibration_curve"]
    if curve.empty:
        told = own.loc[own["verdict"] == "not_testable", "note"]
        return draw_plate(heading, show_text(told.iloc[0]) if len(told) else "it was not asked")
    landmark = int(curve["occasion"].min())
    here = own[own["occasion"] == landmark]
    with house_style():
        lines = wrap_text(heading, INNER, TITLE, "bold")
        lead = wrap_text(_lead(here, landmark, confidence, clusters), INNER, SMALL)
        foot = [line for note in notes for line in wrap_text(note, INNER, TINY)]
        top = MARGIN + len(lines) * TITLE * LEADING + 3 + len(lead) * SMALL * LEADING + 8
        panel = top + 2 * LABEL * LEADING + 6
        key = panel + PANEL + BELOW
        sheet = Sheet(key + KEY_LINES * SMALL * LEADING + 6 + len(foot) * TINY * LEADING + 4)
        under = sheet.write(MARGIN, MARGIN, lines, TITLE, weight="bold") + 3
        sheet.write(MARGIN, under, lead, SMALL, FAINT)
        width = (INNER - GAP) / 2
        left, right = MARGIN, MARGIN + width + GAP
        sheet.write(left, top, ["Are the probabilities", "right?"], LABEL, weight="bold")
        sheet.write(right, top, ["Is acting on them", "of use?"], LABEL, weight="bold")
        _draw_calibration(sheet, here, left, panel, width)
        _draw_decisions(sheet, here, right, panel, width)
        _draw_keys(sheet, left, right, key, confidence)
        sheet.write(MARGIN, key + KEY_LINES * SMALL * LEADING + 6, foot, TINY, FAINT)
    return sheet.figure


def _lead(here: pd.DataFrame, landmark: int, confidence: float, clusters: str) -> str:
    area = _row(here, "auc", "model")
    n, groups = show_count(area["n_engagements"]), show_count(area["n_advisors"])
    told = (
        f"At check-in {landmark}, on {clusters} that the model had not seen: {n} engagements, "
        f"{groups} {clusters}; AUC {_with_limits(area)} ({show_level(confidence)})."
    )
    lead = here[here["term"] == "net_benefit_over_rule"]
    if len(lead) and np.isfinite(lead[["estimate", "conf_low", "conf_high"]].iloc[0]).all():
        one = lead.iloc[0]
        told += f" Net benefit over the rule at {_value(one['statistic'])}: {_with_limits(one)}."
    return told


def _with_limits(row: pd.Series) -> str:
    limits = show_interval(row["conf_low"], row["conf_high"], 2)
    return f"{show_correlation(row['estimate'], 2)} {limits}"


def _row(rows: pd.DataFrame, term: str, method: str) -> pd.Series:
    return rows[(rows["term"] == term) & (rows["method"] == method)].iloc[0]


def _draw_calibration(
    sheet: Sheet, here: pd.DataFrame, left: float, top: float, width: float
) -> None:
    """Share that ended early against the predicted probability, a point for each bin."""
    curve = here[here["term"] == "calibration_curve"].sort_values("statistic")
    curve = curve[curve["estimate"].notna()]
    if curve.empty:
        told = [
            "Not given: too few engagements",
            "with the outcome, or without it,",
            "in each bin.",
        ]
        sheet.write(left, top, told, SMALL, FAINT)
        return
    seen = curve[["statistic", "estimate", "conf_high"]].to_numpy(dtype=float)
    most = min(1.0, np.ceil(np.nanmax(seen) * 10 + 0.01) / 10)
    across = Scale(left + BESIDE, width - BESIDE - 4, 0.0, most)
    up = Scale(-(top + PANEL), PANEL, 0.0, most)
    _frame(sheet, across, up, "predicted probability")
    ends = [(scale.place(0.0), scale.place(most)) for scale in (across, up)]
    sheet.axes.plot(ends[0], np.negative(ends[1]), color=FAINT, lw=1.0, ls=(0, (1, 1.5)), zorder=1)
    for row in curve.to_dict("records"):
        x = across.place(row["statistic"])
        if np.isfinite([row["conf_low"], row["conf_high"]]).all():
            limits = [-up.place(row[name]) for name in ("conf_low", "conf_high")]
            sheet.axes.plot([x, x], limits, color=ADVISEE, lw=1.6, zorder=2)
        sheet.symbol(x, -up.place(row["estimate"]), ADVISEE, "o", size=5)


def _draw_decisions(
    sheet: Sheet, here: pd.DataFrame, left: float, top: float, width: float
) -> None:
    """Net benefit of each way to decide against the threshold."""
    curve = here[here["term"] == "net_benefit"].sort_values("statistic")
    across = Scale(left + BESIDE, width - BESIDE - 4, 0.0, float(curve["statistic"].max()))
    high = max(float(curve["estimate"].max()), 0.02)
    step = 0.02 if high <= 0.08 else 0.05
    high = np.ceil(high / step) * step
    low = -np.ceil(DEEPEST * high / step) * step
    up = Scale(-(top + PANEL), PANEL, low, high)
    _frame(sheet, across, up, "probability from which one acts")
    chosen = here.loc[here["term"] == "net_benefit_over_rule", "statistic"]
    for threshold in chosen:
        x = across.place(threshold)
        sheet.axes.plot([x, x], [top, top + PANEL], color=INK, lw=0.9, ls=(0, (3, 2)), zorder=1)
    for method, (_, colour, dashes, line) in reversed(DECISIONS.items()):
        own = curve[(curve["method"] == method) & curve["estimate"].notna()]
        x, y = own["statistic"].to_numpy(dtype=float), own["estimate"].to_numpy(dtype=float)
        x, y = _cut(x, y, low)
        places = [across.place(value) for value in x], [-up.place(value) for value in y]
        sheet.axes.plot(*places, color=colour, lw=line, ls=dashes, zorder=2)


def _cut(x: np.ndarray, y: np.ndarray, low: float) -> tuple[np.ndarray, np.ndarray]:
    """A line up to where it falls below ``low``, which it reaches exactly."""
    below = np.flatnonzero(y < low)
    if not len(below) or below[0] == 0:
        return x, y
    last = below[0]
    share = (y[last - 1] - low) / (y[last - 1] - y[last])
    end = x[last - 1] + share * (x[last] - x[last - 1])
    return np.append(x[:last], end), np.append(y[:last], low)


def _frame(sheet: Sheet, across: Scale, up: Scale, name: str) -> None:
    """Rules at round values of both scales, the values beside them, the horizontal one's name."""
    top, bottom = -up.right, -up.left
    for tick in up.ticks(5):
        y = -up.place(tick)
        zero = abs(tick) < 1e-9
        sheet.rule(
            (across.left, across.right), (y, y), FAINT if zero else RULE, 0.8 if zero else 0.6
        )
        sheet.write(across.left - 3, y - TINY * 0.62, [_value(tick)], TINY, FAINT, ha="right")
    for tick in across.ticks(6):
        x = across.place(tick)
        sheet.rule((x, x), (top, bottom), RULE, 0.6)
        sheet.write(x, bottom + 2, [_value(tick)], TINY, FAINT, ha="center")
    middle = (across.left + across.right) / 2
    sheet.write(middle, bottom + 3 + TINY * LEADING, [name], TINY, FAINT, ha="center")


def _value(tick: float) -> str:
    return (
        "0" if abs(tick) < 1e-9 else show_correlation(tick, 1 if abs(tick * 10 % 1) < 1e-9 else 2)
    )


def _draw_keys(sheet: Sheet, left: float, right: float, top: float, confidence: float) -> None:
    """What points, lines and dashes stand for, under their panels."""
    told = ["Up: share that ended early.", f"Lines: {show_level(confidence)} intervals."]
    sheet.write(left, top, [*told, "Dotted: as predicted."], SMALL)
    x, line_top = right, top
    for place, (words, colour, dashes, line) in enumerate(DECISIONS.values()):
        if place == 2:
            x, line_top = right, top + SMALL * LEADING
        middle = line_top + SMALL * 0.75
        sheet.axes.plot([x, x + 13], [middle, middle], color=colour, lw=line, ls=dashes, zorder=2)
        sheet.write(x + 16, line_top, [words], SMALL)
        x += 16 + measure_text(words, SMALL) + 10
    sheet.write(x, line_top, ["0: nobody"], SMALL)
    sheet.write(right, line_top + SMALL * LEADING, ["Up: net benefit of warning."], SMALL)
