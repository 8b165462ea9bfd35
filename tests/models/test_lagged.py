"""Lagged slopes within engagements: algebra, simulated truth, and where there is none."""

import numpy as np
import pandas as pd
import pytest

from analysis.models.lagged import lagged_effect

PHI = np.array([[0.4, 0.2], [0.1, 0.3]])
TERMS = ["x -> y", "y -> x", "y -> y", "x -> x"]
TRUE = np.array([0.2, 0.1, 0.4, 0.3])


def panel(rng, n, T, phi=PHI, missing=0.0, per_team=10):
    """Two variables with correlated levels and errors, started away from where they settle."""
    level = rng.standard_normal((n, 2)) @ np.array([[1, 0.5], [0, 0.9]])
    root = np.linalg.cholesky([[1, 0.3], [0.3, 1]])
    w = np.zeros((n, T, 2))
    w[:, 0] = level + 1.2 * rng.standard_normal((n, 2)) @ root.T
    for t in range(1, T):
        pulled = level @ (np.eye(2) - phi).T + w[:, t - 1] @ phi.T
        w[:, t] = pulled + 0.1 * t + rng.standard_normal((n, 2)) @ root.T
    frame = pd.DataFrame(
        {
            "engagement": np.repeat(np.arange(n), T).astype(str),
            "team": np.repeat(np.arange(n) // per_team, T).astype(str),
            "occasion": np.tile(np.arange(1, T + 1), n),
            "y": w[..., 0].ravel(),
            "x": w[..., 1].ravel(),
        }
    )
    return frame[rng.random(len(frame)) >= missing]


def effects(frame, **keywords):
    return lagged_effect(frame, "y", "x", "engagement", "occasion", "team", **keywords)


def by_method(rows, method):
    return rows[rows["method"] == method].set_index("term")


def test_uncorrected_slopes_are_those_of_dummies_for_engagements_and_occasions():
    frame = panel(np.random.default_rng(1), 60, 6, missing=0.2)
    rows = by_method(effects(frame, scale="none"), "within")
    later = frame.assign(occasion=frame["occasion"] - 1)
    steps = frame.merge(later, on=["engagement", "occasion"], suffixes=("", "_next"))
    steps = steps[steps.groupby("engagement")["x"].transform("size") > 1]
    dummies = [pd.get_dummies(steps[name]).to_numpy(float) for name in ("engagement", "occasion")]
    X = np.hstack([steps[["y", "x"]].to_numpy(), *dummies])
    for target, own, other in (("y_next", "y -> y", "x -> y"), ("x_next", "y -> x", "x -> x")):
        b = np.linalg.lstsq(X, steps[target].to_numpy(), rcond=None)[0]
        assert rows.loc[own, "estimate"] == pytest.approx(b[0], abs=1e-9)
        assert rows.loc[other, "estimate"] == pytest.approx(b[1], abs=1e-9)


def test_jackknife_replicates_are_refits():
    frame = panel(np.random.default_rng(2), 200, 7, missing=0.1, per_team=25)
    row = by_method(effects(frame), "within_corrected").loc["x -> y minus y -> x"]
    without = []
    for team in sorted(frame["team"].unique()):
        kept = effects(frame[frame["team"] != team])
        without.append(by_method(kept, "within_corrected").loc[row.name, "estimate"])
    without = np.array(without)
    g = len(without)
    error = np.sqrt((g - 1) / g * ((without - without.mean()) ** 2).sum())
    assert row["std_error"] == pytest.approx(error, rel=1e-6)


def test_scales_follow_from_one_another():
    frame = panel(np.random.default_rng(3), 150, 6).assign(x=lambda f: 10 * f["x"] + 3)
    plain, ready, both = (
        by_method(effects(frame, scale=scale), "within_corrected")["estimate"]
        for scale in ("none", "predictor", "both")
    )
    per_x = ready["x -> y"] / plain["x -> y"]
    assert ready["y -> x"] == pytest.approx(plain["y -> x"] / per_x)
    for term in ("y -> y", "x -> x"):
        assert plain[term] == pytest.approx(ready[term]) == pytest.approx(both[term])
    assert both["x -> y"] * both["y -> x"] == pytest.approx(plain["x -> y"] * plain["y -> x"])


def test_rows_order_and_names_change_nothing():
    frame = panel(np.random.default_rng(4), 80, 6, missing=0.1)
    rows = effects(frame)
    shuffled = frame.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(rows, effects(shuffled), check_exact=True)
    renamed = shuffled.assign(engagement="k" + shuffled["engagement"].str[::-1] + "z")
    pd.testing.assert_frame_equal(rows, effects(renamed), rtol=1e-8)


def test_corrected_slopes_come_near_the_truth_where_uncorrected_ones_do_not():
    frame = panel(np.random.default_rng(5), 3000, 6, per_team=50)
    rows = effects(frame, scale="none")
    corrected, plain = (by_method(rows, name).loc[TERMS] for name in ("within_corrected", "within"))
    z = (corrected["estimate"] - TRUE) / corrected["std_error"]
    assert (z.abs() < 3).all()
    assert plain.loc["y -> y", "estimate"] < 0.2
    assert corrected.loc["x -> y", "n_engagements"] == 3000


def test_a_level_that_differs_between_engagements_is_no_lag():
    """Without any lag the means go together and nothing leads to anything."""
    rng = np.random.default_rng(6)
    frame = panel(rng, 1500, 6, phi=np.zeros((2, 2)), per_team=30)
    rows = effects(frame)
    means = rows[rows["method"] == "engagement_means"].iloc[0]
    assert means["term"] == "x with y" and means["conf_low"] > 0.2
    corrected = by_method(rows, "within_corrected")
    assert corrected.loc["x -> y", "conf_low"] < 0 < corrected.loc["x -> y", "conf_high"]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (panel(np.random.default_rng(1), 100, 2), "only 0 engagements have two steps"),
        (panel(np.random.default_rng(1), 100, 3), "at least four check-ins"),
        (panel(np.random.default_rng(1), 9, 8), "only 9 engagements"),
        (panel(np.random.default_rng(1), 50, 6).assign(x=3.0), "x never varies"),
        (panel(np.random.default_rng(1), 50, 6).assign(y=np.nan), "only 0 engagements"),
        (panel(np.random.default_rng(1), 50, 6).iloc[:0], "only 0 engagements"),
        (
            panel(np.random.default_rng(1), 50, 6).assign(occasion=lambda f: 3 * f["occasion"]),
            "only 0 engagements",
        ),
    ],
    ids=["two", "three", "few", "constant", "missing", "empty", "never in a row"],
)
def test_what_cannot_be_had_says_why(frame, reason):
    rows = effects(frame)
    assert len(rows) == 1 and np.isnan(rows["estimate"].iloc[0])
    assert reason in rows["note"].iloc[0]


def test_one_cluster_has_estimates_and_no_intervals():
    rows = effects(panel(np.random.default_rng(1), 200, 7).assign(team="one"))
    assert rows["estimate"].notna().all() and rows["conf_low"].isna().all()


def test_callers_mistakes_are_told():
    frame = panel(np.random.default_rng(1), 20, 5)
    with pytest.raises(ValueError, match="twice"):
        effects(pd.concat([frame, frame.iloc[:1]]))
    with pytest.raises(ValueError, match="scale"):
        effects(frame, scale="sd")
    with pytest.raises(ValueError, match="no column"):
        lagged_effect(frame, "y", "z", "engagement", "occasion", "team")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("T", "n", "missing"),
    [(4, 1000, 0.0), (5, 500, 0.0), (6, 200, 0.0), (6, 500, 0.15), (8, 200, 0.15), (8, 1000, 0.0)],
)
def test_bias_of_centring_is_removed(T, n, missing):
    """Means of the corrected slopes lie within Monte Carlo error of the truth, the plain do not."""
    rng = np.random.default_rng([T, n])
    runs = 200
    corrected, plain, covered = [], [], []
    for _ in range(runs):
        rows = effects(panel(rng, n, T, missing=missing, per_team=n // 20), scale="none")
        own = by_method(rows, "within_corrected").loc[TERMS]
        corrected.append(own["estimate"].to_numpy())
        plain.append(by_method(rows, "within").loc[TERMS, "estimate"].to_numpy())
        covered.append((own["conf_low"] < TRUE) & (own["conf_high"] > TRUE))
    corrected, plain = np.array(corrected), np.array(plain)
    found = np.isfinite(corrected).all(axis=1)
    assert found.mean() >= 0.97
    bias = corrected[found].mean(axis=0) - TRUE
    error = corrected[found].std(axis=0) / np.sqrt(found.sum())
    # Samples without a root tend to be those of strong carry-over: half an error is left for that.
    assert (np.abs(bias) < 3.5 * error).all(), (bias, error)
    assert (np.abs(plain.mean(axis=0) - TRUE)[2:] > 0.15).all()
    share = np.array(covered)[found].mean(axis=0)
    assert (share > 0.95 - 4 * np.sqrt(0.95 * 0.05 / runs)).all(), share
