"""Confirmatory factor analysis: lavaan's values, simulated truth, input that cannot be fitted."""

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.measure.contrasts import standardised_loadings
from analysis.measure.dimensionality import compare_structures
from analysis.measure.likelihood import build_matrices, implied_moments
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


def clustered(rng, n_clusters, size, share):
    """Twelve items of three factors whose residuals depend in part on the row's cluster."""
    codes = np.repeat(np.arange(n_clusters), size)
    items = answer_sheets(rng, len(codes), correlations(0.5), residual=0.6 * np.sqrt(1 - share))
    items += 0.6 * np.sqrt(share) * rng.normal(size=(n_clusters, 12))[codes]
    return items.assign(advisor=[f"a{code:03d}" for code in codes])


def test_independent_rows_leave_the_chi_square_as_it_is(pupils):
    rng = np.random.default_rng(11)
    items = answer_sheets(rng, 4000, correlations(0.5)).assign(row=np.arange(4000))
    fit = fit_cfa(items, ALLIANCE, clusters="row").fit
    # the factor's sampling error: the mean of 51 variances of about root(2 / n) each, not alike
    assert fit["scaling"] == pytest.approx(1, abs=0.05)
    assert fit["chisq_scaled"] == pytest.approx(fit["chisq"] / fit["scaling"])
    assert fit["cfi_scaled"] == pytest.approx(fit["cfi"], abs=0.002)
    plain = fit_cfa(pupils, ABILITIES).fit
    assert np.isnan(plain["scaling"])


def test_the_scaling_factor_is_that_of_the_textbook_formula(pupils):
    # written out with the full weight matrix: U = W - W D (D' W D)^-1 D' W, c = tr(U Gamma) / df
    fitted = fit_cfa(pupils.assign(cell=pupils["ageyr"].astype(str)), ABILITIES, clusters="cell")
    names = [item for own in ABILITIES.values() for item in own]
    values = pupils[names].to_numpy()
    n, p = values.shape
    rows, columns = np.tril_indices(p)
    solved = fitted.solved
    sigma = solved.solution.implied[0][0]
    weight = np.empty((len(rows), len(rows)))
    inverse = np.linalg.inv(sigma)
    for a, (i, j) in enumerate(zip(rows, columns, strict=True)):
        for b, (k, m) in enumerate(zip(rows, columns, strict=True)):
            twice = (2 - (i == j)) * (2 - (k == m)) / 4
            weight[a, b] = twice * (inverse[i, k] * inverse[j, m] + inverse[i, m] * inverse[j, k])
    theta = solved.solution.estimates
    slope = np.empty((len(rows), len(theta)))
    for number in range(len(theta)):
        moved = [theta.copy(), theta.copy()]
        moved[0][number] += 1e-6
        moved[1][number] -= 1e-6
        up, down = (
            implied_moments(*build_matrices(one, solved.tables[0], p))[0][rows, columns]
            for one in moved
        )
        slope[:, number] = (up - down) / 2e-6
    centred = values - values.mean(axis=0)
    products = centred[:, rows] * centred[:, columns]
    products -= products.mean(axis=0)
    sums = pd.DataFrame(products).groupby(pupils["ageyr"]).sum().to_numpy()
    G = len(sums)
    gamma = G / (G - 1) * sums.T @ sums / n
    left = weight @ slope
    U = weight - left @ np.linalg.solve(slope.T @ left, left.T)
    assert fitted.fit["scaling"] == pytest.approx(np.trace(U @ gamma) / 24, rel=1e-6)


@pytest.mark.slow
def test_under_clustering_the_plain_test_rejects_too_often_and_the_scaled_one_does_not():
    rng, runs = np.random.default_rng(12), 300
    fits = [
        fit_cfa(clustered(rng, 60, 7, 0.4), ALLIANCE, clusters="advisor").fit for _ in range(runs)
    ]
    plain = np.mean([fit["p_value"] < 0.05 for fit in fits])
    scaled = np.mean([fit["p_value_scaled"] < 0.05 for fit in fits])
    error = np.sqrt(0.05 * 0.95 / runs)
    assert plain > 0.05 + 10 * error
    # scaling mends the mean of the statistic, not its spread, so a little above is expected
    assert 0.05 - 3 * error < scaled < 0.05 + 5 * error


@pytest.mark.slow
def test_robust_standard_errors_are_the_spread_over_samples():
    rng, runs = np.random.default_rng(13), 200
    found = [
        fit_cfa(clustered(rng, 60, 7, 0.4), ALLIANCE, equal=("intercepts",), clusters="advisor")
        .parameters.set_index("term")
        .loc[["goal_0 ~1", "goal =~ goal_0"]]
        for _ in range(runs)
    ]
    estimates = np.array([one["estimate"] for one in found])
    errors = np.array([one["std_error"] for one in found]).mean(axis=0)
    # a standard deviation over 200 samples is known to 5 %
    assert errors == pytest.approx(estimates.std(axis=0, ddof=1), rel=0.2)


def test_standardised_loadings_are_loadings_over_standard_deviations(pupils):
    fitted = fit_cfa(pupils, ABILITIES)
    found = standardised_loadings(fitted).set_index("term")
    raw = fitted.parameters.set_index("term")["estimate"]
    variance = raw["visual =~ x1"] ** 2 + raw["x1 ~~ x1"]
    assert found.loc["visual =~ x1", "estimate"] == pytest.approx(
        raw["visual =~ x1"] / np.sqrt(variance)
    )
    assert len(found) == 9
    # lavaan's standardizedSolution of this model, as widely printed (Rosseel 2012)
    assert found.loc["visual =~ x1", "estimate"] == pytest.approx(0.772, abs=5e-4)
    assert found.loc["textual =~ x4", "estimate"] == pytest.approx(0.852, abs=5e-4)
    scaled = pupils.assign(**{name: 100 * pupils[name] for name in ("x1", "x2", "x3")})
    again = standardised_loadings(fit_cfa(scaled, ABILITIES)).set_index("term")
    pd.testing.assert_frame_equal(again, found, rtol=1e-6)


def test_a_row_without_its_cluster_is_refused(pupils):
    spoiled = pupils.assign(cell=pupils["school"].where(pupils.index > 3))
    with pytest.raises(ValueError, match="missing in 4 rows"):
        fit_cfa(spoiled, ABILITIES, clusters="cell")
    one = fit_cfa(pupils.assign(cell="same"), ABILITIES, clusters="cell")
    assert "one cluster" in one.note
    assert np.isnan(one.fit["scaling"])


def test_goal_and_task_are_said_to_merge_or_not():
    rng = np.random.default_rng(14)
    for shared, word in ((0.5, "distinct"), (0.99, "merge")):
        items = answer_sheets(rng, 400, correlations(shared)).assign(advisor=np.arange(400) // 5)
        found = compare_structures(items, ALLIANCE, clusters="advisor").set_index("term")
        told = found.loc["goal and task"]
        assert word in told["note"]
        assert told["df"] == 2
        assert told["estimate"] == pytest.approx(shared, abs=0.12)  # three standard errors of .04
