"""Which share of a variable's variance lies between clusters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import chdtri

from analysis.models.cluster_sums import is_constant
from analysis.models.two_level import fit_two_level_arrays

#: Halvings of an interval below 1 that leave it narrower than a number's last digit.
HALVINGS = 52

Row = dict[str, object]


def variance_share(
    y: np.ndarray, codes: np.ndarray, n_clusters: int, confidence: float = 0.95
) -> Row:
    """The intraclass correlation of y (n,), by REML, with its profile likelihood interval.

    Returns
    -------
    ``estimate, conf_low, conf_high, note``: t^2 / (t^2 + s^2) of y = mean + cluster + error. The
    interval holds the shares whose deviance is within the chi^2 quantile (1 df) of the smallest
    (Stram and Lee, 1994, Biometrics 50, 1171, for its level at a share of 0); NaN with a note
    where there is nothing to share.
    """
    unknown: Row = {"estimate": np.nan, "conf_low": np.nan, "conf_high": np.nan}
    n = len(y)
    if n_clusters < 2:
        return unknown | {"note": "one cluster: nothing lies between"}
    if n == n_clusters:
        return unknown | {"note": "every cluster has one row: nothing lies within"}
    if is_constant(y[:, None])[0]:
        return unknown | {"note": "no variance"}
    ones = np.ones((n, 1))
    fit = fit_two_level_arrays(y, ones, ones, codes, n_clusters)
    if fit.reason:
        return unknown | {"note": fit.reason}
    between = float(fit.random[0, 0])
    share = between / (between + fit.residual)

    size = np.bincount(codes, minlength=n_clusters)
    scaled = (y - y.mean()) / y.std()
    mean = np.bincount(codes, weights=scaled, minlength=n_clusters) / size
    within = float((scaled**2).sum() - (size * mean**2).sum())

    def deviance(at: float) -> float:
        """-2 log likelihood of a share, but for a constant."""
        ratio = at / (1 - at)
        weight = size / (1 + ratio * size)
        centre = weight @ mean / weight.sum()
        left = within + weight @ (mean - centre) ** 2
        log_det = np.log1p(ratio * size).sum() + np.log(weight.sum())
        return float(log_det + (n - 1) * np.log(left))

    threshold = deviance(share) + float(chdtri(1, 1 - confidence))
    low, high = (_crossing(deviance, share, edge, threshold) for edge in (0.0, 1 - 1e-9))
    note = "at its limit: no variance between clusters is seen" if fit.singular else ""
    return {"estimate": share, "conf_low": float(low), "conf_high": float(high), "note": note}


def _crossing(
    deviance: Callable[[float], float], inside: float, edge: float, threshold: float
) -> float:
    """Where the deviance passes the threshold between the estimate and an edge, else the edge."""
    if deviance(edge) <= threshold:
        return edge
    outside = edge
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if deviance(middle) <= threshold else (inside, middle)
    return inside
