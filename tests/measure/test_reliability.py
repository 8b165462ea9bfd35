import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.measure.reliability import (
    cronbach_alpha,
    fit_one_factor,
    mcdonald_omega,
    omega_from_covariance,
    omegas_near,
)

BFI = json.loads((Path(__file__).parents[1] / "reference/r_values.json").read_text())[
    "bfi_agreeableness"
]


def with_covariance(covariance: np.ndarray, n: int) -> pd.DataFrame:
    """Data of n rows whose sample covariance is exactly this."""
    noise = np.random.default_rng(0).normal(size=(n, len(covariance)))
    noise -= noise.mean(axis=0)
    white = noise @ np.linalg.inv(np.linalg.cholesky(np.cov(noise, rowvar=False))).T
    return pd.DataFrame(white @ np.linalg.cholesky(covariance).T)


def congeneric(loadings: list[float], n: int, seed: int) -> pd.DataFrame:
    """Items of unit variance on one factor."""
    rng = np.random.default_rng(seed)
    loading = np.array(loadings)
    noise = rng.normal(size=(n, len(loading))) * np.sqrt(1 - loading**2)
    return pd.DataFrame(rng.normal(size=(n, 1)) * loading + noise)


def discrepancy(S: np.ndarray, loadings: np.ndarray, unique: np.ndarray) -> float:
    """What maximum likelihood makes least."""
    sigma = np.outer(loadings, loadings) + np.diag(unique)
    return np.linalg.slogdet(sigma)[1] + np.trace(S @ np.linalg.inv(sigma))


@pytest.fixture(scope="module")
def agreeableness() -> pd.DataFrame:
    return with_covariance(np.array(BFI["covariance"]), BFI["n"])


def test_alpha_and_omega_agree_with_r(agreeableness):
    assert cronbach_alpha(agreeableness)["estimate"].iloc[0] == pytest.approx(
        BFI["alpha"], abs=1e-9
    )
    assert mcdonald_omega(agreeableness)["estimate"].iloc[0] == pytest.approx(
        BFI["omega"], abs=1e-6
    )


def test_loadings_agree_with_lavaan():
    n = BFI["n"]
    fit = fit_one_factor(np.array(BFI["covariance"]) * (n - 1) / n)
    np.testing.assert_allclose(fit.loadings, BFI["loadings_std_lv"], rtol=1e-5)


def test_omega_and_alpha_are_the_same_for_equal_loadings_and_alpha_is_lower_for_unequal():
    equal = np.full((6, 6), 0.4) + np.eye(6) * 0.6
    data = with_covariance(equal, 500)
    alpha, omega = cronbach_alpha(data)["estimate"].iloc[0], omega_from_covariance(equal)
    assert alpha == pytest.approx(omega, abs=1e-8)
    loading = np.array([0.9, 0.8, 0.5, 0.3])
    unequal = np.outer(loading, loading) + np.diag(1 - loading**2)
    truth = loading.sum() ** 2 / unequal.sum()
    assert omega_from_covariance(unequal) == pytest.approx(truth, abs=1e-8)
    assert cronbach_alpha(with_covariance(unequal, 500))["estimate"].iloc[0] < truth - 0.01


def test_units_do_not_matter_to_omega():
    loading = np.array([0.9, 0.8, 0.5, 0.3])
    covariance = np.outer(loading, loading) + np.diag(1 - loading**2)
    assert omega_from_covariance(covariance * 1e6) == pytest.approx(
        omega_from_covariance(covariance), abs=1e-9
    )


@pytest.mark.parametrize(
    ("estimator", "loadings", "truth"),
    [
        (cronbach_alpha, [0.7] * 5, 5 * 0.49 / (1 + 4 * 0.49)),
        (mcdonald_omega, [0.8, 0.7, 0.6, 0.5], 2.6**2 / (2.6**2 + 4 - 1.74)),
    ],
)
def test_intervals_cover_the_truth_as_often_as_they_say(estimator, loadings, truth):
    runs = 400
    rows = [estimator(congeneric(loadings, 200, seed)).iloc[0] for seed in range(runs)]
    covered = np.mean([row["conf_low"] <= truth <= row["conf_high"] for row in rows])
    # Four Monte Carlo standard errors of a coverage of .95 over 400 samples: .044.
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs)
    mean, spread = (f([row["estimate"] for row in rows]) for f in (np.mean, np.std))
    assert abs(mean - truth) < 4 * spread / np.sqrt(runs) + 0.005  # bias is of order 1/n


@pytest.mark.parametrize("estimator", [cronbach_alpha, mcdonald_omega])
@pytest.mark.parametrize(
    ("items", "reason"),
    [
        (pd.DataFrame({"a": [1.0, 2, 3]}), "1 item; at least"),
        (pd.DataFrame({"a": [1.0, 2, np.inf], "b": [1.0, 2, 2], "c": [1.0, 1, 2]}), "infinite"),
        (pd.DataFrame({"a": [1.0, 2], "b": [1.0, 2], "c": [1.0, 2]}), "at least 3 are needed"),
        (
            pd.DataFrame({"a": [1.0, 2, 3, 4], "b": 2.0, "c": [1.0, 2, 2, 4]}),
            "no variance in b",
        ),
    ],
)
def test_items_that_cannot_be_judged_give_a_note_and_no_number(estimator, items, reason):
    row = estimator(items).iloc[0]
    assert np.isnan(row["estimate"])
    assert reason in row["note"]


def test_omega_needs_three_items_and_more_answer_sheets_than_items():
    two = mcdonald_omega(congeneric([0.8, 0.8], 100, 1)).iloc[0]
    few = mcdonald_omega(congeneric([0.8] * 6, 6, 1)).iloc[0]
    assert np.isnan([two["estimate"], few["estimate"]]).all()
    assert "2 items; at least 3" in two["note"]
    assert "6 complete answer sheets for 6 items" in few["note"]


def test_omega_is_not_given_for_a_heywood_case_or_a_singular_matrix():
    heywood = np.array([[1, 0.8, 0.8], [0.8, 1, 0.55], [0.8, 0.55, 1]])
    row = mcdonald_omega(with_covariance(heywood, 100)).iloc[0]
    assert np.isnan(row["estimate"])
    assert "Heywood" in row["note"]
    same = congeneric([0.7, 0.7, 0.7], 100, 1)
    same[3] = same[0]
    assert "singular" in mcdonald_omega(same)["note"].iloc[0]


def test_items_that_run_against_each_other_are_pointed_out():
    items = congeneric([0.8, 0.8], 100, 1)
    items[1] = -items[1]
    row = cronbach_alpha(items).iloc[0]
    assert row["estimate"] < 0
    assert "unreversed" in row["note"]


def test_an_item_left_unreversed_lowers_omega_and_is_pointed_out():
    items = congeneric([0.8, 0.8, 0.7, 0.7], 300, 1)
    right = mcdonald_omega(items).iloc[0]
    items[3] = -items[3]
    wrong = mcdonald_omega(items).iloc[0]
    assert right["note"] == ""
    assert wrong["estimate"] < right["estimate"] - 0.2
    assert "unreversed" in wrong["note"]


@pytest.mark.parametrize("seed", [104, 127, 163, 272, 878, 935, 1006, 2332])
def test_a_flat_discrepancy_does_not_hide_its_minimum(seed):
    # Weak factors in small samples: plain Fisher scoring creeps, or halts at the last digits.
    rng = np.random.default_rng(seed)
    loading = rng.uniform(0.1, 0.9, 5)
    items = rng.normal(size=(60, 1)) * loading
    items = items + rng.normal(size=(60, 5)) * np.sqrt(1 - loading**2)
    S = np.cov(items, rowvar=False)
    fit = fit_one_factor(S)
    assert fit.reason == ""
    best = discrepancy(S, fit.loadings, fit.unique)
    for change in 1e-3 * rng.normal(size=(50, 10)):
        assert discrepancy(S, fit.loadings + change[:5], fit.unique + change[5:]) > best


def test_incomplete_rows_are_left_out_and_the_rest_counted(agreeableness):
    holes = agreeableness.copy()
    holes.loc[:99, 0] = np.nan
    row = cronbach_alpha(holes).iloc[0]
    assert row["n"] == BFI["n"] - 100
    assert row["estimate"] == cronbach_alpha(holes.dropna())["estimate"].iloc[0]


def test_many_models_at_once_are_those_fitted_one_by_one():
    rng = np.random.default_rng(21)
    common = rng.normal(size=(120, 1))
    values = 0.8 * common + 0.6 * rng.normal(size=(120, 6))
    whole = fit_one_factor(np.cov(values, rowvar=False))
    matrices = np.stack(
        [np.cov(np.delete(values, slice(k, k + 6), axis=0), rowvar=False) for k in range(0, 120, 6)]
    )
    found = omegas_near(matrices, whole)
    assert found == pytest.approx([omega_from_covariance(one) for one in matrices], abs=1e-9)
    spoiled = matrices.copy()
    spoiled[3, 2, :] = spoiled[3, :, 2] = 0.0  # an item that does not vary
    spoiled[5] = np.nan
    again = omegas_near(spoiled, whole)
    assert np.isnan(again[[3, 5]]).all()
    kept = [k for k in range(len(again)) if k not in (3, 5)]
    assert again[kept] == pytest.approx(found[kept], abs=1e-12)
