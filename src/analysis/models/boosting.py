"""Gradient boosted trees on the folds of a ridge: would curves or interactions predict better?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

#: Trees to choose from, none included; trees of four leaves, so that two predictors may interact.
MOST_TREES = 100
LEAVES = 4
LEARNING_RATE = 0.1


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
    Friedman (2001), Annals of Statistics 29, 1189, as scikit-learn's
    ``HistGradientBoostingRegressor`` without its own early stopping, which would draw rows and not
    clusters. The number of trees is chosen inside the training set: its folds take turns in being
    left out, and the number with the least mean error is taken, 0 being the training mean. Two
    training sets without the same two folds are one: a repeat of K folds takes K (K + 1) / 2 fits.
    """
    from threadpoolctl import threadpool_limits  # scikit-learn's own

    # Trees this small are no work to share: threads would only wait for one another.
    with threadpool_limits(1, user_api="openmp"):
        return _losses(predictors[:, list(chosen)], outcome, folds)


def _losses(x: np.ndarray, outcome: np.ndarray, folds: np.ndarray) -> np.ndarray:
    n_folds = folds.max() + 1
    losses = np.empty((len(folds), n_folds))
    for repeat, fold in enumerate(folds):
        inner = np.zeros((n_folds, n_folds, MOST_TREES + 1))
        for first, second in combinations(range(n_folds), 2) if x.shape[1] else ():
            steps = _steps(x, outcome, (fold != first) & (fold != second))
            for left_out, tested in ((first, second), (second, first)):
                inner[left_out, tested] = _errors(steps, outcome, fold == tested)
        for k in range(n_folds):
            if x.shape[1]:
                trees = int(inner[k].sum(axis=0).argmin())
                steps = _steps(x, outcome, fold != k, trees)
            else:
                steps = np.full((1, len(outcome)), outcome[fold != k].mean())
            losses[repeat, k] = _errors(steps[-1:], outcome, fold == k)[0]
    return losses


def _steps(
    x: np.ndarray, outcome: np.ndarray, train: np.ndarray, trees: int = MOST_TREES
) -> np.ndarray:
    """Predictions for all rows after each number of trees from 0 up: (trees + 1, n)."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # late: it takes a second to load

    start = np.full((1, len(x)), outcome[train].mean())
    if trees == 0:
        return start
    model = HistGradientBoostingRegressor(
        max_iter=trees,
        max_leaf_nodes=LEAVES,
        learning_rate=LEARNING_RATE,
        early_stopping=False,
        random_state=0,
    ).fit(x[train], outcome[train])
    return np.vstack([start, *(one[None] for one in model.staged_predict(x))])


def _errors(steps: np.ndarray, outcome: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return ((steps[:, rows] - outcome[rows]) ** 2).mean(axis=1)
