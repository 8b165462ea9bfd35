"""The report's part on the path from the alliance through adherence to the outcome."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.present.parts import Part
from analysis.present.sections import make_table
from analysis.present.tables import (
    begin_large,
    show_correlation,
    show_count,
    show_interval,
    show_level,
    show_note,
    show_text,
)

PATHS = {
    "path_a": "alliance to adherence",
    "path_b": "adherence to the outcome, the alliance held",
    "direct": "alliance to the outcome, adherence held",
    "total": "alliance to the outcome",
    "indirect": "through adherence",
    "residual_correlation": "correlation of unmeasured errors at which that path would be 0",
}
HEADING = "From the alliance through adherence to the outcome"


def describe_mediation_part(
    rows: pd.DataFrame,
    titles: Mapping[str, str],
    *,
    confidence: float = 0.95,
    clusters: str = "advisors",
) -> Part:
    """The part from rows of ``analysis.evidence.course.mediation``; others among them are left.

    Parameters
    ----------
    rows : tidy rows of one dataset, as made or as read back from CSV.
    titles : an outcome's name -> its name in words.
    confidence : level of the intervals.
    clusters : what engagements are nested in, in the plural.
    """
    own = rows[rows["analysis"] == "mediation"]
    if own.empty:
        return Part("mediation", HEADING)
    if own["estimate"].isna().all():
        return Part("mediation", HEADING, (f"Not testable: {show_note(own['note'].iloc[0])}.",))
    # A product's distribution is skewed: its interval is the bootstrap's.
    shown = own[(own["term"] != "indirect") | (own["method"] == "percentile")]
    by_term = {row["term"]: row for row in shown.to_dict("records")}
    first = next(iter(by_term.values()))
    outcome = show_text(first["outcome"])
    name = titles.get(outcome) or outcome.replace("_", " ")
    indirect, nulling = by_term["indirect"], by_term["residual_correlation"]
    told = (
        f"Of the association between the advisee’s alliance and {name}, the part that runs through "
        f"adherence is {show_correlation(indirect['estimate'])} "
        f"{show_interval(indirect['conf_low'], indirect['conf_high'])} (standardised, within "
        f"{clusters}). It is an association and would be 0 if something unmeasured correlated the "
        f"errors of adherence and outcome by {show_correlation(nulling['estimate'], 2)}."
    )
    table = make_table(
        f"Paths within {clusters}, standardised, with {show_level(confidence)} intervals",
        ("Path", "Estimate", "Interval", "n"),
        [
            [
                begin_large(words),
                show_correlation(by_term[term]["estimate"]),
                show_interval(by_term[term]["conf_low"], by_term[term]["conf_high"]),
                show_count(by_term[term]["n_engagements"]),
            ]
            for term, words in PATHS.items()
            if term in by_term
        ],
        numeric=range(1, 4),
    )
    return Part("mediation", HEADING, (told,), tables=(table,))
