"""Many analyses of one question, tested together; and which of the choices behind them matter.

The analyses rest on the same observations, so they are no independent replications: how many come
out significant says nothing before it is known how many would under the null.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
from scipy.special import chdtri, stdtrit


@dataclass(frozen=True)
class JointTest:
    """A statistic over all analyses: its value, its null distribution (B,), and its p value.

    ``monte_carlo_error`` is the standard error of the p value as a share of B resamples.
    """

    value: float
    null: np.ndarray
    p_value: float

    @property
    def monte_carlo_error(self) -> float:
        """sqrt(p (1 - p) / (B + 1))."""
        return float(np.sqrt(self.p_value * (1 - self.p_value) / (len(self.null) + 1)))


def joint_tests(
    estimates: np.ndarray,
    std_errors: np.ndarray,
    df: np.ndarray,
    replicates: np.ndarray,
    rng: np.random.Generator,
    confidence: float = 0.95,
) -> dict[str, JointTest]:
    """Share of significant analyses, and the median estimate, against the null that all are 0.

    Parameters
    ----------
    estimates, std_errors, df : (S,) each analysis, its jackknife standard error and degrees of
        freedom (its clusters less 1).
    replicates : (B, S) the estimates in B resamples of whole clusters, the same resamples in every
        analysis; NaN where one is not defined.
    rng : draws one uniform number per resample.
    confidence : level of significance of one analysis, two-sided.

    Returns
    -------
    ``share_significant``: the share with |estimate / std_error| > t(df), tested one-sided;
    ``median_difference``: the median estimate, tested two-sided.

    Notes
    -----
    Recentred bootstrap (Romano and Wolf, 2005, Econometrica 73, 1237): t*_s = (theta*_s - theta_s)
    / (SD*_s c_s), SD*_s the standard deviation of the replicates and c_s^2 = chi-square(df_s) /
    df_s, one draw per resample at the same quantile in every analysis. The resamples thereby keep
    how analyses hang together, while each keeps the spread of the interval of record, estimate +-
    t(df) x jackknife standard error. Dividing by the full sample's jackknife standard error
    instead (c = 1) rejects a true null too often: .090 (share) and .083 (median) at a level of .05
    with 20 clusters, where this rejects .048 and .054 (4,000 simulated data sets).
    """
    upper = (1 + confidence) / 2
    critical = stdtrit(df, upper)
    deviations = replicates - estimates
    spread = np.nanstd(deviations, axis=0, ddof=1)
    uniform = rng.uniform(size=len(replicates))
    scaled = np.empty_like(deviations)
    for value in np.unique(df):
        own = df == value
        wobble = np.sqrt(chdtri(value, uniform) / value)[:, None]
        scaled[:, own] = deviations[:, own] / (spread[own] * wobble)
    share = float((np.abs(estimates / std_errors) > critical).mean())
    null_share = (np.abs(scaled) > critical).mean(axis=1)
    median = float(np.median(estimates))
    null_median = _medians(scaled * std_errors)
    return {
        "share_significant": JointTest(share, null_share, _p_value(null_share, share)),
        "median_difference": JointTest(
            median, null_median, _p_value(np.abs(null_median), abs(median))
        ),
    }


def _medians(replicates: np.ndarray) -> np.ndarray:
    """Each resample's median of what is defined; without gaps the plain median is far quicker."""
    return (np.nanmedian if np.isnan(replicates).any() else np.median)(replicates, axis=1)


def variance_shares(values: Sequence[float], choices: pd.DataFrame) -> dict[str, float]:
    """How much of the variance of S results goes with each choice, and with none alone.

    Parameters
    ----------
    values : (S,) the results.
    choices : S rows, a column per choice; each value is a level.

    Returns
    -------
    Each choice's share, averaged over every order in which the choices may enter an analysis of
    variance of main effects (Shapley's value of R2: Lindeman, Merenda and Gold, 1980, Introduction
    to Bivariate and Multivariate Analysis, 119), and ``together``: what only combinations of
    choices explain. They add to 1; all are NaN where the results do not vary.
    """
    y = np.asarray(values, dtype=float)
    names = [name for name in choices.columns if choices[name].nunique() > 1]
    centred = y - y.mean()
    total = float(centred @ centred)
    if total <= 1e-20 * max(1.0, float(y @ y)):
        return dict.fromkeys([*choices.columns, "together"], np.nan)
    dummies = {
        name: pd.get_dummies(choices[name].astype(str), drop_first=True).to_numpy(dtype=float)
        for name in names
    }
    explained = {
        chosen: _explained(centred, [dummies[name] for name in chosen]) / total
        for size in range(len(names) + 1)
        for chosen in combinations(names, size)
    }
    shares = dict.fromkeys(choices.columns, 0.0)
    count = len(names)
    for chosen, r2 in explained.items():
        for name in names:
            if name in chosen:
                continue
            joined = tuple(one for one in names if one in chosen or one == name)
            weight = factorial(len(chosen)) * factorial(count - len(chosen) - 1) / factorial(count)
            shares[name] += weight * (explained[joined] - r2)
    return {**shares, "together": 1 - explained[tuple(names)]}


def _explained(centred: np.ndarray, dummies: list[np.ndarray]) -> float:
    """Sum of squares that dummy variables explain of a centred variable."""
    if not dummies:
        return 0.0
    design = np.hstack(dummies)
    design = design - design.mean(axis=0)
    coefficients = np.linalg.lstsq(design, centred, rcond=1e-10)[0]
    fitted = design @ coefficients
    return float(fitted @ fitted)


def _p_value(null: np.ndarray, value: float) -> float:
    """(1 + resamples at least as extreme) / (B + 1); ties but for rounding count."""
    return float((1 + (null >= value - 1e-12).sum()) / (len(null) + 1))
