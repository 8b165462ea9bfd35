"""Intervals from replicates of a statistic: without each cluster in turn, or of resampled clusters.

Any statistic that is a function of clusters' sums gets its replicates from
``analysis.models.cluster_sums`` and its intervals here. What cannot be given is NaN, with the
reason in ``note``.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

#: Share of resamples that may be undefined and left out, before the interval is withheld.
UNDEFINED_SHARE = 0.01

#: A correlation this near 1 is 1 but for rounding.
IDENTICAL = 1 - 1e-10

FLAT = "no interval: the estimate does not vary between clusters"

Row = dict[str, object]


def jackknife_interval(estimate: float, replicates: np.ndarray, confidence: float = 0.95) -> Row:
    """Standard error, t statistic, p value and interval from delete-one-cluster replicates.

    Parameters
    ----------
    estimate : the statistic on all clusters.
    replicates : (G,) the statistic without each cluster in turn.
    confidence : level of the interval, between 0 and 1.

    Returns
    -------
    ``std_error, statistic, df, p_value, conf_low, conf_high, note``: NaN and a note with one
    cluster, with an undefined replicate (deleting that cluster leaves nothing to estimate from),
    or without any spread.

    Notes
    -----
    variance = (G - 1) / G x sum over g of (theta_(g) - mean of theta_(.))^2 (Tukey, 1958, Annals
    of Mathematical Statistics 29, 614; for clusters: MacKinnon, Nielsen and Webb, 2023, Journal of
    Applied Econometrics 38, 671, where it is CV3J); interval: estimate +- t(G - 1) x its root.
    """
    n_clusters = len(replicates)
    undefined = int(np.isnan(replicates).sum())
    if np.isnan(estimate):
        return no_interval("the estimate is not defined")
    if n_clusters < 2:
        return no_interval("one cluster: no interval can be given")
    if undefined:
        return no_interval(
            f"no interval: deleting one cluster leaves no estimate in {undefined} of "
            f"{n_clusters} cases"
        )
    std_error = float(np.sqrt(jackknife_variance(replicates)))
    if _is_flat(replicates - replicates.mean(), estimate):
        return no_interval(FLAT)
    df = n_clusters - 1
    half = float(stdtrit(df, (1 + confidence) / 2)) * std_error
    statistic = estimate / std_error
    return {
        "std_error": std_error,
        "statistic": statistic,
        "df": df,
        "p_value": float(2 * stdtr(df, -abs(statistic))),
        "conf_low": estimate - half,
        "conf_high": estimate + half,
        "note": "",
    }


def t_interval(estimate: float, std_error: float, df: float, confidence: float = 0.95) -> Row:
    """t statistic, p value and interval of an estimate with a standard error above 0 on df > 0."""
    half = float(stdtrit(df, (1 + confidence) / 2)) * std_error
    statistic = estimate / std_error
    return {
        "std_error": float(std_error),
        "statistic": float(statistic),
        "df": float(df),
        "p_value": float(2 * stdtr(df, -abs(statistic))),
        "conf_low": float(estimate - half),
        "conf_high": float(estimate + half),
    }


def jackknife_variance(replicates: np.ndarray) -> float:
    """Variance of a statistic from its delete-one-cluster replicates (G,), as Tukey (1958)."""
    n_clusters = len(replicates)
    return float((n_clusters - 1) / n_clusters * ((replicates - replicates.mean()) ** 2).sum())


def correlation_interval(r: float, replicates: np.ndarray, confidence: float = 0.95) -> Row:
    """Cluster-jackknife t interval of one correlation, formed on Fisher's z and turned back.

    The standard error is turned back by the delta method, (1 - r^2) x SE(z). Simulated for 12 to 20
    clusters of one, r = .3 to .7, this covers .95 to .96 where the interval on r itself covers .91
    to .93; with larger clusters the two agree. Takes and returns what ``jackknife_interval`` does.
    """
    together = np.append(replicates, r)
    if (np.abs(together) >= IDENTICAL).any():
        return no_interval("no interval: the correlation is 1 or -1 with or without a cluster")
    row = jackknife_interval(float(np.arctanh(r)), np.arctanh(replicates), confidence)
    row["std_error"] = (1 - r**2) * row["std_error"]
    row["conf_low"], row["conf_high"] = np.tanh([row["conf_low"], row["conf_high"]])
    return row


def reliability_interval(value: float, replicates: np.ndarray, confidence: float = 0.95) -> Row:
    """Cluster-jackknife t interval of a reliability, formed on log(1 - value) and turned back.

    The standard error is turned back by the delta method, (1 - value) x SE(log(1 - value)). Takes
    and returns what ``jackknife_interval`` does, without a test; a value or replicate of 1 has no
    interval.
    """
    if value >= 1 or (replicates >= 1).any():
        return no_interval("no interval: the rating never varies within an engagement")
    interval = jackknife_interval(np.log1p(-value), np.log1p(-replicates), confidence)
    return interval | {
        "std_error": (1 - value) * interval["std_error"],
        "statistic": np.nan,
        "p_value": np.nan,
        "conf_low": -np.expm1(interval["conf_high"]),
        "conf_high": -np.expm1(interval["conf_low"]),
    }


def percentile_interval(
    replicates: np.ndarray, confidence: float = 0.95, undefined: str = "undefined"
) -> Row:
    """Standard error and percentile interval of bootstrap replicates (B,).

    NaN replicates are left out and counted in the note, in the word ``undefined``; above 1 % no
    interval is given. Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap,
    chapter 13.
    """
    kept, note = _defined(replicates, undefined)
    if kept is None:
        return no_interval(note)
    if _is_flat(kept - kept[0], kept[0]):
        return no_interval(FLAT)
    tail = (1 - confidence) / 2
    low, high = np.quantile(kept, [tail, 1 - tail])
    return _bootstrap_row(kept, low, high, note)


def bca_interval(
    estimate: float,
    replicates: np.ndarray,
    jackknife_replicates: np.ndarray,
    confidence: float = 0.95,
    undefined: str = "undefined",
) -> Row:
    """Bias-corrected and accelerated interval of bootstrap replicates (B,).

    The acceleration comes from the delete-one-cluster replicates (G,): a = sum d^3 / (6 (sum
    d^2)^1.5), d = mean - replicate; the bias correction from the share of replicates below the
    estimate, ties counted half. Source: Efron (1987), Journal of the American Statistical
    Association 82, 171.
    """
    kept, note = _defined(replicates, undefined)
    if kept is None:
        return no_interval(note)
    if np.isnan(jackknife_replicates).any() or len(jackknife_replicates) < 2:
        return no_interval("no interval: deleting one cluster leaves no estimate")
    below = (np.sum(kept < estimate) + 0.5 * np.sum(kept == estimate)) / len(kept)
    if not 0 < below < 1:
        return no_interval("no interval: all resamples lie on one side of the estimate")
    bias = ndtri(below)
    influence = jackknife_replicates.mean() - jackknife_replicates
    if _is_flat(influence, estimate):
        return no_interval(FLAT)
    acceleration = (influence**3).sum() / (6 * (influence**2).sum() ** 1.5)
    normal = ndtri(np.array([(1 - confidence) / 2, (1 + confidence) / 2]))
    shrink = 1 - acceleration * (bias + normal)
    if (shrink <= 0).any():
        return no_interval("no interval: the acceleration is too large")
    low, high = np.quantile(kept, ndtr(bias + (bias + normal) / shrink))
    return _bootstrap_row(kept, low, high, note)


def no_interval(note: str) -> Row:
    """A row's statistics without any: NaN in each, and the reason."""
    names = ("std_error", "statistic", "df", "p_value", "conf_low", "conf_high")
    return {**dict.fromkeys(names, np.nan), "note": note}


def _is_flat(spread: np.ndarray, estimate: float) -> bool:
    """Whether replicates differ by no more than rounding."""
    return bool(np.abs(spread).max() <= 1e-12 * max(1.0, abs(estimate)))


def _defined(replicates: np.ndarray, word: str) -> tuple[np.ndarray | None, str]:
    """The defined replicates and what to say of the others; None when there are too many."""
    missing = int(np.isnan(replicates).sum())
    if missing > UNDEFINED_SHARE * len(replicates):
        return None, f"no interval: {missing} of {len(replicates)} resamples {word}"
    note = f"{missing} of {len(replicates)} resamples {word} and left out" if missing else ""
    return replicates[~np.isnan(replicates)], note


def _bootstrap_row(kept: np.ndarray, low: float, high: float, note: str) -> Row:
    row = no_interval(note)
    row.update(std_error=float(kept.std(ddof=1)), conf_low=float(low), conf_high=float(high))
    return row
