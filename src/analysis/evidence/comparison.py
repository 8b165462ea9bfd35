"""Advisee against advisor: the lines of evidence for one outcome, and the verdict.

D = r(outcome, advisee's rating) - r(outcome, advisor's rating), always on the same engagements.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cases import Cases, complete_cases
from analysis.evidence.covariates import Covariates
from analysis.evidence.lines.adjusted import adjusted_rows
from analysis.evidence.lines.disattenuated import (
    CORRECTIONS,
    Correction,
    correct_by_omega,
    correct_by_window_mean,
    disattenuated_rows,
)
from analysis.evidence.lines.imputed import imputed_rows
from analysis.evidence.lines.incremental import incremental_rows
from analysis.evidence.lines.multilevel import multilevel_rows
from analysis.evidence.lines.observed import (
    NAMES,
    clustered_rows,
    correlation_rows,
    counts,
    naive_rows,
)
from analysis.evidence.lines.out_of_sample import prediction_rows
from analysis.evidence.lines.reliability_rows import reliability_rows
from analysis.evidence.lines.sensitivity import sensitivity_rows
from analysis.evidence.verdict import Absence, Line, Rule, decide
from analysis.evidence.weigh import weigh_lines
from analysis.models.intervals import (
    Row,
    no_interval,
)
from analysis.models.resampling import SharedWeights, difference_with_reason

#: Lines that stand beside those the verdict reads.
LINES = ("multilevel", "incremental", "out_of_sample", "adjusted", "imputed", "sensitivity")


def compare_raters(
    frame: pd.DataFrame,
    outcome: str,
    advisee: str,
    advisor: str,
    cluster: str,
    plan: ComparisonPlan,
    occasions: pd.DataFrame | None = None,
    items: Mapping[str, pd.DataFrame] | None = None,
    rng: np.random.Generator | None = None,
    *,
    weights: SharedWeights | None = None,
    timing: str | None = None,
    covariates: Covariates | None = None,
    imputed: Sequence[Row] | None = None,
    lines: Collection[str] = LINES,
) -> pd.DataFrame:
    """The lines of evidence for D, and the verdict in the last row.

    Parameters
    ----------
    frame : one row per engagement: ``engagement_id`` (needed with occasions or items), the
        columns ``outcome`` (higher is better), ``advisee`` and ``advisor`` (means over the
        window's occasions that both answered) and ``cluster``. Rows that lack the outcome or a
        rating are left out; those with the outcome count as eligible.
    plan : levels, SESOI, resamples, lowest reliability, fewest clusters, seed.
    occasions : one row per engagement and occasion of the window that both answered:
        ``engagement_id``, ``occasion``, and the columns ``advisee`` and ``advisor``. Gives the
        reliability of the window means; without it the disattenuated line says why it is absent.
    items : a rating's name -> one row per engagement with ``engagement_id`` and the means of its
        items over the window, reversed items turned. Gives omega.
    rng : draws the resamples; by default a generator seeded with the plan's seed.
    weights : resamples shared with other cells; then ``rng`` is not used.
    timing : ``prospective`` or ``concurrent``, if known; the reason of the verdict mentions it.
    covariates : what was known before the window (``find_covariates``), for the adjusted and the
        incremental line.
    imputed : rows of the imputed line, if more is known of the engagements than stands in
        ``frame`` (``impute_cell``); without them gaps are imputed from ``frame`` alone.
    lines : which of ``LINES`` to add to those that the verdict reads.

    Returns
    -------
    Rows in the vocabulary. ``analysis`` names the line and ``method`` the estimator:

    - ``correlation``: each rater's r with the outcome, and ``correlation_between_raters``;
      cluster-jackknife t interval on Fisher's z (``jackknife_fisher_z``)
    - ``reliability``: each rater's, ``window_mean`` and, given items, ``omega``
    - ``naive``: six tests that take dyads as independent
    - ``clustered``: ``jackknife`` (the interval of record), ``jackknife_90`` (at the plan's
      equivalence confidence), ``percentile``, ``bca``
    - ``disattenuated``: the same four after correction by the window mean's reliability, and
      ``omega_jackknife``, ``omega_jackknife_90`` after correction by omega
    - ``multilevel``, ``incremental``, ``out_of_sample``, ``adjusted``, ``imputed`` and, for an
      outcome of few values, ``sensitivity``: see the modules of these lines
    - ``agreement``: which lines point where, unless no ``lines`` are asked for
    - ``verdict``: D with the interval of record, the verdict, and its reason in ``note``

    What cannot be given is NaN with the reason in ``note``.

    Raises ValueError for an absent column, a missing cluster label, or an engagement given twice.
    """
    joined = occasions is not None or items or covariates is not None
    if joined and "engagement_id" not in frame:
        raise ValueError(
            "occasions, items and covariates need the column 'engagement_id' in the frame"
        )
    cases = complete_cases(frame, outcome, advisee, advisor, cluster)
    if weights is None:
        rng = np.random.default_rng(plan.seed) if rng is None else rng
        weights = SharedWeights(plan.resamples, rng)
    ratings = (advisee, advisor)
    by_window = correct_by_window_mean(cases, occasions, ratings, plan)
    by_omega = correct_by_omega(cases, items, ratings, plan)
    problem = difference_with_reason(cases.sums, NAMES)[1]
    clustered = clustered_rows(cases, plan, weights)
    disattenuated = _disattenuated(cases, by_window, by_omega, plan, weights, problem)
    further = _further_lines(cases, covariates, plan, lines)
    if "imputed" in lines:
        if imputed is None:
            own = np.random.default_rng(plan.seed)
            imputed = imputed_rows(frame, outcome, advisee, advisor, cluster, plan, own)
        further += imputed
    if "sensitivity" in lines:
        further += sensitivity_rows(cases, plan)
    rows = [
        *correlation_rows(cases, plan),
        *reliability_rows(cases, by_window, plan),
        *(reliability_rows(cases, by_omega, plan) if items else []),
        *naive_rows(cases, plan),
        *clustered,
        *disattenuated,
        *further,
    ]
    if lines:
        rows.append(weigh_lines(rows, 1 - plan.confidence) | counts(cases))
    if problem:
        verdict, reason = "not_testable", problem
    else:
        line, absence_reason = _deciding_line(disattenuated, by_window, by_omega)
        verdict, reason = decide(
            _line(clustered, ""),
            line,
            Rule(plan.sesoi, plan.minimum_clusters, plan.missing_share_caution),
            n_clusters=cases.n_clusters,
            missing_share=cases.missing_share,
            timing=timing,
            absence_reason=absence_reason,
            imputed=imputed_line(further),
        )
    rows.append(
        {
            **clustered[0],
            "analysis": "verdict",
            "method": "verdict",
            "verdict": verdict,
            "note": reason,
        }
    )
    return as_estimates([{"outcome": outcome, "verdict": None, **row} for row in rows])


def _further_lines(
    cases: Cases, covariates: Covariates | None, plan: ComparisonPlan, lines: Collection[str]
) -> list[Row]:
    """The rows of the lines that stand beside the verdict, in the order of ``LINES``."""
    baseline = covariates.aligned(cases) if covariates is not None else None
    names = covariates.names if covariates is not None else ()
    rows: list[Row] = []
    if "multilevel" in lines:
        rows += multilevel_rows(cases, plan)
    if "incremental" in lines:
        rows += incremental_rows(cases, baseline, plan)
    if "out_of_sample" in lines:
        rng = np.random.default_rng(plan.seed)  # the same folds whatever was drawn before
        rows += prediction_rows(cases, baseline, plan, rng, boosting="boosting" in lines)
    if "adjusted" in lines:
        adjusted = adjusted_rows(cases, baseline, names, plan)
        left_out = covariates.note if covariates is not None else ""
        adjusted[-1]["note"] = "; ".join(filter(None, [adjusted[-1]["note"], left_out]))
        rows += adjusted
    return rows


def _disattenuated(
    cases: Cases,
    by_window: Correction,
    by_omega: Correction,
    plan: ComparisonPlan,
    weights: SharedWeights,
    problem: str,
) -> list[Row]:
    """The rows of each correction that the data allow, or one row that says why there is none."""
    if problem:
        return [_not_given(cases, problem)]
    known = [one for one in (by_window, by_omega) if one.absence != "not_estimable"]
    rows = [row for one in known for row in disattenuated_rows(cases, one, plan, weights)]
    if by_window.absence == "not_estimable":
        reason = by_window.reason if known else f"{by_window.reason}; {by_omega.reason}"
        rows.insert(0, _not_given(cases, reason))
    return rows


def _not_given(cases: Cases, reason: str) -> Row:
    return {
        "analysis": "disattenuated",
        "term": "difference",
        "estimate": np.nan,
        **no_interval(f"line not given: {reason}"),
        **counts(cases),
        "method": "jackknife",
    }


def _deciding_line(
    rows: list[Row], by_window: Correction, by_omega: Correction
) -> tuple[Line | Absence, str]:
    """The disattenuated line that the verdict reads: by window means, or by omega failing these."""
    if by_window.absence != "not_estimable":
        chosen, prefix = by_window, ""
    elif by_omega.absence != "not_estimable":
        chosen, prefix = by_omega, "omega_"
    else:
        return "not_estimable", f"{by_window.reason}; {by_omega.reason}"
    if chosen.absence is not None:
        return chosen.absence, chosen.reason
    line = _line(rows, prefix, CORRECTIONS[chosen.method])
    if not line.given:
        return "not_estimable", "the disattenuated line has no interval"
    return line, ""


def imputed_line(rows: list[Row]) -> Line | None:
    """The line with missing ratings imputed, out of its rows among others; None without it."""
    own = {row["method"]: row for row in rows if row["analysis"] == "imputed"}
    if not {"rubin", "rubin_90"} <= set(own):
        return None
    limits = [
        float(own[method][limit])
        for method in ("rubin", "rubin_90")
        for limit in ("conf_low", "conf_high")
    ]
    return Line(float(own["rubin"]["estimate"]), *limits)


def _line(rows: list[Row], prefix: str, correction: str = "") -> Line:
    """One line's two jackknife intervals, out of its rows."""
    by_method = {row["method"]: row for row in rows}
    record, narrow = by_method[f"{prefix}jackknife"], by_method[f"{prefix}jackknife_90"]
    return Line(
        float(record["estimate"]),
        *(float(record[limit]) for limit in ("conf_low", "conf_high")),
        *(float(narrow[limit]) for limit in ("conf_low", "conf_high")),
        correction,
    )
