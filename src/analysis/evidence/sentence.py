"""The verdict in a sentence for readers outside statistics, and the exact numbers after it.

No sentence says that a rating brings anything about: the data are observational. What was not
measured after the ratings only goes with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.evidence.verdict import NOT_SHOWN, UNCORRECTED

SOURCE_WORDS = {
    "advisee": "given by the advisee",
    "advisor": "given by the advisor",
    "third_party": "given by a third party",
    "record": "taken from records",
}

_VERDICTS = {
    "supported": "the advisee's rating does better",
    "opposed": "the advisor's rating does better",
    "equivalent": "the two ratings do equally well",
    "inconclusive": "not settled",
    "not_testable": "cannot be tested",
}


@dataclass(frozen=True)
class Headline:
    """What the headline sentence needs: the primary cell's verdict and its numbers."""

    verdict: str
    reason: str
    outcome: str
    source: str
    timing: str | None = None
    difference: float = np.nan
    conf_low: float = np.nan
    conf_high: float = np.nan
    r_advisee: float = np.nan
    r_advisor: float = np.nan
    n_engagements: float = np.nan
    n_advisors: float = np.nan


def read_headline(table: pd.DataFrame) -> Headline:
    """The headline of a table of ``compare_all_cells``.

    Raises ValueError unless exactly one verdict row is marked primary.
    """
    own = table[table["primary"].astype(bool)]
    verdicts = own[own["analysis"] == "verdict"]
    if len(verdicts) != 1:
        raise ValueError(f"a headline needs one primary verdict row; there are {len(verdicts)}")
    row = verdicts.iloc[0]
    r = {}
    for rater in ("advisee", "advisor"):
        found = own[(own["analysis"] == "correlation") & (own["rater"] == rater)]["estimate"]
        r[rater] = float(found.iloc[0]) if len(found) else np.nan
    return Headline(
        verdict=row["verdict"],
        reason=row["note"],
        outcome=row["outcome"],
        source=row["outcome_source"],
        timing=row["timing"] if isinstance(row.get("timing"), str) else None,
        difference=row["estimate"],
        conf_low=row["conf_low"],
        conf_high=row["conf_high"],
        r_advisee=r["advisee"],
        r_advisor=r["advisor"],
        n_engagements=row.get("n_engagements", np.nan),
        n_advisors=row.get("n_advisors", np.nan),
    )


def headline_sentence(
    headline: Headline, title: str, *, confidence: float = 0.95, clusters: str = "advisors"
) -> str:
    """One plain sentence on the verdict, and one with the exact numbers where there are any.

    Parameters
    ----------
    headline : see ``read_headline``.
    title : name of the dataset as people read it.
    confidence : level of the interval of record.
    clusters : what the clusters are, in the plural.
    """
    said = f"{title}: {_claim(headline)}{_cautions(headline)}."
    numbers = _numbers(headline, confidence, clusters)
    return f"{said} {numbers}" if numbers else said


def plain_verdict(verdict: str) -> str:
    """A verdict of the vocabulary in plain words. Raises ValueError for any other word."""
    if verdict not in _VERDICTS:
        raise ValueError(f"'{verdict}' is no verdict; there are {', '.join(_VERDICTS)}")
    return _VERDICTS[verdict]


def _claim(headline: Headline) -> str:
    after = headline.timing == "prospective"
    outcome = headline.outcome.replace("_", " ")
    if headline.verdict in ("supported", "opposed"):
        return _better(headline.verdict == "supported", outcome, after)
    if headline.verdict == "equivalent":
        subject = "the advisee's and the advisor's rating of the alliance"
        if after:
            return f"{subject} predict {outcome} equally well"
        return f"{subject} go with {outcome} equally closely"
    if headline.verdict == "not_testable":
        return (
            "whether the advisee's or the advisor's rating of the alliance says more about "
            f"{outcome} cannot be tested with these data: {headline.reason}"
        )
    if NOT_SHOWN in headline.reason:
        claim = _better(headline.difference > 0, outcome, after)
        return f"{claim} as measured, but this is {NOT_SHOWN}"
    verb = f"predicts {outcome} better" if after else f"goes with {outcome} more closely"
    return (
        "these data do not settle whether the advisee's or the advisor's rating of the alliance "
        f"{verb}"
    )


def _better(advisee: bool, outcome: str, after: bool) -> str:
    first, second = ("advisee", "advisor") if advisee else ("advisor", "advisee")
    if after:
        return f"the {first}'s rating of the alliance predicts {outcome} better than the {second}'s"
    return (
        f"the {first}'s rating of the alliance goes with {outcome} more closely than the {second}'s"
    )


def _cautions(headline: Headline) -> str:
    """What must stand beside a verdict: how far it can be trusted, in a few words."""
    if headline.verdict in ("not_testable", "inconclusive"):
        return ""
    cautions = []
    if UNCORRECTED in headline.reason:
        cautions.append(UNCORRECTED)
    if "reaches inside" in headline.reason:
        cautions.append("the difference may be too small to matter")
    if "lack a rating" in headline.reason:
        cautions.append("many ratings are missing")
    return f" ({'; '.join(cautions)})" if cautions else ""


def _numbers(headline: Headline, confidence: float, clusters: str) -> str:
    if headline.verdict == "not_testable" or not np.isfinite(headline.difference):
        return ""
    interval = (
        f"{confidence:.0%} interval {tell_number(headline.conf_low)} to "
        f"{tell_number(headline.conf_high)}"
        if np.isfinite(headline.conf_low)
        else "no interval"
    ).replace("%", " %")
    taken = {"prospective": ", after the ratings", "concurrent": ", concurrent with the ratings"}
    return (
        f"Difference of correlations D = {tell_number(headline.difference)} ({interval}): "
        f"advisee r = {tell_number(headline.r_advisee)}, "
        f"advisor r = {tell_number(headline.r_advisor)}; "
        f"{headline.n_engagements:,.0f} engagements, {_count(headline.n_advisors, clusters)}; "
        f"outcome {SOURCE_WORDS[headline.source]}{taken.get(headline.timing, '')}."
    )


def _count(n: float, plural: str) -> str:
    return f"1 {plural.removesuffix('s')}" if n == 1 else f"{n:,.0f} {plural}"


def tell_number(value: float) -> str:
    """A number to three digits with a true minus sign."""
    return f"{value:.3f}".replace("-", "\u2212")
