"""The closed-form lines and the verdict for many data sets of one design at once.

The sums of all data sets lie side by side and go through the same functions that
``analysis.evidence.comparison.compare_raters`` calls on one: what holds here holds there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.lines.disattenuated import check_reliabilities, corrected_difference
from analysis.evidence.lines.window_reliability import (
    MINIMUM_WITHIN_DF,
    OccasionSums,
    sum_occasion_scores,
    window_reliability,
    within_df,
)
from analysis.evidence.verdict import Line, Rule, decide, refuse
from analysis.models.cluster_sums import (
    correlation,
    covariances,
    leave_one_out,
    standardise,
    sum_products,
)
from analysis.models.correlation import dependent_correlation_rows
from analysis.models.intervals import Row, jackknife_interval, no_interval
from analysis.simulate.designs import Batch

#: Engagements below which a cell is not given, as in the comparison of a dataset.
FEWEST_ENGAGEMENTS = 10


@dataclass(frozen=True)
class BatchSums:
    """Clusters' sums of B data sets: of products (G, B, 10), and of occasions with 2 B ratings."""

    products: np.ndarray
    occasions: OccasionSums

    @property
    def n_clusters(self) -> int:
        """Advisors."""
        return len(self.products)

    @property
    def n_sets(self) -> int:
        """Data sets."""
        return self.products.shape[1]

    @property
    def n(self) -> int:
        """Engagements, in each data set."""
        return round(float(self.products[:, 0, 0].sum()))

    def first(self, n_clusters: int) -> BatchSums:
        """The same data sets, had only the first so many advisors been asked."""
        own = self.occasions
        kept = OccasionSums(
            own.sums[:n_clusters], own.n_occasions, own.n_raters, own.n_engagements, own.mismatched
        )
        return BatchSums(self.products[:n_clusters], kept)


def sum_batch(batch: Batch) -> BatchSums:
    """Every sum that the closed-form lines need, of data sets without missing replies."""
    if not batch.complete:
        raise ValueError("data sets with missing replies differ in their rows: sum one at a time")
    values = batch.values()
    n, n_sets, p = values.shape
    standard = standardise(values.reshape(n, n_sets * p))[0].reshape(values.shape)
    scores = np.moveaxis(batch.scores, 2, 1).reshape(n, -1, 2 * n_sets)
    means = values[..., 1:].reshape(n, 2 * n_sets)
    present = np.ones(scores.shape[:2], dtype=bool)
    return BatchSums(
        sum_products(standard, batch.codes, batch.n_clusters),
        sum_occasion_scores(scores, present, means, batch.codes, batch.n_clusters),
    )


def closed_form_rows(
    batch: Batch, plan: ComparisonPlan, source: str = "third_party"
) -> Iterator[list[Row]]:
    """For each data set of a batch, the rows of ``rows_of_sums``; missing replies are left out."""
    if batch.complete:
        yield from rows_of_sums(sum_batch(batch), plan, source)
        return
    for place in range(batch.n_sets):
        known = int(batch.replied[:, place].sum())
        missing = 1 - known / len(batch.codes)
        yield from rows_of_sums(sum_batch(batch.one(place)), plan, source, missing)


def rows_of_sums(
    sums: BatchSums,
    plan: ComparisonPlan,
    source: str = "third_party",
    missing_share: float = 0.0,
    naive: tuple[str, ...] | None = None,
    imputed: Line | None = None,
) -> Iterator[list[Row]]:
    """For each data set, rows as ``compare_raters`` gives them, without notes.

    ``analysis`` and ``method``: ``naive`` and its tests (those named in ``naive``, or all),
    ``clustered`` and ``disattenuated`` with ``jackknife`` and ``jackknife_90``, and ``verdict``,
    which is ``not_testable`` for an outcome that one of the two who are compared gave, and reads
    the line with missing ratings ``imputed`` where there is one.
    """
    matrices = covariances(sums.products.sum(axis=0), 3)
    without = covariances(leave_one_out(sums.products), 3)
    r = np.stack([correlation(matrices, *pair) for pair in ((0, 1), (0, 2), (1, 2))], axis=-1)
    difference = r[:, 0] - r[:, 1]
    differences = correlation(without, 0, 1) - correlation(without, 0, 2)
    full, each, unknown = _reliabilities(sums)
    corrected = corrected_difference(matrices, full)
    correcteds = corrected_difference(without, each)
    rule = Rule(plan.sesoi, plan.minimum_clusters, plan.missing_share_caution)
    refusal = refuse(source, ("advisee", "advisor"), sums.n, FEWEST_ENGAGEMENTS)
    for place in range(sums.n_sets):
        clustered = _two_intervals(difference[place], differences[:, place], plan)
        absence, reason = check_reliabilities(
            full[place], each[:, place], plan.minimum_reliability, unknown
        )
        if absence is None:
            disattenuated = _two_intervals(corrected[place], correcteds[:, place], plan)
        else:
            disattenuated = [no_interval(reason) | {"estimate": np.nan}] * 2
        if refusal:
            verdict, why = "not_testable", refusal
        else:
            verdict, why = decide(
                _line(clustered, ""),
                absence or _line(disattenuated, "the reliability of the window means"),
                rule,
                n_clusters=sums.n_clusters,
                missing_share=missing_share,
                absence_reason=reason,
                imputed=imputed,
            )
        yield [
            *_naive(r[place], sums.n, plan, naive),
            *_named("clustered", clustered),
            *_named("disattenuated", disattenuated),
            {
                "analysis": "verdict",
                "method": "verdict",
                "estimate": difference[place],
                "verdict": verdict,
                "note": why,
            },
        ]


def _reliabilities(sums: BatchSums) -> tuple[np.ndarray, np.ndarray, tuple[str, str]]:
    """Both window means' reliability (B, 2), without each cluster (G, B, 2), and why unknown."""
    own = sums.occasions
    total = own.sums.sum(axis=0)
    shape = (sums.n_sets, 2)
    reason = ""
    if own.n_occasions < 2:
        reason = "one occasion only: nothing repeats"
    elif within_df(total, own.n_occasions) < MINIMUM_WITHIN_DF:
        reason = "too few engagements have a second occasion"
    if reason:
        nothing = np.full(shape, np.nan)
        return nothing, np.full((sums.n_clusters, *shape), np.nan), (reason, reason)
    full = window_reliability(total, own.n_occasions, own.n_raters).reshape(shape)
    each = window_reliability(leave_one_out(own.sums), own.n_occasions, own.n_raters)
    return full, each.reshape(-1, *shape), ("", "")


def _two_intervals(estimate: float, replicates: np.ndarray, plan: ComparisonPlan) -> list[Row]:
    return [
        {"estimate": float(estimate), **jackknife_interval(float(estimate), replicates, level)}
        for level in (plan.confidence, plan.equivalence_confidence)
    ]


def _line(rows: list[Row], correction: str) -> Line:

    return Line(
        float(rows[0]["estimate"]),
        *(float(row[limit]) for row in rows for limit in ("conf_low", "conf_high")),
        correction,
    )


def _named(analysis: str, rows: list[Row]) -> list[Row]:
    return [
        {"analysis": analysis, "method": method, **row}
        for method, row in zip(("jackknife", "jackknife_90"), rows, strict=True)
    ]


def _naive(
    r: np.ndarray, n: int, plan: ComparisonPlan, wanted: tuple[str, ...] | None
) -> list[Row]:
    if wanted == ():
        return []
    rows = dependent_correlation_rows(*map(float, r), n, plan.confidence)
    return [
        {"analysis": "naive", **row} for row in rows if wanted is None or row["method"] in wanted
    ]
