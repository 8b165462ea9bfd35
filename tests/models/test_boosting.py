import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from analysis.models.boosting import LEARNING_RATE, LEAVES, MOST_TREES, boosting_losses


def simulate(seed=0, n=240):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    return x, x[:, 0] ** 2 + 0.5 * rng.normal(size=n), rng.integers(0, 3, size=(1, n))


@threadpool_limits.wrap(limits=1, user_api="openmp")
def test_the_number_of_trees_is_chosen_on_the_training_folds_alone():
    x, y, folds = simulate()
    fold = folds[0]

    def grown(train):
        return HistGradientBoostingRegressor(
            max_iter=MOST_TREES,
            max_leaf_nodes=LEAVES,
            learning_rate=LEARNING_RATE,
            early_stopping=False,
        ).fit(x[train], y[train])

    for k in range(3):
        inner = []
        for j in set(range(3)) - {k}:
            train, test = (fold != k) & (fold != j), fold == j
            steps = [np.full(test.sum(), y[train].mean())]
            steps += list(grown(train).staged_predict(x[test]))
            inner.append([((y[test] - one) ** 2).mean() for one in steps])
        trees = int(np.mean(inner, axis=0).argmin())
        own = list(grown(fold != k).staged_predict(x[fold == k]))[trees - 1]
        expected = ((y[fold == k] - own) ** 2).mean()
        assert trees > 0
        assert boosting_losses(x, y, folds, [0, 1])[0, k] == pytest.approx(expected, rel=1e-9)


def test_a_curve_that_a_line_cannot_follow_is_found_and_noise_is_left_alone():
    x, y, folds = simulate(1, n=400)
    null = boosting_losses(x, y, folds, []).mean()
    assert null == pytest.approx(y.var(), rel=0.1)
    assert boosting_losses(x, y, folds, [0]).mean() < 0.5 * null
    assert boosting_losses(x, y, folds, [1]).mean() > 0.9 * null
