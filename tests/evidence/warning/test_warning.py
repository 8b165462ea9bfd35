"""Early warning from clean tables: known truth, bad input, what may not matter."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.contract.plan import ComparisonPlan, WarningPlan
from analysis.evidence.warning.warning import describe_warning

RANGES = {"advisee": (1.0, 7.0), "advisor": (1.0, 7.0)}
PLAN = WarningPlan(landmarks=(2, 3), repeats=2, penalties=(10.0, 100.0, 1000.0))
COLUMNS = ["engagement_id", "rater", "occasion", "week", "total"]


def simulate(seed=1, advisors=40, caseload=10, slope=-1.4, planned=6, hazard=0.10, ongoing=0.0):
    """Engagements in which each check-in's rating goes with the chance of ending right after it.

    log odds = log odds of ``hazard`` + slope x advisee's deviation from 5 points.
    """
    rng = np.random.default_rng(seed)
    n = advisors * caseload
    names = [f"e{i:04d}" for i in range(n)]
    level = 5 + rng.normal(size=n) * 0.6
    scores = level[:, None, None] + rng.normal(size=(n, planned, 2)) * 0.5
    start = np.log(hazard / (1 - hazard))
    chance = 1 / (1 + np.exp(-start - slope * (scores[..., 0] - 5)))
    chance[:, -1] = 0
    ends = rng.random((n, planned)) < chance
    last = np.where(ends.any(axis=1), ends.argmax(axis=1) + 1, planned)
    status = np.where(last < planned, "ended_early", "completed").astype(object)
    stop = np.where(rng.random(n) < ongoing, rng.integers(1, planned, n), planned)
    cut = stop < last
    last, status[cut] = np.minimum(last, stop), "ongoing"
    engagements = pd.DataFrame(
        {
            "engagement_id": names,
            "advisor_id": np.repeat([f"a{i:02d}" for i in range(advisors)], caseload),
            "planned_checkins": float(planned),
            "status": status,
            "ended_week": np.where(status == "ongoing", np.nan, 3.0 * last + 1),
        }
    )
    who, when, rater = np.nonzero(
        (np.arange(planned) < last[:, None])[..., None] & (rng.random((n, planned, 2)) < 0.92)
    )
    ratings = pd.DataFrame(
        {
            "engagement_id": np.array(names)[who],
            "rater": np.array(["advisee", "advisor"])[rater],
            "occasion": when + 1,
            "week": 3.0 * (when + 1),
            "total": scores[who, when, rater],
        }
    )
    early = np.flatnonzero(status == "ended_early")
    events = pd.DataFrame(
        {
            "engagement_id": np.array(names)[early],
            "occasion": last[early],
            "event": "ended_early",
            "source": "record",
        }
    )
    return SimpleNamespace(engagements=engagements, ratings=ratings, events=events)


def describe(data, plan=PLAN, ranges=RANGES, seed=5, episodes=None):
    return describe_warning(
        data.engagements,
        data.ratings,
        data.events,
        ranges,
        "advisor_id",
        plan,
        ComparisonPlan(),
        np.random.default_rng(seed),
        episodes,
    )


def pick(rows, term, method="model", occasion=2, outcome="ended_early"):
    wanted = (rows["term"] == term) & (rows["outcome"] == outcome) & (rows["occasion"] == occasion)
    if method is not None:
        wanted &= rows["method"] == method
    return rows[wanted]


def verdict(rows, occasion=2, outcome="ended_early"):
    (row,) = pick(rows, "auc_above_chance", "jackknife", occasion, outcome).to_dict("records")
    return row["verdict"], row["note"]


@pytest.fixture(scope="module")
def telling():
    data = simulate()
    return data, describe(data)


def test_ratings_that_tell_are_found_to_tell(telling):
    _, rows = telling
    decided, reason = verdict(rows)
    assert decided == "supported", reason
    area = pick(rows, "auc").iloc[0]
    # The area of the best predictor there is, the rating itself, on the same engagements.
    assert 0.6 < area["conf_low"] < area["estimate"] < 0.9
    slope = pick(rows, "calibration_slope").iloc[0]
    assert slope["conf_low"] < 1 < slope["conf_high"]
    assert pick(rows, "brier_skill").iloc[0]["estimate"] > 0
    level = pick(rows, "coefficient advisee_level").iloc[0]["estimate"]
    assert level < 0 and abs(level) > abs(
        pick(rows, "coefficient advisor_level").iloc[0]["estimate"]
    )
    assert pick(rows, "net_benefit_over_treat_all").iloc[0]["statistic"] == PLAN.threshold
    primary = rows[rows["primary"].fillna(False).astype(bool)]
    assert list(primary["occasion"]) == [2] and list(primary["outcome"]) == ["ended_early"]


def test_the_base_rate_is_the_share_that_ended_within_the_horizon(telling):
    data, rows = telling
    noted = data.events.set_index("engagement_id")["occasion"]
    here = data.ratings.loc[data.ratings["occasion"] == 3, "engagement_id"].unique()
    last = noted.reindex(here)
    row = pick(rows, "base_rate", None, 3).iloc[0]
    assert row["n_engagements"] == len(here)
    assert row["estimate"] == pytest.approx((last < 6).mean(), abs=1e-12)


def test_every_row_keeps_to_the_vocabulary_and_small_cells_are_not_given(telling):
    _, rows = telling
    assert set(rows["verdict"].dropna()) <= {"supported", "inconclusive", "not_testable"}
    counted = rows["n_engagements"].dropna()
    assert (counted >= 10).all()
    curve = pick(rows, "calibration_curve")
    assert 2 <= len(curve) <= PLAN.calibration_bins
    assert curve["statistic"].is_monotonic_increasing
    assert curve["n_engagements"].sum() == pick(rows, "auc").iloc[0]["n_engagements"]
    assert set(rows["rater"].dropna() if "rater" in rows else []) == set()


def test_the_order_of_rows_and_the_names_of_people_have_no_part(telling):
    data, rows = telling
    rng = np.random.default_rng(0)
    swap = {name: f"z{rng.integers(1e9)}" for name in data.engagements["engagement_id"]}
    advisors = data.engagements["advisor_id"].unique()
    others = dict(zip(advisors, rng.permutation(len(advisors)).astype(str), strict=True))

    def disguise(frame):
        shown = frame.sample(frac=1, random_state=3).reset_index(drop=True)
        shown["engagement_id"] = shown["engagement_id"].map(swap)
        return shown

    engagements = disguise(data.engagements)
    engagements["advisor_id"] = engagements["advisor_id"].map(others)
    again = describe(
        SimpleNamespace(
            engagements=engagements, ratings=disguise(data.ratings), events=disguise(data.events)
        )
    )
    pd.testing.assert_frame_equal(rows, again, rtol=1e-10, atol=1e-12)
    pd.testing.assert_frame_equal(rows, describe(data))


def test_the_gap_is_set_against_levels_alone(telling):
    _, rows = telling
    gained = pick(rows, "auc_gained", "gap_over_levels").iloc[0]
    both = [pick(rows, "auc", name).iloc[0]["estimate"] for name in ("levels_and_gap", "levels")]
    assert gained["estimate"] == pytest.approx(both[0] - both[1])
    assert gained["conf_low"] < gained["estimate"] < gained["conf_high"]
    brier = [pick(rows, "brier", name).iloc[0]["estimate"] for name in ("levels", "levels_and_gap")]
    better = pick(rows, "brier_gained", "gap_over_levels").iloc[0]["estimate"]
    assert better == pytest.approx(brier[0] - brier[1])


def test_the_future_has_no_part_in_what_is_predicted_at_a_landmark(telling):
    """Later ratings are changed; who is at risk and what became of them stays."""
    data, rows = telling
    later = data.ratings["occasion"] > 2
    changed = data.ratings.assign(total=data.ratings["total"].where(~later, 1.0))
    again = describe(
        SimpleNamespace(engagements=data.engagements, ratings=changed, events=data.events)
    )
    pd.testing.assert_frame_equal(rows[rows["occasion"] == 2], again[again["occasion"] == 2])


def test_ongoing_engagements_weigh_and_are_counted():
    rows = describe(simulate(seed=2, ongoing=0.4))
    note = pick(rows, "base_rate", None).iloc[0]["note"]
    assert "ongoing short of their horizon" in note
    assert verdict(rows)[0] in ("supported", "inconclusive")


def reasons(data, **settings):
    rows = describe(data, **settings)
    own = rows[(rows["outcome"] == "ended_early") & (rows["term"] == "auc_above_chance")]
    assert set(own["verdict"].dropna()) == {"not_testable"}
    assert own["estimate"].isna().all()
    return " / ".join(own["note"].unique())


def test_nobody_or_everybody_ended_early():
    data = simulate(advisors=12)
    stayed = data.engagements.assign(status="completed")
    nobody = SimpleNamespace(engagements=stayed, ratings=data.ratings, events=data.events.iloc[:0])
    assert "nobody ended early within the horizon" in reasons(nobody)
    first = data.ratings[data.ratings["occasion"] <= 3]
    left = data.engagements.assign(status="ended_early", ended_week=10.0)
    everybody = SimpleNamespace(engagements=left, ratings=first, events=data.events.iloc[:0])
    assert "everybody ended early within the horizon" in reasons(everybody)


def test_no_status_no_ratings_and_two_check_ins():
    data = simulate(advisors=12)
    bare = data.engagements.drop(columns="status")
    without = SimpleNamespace(engagements=bare, ratings=data.ratings, events=data.events)
    assert "column status is missing" in reasons(without)
    unrated = data.ratings.assign(total=np.nan)
    silent = SimpleNamespace(engagements=data.engagements, ratings=unrated, events=data.events)
    assert "no ratings" in reasons(silent)
    short = data.ratings[data.ratings["occasion"] <= 2]
    two = SimpleNamespace(
        engagements=data.engagements.drop(columns="planned_checkins"),
        ratings=short,
        events=data.events[data.events["occasion"] <= 2],
    )
    assert "has a check-in planned after it" in reasons(two)


def test_too_few_events_say_how_many_engagements_are_needed():
    told = reasons(simulate(advisors=12, caseload=8))
    assert "too few: " in told and "needs" in told and "events" in told


def test_few_advisors_cannot_be_held_out_or_give_no_verdict():
    assert "holding clusters out takes at least 5" in reasons(simulate(advisors=4, caseload=100))
    decided, why = verdict(describe(simulate(advisors=8, caseload=50)))
    assert decided == "inconclusive" and "8 clusters" in why


def test_ratings_that_never_vary():
    data = simulate()
    flat = data.ratings.assign(total=4.0)
    dull = SimpleNamespace(engagements=data.engagements, ratings=flat, events=data.events)
    assert "no rating varies at this check-in" in reasons(dull)


def test_one_rater_has_a_model_and_no_gap():
    data = simulate()
    own = data.ratings[data.ratings["rater"] == "advisee"]
    rows = describe(SimpleNamespace(engagements=data.engagements, ratings=own, events=data.events))
    assert verdict(rows)[0] == "supported"
    gained = pick(rows, "auc_gained", "gap_over_levels").iloc[0]
    assert gained["verdict"] == "not_testable" and "both sides" in gained["note"]


def test_ratings_from_after_the_end_are_set_aside_and_counted():
    data = simulate()
    early = data.events.head(15)
    ghosts = pd.DataFrame(
        {
            "engagement_id": early["engagement_id"],
            "rater": "advisee",
            "occasion": 6,
            "week": 18.0,
            "total": 7.0,
        }
    )
    haunted = pd.concat([data.ratings, ghosts], ignore_index=True)
    rows = describe(
        SimpleNamespace(engagements=data.engagements, ratings=haunted, events=data.events)
    )
    assert (
        "15 engagements with ratings from after the end"
        in pick(rows, "base_rate", None).iloc[0]["note"]
    )
    plain = describe(data)
    assert pick(rows, "auc").iloc[0]["estimate"] == pick(plain, "auc").iloc[0]["estimate"]


def test_no_events_at_all():
    data = simulate()
    none = data.events.iloc[:0].drop(columns="occasion")
    rows = describe(
        SimpleNamespace(engagements=data.engagements, ratings=data.ratings, events=none)
    )
    assert verdict(rows)[0] == "supported"
    assert "troubles" not in pick(rows, "predictors").iloc[0]["note"]


def test_an_unrepaired_rupture_is_an_outcome_of_its_own(telling):
    data, rows = telling
    assert verdict(rows, outcome="unrepaired_rupture") == (
        "not_testable",
        "no ruptures were traced in these data",
    )
    names = data.engagements["engagement_id"]
    low = data.ratings[(data.ratings["occasion"] == 2) & (data.ratings["rater"] == "advisee")]
    low = low.nsmallest(90, "total")["engagement_id"]
    episodes = pd.DataFrame(
        {
            "engagement_id": low,
            "onset": 4,
            "repaired_occasion": np.nan,
            "kind_within_1": "none",
        }
    )
    again = describe(data, episodes=episodes)
    row = pick(again, "auc", outcome="unrepaired_rupture").iloc[0]
    assert row["estimate"] > 0.9 and row["n_engagements"] <= len(names)
    lead = pick(again, "lead_time", outcome="unrepaired_rupture").iloc[0]
    assert lead["estimate"] == pytest.approx(1.0)
    own = rows["outcome"] == "ended_early"
    pd.testing.assert_frame_equal(
        rows[own].dropna(axis=1, how="all"),
        again[again["outcome"] == "ended_early"].dropna(axis=1, how="all"),
    )


@pytest.mark.slow
def test_scores_that_tell_nothing_are_seldom_found_to_tell():
    """The area's interval excludes one half in about 5 % of programmes without any signal."""
    plan = WarningPlan(landmarks=(2,), repeats=2, penalties=(10.0, 1000.0))
    runs, above, excluded, areas = 120, 0, 0, []
    for seed in range(runs):
        rows = describe(simulate(seed=seed, slope=0.0, advisors=30), plan=plan, seed=seed)
        above += verdict(rows)[0] == "supported"
        row = pick(rows, "auc").iloc[0]
        excluded += not row["conf_low"] <= 0.5 <= row["conf_high"]
        areas.append(row["estimate"])
    error = np.sqrt(0.05 * 0.95 / runs)
    assert excluded / runs <= 0.05 + 4 * error
    assert above / runs <= 0.025 + 4 * error
    # Folds are compared within, so that the mean area of no signal is one half.
    assert abs(np.mean(areas) - 0.5) < 4 * np.std(areas) / np.sqrt(runs)
