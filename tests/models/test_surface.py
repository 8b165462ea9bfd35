"""The response surface against R, against simulated truth, and where it cannot be had."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.models.multilevel import ols_cr2, wald_cr2
from analysis.models.surface import difference_along, fit_response_surface, shared_cells

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "r_values.json").read_text())["response_surface"]


@pytest.fixture(scope="module")
def abilities():
    frame = pd.read_csv(REFERENCE / "holzinger_swineford_1939.csv")
    frame["x"], frame["y"] = frame["x1"] - 4.5, frame["x4"] - 3
    frame["team"] = [f"t{row % 31}" for row in range(len(frame))]
    return frame


def simulated(rng, n_teams=60, per_team=10, b=(0.3, 0.3, 0, 0, 0)):
    """Two correlated ratings, an outcome on their surface, teams with a level of their own."""
    n = n_teams * per_team
    team = np.repeat(np.arange(n_teams), per_team)
    shared = rng.standard_normal((3, n_teams))[:, team]
    x = 0.4 * shared[0] + rng.standard_normal(n)
    y = 0.4 * shared[1] + 0.4 * x + rng.standard_normal(n)
    z = b[0] * x + b[1] * y + b[2] * x**2 + b[3] * x * y + b[4] * y**2
    z = z + 0.5 * shared[2] + rng.standard_normal(n)
    return pd.DataFrame({"z": z, "x": x, "y": y, "team": team})


def test_agrees_with_r(abilities):
    rows = fit_response_surface(abilities, "x9", "x", "y").set_index("term")
    for term, value in {**R["coefficients"], **R["estimate"]}.items():
        assert rows.loc[term, "estimate"] == pytest.approx(value, abs=1e-8)
    for term, value in R["std_error_classical"].items():
        assert rows.loc[term, "std_error"] == pytest.approx(value, abs=1e-8)


def test_independent_f_test_is_the_change_in_residual_sums_of_squares(abilities):
    row = fit_response_surface(abilities, "x9", "x", "y").set_index("term").loc["b3 to b5"]
    x, y, z = (abilities[name].to_numpy() for name in ("x", "y", "x9"))
    main = np.column_stack([np.ones(len(x)), x, y])
    full = np.column_stack([main, x * x, x * y, y * y])
    left = [
        float(((z - X @ np.linalg.lstsq(X, z, rcond=None)[0]) ** 2).sum()) for X in (main, full)
    ]
    assert row["statistic"] == pytest.approx((left[0] - left[1]) / 3 / (left[1] / (len(x) - 6)))


def test_clustered_errors_are_those_of_cr2(abilities):
    rows = fit_response_surface(abilities, "x9", "x", "y", "team").set_index("term")
    full = abilities.assign(xx=abilities["x"] ** 2, xy=abilities["x"] * abilities["y"])
    full["yy"] = full["y"] ** 2
    predictors = ["x", "y", "xx", "xy", "yy"]
    weights = {"xx": 1.0, "xy": -1.0, "yy": 1.0}
    cr2 = ols_cr2(full, "x9", predictors, "team", contrasts={"a4": weights}).set_index("term")
    for column in ("estimate", "std_error", "df", "conf_low"):
        assert rows.loc["a4", column] == pytest.approx(cr2.loc["a4", column], rel=1e-9)
    joint = wald_cr2(full, "x9", predictors, "team", ["xx", "xy", "yy"]).iloc[0]
    assert rows.loc["b3 to b5", "p_value"] == pytest.approx(joint["p_value"], rel=1e-9)


def test_delta_r2_is_the_gain_of_the_full_model_and_its_replicates_are_refits(abilities):
    row = fit_response_surface(abilities, "x9", "x", "y", "team").set_index("term").loc["delta_r2"]

    def gain(frame):
        x, y, z = (frame[name].to_numpy() for name in ("x", "y", "x9"))
        main = np.column_stack([np.ones(len(x)), x, y])
        r2 = []
        for X in (main, np.column_stack([main, x * x, x * y, y * y])):
            left = z - X @ np.linalg.lstsq(X, z, rcond=None)[0]
            r2.append(1 - (left**2).sum() / ((z - z.mean()) ** 2).sum())
        return r2[1] - r2[0]

    assert row["estimate"] == pytest.approx(gain(abilities))
    without = np.array(
        [gain(abilities[abilities["team"] != team]) for team in sorted(set(abilities["team"]))]
    )
    g = len(without)
    error = np.sqrt((g - 1) / g * ((without - without.mean()) ** 2).sum())
    assert row["std_error"] == pytest.approx(error)
    assert row["conf_low"] >= 0


def test_order_of_rows_changes_nothing(abilities):
    shuffled = abilities.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(
        fit_response_surface(abilities, "x9", "x", "y", "team"),
        fit_response_surface(shuffled, "x9", "x", "y", "team"),
        check_exact=True,
    )


def test_a_ridge_along_agreement_is_found_and_curvature_alone_is_no_discrepancy():
    rng = np.random.default_rng(5)
    apart = simulated(rng, b=(0.3, 0.3, -0.25, 0.5, -0.25))
    rows = fit_response_surface(apart, "z", "x", "y", "team").set_index("term")
    assert rows.loc["b4", "conf_low"] > 0 > rows.loc["a4", "conf_high"]
    assert rows.loc["b3 to b5", "p_value"] < 0.001
    bowl = simulated(rng, b=(0.3, 0.3, -0.3, 0, -0.3))
    rows = fit_response_surface(bowl, "z", "x", "y", "team").set_index("term")
    assert rows.loc["b3 to b5", "p_value"] < 0.001
    assert not rows.loc["b4", "conf_low"] > 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"x": 1.0}, "no variance in 'x'"),
        ({"z": 2.0}, "no variance in the outcome"),
        ({"team": "only"}, "1 cluster"),
    ],
)
def test_what_cannot_be_had_says_why(change, reason):
    frame = simulated(np.random.default_rng(2)).assign(**change)
    rows = fit_response_surface(frame, "z", "x", "y", "team")
    assert rows["estimate"].isna().all()
    assert rows["note"].str.contains(reason).all()


def test_identical_ratings_leave_no_surface():
    frame = simulated(np.random.default_rng(2))
    rows = fit_response_surface(frame.assign(y=frame["x"]), "z", "x", "y", "team")
    assert rows["estimate"].isna().all() and rows["note"].str.contains("collinear").all()


def test_absent_column_is_the_callers_mistake():
    with pytest.raises(ValueError, match="no column"):
        fit_response_surface(pd.DataFrame({"z": [1.0]}), "z", "x", "y")


def test_cells_hold_at_least_ten_and_tell_no_counts():
    frame = pd.DataFrame({"x": [0.2] * 10 + [1.2] * 9, "y": [0.7] * 10 + [0.1] * 9})
    cells = shared_cells(frame, "x", "y", 0.5)
    assert cells.to_dict("list") == {"x": [0.25], "y": [0.75]}
    frame = pd.DataFrame({"x": [2.0] * 10, "y": [1.9] * 10})
    cells = shared_cells(frame, "x", "y", 0.5, highest=2.0)
    assert cells.to_dict("list") == {"x": [1.75], "y": [1.75]}


def test_early_against_late_is_the_difference_of_two_surfaces():
    rng = np.random.default_rng(8)
    frame = simulated(rng, b=(0.3, 0.3, -0.25, 0.5, -0.25))
    late = simulated(rng)
    frame["lx"], frame["ly"] = late["x"], late["y"]
    row = difference_along(frame, "z", ("x", "y"), ("lx", "ly"), "team").iloc[0]
    one, other = (
        fit_response_surface(frame, "z", *pair).set_index("term").loc["a4", "estimate"]
        for pair in (("x", "y"), ("lx", "ly"))
    )
    assert row["estimate"] == pytest.approx(one - other)
    assert row["conf_high"] < 0


def test_early_against_late_with_too_few_says_why():
    frame = simulated(np.random.default_rng(1), 2, 4)
    row = difference_along(frame, "z", ("x", "y"), ("x", "y"), "team").iloc[0]
    assert np.isnan(row["estimate"]) and "too few" in row["note"]


@pytest.mark.slow
def test_level_of_the_joint_test_with_teams():
    """Without curvature the 3-df test rejects one time in twenty, teams or not."""
    rng = np.random.default_rng(77)
    runs = 600
    p_values = [
        fit_response_surface(simulated(rng, 40, 8), "z", "x", "y", "team")
        .set_index("term")
        .loc["b3 to b5", "p_value"]
        for _ in range(runs)
    ]
    share = np.mean(np.array(p_values) < 0.05)
    assert abs(share - 0.05) < 3 * np.sqrt(0.05 * 0.95 / runs)
