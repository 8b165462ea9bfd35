"""Gradient boosted trees on the folds of a ridge: would curves or interactions predict better?

Trees this small are quick to grow and slow to ask for one at a time, so all training sets of one
division into folds grow theirs side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

#: Trees to choose from, none included; trees of four leaves, so that two predictors may interact.
MOST_TREES = 100
LEAVES = 4
LEARNING_RATE = 0.1

#: Rows that a leaf holds at least, and values that a predictor is cut down to at most.
FEWEST_IN_LEAF = 20
MOST_BINS = 255


def boosting_losses(
    predictors: np.ndarray, outcome: np.ndarray, folds: np.ndarray, chosen: Sequence[int]
) -> np.ndarray:
    """Mean squared error of each fold when all others train the trees: (repeats, folds).

    Parameters
    ----------
    predictors, outcome : (n, p) and (n,).
    folds : (repeats, n) each row's fold.
    chosen : places of the predictors; without any, the mean of the training set predicts.

    Notes
    -----
    Friedman (2001), Annals of Statistics 29, 1189, on binned predictors, the leaf with most to gain
    split first (Ke and others, 2017, LightGBM, NeurIPS 30): the losses are those of scikit-learn's
    ``HistGradientBoostingRegressor`` without its own early stopping, which would draw rows and not
    clusters. The number of trees is chosen inside the training set: its folds take turns in being
    left out, and the number with the least mean error is taken, 0 being the training mean. Two
    training sets without the same two folds are one: a repeat of K folds takes K (K + 1) / 2 fits.
    """
    x = predictors[:, list(chosen)]
    return np.array([_losses(x, outcome, fold, folds.max() + 1) for fold in folds])


def _losses(x: np.ndarray, outcome: np.ndarray, fold: np.ndarray, n_folds: int) -> np.ndarray:
    """Each fold's loss in one division into folds."""
    places = range(n_folds)
    left_out = [*((k,) for k in places), *(combinations(places, 2) if x.shape[1] else ())]
    train = np.stack([~np.isin(fold, own) for own in left_out])
    errors = _errors_by_trees(x, outcome, fold, train, MOST_TREES if x.shape[1] else 0)
    inner = np.zeros((n_folds, len(errors)))
    for place, (first, *second) in enumerate(left_out):
        for other in second:
            inner[first] += errors[:, place, other]
            inner[other] += errors[:, place, first]
    return errors[inner.argmin(axis=1), places, places]


def _errors_by_trees(
    x: np.ndarray, outcome: np.ndarray, fold: np.ndarray, train: np.ndarray, trees: int
) -> np.ndarray:
    """Mean squared error in each fold after 0, 1, ... trees: (trees + 1, fits, folds).

    ``train`` is (fits, n): the rows that each fit learns from.
    """
    fits, n = train.shape
    n_folds = fold.max() + 1
    cells = (np.arange(fits)[:, None] * n_folds + fold).ravel()
    sizes = np.bincount(fold, minlength=n_folds)
    start = np.stack([outcome[own].mean() for own in train])
    predicted = np.repeat(start[:, None], n, axis=1)
    bins = np.stack([_bin(column, train) for column in x.T]) if trees else None
    errors = np.empty((trees + 1, fits, n_folds))
    for number in range(trees + 1):
        if number:
            gradient = (predicted - outcome).astype(np.float32).astype(float)
            predicted += LEARNING_RATE * _Forest.grow(bins, gradient, train).values()
        squared = ((predicted - outcome) ** 2).ravel()
        sums = np.bincount(cells, weights=squared, minlength=fits * n_folds)
        errors[number] = sums.reshape(fits, n_folds) / sizes
    return errors


def _bin(column: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Each row's bin in each fit, (fits, n): midway between values, or at 254 quantiles."""
    binned = np.empty(train.shape, dtype=np.int64)
    for place, own in enumerate(train):
        distinct = np.unique(column[own])
        if len(distinct) <= MOST_BINS:
            cuts = (distinct[:-1] + distinct[1:]) / 2
        else:
            percentiles = np.linspace(0, 100, MOST_BINS + 1)[1:-1]
            cuts = np.unique(
                np.percentile(column[own], percentiles, method="averaged_inverted_cdf")
            )
        binned[place] = np.searchsorted(cuts, column, side="left")
    return binned


@dataclass
class _Forest:
    """One tree for each fit, grown side by side.

    ``leaf`` (fits, n) is the leaf of each row; of each leaf (fits, LEAVES): ``total`` and ``size``,
    its training rows' sum of gradients and number; ``gain`` of its best split (0: none), which
    sends rows whose ``feature`` lies above ``cut`` to the right; ``left_total`` and ``left_size``
    of that split.
    """

    bins: np.ndarray
    gradient: np.ndarray
    train: np.ndarray
    leaf: np.ndarray
    total: np.ndarray
    size: np.ndarray
    gain: np.ndarray
    feature: np.ndarray
    cut: np.ndarray
    left_total: np.ndarray
    left_size: np.ndarray

    @classmethod
    def grow(cls, bins: np.ndarray, gradient: np.ndarray, train: np.ndarray) -> _Forest:
        """Grow trees of up to ``LEAVES`` leaves, the leaf with most to gain split first."""
        fits = len(train)
        tables = [np.zeros((fits, LEAVES)) for _ in range(7)]
        total, size, gain, feature, cut, left_total, left_size = tables
        forest = cls(
            bins,
            gradient,
            train,
            np.zeros(train.shape, dtype=np.int64),
            total,
            size,
            gain,
            feature.astype(np.int64),
            cut.astype(np.int64),
            left_total,
            left_size,
        )
        total[:, 0] = np.where(train, gradient, 0).sum(axis=1)
        size[:, 0] = train.sum(axis=1)
        forest._look(np.zeros((fits, 1), dtype=np.int64))
        for new in range(1, LEAVES):
            parent = gain.argmax(axis=1)
            if not forest._split(parent, new):
                break
            if new < LEAVES - 1:
                forest._look(np.column_stack([parent, np.full(fits, new)]))
        return forest

    def values(self) -> np.ndarray:
        """What each row's leaf adds to its prediction: the mean fall of the gradient, (fits, n)."""
        means = np.divide(
            -self.total, self.size, out=np.zeros_like(self.total), where=self.size > 0
        )
        return np.take_along_axis(means, self.leaf, axis=1)

    def _split(self, parent: np.ndarray, new: int) -> bool:
        """Split one leaf of each fit where there is a gain; whether any was."""
        every = np.arange(len(parent))
        splits = self.gain[every, parent] > 0
        if not splits.any():
            return False
        feature, cut = self.feature[every, parent], self.cut[every, parent]
        goes = self.bins[feature, every] > cut[:, None]
        goes &= (self.leaf == parent[:, None]) & splits[:, None]
        self.leaf[goes] = new
        for whole, left in ((self.total, self.left_total), (self.size, self.left_size)):
            kept = left[every, parent]
            whole[splits, new] = (whole[every, parent] - kept)[splits]
            whole[every[splits], parent[splits]] = kept[splits]
        self.gain[every, parent] = 0
        return True

    def _look(self, leaves: np.ndarray) -> None:
        """Find the best split of some leaves (fits, m) of each fit."""
        fits, m = leaves.shape
        slot = np.full(self.leaf.shape, -1)
        for place in range(m):
            slot[self.leaf == leaves[:, [place]]] = place
        rows = np.flatnonzero(self.train & (slot >= 0))
        n_bins = int(self.bins.max()) + 1
        fit = rows // self.leaf.shape[1]
        base = (fit * m + slot.ravel()[rows]) * n_bins
        gradient = self.gradient.ravel()[rows]
        total = np.take_along_axis(self.total, leaves, axis=1)
        size = np.take_along_axis(self.size, leaves, axis=1)
        best = np.zeros((fits, m))
        found = [np.zeros((fits, m)) for _ in range(4)]
        worth = size >= 2 * FEWEST_IN_LEAF
        own = np.divide(-(total**2), size, out=np.zeros_like(total), where=size > 0)
        for feature, binned in enumerate(self.bins):
            place = base + binned.ravel()[rows]
            shape = (fits, m, n_bins)
            sums = np.bincount(place, weights=gradient, minlength=fits * m * n_bins)
            left = sums.reshape(shape).cumsum(axis=2)
            count = np.bincount(place, minlength=fits * m * n_bins).reshape(shape).cumsum(axis=2)
            right, rest = total[:, :, None] - left, size[:, :, None] - count
            allowed = (count >= FEWEST_IN_LEAF) & (rest >= FEWEST_IN_LEAF) & worth[:, :, None]
            gain = left**2 / np.maximum(count, 1) + right**2 / np.maximum(rest, 1)
            gain = np.where(allowed, gain + own[:, :, None], 0.0)
            cut = gain.argmax(axis=2)
            top = np.take_along_axis(gain, cut[:, :, None], axis=2)[:, :, 0]
            better = top > best
            best[better] = top[better]
            for kept, value in zip(found, (feature, cut, left, count), strict=True):
                if np.ndim(value) == 3:
                    value = np.take_along_axis(value, cut[:, :, None], axis=2)[:, :, 0]
                kept[better] = np.broadcast_to(value, better.shape)[better]
        for table, value in zip(
            (self.gain, self.feature, self.cut, self.left_total, self.left_size),
            (best, *found),
            strict=True,
        ):
            np.put_along_axis(table, leaves, value.astype(table.dtype), axis=1)
