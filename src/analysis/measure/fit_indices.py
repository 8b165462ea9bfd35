"""How well a factor model fits: chi-square and the indices made from it."""

from __future__ import annotations

import numpy as np

from analysis.measure.likelihood import Moments

FIT = ("chisq", "df", "p_value", "cfi", "tli", "rmsea", "srmr", "logl", "aic", "bic", "n")


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
        ``chisq, df, p_value, cfi, tli, rmsea, srmr, logl, aic, bic, n``; ``p_value`` is NaN
        without degrees of freedom
    """
    from scipy.special import gammaincc

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
        gammaincc(df / 2, chisq / 2) if df > 0 else np.nan,
        1 - excess / base_excess if base_excess > 0 else 1.0,
        _tucker_lewis(chisq, df, base, base_df),
        np.sqrt(excess / (n * df) * groups) if df > 0 else 0.0,
        _standardised_residual(moments, implied, means),
        logl,
        2 * parameters - 2 * logl,
        parameters * np.log(n) - 2 * logl,
        n,
    )
    return {name: float(value) for name, value in zip(FIT, values, strict=True)}


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
