"""Logistic regressions under many sets of weights at once."""

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression

from analysis.models.logistic import fit_logistic


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(4)
    design = np.column_stack([np.ones(150), rng.normal(size=(150, 3))])
    share = 1 / (1 + np.exp(-design @ [-0.7, 0.8, -0.5, 0.0]))
    return design, (rng.random(150) < share).astype(float), rng.uniform(0.5, 2, size=150), rng


def test_agrees_with_statsmodels_weights_and_offset_included(data):
    design, target, weights, rng = data
    offset = rng.normal(size=150)
    fitted = fit_logistic(design, target, weights, offset=offset)[0]
    binomial = sm.families.Binomial()
    known = sm.GLM(target, design, family=binomial, freq_weights=weights, offset=offset)
    assert np.allclose(fitted, known.fit(tol=1e-12).params, atol=1e-8)


def test_agrees_with_scikit_learn_under_a_penalty(data):
    design, target, weights, _ = data
    fitted = fit_logistic(design, target, weights, np.array([0.0, 8.0, 8.0, 8.0]))[0]
    known = LogisticRegression(C=1 / 8, solver="newton-cholesky", tol=1e-12)
    known.fit(design[:, 1:], target, sample_weight=weights)
    assert np.allclose(fitted, [known.intercept_[0], *known.coef_[0]], atol=1e-7)


def test_many_sets_of_weights_are_fitted_as_if_each_were_alone(data):
    design, target, weights, _ = data
    sets = np.vstack([weights, weights * (np.arange(150) % 3 > 0), np.ones(150)])
    together = fit_logistic(design, target, sets, 2.0)
    alone = [fit_logistic(design, target, one, 2.0)[0] for one in sets]
    assert np.allclose(together, alone, atol=1e-10)


def test_separated_classes_have_no_fit_without_a_penalty_and_one_with_it():
    design = np.column_stack([np.ones(20), np.arange(20.0) - 9.5])
    target = (np.arange(20) > 9).astype(float)
    assert np.isnan(fit_logistic(design, target, np.ones(20))).all()
    assert np.isfinite(fit_logistic(design, target, np.ones(20), [0.0, 1.0])).all()


def test_a_sample_without_rows_or_with_collinear_columns_has_no_fit(data):
    design, target, weights, _ = data
    twice = np.column_stack([design, design[:, 1]])
    sets = np.vstack([weights, np.zeros(150)])
    assert np.isnan(fit_logistic(design, target, sets)[1]).all()
    assert np.isnan(fit_logistic(twice, target, weights)).all()
