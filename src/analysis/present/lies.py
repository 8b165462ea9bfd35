"""The figure of the calibration: lines of evidence by scenario, and the bars below."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from analysis.present.sheet import INNER, LEADING, MARGIN, SMALL, TINY, TITLE, WIDTH, Scale, Sheet
from analysis.present.style import (
    ADVISEE,
    ADVISOR,
    FAINT,
    INK,
    PAPER,
    RULE,
    ZONE,
    house_style,
    measure_text,
    wrap_text,
)
from analysis.present.tables import show_count
from analysis.simulate.scenarios import SCENARIOS, Scenario

#: Lines in the matrix, in order, in the few words a phone has room for.
ROWS = {
    ("naive", "steiger"): "naive (Steiger’s z)",
    ("clustered", "jackknife"): "clustered, of record",
    ("clustered", "percentile"): "  percentile",
    ("clustered", "bca"): "  BCa",
    ("disattenuated", "jackknife"): "corrected, of record",
    ("disattenuated", "percentile"): "  percentile",
    ("disattenuated", "bca"): "  BCa",
    ("disattenuated", "omega_jackknife"): "  by omega",
    ("multilevel", "reml_or_cr2"): "multilevel",
    ("out_of_sample", "ridge_corrected_t"): "out of sample",
    ("adjusted", "jackknife"): "adjusted for progress",
    ("imputed", "rubin"): "imputed",
    ("verdict", "verdict"): "verdict: a winner",
    ("verdict", "verdict_imputed"): "  with imputed line",
}
#: Scenarios that repeat another's lesson at another size stand in the tables only.
LEFT_OUT = ("equivalence",)
NAMES, HEAD, ROW = 112.0, 88.0, 25.0
TOO_MANY, TOO_FEW = "#f6c6a4", "#cfe3f1"
STRIPS = (
    ("clustered", "rejection", "clustered: finds a difference"),
    ("disattenuated", "rejection", "corrected: finds a difference"),
    ("clustered", "coverage", "clustered: 95 % interval holds the truth"),
    ("disattenuated", "coverage", "corrected: 95 % interval holds the truth"),
)
LANE = 6.0


def draw_calibration(rows: pd.DataFrame) -> Figure:
    """Share of data sets in which each line finds a difference, by scenario, and the bars.

    Parameters
    ----------
    rows : the table of ``analysis.evidence.calibration.calibration.calibrate``,
        as read back from CSV.
    """
    scenarios = [
        one
        for one in SCENARIOS
        if one.name not in LEFT_OUT and (rows["scenario"] == one.name).any()
    ]
    lines = [key for key in ROWS if not _of(rows, key).empty]
    strips = [strip for strip in STRIPS if not _barred(rows, *strip[:2]).empty]
    with house_style():
        heading = wrap_text("Which test lies when?", INNER, TITLE, "bold")
        said = wrap_text(
            "Data sets in which a line finds a difference, in per cent (± Monte Carlo error). "
            "Without a difference 5 is right.",
            INNER,
            SMALL,
        )
        top = MARGIN + (len(heading) * TITLE + len(said) * SMALL) * LEADING + 4
        below = top + HEAD + len(lines) * ROW + 12
        heights = [_strip_height(_barred(rows, *strip[:2])) for strip in strips]
        notes = _notes(rows)
        key = below + 3 * SMALL * LEADING + 6
        sheet = Sheet(key + 14 + sum(heights) + len(notes) * SMALL * LEADING + MARGIN)
        under = sheet.write(MARGIN, MARGIN, heading, TITLE, weight="bold")
        sheet.write(MARGIN, under + 2, said, SMALL, FAINT)
        _draw_matrix(sheet, rows, scenarios, lines, top)
        _draw_key(sheet, below)
        place = key + 8
        if strips:
            sheet.write(
                MARGIN, place, ["The bars (shaded), and what was found"], SMALL, INK, "bold"
            )
            place += SMALL * LEADING + 2
        for strip, height in zip(strips, heights, strict=True):
            _draw_strip(sheet, _barred(rows, *strip[:2]), strip[2], place)
            place += height
        sheet.write(MARGIN, place + 2, notes, TINY, FAINT)
    return sheet.figure


def _draw_matrix(
    sheet: Sheet,
    rows: pd.DataFrame,
    scenarios: list[Scenario],
    lines: list[tuple[str, str]],
    top: float,
) -> None:
    """Lines down, scenarios across; a gap before those in which there is a difference to find."""
    gap = 6.0
    width = (WIDTH - MARGIN - NAMES - gap - MARGIN) / max(len(scenarios), 1)
    lefts, left = {}, NAMES + MARGIN
    for place, scenario in enumerate(scenarios):
        left += gap if place and not scenario.null and scenarios[place - 1].null else 0
        lefts[scenario.name] = left
        left += width
    for scenario in scenarios:
        x = lefts[scenario.name] + width / 2
        weight = "normal" if scenario.null else "bold"
        sheet.axes.text(
            x,
            top + HEAD - 4,
            scenario.title,
            size=SMALL,
            color=INK,
            weight=weight,
            rotation=90,
            ha="center",
            va="bottom",
        )
    for place, line in enumerate(lines):
        y = top + HEAD + place * ROW
        weight = "bold" if "of record" in ROWS[line] or line[0] == "verdict" else "normal"
        name = ROWS[line]
        indent = 10 if name.startswith(" ") else 0
        sheet.write(MARGIN + indent, y + 7, [name.strip()], SMALL, INK, weight)
        sheet.rule((MARGIN, WIDTH - MARGIN), (y, y), RULE, 0.5)
        found = _of(rows, line).set_index("scenario")
        for scenario in scenarios:
            if scenario.name in found.index:
                one = found.loc[scenario.name]
                _draw_cell(sheet, one, scenario, lefts[scenario.name], y, width)


def _draw_cell(
    sheet: Sheet, row: pd.Series, scenario: Scenario, left: float, top: float, width: float
) -> None:
    """One rate: shaded and signed where it is wrong, with its Monte Carlo error below."""
    sign, colour, ink = "", PAPER, INK
    if scenario.null and not _asks_the_same(row["analysis"], scenario):
        ink = FAINT
    elif scenario.null and row["analysis"] != "verdict":
        if row["conf_low"] > 0.065:
            sign, colour = "▲", TOO_MANY
        elif row["conf_high"] < 0.035:
            sign, colour = "▼", TOO_FEW
    elif scenario.null and row["conf_low"] > 0.07:
        sign, colour = "▲", TOO_MANY
    sheet.shade(left + 0.7, top + 0.7, width - 1.4, ROW - 1.4, colour)
    value = 100 * row["estimate"]
    text = f"{value:.0f}" if value >= 9.95 or value == 0 else f"{value:.1f}"
    weight = "bold" if sign else "normal"
    centre = left + width / 2
    sheet.write(centre, top + 1.5, [text], SMALL, ink, weight, ha="center")
    if sign:
        sheet.write(
            left + width - 5, top + 1, [sign], 5, ADVISOR if sign == "▲" else ADVISEE, ha="center"
        )
    error = 100 * row["std_error"]
    sheet.write(centre, top + 12.5, [f"±{error:.1f}"], 7.5, FAINT, ha="center")


def _asks_the_same(analysis: str, scenario: Scenario) -> bool:
    """Whether a scenario without a difference has none either in what a line asks."""
    if analysis != "multilevel":
        return True
    return abs(scenario.design.within_difference(observed=False)) < 1e-9


def _draw_key(sheet: Sheet, top: float) -> None:
    x = MARGIN
    for colour, sign, words in (
        (TOO_MANY, "▲", "finds too many"),
        (TOO_FEW, "▼", "finds too few"),
        (PAPER, "", "bold head: there is a difference"),
    ):
        if sign:
            sheet.shade(x, top, 10, 10, colour)
            sheet.write(x + 5, top + 1, [sign], 6, ADVISOR if sign == "▲" else ADVISEE, ha="center")
            x += 13
        sheet.write(x, top, [words], SMALL, INK)
        x += measure_text(words, SMALL) + 12
    sheet.write(
        MARGIN,
        top + SMALL * LEADING + 2,
        [
            "verdict: names a winner, the right one where there is one",
            "multilevel: grey where advisees and advisors do differ within advisors",
        ],
        TINY,
        FAINT,
    )


def _draw_strip(sheet: Sheet, rows: pd.DataFrame, words: str, top: float) -> None:
    """The rates of one bar, a lane each, over the shaded bar; labels at the right."""
    sheet.write(MARGIN, top, [words], SMALL, INK)
    top += SMALL * LEADING + 1
    low, high = float(rows["bar_low"].iloc[0]), float(rows["bar_high"].iloc[0])
    reach = max(high - low, 1e-9) * 0.7
    limits = [*rows["conf_low"], *rows["conf_high"]]
    scale = Scale(
        MARGIN + 4,
        WIDTH - 2 * MARGIN - NAMES - 8,
        max(min(low - reach, *limits), 0.0),
        min(max(high + reach, *limits), 1.0),
    )
    height = LANE * 2 * len(rows)
    sheet.shade(scale.place(low), top, scale.place(high) - scale.place(low), height, ZONE)
    titles = {one.name: one.title for one in SCENARIOS}
    for place, row in enumerate(rows.to_dict("records")):
        y = top + LANE * 2 * (place + 0.5)
        fails = str(row["passes"]) == "False"
        colour = ADVISOR if fails else INK
        ends = (scale.place(row["conf_low"]), scale.place(row["conf_high"]))
        sheet.rule(ends, (y, y), colour, 1.3)
        sheet.symbol(scale.place(row["estimate"]), y, colour, "X" if fails else "o", size=4)
        sheet.write(scale.right + 8, y - 5.2, [titles[row["scenario"]]], TINY, FAINT)
    for value in (low, 0.05 if high < 0.5 else 0.95, high):
        x = scale.place(value)
        sheet.rule((x, x), (top, top + height), RULE, 0.6)
        sheet.write(x, top + height + 1, [f"{100 * value:.3g} %"], TINY, FAINT, ha="center")


def _strip_height(rows: pd.DataFrame) -> float:
    return SMALL * LEADING + 1 + LANE * 2 * len(rows) + 16


def _of(rows: pd.DataFrame, line: tuple[str, str]) -> pd.DataFrame:
    """One line's rates of differences found; of the verdict, of winners named."""
    own = rows[(rows["analysis"] == line[0]) & (rows["method"] == line[1])]
    terms = ("winner", "right") if line[0] == "verdict" else ("rejection",)
    return own[own["term"].isin(terms)]


def _barred(rows: pd.DataFrame, analysis: str, term: str) -> pd.DataFrame:
    """The rates of a line of record that have its bar; the bar that it must fail is another."""
    own = rows[
        (rows["analysis"] == analysis)
        & (rows["method"] == "jackknife")
        & (rows["term"] == term)
        & rows["passes"].notna()
    ]
    width = own["bar_high"] - own["bar_low"]
    return own[width < 0.1]


def _notes(rows: pd.DataFrame) -> list[str]:
    counts = sorted({int(n) for n in rows.loc[rows["term"] == "rejection", "n_datasets"]})
    shown = ", ".join(show_count(n) for n in counts) if counts else "–"
    failing = int((rows["passes"].map(str) == "False").sum())
    held = int(rows["passes"].notna().sum()) - failing
    told = f"Data sets per rate: {shown}, by line. Bars held: {held} of {held + failing}."
    return wrap_text(told, INNER, TINY)
