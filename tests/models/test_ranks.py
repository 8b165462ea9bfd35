import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from analysis.models.ranks import auc_without_each, spearman_without_each


def simulate(seed=0, clusters=14):
    """Ordinal outcome, two ratings with ties, cluster numbers."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(clusters), rng.integers(1, 12, size=clusters))
    shared = rng.normal(size=(clusters, 1))[codes]
    values = np.round(shared + rng.normal(size=(len(codes), 3)), 1)
    values[:, 0] = np.round(values[:, 0])
    return values, codes


def test_spearman_agrees_with_scipy_with_all_rows_and_without_each_cluster():
    values, codes = simulate()
    whole, without = spearman_without_each(values, codes, 14)
    for i in (0, 1):
        assert whole[i] == pytest.approx(spearmanr(values[:, 0], values[:, 1 + i])[0], abs=1e-12)
        for k in range(14):
            own = values[codes != k]
            assert without[k, i] == pytest.approx(spearmanr(own[:, 0], own[:, 1 + i])[0], abs=1e-12)


def test_the_area_agrees_with_scikit_learn_with_all_rows_and_without_each_cluster():
    values, codes = simulate(1)
    positive = values[:, 0] > 0
    whole, without = auc_without_each(positive, values[:, 1:], codes, 14)
    for i in (0, 1):
        assert whole[i] == pytest.approx(roc_auc_score(positive, values[:, 1 + i]), abs=1e-12)
        for k in range(14):
            kept = codes != k
            expected = roc_auc_score(positive[kept], values[kept, 1 + i])
            assert without[k, i] == pytest.approx(expected, abs=1e-12)


def test_what_is_left_of_one_kind_has_no_area_and_no_correlation():
    values, codes = simulate(2)
    positive = codes == 3
    whole, without = auc_without_each(positive, values[:, 1:], codes, 14)
    assert np.isfinite(whole).all()
    assert np.isnan(without[3]).all()
    values[:, 0] = positive
    assert np.isnan(spearman_without_each(values, codes, 14)[1][3]).all()


def test_many_clusters_of_rows_with_ties_agree_with_ranking_anew():
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 40, size=300)
    values = np.column_stack([rng.integers(1, 6, 300), rng.integers(0, 9, (300, 2)) / 2.0])
    whole, without = spearman_without_each(values.astype(float), codes, 40)
    assert whole[1] == pytest.approx(spearmanr(values[:, 0], values[:, 2])[0], abs=1e-12)
    for k in range(40):
        own = values[codes != k]
        assert without[k, 0] == pytest.approx(spearmanr(own[:, 0], own[:, 1])[0], abs=1e-12)
