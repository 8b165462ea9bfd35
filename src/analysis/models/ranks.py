"""Differences of rank correlations and of areas under the curve, without each cluster in turn.

Both count pairs of rows, and what a cluster adds to a row's rank is known, so that no replicate has
to be ranked anew.
"""

from __future__ import annotations

import numpy as np


def spearman_without_each(
    values: np.ndarray, codes: np.ndarray, n_clusters: int
) -> tuple[np.ndarray, np.ndarray]:
    """Spearman's r of the first column with each other one: (k,), and without each cluster (G, k).

    Parameters
    ----------
    values : (n, 1 + k), nothing missing.
    codes, n_clusters : (n,) cluster numbers, and how many there are.

    Returns
    -------
    Pearson's r of mid-ranks; in a replicate the rows that are left are ranked among themselves.
    NaN where a column does not vary.
    """
    ranks = np.column_stack([_ranks_among(column, column) for column in values.T])
    without = np.full((n_clusters, values.shape[1] - 1), np.nan)
    for cluster in range(n_clusters):
        gone = codes == cluster
        kept = ~gone
        if kept.sum() > 1:
            over_them = [_ranks_among(column[kept], column[gone]) for column in values.T]
            without[cluster] = _r_with_first(ranks[kept] - np.column_stack(over_them))
    return _r_with_first(ranks), without


def auc_without_each(
    positive: np.ndarray, ratings: np.ndarray, codes: np.ndarray, n_clusters: int
) -> tuple[np.ndarray, np.ndarray]:
    """Area under the curve of each rating: (k,), and without each cluster (G, k).

    Parameters
    ----------
    positive : (n,) whether the outcome is the better of its two values.
    ratings : (n, k), nothing missing.
    codes, n_clusters : (n,) cluster numbers, and how many there are.

    Returns
    -------
    The share of pairs of a positive and a negative row in which the positive one is rated higher,
    ties counting half (Mann and Whitney, 1947, Annals of Mathematical Statistics 18, 50). NaN where
    rows of one kind only are left.

    Notes
    -----
    Without a cluster, the pairs lost are those of its positive rows with any negative one and of
    its negative rows with any positive one, less the pairs inside it, which both count.
    """
    whole, replicates = [], []
    n_positive = np.bincount(codes, weights=positive, minlength=n_clusters)
    n_negative = np.bincount(codes, weights=~positive, minlength=n_clusters)
    left = (n_positive.sum() - n_positive) * (n_negative.sum() - n_negative)
    all_pairs = n_positive.sum() * n_negative.sum()
    for rating in ratings.T:
        won = np.empty(len(rating))
        won[positive] = _ranks_among(rating[positive], rating[~positive])
        won[~positive] = positive.sum() - _ranks_among(rating[~positive], rating[positive])
        lost = np.bincount(codes, weights=won, minlength=n_clusters)
        inside = np.array(
            [
                _ranks_among(rating[own & positive], rating[own & ~positive]).sum()
                for own in (codes == cluster for cluster in range(n_clusters))
            ]
        )
        total = won[positive].sum()
        whole.append(total / all_pairs if all_pairs else np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = (total - lost + inside) / left
        replicates.append(np.where(left > 0, share, np.nan))
    return np.array(whole), np.column_stack(replicates)


def _ranks_among(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How many of the others each value exceeds, equal ones counting half: (n,)."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, side="left")
    return (below + np.searchsorted(ordered, values, side="right")) / 2


def _r_with_first(ranks: np.ndarray) -> np.ndarray:
    """Pearson's r of the first column with each other one; NaN without spread."""
    centred = ranks - ranks.mean(axis=0)
    products = centred[:, 0] @ centred[:, 1:]
    spread = (centred**2).sum(axis=0)
    size = np.sqrt(spread[0] * spread[1:])
    defined = size > 1e-9
    return np.where(defined, products / np.where(defined, size, 1.0), np.nan)
