"""Internal consistency of a set of items: Cronbach's alpha and McDonald's omega."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

FEWEST_ITEMS = 3  # a one-factor model of fewer items has more unknowns than covariances


def cronbach_alpha(items: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Coefficient alpha of a sum of items, with Feldt's interval.

    alpha = k / (k - 1) (1 - sum of item variances / variance of the sum) (Cronbach 1951,
    Psychometrika 16, 297-334). The interval rests on (1 - alpha) / (1 - estimate) being F with
    n - 1 and (n - 1)(k - 1) degrees of freedom (Feldt 1965, Psychometrika 30, 357-370), exact for
    independent persons and parallel normal items.

    Parameters
    ----------
    items : one row per answer sheet, one column per item, reversed items already turned; rows with
        a missing answer are left out
    confidence : level of the interval

    Returns
    -------
    DataFrame
        one row: ``estimate, conf_low, conf_high, n`` (complete rows), ``method``, ``note`` (why
        there is no estimate, or a caution, or '')

    Examples
    --------
    >>> items = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 4, 4], "c": [1, 3, 3, 5]})
    >>> round(float(cronbach_alpha(items)["estimate"].iloc[0]), 4)
    0.9474
    """
    values, reason = _complete(items, fewest=2)
    n, k = values.shape
    if reason:
        return _row("cronbach_alpha", n=n, note=reason)
    covariance = np.cov(values, rowvar=False)
    total = covariance.sum()
    if total <= 1e-12 * np.trace(covariance):
        return _row("cronbach_alpha", n=n, note="the items cancel out: their sum does not vary")
    alpha = k / (k - 1) * (1 - np.trace(covariance) / total)
    from scipy.special import fdtri

    tail = (1 - confidence) / 2
    upper, lower = (fdtri(n - 1, (n - 1) * (k - 1), p) for p in (1 - tail, tail))
    note = "negative: items run against each other (is one left unreversed?)" if alpha < 0 else ""
    return _row("cronbach_alpha", alpha, 1 - (1 - alpha) * upper, 1 - (1 - alpha) * lower, n, note)


def mcdonald_omega(items: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Coefficient omega of a sum of items under one factor, with a delta-method interval.

    omega = (sum of loadings)^2 / ((sum of loadings)^2 + sum of unique variances), from a one-factor
    model with factor variance 1, fitted by maximum likelihood (McDonald 1999, Test Theory, chapter
    6). The interval takes the expected information and normal independent answers.

    Parameters and returned columns as ``cronbach_alpha``, ``method`` being ``mcdonald_omega``.
    There is no estimate for fewer than three items, for a model that does not converge, or for one
    with a negative unique variance (a Heywood case); ``note`` says which.
    """
    values, reason = _complete(items, fewest=FEWEST_ITEMS)
    n = len(values)
    if reason:
        return _row("mcdonald_omega", n=n, note=reason)
    fit = fit_one_factor(np.cov(values, rowvar=False, bias=True))
    if fit.reason:
        return _row("mcdonald_omega", n=n, note=fit.reason)
    from scipy.special import ndtri

    estimate = fit.omega
    half = float(ndtri((1 + confidence) / 2)) * fit.omega_std_error(n)
    note = "an item loads against the others (is one left unreversed?)"
    note = note if (fit.loadings < 0).any() else ""
    return _row("mcdonald_omega", estimate, estimate - half, min(estimate + half, 1.0), n, note)


def omega_from_covariance(covariance: np.ndarray, start: OneFactor | None = None) -> float:
    """Omega of a covariance matrix of items; NaN where the one-factor model cannot be had.

    ``start`` is a model fitted to nearly the same matrix, as in a jackknife: it saves steps.
    """
    fit = fit_one_factor(np.asarray(covariance, dtype=float), start=start)
    return fit.omega if not fit.reason else float("nan")


def omegas_near(covariances: np.ndarray, start: OneFactor) -> np.ndarray:
    """Omega of each of (G, k, k) covariance matrices that differ little, as in a jackknife.

    Newton steps for all at once from a model fitted to nearly the same matrix; one that does not
    settle within a few is fitted by itself. NaN where the one-factor model cannot be had.
    """
    scale = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    usable = np.isfinite(scale).all(axis=1) & (scale > 0).all(axis=1) & (not start.reason)
    found = np.full(len(covariances), np.nan)
    settled = np.zeros(len(covariances), dtype=bool)
    if usable.any():
        own = scale[usable]
        S = covariances[usable] / (own[:, :, None] * own[:, None, :])
        loadings, unique, near = _settle(S, start.loadings / own, start.unique / own**2)
        common = (loadings * own).sum(axis=1) ** 2
        omegas = common / (common + (unique * own**2).sum(axis=1))
        settled[usable] = near & (unique > 0).all(axis=1)
        found[usable] = omegas
    for place in np.flatnonzero(~settled):
        found[place] = omega_from_covariance(covariances[place], start=start)
    return found


def _settle(
    S: np.ndarray, loadings: np.ndarray, unique: np.ndarray, most_steps: int = 8
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Newton steps on many correlation matrices; which of them came to rest at a minimum."""
    k = S.shape[1]
    theta = np.concatenate([loadings, unique], axis=1)
    for _ in range(most_steps):
        gradient, hessian = _slopes(S, theta[:, :k], theta[:, k:])
        try:
            step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            break
        theta = theta - step
        if np.abs(step).max() < 1e-10:
            convex = np.linalg.eigvalsh(hessian)[:, 0] > 0
            return theta[:, :k], theta[:, k:], convex
    return theta[:, :k], theta[:, k:], np.zeros(len(S), dtype=bool)


def _slopes(
    S: np.ndarray, loadings: np.ndarray, unique: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """``_slope`` and ``_curvature`` of many matrices at once."""
    k = S.shape[1]
    diagonal = unique[:, :, None] * np.eye(k)
    W = np.linalg.inv(loadings[:, :, None] * loadings[:, None, :] + diagonal)
    V = W @ S @ W
    G = W - V
    a = (W @ loadings[:, :, None])[:, :, 0]
    b = (V @ loadings[:, :, None])[:, :, 0]
    gradient = np.concatenate([2 * (a - b), np.diagonal(G, axis1=1, axis2=2)], axis=1)
    c = (loadings * a).sum(axis=1)[:, None, None]
    d = (loadings * b).sum(axis=1)[:, None, None]
    ab = a[:, :, None] * b[:, None, :]
    among = ab + ab.transpose(0, 2, 1) - a[:, :, None] * a[:, None, :]
    among = 2 * (among + (d - c) * W + c * V + W - V)
    mixed = 2 * (W * (b - a)[:, None, :] + V * a[:, None, :])
    hessian = np.empty((len(S), 2 * k, 2 * k))
    hessian[:, :k, :k], hessian[:, :k, k:] = among, mixed
    hessian[:, k:, :k], hessian[:, k:, k:] = mixed.transpose(0, 2, 1), W * (2 * V - W)
    return gradient, hessian


@dataclass(frozen=True)
class OneFactor:
    """A fitted one-factor model; ``reason`` says why it is none, or is ''."""

    loadings: np.ndarray
    unique: np.ndarray
    reason: str = ""

    @property
    def omega(self) -> float:
        """(sum of loadings)^2 over itself plus the unique variances."""
        common = self.loadings.sum() ** 2
        return float(common / (common + self.unique.sum()))

    def omega_std_error(self, n: int) -> float:
        """Delta-method standard error of omega from the expected information of n persons."""
        _, hessian = _slope(np.eye(len(self.loadings)), self.loadings, self.unique)
        total, unique = self.loadings.sum(), self.unique.sum()
        whole = (total**2 + unique) ** 2
        k = len(self.loadings)
        slope = np.concatenate(
            [np.full(k, 2 * total * unique / whole), np.full(k, -(total**2) / whole)]
        )
        return float(np.sqrt(slope @ np.linalg.solve(n / 2 * hessian, slope)))


def fit_one_factor(
    covariance: np.ndarray, most_steps: int = 200, start: OneFactor | None = None
) -> OneFactor:
    """Maximum-likelihood one-factor model of a covariance matrix, factor variance 1.

    Minimises log|Sigma| + tr(S Sigma^-1), Sigma = l l' + diag(u) (Jöreskog 1967, Psychometrika 32,
    443-482), by Newton steps where the discrepancy is convex and Fisher scoring elsewhere, halved
    until it falls. Scale does not matter: the matrix is brought to correlations first and back
    afterwards.
    """
    k = len(covariance)
    nothing = np.full(k, np.nan)
    scale = np.sqrt(np.diag(covariance)) if np.all(np.isfinite(covariance)) else np.zeros(k)
    if k < FEWEST_ITEMS:
        return OneFactor(nothing, nothing, f"omega needs at least {FEWEST_ITEMS} items")
    if np.any(scale <= 0):
        return OneFactor(nothing, nothing, "an item does not vary")
    S = covariance / np.outer(scale, scale)
    if np.linalg.eigvalsh(S)[0] < 1e-10:
        return OneFactor(nothing, nothing, "the items' covariance matrix is singular")
    begin = (
        _start(S)
        if start is None or start.reason
        else (
            start.loadings / scale,
            start.unique / scale**2,
        )
    )
    loadings, unique, converged = _minimise(S, *begin, most_steps)
    if (unique <= 0).any():
        reason = "an item's unique variance is not positive (a Heywood case)"
    else:
        reason = "" if converged else "the one-factor model did not converge"
    if loadings.sum() < 0:
        loadings = -loadings
    return OneFactor(loadings * scale, unique * scale**2, reason)


def _minimise(
    S: np.ndarray, loadings: np.ndarray, unique: np.ndarray, most_steps: int
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Loadings and unique variances for a correlation matrix, and whether they are a minimum."""
    k = len(S)
    value = _discrepancy(S, loadings, unique)
    for _ in range(most_steps):
        gradient, expected = _slope(S, loadings, unique)
        try:
            step = _solve_convex(_curvature(S, loadings, unique), gradient)
            step = np.linalg.solve(expected, gradient) if step is None else step
        except np.linalg.LinAlgError:
            return loadings, unique, False
        size = 1.0
        while size > 1e-8:
            new_l, new_u = loadings - size * step[:k], unique - size * step[k:]
            new_value = _discrepancy(S, new_l, new_u)
            if new_value <= value + 1e-14:
                break
            size /= 2
        else:
            # Rounding hides any further fall: at a minimum when the slope is flat.
            return loadings, unique, bool(np.abs(gradient).max() < 1e-6)
        loadings, unique, value = new_l, new_u, new_value
        if np.abs(size * step).max() < 1e-10:
            return loadings, unique, True
        if unique.min() < -1:  # no way back from there: the discrepancy falls without end
            return loadings, unique, False
    return loadings, unique, False


def _start(S: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Loadings of the first principal component, shrunk so that every unique variance is left."""
    values, vectors = np.linalg.eigh(S)
    loadings = vectors[:, -1] * np.sqrt(values[-1])
    loadings = np.clip(loadings * 0.8, -0.95, 0.95)
    return loadings, 1 - loadings**2


def _discrepancy(S: np.ndarray, loadings: np.ndarray, unique: np.ndarray) -> float:
    """log|Sigma| + tr(S Sigma^-1); infinite where Sigma is not positive definite."""
    sigma = np.outer(loadings, loadings) + np.diag(unique)
    try:
        root = np.linalg.cholesky(sigma)
    except np.linalg.LinAlgError:
        return np.inf
    inner = np.linalg.solve(root, S)
    return float(2 * np.log(np.diag(root)).sum() + np.trace(np.linalg.solve(root.T, inner)))


def _slope(
    S: np.ndarray, loadings: np.ndarray, unique: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and expected Hessian of the discrepancy in (loadings, unique variances)."""
    W = np.linalg.inv(np.outer(loadings, loadings) + np.diag(unique))
    G = W - W @ S @ W
    a = W @ loadings
    gradient = np.concatenate([2 * G @ loadings, np.diag(G)])
    mixed = 2 * W * a
    hessian = np.block([[2 * np.outer(a, a) + 2 * (loadings @ a) * W, mixed], [mixed.T, W**2]])
    return gradient, hessian


def _curvature(S: np.ndarray, loadings: np.ndarray, unique: np.ndarray) -> np.ndarray:
    """The discrepancy's Hessian itself, which Fisher scoring replaces by its expectation."""
    W = np.linalg.inv(np.outer(loadings, loadings) + np.diag(unique))
    V = W @ S @ W
    a, b = W @ loadings, V @ loadings
    c, d = loadings @ a, loadings @ b
    among = 2 * (np.outer(a, b) + np.outer(b, a) - np.outer(a, a) + (d - c) * W + c * V + W - V)
    mixed = 2 * (W * (b - a) + V * a)
    return np.block([[among, mixed], [mixed.T, W * (2 * V - W)]])


def _solve_convex(hessian: np.ndarray, gradient: np.ndarray) -> np.ndarray | None:
    """The Newton step; None where the curvature is not positive definite."""
    try:
        np.linalg.cholesky(hessian)
    except np.linalg.LinAlgError:
        return None
    return np.linalg.solve(hessian, gradient)


def _complete(items: pd.DataFrame, fewest: int) -> tuple[np.ndarray, str]:
    """Complete rows, and why they do not allow an estimate."""
    values = items.dropna().to_numpy(dtype=float)
    n, k = values.shape
    if k < fewest:
        return values, f"{k} item{'' if k == 1 else 's'}; at least {fewest} are needed"
    if not np.isfinite(values).all():
        return values, "an answer is infinite"
    if n < 3:
        return values, f"{n} complete answer sheets; at least 3 are needed"
    constant = [
        str(name)
        for name, spread in zip(items.columns, np.ptp(values, 0), strict=True)
        if spread == 0
    ]
    if constant:
        return values, f"no variance in {', '.join(constant)}"
    if fewest == FEWEST_ITEMS and n <= k:
        return values, f"{n} complete answer sheets for {k} items: a model needs more"
    return values, ""


def _row(
    method: str,
    estimate: float = np.nan,
    conf_low: float = np.nan,
    conf_high: float = np.nan,
    n: int = 0,
    note: str = "",
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "estimate": [float(estimate)],
            "conf_low": [float(conf_low)],
            "conf_high": [float(conf_high)],
            "n": [n],
            "method": [method],
            "note": [note],
        }
    )
