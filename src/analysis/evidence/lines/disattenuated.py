"""D after correcting each rating for its own unreliability: the disattenuated line.

Two ratings of equal validity differ in their observed correlations when one is measured better.
Dividing each correlation by the root of its rating's reliability (Spearman, 1904, American Journal
of Psychology 15, 72) removes that; the reliability is estimated anew in every replicate, so that
the interval carries its uncertainty too. The outcome is not corrected: its reliability is common
to both correlations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cases import Cases
from analysis.evidence.lines.window_reliability import (
    MINIMUM_WITHIN_DF,
    OccasionSums,
    sum_occasions,
    window_reliability,
    within_df,
)
from analysis.evidence.verdict import Absence
from analysis.measure.reliability import (
    fit_one_factor,
    mcdonald_omega,
    omegas_near,
)
from analysis.models.cluster_sums import (
    correlation,
    covariances,
    leave_one_out,
    resampled,
    sum_products,
)
from analysis.models.intervals import (
    Row,
    bca_interval,
    jackknife_interval,
    no_interval,
    percentile_interval,
)
from analysis.models.resampling import SharedWeights

RATERS = ("advisee", "advisor")

#: Replicates of omega fitted side by side: few enough to stay small.
AT_ONCE = 1_000

#: What the verdict calls each correction.
CORRECTIONS = {
    "window_mean": "the reliability of the window means",
    "omega": "omega, there being no repeated occasions to tell the reliability from",
}


@dataclass(frozen=True)
class Correction:
    """Both ratings' reliability, with all clusters (2,) and without each in turn (G, 2).

    ``absence`` says that the correction cannot be used, and ``reason`` why; ``unknown`` says for
    each rater why the reliability is NaN.
    """

    method: str
    reliability: np.ndarray
    replicates: np.ndarray
    n_engagements: np.ndarray
    absence: Absence | None = None
    reason: str = ""
    note: str = ""
    unknown: tuple[str, str] = ("", "")
    occasion_sums: OccasionSums | None = None


def correct_by_window_mean(
    cases: Cases, occasions: pd.DataFrame | None, ratings: tuple[str, str], plan: ComparisonPlan
) -> Correction:
    """Reliability of both window means from their stability over occasions (or why there is none).

    Parameters
    ----------
    cases : the engagements compared.
    occasions : one row per engagement and occasion of the window, with the columns ``ratings``.
    ratings : names of the advisee's and the advisor's rating.
    plan : gives the lowest reliability that is corrected by.
    """
    if occasions is None:
        return _none("window_mean", cases, "no scores of single occasions were given")
    sums = sum_occasions(
        occasions, ratings, cases.engagement_ids, cases.values[:, 1:], cases.codes, cases.n_clusters
    )
    if sums.n_engagements == 0:
        return _none("window_mean", cases, "none of these engagements has scores of occasions")
    if sums.n_occasions < 2:
        return _none("window_mean", cases, "one occasion only: nothing repeats")
    total = sums.sums.sum(axis=0)
    if within_df(total, sums.n_occasions) < MINIMUM_WITHIN_DF:
        return _none("window_mean", cases, "too few engagements have a second occasion")
    full = window_reliability(total, sums.n_occasions, 2)
    without = window_reliability(leave_one_out(sums.sums), sums.n_occasions, 2)
    unknown = tuple("the rating does not vary" if np.isnan(value) else "" for value in full)
    absence, reason = check_reliabilities(full, without, plan.minimum_reliability, unknown)
    n = np.array([sums.n_engagements] * 2)
    note = _coverage(sums, cases)
    return Correction("window_mean", full, without, n, absence, reason, note, unknown, sums)


def correct_by_omega(
    cases: Cases,
    items: Mapping[str, pd.DataFrame] | None,
    ratings: tuple[str, str],
    plan: ComparisonPlan,
) -> Correction:
    """Reliability of both ratings as omega of their items, re-estimated without each cluster.

    Parameters
    ----------
    cases, ratings, plan : as ``correct_by_window_mean``.
    items : a rating's name -> one row per engagement, ``engagement_id`` and the items' means.
    """
    both = [_omega_without_each(None if items is None else items.get(r), cases) for r in ratings]
    full = np.array([one.omega for one in both])
    without = np.stack([one.without for one in both], axis=1)
    n = np.array([one.n for one in both])
    unknown = tuple(one.unknown for one in both)
    absence, reason = check_reliabilities(full, without, plan.minimum_reliability, unknown)
    return Correction("omega", full, without, n, absence, reason, unknown=unknown)


def item_frame(items: pd.DataFrame, cases: Cases) -> tuple[pd.DataFrame, np.ndarray]:
    """The items of the engagements compared, complete ones only, and their places among them."""
    if "engagement_id" not in items:
        raise ValueError("the items lack the column 'engagement_id'")
    if items["engagement_id"].duplicated().any():
        raise ValueError("the items hold an engagement_id twice; give one row per engagement")
    own = items.set_index("engagement_id").reindex(cases.engagement_ids).astype(float)
    complete = np.isfinite(own.to_numpy()).all(axis=1)
    return own[complete].reset_index(drop=True), np.flatnonzero(complete)


def disattenuated_rows(
    cases: Cases, correction: Correction, plan: ComparisonPlan, weights: SharedWeights | None
) -> list[Row]:
    """Rows of D corrected for unreliability: both jackknife intervals, and the bootstraps.

    Methods: ``jackknife`` and ``jackknife_90`` (``omega_jackknife`` and ``omega_jackknife_90`` for
    omega), ``percentile`` and ``bca``. A reliability below the plan's minimum with all clusters or
    without one of them withholds the line. Of 10,000 resamples a few may fall below it by the
    draw alone: up to 1 % are left out and counted, more withhold that bootstrap row alone.
    """
    prefix = "omega_" if correction.method == "omega" else ""
    methods = [f"{prefix}jackknife", f"{prefix}jackknife_90"]
    if weights is not None and correction.occasion_sums is not None:
        methods += ["percentile", "bca"]
    if correction.absence is not None:
        rows = [no_interval(f"line not given: {correction.reason}") for _ in methods]
        return [_row(row, np.nan, method, cases) for row, method in zip(rows, methods, strict=True)]
    estimate = float(corrected_difference(cases.covariance, correction.reliability))
    without = corrected_difference(cases.covariances_without_each, correction.replicates)
    rows = [
        jackknife_interval(estimate, without, plan.confidence),
        jackknife_interval(estimate, without, plan.equivalence_confidence),
    ]
    if len(methods) > 2:
        replicates = _resampled_difference(cases, correction.occasion_sums, plan, weights)
        word = f"have a reliability below {plan.minimum_reliability:.2f}"
        rows.append(percentile_interval(replicates, plan.confidence, word))
        rows.append(bca_interval(estimate, replicates, without, plan.confidence, word))
    said = "; ".join(filter(None, [_correlations_in_words(cases, correction), correction.note]))
    for row in rows:
        row["note"] = "; ".join(filter(None, [row["note"], said]))
    return [_row(row, estimate, method, cases) for row, method in zip(rows, methods, strict=True)]


def _row(row: Row, estimate: float, method: str, cases: Cases) -> Row:
    return {
        "analysis": "disattenuated",
        "term": "difference",
        "estimate": estimate,
        **row,
        "n_engagements": cases.n,
        "n_advisors": cases.n_clusters,
        "method": method,
    }


def corrected_difference(covariance: np.ndarray, reliability: np.ndarray) -> np.ndarray:
    """D from covariances (..., 3, 3) and reliabilities (..., 2); NaN where one is not above 0."""
    positive = np.where(reliability > 0, reliability, np.nan)
    advisee = correlation(covariance, 0, 1) / np.sqrt(positive[..., 0])
    return advisee - correlation(covariance, 0, 2) / np.sqrt(positive[..., 1])


def _resampled_difference(
    cases: Cases, occasion_sums: OccasionSums, plan: ComparisonPlan, weights: SharedWeights
) -> np.ndarray:
    """D of every resample, NaN where a reliability falls below the plan's minimum."""
    drawn = weights.of(cases.n_clusters)
    reliability = window_reliability(
        resampled(occasion_sums.sums, drawn), occasion_sums.n_occasions, 2
    )
    usable = np.where(reliability >= plan.minimum_reliability, reliability, np.nan)
    return corrected_difference(covariances(resampled(cases.sums, drawn), 3), usable)


@dataclass(frozen=True)
class _Omega:
    omega: float
    without: np.ndarray
    n: float
    unknown: str = ""


def _omega_without_each(items: pd.DataFrame | None, cases: Cases) -> _Omega:
    """Omega with all clusters, without each in turn (G,), and the engagements it rests on."""
    nothing = np.full(cases.n_clusters, np.nan)
    if items is None:
        return _Omega(np.nan, nothing, np.nan, "no items were given")
    own, place = item_frame(items, cases)
    full = mcdonald_omega(own).iloc[0]
    if np.isnan(full["estimate"]):
        return _Omega(np.nan, nothing, len(own), full["note"])
    values = own.to_numpy()
    p = values.shape[1]
    sums = sum_products(values - values.mean(axis=0), cases.codes[place], cases.n_clusters)
    whole = fit_one_factor(covariances(sums.sum(axis=0)[None], p)[0])
    left = leave_one_out(sums)
    without = [
        omegas_near(covariances(left[start : start + AT_ONCE], p), whole)
        for start in range(0, len(left), AT_ONCE)
    ]
    return _Omega(float(full["estimate"]), np.concatenate(without), len(own))


def check_reliabilities(
    full: np.ndarray, without: np.ndarray, minimum: float, unknown: Sequence[str]
) -> tuple[Absence | None, str]:
    """Whether reliabilities can be corrected by: none below the minimum, all of them known."""
    pairs = list(zip(RATERS, full, without.T, strict=True))
    for rater, value, replicates in pairs:
        if value < minimum:
            return "too_unreliable", (
                f"the {rater}'s reliability is {value:.2f}, below {minimum:.2f}: "
                "too low to correct by"
            )
        if (replicates < minimum).any():
            return "too_unreliable", (
                f"the {rater}'s reliability of {value:.2f} falls below {minimum:.2f} when one "
                "cluster is left out: too low to correct by"
            )
    if any(unknown):
        told = dict.fromkeys(filter(None, unknown))
        if len(told) == 1 and all(unknown):
            return "not_estimable", next(iter(told))
        return "not_estimable", "; ".join(
            f"{why} ({rater})" for rater, why in zip(RATERS, unknown, strict=True) if why
        )
    for rater, _, replicates in pairs:
        if np.isnan(replicates).any():
            return "not_estimable", (
                f"the {rater}'s reliability cannot be estimated when one cluster is left out"
            )
    return None, ""


def _none(method: str, cases: Cases, reason: str) -> Correction:
    nothing = np.full(2, np.nan)
    without = np.full((cases.n_clusters, 2), np.nan)
    unknown = (reason, reason)
    return Correction(method, nothing, without, nothing, "not_estimable", reason, "", unknown)


def _coverage(sums: OccasionSums, cases: Cases) -> str:
    """What to say where occasion scores and window means do not quite belong together."""
    notes = []
    if sums.n_engagements < cases.n:
        notes.append(
            f"reliability from {sums.n_engagements} of {cases.n} engagements, the others having "
            "no occasion scores"
        )
    if sums.mismatched:
        notes.append(
            f"in {sums.mismatched} engagements the rating is not the mean of its occasion scores"
        )
    return "; ".join(notes)


def _correlations_in_words(cases: Cases, correction: Correction) -> str:
    """The corrected correlations and what they were divided by; those beyond 1 are flagged."""
    observed = [float(correlation(cases.covariance, 0, i)) for i in (1, 2)]
    corrected = np.array(observed) / np.sqrt(correction.reliability)
    words = "corrected correlations {:.3f} (advisee) and {:.3f} (advisor), ".format(*corrected)
    words += "reliabilities {:.3f} and {:.3f}".format(*correction.reliability)
    beyond = [rater for rater, r in zip(RATERS, corrected, strict=True) if abs(r) > 1]
    if beyond:
        words += f"; beyond 1 for the {' and the '.join(beyond)}: over-corrected, and not clipped"
    return words
