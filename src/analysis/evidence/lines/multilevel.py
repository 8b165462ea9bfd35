"""The multilevel line: is it the advisor or the dyad?

Each rating is split into its cluster's mean and the deviation from it. A slope of the deviations
compares the engagements of one advisor with one another; a slope of the means compares advisors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cases import Cases
from analysis.evidence.lines.observed import NAMES, counts
from analysis.models.cluster_robust import fit_cr2_arrays, robust_rows
from analysis.models.cluster_sums import ROUNDING, add_by_cluster, is_constant
from analysis.models.design import find_collinear
from analysis.models.intervals import IDENTICAL, Row, no_interval, t_interval
from analysis.models.multilevel import FEW_CLUSTERS
from analysis.models.two_level import fit_two_level_arrays
from analysis.models.two_level_logit import fit_two_level_logit
from analysis.models.variance_share import variance_share

#: With fewer degrees of freedom within clusters nothing is said of what happens there.
MINIMUM_WITHIN_DF = 10

#: Caseloads below this make an advisor's mean a poor measure of the advisor.
SMALL_CASELOAD = 10

SLOPES = ("within_advisee", "within_advisor", "between_advisee", "between_advisor")
TERMS = (
    "within_difference",
    "within_advisee",
    "within_advisor",
    "between_difference",
    "between_advisee",
    "between_advisor",
)
#: Each term as a sum of the slopes.
WEIGHTS = np.array(
    [[1, -1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, -1], [0, 0, 1, 0], [0, 0, 0, 1]], float
)


@dataclass(frozen=True)
class Split:
    """The outcome (n,) and the four predictors (n, 4) of ``SLOPES``, standardised.

    ``informative`` counts the clusters with two engagements or more; ``caseload`` is the median.
    """

    y: np.ndarray
    X: np.ndarray
    codes: np.ndarray
    n_clusters: int
    informative: int
    caseload: float


def multilevel_rows(cases: Cases, plan: ComparisonPlan) -> list[Row]:
    """Slopes of the outcome on both ratings, within and between clusters, and their differences.

    Parameters
    ----------
    cases : the engagements compared.
    plan : gives the level of the intervals.

    Returns
    -------
    Rows with ``analysis`` = ``multilevel`` and, in ``term``:

    - ``within_difference``, the answer of the line: the advisee's slope minus the advisor's
    - ``within_advisee``, ``within_advisor``: slopes of the deviations from the cluster's mean
    - ``between_difference``, ``between_advisee``, ``between_advisor``: slopes of the means
    - ``share_between``: the share of the outcome's variance that lies between clusters

    ``method`` is ``reml`` (random intercept, Satterthwaite's df), followed by one further row of
    ``within_difference`` by ``cr2``, which does not assume that a rating's slope is the same for
    every advisor. With fewer than 20 clusters of two engagements or more, and where the mixed model
    is singular or fails, all rows are ``cr2`` and say so. A binary or ordinal outcome adds the six
    slopes and differences in log odds (``logit``, ``ordinal_logit``). Where within and between
    cannot be told apart there is one row, without numbers, that says why.

    Notes
    -----
    y = a + sum over raters of (w_r (x_r - mean_r) / sd_within_r + b_r mean_r / sd_between_r) +
    u + e (van de Pol and Wright, 2009, Animal Behaviour 77, 753). The outcome is in standard
    deviations, each rating in the standard deviation that it has at the level in question
    (Schuurman, Ferrer, Boer-Sonnenschein and Hamaker, 2016, Psychological Methods 21, 206): of the
    deviations (divisor n - G) within, of the clusters' means between. A rating whose means differ
    much between advisors gains nothing thereby within them, and ``within_difference`` is 0 exactly
    if both ratings correlate alike with the outcome within clusters: it is D within clusters,
    divided by 1 - r of the two ratings there, in units of the outcome. The standard deviations are
    taken as known: the intervals are for slopes per standard deviation in this sample, and between
    few advisors, whose spread is itself uncertain, say less about another one.
    Slopes of means of few engagements lean towards the slopes within (Luedtke et al., 2008,
    Psychological Methods 13, 203); no correction is made.
    """
    reason = _why_not_split(cases)
    if not reason:
        split = _split(cases)
        collinear = find_collinear(np.column_stack([np.ones(cases.n), split.X[:, 2:]]), "abc")
        if collinear:
            reason = "the clusters' mean ratings cannot be told apart"
    if reason:
        return [
            {
                "analysis": "multilevel",
                "term": "within_difference",
                "estimate": np.nan,
                **no_interval(f"line not given: {reason}"),
                **counts(cases),
                "method": "reml",
            }
        ]
    rows = [*_linear_rows(split, plan), _share_row(split, plan)]
    if cases.outcome_kind != "continuous":
        rows += _logit_rows(cases, split, plan)
    for row in rows:
        row.update(analysis="multilevel", **counts(cases))
    return rows


def _why_not_split(cases: Cases) -> str:
    """Why within and between cannot be told apart, or nothing can be said within; else ''."""
    if cases.n_clusters < 2:
        return "one cluster: nothing lies between clusters"
    if cases.n == cases.n_clusters:
        return "every cluster has one engagement: within and between cannot be separated"
    df = cases.n - cases.n_clusters - 2
    if df < MINIMUM_WITHIN_DF:
        return f"only {max(df, 0)} degrees of freedom within clusters: too few"
    flat = [name for name, one in zip(NAMES, is_constant(cases.values), strict=True) if one]
    if flat:
        return f"no variance in the {' and the '.join(flat)}"
    deviations, scale, _ = _deviations(cases)
    flat = [name for name, one in zip(NAMES, scale, strict=True) if one == 0]
    if flat:
        return f"no variance within clusters in the {' and the '.join(flat)}"
    r = (deviations[:, 1] @ deviations[:, 2]) / np.sqrt((deviations[:, 1:] ** 2).sum(axis=0).prod())
    if abs(r) > IDENTICAL:
        return "the two ratings are perfectly correlated within clusters"
    return ""


def _deviations(cases: Cases) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Deviations from the cluster's mean (n, 3), their SD (3,), 0 if rounding; means (G, 3)."""
    values = cases.values - cases.values.mean(axis=0)
    size = np.bincount(cases.codes, minlength=cases.n_clusters)
    means = add_by_cluster(values, cases.codes, cases.n_clusters) / size[:, None]
    deviations = values - means[cases.codes]
    scale = np.sqrt((deviations**2).sum(axis=0) / (cases.n - cases.n_clusters))
    rounding = ROUNDING * np.abs(cases.values).max(axis=0)
    return deviations, np.where(scale > rounding, scale, 0.0), means


def _split(cases: Cases) -> Split:
    deviations, scale, means = _deviations(cases)
    spread = means[:, 1:].std(axis=0, ddof=1)
    between = means[:, 1:] / np.where(spread > 0, spread, 1.0)
    y = cases.values[:, 0]
    size = np.bincount(cases.codes, minlength=cases.n_clusters)
    return Split(
        (y - y.mean()) / y.std(ddof=1),
        np.column_stack([deviations[:, 1:] / scale[1:], between[cases.codes]]),
        cases.codes,
        cases.n_clusters,
        int((size > 1).sum()),
        float(np.median(size)),
    )


def _linear_rows(split: Split, plan: ComparisonPlan) -> list[Row]:
    """The rows of the mixed model and its check, or those of CR2 in its place."""
    X = np.column_stack([np.ones(len(split.y)), split.X])
    weights = np.column_stack([np.zeros(len(WEIGHTS)), WEIGHTS])
    ones = np.ones((len(X), 1))
    robust = fit_cr2_arrays(split.y, X, split.codes, split.n_clusters)
    why = ""
    if robust.reason:
        return [_blank(term, robust.reason, "cr2") for term in TERMS]
    if split.informative < FEW_CLUSTERS:
        why = f"only {split.informative} clusters of two engagements or more"
    else:
        fit = fit_two_level_arrays(split.y, X, ones, split.codes, split.n_clusters)
        if fit.reason:
            why = fit.reason
        elif fit.singular:
            why = "singular fit: no variance between clusters is left beside the ratings' means"
    by_cr2 = robust_rows(TERMS, *robust.contrast(weights), plan.confidence)
    if why:
        said = f"{why}: least squares with CR2 errors instead of the mixed model"
        rows = [row | {"method": "cr2", "note": _join(said, row["note"])} for row in by_cr2]
    else:
        rows = [
            {"term": term, "estimate": float(one), **t_interval(one, error, df, plan.confidence)}
            | {"method": "reml", "note": ""}
            for term, one, error, df in zip(TERMS, *fit.contrast(weights), strict=True)
        ]
    for row in rows:
        if row["term"].startswith("between") and split.caseload < SMALL_CASELOAD:
            row["note"] = _join(row["note"], _few_engagements(split))
    if not why:
        rows.append(by_cr2[0] | {"method": "cr2"})
    return [row | _rater(row["term"]) for row in rows]


def _few_engagements(split: Split) -> str:
    return (
        f"clusters are small (median size {split.caseload:g}): slopes of their means lean towards "
        "those within"
    )


def _share_row(split: Split, plan: ComparisonPlan) -> Row:
    share = variance_share(split.y, split.codes, split.n_clusters, plan.confidence)
    return {"term": "share_between", **no_interval(""), **share, "method": "reml"}


def _logit_rows(cases: Cases, split: Split, plan: ComparisonPlan) -> list[Row]:
    """The same slopes and differences in log odds of a higher outcome."""
    frame = pd.DataFrame(split.X, columns=list(SLOPES))
    frame["outcome"], frame["cluster"] = cases.values[:, 0], split.codes
    contrasts = {
        f"{level}_difference": {f"{level}_advisee": 1.0, f"{level}_advisor": -1.0}
        for level in ("within", "between")
    }
    fitted = fit_two_level_logit(
        frame, "outcome", SLOPES, "cluster", confidence=plan.confidence, contrasts=contrasts
    ).set_index("term")
    rows = []
    for term in TERMS:
        row = fitted.loc[term].drop("outcome").to_dict()
        row["note"] = _join("in log odds of a higher outcome", row["note"])
        rows.append({"term": term, **no_interval(""), **row, **_rater(term)})
    return rows


def _blank(term: str, reason: str, method: str) -> Row:
    return {"term": term, "estimate": np.nan, **no_interval(reason), "method": method}


def _rater(term: str) -> Row:
    """The rater whose slope a term is, if it is one rater's."""
    rater = term.rpartition("_")[2]
    return {"rater": rater} if rater in ("advisee", "advisor") else {}


def _join(*notes: str) -> str:
    return "; ".join(filter(None, notes))
