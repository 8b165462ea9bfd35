"""What the test of a claim gives, and the rule that turns it into a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.contract.claims import Claim


@dataclass(frozen=True)
class Answer:
    """The estimate of a claim's estimand, positive where the claim holds.

    ``conf_low`` and ``conf_high`` are the limits at the plan's confidence, ``low_equivalence`` and
    ``high_equivalence`` those at its equivalence confidence. ``refusal`` says why there is no
    answer: then nothing else is given. ``holds`` is False where a part of the claim that the
    estimate does not carry has failed: the claim is then never supported. ``verdict`` stands where
    a stage before has decided already. ``rests_on`` names the rows or lines it rests on.
    """

    estimate: float = np.nan
    std_error: float = np.nan
    statistic: float = np.nan
    df: float = np.nan
    p_value: float = np.nan
    conf_low: float = np.nan
    conf_high: float = np.nan
    low_equivalence: float = np.nan
    high_equivalence: float = np.nan
    n_engagements: float = np.nan
    n_advisors: float = np.nan
    n_largest: float = np.nan
    outcome: str = ""
    outcome_source: str = ""
    timing: str = ""
    method: str = ""
    rests_on: str = ""
    note: str = ""
    refusal: str = ""
    holds: bool = True
    either_sign: bool = False
    verdict: str = ""


def refuse(reason: str) -> Answer:
    """An answer that says why there is none."""
    return Answer(refusal=reason)


def answer_with(answer: Answer, **changes: object) -> Answer:
    """The answer with some of its fields changed; a refusal stays as it is."""
    return answer if answer.refusal else replace(answer, **changes)


def weakest_of(answers: Sequence[Answer]) -> Answer:
    """One answer to whether all of several estimates lie above 0 (an intersection-union test).

    The smallest estimate, with its own error, and the smallest limits; as p the largest, so that
    all must be small (Berger, 1982, Technometrics 24, 295), or the smallest of those whose interval
    lies below 0. A refusal, or an estimate without interval, among them is the answer.
    """
    for one in answers:
        if one.refusal or not np.isfinite([one.conf_low, one.conf_high]).all():
            return one
    lowest = min(answers, key=lambda one: (one.conf_low, one.estimate))
    smallest = min(answers, key=lambda one: one.estimate)
    its = {name: getattr(smallest, name) for name in ("estimate", "std_error", "statistic", "df")}
    limits = ("conf_high", "low_equivalence", "high_equivalence")
    least = {name: min(getattr(one, name) for one in answers) for name in limits}
    below = [one.p_value for one in answers if one.conf_high < 0]
    p = min(below) if below else max(one.p_value for one in answers)
    return answer_with(lowest, **its, **least, p_value=p)


def answer_from_row(
    row: Mapping[str, object], confidence: float, equivalence_confidence: float
) -> Answer:
    """The answer that a row of estimates holds, its two intervals by Student's t with its df.

    A row with an error but without df is one of a normal statistic.

    Parameters
    ----------
    row : ``estimate``, ``std_error``, ``df``, ``n_engagements``, ``n_advisors``, ``method``,
        ``note``; without an estimate the note says why, and the answer is a refusal.
    confidence, equivalence_confidence : levels of the two intervals.
    """
    from scipy.special import stdtr, stdtrit

    said = row.get("note")
    note = said if isinstance(said, str) else ""
    estimate, error, df = (float(row.get(name, np.nan)) for name in ("estimate", "std_error", "df"))
    bases = ("n_engagements", "n_advisors", "n_largest")
    counts = {name: float(row.get(name, np.nan)) for name in bases}
    if not np.isfinite(estimate):
        return refuse(note or "no estimate can be given")
    if not (np.isfinite(error) and error > 0 and not df <= 0):
        return Answer(estimate, note=note or "no standard error can be given", **counts)
    known = df if np.isfinite(df) else np.inf
    wide, narrow = (
        float(stdtrit(known, (1 + level) / 2)) * error
        for level in (confidence, equivalence_confidence)
    )
    return Answer(
        estimate=estimate,
        std_error=error,
        statistic=estimate / error,
        df=df,
        p_value=2 * float(stdtr(known, -abs(estimate / error))),
        conf_low=estimate - wide,
        conf_high=estimate + wide,
        low_equivalence=estimate - narrow,
        high_equivalence=estimate + narrow,
        method=str(row.get("method", "")),
        note=note,
        **counts,
    )


def decide_claim(
    claim: Claim, answer: Answer, alpha: float, p_adjusted: float = np.nan
) -> tuple[str, str]:
    """The verdict on a claim and its reason.

    ``equivalent`` when the narrower interval lies within the smallest effect of interest, whether
    or not the other excludes 0; ``supported`` when the interval lies above 0, the estimate reaches
    the smallest effect of interest, and every further part of the claim holds; ``opposed`` when it
    lies below 0 and the estimate reaches that far below; else ``inconclusive``: an effect that can
    be told from 0, but not from one too small to matter, settles nothing. A claim of the secondary
    tier needs Holm's p below ``alpha`` besides; a claim of either sign is supported on both sides.
    A verdict that an earlier stage has reached by its own rule stands, Holm's correction beside it.
    """
    if answer.refusal:
        return "not_testable", answer.refusal
    if (
        claim.tier == "secondary"
        and answer.verdict in ("supported", "opposed")
        and not p_adjusted < alpha
    ):
        return "inconclusive", f"{answer.note}; but not after Holm's correction"
    if answer.verdict:
        return answer.verdict, answer.note
    if not np.isfinite([answer.conf_low, answer.conf_high]).all():
        return "inconclusive", answer.note or "no interval can be given"
    side = int(answer.conf_low > 0) - int(answer.conf_high < 0)
    bound = claim.smallest
    if -bound < answer.low_equivalence and answer.high_equivalence < bound:
        return "equivalent", f"whatever there is, it is smaller than {bound:g}"
    if not side:
        return "inconclusive", f"the interval neither excludes 0 nor lies within +-{bound:g}"
    if claim.tier == "secondary" and not p_adjusted < alpha:
        return "inconclusive", "the interval excludes 0, but not after Holm's correction"
    if abs(answer.estimate) < bound:
        return "inconclusive", (
            f"the interval excludes 0, but the estimate is smaller than {bound:g}: it may be too "
            "small to matter"
        )
    if side > 0 and not answer.holds:
        return "inconclusive", "the interval lies above 0, but another part of the claim fails"
    if side > 0 or answer.either_sign:
        return "supported", f"the interval lies {'above' if side > 0 else 'below'} 0"
    return "opposed", "the interval lies below 0"
