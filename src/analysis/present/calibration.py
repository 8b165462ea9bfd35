"""Which test lies when: the calibration in words, tables and one figure."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from analysis.present.drawing import as_svg
from analysis.present.lies import draw_calibration
from analysis.present.parts import Figure, Part
from analysis.present.sections import Table, make_table
from analysis.present.tables import (
    ANALYSES,
    DASH,
    METHODS,
    begin_large,
    put_in_words,
    show_correlation,
    show_count,
)
from analysis.simulate.scenarios import SCENARIOS

VERDICT_TERMS = {
    "supported": "supported",
    "opposed": "opposed",
    "equivalent": "equivalent",
    "inconclusive": "inconclusive",
    "not_testable": "not testable",
    "winner": "names a winner where there is none",
    "right": "names the right one",
    "wrong": "names the wrong one",
}
TERMS = {
    "rejection": "finds a difference",
    "given": "line given",
    "coverage": "interval holds the truth",
    "bias": "mean deviation from the truth",
} | VERDICT_TERMS


def name_line(analysis: str, method: str) -> str:
    """A line of evidence in words."""
    words = put_in_words(analysis, ANALYSES).removeprefix("Difference, ")
    if analysis == "verdict":
        return (
            "The verdict, imputed line before it" if method.endswith("imputed") else "The verdict"
        )
    return f"{begin_large(words)}: {put_in_words(method, METHODS)}"


def describe_calibration(rows: pd.DataFrame) -> Part:
    """The calibration as a part of the report: what holds, what fails, the figure and the tables.

    Parameters
    ----------
    rows : the table of ``analysis.evidence.calibration.calibration.calibrate``,
        as read back from CSV.
    """
    scenarios = [one for one in SCENARIOS if (rows["scenario"] == one.name).any()]
    figure = Figure(
        as_svg(draw_calibration(rows)),
        tell_calibration(rows),
        "In each cell the share of simulated data sets, in per cent, in which a line of evidence "
        "finds a difference, with its Monte Carlo error. Where there is none, 5 is right; more "
        "(▲, orange) is a test that lies, less (▼) one that sees too little. Below, the rates "
        "that have a bar, fixed beforehand, with Monte Carlo intervals.",
        tall=True,
    )
    return Part(
        "calibration",
        "Which test lies when",
        tuple(tell_findings(rows)),
        (figure,),
        (tabulate_bars(rows),),
        (
            tabulate_scenarios(rows),
            *(tabulate_scenario(rows, one.name, one.title) for one in scenarios),
        ),
        "Every rate, by scenario",
    )


def tell_findings(rows: pd.DataFrame) -> list[str]:
    """What the calibration shows, in sentences with their numbers."""
    told = [
        "Each line of evidence was tried on simulated data whose truth is known. A test at the "
        "level of .05 may find a difference that is not there in 5 % of data sets."
    ]
    found = _Finder(rows)
    naive = [found.percent(name, "naive", "steiger") for name in _null_clusters(rows)]
    own = [found.percent(name, "clustered", "jackknife") for name in _null_clusters(rows)]
    if naive and None not in (*naive, *own):
        told.append(
            f"When advisors have many advisees each, the tests that most papers print find a "
            f"difference that is not there in {_span(naive)} % of data sets; the clustered line, "
            f"in {_span(own)} %."
        )
    pair = [
        found.percent("unequal_reliability", line, "jackknife")
        for line in ("clustered", "disattenuated")
    ]
    if None not in pair:
        told.append(
            f"When one rating is measured far more reliably than the other, the clustered line "
            f"finds a difference between alliances that go with the outcome alike in {pair[0]} % "
            f"of data sets; once corrected for reliability, in {pair[1]} %."
        )
    boots = [found.percent("clustered_12", "clustered", method) for method in ("percentile", "bca")]
    if None not in boots:
        told.append(
            f"With 12 advisors bootstrap intervals are too short: the percentile interval finds a "
            f"difference that is not there in {boots[0]} % of data sets, the BCa interval in "
            f"{boots[1]} %. They are shown beside the interval of record, and decide nothing."
        )
    told += _tell_lost(found)
    failed = rows[rows["passes"].map(_is_false)]
    held = int(rows["passes"].notna().sum()) - len(failed)
    told.append(
        f"{held} of {held + len(failed)} bars hold."
        + (
            " Not held: " + "; ".join(_fault(row) for row in failed.to_dict("records")) + "."
            if len(failed)
            else ""
        )
    )
    return told


def _tell_lost(found: _Finder) -> list[str]:
    """Where the lines of record fail together, and which line does not."""
    lost = {
        "same_source": "the advisee gave the outcome too",
        "echo": "outcome and advisee’s rating both repeat progress made before",
        "missing": "two in five advisors did not reply, and not by chance",
        "ceiling": "one side’s answers pile up at the top of the scale",
    }
    rates = {name: found.percent(name, "disattenuated", "jackknife") for name in lost}
    if None in rates.values():
        return []
    shown = "; ".join(f"{why}, {rates[name]} %" for name, why in lost.items())
    told = [
        "No correction for clustering or reliability helps where the fault lies elsewhere. Even "
        f"the corrected line finds a difference between alliances that go with the outcome alike "
        f"when {shown}. An outcome that one of the two gave therefore never decides the question."
    ]
    for scenario, analysis, method, words in (
        ("echo", "adjusted", "jackknife", "Adjusted for the progress made before"),
        ("missing", "imputed", "rubin", "With the missing ratings imputed"),
    ):
        rate = found.percent(scenario, analysis, method)
        if rate is not None:
            told.append(f"{words}, it is {rate} %.")
    return [" ".join(told)]


def tell_bars(rows: pd.DataFrame) -> str:
    """Every bar on a line of text, with the rate found and its Monte Carlo error."""
    barred = rows[rows["passes"].notna()]
    lines = [
        f"{'FAILS' if _is_false(row['passes']) else 'holds'}  {_fault(row)}"
        for row in barred.to_dict("records")
    ]
    failed = int(barred["passes"].map(_is_false).sum())
    return "\n".join([*lines, f"{len(barred) - failed} of {len(barred)} bars hold."])


def tell_calibration(rows: pd.DataFrame) -> str:
    """The figure in words, for those who cannot see it: how often the main lines are wrong."""
    null = {one.name for one in SCENARIOS if one.null}
    own = rows[rows["scenario"].isin(null) & (rows["term"] == "rejection")]
    told = []
    for analysis, method, words in (
        ("naive", "steiger", "the naive test"),
        ("clustered", "jackknife", "the clustered line"),
        ("disattenuated", "jackknife", "the line corrected for reliability"),
    ):
        rates = own[(own["analysis"] == analysis) & (own["method"] == method)]["estimate"]
        if len(rates):
            told.append(f"{words} in {100 * rates.min():.0f} to {100 * rates.max():.0f} %")
    return (
        "How often each line of evidence finds a difference, by scenario. Where the alliances go "
        f"with the outcome alike: {', '.join(told)} of the data sets. The tables hold every rate."
    )


def tabulate_bars(rows: pd.DataFrame) -> Table:
    """Every rate that has a bar."""
    barred = rows[rows["passes"].notna()]
    titles = {one.name: one.title for one in SCENARIOS}
    body = [
        [
            name_line(row["analysis"], row["method"]),
            titles[row["scenario"]],
            TERMS[row["term"]],
            _with_error(row),
            f"{_plain(row['bar_low'])} to {_plain(row['bar_high'])}",
            "no" if _is_false(row["passes"]) else "yes",
        ]
        for row in barred.to_dict("records")
    ]
    failed = [place for place, row in enumerate(body) if row[-1] == "no"]
    return make_table(
        "Bars fixed beforehand: a bar fails when the whole Monte Carlo interval lies outside it",
        ("Line", "Scenario", "Rate", "Share (error)", "Bar", "Held"),
        body,
        numeric=[3, 4],
        wide=[0, 2],
        marked=failed,
    )


def tabulate_scenarios(rows: pd.DataFrame) -> Table:
    """What each scenario is there to show."""
    body = []
    for scenario in SCENARIOS:
        own = rows[rows["scenario"] == scenario.name]
        if own.empty:
            continue
        first = own.iloc[0]
        truths = own.groupby("analysis")["truth"].first()
        body.append(
            [
                scenario.title,
                scenario.shows,
                show_correlation(first["difference"]),
                show_correlation(truths.get("clustered", math.nan)),
                show_correlation(truths.get("disattenuated", math.nan)),
                f"{show_count(first['n_engagements'])} ({show_count(first['n_advisors'])})",
            ]
        )
    return make_table(
        "The scenarios, and their true differences: between the alliances, between the ratings as "
        "they are, and between these once corrected for reliability",
        ("Scenario", "What is so", "D", "Observed", "Corrected", "n (advisors)"),
        body,
        numeric=range(2, 6),
        wide=[1],
    )


def tabulate_scenario(rows: pd.DataFrame, name: str, title: str) -> Table:
    """Every line's rates in one scenario, and the verdicts."""
    own = rows[rows["scenario"] == name]
    body = []
    for (analysis, method), line in own.groupby(["analysis", "method"], sort=False):
        by_term = {row["term"]: row for row in line.to_dict("records")}
        if analysis == "verdict":
            body += [
                [
                    f"{name_line(analysis, method)}: {VERDICT_TERMS[term]}",
                    _with_error(row),
                    DASH,
                    DASH,
                    show_count(row["n_datasets"]),
                ]
                for term, row in by_term.items()
                if row["estimate"] > 0 or pd.notna(row["bar_low"])
            ]
            continue
        body.append(
            [
                name_line(analysis, method),
                *(
                    _with_error(by_term[term], 4 if term == "bias" else 3)
                    if term in by_term
                    else DASH
                    for term in ("rejection", "coverage", "bias")
                ),
                show_count(by_term["rejection"]["n_datasets"]),
            ]
        )
    return make_table(
        f"{title}: shares of data sets, with Monte Carlo errors",
        ("Line", "Finds a difference", "Interval holds the truth", "Bias", "Data sets"),
        body,
        numeric=range(1, 5),
        wide=[0],
    )


def _null_clusters(rows: pd.DataFrame) -> list[str]:
    names = ("clustered_60", "clustered_18", "clustered_12")
    return [name for name in names if (rows["scenario"] == name).any()]


class _Finder:
    """Rejection rates of a table, in whole or tenth per cent."""

    def __init__(self, rows: pd.DataFrame) -> None:
        own = rows[rows["term"] == "rejection"]
        self._rates: Mapping = own.set_index(["scenario", "analysis", "method"])["estimate"]

    def percent(self, scenario: str, analysis: str, method: str) -> str | None:
        value = self._rates.get((scenario, analysis, method))
        if value is None:
            return None
        return f"{100 * value:.0f}" if value >= 0.1 else f"{100 * value:.1f}"


def _span(values: list[str]) -> str:
    ordered = sorted(values, key=float)
    return ordered[0] if ordered[0] == ordered[-1] else f"{ordered[0]} to {ordered[-1]}"


def _with_error(row: Mapping[str, object], decimals: int = 3) -> str:
    shown = show_correlation(row["estimate"], decimals)
    return f"{shown} ({show_correlation(row['std_error'], 4)})"


def _plain(value: float) -> str:
    return {0.0: "0", 1.0: "1"}.get(value, show_correlation(value))


def _fault(row: Mapping[str, object]) -> str:
    title = next(one.title for one in SCENARIOS if one.name == row["scenario"])
    return (
        f"{name_line(row['analysis'], row['method'])}, {TERMS[row['term']]} ({title}): "
        f"{_with_error(row)} against {_plain(row['bar_low'])} to {_plain(row['bar_high'])}"
    )


def _is_false(value: object) -> bool:
    """Whether a bar fails; an empty cell is no bar."""
    return value is False or str(value) == "False"
