"""The difference of two correlations when observations come in clusters.

The jackknife leaves out one cluster at a time, the bootstrap draws clusters with replacement;
both work on the clusters' sums (``analysis.models.cluster_sums``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.models.cluster_sums import (
    code_clusters,
    correlation,
    correlations,
    covariances,
    leave_one_out,
    resampled,
    standardise,
    sum_products,
)
from analysis.models.intervals import (
    IDENTICAL,
    Row,
    bca_interval,
    jackknife_interval,
    no_interval,
    percentile_interval,
)

#: Draws held at once while they are counted: few enough to stay in the processor's cache.
DRAWN_AT_ONCE = 131_072


def draw_cluster_weights(n_clusters: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """How often each resample holds each cluster: (resamples, n_clusters) counts, rows adding to G.

    Counts are bytes: a cluster drawn more than 255 times would need a chance below 1e-500.
    """
    weights = np.empty((resamples, n_clusters), dtype=np.uint8)
    step = max(1, DRAWN_AT_ONCE // n_clusters)
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        drawn = rng.integers(0, n_clusters, size=(rows, n_clusters))
        drawn += np.arange(rows)[:, None] * n_clusters
        counts = np.bincount(drawn.ravel(), minlength=rows * n_clusters)
        weights[start : start + rows] = counts.reshape(rows, n_clusters)
    return weights


class SharedWeights:
    """Resampling weights drawn once for each number of clusters and then reused.

    Cells of one dataset that rest on the same clusters are thereby resampled together. The draw
    for G clusters depends on the generator and on G alone, not on which cell asked first.
    """

    def __init__(self, resamples: int, rng: np.random.Generator) -> None:
        self.resamples = resamples
        self._entropy = int(rng.integers(0, 2**63))
        self._drawn: dict[int, np.ndarray] = {}

    def of(self, n_clusters: int) -> np.ndarray:
        """The weights (resamples, n_clusters), drawn at the first call."""
        if n_clusters not in self._drawn:
            rng = np.random.default_rng([self._entropy, n_clusters])
            self._drawn[n_clusters] = draw_cluster_weights(n_clusters, self.resamples, rng)
        return self._drawn[n_clusters]


def cluster_jackknife_difference(
    frame: pd.DataFrame,
    outcome: str,
    first: str,
    second: str,
    cluster: str,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row: D = r(outcome, first) - r(outcome, second) with its cluster-jackknife t interval.

    Parameters
    ----------
    frame : one row per observation; rows that lack the outcome or either rating are left out.
    outcome, first, second : names of numeric columns, in any units.
    cluster : name of the column of cluster labels; missing labels are a ValueError.
    confidence : level of the interval.

    Returns
    -------
    ``outcome, term, estimate, std_error, statistic, df, p_value, conf_low, conf_high,
    n_engagements, n_advisors, method, note``; see ``jackknife_interval`` for formula and source.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "result": [1.0, 2, 4, 3, 6, 5], "advisee": [1.0, 3, 4, 2, 5, 6],
    ...     "advisor": [2.0, 1, 3, 5, 4, 6], "team": list("aabbcc"),
    ... })
    >>> row = cluster_jackknife_difference(frame, "result", "advisee", "advisor", "team")
    >>> round(float(row["estimate"].iloc[0]), 3)
    0.229
    """
    sums, n, labels = difference_sums(frame, outcome, first, second, cluster)
    estimate, note = difference_with_reason(sums)
    replicates = difference(leave_one_out(sums))
    interval = no_interval(note) if note else jackknife_interval(estimate, replicates, confidence)
    return as_estimates([_difference_row(outcome, estimate, n, len(labels), "jackknife", interval)])


def cluster_bootstrap_difference(
    frame: pd.DataFrame,
    outcome: str,
    first: str,
    second: str,
    cluster: str,
    resamples: int,
    rng: np.random.Generator | None,
    interval: str = "percentile",
    confidence: float = 0.95,
    weights: np.ndarray | None = None,
) -> pd.DataFrame:
    """One row: D = r(outcome, first) - r(outcome, second) with a bootstrap interval of clusters.

    Parameters
    ----------
    frame, outcome, first, second, cluster, confidence : as ``cluster_jackknife_difference``.
    resamples : number of resamples of whole clusters.
    rng : generator that draws them; not used when ``weights`` are given.
    interval : ``percentile`` or ``bca``.
    weights : (resamples, G) counts from ``draw_cluster_weights``, columns in the order of the
        cluster labels sorted as text, to share one draw between analyses.

    Returns
    -------
    The columns of ``cluster_jackknife_difference``; ``std_error`` is the standard deviation over
    resamples. With fewer than about 60 clusters both intervals cover less than they say.
    """
    if interval not in ("percentile", "bca"):
        raise ValueError(f"interval must be 'percentile' or 'bca', not '{interval}'")
    sums, n, labels = difference_sums(frame, outcome, first, second, cluster)
    estimate, note = difference_with_reason(sums)
    if not note and len(labels) < 2:
        note = "one cluster: no interval can be given"
    if note:
        row = _difference_row(outcome, estimate, n, len(labels), interval, no_interval(note))
        return as_estimates([row])
    if weights is None:
        weights = draw_cluster_weights(len(labels), resamples, rng)
    if weights.shape != (resamples, len(labels)):
        raise ValueError(
            f"weights are {weights.shape}; {resamples} resamples of {len(labels)} clusters need "
            f"{(resamples, len(labels))}"
        )
    replicates = difference(resampled(sums, weights))
    if interval == "bca":
        limits = bca_interval(estimate, replicates, difference(leave_one_out(sums)), confidence)
    else:
        limits = percentile_interval(replicates, confidence)
    return as_estimates([_difference_row(outcome, estimate, n, len(labels), interval, limits)])


def difference_sums(
    frame: pd.DataFrame, outcome: str, first: str, second: str, cluster: str
) -> tuple[np.ndarray, int, np.ndarray]:
    """Clusters' sums of outcome, first and second on complete rows; rows used; cluster labels.

    Rows are put in an order of their own before anything is added, so that the order in which
    they arrive cannot change the last digit.
    """
    absent = [name for name in (outcome, first, second, cluster) if name not in frame]
    if absent:
        raise ValueError(f"the frame has no column {absent}; it has {list(frame.columns)}")
    codes_of_all, labels_of_all = code_clusters(frame[cluster])
    values = frame[[outcome, first, second]].to_numpy(dtype=float, na_value=np.nan)
    complete = np.isfinite(values).all(axis=1)
    values, cluster_rows = values[complete], codes_of_all[complete]
    order = np.lexsort((*values.T, cluster_rows))
    present, codes = np.unique(cluster_rows[order], return_inverse=True)
    labels = labels_of_all[present]
    standard, _, _ = standardise(values[order])
    return sum_products(standard, codes.reshape(-1), len(labels)), len(values), labels


def difference(totals: np.ndarray) -> np.ndarray:
    """D from totals (..., m) of (outcome, first, second): r(0, 1) - r(0, 2)."""
    first, second = correlations(totals, 3, [(0, 1), (0, 2)])
    return first - second


def difference_with_reason(
    sums: np.ndarray, names: Sequence[str] = ("outcome", "first rating", "second rating")
) -> tuple[float, str]:
    """D on all clusters, and why it (or an interval for it) cannot be given, else ''."""
    total = sums.sum(axis=0)
    n = round(total[0])
    if n < 3:
        return np.nan, f"fewer than 3 complete engagements ({n})"
    matrix = covariances(total, 3)
    flat = [name for i, name in enumerate(names) if matrix[i, i] == 0]
    if flat:
        return np.nan, f"no variance in the {' and the '.join(flat)}"
    estimate = float(correlation(matrix, 0, 1) - correlation(matrix, 0, 2))
    if correlation(matrix, 1, 2) > IDENTICAL:
        return estimate, "the two ratings are perfectly correlated: D is 0 whatever the data"
    return estimate, ""


def _difference_row(
    outcome: str, estimate: float, n: int, n_clusters: int, method: str, interval: Row
) -> Row:
    return {
        "outcome": outcome,
        "term": "difference",
        "estimate": estimate,
        **interval,
        "n_engagements": n,
        "n_advisors": n_clusters,
        "method": method,
    }
