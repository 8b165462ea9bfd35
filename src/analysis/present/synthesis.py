"""What the datasets say together, for the report: sentences, the figure and its tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.contract.estimates import COLUMNS
from analysis.evidence.sentence import plain_verdict
from analysis.present.forest import draw_forest
from analysis.present.parts import Figure, Part
from analysis.present.sections import Table, make_table
from analysis.present.tables import (
    DASH,
    VERDICTS,
    begin_large,
    show_correlation,
    show_count,
    show_interval,
    show_level,
    show_note,
    show_p,
    show_text,
)

__all__ = ["describe_synthesis", "draw_forest"]

#: Each line that is put together: analysis, rater, words.
LINES = (
    ("clustered", None, "Difference D"),
    ("disattenuated", None, "Difference D, corrected for reliability"),
    ("correlation", "advisee", "Correlation, advisee’s rating"),
    ("correlation", "advisor", "Correlation, advisor’s rating"),
)


def describe_synthesis(
    rows: pd.DataFrame, titles: Mapping[str, str], svg: str = "", *, confidence: float = 0.95
) -> Part:
    """The part of the report on all datasets together.

    Parameters
    ----------
    rows : a table of ``synthesise``, as read back from its file.
    titles : a dataset's name -> its name as people read it.
    svg : the file of ``draw_forest``'s figure.
    confidence : level of the intervals.
    """
    rows = rows.reindex(columns=list(COLUMNS))
    paragraphs = [_verdict(rows, "difference"), _verdict(rows, "generalises"), _spread(rows)]
    for name, title in titles.items():
        paragraphs = [text.replace(name, title) for text in paragraphs]
    figures = (Figure(svg, _tell(rows, confidence), _caption(confidence)),) if svg else ()
    tables = [_tabulate_means(rows, confidence), _tabulate_effects(rows, titles, confidence)]
    further = [_tabulate_influence(rows, titles, confidence), _tabulate_settings(rows, confidence)]
    return Part(
        "synthesis",
        "All datasets together",
        tuple(filter(None, paragraphs)),
        figures,
        tuple(table for table in tables if table.rows),
        tuple(table for table in further if table.rows),
        "Without each dataset, and by setting",
    )


def _verdict(rows: pd.DataFrame, term: str) -> str:
    own = rows[(rows["analysis"] == "verdict") & (rows["term"] == term)]
    if own.empty:
        return ""
    verdict, reason = own.iloc[0]["verdict"], show_note(own.iloc[0]["note"])
    if term == "difference":
        question = "Over all datasets, is the advisee’s rating ahead of the advisor’s?"
        said = plain_verdict(verdict).replace("'", "’")
    else:
        question = "Does a stronger alliance, as the advisee rates it, go with better outcomes "
        question += "across settings?"
        said = VERDICTS[verdict]
    return f"{question} {begin_large(said)}: {reason}."


def _spread(rows: pd.DataFrame) -> str:
    """How far the datasets differ in D, in a sentence."""
    own = _of(rows, "clustered").drop_duplicates("term").set_index("term")
    if "tau2" not in own.index:
        return ""
    share = own.loc["i2", "estimate"]
    prediction = own.loc["prediction"]
    limits = show_interval(prediction["conf_low"], prediction["conf_high"], 2)
    return (
        f"Of the variance of the datasets’ differences {share:.0f} % lies between them and is not "
        f"sampling error (Q test: p {_equals(own.loc['q', 'p_value'])}); the D of a further "
        f"dataset is expected within {limits}. {begin_large(show_note(own.loc['mean', 'note']))}."
    )


def _equals(p: float) -> str:
    shown = show_p(p)
    return shown if shown.startswith("<") else f"= {shown}"


def _of(rows: pd.DataFrame, analysis: str, rater: str | None = None) -> pd.DataFrame:
    own = rows[rows["analysis"] == analysis]
    return own if rater is None else own[own["rater"] == rater]


def _tabulate_means(rows: pd.DataFrame, confidence: float) -> Table:
    shown, level = [], show_level(confidence)
    for analysis, rater, words in LINES:
        own = _of(rows, analysis, rater)
        used = int(own.loc[own["term"] == "effect", "estimate"].notna().sum())
        pooled = own[own["term"] != "effect"].drop_duplicates("term").set_index("term")
        if not used or "mean" not in pooled.index:
            continue
        mean, prediction = pooled.loc["mean"], pooled.loc["prediction"]
        tau2 = pooled["estimate"].get("tau2", float("nan"))
        i2 = pooled["estimate"].get("i2", float("nan"))
        shown.append(
            [
                words,
                show_count(used),
                _with_interval(mean),
                show_interval(prediction["conf_low"], prediction["conf_high"], 2),
                show_correlation(tau2, 4),
                DASH if pd.isna(i2) else f"{i2:.0f} %",
                show_p(pooled["p_value"].get("q", float("nan"))),
                show_note(mean["note"]),
            ]
        )
    return make_table(
        f"Means over datasets: random effects (REML) with Knapp and Hartung’s {level} intervals; "
        "correlations on Fisher’s z",
        (
            "What",
            "Datasets",
            "Mean",
            "Prediction interval",
            "Variance between",
            "I²",
            "p (Q)",
            "Note",
        ),
        shown,
        numeric=range(1, 7),
        wide=[7],
    )


def _tabulate_effects(rows: pd.DataFrame, titles: Mapping[str, str], confidence: float) -> Table:
    own = rows[rows["term"] == "effect"]
    shown = []
    for name in [one for one in titles if one in set(own["dataset"])]:
        cells, notes, outcome = [], [], ""
        for analysis, rater, _ in LINES:
            row = _of(own[own["dataset"] == name], analysis, rater).iloc[0]
            cells.append(_with_interval(row))
            notes.append(show_note(row["note"]))
            outcome = outcome or show_text(row["outcome"])
        outcome = begin_large(outcome.replace("_", " ")) or DASH
        shown.append([titles[name], outcome, *cells, next(filter(None, notes), "")])
    return make_table(
        f"What is put together: each dataset’s effects with {show_level(confidence)} intervals",
        ("Dataset", "Outcome", "D", "D corrected", "Advisee r", "Advisor r", "Note"),
        shown,
        numeric=range(2, 6),
        wide=[6],
    )


def _tabulate_influence(rows: pd.DataFrame, titles: Mapping[str, str], confidence: float) -> Table:
    own = rows[rows["term"] == "without"]
    shown = []
    for name in [one for one in titles if one in set(own["dataset"])]:
        cells = []
        for analysis, rater, _ in LINES:
            row = _of(own[own["dataset"] == name], analysis, rater)
            cells.append(DASH if row.empty else _with_interval(row.iloc[0]))
        shown.append([titles[name], *cells])
    return make_table(
        f"The means without each dataset in turn, with {show_level(confidence)} intervals",
        ("Without", "D", "D corrected", "Advisee r", "Advisor r"),
        shown,
        numeric=range(1, 5),
    )


def _tabulate_settings(rows: pd.DataFrame, confidence: float) -> Table:
    shown = []
    for analysis, rater, words in LINES:
        own = _of(rows, analysis, rater)
        for row in own[own["term"].str.startswith("setting: ", na=False)].to_dict("records"):
            name = row["term"].removeprefix("setting: ").replace("_", " ")
            shown.append([f"{words}: {name}", _with_interval(row), DASH, show_note(row["note"])])
        for row in own[own["term"] == "settings_differ"].to_dict("records"):
            given = show_p(row["p_value"])
            shown.append([f"{words}: settings differ", DASH, given, show_note(row["note"])])
    if len({row[3] for row in shown}) == 1 and all(row[2] == DASH for row in shown):
        shown = [["Settings differ", DASH, DASH, shown[0][3]]]
    return make_table(
        f"Means by setting with {show_level(confidence)} intervals, and whether settings differ",
        ("What", "Mean", "p", "Note"),
        shown,
        numeric=[1, 2],
        wide=[3],
    )


def _with_interval(row: Mapping[str, object]) -> str:
    estimate = show_correlation(row["estimate"], 2)
    limits = show_interval(row["conf_low"], row["conf_high"], 2)
    return estimate if limits == DASH else f"{estimate} {limits}"


def _caption(confidence: float) -> str:
    return (
        "Each dataset’s difference D and correlations, from outcomes that a third party or a "
        f"record gave, with {show_level(confidence)} intervals by the jackknife over clusters; "
        "their random-effects mean, and below it, as a bar, where the true value of a further "
        "dataset may lie. Where datasets point in opposite directions, the mean is no answer."
    )


def _tell(rows: pd.DataFrame, confidence: float) -> str:
    table = _tabulate_means(rows, confidence)
    told = [f"{row[0]}: mean {row[2]} over {row[1]} datasets." for row in table.rows]
    return " ".join(["Effects of every dataset and their means.", *told])
