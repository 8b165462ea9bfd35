"""A path through a mediator: predictor to mediator to outcome, within clusters, as association.

Every variable is taken about its cluster's mean, so that differences between clusters have no part
in any path. The product of two paths describes how associations are chained; it is no evidence
that one thing brings about the next, and ``residual_correlation`` says how little an unmeasured
common cause of mediator and outcome would have to do to leave nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.models.cluster_sums import (
    ROUNDING,
    add_by_cluster,
    code_clusters,
    leave_one_out,
    resampled,
    triangle,
)
from analysis.models.intervals import (
    correlation_interval,
    jackknife_interval,
    no_interval,
    percentile_interval,
)
from analysis.models.resampling import draw_cluster_weights

TERMS = ("path_a", "path_b", "direct", "total", "indirect")

#: Places of predictor, mediator and outcome among the variables; covariates follow.
PREDICTOR, MEDIATOR, OUTCOME = 0, 1, 2


def mediate(
    frame: pd.DataFrame,
    predictor: str,
    mediator: str,
    outcome: str,
    cluster: str,
    resamples: int,
    rng: np.random.Generator,
    *,
    covariates: Sequence[str] = (),
    standardised: bool = True,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The paths from predictor to outcome, through the mediator and past it, within clusters.

    Parameters
    ----------
    frame : one row per observation; rows that lack any of the variables are left out. That the
        predictor was measured before the mediator, and the mediator before the outcome, is for the
        caller to see to.
    predictor, mediator, outcome, covariates : names of numeric columns.
    cluster : name of the column of cluster labels; missing labels are a ValueError.
    resamples, rng : resamples of whole clusters, and the generator that draws them.
    standardised : each variable in pooled standard deviations within clusters, not its own units.
    confidence : level of the intervals.

    Returns
    -------
    Rows in the vocabulary, ``term``:

    - ``path_a``: mediator on predictor; ``path_b``: outcome on mediator, the predictor held;
      ``direct``: outcome on predictor, the mediator held; ``total``: outcome on predictor
    - ``indirect``: path_a x path_b, which is total - direct (MacKinnon, Warsi and Dwyer, 1995,
      Multivariate Behavioral Research 30, 41). ``method`` ``percentile`` is the interval of record,
      as a product's distribution is skewed; ``jackknife`` stands beside it
    - ``residual_correlation``: of mediator and outcome, the predictor held. If the errors of both
      were correlated as much by something unmeasured, the indirect path would be 0 (Imai, Keele and
      Yamamoto, 2010, Statistical Science 25, 51, theorem 4)

    All with covariates held too. Clusters of one row say nothing within and are left out, as is
    told. NaN with the reason in ``note`` where there are fewer than two clusters of two rows, a
    variable does not vary within clusters, or predictors cannot be told apart.
    """
    names = [predictor, mediator, outcome, *covariates]
    absent = [name for name in (*names, cluster) if name not in frame]
    if absent:
        raise ValueError(f"the frame has no column {absent}; it has {list(frame.columns)}")
    if len(set(names)) < len(names):
        raise ValueError(f"a variable is named twice: {names}")
    values, codes, left_out = _complete(frame, names, cluster)
    n_clusters = int(codes.max()) + 1 if len(codes) else 0
    base = {
        "outcome": outcome,
        "n_engagements": len(values),
        "n_advisors": n_clusters,
    }
    told = f"{left_out} clusters of one row left out" if left_out else ""
    within, problem = _within(values, codes, n_clusters, names, standardised)
    if problem:
        terms = (*TERMS, "residual_correlation")
        empty = {"estimate": np.nan, "method": "jackknife"} | no_interval(problem)
        return as_estimates([base | {"term": term} | empty for term in terms])
    first, second = triangle(within.shape[1])
    sums = add_by_cluster(within[:, first] * within[:, second], codes, n_clusters)
    full = _paths(sums.sum(axis=0), within.shape[1])
    without = _paths(leave_one_out(sums), within.shape[1])
    weights = draw_cluster_weights(n_clusters, resamples, rng)
    drawn = _paths(resampled(sums, weights), within.shape[1])["indirect"]
    rows = [
        {"term": term, "method": "jackknife", "estimate": float(full[term])}
        | jackknife_interval(float(full[term]), without[term], confidence)
        for term in TERMS
    ]
    rows.append(
        {"term": "indirect", "method": "percentile", "estimate": float(full["indirect"])}
        | percentile_interval(drawn, confidence)
    )
    nulling = float(full["residual_correlation"])
    rows.append(
        {"term": "residual_correlation", "method": "jackknife_fisher_z", "estimate": nulling}
        | correlation_interval(nulling, without["residual_correlation"], confidence)
    )
    for row in rows:
        row["note"] = "; ".join(filter(None, [row["note"], told]))
    return as_estimates([base | row for row in rows])


def indirect_under_confounding(
    path_a: float,
    path_b: float,
    residual_correlation: float,
    error_correlation: float,
) -> float:
    """The indirect path if mediator's and outcome's errors are correlated by something unmeasured.

    path_a x path_b x (1 - rho sqrt((1 - r^2) / (1 - rho^2)) / r), r the residual correlation of
    mediator and outcome given the predictor and rho the correlation of errors: path_a x path_b for
    rho = 0, and 0 for rho = r (Imai, Keele and Yamamoto, 2010, theorem 4, where path_b is r times
    the ratio of the two residual standard deviations). Raises ValueError unless both lie within
    (-1, 1) and r is not 0.
    """
    r, rho = residual_correlation, error_correlation
    if not (abs(r) < 1 and abs(rho) < 1 and r != 0):
        raise ValueError("correlations must lie between -1 and 1, and the residual one not be 0")
    return path_a * path_b * (1 - rho * np.sqrt((1 - r**2) / (1 - rho**2)) / r)


def _complete(
    frame: pd.DataFrame, names: Sequence[str], cluster: str
) -> tuple[np.ndarray, np.ndarray, int]:
    """Complete rows of clusters with at least two, their clusters' numbers, and clusters left out.

    Rows are put in an order of their own, so that the order in which they come changes nothing.
    """
    codes, _ = code_clusters(frame[cluster])
    values = frame[list(names)].to_numpy(dtype=float, na_value=np.nan)
    complete = np.isfinite(values).all(axis=1)
    values, codes = values[complete], codes[complete]
    order = np.lexsort((*values.T, codes))
    values, codes = values[order], codes[order]
    sizes = np.bincount(codes) if len(codes) else np.zeros(0, dtype=int)
    kept = sizes[codes] >= 2
    renumbered = np.unique(codes[kept], return_inverse=True)[1].reshape(-1)
    return values[kept], renumbered, int((sizes == 1).sum())


def _within(
    values: np.ndarray, codes: np.ndarray, n_clusters: int, names: Sequence[str], standardised: bool
) -> tuple[np.ndarray, str]:
    """Values about their clusters' means (in standard deviations), and why they cannot be used."""
    if n_clusters < 2:
        return values, f"{n_clusters} clusters of two rows or more: at least two are needed"
    sizes = np.bincount(codes)[:, None]
    centred = values - (add_by_cluster(values, codes, n_clusters) / sizes)[codes]
    squares = (centred**2).sum(axis=0)
    around = ((values - values.mean(axis=0)) ** 2).sum(axis=0)
    flat = squares <= ROUNDING * np.maximum(around, ROUNDING)
    if flat.any():
        which = " and ".join(name for name, is_flat in zip(names, flat, strict=True) if is_flat)
        return values, f"{which} does not vary within clusters"
    scale = np.sqrt(squares / (len(values) - n_clusters))
    if np.linalg.matrix_rank(centred / scale, tol=1e-8 * np.sqrt(len(values))) < len(names):
        return values, "predictor, mediator and covariates cannot be told apart"
    return (centred / scale if standardised else centred), ""


def _paths(totals: np.ndarray, p: int) -> dict[str, np.ndarray]:
    """Every term from sums of products (..., p (p + 1) / 2) of variables within clusters."""
    first, second = triangle(p)
    products = np.empty((*totals.shape[:-1], p, p))
    products[..., first, second] = totals
    products[..., second, first] = totals
    held = [PREDICTOR, *range(OUTCOME + 1, p)]
    on_mediator = _slopes(products, held, MEDIATOR)
    past = _slopes(products, [*held, MEDIATOR], OUTCOME)
    total = _slopes(products, held, OUTCOME)
    path_a, path_b = on_mediator[..., 0], past[..., -1]
    left_m = products[..., MEDIATOR, MEDIATOR] - _explained(products, held, on_mediator, MEDIATOR)
    left_y = products[..., OUTCOME, OUTCOME] - _explained(products, held, total, OUTCOME)
    # Of the residuals, the covariance is path_b times the mediator's variance.
    defined = (left_m > 0) & (left_y > 0)
    ratio = np.where(defined, left_m, np.nan) / np.where(defined, left_y, 1.0)
    return {
        "path_a": path_a,
        "path_b": path_b,
        "direct": past[..., 0],
        "total": total[..., 0],
        "indirect": path_a * path_b,
        "residual_correlation": np.clip(path_b * np.sqrt(ratio), -1, 1),
    }


def _slopes(products: np.ndarray, predictors: Sequence[int], outcome: int) -> np.ndarray:
    """Least-squares slopes (..., k); NaN where the predictors cannot be told apart."""
    rows = np.array(predictors)
    matrix = products[..., rows[:, None], rows]
    right = products[..., rows, outcome]
    diagonal = np.sqrt(np.abs(np.diagonal(matrix, axis1=-2, axis2=-1)))
    safe = np.where(diagonal > 0, diagonal, 1.0)
    scaled = matrix / (safe[..., :, None] * safe[..., None, :])
    usable = (diagonal > 0).all(axis=-1) & (np.abs(np.linalg.det(scaled)) > 1e-10)
    scaled = np.where(usable[..., None, None], scaled, np.eye(len(rows)))
    solved = np.linalg.solve(scaled, (right / safe)[..., None])[..., 0] / safe
    return np.where(usable[..., None], solved, np.nan)


def _explained(
    products: np.ndarray, predictors: Sequence[int], slopes: np.ndarray, outcome: int
) -> np.ndarray:
    """Sum of squares of the outcome that the predictors explain."""
    return (products[..., np.array(predictors), outcome] * slopes).sum(axis=-1)
