"""Dividing clusters into folds, and permuting an outcome, so that clusters stay together."""

from __future__ import annotations

import numpy as np


def order_by_content(
    values: np.ndarray, codes: np.ndarray, n_clusters: int
) -> tuple[np.ndarray, np.ndarray]:
    """An order of the rows that neither their order nor any identifier has a part in.

    Parameters
    ----------
    values : (n, p) numbers, NaN allowed.
    codes, n_clusters : each row's cluster number, and how many there are; none without rows.

    Returns
    -------
    The order (n,), clusters one after another, and the clusters' new numbers in that order (n,):
    clusters by size and then by their sums, rows within them by their values. Rows or clusters
    that share a place are copies of each other, so that it does not matter which comes first.
    """
    order = np.lexsort((*values.T[::-1], codes))
    starts = np.searchsorted(codes[order], np.arange(n_clusters))
    known = np.nan_to_num(values[order])
    sums = np.add.reduceat(known, starts, axis=0)
    sizes = np.bincount(codes, minlength=n_clusters)
    ranked = np.lexsort((*sums.T[::-1], sizes))
    place = np.empty(n_clusters, dtype=int)
    place[ranked] = np.arange(n_clusters)
    by_cluster = order[np.argsort(place[codes[order]], kind="stable")]
    return by_cluster, place[codes[by_cluster]]


def draw_folds(
    sizes: np.ndarray, n_folds: int, repeats: int, rng: np.random.Generator
) -> np.ndarray:
    """Each cluster's fold, once for every repeat: (repeats, G) numbers below ``n_folds``.

    Clusters come in random order and each joins the fold that has fewest rows so far, so that no
    fold is larger than another by more than the largest cluster, and none is empty.

    Raises ValueError for more folds than clusters.
    """
    n_clusters = len(sizes)
    if n_clusters < n_folds:
        raise ValueError(f"{n_clusters} clusters cannot fill {n_folds} folds")
    order = rng.permuted(np.tile(np.arange(n_clusters), (repeats, 1)), axis=1)
    folds = np.empty((repeats, n_clusters), dtype=int)
    rows = np.zeros((repeats, n_folds))
    every = np.arange(repeats)
    for place in range(n_clusters):
        cluster = order[:, place]
        smallest = rows.argmin(axis=1)
        folds[every, cluster] = smallest
        rows[every, smallest] += sizes[cluster]
    return folds


def permute_clustered(
    values: np.ndarray, codes: np.ndarray, n_clusters: int, times: int, rng: np.random.Generator
) -> np.ndarray:
    """Permuted copies (times, n) that are as alike within clusters as the values are.

    Parameters
    ----------
    values : (n,) numbers, rows of a cluster next to one another.
    codes, n_clusters : (n,) cluster numbers in ascending order, and how many there are.

    Notes
    -----
    A value is its cluster's mean plus a deviation. Means change places between clusters, deviations
    between the rows of a cluster: exchangeable blocks, as a whole and within (Winkler, Webster,
    Vidaurre, Nichols and Smith, 2015, NeuroImage 123, 253). Shuffling rows freely would destroy the
    clustering and reject too often. Means of clusters of unequal size differ in variance, so that
    the test is approximate where sizes vary greatly.
    """
    sizes = np.bincount(codes, minlength=n_clusters)
    means = np.bincount(codes, weights=values, minlength=n_clusters) / sizes
    deviations = values - means[codes]
    shuffled = np.argsort(codes + rng.random((times, len(values))), axis=1)
    exchanged = rng.permuted(np.tile(means, (times, 1)), axis=1)
    return exchanged[:, codes] + deviations[shuffled]
