import doctest
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from analysis.models import multilevel
from analysis.models.multilevel import fit_two_level
from analysis.models.two_level import fit_two_level_arrays

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "r_values.json").read_text())


@pytest.fixture(scope="module")
def sleep():
    return pd.read_csv(REFERENCE / "sleepstudy.csv")


@pytest.fixture(scope="module")
def unbalanced():
    return pd.read_csv(REFERENCE / "sleepstudy_unbalanced.csv")


def fit(frame, outcome, predictors, cluster, **keywords):
    return fit_two_level(frame, outcome, predictors, cluster, **keywords).set_index("term")


def make_clusters(rng, clusters=60, largest=14, variance=0.4, slope_sd=0.0, slope=0.5):
    """y = 1 + slope x + 0.3 z + u + v x + e, z a cluster's own; sizes 2 to ``largest``."""
    codes = np.repeat(np.arange(clusters), rng.integers(2, largest + 1, clusters))
    x = rng.normal(size=len(codes))
    z = rng.normal(size=clusters)[codes]
    u = np.sqrt(variance) * rng.normal(size=clusters)[codes]
    v = slope_sd * rng.normal(size=clusters)[codes]
    y = 1 + (slope + v) * x + 0.3 * z + u + rng.normal(size=len(codes))
    return pd.DataFrame({"y": y, "x": x, "z": z, "g": [f"g{code:03d}" for code in codes]})


def test_random_intercept_agrees_with_lme4(sleep):
    rows, r = fit(sleep, "Reaction", ["Days"], "Subject"), R["sleepstudy_random_intercept"]
    assert rows.loc["intercept", "estimate"] == pytest.approx(r["intercept"], rel=1e-9)
    assert rows.loc["Days", "estimate"] == pytest.approx(r["days"], rel=1e-9)
    assert rows.loc["intercept", "std_error"] == pytest.approx(r["se_intercept"], rel=1e-6)
    assert rows.loc["Days", "std_error"] == pytest.approx(r["se_days"], rel=1e-6)
    assert rows.loc["Days", "df"] == pytest.approx(r["df_days"], abs=1e-6)
    assert rows.loc["var_intercept", "estimate"] == pytest.approx(r["var_subject"], rel=1e-6)
    assert rows.loc["var_residual", "estimate"] == pytest.approx(r["var_residual"], rel=1e-6)
    assert rows.loc["loglik", "estimate"] == pytest.approx(r["reml_loglik"], rel=1e-10)


def test_random_slope_agrees_with_lme4(sleep):
    rows = fit(sleep, "Reaction", ["Days"], "Subject", random_slopes=("Days",))
    r = R["sleepstudy_random_slope"]
    assert rows.loc["intercept", "estimate"] == pytest.approx(r["intercept"], rel=1e-9)
    assert rows.loc["Days", "estimate"] == pytest.approx(r["days"], rel=1e-9)
    # lme4 stops a little short of the top: its variances are good to about 2e-5, its deviance flat.
    assert rows.loc["Days", "std_error"] == pytest.approx(r["se_days"], rel=1e-6)
    assert rows.loc["var_intercept", "estimate"] == pytest.approx(r["var_intercept"], rel=5e-5)
    assert rows.loc["var_Days", "estimate"] == pytest.approx(r["var_slope"], rel=5e-5)
    assert rows.loc["cov_intercept_Days", "estimate"] == pytest.approx(r["cov"], rel=5e-5)
    assert rows.loc["var_residual", "estimate"] == pytest.approx(r["var_residual"], rel=5e-5)
    assert rows.loc["loglik", "estimate"] == pytest.approx(r["reml_loglik"], rel=1e-10)
    assert rows.loc["loglik", "estimate"] >= r["reml_loglik"]


def test_unbalanced_clusters_agree_with_lme4_and_lmertest(unbalanced):
    rows, r = fit(unbalanced, "Reaction", ["Days", "group"], "Subject"), R["sleepstudy_unbalanced"]
    for name, theirs in r["estimate"].items():
        own = rows.loc["intercept" if name == "(Intercept)" else name]
        assert own["estimate"] == pytest.approx(theirs, rel=1e-6), name
        assert own["std_error"] == pytest.approx(r["std_error"][name], rel=1e-6), name
        assert own["df"] == pytest.approx(r["df_satterthwaite"][name], rel=1e-6), name
    assert rows.loc["var_intercept", "estimate"] == pytest.approx(r["var_subject"], rel=1e-6)
    assert rows.loc["var_residual", "estimate"] == pytest.approx(r["var_residual"], rel=1e-6)
    assert rows.loc["loglik", "estimate"] == pytest.approx(r["reml_loglik"], rel=1e-10)


def test_the_balanced_case_has_its_closed_form(sleep):
    rows = fit(sleep, "Reaction", ["Days"], "Subject")
    means = sleep.groupby("Subject")["Reaction"].transform("mean")
    days = sleep["Days"] - 4.5
    own = sleep["Reaction"] - means
    left = own - (own @ days) / (days @ days) * days
    within = (left**2).sum() / 161
    between = 10 * means[::10].var()
    row = rows.loc["var_residual"]
    assert row["estimate"] == pytest.approx(within, rel=1e-9)
    assert row["std_error"] == pytest.approx(within * np.sqrt(2 / 161), rel=1e-7)
    assert row["df"] == pytest.approx(161, rel=1e-7)
    row = rows.loc["var_intercept"]
    assert row["estimate"] == pytest.approx((between - within) / 10, rel=1e-8)
    error = np.sqrt(2 * between**2 / 17 + 2 * within**2 / 161) / 10
    assert row["std_error"] == pytest.approx(error, rel=1e-6)


def dense_deviance(theta, s2, y, X, Z, codes, reml):
    """-2 log likelihood from the whole covariance matrix."""
    root = np.zeros((Z.shape[1],) * 2)
    root[np.tril_indices(len(root))] = theta
    same = codes[:, None] == codes
    V = s2 * (np.eye(len(y)) + same * (Z @ root @ root.T @ Z.T))
    weight = np.linalg.inv(V)
    information = X.T @ weight @ X
    b = np.linalg.solve(information, X.T @ weight @ y)
    r = y - X @ b
    value = np.linalg.slogdet(V)[1] + r @ weight @ r
    if reml:
        return value + np.linalg.slogdet(information)[1] + (len(y) - X.shape[1]) * np.log(2 * np.pi)
    return value + len(y) * np.log(2 * np.pi)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("q", [1, 2])
def test_the_likelihood_and_its_maximum_are_those_of_the_whole_matrix(q, reml):
    rng = np.random.default_rng(4)
    frame = make_clusters(rng, clusters=15, largest=7, slope_sd=0.5).sort_values("g")
    codes = np.unique(frame["g"], return_inverse=True)[1]
    X = np.column_stack([np.ones(len(frame)), frame[["x", "z"]]])
    Z, y = X[:, :q], frame["y"].to_numpy()
    own = fit_two_level_arrays(y, X, Z, codes, 15, reml)

    def deviance(parameters):
        s2 = np.exp(parameters[-1])
        return dense_deviance(parameters[:-1], s2, y, X, Z, codes, reml)

    start = [*np.eye(q)[np.tril_indices(q)], 0.0]
    theirs = minimize(deviance, start, method="BFGS", options={"gtol": 1e-6})
    assert -2 * own.loglik == pytest.approx(theirs.fun, abs=1e-8)
    assert own.residual == pytest.approx(np.exp(theirs.x[-1]), rel=1e-4)
    root = np.zeros((q, q))
    root[np.tril_indices(q)] = theirs.x[:-1]
    expected = np.exp(theirs.x[-1]) * root @ root.T
    np.testing.assert_allclose(own.random, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("slopes", [(), ("x",)])
def test_units_of_the_columns_change_units_of_the_answer_and_nothing_else(slopes):
    frame = make_clusters(np.random.default_rng(5), clusters=30, slope_sd=0.4)
    moved = frame.assign(x=2020 + frame["x"] / 50, y=1e6 + 1000 * frame["y"])
    one = fit(frame, "y", ["x", "z"], "g", random_slopes=slopes)
    other = fit(moved, "y", ["x", "z"], "g", random_slopes=slopes)
    names = ["statistic", "df", "p_value"]
    np.testing.assert_allclose(
        one.loc[["x", "z"], names].astype(float), other.loc[["x", "z"], names], rtol=1e-6
    )
    assert other.loc["x", "estimate"] == pytest.approx(5e4 * one.loc["x", "estimate"], rel=1e-8)
    assert other.loc["var_residual", "estimate"] == pytest.approx(
        1e6 * one.loc["var_residual", "estimate"], rel=1e-6
    )
    if slopes:
        assert other.loc["var_x", "estimate"] == pytest.approx(
            25e8 * one.loc["var_x", "estimate"], rel=1e-5
        )


def test_the_order_of_rows_changes_no_digit():
    frame = make_clusters(np.random.default_rng(6))
    shuffled = frame.sample(frac=1, random_state=1)
    for slopes in ((), ("x",)):
        one = fit_two_level(frame, "y", ["x"], "g", random_slopes=slopes)
        pd.testing.assert_frame_equal(
            one, fit_two_level(shuffled, "y", ["x"], "g", random_slopes=slopes), check_exact=True
        )


def test_contrasts_are_sums_of_coefficients():
    frame = make_clusters(np.random.default_rng(7))
    shifted = frame.assign(sum=frame["x"] + frame["z"])
    rows = fit(frame, "y", ["x", "z"], "g", contrasts={"gap": {"x": 1, "z": -1}})
    # y ~ (x + z) + x has the coefficient b_x - b_z on x.
    direct = fit(shifted, "y", ["sum", "x"], "g").loc["x"]
    for name in ("estimate", "std_error", "df", "p_value"):
        assert rows.loc["gap", name] == pytest.approx(direct[name], rel=1e-8)
    with pytest.raises(ValueError, match="gap"):
        fit(frame, "y", ["x"], "g", contrasts={"gap": {"w": 1}})


def test_without_variance_between_clusters_the_fit_is_singular_and_least_squares():
    rng = np.random.default_rng(8)
    frame = make_clusters(rng, clusters=25, variance=0)
    # Residuals that add up to nothing in every cluster leave nothing between them.
    frame["y"] = 0.5 * frame["x"] + rng.normal(size=len(frame))
    frame["y"] -= (frame["y"] - 0.5 * frame["x"]).groupby(frame["g"]).transform("mean")
    rows = fit(frame, "y", ["x"], "g")
    X = np.column_stack([np.ones(len(frame)), frame["x"]])
    b, left, *_ = np.linalg.lstsq(X, frame["y"], rcond=None)
    s2 = left[0] / (len(frame) - 2)
    assert rows.loc["var_intercept", "estimate"] == 0
    assert np.isnan(rows.loc["var_intercept", "std_error"])
    assert rows.loc["x", "estimate"] == pytest.approx(b[1], rel=1e-9)
    assert rows.loc["x", "std_error"] == pytest.approx(
        np.sqrt(s2 * np.linalg.inv(X.T @ X)[1, 1]), rel=1e-9
    )
    assert rows.loc["x", "df"] == pytest.approx(len(frame) - 2)
    assert rows["note"].str.contains("singular fit").all()


def test_slopes_that_do_not_vary_make_a_singular_fit_that_says_so():
    rng = np.random.default_rng(3)
    frame = make_clusters(rng, clusters=25, slope_sd=0.0, variance=0.5)
    left = frame["y"] - 0.5 * frame["x"]
    spread = frame["x"] - frame.groupby("g")["x"].transform("mean")
    own = (left * spread).groupby(frame["g"]).transform("sum") / (spread**2).groupby(
        frame["g"]
    ).transform("sum")
    frame["y"] -= own * spread
    rows = fit(frame, "y", ["x"], "g", random_slopes=("x",))
    assert rows["note"].str.contains("singular fit").all()
    assert rows.loc["x", "std_error"] > 0


@pytest.mark.parametrize(
    ("change", "predictors", "reason"),
    [
        ({"w": 1.0}, ["x", "w"], "no variance in 'w'"),
        ({"y": 2.0}, ["x"], "no variance in the outcome"),
        ({"g": "one"}, ["x"], "1 cluster: at least 2 are needed"),
        ({"g": np.arange(200).astype(str)}, ["x"], "every cluster has one row"),
    ],
)
def test_what_cannot_be_fitted_says_why_and_gives_no_number(change, predictors, reason):
    frame = make_clusters(np.random.default_rng(9)).head(200).assign(**change)
    rows = fit_two_level(frame, "y", predictors, "g")
    assert rows["estimate"].isna().all()
    assert rows["std_error"].isna().all()
    assert rows["note"].str.contains(reason).all()


def test_collinear_and_perfect_predictors_give_no_number():
    frame = make_clusters(np.random.default_rng(10))
    frame["w"] = frame["x"] + 2 * frame["z"]
    rows = fit_two_level(frame, "y", ["x", "z", "w"], "g")
    assert rows["estimate"].isna().all()
    assert rows["note"].str.contains("'w' cannot be told from those before").all()
    rows = fit_two_level(frame.assign(y=3 - frame["x"]), "y", ["x"], "g")
    assert rows["estimate"].isna().all()
    assert rows["note"].str.contains("leave no variance in the outcome").all()
    rows = fit_two_level(frame.assign(y=frame["x"] + frame["z"]), "y", ["x"], "g")
    assert rows["estimate"].isna().all()
    assert rows["note"].str.contains("no variance is left within clusters").all()


def test_few_clusters_are_named_and_missing_values_left_out():
    frame = make_clusters(np.random.default_rng(11), clusters=12)
    frame.loc[3, "x"] = np.nan
    rows = fit_two_level(frame, "y", ["x"], "g")
    assert rows["note"].str.contains("only 12 clusters").all()
    assert (rows["n_engagements"] == len(frame) - 1).all()
    assert (rows["n_advisors"] == 12).all()
    with pytest.raises(ValueError, match="no column"):
        fit_two_level(frame, "y", ["absent"], "g")
    with pytest.raises(ValueError, match="list of names"):
        fit_two_level(frame, "y", "x", "g")


@pytest.mark.slow
def test_simulated_truth_is_given_back_and_covered():
    rng = np.random.default_rng(12)
    runs, truth = 600, {"x": 0.5, "z": 0.3, "var_intercept": 0.4, "var_residual": 1.0}
    estimates, covered = [], []
    for _ in range(runs):
        rows = fit(make_clusters(rng, clusters=30, largest=9), "y", ["x", "z"], "g")
        rows = rows.loc[list(truth)]
        estimates.append(rows["estimate"].to_numpy())
        target = np.array(list(truth.values()))
        covered.append((rows["conf_low"] < target) & (target < rows["conf_high"]))
    estimates, target = np.array(estimates), np.array(list(truth.values()))
    error = estimates.std(axis=0) / np.sqrt(runs)
    assert (np.abs(estimates.mean(axis=0) - target) < 4 * error).all()
    rate = np.mean(covered, axis=0)
    # Four Monte Carlo errors about .95; the variance between clusters has an approximate interval.
    assert (np.abs(rate - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs)).all(), rate


@pytest.mark.slow
def test_random_slopes_of_simulated_clusters_are_given_back():
    rng = np.random.default_rng(13)
    runs, covered, spread = 200, 0, []
    for _ in range(runs):
        frame = make_clusters(rng, clusters=40, largest=12, slope_sd=0.5)
        rows = fit(frame, "y", ["x", "z"], "g", random_slopes=("x",))
        spread.append(rows.loc["var_x", "estimate"])
        covered += rows.loc["x", "conf_low"] < 0.5 < rows.loc["x", "conf_high"]
    assert np.mean(spread) == pytest.approx(0.25, abs=4 * np.std(spread) / np.sqrt(runs))
    assert abs(covered / runs - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs)


def test_the_examples_run():
    assert doctest.testmod(multilevel).failed == 0
