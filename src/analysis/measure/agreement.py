"""How far two raters of the same dyads agree: intraclass correlations and profiles."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: The family in the order of its rows (McGraw and Wong 1996): one rating, then the raters' mean.
ICCS = ("ICC(1)", "ICC(A,1)", "ICC(C,1)", "ICC(k)", "ICC(A,k)", "ICC(C,k)")
NO_LIMITS = "no interval: its limits leave the range of the coefficient"
FEWEST_ELEMENTS = 3  # a correlation of two points is always 1 or -1


def intraclass_correlations(ratings: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """The family of intraclass correlations with F intervals that take targets as independent.

    With mean squares R (targets), C (raters), E (residual) and W (within targets), n targets and k
    raters: ICC(1) = (R - W) / (R + (k - 1) W); ICC(A,1) = (R - E) / (R + (k - 1) E + k (C - E) /
    n), agreement in level too; ICC(C,1) = (R - E) / (R + (k - 1) E), consistency whatever the
    level; those of the mean of k raters by Spearman and Brown (Shrout and Fleiss 1979,
    Psychological Bulletin 86, 420-428; McGraw and Wong 1996, Psychological Methods 1, 30-46, whose
    intervals these are).

    Parameters
    ----------
    ratings : one row per target, one column per rater; rows with a missing rating are left out
    confidence : level of the intervals

    Returns
    -------
    DataFrame
        six rows: ``term`` (see ``ICCS``), ``estimate, statistic`` (F), ``df`` (its first),
        ``p_value, conf_low, conf_high, n, note``; NaN with a reason where there is none

    Examples
    --------
    >>> ratings = pd.DataFrame({"a": [9, 6, 8, 7, 10, 6], "b": [2, 1, 4, 1, 5, 2]})
    >>> round(float(intraclass_correlations(ratings)["estimate"].iloc[2]), 4)
    0.9216
    """
    values = ratings.dropna().to_numpy(dtype=float)
    n, k = values.shape
    if k < 2:
        return _no_iccs(n, "one rater: nobody to agree with")
    if n < 3:
        return _no_iccs(n, f"{n} targets with every rating; at least 3 are needed")
    if not np.isfinite(values).all():
        return _no_iccs(n, "a rating is infinite")
    mean, covariance = values.mean(axis=0), np.cov(values, rowvar=False)
    if np.trace(covariance) <= 1e-12 * (1 + np.abs(mean).max()) ** 2:
        return _no_iccs(n, "no variance in any rating")
    estimates = icc_from_moments(mean, covariance, n)
    squares = _mean_squares(mean, covariance, n)
    from scipy.special import fdtrc

    with np.errstate(divide="ignore", invalid="ignore"):
        f, df, low, high = _f_intervals(estimates, squares, n, k, confidence)
        # The mean of raters who run exactly against each other does not vary: nothing to divide by.
        estimates = np.where(np.isfinite(estimates), estimates, np.nan)
        f = np.where(np.isfinite(estimates), f, np.nan)
        given = np.isfinite(low) & np.isfinite(high) & np.isfinite(estimates) & (low <= high)
        low, high = np.where(given, low, np.nan), np.where(given, high, np.nan)
        p_values = [float(fdtrc(n - 1, d, one)) for one, d in zip(f, df, strict=True)]
    note = (
        "negative: the raters differ more within targets than between" if estimates[0] < 0 else ""
    )
    why = [NO_LIMITS if unlimited else "" for unlimited in ~given]
    notes = ["; ".join(filter(None, [note, one])) for one in why]
    return pd.DataFrame(
        {
            "term": ICCS,
            "estimate": estimates,
            "statistic": f,
            "df": float(n - 1),
            "p_value": p_values,
            "conf_low": low,
            "conf_high": high,
            "n": n,
            "note": notes,
        }
    )


def icc_from_moments(mean: np.ndarray, covariance: np.ndarray, n: np.ndarray | int) -> np.ndarray:
    """The six coefficients, (..., 6), from the ratings' moments.

    Parameters
    ----------
    mean : (..., k) each rater's mean
    covariance : (..., k, k) with divisor n - 1
    n : (...) targets
    """
    targets, raters, residual, within = _mean_squares(mean, covariance, n)
    k = mean.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        one = (targets - within) / (targets + (k - 1) * within)
        level = k * (raters - residual) / n
        agreement = (targets - residual) / (targets + (k - 1) * residual + level)
        consistency = (targets - residual) / (targets + (k - 1) * residual)
        single = np.stack([one, agreement, consistency], axis=-1)
        return np.concatenate([single, spearman_brown(single, k)], axis=-1)


def spearman_brown(value: np.ndarray | float, k: int) -> np.ndarray | float:
    """Reliability of the mean of k from that of one: k v / (1 + (k - 1) v)."""
    return k * value / (1 + (k - 1) * value)


def profile_correlations(
    first: np.ndarray, second: np.ndarray, distinctive: bool = False
) -> np.ndarray:
    """Within each dyad, the correlation of the two raters' profiles over items or subscales, (n,).

    Two people's profiles agree already when both follow what is usual (everybody's bond above
    everybody's task). ``distinctive`` takes that away: each element's mean over dyads is subtracted
    from each rater's answers first (Furr 2008, Journal of Personality 76, 1267-1316).

    Parameters
    ----------
    first, second : (n, m) the two raters' answers, elements matched, nothing missing
    distinctive : whether what is usual is taken away

    Returns
    -------
    (n,) correlations; NaN for a dyad of which a rater's profile is flat

    Raises ValueError for other shapes, or for fewer than three elements.
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if first.shape != second.shape or first.ndim != 2:
        raise ValueError(f"profiles of shape {first.shape} and {second.shape} do not match")
    if first.shape[1] < FEWEST_ELEMENTS:
        raise ValueError(f"{first.shape[1]} elements; a profile needs at least {FEWEST_ELEMENTS}")
    sides = []
    for side in (first, second):
        if distinctive:
            side = side - side.mean(axis=0)
        centred = side - side.mean(axis=1, keepdims=True)
        length = np.sqrt((centred**2).sum(axis=1))
        flat = length <= 1e-10 * (1 + np.abs(side).max(axis=1, initial=0))
        sides.append(centred / np.where(flat, np.nan, length)[:, None])
    return np.clip((sides[0] * sides[1]).sum(axis=1), -1.0, 1.0)


def _mean_squares(mean, covariance, n) -> tuple:
    """Mean squares of targets, raters, residual and within targets."""
    k = mean.shape[-1]
    trace = np.trace(covariance, axis1=-2, axis2=-1)
    targets = covariance.sum(axis=(-2, -1)) / k
    residual = (trace - targets) / (k - 1)
    raters = n * mean.var(axis=-1, ddof=1)
    within = (raters + (n - 1) * residual) / n
    return targets, raters, residual, within


def _f_intervals(estimates, squares, n: int, k: int, confidence: float):
    """F, its second degrees of freedom, and the limits, for the six coefficients."""
    from scipy.special import fdtri

    targets, raters, residual, within = squares
    upper = (1 + confidence) / 2

    def quantile(d1: float, d2: float) -> float:
        return float(fdtri(d1, d2, upper))

    def ratio(mean_square: float) -> float:
        return targets / mean_square if mean_square > 0 else np.nan

    f, df = [ratio(within), ratio(residual), ratio(residual)], [n * (k - 1), 0, 0]
    df[1] = df[2] = (n - 1) * (k - 1)
    low, high = np.full(3, np.nan), np.full(3, np.nan)
    for place in (0, 2):
        if np.isnan(f[place]):
            continue
        below = f[place] / quantile(n - 1, df[place])
        above = f[place] * quantile(df[place], n - 1)
        low[place], high[place] = (below - 1) / (below + k - 1), (above - 1) / (above + k - 1)
    rho = estimates[1]
    if not np.isnan(f[1]) and rho < 1:
        a = k * rho / (n * (1 - rho))
        b = 1 + k * rho * (n - 1) / (n * (1 - rho))
        spread = (a * raters) ** 2 / (k - 1) + (b * residual) ** 2 / ((n - 1) * (k - 1))
        v = (a * raters + b * residual) ** 2 / spread
        rest = k * raters + (k * n - k - n) * residual
        below, above = quantile(n - 1, v), quantile(v, n - 1)
        low[1] = n * (targets - below * residual) / (below * rest + n * targets)
        high[1] = n * (above * targets - residual) / (rest + n * above * targets)
        # With few targets the formula can leave the coefficient's own range, [-1 / (k - 1), 1],
        # beyond which the step up to the mean of k has a pole.
        if not -1 / (k - 1) < low[1] <= high[1] <= 1:
            low[1] = high[1] = np.nan
    means = [spearman_brown(limits, k) for limits in (low, high)]
    return f * 2, df * 2, np.append(low, means[0]), np.append(high, means[1])


def _no_iccs(n: int, note: str) -> pd.DataFrame:
    empty = dict.fromkeys(
        ("estimate", "statistic", "df", "p_value", "conf_low", "conf_high"), np.nan
    )
    return pd.DataFrame([{"term": term, **empty, "n": n, "note": note} for term in ICCS])
