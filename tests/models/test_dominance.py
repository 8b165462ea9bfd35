import doctest
from itertools import permutations

import numpy as np
import pytest

from analysis.models import dominance
from analysis.models.dominance import general_dominance, subset_r_squared


def simulate(seed=0, n=200, p=4):
    """Columns: outcome, p correlated predictors, one covariate."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p + 1)) @ rng.normal(size=(p + 1, p + 1))
    y = x @ rng.normal(size=p + 1) + 3 * rng.normal(size=n)
    return np.column_stack([y, x])


def r_squared(values, places):
    """R2 of column 0 on others, by least squares on the rows."""
    y = values[:, 0] - values[:, 0].mean()
    design = np.column_stack([np.ones(len(values)), values[:, list(places)]])
    residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return 1 - residual @ residual / (y @ y)


def test_every_subset_agrees_with_least_squares_on_the_rows():
    values = simulate()
    found = subset_r_squared(np.cov(values.T), 0, [1, 2, 3, 4], given=[5])
    for subset in range(16):
        chosen = [i + 1 for i in range(4) if subset >> i & 1]
        assert found[subset] == pytest.approx(r_squared(values, [*chosen, 5]), abs=1e-12)


def test_general_dominance_is_the_mean_addition_over_all_orders_of_entry():
    values = simulate(1)
    expected = np.zeros(4)
    orders = list(permutations(range(1, 5)))
    for order in orders:
        for place, one in enumerate(order):
            before = [*order[:place], 5]
            added = r_squared(values, [*before, one]) - r_squared(values, before)
            expected[one - 1] += added / len(orders)
    found = general_dominance(np.cov(values.T), 0, [1, 2, 3, 4], given=[5])
    assert found == pytest.approx(expected, abs=1e-12)
    total = r_squared(values, [1, 2, 3, 4, 5]) - r_squared(values, [5])
    assert found.sum() == pytest.approx(total, abs=1e-12)


def test_with_two_predictors_the_difference_is_that_of_squared_correlations():
    values = simulate(2, p=2)[:, :3]
    r = np.corrcoef(values.T)[0]
    first, second = general_dominance(np.cov(values.T), 0, [1, 2])
    assert first - second == pytest.approx(r[1] ** 2 - r[2] ** 2, abs=1e-12)


def test_a_stack_of_matrices_gives_each_its_own():
    stack = np.stack([np.cov(simulate(seed, p=3).T) for seed in range(6)]).reshape(2, 3, 5, 5)
    found = general_dominance(stack, 0, [1, 2, 3])
    assert found.shape == (2, 3, 3)
    assert found[1, 2] == pytest.approx(general_dominance(stack[1, 2], 0, [1, 2, 3]), abs=1e-14)


def test_a_copy_or_a_constant_adds_nothing_and_units_do_not_matter():
    values = simulate(3, p=2)
    twice = np.column_stack([values, 5 * values[:, 1] + 2, np.full(len(values), 7.0)])
    found = subset_r_squared(np.cov(twice.T), 0, [1, 4, 5])
    assert found[0b001] == pytest.approx(r_squared(values, [1]), abs=1e-12)
    assert found[0b111] == pytest.approx(found[0b001], abs=1e-9)
    scaled = values * np.array([1e-6, 1e5, 1, 1])
    assert general_dominance(np.cov(scaled.T), 0, [1, 2]) == pytest.approx(
        general_dominance(np.cov(values.T), 0, [1, 2]), abs=1e-12
    )


def test_an_outcome_that_does_not_vary_has_no_r_squared():
    matrix = np.diag([0.0, 1.0, 1.0])
    assert np.isnan(general_dominance(matrix, 0, [1, 2])).all()


def test_impossible_requests_are_refused():
    with pytest.raises(ValueError, match="different"):
        subset_r_squared(np.eye(3), 0, [1, 1])
    with pytest.raises(ValueError, match="at most 10"):
        subset_r_squared(np.eye(12), 0, range(1, 12))


def test_examples_run():
    assert doctest.testmod(dominance).failed == 0
