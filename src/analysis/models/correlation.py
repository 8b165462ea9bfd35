"""Two correlations that share a variable and a sample: six tests of their difference."""

from __future__ import annotations

from math import atanh, isfinite, sqrt, tanh

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates

Row = dict[str, object]

METHODS = ("steiger", "williams", "meng", "hittner", "dunn_clark", "zou")


def compare_dependent_correlations(
    r_y1: float, r_y2: float, r_12: float, n: int, confidence: float = 0.95
) -> pd.DataFrame:
    """Whether y goes with 1 more closely than with 2, by six published tests.

    Parameters
    ----------
    r_y1, r_y2 : correlations of y with 1 and with 2, in [-1, 1]
    r_12 : correlation of 1 with 2, in [-1, 1]
    n : complete cases, taken to be independent
    confidence : level of Zou's interval

    Returns
    -------
    DataFrame
        a row per test, named in ``method``: ``term`` is ``difference``, ``estimate`` is
        r_y1 - r_y2. With z = atanh(r) and s(r) = r_12 (1 - 2 r^2) - r^2 (1 - 2 r^2 - r_12^2) / 2:

        - ``steiger``: (z1 - z2) sqrt((n - 3) / (2 - 2 c)), c = s(r) / (1 - r^2)^2 at the mean r
          (Steiger 1980, Psychological Bulletin 87, 245-251)
        - ``hittner``: the same with r = tanh of the mean z (Hittner, May and Silver 2003, Journal
          of General Psychology 130, 149-168)
        - ``dunn_clark``: the same with c at r_y1 and r_y2 themselves (Dunn and Clark 1969, Journal
          of the American Statistical Association 64, 366-377)
        - ``williams``: a t with n - 3 degrees of freedom (Williams 1959, Journal of the Royal
          Statistical Society B 21, 396-399)
        - ``meng``: (z1 - z2) sqrt((n - 3) / (2 (1 - r_12) h)) (Meng, Rosenthal and Rubin 1992,
          Psychological Bulletin 111, 172-175)
        - ``zou``: no test but an interval, from those of the two correlations (Zou 2007,
          Psychological Methods 12, 399-413)

        What cannot be had (n below 4, a correlation of 1, three correlations that cannot stand
        together, a variance that comes out negative) is NaN with the reason in ``note``.

    Raises
    ------
    ValueError
        if a correlation lies outside [-1, 1] or the confidence outside (0, 1)

    Examples
    --------
    >>> tests = compare_dependent_correlations(0.3, 0.4, 0.5, 100).set_index("method")
    >>> round(float(tests.loc["williams", "statistic"]), 4)
    -1.0767
    """
    return as_estimates(dependent_correlation_rows(r_y1, r_y2, r_12, n, confidence))


def dependent_correlation_rows(
    r_y1: float, r_y2: float, r_12: float, n: int, confidence: float = 0.95
) -> list[Row]:
    """The rows of ``compare_dependent_correlations``, for thousands of data sets."""
    for name, r in {"r_y1": r_y1, "r_y2": r_y2, "r_12": r_12}.items():
        if abs(r) > 1:
            raise ValueError(f"{name} = {r} is no correlation: it lies outside [-1, 1]")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence = {confidence} must lie between 0 and 1")
    reason = _why_not(r_y1, r_y2, r_12, n)
    common = {"term": "difference", "estimate": r_y1 - r_y2, "n_engagements": n, "note": reason}
    if reason:
        return [_empty(method) | common for method in METHODS]
    mean = (r_y1 + r_y2) / 2
    mean_of_z = tanh((atanh(r_y1) + atanh(r_y2)) / 2)
    rows = [
        _by_fisher_z("steiger", r_y1, r_y2, _covariance(mean, mean, r_12), n),
        _williams(r_y1, r_y2, r_12, n),
        _meng(r_y1, r_y2, r_12, n),
        _by_fisher_z("hittner", r_y1, r_y2, _covariance(mean_of_z, mean_of_z, r_12), n),
        _by_fisher_z("dunn_clark", r_y1, r_y2, _covariance(r_y1, r_y2, r_12), n),
        _zou(r_y1, r_y2, r_12, n, confidence),
    ]
    return [common | row for row in rows]


def _why_not(r_y1: float, r_y2: float, r_12: float, n: int) -> str:
    """Why no test can be made, or ''."""
    if not all(map(isfinite, (r_y1, r_y2, r_12))):
        return "a correlation is missing"
    if n < 4:
        return f"at least 4 cases are needed; there are {n}"
    if max(abs(r_y1), abs(r_y2), abs(r_12)) > 1 - 1e-12:
        return "a correlation is 1: the two differ without sampling error, or not at all"
    if _determinant(r_y1, r_y2, r_12) <= 0:
        return "three such correlations cannot stand together (their matrix is not positive)"
    return ""


def _empty(method: str) -> Row:
    keys = ("statistic", "df", "p_value", "conf_low", "conf_high")
    return {"method": method} | dict.fromkeys(keys, np.nan)


def _determinant(r_y1: float, r_y2: float, r_12: float) -> float:
    return 1 - r_y1**2 - r_y2**2 - r_12**2 + 2 * r_y1 * r_y2 * r_12


def _covariance(r_y1: float, r_y2: float, r_12: float) -> float:
    """n times the large-sample covariance of the two Fisher z (Dunn and Clark 1969)."""
    psi = r_12 * (1 - r_y1**2 - r_y2**2) - r_y1 * r_y2 * (1 - r_y1**2 - r_y2**2 - r_12**2) / 2
    return psi / ((1 - r_y1**2) * (1 - r_y2**2))


def _normal(method: str, z: float) -> Row:
    from scipy.special import ndtr

    return _empty(method) | {"statistic": z, "p_value": 2 * float(ndtr(-abs(z)))}


def _by_fisher_z(method: str, r_y1: float, r_y2: float, covariance: float, n: int) -> Row:
    if covariance >= 1:
        return _empty(method) | {"note": "the variance it estimates for the difference is negative"}
    return _normal(method, (atanh(r_y1) - atanh(r_y2)) * sqrt((n - 3) / (2 - 2 * covariance)))


def _williams(r_y1: float, r_y2: float, r_12: float, n: int) -> Row:
    from scipy.special import stdtr

    determinant = _determinant(r_y1, r_y2, r_12)
    spread = 2 * determinant * (n - 1) / (n - 3) + ((r_y1 + r_y2) / 2) ** 2 * (1 - r_12) ** 3
    t = (r_y1 - r_y2) * sqrt((n - 1) * (1 + r_12) / spread)
    p = 2 * float(stdtr(n - 3, -abs(t)))
    return _empty("williams") | {"statistic": t, "df": n - 3, "p_value": p}


def _meng(r_y1: float, r_y2: float, r_12: float, n: int) -> Row:
    mean_square = (r_y1**2 + r_y2**2) / 2
    f = min((1 - r_12) / (2 * (1 - mean_square)), 1)
    h = (1 - f * mean_square) / (1 - mean_square)
    return _normal("meng", (atanh(r_y1) - atanh(r_y2)) * sqrt((n - 3) / (2 * (1 - r_12) * h)))


def _zou(r_y1: float, r_y2: float, r_12: float, n: int, confidence: float) -> Row:
    from scipy.special import ndtri

    half = float(ndtri((1 + confidence) / 2)) / sqrt(n - 3)
    low1, high1 = tanh(atanh(r_y1) - half), tanh(atanh(r_y1) + half)
    low2, high2 = tanh(atanh(r_y2) - half), tanh(atanh(r_y2) + half)
    c = ((r_12 - r_y1 * r_y2 / 2) * (1 - r_y1**2 - r_y2**2 - r_12**2) + r_12**3) / (
        (1 - r_y1**2) * (1 - r_y2**2)
    )

    def reach(one: float, other: float) -> float:
        return sqrt(max(one**2 + other**2 - 2 * c * one * other, 0.0))

    difference = r_y1 - r_y2
    return _empty("zou") | {
        "conf_low": difference - reach(r_y1 - low1, high2 - r_y2),
        "conf_high": difference + reach(high1 - r_y1, r_y2 - low2),
    }
