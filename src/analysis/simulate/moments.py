"""Means, covariances and shares between advisors, added up chunk by chunk."""

from __future__ import annotations

import numpy as np


class Moments:
    """Means and covariances of m variables over rows that arrive in chunks."""

    def __init__(self, variables: int) -> None:
        self._n: list[int] = []
        self._sums: list[np.ndarray] = []
        self._products: list[np.ndarray] = []
        self._origin = np.full(variables, np.nan)

    def add(self, rows: np.ndarray) -> None:
        """Add rows (n, m); the first chunk's means are taken off, so that digits are kept."""
        if np.isnan(self._origin).all():
            self._origin = rows.mean(axis=0)
        off = rows - self._origin
        self._n.append(len(off))
        self._sums.append(off.sum(axis=0))
        self._products.append(off.T @ off)

    def mean(self) -> np.ndarray:
        """Means, (m,)."""
        return self._origin + np.sum(self._sums, axis=0) / sum(self._n)

    def covariance(self) -> np.ndarray:
        """Covariances, (m, m)."""
        return _covariance(sum(self._n), np.sum(self._sums, axis=0), np.sum(self._products, axis=0))

    def correlations(self) -> np.ndarray:
        """Correlations, (m, m)."""
        return _correlations(self.covariance())

    def errors_of_first_row(self) -> dict[str, float]:
        """Monte Carlo standard errors, from the chunks' spread, of the first variable's
        correlation with the second and of its difference from that with the third.
        """
        chunks = [
            _correlations(_covariance(*parts))
            for parts in zip(self._n, self._sums, self._products, strict=True)
        ]
        values = {"r": np.array([matrix[0, 1] for matrix in chunks])}
        if len(self._origin) > 3:
            values["difference"] = np.array([matrix[0, 1] - matrix[0, 2] for matrix in chunks])
        if len(chunks) < 2:
            return {name: float("nan") for name in values}
        return {
            name: float(value.std(ddof=1) / np.sqrt(len(value))) for name, value in values.items()
        }


class AdvisorMoments:
    """Share of a variable's variance between advisors, from products of pairs within advisors."""

    def __init__(self) -> None:
        self._sums = np.zeros(6)

    def add(self, values: np.ndarray, advisor: np.ndarray) -> None:
        """Add one chunk's values, (n,), and their advisors' numbers; advisors do not go on."""
        count = np.bincount(advisor).astype(float)
        total = np.bincount(advisor, values)
        square = np.bincount(advisor, values**2)
        self._sums += (
            count.sum(),
            total.sum(),
            square.sum(),
            (total**2 - square).sum(),
            ((count - 1) * total).sum(),
            (count * (count - 1)).sum(),
        )

    def share(self) -> float:
        """Covariance of two engagements of one advisor over the variance."""
        n, total, square, products, sides, pairs = self._sums
        mean = total / n
        between = (products - 2 * mean * sides + mean**2 * pairs) / pairs
        return float(between / (square / n - mean**2))


class RepeatedMoments:
    """Share of the variance of a mean over check-ins that is steady from check-in to check-in."""

    def __init__(self) -> None:
        self._means = np.zeros(0)
        self._sums = np.zeros(6)

    def add(self, scores: np.ndarray) -> None:
        """Add one chunk's scores, (n, T), NaN where a check-in does not count; no row is empty.

        Each check-in's mean over the first chunk is taken off, so that a trend is no variance.
        """
        if not len(self._means):
            self._means = np.nanmean(scores, axis=0)
        off = scores - self._means
        times = (~np.isnan(off)).sum(axis=1)
        mean = np.nansum(off, axis=1) / times
        within = np.nansum((off - mean[:, None]) ** 2)
        self._sums += (
            len(off),
            mean.sum(),
            (mean**2).sum(),
            within,
            (times - 1).sum(),
            (1 / times).sum(),
        )

    def steady_share(self) -> float:
        """1 - (variance within engagements x mean of 1 / check-ins) / variance of the means."""
        n, total, square, within, df, inverse = self._sums
        return float(1 - within / df * (inverse / n) / (square / n - (total / n) ** 2))


def _covariance(n: int, sums: np.ndarray, products: np.ndarray) -> np.ndarray:
    return (products - np.outer(sums, sums) / n) / (n - 1)


def _correlations(covariance: np.ndarray) -> np.ndarray:
    scale = np.sqrt(np.diag(covariance))
    return covariance / np.outer(scale, scale)
