"""Logistic regressions by Newton's method, many sets of weights at once.

One call fits the same design under B sets of weights and penalties: the training parts of all
folds under every penalty, or all samples without one cluster. Each step is one matrix product.
"""

from __future__ import annotations

import numpy as np

#: Steps before a fit counts as without a maximum (as where a predictor separates the classes).
MOST_STEPS = 50
#: Linear predictors beyond this are 0 or 1 to every digit.
FURTHEST = 30.0
#: A curvature whose smallest root is a smaller share of the largest has no inverse.
SINGULAR = 1e-13
#: A last step this small leaves an error of its square.
TOLERANCE = 1e-7
#: No step moves a linear predictor further: Newton's steps then improve the fit without a search.
FURTHEST_STEP = 1.7


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
    eta = offset + design b. With r the largest change of any eta, a step of Newton's changes the
    fit by at least its decrement times 1 - (exp(r) - r - 1) / r^2 (Bach, 2010, Electronic Journal
    of Statistics 4, 384), which is positive below r = 1.79: longer steps are shortened.

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
    p = design.shape[1]
    penalties = np.broadcast_to(penalties, (len(weights), p)).astype(float)
    fitted = np.broadcast_to(start, (len(weights), p)).astype(float)
    eta = fitted @ design.T + offset
    first, second = np.triu_indices(p)
    products = design[:, first] * design[:, second]
    # Without a penalty on each, coefficients may run away until rounding stops them.
    free = (penalties == 0).any(axis=1)
    open_ = np.arange(len(weights))
    for _ in range(MOST_STEPS):
        own, b = weights[open_], fitted[open_]
        shares = 1 / (1 + np.exp(-eta))
        gradient = (own * (target - shares)) @ design - penalties[open_] * b
        flat = (own * shares * (1 - shares)) @ products
        curvature = np.empty((len(open_), p, p))
        curvature[:, first, second] = flat
        curvature[:, second, first] = flat
        curvature[:, range(p), range(p)] += penalties[open_]
        solvable = np.ones(len(open_), dtype=bool)
        if free.any():
            roots = np.linalg.eigvalsh(curvature)
            solvable = roots[:, 0] > SINGULAR * roots[:, -1]
            fitted[open_[~solvable]] = np.nan
            if not solvable.any():
                return fitted
        step = np.linalg.solve(curvature[solvable], gradient[solvable][..., None])[..., 0]
        move = step @ design.T
        shorten = FURTHEST_STEP / np.maximum(np.abs(move).max(axis=1), FURTHEST_STEP)
        step, open_ = step * shorten[:, None], open_[solvable]
        fitted[open_] += step
        left = np.abs(step).max(axis=1) > TOLERANCE * (1 + np.abs(fitted[open_]).max(axis=1))
        eta = (eta[solvable] + move * shorten[:, None])[left]
        open_ = open_[left]
        if not len(open_):
            break
    fitted[open_] = np.nan
    far = np.abs(fitted @ design.T + offset).max(axis=1, initial=0.0) > FURTHEST
    fitted[free & far] = np.nan
    return fitted
