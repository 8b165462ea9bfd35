"""What each cluster adds to a sum, so that any set of clusters is one weighted sum of rows.

A correlation needs only six sums (n, the sums, the squares, the product). Held per cluster, they
give the correlation of every delete-one sample and of every resample without touching the rows
again: 10,000 resamples are one matrix product.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache

import numpy as np
import pandas as pd

#: A spread smaller than this, relative to the size of the numbers, is rounding and not variance.
ROUNDING = 1e-12

#: Floats a block of replicates may hold at once (about 64 MB).
BLOCK = 8_000_000


def code_clusters(cluster: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Number each row's cluster 0 .. G - 1, clusters sorted by their label read as text.

    Parameters
    ----------
    cluster : one label per row; none may be missing.

    Returns
    -------
    codes (n,) and labels (G,). The order of the rows has no part in either, so that a seed means
    the same resamples for the same clusters.

    Raises ValueError if a label is missing: a row of no known cluster cannot be resampled with it.
    """
    cluster = pd.Series(cluster)
    missing = int(cluster.isna().sum())
    if missing:
        raise ValueError(
            f"the cluster column '{cluster.name}' is missing in {missing} of {len(cluster)} rows; "
            "give every engagement its cluster, or leave these engagements out"
        )
    # Numbered first and sorted then: there are far fewer labels than rows.
    numbers, found = pd.factorize(cluster.astype(str))
    labels = np.asarray(found, dtype=str)
    order = np.argsort(labels, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place[numbers], labels[order]


def is_constant(values: np.ndarray) -> np.ndarray:
    """Whether each column of (n, p) numbers varies by no more than rounding; True without rows."""
    if len(values) == 0:
        return np.ones(values.shape[1], dtype=bool)
    low, high = values.min(axis=0), values.max(axis=0)
    return high - low <= ROUNDING * np.maximum(np.abs(low), np.abs(high))


def standardise(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre and scale the columns, so that sums of products keep their digits at any offset.

    Returns the values, their means and their scales (standard deviations; 1 where constant, whose
    centred values are set to 0).
    """
    constant = is_constant(values)
    if len(values) == 0:
        return values, np.zeros(values.shape[1]), np.ones(values.shape[1])
    centre = values.mean(axis=0)
    centred = np.where(constant, 0.0, values - centre)
    scale = np.where(constant, 1.0, np.sqrt((centred**2).mean(axis=0)))
    return centred / scale, centre, scale


def add_by_cluster(columns: np.ndarray, codes: np.ndarray, n_clusters: int) -> np.ndarray:
    """Sum the rows of (n, ..., m) within clusters: (G, ..., m), zeros for one without rows."""
    flat = columns.reshape(len(columns), math.prod(columns.shape[1:])).T
    together = [np.bincount(codes, weights=column, minlength=n_clusters) for column in flat]
    summed = np.stack(together, axis=1) if together else np.zeros(n_clusters)
    return summed.reshape(n_clusters, *columns.shape[1:])


def sum_products(values: np.ndarray, codes: np.ndarray, n_clusters: int) -> np.ndarray:
    """Each cluster's n, sums and sums of products of p variables.

    Parameters
    ----------
    values : (n, p), centred (see ``standardise``), nothing missing; or (n, ..., p), many data sets
        of the same engagements side by side.
    codes : (n,) cluster numbers below ``n_clusters``; a cluster may be without rows, so that
        analyses of different rows can share their resamples.

    Returns
    -------
    (G, 1 + p + p (p + 1) / 2): n, the sums, then the products in the order of ``triangle``; with
    the data sets' axes between the two where there are many.
    """
    first, second = triangle(values.shape[-1])
    ones = np.ones((*values.shape[:-1], 1))
    products = values[..., first] * values[..., second]
    columns = np.concatenate([ones, values, products], axis=-1)
    return add_by_cluster(columns, codes, n_clusters)


@cache
def triangle(p: int) -> tuple[np.ndarray, np.ndarray]:
    """The pairs (i, j), i <= j, in the order in which their sums of products are kept."""
    first, second = np.triu_indices(p)
    first.flags.writeable = second.flags.writeable = False
    return first, second


def covariances(totals: np.ndarray, p: int) -> np.ndarray:
    """Covariance matrices (..., p, p), divisor n - 1, from totals laid out by ``sum_products``.

    A variance no larger than rounding is 0; with fewer than two rows all are NaN.
    """
    first, second = triangle(p)
    n = totals[..., :1]
    sums = totals[..., 1 : 1 + p]
    raw = totals[..., 1 + p : 1 + p + len(first)]
    usable = n > 1
    safe = np.where(usable, n, 2.0)
    centred = raw - sums[..., first] * sums[..., second] / safe
    diagonal = first == second
    centred = np.where(diagonal & (centred <= ROUNDING * raw), 0.0, centred)
    flat = np.where(usable, centred / (safe - 1), np.nan)
    whole = np.empty((*totals.shape[:-1], p, p))
    whole[..., first, second] = flat
    whole[..., second, first] = flat
    return whole


def correlation(covariance: np.ndarray, i: int, j: int) -> np.ndarray:
    """Pearson's r of variables i and j from covariance matrices (..., p, p); NaN without spread."""
    return _correlation(covariance[..., i, j], covariance[..., i, i], covariance[..., j, j])


def correlations(totals: np.ndarray, p: int, pairs: Iterable[tuple[int, int]]) -> list[np.ndarray]:
    """Pearson's r of each pair of variables from totals (..., m) laid out by ``sum_products``.

    The numbers that ``correlation`` finds in ``covariances``, made one column at a time, which for
    thousands of replicates is several times faster.
    """
    columns = np.ascontiguousarray(np.moveaxis(totals, -1, 0))
    n, sums = columns[0], columns[1 : 1 + p]
    raw = dict(
        zip(zip(*map(np.ndarray.tolist, triangle(p)), strict=True), columns[1 + p :], strict=True)
    )
    usable = n > 1
    all_usable = bool(usable.all())
    safe = n if all_usable else np.where(usable, n, 2.0)
    less = safe - 1

    @cache
    def covariance(i: int, j: int) -> np.ndarray:
        centred = raw[i, j] - sums[i] * sums[j] / safe
        if i == j and (flat := centred <= ROUNDING * raw[i, j]).any():
            centred = np.where(flat, 0.0, centred)
        return centred / less if all_usable else np.where(usable, centred / less, np.nan)

    return [
        _correlation(covariance(min(i, j), max(i, j)), covariance(i, i), covariance(j, j))
        for i, j in pairs
    ]


def _correlation(shared: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    product = first * second
    defined = product > 0
    if defined.all():
        return np.clip(shared / np.sqrt(product), -1.0, 1.0)
    r = shared / np.sqrt(np.where(defined, product, 1.0))
    return np.where(defined, np.clip(r, -1.0, 1.0), np.nan)


def leave_one_out(sums: np.ndarray) -> np.ndarray:
    """Totals without each cluster in turn: (G, m) in, (G, m) out.

    Added up from both sides rather than subtracted from the whole, so that a cluster that holds
    nearly all of a sum leaves the digits of the rest intact.
    """
    before = np.zeros_like(sums)
    after = np.zeros_like(sums)
    before[1:] = np.cumsum(sums[:-1], axis=0)
    after[:-1] = np.cumsum(sums[:0:-1], axis=0)[::-1]
    return before + after


def resampled(sums: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Totals of every resample: weights (B, G) times sums (G, m), in blocks of bounded memory."""
    step = max(1, BLOCK // max(1, sums.shape[0]))
    blocks = [
        weights[start : start + step].astype(float, copy=False) @ sums
        for start in range(0, len(weights), step)
    ]
    return np.vstack(blocks)
