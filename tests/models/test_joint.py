"""Many analyses together: the joint test's level and power, and shares of variance."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from analysis.models.cluster_sums import leave_one_out, standardise, sum_products
from analysis.models.joint import joint_tests, variance_shares
from analysis.models.resampling import difference, draw_cluster_weights

WINDOWS = ([0], [0, 1], [0, 1, 2], [1, 2])
PARTS = ([0], [1], [2], [0, 1, 2])


def specifications(rng, advisors, gap=0.0):
    """Clusters' sums of 32 specifications on one simulated programme with D = ``gap`` (latent).

    The clustered null of unequal caseloads: intraclass correlations .25 (outcome), .15 and .35.
    """
    sizes = 1 + rng.poisson(9, size=advisors)
    codes = np.repeat(np.arange(advisors), sizes)
    between = np.array([[1, 0.5, 0.5], [0.5, 1, 0.2], [0.5, 0.2, 1]])
    within = np.array([[1, 0.3 + gap, 0.3], [0.3 + gap, 1, 0.35], [0.3, 0.35, 1]])
    share = np.sqrt(np.array([0.25, 0.15, 0.35]))
    level = (rng.normal(size=(advisors, 3)) @ np.linalg.cholesky(between).T)[codes] * share
    level += rng.normal(size=(len(codes), 3)) @ np.linalg.cholesky(within).T * np.sqrt(1 - share**2)
    parts = level[:, None, None, 1:] + 0.5 * rng.normal(size=(len(codes), 1, 3, 2))
    scores = parts + 0.7 * rng.normal(size=(len(codes), 3, 3, 2))
    for window, part, ranks in itertools.product(WINDOWS, PARTS, (False, True)):
        ratings = scores[:, window][:, :, part].mean(axis=(1, 2))
        values = np.column_stack([level[:, 0], ratings])
        if ranks:
            values = np.apply_along_axis(rankdata, 0, values)
        yield sum_products(standardise(values)[0], codes, advisors)


def run(rng, advisors, resamples, gap=0.0):
    """Both joint tests on one simulated programme."""
    sums = list(specifications(rng, advisors, gap))
    weights = draw_cluster_weights(advisors, resamples, rng).astype(float)
    without = np.stack([difference(leave_one_out(one)) for one in sums], axis=1)
    spread = ((without - without.mean(axis=0)) ** 2).sum(axis=0)
    return joint_tests(
        np.array([float(difference(one.sum(axis=0))) for one in sums]),
        np.sqrt((advisors - 1) / advisors * spread),
        np.full(len(sums), advisors - 1),
        np.stack([difference(weights @ one) for one in sums], axis=1),
        rng,
    )


@pytest.mark.slow
@pytest.mark.parametrize("advisors", [20, 60])
def test_the_joint_test_holds_its_level(advisors):
    rng = np.random.default_rng(advisors)
    runs = 1_500
    p = [[one.p_value for one in run(rng, advisors, 300).values()] for _ in range(runs)]
    rejected = (np.array(p) <= 0.05).mean(axis=0)
    error = np.sqrt(0.05 * 0.95 / runs)
    assert (rejected < 0.05 + 3 * error).all(), rejected
    assert (rejected > 0.05 - 4 * error).all(), rejected


def test_a_true_difference_is_found():
    tests = run(np.random.default_rng(3), 60, 500, gap=0.35)
    assert tests["share_significant"].value > 0.9
    assert all(one.p_value < 0.01 for one in tests.values())


def test_the_monte_carlo_error_is_that_of_a_share():
    one = run(np.random.default_rng(4), 30, 199)["median_difference"]
    p = one.p_value
    assert one.monte_carlo_error == pytest.approx(np.sqrt(p * (1 - p) / 200))
    assert p >= 1 / 200


def test_one_analysis_alone_gives_the_p_value_of_its_interval():
    """With one analysis the joint test must say what estimate / std_error on t(df) says."""
    rng = np.random.default_rng(5)
    replicates = 0.2 + 0.1 * rng.normal(size=(40_000, 1))
    arguments = (np.array([0.2]), np.array([0.1]), np.array([14.0]), replicates, rng)
    p = joint_tests(*arguments)["median_difference"].p_value
    assert p == pytest.approx(0.0653, abs=0.005)  # two-sided p of t = 2 on 14 degrees of freedom


def grid(*sizes):
    combined = itertools.product(*(range(size) for size in sizes))
    return pd.DataFrame(combined, columns=[f"choice_{i}" for i in range(len(sizes))])


def test_shares_of_a_balanced_additive_grid_are_those_of_an_analysis_of_variance():
    choices = grid(2, 3)
    values = 2.0 * choices["choice_0"] + np.array([0.0, 1.0, 5.0])[choices["choice_1"]]
    shares = variance_shares(values, choices)
    of_first, of_second = 1.0, np.var([0.0, 1.0, 5.0])
    assert shares["choice_0"] == pytest.approx(of_first / (of_first + of_second))
    assert shares["together"] == pytest.approx(0, abs=1e-12)
    assert sum(shares.values()) == pytest.approx(1)


def test_what_only_combinations_explain_is_told_apart():
    choices = grid(2, 2)
    values = (choices["choice_0"] == choices["choice_1"]).astype(float)
    shares = variance_shares(values, choices)
    assert shares == pytest.approx({"choice_0": 0, "choice_1": 0, "together": 1}, abs=1e-12)


def test_choices_that_go_together_share_what_they_explain():
    """Two equal columns explain the same; each gets half of it."""
    choices = pd.DataFrame({"one": [0, 0, 1, 1], "other": [0, 0, 1, 1]})
    shares = variance_shares([0.0, 1.0, 4.0, 5.0], choices)
    assert shares["one"] == pytest.approx(shares["other"])
    assert shares["one"] == pytest.approx(16 / 17 / 2)


def test_results_that_do_not_vary_have_no_shares():
    shares = variance_shares([0.3, 0.3], pd.DataFrame({"one": [0, 1]}))
    assert np.isnan(list(shares.values())).all()


def test_a_choice_with_one_level_explains_nothing():
    shares = variance_shares([0.1, 0.3], pd.DataFrame({"one": [0, 1], "fixed": [1, 1]}))
    assert shares["fixed"] == 0
    assert shares["one"] == pytest.approx(1)
