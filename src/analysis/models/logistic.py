"""Logistic regressions by Newton's method, many sets of weights at once.

One call fits the same design under B sets of weights and penalties: the training parts of all
folds under every penalty, or all samples without one cluster. Each step is one matrix product.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

#: Steps before a fit counts as without a maximum (as where a predictor separates the classes).
MOST_STEPS = 50
#: Linear predictors beyond this are 0 or 1 to every digit.
FURTHEST = 30.0
#: A curvature whose smallest root is a smaller share of the largest has no inverse.
SINGULAR = 1e-13
#: A last step this small leaves an error of its square.
TOLERANCE = 1e-7


def fit_logistic(
    design: np.ndarray,
    target: np.ndarray,
    weights: np.ndarray,
    penalties: np.ndarray | float = 0.0,
    offset: np.ndarray | float = 0.0,
    start: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Coefficients that maximise the penalised likelihood under each set of weights.

    Maximises sum_i w_i (y_i eta_i - log(1 + exp(eta_i))) - sum_j penalty_j b_j^2 / 2 with
    eta = offset + design b, by Newton's steps, halved where one would not improve the fit.

    Parameters
    ----------
    design : (n, p); a column of ones if an intercept is wanted.
    target : (n,) zeros and ones.
    weights : (B, n), not negative.
    penalties : broadcast to (B, p).
    offset : broadcast to (n,).
    start : broadcast to (B, p); near the answer it saves steps.

    Returns
    -------
    (B, p) coefficients; NaN where there is no maximum within reach (separated classes without a
    penalty, no rows, or collinear columns).
    """
    design, target = np.asarray(design, dtype=float), np.asarray(target, dtype=float)
    weights = np.atleast_2d(np.asarray(weights, dtype=float))
    n, p = design.shape
    penalties = np.broadcast_to(penalties, (len(weights), p)).astype(float)
    offset = np.broadcast_to(offset, n).astype(float)
    first, second = np.triu_indices(p)
    products = design[:, first] * design[:, second]
    fitted = np.broadcast_to(start, (len(weights), p)).astype(float)
    best = _loss(design, target, weights, penalties, offset, fitted)
    # Without a penalty on each, coefficients may run away until rounding stops them.
    free = (penalties == 0).any(axis=1)
    open_ = np.arange(len(weights))
    for _ in range(MOST_STEPS):
        own, b = weights[open_], fitted[open_]
        shares = expit(b @ design.T + offset)
        gradient = (own * (target - shares)) @ design - penalties[open_] * b
        flat = (own * shares * (1 - shares)) @ products
        curvature = np.empty((len(open_), p, p))
        curvature[:, first, second] = flat
        curvature[:, second, first] = flat
        curvature[:, range(p), range(p)] += penalties[open_]
        if free.any():
            roots = np.linalg.eigvalsh(curvature)
            solvable = roots[:, 0] > SINGULAR * roots[:, -1]
            fitted[open_[~solvable]] = np.nan
            open_, own, b = open_[solvable], own[solvable], b[solvable]
            curvature, gradient = curvature[solvable], gradient[solvable]
            if not len(open_):
                break
        step = np.linalg.solve(curvature, gradient[..., None])[..., 0]
        moved, best[open_] = _descend(
            design, target, own, penalties[open_], offset, b, step, best[open_]
        )
        fitted[open_] = moved
        small = np.abs(moved - b).max(axis=1) <= TOLERANCE * (1 + np.abs(moved).max(axis=1))
        open_ = open_[~small]
        if not len(open_):
            break
    fitted[open_] = np.nan
    far = np.abs(fitted @ design.T + offset).max(axis=1, initial=0.0) > FURTHEST
    fitted[free & far] = np.nan
    return fitted


def _loss(design, target, weights, penalties, offset, b) -> np.ndarray:
    """Minus the penalised log-likelihood (B,)."""
    eta = b @ design.T + offset
    fit = (weights * (np.logaddexp(0.0, eta) - target * eta)).sum(axis=1)
    return fit + (penalties * b**2).sum(axis=1) / 2


def _descend(design, target, weights, penalties, offset, b, step, loss):
    """Each step taken whole, or halved until the fit is no worse."""
    moved = b + step
    after = _loss(design, target, weights, penalties, offset, moved)
    for _ in range(30):
        worse = after > loss + 1e-12 * np.abs(loss)
        if not worse.any():
            break
        step = np.where(worse[:, None], step / 2, step)
        moved = b + step
        after = _loss(design, target, weights, penalties, offset, moved)
    return moved, after
