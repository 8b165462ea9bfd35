"""Means and shares against known values, and their coverage where clusters share."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.models.ratio import clustered_ratio


def test_a_mean_without_shared_clusters_is_the_t_interval_of_a_mean():
    values = np.random.default_rng(1).normal(size=40)
    row = clustered_ratio(values, np.ones(40), pd.Series(np.arange(40)))
    assert row["estimate"] == pytest.approx(values.mean())
    assert row["std_error"] == pytest.approx(stats.sem(values))
    low, high = stats.t.interval(0.95, 39, values.mean(), stats.sem(values))
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((low, high))


def test_the_order_of_the_rows_changes_no_bit():
    rng = np.random.default_rng(2)
    answered, due = rng.integers(0, 5, 60).astype(float), np.full(60, 5.0)
    cluster = pd.Series(rng.integers(0, 9, 60).astype(str))
    order = rng.permutation(60)
    again = clustered_ratio(answered[order], due[order], cluster.iloc[order])
    assert again == clustered_ratio(answered, due, cluster)


def test_nothing_due_has_no_rate_and_says_so():
    row = clustered_ratio(np.zeros(4), np.zeros(4), pd.Series(list("aabb")))
    assert np.isnan(row["estimate"])
    assert "not defined" in row["note"]


def test_the_interval_covers_a_rate_that_advisors_share():
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(25), 8)
    covered = []
    for _ in range(400):
        level = np.clip(0.6 + 0.2 * rng.normal(size=25), 0.02, 0.98)[codes]
        due = rng.integers(2, 7, len(codes)).astype(float)
        row = clustered_ratio(rng.binomial(due.astype(int), level), due, pd.Series(codes))
        covered.append(row["conf_low"] <= 0.6 <= row["conf_high"])
    assert 0.91 <= np.mean(covered) <= 0.985
