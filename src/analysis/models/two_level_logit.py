"""Logistic regression with a random intercept per cluster, for binary and ordinal outcomes.

A binary outcome is an ordinal one with a single threshold, minus its intercept. Fitted by Newton
steps on ``analysis.models.logit_likelihood``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from analysis.contract.estimates import as_estimates
from analysis.models.design import (
    INTERCEPT,
    Contrasts,
    Design,
    Row,
    caution,
    contrast_matrix,
    make_design,
    why_not_regress,
)
from analysis.models.logit_likelihood import Answers, ClusteredLikelihood, plain_likelihood

#: More categories than this are a scale.
MOST_CATEGORIES = 10
MOST_STEPS = 60
MOST_PLACINGS = 12

#: The rise of the log likelihood, per parameter, that a further step would promise at the top.
CLOSE_ENOUGH = 1e-14

#: Log odds per standard deviation of a predictor, or of the clusters, that no data can show.
BEYOND_BELIEF = 12.0


@dataclass(frozen=True)
class LogitFit:
    """Thresholds and slopes (T + P), their covariance, the clusters' standard deviation, loglik."""

    coefficients: np.ndarray
    covariance: np.ndarray
    spread: float
    spread_error: float
    loglik: float
    singular: bool
    reason: str = ""


def fit_two_level_logit(
    frame: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    cluster: str,
    confidence: float = 0.95,
    contrasts: Contrasts | None = None,
    nodes: int = 15,
) -> pd.DataFrame:
    """Rows per term of the (cumulative) logit model with a random intercept per cluster.

    Parameters
    ----------
    frame : one row per observation; rows that lack any of the columns are left out.
    outcome : numeric column of 2 to 10 distinct values, the higher being more of it.
    predictors : names of numeric columns, in any units.
    cluster : name of the column of cluster labels; missing labels are a ValueError.
    confidence : level of the intervals.
    contrasts : name -> {term: weight}: sums of coefficients that get rows of their own.
    nodes : quadrature points per cluster, at least 5.

    Returns
    -------
    DataFrame
        ``outcome, term, estimate, std_error, statistic`` (Wald's z), ``p_value, conf_low,
        conf_high, n_engagements`` (rows used), ``n_advisors`` (clusters), ``method`` (logit,
        ordinal_logit), ``note``. Terms, in log odds of a higher outcome, for a given cluster (their
        exponentials are odds ratios):

        - ``intercept``, or for an ordinal outcome ``threshold_<value>``: the log odds of at most
          this value where all predictors are 0
        - the predictors and the contrasts
        - ``var_intercept``: the clusters' variance, interval on its logarithm
        - ``loglik``

        In ``note``: fewer than 20 clusters; a singular fit (no variance between clusters: plain
        logistic regression); and, with NaN in place of numbers, what makes a fit impossible, such
        as predictors that separate the outcome's values.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "renewed": [0, 1, 1, 0, 0, 1, 0, 1], "alliance": [1.0, 2, 3, 1, 3, 2, 2, 4],
    ...     "team": list("aaabbbcc"),
    ... })
    >>> rows = fit_two_level_logit(frame, "renewed", ["alliance"], "team").set_index("term")
    >>> bool(rows.loc["alliance", "estimate"] > 0)
    True
    """
    if nodes < 5:
        raise ValueError(f"nodes = {nodes}: at least 5 quadrature points are needed")
    design = make_design(frame, outcome, predictors, cluster)
    values, places = np.unique(design.y, return_inverse=True)
    binary = len(values) <= 2
    first = [INTERCEPT] if binary else [f"threshold_{value:g}" for value in values[:-1]]
    reason = why_not_regress(design) or _why_no_logit(design, len(values))
    if len(values) > MOST_CATEGORIES:
        first = []
    names, weights = contrast_matrix([*first, *predictors], contrasts)
    if not reason:
        fit = _fit(design, places.reshape(-1), len(values) - 1, nodes)
        reason = fit.reason
    if reason:
        rows: list[Row] = [
            {"term": term, "note": reason} for term in (*names, "var_intercept", "loglik")
        ]
    else:
        turn = _to_own_units(design, len(values) - 1, binary)
        estimates = weights @ turn @ fit.coefficients
        variances = ((weights @ turn @ fit.covariance) * (weights @ turn)).sum(axis=1)
        rows = [
            {"term": name, **z_interval(estimate, error, confidence)}
            for name, estimate, error in zip(names, estimates, np.sqrt(variances), strict=True)
        ]
        rows += [_variance_row(fit, confidence), {"term": "loglik", "estimate": fit.loglik}]
        note = caution(fit.singular, design.n_clusters)
        rows = [row | {"note": note} for row in rows]
    common = {
        "outcome": outcome,
        "n_engagements": design.n,
        "n_advisors": design.n_clusters,
        "method": "logit" if binary else "ordinal_logit",
    }
    blank = dict.fromkeys(
        ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"), np.nan
    )
    return as_estimates([blank | row | common for row in rows])


def _why_no_logit(design: Design, n_values: int) -> str:
    if n_values > MOST_CATEGORIES:
        return f"{n_values} distinct values: a scale, not categories"
    if design.n == design.n_clusters:
        return "every cluster has one row: nothing varies within clusters"
    return ""


def _fit(design: Design, places: np.ndarray, thresholds: int, nodes: int) -> LogitFit:
    """Fit by Newton's method, first without clusters, then from a middling spread between them."""
    answers = _answers(design, places, thresholds)
    shares = np.cumsum(np.bincount(places))[:-1] / design.n
    start = np.append(np.log(shares / (1 - shares)), np.zeros(design.X.shape[1] - 1))
    plain, plain_loglik, curvature = _ascend(lambda b: plain_likelihood(answers, b), start)
    if plain is None or np.abs(plain[thresholds:]).max(initial=0) > BEYOND_BELIEF:
        return _no_fit(len(start), "the predictors separate the outcome's values")
    found, loglik, curved = _fit_clustered(
        ClusteredLikelihood(answers, nodes), np.append(plain, 0.7)
    )
    if found is None:
        return _no_fit(len(start), "the search for the variance between clusters did not converge")
    if np.abs(found).max() > BEYOND_BELIEF + np.abs(start).max():
        return _no_fit(len(start), "the outcome hardly varies within clusters")
    if loglik - plain_loglik < 1e-8:
        return LogitFit(plain, np.linalg.inv(-curvature), 0.0, np.nan, plain_loglik, singular=True)
    covariance = np.linalg.inv(-curved)
    return LogitFit(
        found[:-1],
        covariance[:-1, :-1],
        float(abs(found[-1])),
        float(np.sqrt(covariance[-1, -1])),
        loglik,
        singular=False,
    )


def _fit_clustered(
    clustered: ClusteredLikelihood, start: np.ndarray
) -> tuple[np.ndarray | None, float, np.ndarray]:
    """The top for nodes that are placed at it.

    Nodes move along until the top is near. From then on they stay while it is climbed, for only
    then are score and Hessian exactly those of the sum over nodes, and are placed anew at the top,
    until it no longer moves.
    """
    place, value, hessian = _ascend(clustered, start, enough=1e-3)
    clustered.moving = False
    for _ in range(MOST_PLACINGS):
        if place is None:
            break
        before = place
        clustered.place_nodes(before)
        place, value, hessian = _ascend(clustered, before)
        if place is not None and np.abs(place - before).max() < 1e-9:
            return place, value, hessian
    return None, value, hessian


def _answers(design: Design, places: np.ndarray, thresholds: int) -> Answers:
    """The rows with standardised predictors; ``places`` are categories from 0."""
    x = design.X[:, 1:]
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    levels = np.arange(thresholds)
    return Answers(
        np.hstack([places[:, None] == levels, -x]),
        np.hstack([places[:, None] == levels + 1, -x]),
        places == thresholds,
        places == 0,
        design.codes,
        design.starts,
        thresholds,
    )


def _to_own_units(design: Design, thresholds: int, binary: bool) -> np.ndarray:
    """Matrix that turns thresholds and slopes of standardised predictors into the data's own."""
    x = design.X[:, 1:]
    turn = np.eye(thresholds + x.shape[1])
    turn[range(thresholds, len(turn)), range(thresholds, len(turn))] = 1 / x.std(axis=0)
    turn[:thresholds, thresholds:] = x.mean(axis=0) / x.std(axis=0)
    if binary:
        turn[0] *= -1
    return turn


def _ascend(
    evaluate: Callable[[np.ndarray], tuple[float, np.ndarray, np.ndarray]],
    start: np.ndarray,
    enough: float = CLOSE_ENOUGH,
) -> tuple[np.ndarray | None, float, np.ndarray]:
    """The top by damped Newton steps, its log likelihood and Hessian; None where none is found."""
    place, damping = start, 0.0
    value, gradient, hessian = evaluate(place)
    for _ in range(MOST_STEPS):
        values, vectors = np.linalg.eigh(-hessian)
        steepest = max(np.abs(values).max(), 1e-8)
        bend = np.maximum(np.abs(values), 1e-10 * steepest) + damping * steepest
        step = vectors @ ((vectors.T @ gradient) / bend)
        there = evaluate(place + step)
        if float(gradient @ step) < enough * len(start) and damping == 0:
            return place + step, there[0], there[2]
        if there[0] >= value - 1e-12 * abs(value):
            place, (value, gradient, hessian) = place + step, there
            damping = damping / 10 if damping > 1e-5 else 0.0
        elif damping > 1e9:
            break
        else:
            damping = max(10 * damping, 1e-3)
    return None, value, hessian


def z_interval(estimate: float, std_error: float, confidence: float) -> Row:
    """Wald's z, p value and interval."""
    half = float(ndtri((1 + confidence) / 2)) * std_error
    statistic = estimate / std_error
    return {
        "estimate": float(estimate),
        "std_error": float(std_error),
        "statistic": float(statistic),
        "p_value": float(2 * ndtr(-abs(statistic))),
        "conf_low": float(estimate - half),
        "conf_high": float(estimate + half),
    }


def _variance_row(fit: LogitFit, confidence: float) -> Row:
    row: Row = {"term": "var_intercept", "estimate": fit.spread**2}
    if not fit.singular:
        wide = np.exp(2 * float(ndtri((1 + confidence) / 2)) * fit.spread_error / fit.spread)
        row["std_error"] = 2 * fit.spread * fit.spread_error
        row["conf_low"], row["conf_high"] = fit.spread**2 / wide, fit.spread**2 * wide
    return row


def _no_fit(size: int, reason: str) -> LogitFit:
    unknown = np.full(size, np.nan)
    return LogitFit(unknown, np.full((size, size), np.nan), np.nan, np.nan, np.nan, False, reason)
