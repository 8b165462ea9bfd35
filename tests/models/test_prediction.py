import time

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from analysis.models.folds import draw_folds, order_by_content, permute_clustered
from analysis.models.prediction import (
    PENALTIES,
    corrected_resampled_t,
    ridge_losses,
    sum_folds,
)


def simulate(seed=0, clusters=23, size=9, p=3, signal=0.4):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(clusters), rng.integers(1, 2 * size, size=clusters))
    x = rng.normal(size=(len(codes), p)) + rng.normal(size=(clusters, p))[codes]
    y = signal * x.sum(axis=1) + rng.normal(size=clusters)[codes] + rng.normal(size=len(codes))
    return x * np.array([1, 50, 0.1])[:p] + 7, 3 * y - 2, codes


def by_scikit_learn(x, y, fold):
    """Each fold's loss with the penalty chosen by a grouped grid search on the other folds."""
    losses = []
    for k in range(fold.max() + 1):
        train = fold != k
        search = GridSearchCV(
            make_pipeline(StandardScaler(), Ridge()),
            {"ridge__alpha": PENALTIES},
            cv=PredefinedSplit(fold[train]),
            scoring="neg_mean_squared_error",
        ).fit(x[train], y[train])
        losses.append(((y[~train] - search.predict(x[~train])) ** 2).mean())
    return np.array(losses)


@pytest.mark.parametrize("signal", [0.4, 0.0])
def test_losses_agree_with_scikit_learn_with_the_penalty_chosen_inside(signal):
    x, y, codes = simulate(1, signal=signal)
    folds = draw_folds(np.bincount(codes), 5, 2, np.random.default_rng(1))
    found = ridge_losses(sum_folds(x, y[:, None], codes, folds), [0, 1, 2])[..., 0] * y.var()
    for own, fold in zip(found, folds, strict=True):
        assert own == pytest.approx(by_scikit_learn(x, y, fold[codes]), rel=1e-7)


def test_some_predictors_only_and_none():
    x, y, codes = simulate(2)
    folds = draw_folds(np.bincount(codes), 4, 1, np.random.default_rng(2))
    sums = sum_folds(x, y[:, None], codes, folds)
    fold = folds[0][codes]
    found = ridge_losses(sums, [2, 0])[0, :, 0] * y.var()
    assert found == pytest.approx(by_scikit_learn(x[:, [2, 0]], y, fold), rel=1e-7)
    plain = [((y[fold == k] - y[fold != k].mean()) ** 2).mean() for k in range(4)]
    assert ridge_losses(sums, [])[0, :, 0] * y.var() == pytest.approx(plain, rel=1e-10)


def test_many_outcomes_at_once_are_each_as_alone():
    x, y, codes = simulate(3)
    together = np.column_stack([y, np.roll(y, 5), np.cos(y)])
    folds = draw_folds(np.bincount(codes), 5, 3, np.random.default_rng(3))
    found = ridge_losses(sum_folds(x, together, codes, folds), [0, 1])
    for i in range(3):
        alone = ridge_losses(sum_folds(x, together[:, [i]], codes, folds), [0, 1])
        assert found[..., i] == pytest.approx(alone[..., 0], rel=1e-10)


def test_a_predictor_constant_in_a_training_set_has_no_say():
    x, y, codes = simulate(4, p=1)
    folds = draw_folds(np.bincount(codes), 3, 1, np.random.default_rng(4))
    only = np.where(folds[0][codes] == 1, x[:, 0], 0.0)
    sums = sum_folds(only[:, None], y[:, None], codes, folds)
    assert ridge_losses(sums, [0])[0, 1, 0] == pytest.approx(ridge_losses(sums, [])[0, 1, 0])


def test_folds_hold_whole_clusters_in_equal_number_of_rows():
    sizes = np.random.default_rng(5).integers(1, 25, size=60)
    folds = draw_folds(sizes, 5, 20, np.random.default_rng(5))
    rows = np.array([np.bincount(own, weights=sizes, minlength=5) for own in folds])
    assert (rows.max(axis=1) - rows.min(axis=1)).max() <= sizes.max()
    assert len(np.unique(folds, axis=0)) == 20
    assert (draw_folds(np.ones(5), 5, 3, np.random.default_rng(0)).max(axis=1) == 4).all()
    with pytest.raises(ValueError, match="cannot fill"):
        draw_folds(np.ones(3), 5, 1, np.random.default_rng(0))


def test_an_order_by_content_forgets_row_order_and_names():
    x, _, codes = simulate(6)
    x[::7, 1] = np.nan
    order, renumbered = order_by_content(x, codes, codes.max() + 1)
    rng = np.random.default_rng(6)
    shuffle, names = rng.permutation(len(x)), rng.permutation(codes.max() + 1)
    again, as_before = order_by_content(x[shuffle], names[codes[shuffle]], codes.max() + 1)
    assert np.array_equal(x[order], x[shuffle][again], equal_nan=True)
    assert np.array_equal(renumbered, as_before)
    assert (np.diff(renumbered) >= 0).all()


def test_permuting_keeps_every_deviation_in_its_cluster_and_every_mean():
    _, y, codes = simulate(7)
    copies = permute_clustered(y, codes, codes.max() + 1, 50, np.random.default_rng(7))
    size = np.bincount(codes)
    mean = np.bincount(codes, weights=y) / size
    for copy in copies:
        its = np.bincount(codes, weights=copy) / size
        assert np.sort(its) == pytest.approx(np.sort(mean))
        for k in range(3):
            own = np.sort((copy - its[codes])[codes == k])
            assert own == pytest.approx(np.sort((y - mean[codes])[codes == k]))
    assert not np.allclose(copies[0], copies[1])


def test_the_corrected_t_follows_its_formula_and_says_what_it_cannot():
    d = np.array([[0.02, 0.05, -0.01], [0.04, 0.0, 0.03]])
    row = corrected_resampled_t(d, 0.5)
    se = np.sqrt((1 / 6 + 0.5) * d.var(ddof=1))
    assert row["statistic"] == pytest.approx(d.mean() / se)
    assert row["df"] == 5
    assert (row["conf_low"] + row["conf_high"]) / 2 == pytest.approx(d.mean())
    assert np.isnan(corrected_resampled_t(np.ones((2, 3)), 0.5)["p_value"])
    assert "not defined" in corrected_resampled_t(np.array([[np.nan, 1]]), 0.5)["note"]


def test_ten_repeats_of_1800_rows_are_quick():
    x, y, codes = simulate(8, clusters=150, size=12)
    folds = draw_folds(np.bincount(codes), 5, 10, np.random.default_rng(8))
    times = []
    for _ in range(3):
        start = time.perf_counter()
        sums = sum_folds(x, y[:, None], codes, folds)
        for own in ([2], [0, 2], [1, 2], [0, 1, 2]):
            ridge_losses(sums, own)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.2
