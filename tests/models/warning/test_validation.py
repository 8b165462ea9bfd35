"""Held-out predictions, and leaks that must be caught."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from analysis.models.warning.scores import score_discrimination
from analysis.models.warning.validation import (
    RidgeLogistic,
    check_folds,
    draw_all_folds,
    draw_grouped_folds,
    fit_model,
    hold_out,
    make_model,
    put_in_own_order,
)

PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)


def simulate(seed, advisors=40, caseload=8, slope=0.8):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(advisors), caseload)
    values = rng.normal(size=(len(groups), 3))
    share = 1 / (1 + np.exp(1.0 - slope * values[:, 0]))
    return values, (rng.random(len(groups)) < share).astype(float), groups, rng


def test_the_model_is_scikit_learns_at_the_penalty_it_chose():
    values, target, groups, _ = simulate(1)
    model = clone(RidgeLogistic(PENALTIES)).fit(values, target, groups=groups)
    known = LogisticRegression(C=1 / model.penalty_, solver="newton-cholesky", tol=1e-10)
    known.fit(values, target)
    assert model.penalty_ in PENALTIES
    assert np.allclose(model.coef_, known.coef_, atol=1e-6)
    assert np.allclose(model.predict_proba(values), known.predict_proba(values), atol=1e-6)
    assert (model.predict(values) == known.predict(values)).all()


def test_noise_is_shrunk_away_and_signal_is_not():
    values, target, groups, rng = simulate(2)
    noise = rng.permutation(target)
    weak = [RidgeLogistic(PENALTIES, seed=s).fit(values, noise, groups=groups) for s in range(5)]
    strong = [RidgeLogistic(PENALTIES, seed=s).fit(values, target, groups=groups) for s in range(5)]
    assert np.median([m.penalty_ for m in weak]) > np.median([m.penalty_ for m in strong])


def test_folds_keep_advisors_whole_and_even():
    sizes = np.array([9, 1, 1, 4, 3, 2, 5, 5, 6, 4])
    groups = np.repeat(np.arange(10), sizes)
    fold = draw_grouped_folds(groups, 4, np.random.default_rng(0))
    check_folds(fold, groups)
    assert np.ptp(np.bincount(fold)) <= sizes.max()
    with pytest.raises(ValueError, match="cannot fill"):
        draw_grouped_folds(groups, 11, np.random.default_rng(0))


def discriminate(values, target, groups, fold):
    held = hold_out(
        pd.DataFrame(values), target, np.ones(len(target)), groups, fold, PENALTIES, 0.2
    )
    return score_discrimination(
        target, held.predicted, held.fold, np.ones(len(target)), groups, int(groups.max()) + 1
    )[0]


def test_a_planted_leak_through_the_advisor_shows_without_grouping_and_not_with_it():
    """Noise that marks advisors says nothing of new ones, but all of those seen in training."""
    rng = np.random.default_rng(3)
    advisors, caseload = 40, 10
    groups = np.repeat(np.arange(advisors), caseload)
    marks = rng.normal(size=(advisors, 25))[groups]
    target = (rng.random(advisors) < 0.5).astype(float)[groups]
    rows = np.arange(len(groups))
    ungrouped = draw_all_folds(rows, 5, 1, rng)
    with pytest.raises(ValueError, match="more than one fold"):
        discriminate(marks, target, groups, ungrouped)
    # The same folds with the guard blind to advisors: every row is called a group of its own.
    assert discriminate(marks, target, rows, ungrouped) > 0.9
    # With 20 advisors on either side the area has a standard error of about .09 around one half.
    grouped = discriminate(marks, target, groups, draw_all_folds(groups, 5, 1, rng))
    assert abs(grouped - 0.5) < 0.25


def test_imputation_and_scaling_are_learnt_in_the_training_part_alone():
    values, target, groups, rng = simulate(5)
    values[rng.random(len(values)) < 0.2, 1] = np.nan
    fold = draw_all_folds(groups, 5, 1, rng)
    arguments = (target, np.ones(len(target)), groups, fold, PENALTIES, 0.2)
    held = hold_out(pd.DataFrame(values), *arguments)
    test = fold[0] == 0
    other = values.copy()
    other[test & (np.arange(len(test)) % 2 == 0)] += 50.0
    moved = hold_out(pd.DataFrame(other), *arguments)
    rest = test & (np.arange(len(test)) % 2 == 1)
    assert np.array_equal(held.predicted[0, rest], moved.predicted[0, rest])
    model = fit_model(
        make_model(PENALTIES), values[~test], target[~test], np.ones((~test).sum()), groups[~test]
    )
    assert np.allclose(held.predicted[0, test], model.predict_proba(values[test])[:, 1])


def test_alarms_keep_to_the_share_fixed_in_training():
    values, target, groups, rng = simulate(6, advisors=80)
    fold = draw_all_folds(groups, 5, 4, rng)
    held = hold_out(
        pd.DataFrame(values), target, np.ones(len(target)), groups, fold, PENALTIES, 0.25
    )
    spared = held.alarm[:, target == 0].mean()
    assert abs(spared - 0.25) < 4 * np.sqrt(0.25 * 0.75 / (target == 0).sum())


def test_own_order_depends_on_neither_arrival_nor_names():
    values, target, groups, rng = simulate(7, advisors=12)
    values[rng.random(len(values)) < 0.1, 2] = np.nan
    table = np.column_stack([values, target])
    order, codes = put_in_own_order(table, pd.Series(groups).map("a{:02d}".format))
    shuffled = rng.permutation(len(table))
    names = rng.permutation(12)
    again, codes_again = put_in_own_order(
        table[shuffled], pd.Series(names[groups][shuffled]).map("z{:02d}".format)
    )
    assert np.array_equal(table[order], table[shuffled][again], equal_nan=True)
    assert np.array_equal(codes, codes_again)
