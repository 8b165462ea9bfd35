"""How often a line is right: rejections, coverage and bias over data sets whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from analysis.models.intervals import Row

#: What is added up for each line, in this order.
SUMS = ("sets", "given", "above", "below", "intervals", "covered", "estimates", "squares", "errors")
Key = tuple[str, str]


@dataclass
class Tally:
    """Sums over data sets by (analysis, method); for a verdict by (its method, its word).

    Tallies of parts add up to the tally of the whole, in whatever processes the parts were made.
    """

    sums: dict[Key, np.ndarray] = field(default_factory=dict)

    def count(self, row: Row, truth: float, alpha: float = 0.05) -> None:
        """Count one line of one data set.

        A line claims a difference when its p value is below ``alpha``; without a p value, when its
        interval excludes 0. A line without an estimate claims none. ``truth`` is NaN where a line
        has none: then neither coverage nor bias is counted.
        """
        if row["analysis"] == "verdict":
            self._add((str(row["method"]), str(row["verdict"])), sets=1)
            return
        estimate, low, high, p, error = (
            float(row.get(name, np.nan))
            for name in ("estimate", "conf_low", "conf_high", "p_value", "std_error")
        )
        given = estimate == estimate and not (p != p and low != low)
        claims = given and (p < alpha if p == p else low > 0 or high < 0)
        known = given and truth == truth
        limits = known and low == low
        self._add(
            (str(row["analysis"]), str(row["method"])),
            sets=1,
            given=given,
            above=claims and estimate > 0,
            below=claims and estimate < 0,
            intervals=limits,
            covered=limits and low <= truth <= high,
            estimates=estimate - truth if known else 0.0,
            squares=(estimate - truth) ** 2 if known else 0.0,
            errors=error if given and error == error else 0.0,
        )

    def add(self, other: Tally) -> None:
        """Add what another part has counted."""
        for key, sums in other.sums.items():
            self.sums[key] = self.sums.get(key, 0.0) + sums

    def read(self, key: Key) -> Mapping[str, float]:
        """A line's sums by name; zeros where it was never counted."""
        found = self.sums.get(key, np.zeros(len(SUMS)))
        return dict(zip(SUMS, map(float, found), strict=True))

    @property
    def lines(self) -> list[Key]:
        """The lines counted, in the order in which they first came."""
        return list(self.sums)

    def _add(self, key: Key, **counted: float) -> None:
        sums = self.sums.setdefault(key, np.zeros(len(SUMS)))
        for name, value in counted.items():
            sums[SUMS.index(name)] += value


@dataclass(frozen=True)
class Rate:
    """A share of data sets with its Monte Carlo error and interval (Wilson's)."""

    share: float
    error: float
    low: float
    high: float


def rate(count: float, of: float, confidence: float) -> Rate:
    """A share and how exactly so many data sets tell it; NaN of none.

    Interval: Wilson (1927), Journal of the American Statistical Association 22, 209, which holds
    at shares of 0 and 1 too.
    """
    from scipy.special import ndtri

    if of < 1:
        return Rate(*[float("nan")] * 4)
    share = count / of
    z = float(ndtri((1 + confidence) / 2))
    centre = (share + z**2 / (2 * of)) / (1 + z**2 / of)
    half = z * np.sqrt(share * (1 - share) / of + z**2 / (4 * of**2)) / (1 + z**2 / of)
    error = float(np.sqrt(share * (1 - share) / of))
    # At either end the limit is the share itself, but for rounding.
    low = 0.0 if count == 0 else float(centre - half)
    high = 1.0 if count == of else float(centre + half)
    return Rate(share, error, low, high)


def mean_deviation(read: Mapping[str, float], confidence: float) -> Rate:
    """The mean of estimate - truth with its Monte Carlo error and interval; NaN of fewer than 2."""
    from scipy.special import ndtri

    n = read["given"]
    if n < 2:
        return Rate(*[float("nan")] * 4)
    mean = read["estimates"] / n
    error = float(np.sqrt(max(read["squares"] / n - mean**2, 0.0) / (n - 1)))
    half = float(ndtri((1 + confidence) / 2)) * error
    return Rate(mean, error, mean - half, mean + half)
