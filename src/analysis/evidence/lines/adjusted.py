"""Is a rating only echoing progress so far? D once what was known before is taken out of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cases import Cases
from analysis.evidence.covariates import Joint, join_covariates, too_few
from analysis.evidence.lines.observed import NAMES, counts
from analysis.models.cluster_sums import covariances, leave_one_out
from analysis.models.intervals import (
    Row,
    correlation_interval,
    jackknife_interval,
    no_interval,
)
from analysis.models.partial import partial_correlation, semipartial_correlation
from analysis.models.resampling import difference, difference_with_reason

#: Said when nothing was measured before the window.
NOTHING = "nothing to adjust for: no baseline of the outcome and no progress before the window"


def adjusted_rows(
    cases: Cases, covariates: np.ndarray | None, names: Sequence[str], plan: ComparisonPlan
) -> list[Row]:
    """D of semipartial correlations: the baseline and change already made taken out of the ratings.

    Parameters
    ----------
    cases : engagements with outcome and both ratings.
    covariates : (n, k) values aligned with ``cases.values``, NaN where unknown, or None.
    names : what the covariates are, in words for the note.
    plan : levels of the intervals.

    Returns
    -------
    Rows of ``adjusted``, on the engagements that have every covariate (the note tells how many
    were lost, and D without the adjustment on those that remain):

    - ``semipartial_correlation`` of each ``rater``, ``jackknife_fisher_z``
    - ``difference``, ``jackknife`` and ``jackknife_90`` (at the equivalence confidence): of
      semipartial correlations, the line itself
    - ``difference``, ``partial_jackknife``: of partial correlations

    Without covariates one row says that there is nothing to adjust for.

    Notes
    -----
    D = r(Y, A.C) - r(Y, B.C), where A.C and B.C are what is left of the ratings after the
    covariates (Cohen, Cohen, West and Aiken, 2003, chapter 3). The outcome keeps all its variance,
    so that this D is on the scale of the clustered line's and of the SESOI: where the covariates go
    with neither rating, the two are equal. A partial correlation is the semipartial one over
    sqrt(1 - R2 of the outcome on the covariates), a factor common to both ratings, so that it
    enlarges D by what the outcome owes to its baseline. Covariates carry measurement error, which
    leaves some of what they measure unadjusted.
    """
    if covariates is None or not names:
        return [_none(cases, NOTHING)]
    joint = join_covariates(cases, covariates)
    problem = difference_with_reason(joint.cases.sums, NAMES)[1] or too_few(joint)
    if problem:
        return [_none(joint.cases, "; ".join(filter(None, [problem, joint.note])))]
    whole = covariances(joint.sums.sum(axis=0), joint.n_variables)
    without = covariances(leave_one_out(joint.sums), joint.n_variables)
    rows = []
    for rater, place in (("advisee", 1), ("advisor", 2)):
        r = semipartial_correlation(whole, 0, place, joint.places)
        replicates = semipartial_correlation(without, 0, place, joint.places)
        row = {"term": "semipartial_correlation", "rater": rater, "estimate": float(r)}
        interval = correlation_interval(float(r), replicates, plan.confidence)
        rows.append({**row, **interval, "method": "jackknife_fisher_z"})
    for method, kind, confidence in (
        ("jackknife", semipartial_correlation, plan.confidence),
        ("jackknife_90", semipartial_correlation, plan.equivalence_confidence),
        ("partial_jackknife", partial_correlation, plan.confidence),
    ):
        estimate, replicates = _differences(kind, whole, without, joint)
        interval = jackknife_interval(estimate, replicates, confidence)
        interval["note"] = "; ".join(
            filter(None, [str(interval["note"]), f"adjusted for {', '.join(names)}"])
        )
        rows.append({"term": "difference", "estimate": estimate, **interval, "method": method})
    if joint.note:
        same = float(difference(joint.cases.sums.sum(axis=0)))
        told = f"{joint.note}; unadjusted, D on those that remain is {same:.3f}"
        for row in rows:
            row["note"] = "; ".join(filter(None, [row["note"], told]))
    return [{"analysis": "adjusted", **row, **counts(joint.cases)} for row in rows]


def _differences(
    kind: Callable[..., np.ndarray], whole: np.ndarray, without: np.ndarray, joint: Joint
) -> tuple[float, np.ndarray]:
    """The difference of two correlations of a kind, on all clusters and without each."""
    both = [
        kind(matrix, 0, 1, joint.places) - kind(matrix, 0, 2, joint.places)
        for matrix in (whole, without)
    ]
    return float(both[0]), both[1]


def _none(cases: Cases, reason: str) -> Row:
    return {
        "analysis": "adjusted",
        "term": "difference",
        "estimate": np.nan,
        **no_interval(f"line not given: {reason}"),
        **counts(cases),
        "method": "jackknife",
    }
