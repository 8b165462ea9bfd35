"""Random effects: several estimates of one thing, how far they differ, and what a new one may be.

The effects of k studies have known sampling variances v and a variance tau2 of their own between
studies: y_i ~ N(x_i b, v_i + tau2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

METHODS = ("reml", "dl")

#: A Knapp-Hartung standard error below this share of the usual one is told of.
NARROW = 0.95


@dataclass(frozen=True)
class RandomEffectsFit:
    """Coefficients (p,), their covariances (p, p) and residual degrees of freedom k - p.

    ``tau2`` is the variance between studies, ``q`` the sum of squared residuals weighted by 1 / v,
    ``typical`` the typical sampling variance and ``spread`` Knapp and Hartung's factor: the mean
    square of the residuals weighted by 1 / (v + tau2), 1 where the studies differ as they should.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    df: int
    tau2: float
    q: float
    typical: float
    spread: float

    @property
    def flat(self) -> bool:
        """Whether the effects lie on the regression: nothing then tells a standard error."""
        return self.spread <= 1e-12

    @property
    def i2(self) -> float:
        """Share of the variance of the estimates that lies between studies, in per cent."""
        return 100 * self.tau2 / (self.tau2 + self.typical)


def fit_random_effects(
    effects: np.ndarray, variances: np.ndarray, design: np.ndarray, method: str = "reml"
) -> RandomEffectsFit:
    """Random-effects regression of k effects on a design (k, p) of full rank, k > p.

    tau2 maximises the restricted likelihood (``reml``; Raudenbush, 2009, in The Handbook of
    Research Synthesis and Meta-Analysis, 2nd ed., 295-315) or solves Q = its expectation (``dl``;
    DerSimonian and Laird, 1986, Controlled Clinical Trials 7, 177), never below 0.
    """
    q, fixed_trace = _cochran(effects, variances, design)
    df = len(effects) - design.shape[1]
    if method == "dl":
        tau2 = max((q - df) / fixed_trace, 0.0)
    else:
        tau2 = _restricted_maximum(effects, variances, design)
    _, projection = _project(effects, variances + tau2, design)
    weight = 1 / (variances + tau2)
    covariance = np.linalg.inv(design.T @ (weight[:, None] * design))
    coefficients = covariance @ (design.T @ (weight * effects))
    spread = max(float(effects @ projection @ effects) / df, 0.0)
    return RandomEffectsFit(coefficients, covariance, df, tau2, q, df / fixed_trace, spread)


def random_effects(
    effects: Sequence[float],
    variances: Sequence[float],
    method: str = "reml",
    knapp_hartung: bool = False,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row: the mean of k effects, the variance between them, and where a new one may lie.

    Parameters
    ----------
    effects : (k,) estimates, on a scale where they are about normal (Fisher's z, D).
    variances : (k,) their sampling variances, above 0.
    method : estimator of tau2, ``reml`` or ``dl``.
    knapp_hartung : standard error from the spread found, with t on k - 1 degrees of freedom
        (Knapp and Hartung, 2003, Statistics in Medicine 22, 2693); otherwise normal.
    confidence : level of both intervals.

    Returns
    -------
    DataFrame
        ``k, estimate, std_error, conf_low, conf_high, df`` (NaN for normal), ``tau2``, ``i2`` (per
        cent), ``q``, ``pred_low, pred_high`` (mean +- quantile x sqrt(std_error^2 + tau2): t with
        k - 1 degrees of freedom under Knapp-Hartung, else normal) and ``note``. One effect alone is
        returned with its own normal interval and NaN for all that needs a second.

    Raises ValueError for unequal lengths, no effect, a variance that is not above 0, an unknown
    method or level. Agrees with metafor 3.8 (``rma``, ``predict``). With few effects tau2 is often
    found to be 0 when it is not, and the prediction interval covers too little: simulated .87
    for 95 % with eight effects of which half the variance lies between studies, .94 with forty.

    Examples
    --------
    >>> row = random_effects([0.1, 0.3, 0.5], [0.01, 0.01, 0.01]).iloc[0]
    >>> round(float(row["estimate"]), 3), round(float(row["tau2"]), 3)
    (0.3, 0.03)
    """
    y, v = _checked(effects, variances, method, confidence)
    k, tail = len(y), (1 + confidence) / 2
    if k == 1:
        half = float(ndtri(tail) * np.sqrt(v[0]))
        own = {"estimate": y[0], "std_error": np.sqrt(v[0])}
        own |= {"conf_low": y[0] - half, "conf_high": y[0] + half}
        return _row(1, own, "one effect alone: nothing to synthesise")
    fit = fit_random_effects(y, v, np.ones((k, 1)), method)
    mean, variance, note = float(fit.coefficients[0]), float(fit.covariance[0, 0]), ""
    quantile = float(stdtrit(k - 1, tail)) if knapp_hartung else float(ndtri(tail))
    if knapp_hartung:
        variance *= fit.spread
        if fit.flat:
            variance, note = np.nan, "no interval: the effects do not differ at all"
        elif np.sqrt(fit.spread) < NARROW:
            note = (
                "the effects differ less than chance alone would have them: the Knapp-Hartung "
                f"standard error is {np.sqrt(fit.spread):.2f} times the usual one"
            )
    half = quantile * np.sqrt(variance)
    reach = quantile * np.sqrt(variance + fit.tau2)
    found = {
        "estimate": mean,
        "std_error": np.sqrt(variance),
        "conf_low": mean - half,
        "conf_high": mean + half,
        "df": k - 1 if knapp_hartung else np.nan,
        "tau2": fit.tau2,
        "i2": fit.i2,
        "q": fit.q,
        "pred_low": mean - reach,
        "pred_high": mean + reach,
    }
    return _row(k, found, note)


def tau2_interval(
    effects: np.ndarray, variances: np.ndarray, confidence: float = 0.95
) -> tuple[float, float]:
    """Q-profile interval of tau2: where Q(tau2) equals a chi-square's two quantiles, k - 1 df.

    Q(t) = sum of squared residuals about the mean weighted by 1 / (v + t), which falls with t; a
    limit below 0 is 0. Source: Viechtbauer (2007), Statistics in Medicine 26, 37. Takes what
    ``random_effects`` takes; NaN for one effect.
    """
    from scipy.optimize import brentq
    from scipy.stats import chi2

    y, v = _checked(effects, variances, "reml", confidence)
    if len(y) < 2:
        return np.nan, np.nan
    design = np.ones((len(y), 1))

    def generalised_q(tau2: float) -> float:
        return float(y @ _project(y, v + tau2, design)[1] @ y)

    limits = []
    for tail in ((1 + confidence) / 2, (1 - confidence) / 2):
        wanted = float(chi2.ppf(tail, len(y) - 1))
        if generalised_q(0.0) <= wanted:
            limits.append(0.0)
            continue
        high = float(np.var(y) + v.max())
        while generalised_q(high) > wanted:
            high *= 2
        limits.append(brentq(lambda t, w=wanted: generalised_q(t) - w, 0.0, high, xtol=1e-14))
    return limits[0], limits[1]


def _checked(
    effects: Sequence[float], variances: Sequence[float], method: str, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    y, v = np.asarray(effects, dtype=float), np.asarray(variances, dtype=float)
    if y.ndim != 1 or y.shape != v.shape or len(y) == 0:
        raise ValueError(f"give as many variances as effects, at least one: {y.shape}, {v.shape}")
    if not np.isfinite(y).all() or not np.isfinite(v).all() or (v <= 0).any():
        raise ValueError("every effect must be a number and every variance above 0")
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}, not '{method}'")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence = {confidence} must lie between 0 and 1")
    return y, v


def _row(k: int, found: dict[str, float], note: str) -> pd.DataFrame:
    names = ("estimate", "std_error", "conf_low", "conf_high", "df")
    names += ("tau2", "i2", "q", "pred_low", "pred_high")
    row = {"k": k} | {name: float(found.get(name, np.nan)) for name in names} | {"note": note}
    return pd.DataFrame([row])


def _project(
    effects: np.ndarray, variances: np.ndarray, design: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted residuals P y and P = W - W X (X' W X)^-1 X' W, W the inverse variances."""
    weight = np.diag(1 / variances)
    weighted = weight @ design
    projection = weight - weighted @ np.linalg.solve(design.T @ weighted, weighted.T)
    return projection @ effects, projection


def _cochran(effects: np.ndarray, variances: np.ndarray, design: np.ndarray) -> tuple[float, float]:
    """Q and the trace of P, both at tau2 = 0."""
    residual, projection = _project(effects, variances, design)
    return float(effects @ residual), float(np.trace(projection))


def _restricted_maximum(effects: np.ndarray, variances: np.ndarray, design: np.ndarray) -> float:
    """The tau2 of the highest restricted likelihood: the best of a grid, then its score's root.

    The likelihood may have several tops, so the grid comes first; the root gives all digits.
    """
    from scipy.optimize import brentq

    def score(tau2: float) -> float:
        residual, projection = _project(effects, variances + tau2, design)
        return float(residual @ residual - np.trace(projection))

    largest = 10 * (float(np.var(effects)) + float(variances.max()))
    grid = np.concatenate([[0.0], np.geomspace(1e-8 * largest, largest, 200)])
    heights = [_restricted_likelihood(effects, variances + t, design) for t in grid]
    best = int(np.argmax(heights))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    if score(low) <= 0 or score(high) >= 0:
        return 0.0 if best == 0 else float(grid[best])
    return float(brentq(score, low, high, xtol=1e-16, rtol=1e-14))


def _restricted_likelihood(effects: np.ndarray, variances: np.ndarray, design: np.ndarray) -> float:
    """Twice the restricted log-likelihood, but for a constant."""
    residual, _ = _project(effects, variances, design)
    information = design.T @ (design / variances[:, None])
    return float(-np.log(variances).sum() - np.linalg.slogdet(information)[1] - effects @ residual)
