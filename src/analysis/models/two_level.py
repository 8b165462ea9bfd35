"""The linear mixed model with one level of clusters, by (restricted) maximum likelihood.

The covariance Psi of the random effects is searched through a root of it, so that it stays a
covariance matrix, by Newton steps from the exact gradient and Hessian of
``analysis.models.two_level_likelihood``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.models.cluster_sums import ROUNDING
from analysis.models.two_level_likelihood import (
    Products,
    evaluate,
    evaluate_root,
    left_within,
    profile_out_s,
    sum_by_cluster,
)

#: Share of a cluster's variance that lies between clusters: the grid searched first.
SHARES = np.concatenate([np.arange(0, 0.96, 0.06), [0.98, 0.99, 0.999, 0.9999, 0.999999]])
MOST_STEPS = 60

#: The fall of the deviance that a further Newton step would promise, at convergence.
CLOSE_ENOUGH = 1e-10

#: A residual variance this small, beside that of the whole, is rounding.
NOTHING = 1e-10

#: A principal standard deviation below this, beside the error of a cluster's mean, is 0.
SINGULAR = 1e-4


@dataclass(frozen=True)
class TwoLevelFit:
    """A fitted model in the data's own units.

    ``b`` (p,), ``covariance`` (p, p), ``random`` (q, q) covariance of the random effects and
    ``random_error`` (q, q) standard errors of its entries (NaN where singular), ``residual`` and
    ``residual_error`` the residual variance and its standard error, ``loglik``; ``singular`` says
    that the covariance lies at the edge of what is possible, ``reason`` why there is no fit, or ''.
    """

    b: np.ndarray
    covariance: np.ndarray
    random: np.ndarray
    random_error: np.ndarray
    residual: float
    residual_error: float
    loglik: float
    singular: bool
    reason: str
    _slopes: np.ndarray
    _spread: np.ndarray

    def contrast(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Estimates, standard errors and Satterthwaite df of sums of coefficients, weights (k, p).

        df = 2 v^2 / (g' A g): v the contrast's variance, g its gradient by the variance parameters,
        A their covariance from the Hessian of the deviance (Kuznetsova, Brockhoff and Christensen,
        2017, Journal of Statistical Software 82(13)).
        """
        variance = _quadratic(self.covariance, weights)
        gradient = np.stack([_quadratic(slope, weights) for slope in self._slopes], axis=-1)
        spread = ((gradient @ self._spread) * gradient).sum(axis=-1)
        return weights @ self.b, np.sqrt(variance), 2 * variance**2 / spread


def fit_two_level_arrays(
    y: np.ndarray,
    X: np.ndarray,
    Z: np.ndarray,
    codes: np.ndarray,
    n_clusters: int,
    reml: bool = True,
) -> TwoLevelFit:
    """Fit y on X (n, p) with random effects of Z (n, q; q = 1: ones) for every cluster.

    Parameters
    ----------
    y, X : outcome and predictors; X has full rank and n > p.
    Z : a column of ones, then the random slopes.
    codes, n_clusters : each row's cluster number, and how many there are.

    Returns
    -------
    TwoLevelFit
        with ``reason`` if there is nothing left to tell within clusters or the search failed.
    """
    q = Z.shape[1]
    Q, R = np.linalg.qr(X)
    plain = Q.T @ y
    e = y - Q @ plain
    e -= Q @ (Q.T @ e)
    size = float(np.sqrt((e**2).mean()))
    if size <= ROUNDING * np.sqrt((y**2).mean()):
        return _no_fit(X.shape[1], q, "the predictors leave no variance in the outcome")
    turn = _centring(Z)
    products = sum_by_cluster(Z @ np.linalg.inv(turn), Q, e / size, codes, n_clusters, reml)
    psi, reason = _search(products)
    if reason:
        return _no_fit(X.shape[1], q, reason)
    return _in_own_units(products, psi, np.linalg.inv(turn), R, plain, size)


def _centring(Z: np.ndarray) -> np.ndarray:
    """T (q, q) with Z = W T, W the same effects with slopes centred and scaled."""
    turn = np.eye(Z.shape[1])
    slopes = Z[:, 1:]
    if slopes.size:
        turn[0, 1:] = slopes.mean(axis=0)
        turn[range(1, len(turn)), range(1, len(turn))] = slopes.std(axis=0)
    return turn


def _along_principal_axes(psi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A root of Psi and the directions (k, q, q) in which it may move, from Psi's own axes.

    Psi = U D U' has the root U D^(1/2), D falling; it moves along U E, E the entries of a lower
    triangle. With the axes fixed a singular Psi may lie at the end of a long bent valley.
    """
    values, vectors = np.linalg.eigh(psi)
    values, vectors = values[::-1].clip(0), vectors[:, ::-1]
    rows, columns = np.tril_indices(len(psi))
    units = np.zeros((len(rows), *psi.shape))
    units[np.arange(len(rows)), rows, columns] = 1
    return vectors * np.sqrt(values), vectors @ units


def _search(products: Products) -> tuple[np.ndarray, str]:
    """Psi (q, q) at the smallest deviance, and why there is none, or ''."""
    q = products.zz.shape[1]
    if left_within(products) < NOTHING * products.ee:
        return np.full((q, q), np.nan), "no variance is left within clusters"
    if q == 1:
        starts = [np.array([[start]]) for start in _grid_starts(products)]
    else:
        starts = [scale / products.typical_size * np.eye(q) for scale in (4.0, 0.25)]
    found = [_descend(products, start) for start in starts]
    found = [one for one in found if one is not None]
    if not found:
        return np.full((q, q), np.nan), "the search for the variances did not converge"
    return min(found, key=lambda one: one[1])[0], ""


def _grid_starts(products: Products) -> list[float]:
    """Starting values of one variance: the dips of the deviance on a grid, 0 among them.

    The restricted likelihood of a random intercept may have two peaks, so that a search from one
    place is not enough.
    """
    size = products.zz[:, 0, 0]
    psi = SHARES / (1 - SHARES) / np.median(size)
    weight = psi[:, None] / (1 + psi[:, None] * size)
    right = np.column_stack([products.zx[:, 0], products.ze[:, 0]])
    p = products.p
    pairs = (right[:, :, None] * right[:, None, :]).reshape(len(size), -1)
    whole = np.diag(np.append(np.ones(p), products.ee)) - (weight @ pairs).reshape(-1, p + 1, p + 1)
    log_x = np.linalg.slogdet(whole[:, :p, :p])[1]
    s2 = np.exp(np.linalg.slogdet(whole)[1] - log_x) / products.m
    deviance = np.log1p(psi[:, None] * size).sum(axis=1) + products.m * np.log(s2)
    deviance += log_x if products.reml else 0
    padded = np.concatenate([[np.inf], deviance, [np.inf]])
    dips = (deviance <= padded[:-2]) & (deviance <= padded[2:])
    return list(np.where(psi > 0, psi, psi[1] / 4)[dips])


def _descend(products: Products, psi: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Psi and the deviance at the bottom, by damped Newton steps; None if it is not reached."""
    damping = 0.0
    root, moves = _along_principal_axes(psi)
    point, gradient, hessian, _ = evaluate_root(products, root, moves)
    for _ in range(MOST_STEPS):
        values, vectors = np.linalg.eigh(profile_out_s(hessian))
        # A saddle or a flat direction is walked down too: only the size of the bend counts.
        steepest = max(np.abs(values).max(), 1e-8)
        bend = np.maximum(np.abs(values), 1e-9 * steepest) + damping * steepest
        step = -vectors @ ((vectors.T @ gradient) / bend)
        promised = -float(gradient @ step)
        arrived = promised < CLOSE_ENOUGH and damping == 0
        if arrived and values[0] < -1e-6 * steepest:
            # A ridge: a variance of exactly 0 that ought not to be. Either side will do.
            step, arrived = step + 0.1 / np.sqrt(products.typical_size) * vectors[:, 0], False
        trial = root + np.einsum("k,kij->ij", step, moves)
        deviance = evaluate(products, trial @ trial.T).deviance
        if arrived:
            return trial @ trial.T, deviance
        if deviance <= point.deviance + 1e-12 * abs(point.deviance):
            root, moves = _along_principal_axes(trial @ trial.T)
            point, gradient, hessian, _ = evaluate_root(products, root, moves)
            damping = damping / 10 if damping > 1e-5 else 0.0
        elif damping > 1e9:
            break
        else:
            damping = max(10 * damping, 1e-3)
    return None


def _in_own_units(
    products: Products,
    psi: np.ndarray,
    back: np.ndarray,
    R: np.ndarray,
    plain: np.ndarray,
    size: float,
) -> TwoLevelFit:
    """The fit at Psi, from orthonormal X, centred slopes and scaled residuals to the data's."""
    root, moves = _along_principal_axes(psi)
    lengths = np.sqrt((root**2).sum(axis=0) * products.typical_size)
    singular = bool((lengths < SINGULAR).any())
    root = np.where(lengths < SINGULAR, 0.0, root)
    psi = root @ root.T
    point, _, hessian, changes = evaluate_root(products, root, moves)
    spread = 2 * _generalised_inverse(hessian)
    inverse_R = np.linalg.inv(R)
    slopes = size**2 * inverse_R @ changes @ inverse_R.T
    errors = np.full(psi.shape, np.nan)
    half = moves @ root.T
    by_root = point.s2 * (half + half.transpose(0, 2, 1))
    by_all = np.concatenate([by_root, [2 * np.sqrt(point.s2) * psi]])
    by_all = size**2 * back @ by_all @ back.T
    if not singular:
        errors = np.sqrt(np.einsum("aij,ab,bij->ij", by_all, spread, by_all))
    log_scale = products.m * np.log(size**2)
    if products.reml:
        log_scale += 2 * np.log(np.abs(np.diag(R))).sum()
    return TwoLevelFit(
        b=inverse_R @ (plain + size * point.g),
        covariance=size**2 * point.s2 * inverse_R @ point.inverse @ inverse_R.T,
        random=size**2 * point.s2 * back @ psi @ back.T,
        random_error=errors,
        residual=float(size**2 * point.s2),
        residual_error=float(2 * size**2 * np.sqrt(point.s2 * spread[-1, -1])),
        loglik=-0.5 * (point.deviance + log_scale),
        singular=singular,
        reason="",
        _slopes=slopes,
        _spread=spread,
    )


def _generalised_inverse(hessian: np.ndarray) -> np.ndarray:
    """The inverse of the directions that bend, judged free of their units, as lmerTest takes it."""
    bends = np.diag(hessian)
    unit = 1 / np.sqrt(np.where(bends > 0, bends, 1.0))
    values, vectors = np.linalg.eigh(hessian * np.outer(unit, unit))
    kept = values > 1e-8 * values.max()
    inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    return inverse * np.outer(unit, unit)


def _quadratic(matrix: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """w M w' of each row of weights (k, p)."""
    return ((weights @ matrix) * weights).sum(axis=-1)


def _no_fit(p: int, q: int, reason: str) -> TwoLevelFit:
    unknown = np.full((q, q), np.nan)
    return TwoLevelFit(
        b=np.full(p, np.nan),
        covariance=np.full((p, p), np.nan),
        random=unknown,
        random_error=unknown,
        residual=np.nan,
        residual_error=np.nan,
        loglik=np.nan,
        singular=False,
        reason=reason,
        _slopes=np.full((1, p, p), np.nan),
        _spread=np.full((1, 1), np.nan),
    )
