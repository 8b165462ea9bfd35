"""The part of the report on reasonable choices: sentences, the figure and its tables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.present.choices import (
    CHOICES,
    IN_A_SENTENCE,
    TOGETHER,
    Multiverse,
    level_in_words,
    levels_of,
    read_multiverse,
)
from analysis.present.curve import CAUTION, draw_multiverse, joint_in_words
from analysis.present.parts import Figure, Part
from analysis.present.sections import Table, make_table
from analysis.present.tables import (
    DASH,
    GIVEN_BY,
    PHASES,
    begin_large,
    put_in_words,
    show_correlation,
    show_count,
    show_interval,
    show_level,
    show_note,
    show_p,
    show_text,
)

__all__ = ["describe_multiverse", "draw_multiverse"]

HEADING = "Other reasonable choices"


def describe_multiverse(
    rows: pd.DataFrame,
    titles: Mapping[str, str],
    svg: str = "",
    *,
    confidence: float = 0.95,
    clusters: str = "advisors",
) -> Part:
    """The part of a dataset's section on how far its answer hangs on choices.

    Parameters
    ----------
    rows : the dataset's rows of ``explore_multiverse``, as read back from their file.
    titles : an outcome's name -> its name in words.
    svg : the file of ``draw_multiverse``'s figure.
    confidence : level of significance of one specification.
    clusters : what engagements are nested in, in the plural.
    """
    shown = read_multiverse(rows)
    if shown.reason:
        return Part("multiverse", HEADING, (f"Not testable: {show_note(shown.reason)}.",))
    own = shown.specifications
    said = [_summary(shown, own), *joint_in_words(shown), CAUTION]
    figures = (Figure(svg, " ".join(said[:-1]), _caption(confidence)),) if svg and len(own) else ()
    tables = [_tabulate_choices(shown, own, clusters), _tabulate_questions(shown, titles)]
    further = [_tabulate_skipped(shown)]
    return Part(
        "multiverse",
        HEADING,
        tuple(said),
        figures,
        tuple(table for table in tables if table.rows),
        tuple(table for table in further if table.rows),
        "Combinations left out",
    )


def _summary(shown: Multiverse, own: pd.DataFrame) -> str:
    """How many combinations, where D lies, and which choice moves it most."""
    if own.empty:
        return "No combination of choices has an estimate."
    low, high = (
        show_correlation(own["estimate"].min(), 2),
        show_correlation(own["estimate"].max(), 2),
    )
    above, below = int((own["conf_low"] > 0).sum()), int((own["conf_high"] < 0).sum())
    said = (
        f"Under {show_count(len(own))} combinations of reasonable choices D lies between {low} "
        f"and {high}; its interval lies above 0 in {show_count(above)} and below in "
        f"{show_count(below)}."
    )
    shares = shown.shares.drop("together", errors="ignore").dropna()
    if len(shares) and shares.max() > 0:
        share = f"{shares.max() * 100:.0f} %"
        said += (
            f" What moves it most is {IN_A_SENTENCE[shares.idxmax()]} ({share} of its variance)."
        )
    return said


def _tabulate_choices(shown: Multiverse, own: pd.DataFrame, clusters: str) -> Table:
    """What each choice has to do with D: its share of the variance, and D by level."""
    rows = []
    for column, name, words in CHOICES:
        share = shown.shares.get(name, np.nan)
        heading = words.format(cluster=clusters.removesuffix("s"))
        levels = levels_of(own, column)
        for place, level in enumerate(levels if len(levels) > 1 else ()):
            part = own.loc[own[column] == level, "estimate"]
            rows.append(
                [
                    f"{heading}: {level_in_words(column, level)}",
                    DASH if place or np.isnan(share) else f"{share * 100:.0f} %",
                    show_count(len(part)),
                    show_correlation(part.median(), 2),
                    f"{show_correlation(part.min(), 2)} to {show_correlation(part.max(), 2)}",
                ]
            )
    together = shown.shares.get("together", np.nan)
    if not np.isnan(together):
        rows.append([TOGETHER, f"{together * 100:.0f} %", DASH, DASH, DASH])
    return make_table(
        "D by choice. Share: of the variance of D over all combinations, averaged over every order "
        "in which choices may enter an analysis of variance",
        ("Choice", "Share", "Combinations", "Median D", "Range of D"),
        rows,
        numeric=range(1, 5),
    )


def _tabulate_questions(shown: Multiverse, titles: Mapping[str, str]) -> Table:
    """The joint test of every question, the primary one first."""
    tests = shown.rows[shown.rows["analysis"] == "joint_test"]
    keys = ["outcome", "outcome_source", "phase"]
    rows, marked = [], []
    ordered = tests.sort_values("primary", ascending=False, kind="stable")
    for (outcome, source, phase), part in ordered.groupby(keys, sort=False):
        by_term = part.set_index("term")
        share, median = by_term.loc["share_significant"], by_term.loc["median_difference"]
        null = by_term.loc["share_significant: null"]
        if median["primary"]:
            marked.append(len(rows))
        given = f"{put_in_words(source, GIVEN_BY)}, {put_in_words(phase, PHASES)}"
        rows.append(
            [
                f"{begin_large(titles.get(outcome) or outcome.replace('_', ' '))}, {given}",
                f"{show_correlation(median['estimate'], 2)} "
                f"{show_interval(median['conf_low'], median['conf_high'], 2)}",
                _with_error(median["p_value"], by_term.loc["median_difference: p", "std_error"]),
                f"{share['estimate'] * 100:.0f} %",
                f"{null['estimate'] * 100:.0f} % (up to {null['conf_high'] * 100:.0f} %)",
                _with_error(share["p_value"], by_term.loc["share_significant: p", "std_error"]),
                show_note(show_text(share["note"])),
            ]
        )
    return make_table(
        "All combinations tested together, by recentred bootstrap of clusters; p with its Monte "
        "Carlo error. Another outcome or source is another question, kept apart",
        ("Question", "Median D", "p", "Significant", "If D were 0", "p", "Rests on"),
        rows,
        numeric=range(1, 6),
        wide=[0, 6],
        marked=marked,
    )


def _with_error(p: float, error: float) -> str:
    shown = show_p(p)
    return shown if shown.startswith("<") else f"{shown} ± {show_correlation(error)}"


def _tabulate_skipped(shown: Multiverse) -> Table:
    skipped = shown.rows[shown.rows["analysis"] == "skipped"]
    rows = [
        [begin_large(show_note(row.note)), show_count(row.estimate)] for row in skipped.itertuples()
    ]
    unreliable = shown.rows[
        (shown.rows["analysis"] == "specification") & shown.rows["estimate"].isna()
    ]
    for note, part in unreliable.groupby("note"):
        rows.append([begin_large(show_note(note)), show_count(len(part))])
    return make_table(
        "Combinations that contradict each other or the data, or repeat another; all questions",
        ("Why", "Combinations"),
        rows,
        numeric=[1],
    )


def _caption(confidence: float) -> str:
    return (
        "D under every combination of reasonable choices, from the lowest to the highest, with "
        f"{show_level(confidence)} intervals, over the choices each was made with. {CAUTION}"
    )
