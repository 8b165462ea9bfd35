"""Rows for the ratings as they are: correlations, the naive tests and the clustered line."""

from __future__ import annotations

import numpy as np

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cases import Cases
from analysis.models.cluster_sums import correlation, leave_one_out, resampled
from analysis.models.correlation import compare_dependent_correlations
from analysis.models.intervals import (
    Row,
    bca_interval,
    correlation_interval,
    jackknife_interval,
    no_interval,
    percentile_interval,
)
from analysis.models.resampling import SharedWeights, difference, difference_with_reason

NAMES = ("outcome", "advisee's rating", "advisor's rating")


def correlation_rows(cases: Cases, plan: ComparisonPlan) -> list[Row]:
    """r of the outcome and each rating, and of the two ratings, on the same engagements."""
    return [
        {**correlation_row(cases, plan, 0, 1), "rater": "advisee"},
        {**correlation_row(cases, plan, 0, 2), "rater": "advisor"},
        {**correlation_row(cases, plan, 1, 2), "term": "correlation_between_raters"},
    ]


def correlation_row(cases: Cases, plan: ComparisonPlan, i: int, j: int) -> Row:
    """r of two of (0: outcome, 1: advisee's rating, 2: advisor's), cluster-jackknife t on z."""
    if cases.n < 3:
        r, interval = np.nan, no_interval(f"fewer than 3 complete engagements ({cases.n})")
    else:
        r = float(correlation(cases.covariance, i, j))
        without = correlation(cases.covariances_without_each, i, j)
        flat = [NAMES[k] for k in (i, j) if cases.covariance[k, k] == 0]
        if flat:
            interval = no_interval(f"no variance in the {' and the '.join(flat)}")
        else:
            interval = correlation_interval(r, without, plan.confidence)
    return {
        "analysis": "correlation",
        "term": "correlation",
        "estimate": r,
        **interval,
        **counts(cases),
        "method": "jackknife_fisher_z",
    }


def naive_rows(cases: Cases, plan: ComparisonPlan) -> list[Row]:
    """The tests of dependent correlations that most papers print."""
    if cases.n < 3:
        r = [np.nan] * 3
    else:
        r = [float(correlation(cases.covariance, i, j)) for i, j in ((0, 1), (0, 2), (1, 2))]
    kind = cases.outcome_kind if cases.n else "continuous"
    caution = "assumes independent dyads"
    if kind != "continuous":
        caution += f"; approximate: the outcome is {kind}"
    rows = compare_dependent_correlations(*r, cases.n, plan.confidence).to_dict("records")
    for row in rows:
        said = row.get("note")
        told = said if isinstance(said, str) else ""
        row.update(analysis="naive", term="difference", **counts(cases))
        row["note"] = "; ".join(filter(None, [told, caution]))
    return rows


def clustered_rows(cases: Cases, plan: ComparisonPlan, weights: SharedWeights) -> list[Row]:
    """D with the interval of record, the equivalence interval and two bootstraps of clusters."""
    estimate, note = difference_with_reason(cases.sums, NAMES)
    if not note and cases.n_clusters < 2:
        note = "one cluster: no interval can be given"
    if note:
        intervals = [no_interval(note) for _ in range(4)]
    else:
        without = difference(leave_one_out(cases.sums))
        replicates = difference(resampled(cases.sums, weights.of(cases.n_clusters)))
        intervals = [
            jackknife_interval(estimate, without, plan.confidence),
            jackknife_interval(estimate, without, plan.equivalence_confidence),
            percentile_interval(replicates, plan.confidence),
            bca_interval(estimate, replicates, without, plan.confidence),
        ]
    methods = ("jackknife", "jackknife_90", "percentile", "bca")
    return [
        {
            "analysis": "clustered",
            "term": "difference",
            "estimate": estimate,
            **interval,
            **counts(cases),
            "method": method,
        }
        for method, interval in zip(methods, intervals, strict=True)
    ]


def counts(cases: Cases) -> Row:
    """The engagements and clusters a row rests on."""
    return {"n_engagements": cases.n, "n_advisors": cases.n_clusters}
