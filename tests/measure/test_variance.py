"""Variance between advisors, between dyads and within dyads: lme4's values and simulated truth."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.measure.variance import NestedSums, fit_nested

REFERENCE = Path(__file__).parents[1] / "reference"
VALUES = json.loads((REFERENCE / "r_values.json").read_text(encoding="utf-8"))


def of_subjects(frame, fixed):
    subjects = frame["Subject"].to_numpy()
    return fit_nested(NestedSums(frame["Reaction"].to_numpy(), fixed, subjects, subjects))


def test_two_levels_agree_with_lme4():
    frame = pd.read_csv(REFERENCE / "sleepstudy.csv")
    fixed = np.column_stack([np.ones(len(frame)), frame["Days"]])
    found, expected = of_subjects(frame, fixed), VALUES["sleepstudy_random_intercept"]
    assert found.dyad == pytest.approx(expected["var_subject"], rel=1e-6)
    assert found.within == pytest.approx(expected["var_residual"], rel=1e-6)
    assert np.isnan(found.advisor)
    assert "advisor of its own" in found.note


def test_unbalanced_data_agree_with_lme4():
    frame = pd.read_csv(REFERENCE / "sleepstudy_unbalanced.csv")
    fixed = np.column_stack([np.ones(len(frame)), frame["Days"], frame["group"]])
    found, expected = of_subjects(frame, fixed), VALUES["sleepstudy_unbalanced"]
    assert found.dyad == pytest.approx(expected["var_subject"], rel=1e-6)
    assert found.within == pytest.approx(expected["var_residual"], rel=1e-6)


def ratings(rng, advisors, dyads, occasions, variances, answered=1.0):
    """Rows of dyads nested in advisors: value, dyad, advisor, occasion."""
    a, d, w = np.sqrt(variances)
    codes = np.repeat(np.arange(advisors), dyads)
    level = a * rng.normal(size=advisors)[codes] + d * rng.normal(size=len(codes))
    values = level[:, None] + w * rng.normal(size=(len(codes), occasions)) + np.arange(occasions)
    kept = rng.random(values.shape) < answered
    dyad, occasion = np.nonzero(kept)
    return values[kept], dyad, codes[dyad], occasion


def nested(values, dyad, advisor, occasion):
    return NestedSums(values, np.eye(occasion.max() + 1)[occasion], dyad, advisor)


def test_balanced_data_give_the_mean_squares():
    A, D, T = 12, 5, 4
    values, dyad, advisor, occasion = ratings(np.random.default_rng(1), A, D, T, (1, 2, 1.5))
    found = fit_nested(nested(values, dyad, advisor, occasion))
    cube = values.reshape(A, D, T)
    left = cube - cube.mean(axis=2, keepdims=True) - cube.mean(axis=(0, 1)) + cube.mean()
    within = (left**2).sum() / ((A * D - 1) * (T - 1))
    means = cube.mean(axis=2)
    of_dyads = T * means.var(axis=1, ddof=1).mean()
    of_advisors = T * D * means.mean(axis=1).var(ddof=1)
    assert found.within == pytest.approx(within, rel=1e-6)
    assert found.dyad == pytest.approx((of_dyads - within) / T, rel=1e-6)
    assert found.advisor == pytest.approx((of_advisors - of_dyads) / (T * D), rel=1e-6)


def test_the_solution_is_where_the_dense_likelihood_is_largest():
    values, dyad, advisor, occasion = ratings(
        np.random.default_rng(2), 8, 4, 3, (1, 1, 1), answered=0.7
    )
    found = fit_nested(nested(values, dyad, advisor, occasion))

    def loglik(variances):
        a, d, w = variances
        V = a * (advisor[:, None] == advisor) + d * (dyad[:, None] == dyad) + w * np.eye(len(dyad))
        X = np.eye(3)[occasion]
        W = np.linalg.inv(V)
        P = W - W @ X @ np.linalg.solve(X.T @ W @ X, X.T @ W)
        logs = np.linalg.slogdet(V)[1] + np.linalg.slogdet(X.T @ W @ X)[1]
        return -(logs + values @ P @ values) / 2

    best = np.array([found.advisor, found.dyad, found.within])
    for place in range(3):
        for change in (0.99, 1.01):
            moved = best.copy()
            moved[place] *= change
            assert loglik(moved) < loglik(best)


def test_known_variances_come_back_from_unbalanced_data():
    rng, truth = np.random.default_rng(3), np.array([0.2, 0.5, 0.3])
    shares = np.array(
        [
            fit_nested(nested(*ratings(rng, 40, 8, 5, truth, answered=0.6))).shares()
            for _ in range(60)
        ]
    )
    error = shares.std(axis=0, ddof=1) / np.sqrt(60)
    assert (np.abs(shares.mean(axis=0) - truth) < 4 * error + 0.005).all()


def test_no_variance_between_advisors_ends_at_zero_or_just_above():
    rng = np.random.default_rng(4)
    found = [fit_nested(nested(*ratings(rng, 30, 6, 3, (0, 1, 1)))).advisor for _ in range(40)]
    assert min(found) == 0
    assert np.mean(np.array(found) == 0) > 0.25  # about half lie at the bound
    assert max(found) < 0.25


def test_levels_that_cannot_be_told_are_told():
    rng = np.random.default_rng(5)
    once = fit_nested(nested(*ratings(rng, 20, 5, 1, (1, 1, 1))))
    assert np.isnan(once.within)
    assert "repeated" in once.note
    assert np.isnan(once.reliability(3))
    assert once.dyad == pytest.approx(2, abs=0.9)  # dyads and occasions together: four errors
    single = fit_nested(nested(*ratings(rng, 1, 60, 3, (1, 1, 1))))
    assert np.isnan(single.advisor)
    assert "one advisor" in single.note
    flat = fit_nested(
        NestedSums(np.ones(60), np.ones((60, 1)), np.arange(60) // 3, np.arange(60) // 6)
    )
    assert "does not vary" in flat.note
    few = fit_nested(NestedSums(np.arange(4.0), np.ones((4, 1)), np.arange(4), np.arange(4)))
    assert "too few" in few.note


def test_leaving_out_dyads_is_fitting_the_others():
    values, dyad, advisor, occasion = ratings(np.random.default_rng(6), 10, 5, 4, (1, 1, 1), 0.8)
    whole = nested(values, dyad, advisor, occasion)
    kept = advisor != 3
    fewer = fit_nested(nested(values[kept], dyad[kept], advisor[kept], occasion[kept]))
    dropped = np.isin(whole.labels, dyad[~kept])
    again = fit_nested(whole.without(dropped), start=(1.0, 1.0))
    assert again.shares() == pytest.approx(fewer.shares(), abs=1e-7)
    order = np.random.default_rng(7).permutation(len(values))
    mixed = nested(values[order], dyad[order], advisor[order], occasion[order])
    assert fit_nested(mixed).shares() == pytest.approx(fit_nested(whole).shares(), abs=1e-9)


def test_one_level_alone_is_no_share_of_anything():
    rng = np.random.default_rng(9)
    alone = fit_nested(nested(*ratings(rng, 40, 1, 1, (1, 1, 1))))
    assert np.isnan(alone.shares()).all()
    assert np.isnan(alone.reliability(2))
