"""How well a factor model fits: chi-square and the indices made from it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.measure.likelihood import Moments

FIT = (
    "chisq",
    "df",
    "p_value",
    "cfi",
    "tli",
    "rmsea",
    "srmr",
    "logl",
    "aic",
    "bic",
    "n",
    "baseline_chisq",
    "baseline_df",
)
SCALED = ("scaling", "chisq_scaled", "p_value_scaled", "cfi_scaled", "tli_scaled", "rmsea_scaled")


def fit_indices(
    moments: list[Moments],
    implied: list[tuple[np.ndarray, np.ndarray]],
    chisq: float,
    parameters: int,
    means: bool,
) -> dict[str, float]:
    """Chi-square, CFI, TLI, RMSEA, SRMR, log likelihood, AIC and BIC as lavaan gives them.

    The baseline model has free variances and means in each group and no covariances. RMSEA is
    multiplied by the root of the number of groups (Steiger 1998, Structural Equation Modeling 5,
    411-419); SRMR takes in the standardised mean residuals where means are modelled and is
    weighted by group size (Bentler 1995, EQS manual).

    Parameters
    ----------
    moments, implied : one per group: sample moments, and the model's covariance and mean
    chisq : n times the discrepancy
    parameters : how many are free
    means : whether the means are modelled

    Returns
    -------
    dict
        ``chisq, df, p_value, cfi, tli, rmsea, srmr, logl, aic, bic, n, baseline_chisq,
        baseline_df``; ``p_value`` is NaN without degrees of freedom
    """
    p, groups = len(moments[0].mean), len(moments)
    n = sum(one.n for one in moments)
    df = groups * (p * (p + 1) // 2 + (p if means else 0)) - parameters
    chisq = max(chisq, 0.0)
    base = sum(
        one.n * (np.log(np.diag(one.covariance)).sum() - np.linalg.slogdet(one.covariance)[1])
        for one in moments
    )
    base_df = groups * p * (p - 1) // 2
    excess, base_excess = max(chisq - df, 0.0), max(base - base_df, chisq - df, 0.0)
    saturated = sum(
        -one.n / 2 * (p * np.log(2 * np.pi) + np.linalg.slogdet(one.covariance)[1] + p)
        for one in moments
    )
    logl = saturated - chisq / 2
    values = (
        chisq,
        df,
        upper_tail(chisq, df),
        1 - excess / base_excess if base_excess > 0 else 1.0,
        _tucker_lewis(chisq, df, base, base_df),
        np.sqrt(excess / (n * df) * groups) if df > 0 else 0.0,
        _standardised_residual(moments, implied, means),
        logl,
        2 * parameters - 2 * logl,
        parameters * np.log(n) - 2 * logl,
        n,
        base,
        base_df,
    )
    return {name: float(value) for name, value in zip(FIT, values, strict=True)}


def scaled_indices(
    fit: Mapping[str, float], scaling: float, baseline_scaling: float, groups: int
) -> dict[str, float]:
    """Chi-square over its scaling factor, and the indices that its expectation then enters.

    With factors c and c_b of the model and the baseline, chi-square - c df stands in place of
    chi-square - df (Brosseau-Liard, Savalei and Li 2012, Multivariate Behavioral Research 47,
    904-930; Brosseau-Liard and Savalei 2014, ibid. 49, 460-470): the indices estimate the same as
    the plain ones do on independent rows.

    Parameters
    ----------
    fit : from ``fit_indices``
    scaling, baseline_scaling : c and c_b
    groups : how many

    Returns
    -------
    dict
        ``scaling, chisq_scaled, p_value_scaled, cfi_scaled, tli_scaled, rmsea_scaled``
    """
    df, base_df = fit["df"], fit["baseline_df"]
    if not df > 0:
        told = {"cfi_scaled": fit["cfi"], "tli_scaled": fit["tli"], "rmsea_scaled": fit["rmsea"]}
        return dict.fromkeys(SCALED, np.nan) | told
    excess = fit["chisq"] - scaling * df
    base_excess = fit["baseline_chisq"] - baseline_scaling * base_df
    most = max(base_excess, excess, 0.0)
    values = (
        scaling,
        fit["chisq"] / scaling,
        upper_tail(fit["chisq"] / scaling, df),
        1 - max(excess, 0.0) / most if most > 0 else 1.0,
        1 - excess / df * base_df / base_excess if base_excess > 0 else np.nan,
        np.sqrt(max(excess, 0.0) / (fit["n"] * df) * groups),
    )
    return {name: float(value) for name, value in zip(SCALED, values, strict=True)}


def upper_tail(chisq: float, df: float, clusters: float = np.inf) -> float:
    """Upper tail of the chi-square distribution; NaN without degrees of freedom.

    With one degree of freedom and ``clusters`` the factor that scaled it is a variance estimated
    from G of them, so that it is taken as F with 1 and G - 1 degrees of freedom. (With more degrees
    of freedom that would reject too seldom.)
    """
    if not df > 0 or np.isnan(chisq):
        return np.nan
    if df == 1 and np.isfinite(clusters):
        from scipy.special import fdtrc

        return float(fdtrc(df, clusters - 1, max(chisq, 0.0) / df))
    from scipy.special import gammaincc

    return float(gammaincc(df / 2, max(chisq, 0.0) / 2))


def _tucker_lewis(chisq: float, df: int, base: float, base_df: int) -> float:
    """TLI; 1 for a model without degrees of freedom, NaN where the baseline fits as expected."""
    if df == 0:
        return 1.0
    room = base / base_df - 1 if base_df else 0.0
    return (base / base_df - chisq / df) / room if room > 0 else np.nan


def _standardised_residual(moments, implied, means: bool) -> float:
    """Root mean square of the residuals over the sample's standard deviations."""
    total = 0.0
    for one, (sigma, mu) in zip(moments, implied, strict=True):
        deviation = np.sqrt(np.diag(one.covariance))
        residual = (one.covariance - sigma) / np.outer(deviation, deviation)
        kept = residual[np.tril_indices(len(mu))]
        if means:
            kept = np.concatenate([kept, (one.mean - mu) / deviation])
        total += one.n * np.sqrt(np.mean(kept**2))
    return total / sum(one.n for one in moments)
