"""Differences of rank correlations and of areas under the curve, without each cluster in turn.

Both count pairs of rows, and what a cluster adds to a row's rank is known, so that no replicate has
to be ranked anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: A spread of ranks below this, beside that of as many different ones, is rounding.
FLAT = 1e-12


def spearman_without_each(
    values: np.ndarray, codes: np.ndarray, n_clusters: int
) -> tuple[np.ndarray, np.ndarray]:
    """Spearman's r of the first column with each other one: (k,), and without each cluster (G, k).

    Parameters
    ----------
    values : (n, 1 + k), nothing missing; the first column holds few distinct values, as the time
        taken grows with their number.
    codes, n_clusters : (n,) cluster numbers, and how many there are.

    Returns
    -------
    Pearson's r of mid-ranks; in a replicate the rows that are left are ranked among themselves.
    NaN where a column does not vary.

    Notes
    -----
    A row's rank is how many rows it exceeds, equal ones counting half: R. Without a cluster it is
    R - D, D counting that cluster's rows alone. Sums of R D and D D over all rows are sums, over
    the cluster's own rows, of numbers known of each row, so that the time taken grows with rows
    and not with rows times clusters.
    """
    columns = [_Ranked.of(column, codes, n_clusters) for column in values.T]
    outcome, ratings = columns[0], columns[1:]
    levels = np.unique(values[:, 0])
    n, sizes = len(values), np.bincount(codes, minlength=n_clusters)

    def by_cluster(weights: np.ndarray) -> np.ndarray:
        return np.bincount(codes, weights=weights, minlength=n_clusters)

    both_counts = [np.zeros(n_clusters) for _ in ratings]
    for level in levels:
        exceeds = (values[:, 0] > level) + 0.5 * (values[:, 0] == level)
        of_level = by_cluster((values[:, 0] == level).astype(float))
        for total, rating in zip(both_counts, ratings, strict=True):
            total += of_level * by_cluster(rating.sum_above(exceeds))
    left = n - sizes
    flat = left < 2
    mean = np.where(flat, np.nan, left / 2)  # ranks of m rows, ties halved, add up to m^2 / 2
    whole, without = [], []
    spread = _spread_without(outcome, by_cluster) - left * mean**2
    for rating, both in zip(ratings, both_counts, strict=True):
        crossed = (
            outcome.ranks @ rating.ranks
            - by_cluster(rating.sum_above(outcome.ranks))
            - by_cluster(outcome.sum_above(rating.ranks))
            + both
            - by_cluster((outcome.ranks - outcome.inside) * (rating.ranks - rating.inside))
        )
        own = _spread_without(rating, by_cluster) - left * mean**2
        size = np.sqrt(np.maximum(spread * own, 0.0))
        defined = size > FLAT * left**3
        r = (crossed - left * mean**2) / np.where(defined, size, 1.0)
        without.append(np.where(defined, r, np.nan))
        whole.append(_r_with_first(np.column_stack([outcome.ranks, rating.ranks]))[0])
    return np.array(whole), np.column_stack(without)


@dataclass(frozen=True)
class _Ranked:
    """One column: each row's rank among all rows and ``inside`` its cluster, both (n,).

    ``order`` sorts the rows; ``first`` and ``last`` bound the equal ones of each row in it;
    ``below`` and ``equal`` count the rows of its own cluster that it exceeds and equals.
    """

    ranks: np.ndarray
    inside: np.ndarray
    order: np.ndarray
    first: np.ndarray
    last: np.ndarray
    below: np.ndarray
    equal: np.ndarray

    @classmethod
    def of(cls, column: np.ndarray, codes: np.ndarray, n_clusters: int) -> _Ranked:
        """Rank a column (n,) among all rows and within clusters."""
        order = np.argsort(column, kind="stable")
        ordered = column[order]
        first = np.searchsorted(ordered, column, side="left")
        last = np.searchsorted(ordered, column, side="right")
        grouped = np.lexsort((column, codes))
        label = codes[grouped] * len(column) + first[grouped]  # equal rows of one cluster share it
        starts = np.searchsorted(label, label, side="left")
        ends = np.searchsorted(label, label, side="right")
        cluster_starts = np.searchsorted(codes[grouped], np.arange(n_clusters))
        below, equal = np.empty(len(column)), np.empty(len(column))
        below[grouped] = starts - cluster_starts[codes[grouped]]
        equal[grouped] = ends - starts
        return cls((first + last) / 2, below + equal / 2, order, first, last, below, equal)

    def sum_above(self, weights: np.ndarray) -> np.ndarray:
        """Per row, the sum of the weights (n,) of rows that exceed it, equal ones counting half."""
        upto = np.concatenate([[0.0], np.cumsum(weights[self.order])])
        return upto[-1] - (upto[self.first] + upto[self.last]) / 2


def _spread_without(one: _Ranked, by_cluster: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Sum of squared ranks of the rows left without each cluster, ranked among themselves: (G,)."""
    n = len(one.ranks)
    above, ties = n - one.last, one.last - one.first
    squares = by_cluster(2 * one.below * (above + 0.5 * ties) + one.equal * (above + 0.25 * ties))
    crossed = by_cluster(one.sum_above(one.ranks))
    gone = by_cluster((one.ranks - one.inside) ** 2)
    return one.ranks @ one.ranks - 2 * crossed + squares - gone


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
    grouped = np.argsort(codes, kind="stable")
    members = np.split(grouped, np.searchsorted(codes[grouped], np.arange(1, n_clusters)))
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
                _ranks_among(rating[own[positive[own]]], rating[own[~positive[own]]]).sum()
                for own in members
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
