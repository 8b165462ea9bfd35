import numpy as np
import pandas as pd
import pytest

from analysis.models.cluster_sums import (
    add_by_cluster,
    code_clusters,
    correlation,
    correlations,
    covariances,
    leave_one_out,
    resampled,
    standardise,
    sum_products,
)


@pytest.fixture
def values():
    return np.random.default_rng(5).normal(size=(40, 3)) @ np.array(
        [[1.0, 0.4, 0.2], [0, 1, 0.3], [0, 0, 1]]
    )


@pytest.fixture
def codes():
    return np.random.default_rng(6).integers(0, 7, size=40)


def test_covariances_of_all_clusters_are_those_of_the_rows(values, codes):
    total = sum_products(values, codes, 7).sum(axis=0)
    np.testing.assert_allclose(covariances(total, 3), np.cov(values.T), rtol=1e-12)


def test_leaving_a_cluster_out_equals_dropping_its_rows(values, codes):
    without = covariances(leave_one_out(sum_products(values, codes, 7)), 3)
    for cluster in range(7):
        rows = values[codes != cluster]
        np.testing.assert_allclose(without[cluster], np.cov(rows.T), rtol=1e-11)
        np.testing.assert_allclose(
            correlation(without[cluster], 0, 2), np.corrcoef(rows.T)[0, 2], rtol=1e-11
        )


def test_weighted_sums_equal_rows_repeated(values, codes):
    weights = np.array([[2, 0, 1, 0, 3, 1, 0], [1, 1, 1, 1, 1, 1, 1]], dtype=np.uint8)
    totals = resampled(sum_products(values, codes, 7), weights)
    for weight, matrix in zip(weights, covariances(totals, 3), strict=True):
        repeated = np.repeat(values, weight[codes], axis=0)
        np.testing.assert_allclose(matrix, np.cov(repeated.T), rtol=1e-11)


def test_resamples_in_blocks_equal_resamples_at_once(values, codes, monkeypatch):
    sums = sum_products(values, codes, 7)
    weights = np.random.default_rng(1).multinomial(7, [1 / 7] * 7, size=50)
    at_once = weights.astype(float) @ sums
    monkeypatch.setattr("analysis.models.cluster_sums.BLOCK", 7 * 12)
    np.testing.assert_allclose(resampled(sums, weights), at_once, rtol=1e-13)


def test_a_cluster_that_holds_nearly_all_of_a_sum_leaves_the_digits_of_the_rest():
    rest = np.random.default_rng(2).normal(size=(30, 2))
    values = np.vstack([[[1e9, -1e9]], rest])
    without = leave_one_out(sum_products(values, np.arange(31), 31))[0]
    np.testing.assert_allclose(covariances(without, 2), np.cov(rest.T), rtol=1e-10)


def test_standardising_keeps_the_digits_at_an_offset_of_a_million(values, codes):
    def r(rows):
        total = sum_products(standardise(rows)[0], codes, 7).sum(axis=0)
        return correlation(covariances(total, 3), 0, 1)

    assert r(values + 1e6) == pytest.approx(r(values), abs=1e-9)
    assert r(values * [1e-8, 1e8, 1]) == pytest.approx(r(values), abs=1e-12)


@pytest.mark.parametrize("constant", [0.1, 1e6 + 0.3, 0.0])
def test_a_constant_column_has_no_correlation_whatever_its_rounding(values, codes, constant):
    values[:, 1] = constant
    values[::2, 1] *= 1 + 1e-16
    total = sum_products(standardise(values)[0], codes, 7).sum(axis=0)
    assert np.isnan(correlation(covariances(total, 3), 0, 1))
    assert np.isfinite(correlation(covariances(total, 3), 0, 2))


def test_too_few_rows_give_nan_and_no_warning():
    empty = sum_products(np.empty((0, 2)), np.array([], dtype=int), 3)
    assert empty.shape == (3, 6)
    assert np.isnan(covariances(empty.sum(axis=0), 2)).all()
    one = sum_products(np.array([[1.0, 2.0]]), np.array([0]), 1)
    assert np.isnan(covariances(one.sum(axis=0), 2)).all()


def test_clusters_are_numbered_by_label_and_not_by_row():
    codes, labels = code_clusters(pd.Series(["b", "a", "b", "c"]))
    assert codes.tolist() == [1, 0, 1, 2]
    assert labels.tolist() == ["a", "b", "c"]


def test_a_missing_cluster_label_is_refused_by_name_and_count():
    with pytest.raises(ValueError, match=r"'advisor_id' is missing in 2 of 3 rows"):
        code_clusters(pd.Series(["a", None, np.nan], name="advisor_id"))


def test_a_cluster_without_rows_adds_nothing():
    assert add_by_cluster(np.ones((2, 1)), np.array([0, 2]), 3).ravel().tolist() == [1, 0, 1]


def test_correlations_a_column_at_a_time_are_those_of_the_covariance_matrices():
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 9, size=80)
    values = rng.normal(size=(80, 4))
    values[:, 3] = 0.0
    sums = sum_products(values, codes, 9)
    totals = np.vstack([leave_one_out(sums), np.zeros((1, sums.shape[1])), sums[:1]])
    matrices = covariances(totals, 4)
    pairs = [(0, 1), (2, 0), (0, 3)]
    for (i, j), found in zip(pairs, correlations(totals, 4, pairs), strict=True):
        np.testing.assert_array_equal(found, correlation(matrices, i, j))


def test_clusters_are_numbered_in_the_order_of_their_labels_as_text():
    codes, labels = code_clusters(pd.Series([10, 9, "a", 9, "B"]))
    assert list(labels) == ["10", "9", "B", "a"]
    assert list(codes) == [0, 1, 3, 1, 2]
