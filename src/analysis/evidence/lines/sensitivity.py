"""Does D hang on Pearson's r? Spearman's r or areas under the curve for outcomes of few values."""

from __future__ import annotations

import numpy as np

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cases import Cases
from analysis.evidence.lines.disattenuated import RATERS
from analysis.evidence.lines.observed import NAMES, counts
from analysis.models.intervals import Row, jackknife_interval, no_interval
from analysis.models.ranks import auc_without_each, spearman_without_each
from analysis.models.resampling import difference_with_reason


def sensitivity_rows(cases: Cases, plan: ComparisonPlan) -> list[Row]:
    """The difference of Spearman's r (ordinal outcome) or of AUC (binary) between the two ratings.

    Parameters
    ----------
    cases : engagements with outcome and both ratings.
    plan : the level of the interval.

    Returns
    -------
    Rows of ``sensitivity``: each ``rater``'s ``spearman`` or ``auc``, and their ``difference``,
    advisee's less advisor's, with its cluster-jackknife t interval; ``method``
    ``spearman_jackknife`` or ``auc_jackknife``. No rows for a continuous outcome. An AUC difference
    is half the difference in rank-biserial correlation and not on the scale of D.
    """
    kind = cases.outcome_kind if cases.n else "continuous"
    if kind == "continuous":
        return []
    name = "auc" if kind == "binary" else "spearman"
    problem = difference_with_reason(cases.sums, NAMES)[1]
    if problem:
        told = no_interval(f"line not given: {problem}")
        return [_row(cases, "difference", f"{name}_jackknife", np.nan, told)]
    codes, clusters = cases.codes, cases.n_clusters
    if kind == "binary":
        positive = cases.values[:, 0] == cases.values[:, 0].max()
        whole, without = auc_without_each(positive, cases.values[:, 1:], codes, clusters)
    else:
        whole, without = spearman_without_each(cases.values, codes, clusters)
    rows = []
    for place, rater in enumerate(RATERS):
        interval = jackknife_interval(whole[place], without[:, place], plan.confidence)
        if kind == "binary":  # a test against 0 is none for an area, whose null is one half
            interval.update(statistic=np.nan, p_value=np.nan)
        row = _row(cases, name, f"{name}_jackknife", float(whole[place]), interval)
        rows.append({**row, "rater": rater})
    d = whole[0] - whole[1]
    interval = jackknife_interval(d, without[:, 0] - without[:, 1], plan.confidence)
    interval["note"] = "; ".join(filter(None, [interval["note"], f"the outcome is {kind}"]))
    return [*rows, _row(cases, "difference", f"{name}_jackknife", d, interval)]


def _row(cases: Cases, term: str, method: str, estimate: float, interval: Row) -> Row:
    return {
        "analysis": "sensitivity",
        "term": term,
        "estimate": float(estimate),
        **interval,
        **counts(cases),
        "method": method,
    }
