"""Confirmatory factor analysis: lavaan's values, simulated truth, input that cannot be fitted."""

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.measure.dimensionality import compare_structures
from analysis.measure.structure import fit_cfa

REFERENCE = Path(__file__).parents[1] / "reference"
VALUES = json.loads((REFERENCE / "r_values.json").read_text(encoding="utf-8"))
ABILITIES = {
    "visual": ["x1", "x2", "x3"],
    "textual": ["x4", "x5", "x6"],
    "speed": ["x7", "x8", "x9"],
}
ALLIANCE = {name: [f"{name}_{k}" for k in range(4)] for name in ("goal", "task", "bond")}


@pytest.fixture(scope="module")
def pupils():
    return pd.read_csv(REFERENCE / "holzinger_swineford_1939.csv")


def answer_sheets(rng, n, correlation, loading=0.8, residual=0.6):
    """Three factors of four items each; ``correlation`` of the factors (3 x 3)."""
    scores = rng.multivariate_normal(np.zeros(3), correlation, size=n)
    values = loading * np.repeat(scores, 4, axis=1) + residual * rng.normal(size=(n, 12))
    return pd.DataFrame(values, columns=[item for own in ALLIANCE.values() for item in own])


def correlations(goal_task, goal_bond=0.5, task_bond=0.5):
    return np.array(
        [[1, goal_task, goal_bond], [goal_task, 1, task_bond], [goal_bond, task_bond, 1]]
    )


def assert_agrees(fit, expected):
    assert fit["df"] == expected["df"]
    for name, value in expected.items():
        assert fit[name] == pytest.approx(value, abs=1e-6), name


def test_three_factors_agree_with_lavaan(pupils):
    found = fit_cfa(pupils, ABILITIES)
    assert_agrees(found.fit, VALUES["holzinger_swineford"]["three_factor"])
    assert found.converged
    assert found.note == ""


@pytest.mark.parametrize(
    ("step", "equal"),
    [("configural", ()), ("metric", ("loadings",)), ("scalar", ("loadings", "intercepts"))],
)
def test_groups_agree_with_lavaan(pupils, step, equal):
    found = fit_cfa(pupils, ABILITIES, groups="school", equal=equal)
    assert_agrees(found.fit, VALUES["holzinger_swineford"]["by_school"][step])


def test_one_factor_agrees_with_lavaan_from_a_covariance():
    expected = VALUES["bfi_agreeableness"]
    n, covariance = expected["n"], np.array(expected["covariance"])
    noise = np.random.default_rng(1).normal(size=(n, 5))
    noise -= noise.mean(axis=0)
    white = noise @ np.linalg.inv(np.linalg.cholesky(np.cov(noise, rowvar=False))).T
    items = pd.DataFrame(white @ np.linalg.cholesky(covariance).T, columns=list("abcde"))
    found = fit_cfa(items, {"agreeableness": list("abcde")})
    assert_agrees(found.fit, expected["fit"])
    loadings = found.parameters.loc[found.parameters["term"].str.contains("=~"), "estimate"]
    # lavaan divides by n, so its standardised-factor loadings carry sqrt((n - 1) / n)
    assert loadings.to_numpy() == pytest.approx(expected["loadings_std_lv"], abs=1e-5)


def test_equality_across_groups_holds_in_the_estimates_and_frees_variances_and_means(pupils):
    found = fit_cfa(
        pupils, ABILITIES, groups="school", equal=("loadings", "intercepts", "residuals")
    ).parameters.set_index("term")
    for term in ("visual =~ x1", "x1 ~1", "x1 ~~ x1"):
        pair = found.loc[[f"{term} [Pasteur]", f"{term} [Grant-White]"], "estimate"]
        assert pair.iloc[0] == pair.iloc[1]
    assert found.loc["visual ~1 [Grant-White]", "note"] == "fixed"
    assert found.loc["visual ~1 [Pasteur]", "std_error"] > 0
    assert found.loc["visual ~~ visual [Pasteur]", "std_error"] > 0


def test_an_item_freed_costs_one_degree_of_freedom_and_improves_the_fit(pupils):
    equal = ("loadings", "intercepts")
    scalar = fit_cfa(pupils, ABILITIES, groups="school", equal=equal).fit
    freed = fit_cfa(pupils, ABILITIES, groups="school", equal=equal, free={"intercepts": ["x3"]})
    assert freed.fit["df"] == scalar["df"] - 1
    assert freed.fit["chisq"] < scalar["chisq"] - 10  # x3 is known to differ between the schools


def test_the_fit_does_not_hang_on_the_items_units(pupils):
    scaled = pupils.assign(x1=pupils["x1"] * 1000, x5=pupils["x5"] / 1000)
    expected = VALUES["holzinger_swineford"]["three_factor"]["chisq"]
    assert fit_cfa(scaled, ABILITIES).fit["chisq"] == pytest.approx(expected, abs=1e-5)


def test_parameters_standard_errors_and_level_are_right_on_simulated_truth():
    rng = np.random.default_rng(20)
    runs, n, truth = (
        150,
        300,
        {"goal =~ goal_0": 0.8, "goal_0 ~~ goal_0": 0.36, "goal ~~ task": 0.6},
    )
    seen, errors, p_values = [], [], []
    for _ in range(runs):
        found = fit_cfa(answer_sheets(rng, n, correlations(0.6)), ALLIANCE)
        table = found.parameters.set_index("term").loc[list(truth)]
        seen.append(table["estimate"])
        errors.append(table["std_error"])
        p_values.append(found.fit["p_value"])
    seen, errors = np.array(seen), np.array(errors)
    spread = seen.std(axis=0, ddof=1)
    # bias within 4 Monte Carlo standard errors; the spread of a standard deviation is
    # 1 / sqrt(2 runs) = 6 %, so four of these are 23 %
    assert (np.abs(seen.mean(axis=0) - list(truth.values())) < 4 * spread / np.sqrt(runs)).all()
    assert errors.mean(axis=0) == pytest.approx(spread, rel=0.23)
    # level .05 with a Monte Carlo error of .018; the small-sample excess of chi-square is known
    assert np.mean(np.array(p_values) < 0.05) < 0.05 + 4 * 0.018


@pytest.mark.slow
def test_chi_square_holds_its_level_in_large_samples():
    rng = np.random.default_rng(21)
    runs = 2000
    fits = [fit_cfa(answer_sheets(rng, 1000, correlations(0.6)), ALLIANCE).fit for _ in range(runs)]
    rejected = np.mean([fit["p_value"] < 0.05 for fit in fits])
    assert rejected == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / runs))
    # a chi-square with 51 degrees of freedom has mean 51, here with error sqrt(102 / runs)
    mean = np.mean([fit["chisq"] for fit in fits])
    assert mean == pytest.approx(51, abs=4 * np.sqrt(102 / runs) + 51 * 0.01)


def test_three_factors_on_twelve_items_take_well_under_50_ms():
    items = answer_sheets(np.random.default_rng(2), 400, correlations(0.6))
    fit_cfa(items, ALLIANCE)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        fit_cfa(items, ALLIANCE)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.05


def test_rows_with_a_missing_answer_are_left_out_and_counted(pupils):
    holed = pupils.copy()
    holed.loc[:9, "x4"] = np.nan
    found = fit_cfa(holed, ABILITIES)
    assert found.fit == fit_cfa(pupils.iloc[10:], ABILITIES).fit
    assert found.fit["n"] == len(pupils) - 10
    assert found.note == "10 rows with a missing answer left out"


def _duplicated(frame):
    return frame.assign(x2=frame["x1"])


def _constant(frame):
    return frame.assign(x2=3.0)


def _few(frame):
    return frame.head(9)


def _none(frame):
    return frame.head(0)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_duplicated, "singular"),
        (_constant, "no variance: x2"),
        (_few, "too few rows: 9 for 9 items"),
        (_none, "too few rows"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_cannot_be_fitted_gives_a_reason_and_no_number(pupils, spoil, reason):
    found = fit_cfa(spoil(pupils), ABILITIES)
    assert reason in found.note
    assert all(np.isnan(value) for name, value in found.fit.items() if name != "n")
    assert found.parameters.empty
    assert not found.converged


def test_a_group_that_is_too_small_is_named(pupils):
    few = pd.concat([pupils[pupils["school"] == "Pasteur"], pupils.tail(5)])
    assert "too few rows in group Grant-White" in fit_cfa(few, ABILITIES, groups="school").note
    empty = fit_cfa(pupils.head(0), ABILITIES, groups="school")
    assert "too few rows" in empty.note


def test_models_that_are_not_identified_are_refused(pupils):
    assert "more parameters" in fit_cfa(pupils, {"pair": ["x1", "x2"]}).note
    lonely = fit_cfa(pupils, {"visual": ["x1", "x2", "x3"], "alone": ["x4"]})
    assert "not identified" in lonely.note
    assert np.isnan(lonely.fit["chisq"])


def test_a_model_without_degrees_of_freedom_fits_perfectly_and_has_no_p_value(pupils):
    fit = fit_cfa(pupils, {"visual": ["x1", "x2", "x3"]}).fit
    assert fit["df"] == 0
    assert fit["chisq"] == pytest.approx(0, abs=1e-6)
    assert np.isnan(fit["p_value"])


def test_a_heywood_case_is_told():
    # r12 r13 / r23 > 1: the one factor explains more than all of the first item
    covariance = np.array([[1, 0.8, 0.8], [0.8, 1, 0.5], [0.8, 0.5, 1]])
    noise = np.random.default_rng(4).normal(size=(200, 3))
    noise -= noise.mean(axis=0)
    white = noise @ np.linalg.inv(np.linalg.cholesky(np.cov(noise, rowvar=False))).T
    items = pd.DataFrame(white @ np.linalg.cholesky(covariance).T, columns=list("abc"))
    found = fit_cfa(items, {"bond": list("abc")})
    assert found.converged
    assert found.note == "Heywood case: negative residual variance of a"


def test_names_that_are_not_there_are_refused(pupils):
    with pytest.raises(ValueError, match="x99"):
        fit_cfa(pupils, {"visual": ["x1", "x2", "x99"]})
    with pytest.raises(ValueError, match="slopes"):
        fit_cfa(pupils, ABILITIES, groups="school", equal=("slopes",))
    with pytest.raises(ValueError, match="differ in their number"):
        pairs = {"one": ["x1", "x2", "x3"], "two": ["x4", "x5"]}
        fit_cfa(pupils, pairs, equal_across=[("one", "two")])


def test_structures_stand_side_by_side_and_the_true_one_fits():
    items = answer_sheets(np.random.default_rng(5), 500, correlations(0.5))
    found = compare_structures(items, ALLIANCE)
    df = found[found["term"] == "chisq"].set_index("method")["df"]
    assert df.to_dict() == {
        "one factor": 54,
        "two factors": 53,
        "three correlated factors": 51,
        "bifactor": 42,
    }
    cfi = found[found["term"] == "cfi"].set_index("method")["estimate"]
    assert cfi["three correlated factors"] > 0.99
    assert cfi["one factor"] < cfi["two factors"] < 0.95
    assert not found["note"].str.contains("merge").any()
    between = found[found["term"] == "goal ~~ task"].iloc[0]
    assert abs(between["estimate"] - 0.5) < 4 * between["std_error"]


def test_goal_and_task_that_are_one_are_said_to_merge():
    items = answer_sheets(np.random.default_rng(6), 500, correlations(1.0))
    found = compare_structures(items, ALLIANCE)
    three = found[(found["method"] == "three correlated factors") & (found["term"] == "cfi")]
    assert "goal and task merge" in three["note"].iloc[0]


@pytest.mark.filterwarnings("error")
def test_structures_of_too_few_rows_say_so():
    items = answer_sheets(np.random.default_rng(7), 10, correlations(0.5))
    found = compare_structures(items, ALLIANCE)
    assert found["estimate"].isna().all()
    assert found["note"].str.contains("too few rows").all()
