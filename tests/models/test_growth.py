"""Means per check-in and early against late change."""

import numpy as np
import pandas as pd
import pytest

from analysis.models.growth import early_late_slopes, occasion_means


def courses(rng, n=300, T=7, bond=(0.2, 0.0), task=(0.0, 0.2), keep=1.0):
    t = np.arange(1, T + 1)
    middle = (1 + T) / 2
    early, late = np.minimum(t, middle), np.maximum(t - middle, 0)
    level = rng.standard_normal((n, 2))
    scores = [
        level[:, [k]] + slopes[0] * early + slopes[1] * late + rng.standard_normal((n, T))
        for k, slopes in enumerate((bond, task))
    ]
    frame = pd.DataFrame(
        {
            "engagement": np.repeat(np.arange(n), T).astype(str),
            "team": np.repeat(np.arange(n) // 10, T).astype(str),
            "occasion": np.tile(t, n),
            "bond": scores[0].ravel(),
            "task": scores[1].ravel(),
        }
    )
    return frame[rng.random(len(frame)) < keep]


def test_means_are_means_and_their_errors_delete_a_cluster_at_a_time():
    frame = courses(np.random.default_rng(1), n=60)
    row = occasion_means(frame, "bond", "occasion", "team").iloc[2]
    here = frame[frame["occasion"] == 3]
    assert row["estimate"] == pytest.approx(here["bond"].mean())
    without = np.array([here.loc[here["team"] != one, "bond"].mean() for one in set(here["team"])])
    g = len(without)
    error = np.sqrt((g - 1) / g * ((without - without.mean()) ** 2).sum())
    assert row["std_error"] == pytest.approx(error)
    assert row["n_engagements"] == 60


def test_a_small_occasion_is_not_given_nor_counted():
    frame = courses(np.random.default_rng(1), n=60)
    frame = frame[(frame["occasion"] < 7) | frame["engagement"].isin([str(i) for i in range(9)])]
    last = occasion_means(frame, "bond", "occasion", "team").iloc[-1]
    assert last["occasion"] == 7
    assert np.isnan(last["estimate"]) and np.isnan(last["n_engagements"])
    assert last["note"] == "fewer than 10 ratings: not given"


def test_slopes_are_those_of_least_squares_with_an_intercept_for_each():
    frame = courses(np.random.default_rng(2), n=40, keep=0.8)
    rows = early_late_slopes(frame, ["bond"], "engagement", "occasion", "team").set_index("term")
    kept = frame[frame.groupby("engagement")["occasion"].transform("size") > 1]
    t = kept["occasion"].to_numpy(float)
    X = np.column_stack([np.minimum(t, 4), np.maximum(t - 4, 0)])
    own = pd.get_dummies(kept["engagement"]).to_numpy(float)
    b = np.linalg.lstsq(np.hstack([X, own]), kept["bond"].to_numpy(), rcond=None)[0][:2]
    assert rows.loc["bond early", "estimate"] == pytest.approx(b[0] / kept["bond"].std())
    assert rows.loc["bond late", "estimate"] == pytest.approx(b[1] / kept["bond"].std())


def test_bond_first_and_task_later_is_found_and_the_order_of_rows_changes_nothing():
    frame = courses(np.random.default_rng(3), keep=0.85)
    rows = early_late_slopes(frame, ["bond", "task"], "engagement", "occasion", "team")
    by_term = rows.set_index("term")
    assert by_term.loc["bond against task", "conf_low"] > 0
    assert by_term.loc["task early minus late", "conf_high"] < 0
    shuffled = frame.sample(frac=1, random_state=1)
    again = early_late_slopes(shuffled, ["bond", "task"], "engagement", "occasion", "team")
    pd.testing.assert_frame_equal(rows, again, check_exact=True)


def test_three_occasions_or_a_constant_rating_give_no_slopes():
    frame = courses(np.random.default_rng(4), n=60)
    rows = early_late_slopes(
        frame[frame["occasion"] <= 3], ["bond"], "engagement", "occasion", "team"
    )
    assert rows["estimate"].isna().all() and rows["note"].str.contains("four check-ins").all()
    rows = early_late_slopes(frame.assign(bond=4.0), ["bond"], "engagement", "occasion", "team")
    assert rows["conf_low"].isna().all() and (rows["note"] != "").all()


@pytest.mark.slow
def test_interval_of_the_difference_covers():
    """Bond and task alike: the interval of their contrast holds 0 in 95 of 100 samples."""
    rng = np.random.default_rng(11)
    runs = 400
    held = 0
    for _ in range(runs):
        frame = courses(rng, n=200, bond=(0.1, 0.05), task=(0.1, 0.05), keep=0.85)
        rows = early_late_slopes(frame, ["bond", "task"], "engagement", "occasion", "team")
        row = rows.set_index("term").loc["bond against task"]
        held += row["conf_low"] < 0 < row["conf_high"]
    assert abs(held / runs - 0.95) < 3 * np.sqrt(0.95 * 0.05 / runs)
