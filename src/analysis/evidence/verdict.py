"""The rule that turns intervals into a verdict, and nothing else.

The rule is fixed before the data are seen (METHODS: "Verdict"): it reads intervals, never whether
one rater's correlation is significant and the other's is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

#: Said when only the clustered line excludes 0.
NOT_SHOWN = "not shown once reliability is equalised"
#: Said when the line with missing ratings imputed does not bear the verdict out.
NOT_BORNE_OUT = "the answer is not borne out"
#: Said when the clustered line decides alone.
UNCORRECTED = "uncorrected for reliability"

#: Sources that neither side of the dyad gave: only these can decide the question.
INDEPENDENT_SOURCES = ("third_party", "record")

Absence = Literal["not_estimable", "too_unreliable"]


@dataclass(frozen=True)
class Line:
    """One line of evidence for D = r(advisee) - r(advisor): its interval, and the narrower one.

    ``low`` and ``high`` are the limits at the plan's confidence (95 %), ``low_equivalence`` and
    ``high_equivalence`` those at its equivalence confidence (90 %). ``correction`` says what the
    ratings were corrected by, and is empty for the clustered line.
    """

    estimate: float
    low: float
    high: float
    low_equivalence: float
    high_equivalence: float
    correction: str = ""

    @property
    def given(self) -> bool:
        """Whether there is an interval at all."""
        limits = (self.low, self.high, self.low_equivalence, self.high_equivalence)
        return bool(np.isfinite(limits).all())

    @property
    def side(self) -> int:
        """1 when the interval lies above 0, -1 below, 0 when it does not exclude 0."""
        return int(self.low > 0) - int(self.high < 0)

    def lies_within(self, sesoi: float) -> bool:
        """Whether the narrower interval lies inside +-SESOI (two one-sided tests)."""
        return -sesoi < self.low_equivalence and self.high_equivalence < sesoi

    def reaches_inside(self, sesoi: float) -> bool:
        """Whether the interval holds differences smaller than the SESOI."""
        return self.low < sesoi and self.high > -sesoi


@dataclass(frozen=True)
class Rule:
    """The plan's numbers that the verdict depends on."""

    sesoi: float
    minimum_clusters: int
    missing_share_caution: float


def decide(
    clustered: Line,
    disattenuated: Line | Absence,
    rule: Rule,
    *,
    n_clusters: int,
    missing_share: float = 0.0,
    timing: str | None = None,
    absence_reason: str = "",
    imputed: Line | None = None,
) -> tuple[str, str]:
    """The verdict and its reason, for a primary cell that can be tested.

    Parameters
    ----------
    clustered : the line of record; without limits when no interval could be given.
    disattenuated : that line; ``"not_estimable"`` when nothing tells the reliability, so that the
        clustered line decides alone; ``"too_unreliable"`` when it is known and too low to correct
        by, in which case the reliabilities stay unequal and no winner can be named.
    rule : smallest difference of interest, fewest clusters, share missing that calls for caution.
    n_clusters : advisors, or the highest nesting level declared.
    missing_share : share of engagements with the outcome that lack a rating.
    timing : ``prospective``, ``concurrent`` or None where it is not known here.
    absence_reason : why there is no disattenuated line.
    imputed : the line with missing ratings imputed, if there is one; it is read only where the
        share missing calls for caution.

    Returns
    -------
    One of ``supported, opposed, equivalent, inconclusive``, and the reason in plain words.
    """
    verdict, reasons = _by_intervals(clustered, disattenuated, rule, n_clusters, absence_reason)
    if isinstance(disattenuated, Line) and disattenuated.correction and verdict != "inconclusive":
        reasons.append(f"ratings corrected by {disattenuated.correction}")
    if missing_share > rule.missing_share_caution:
        reasons.append(
            f"{missing_share:.0%} of the engagements with this outcome lack a rating, more than "
            f"{rule.missing_share_caution:.0%}: who is missing may matter"
        )
        if imputed is not None and imputed.given:
            if verdict != "inconclusive" and not bears_out(imputed, verdict, rule):
                reasons.insert(0, f"with missing ratings imputed {NOT_BORNE_OUT}")
                verdict = "inconclusive"
            elif verdict != "inconclusive":
                reasons.append("with missing ratings imputed the answer is the same")
    if timing == "concurrent":
        reasons.append("concurrent: the outcome is not shown to have been taken after the ratings")
    return verdict, "; ".join(reasons)


def bears_out(imputed: Line, verdict: str, rule: Rule) -> bool:
    """Whether the imputed line, alone, would give the same verdict.

    Complete engagements can agree among themselves on a winner whom only the missing replies made,
    and the imputed estimate then lies on the same side half of the time: its side alone tells next
    to nothing. Simulated with 40 % of advisors' replies missing and no difference, complete
    engagements name a winner in 37 % of data sets; the same side asked for, still in 36 %; the
    same verdict, in about 3 %. With a difference of .24 nothing is lost by asking for it.
    """
    if verdict in ("supported", "opposed"):
        return imputed.side == (1 if verdict == "supported" else -1)
    return imputed.side == 0 and imputed.lies_within(rule.sesoi)


def refuse(
    source: str,
    raters: Iterable[str],
    n_engagements: int,
    fewest: int,
) -> str:
    """Why a cell cannot decide the question (``not_testable``), or '' when it can.

    Parameters
    ----------
    source : who gave the outcome.
    raters : which of ``advisee`` and ``advisor`` ever rated the alliance.
    n_engagements : engagements with the outcome and both ratings.
    fewest : engagements below which nothing is given.
    """
    absent = [rater for rater in ("advisee", "advisor") if rater not in set(raters)]
    reasons = []
    if absent:
        reasons.append(
            f"ratings of the alliance by the {' and the '.join(absent)} are missing: "
            "a comparison needs both"
        )
    if source not in INDEPENDENT_SOURCES:
        reasons.append(
            f"the outcome was given by the {source}, one of the two who are compared: "
            "an outcome from a third party or a record is missing"
        )
    if not reasons and n_engagements < fewest:
        reasons.append(
            f"only {n_engagements} engagements have the outcome and both ratings; "
            f"at least {fewest} are needed"
        )
    return "; ".join(reasons)


def _by_intervals(
    clustered: Line,
    disattenuated: Line | Absence,
    rule: Rule,
    n_clusters: int,
    absence_reason: str,
) -> tuple[str, list[str]]:
    if n_clusters < rule.minimum_clusters:
        few = "one cluster" if n_clusters == 1 else f"{n_clusters} clusters"
        return "inconclusive", [
            f"{few}: fewer than the {rule.minimum_clusters} that an interval can be trusted with"
        ]
    if not clustered.given:
        return "inconclusive", ["the clustered line has no interval"]
    if disattenuated == "too_unreliable":
        return "inconclusive", _reasons_when_too_unreliable(clustered, absence_reason)
    if disattenuated == "not_estimable":
        verdict, reasons = _by_clustered_alone(clustered, rule)
        why = f" ({absence_reason})" if absence_reason else ""
        return verdict, [*reasons, f"{UNCORRECTED}{why}"]
    return _by_both(clustered, disattenuated, rule)


def _by_both(clustered: Line, disattenuated: Line, rule: Rule) -> tuple[str, list[str]]:
    sides = (clustered.side, disattenuated.side)
    if sides in ((1, 1), (-1, -1)):
        return _winner(clustered, rule, "both intervals exclude 0, clustered and disattenuated")
    if sides == (0, 0):
        if clustered.lies_within(rule.sesoi) and disattenuated.lies_within(rule.sesoi):
            return "equivalent", [
                "neither interval excludes 0, and both equivalence intervals lie within "
                f"{_zone(rule)}"
            ]
        return "inconclusive", [
            f"neither interval excludes 0, nor do both lie within {_zone(rule)}"
        ]
    if sides[0] and sides[1]:
        return "inconclusive", ["the clustered and the disattenuated line point opposite ways"]
    if sides[0]:
        return "inconclusive", [f"only the clustered interval excludes 0: {NOT_SHOWN}"]
    return "inconclusive", [
        "only the disattenuated interval excludes 0: the ratings as they are do not differ clearly"
    ]


def _by_clustered_alone(clustered: Line, rule: Rule) -> tuple[str, list[str]]:
    if clustered.side:
        return _winner(clustered, rule, "the clustered interval excludes 0")
    if clustered.lies_within(rule.sesoi):
        return "equivalent", [
            "the clustered interval does not exclude 0, and its equivalence interval lies within "
            f"{_zone(rule)}"
        ]
    return "inconclusive", [
        f"the clustered interval neither excludes 0 nor lies within {_zone(rule)}"
    ]


def _winner(clustered: Line, rule: Rule, why: str) -> tuple[str, list[str]]:
    verdict = "supported" if clustered.side > 0 else "opposed"
    reasons = [why]
    if clustered.reaches_inside(rule.sesoi):
        reasons.append(
            f"the interval reaches inside {_zone(rule)}: "
            "the difference may be smaller than the smallest of interest"
        )
    return verdict, reasons


def _reasons_when_too_unreliable(clustered: Line, absence_reason: str) -> list[str]:
    if clustered.side:
        return [f"only the clustered interval excludes 0: {NOT_SHOWN}, since {absence_reason}"]
    return [f"the clustered interval does not exclude 0, and {absence_reason}"]


def _zone(rule: Rule) -> str:
    return f"+-{rule.sesoi:.2f}"
