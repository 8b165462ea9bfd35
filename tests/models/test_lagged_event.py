"""Ratings and the next check-in's events: simulated truth, and where there is none."""

import numpy as np
import pandas as pd
import pytest

from analysis.models.lagged import lagged_effect
from analysis.models.lagged_event import lagged_event

SLOPE, AGAIN = -0.06, 0.10


def courses(rng, n, T, per_team=10, missed=0.5, change=-0.5):
    """Events after low ratings; an event lowers the ratings to come and may leave none behind."""
    level = rng.standard_normal(n)
    usual = 0.7 * level + 0.7 * rng.standard_normal(n)
    own = 0.32 - 0.06 * level
    state, last, before = usual + rng.standard_normal(n), usual, np.zeros(n)
    events, ratings = np.zeros((n, T)), np.full((n, T), np.nan)
    for t in range(T):
        chance = own + AGAIN * before + SLOPE * np.clip(last - usual, -3, 3)
        before = (rng.random(n) < chance).astype(float)
        state = usual + 0.3 * (state - usual) + change * before + rng.standard_normal(n)
        gone = (before > 0) & (rng.random(n) < missed) & (t > 0)
        events[:, t], ratings[:, t] = before, np.where(gone, np.nan, state)
        last = np.where(gone, last, state)
    return pd.DataFrame(
        {
            "engagement": np.repeat(np.arange(n), T).astype(str),
            "team": np.repeat(np.arange(n) // per_team, T).astype(str),
            "occasion": np.tile(np.arange(1, T + 1), n),
            "event": events.ravel(),
            "rating": ratings.ravel(),
        }
    )


def effects(frame, **keywords):
    rows = lagged_event(frame, "event", "rating", "engagement", "occasion", "team", **keywords)
    return rows.set_index("term")


def test_slopes_come_near_the_truth_although_events_hide_ratings_and_lower_them():
    frame = courses(np.random.default_rng(1), 3000, 7, per_team=50)
    rows = effects(frame, scale="none")
    for term, truth in (("rating -> event", SLOPE), ("event -> event", AGAIN)):
        assert abs(rows.loc[term, "estimate"] - truth) < 3 * rows.loc[term, "std_error"]
    assert rows.loc["rating -> event", "conf_high"] < 0


def test_per_standard_deviation_is_the_slope_times_that_of_the_ratings_within():
    frame = courses(np.random.default_rng(2), 2000, 8, missed=0.0, change=0.0)
    plain, scaled = (
        effects(frame, scale=one).loc["rating -> event", "estimate"]
        for one in ("none", "predictor")
    )
    within = frame["rating"] - frame.groupby("engagement")["rating"].transform("mean")
    spread = np.sqrt((within**2).sum() / (len(frame) - 2000))
    assert scaled / plain == pytest.approx(spread, rel=0.08)


def test_jackknife_replicates_are_refits_and_the_order_of_rows_changes_nothing():
    frame = courses(np.random.default_rng(3), 300, 6, per_team=30)
    row = effects(frame).loc["rating -> event"]
    # Occasions' means are taken out of the whole sample, hence the tolerance.
    without = np.array(
        [
            effects(frame[frame["team"] != one]).loc["rating -> event", "estimate"]
            for one in sorted(frame["team"].unique())
        ]
    )
    error = np.sqrt(9 / 10 * ((without - without.mean()) ** 2).sum())
    assert row["std_error"] == pytest.approx(error, rel=0.1)
    again = effects(frame.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(effects(frame), again, check_exact=True)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: f[f["occasion"] <= 3], "only 0 engagements"),
        (lambda f: f.assign(event=0.0), "fewer than 10 steps"),
        (lambda f: f.assign(event=1.0), "fewer than 10 steps"),
        (lambda f: f.assign(rating=3.0), "rating never varies"),
        (lambda f: f.assign(rating=np.nan), "only 0 engagements"),
        (lambda f: f[f["engagement"].astype(int) < 9], "only 9 engagements"),
        (lambda f: f.iloc[:0], "only 0 engagements"),
    ],
    ids=["three", "no event", "always", "constant", "no rating", "few", "empty"],
)
def test_what_cannot_be_had_says_why(change, reason):
    frame = change(courses(np.random.default_rng(4), 100, 6))
    rows = effects(frame)
    assert len(rows) == 1 and np.isnan(rows["estimate"].iloc[0])
    assert reason in rows["note"].iloc[0]


def test_one_cluster_has_estimates_and_no_intervals():
    rows = effects(courses(np.random.default_rng(5), 200, 6).assign(team="one"))
    assert rows["estimate"].notna().all() and rows["conf_low"].isna().all()


def test_unknown_scale_is_the_callers_mistake():
    with pytest.raises(ValueError, match="scale"):
        effects(courses(np.random.default_rng(5), 20, 6), scale="both")


@pytest.mark.slow
@pytest.mark.parametrize(("T", "n"), [(5, 500), (7, 300)])
def test_mean_of_many_samples_is_the_truth_and_intervals_cover(T, n):
    """Unbiased within Monte Carlo error, where centring on engagements' means is not."""
    rng = np.random.default_rng([T, n])
    runs, found, centred, covered = 300, [], [], 0
    for _ in range(runs):
        frame = courses(rng, n, T)
        row = effects(frame, scale="none").loc["rating -> event"]
        found.append(row["estimate"])
        covered += row["conf_low"] < SLOPE < row["conf_high"]
        plain = lagged_effect(
            frame, "event", "rating", "engagement", "occasion", "team", scale="none"
        )
        plain = plain[plain["method"] == "within"].set_index("term")
        centred.append(plain.loc["rating -> event", "estimate"])
    error = np.std(found) / np.sqrt(runs)
    assert abs(np.mean(found) - SLOPE) < 3 * error
    assert abs(np.mean(centred) - SLOPE) > 5 * np.std(centred) / np.sqrt(runs)
    assert covered / runs > 0.95 - 3 * np.sqrt(0.95 * 0.05 / runs)
