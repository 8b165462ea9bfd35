"""Who is at risk at a check-in, and what became of them."""

import numpy as np
import pandas as pd
import pytest

from analysis.models.warning.landmarks import (
    ending_target,
    find_at_risk,
    keep_until_end,
    place_events,
    rupture_target,
    trace_courses,
)


def frame(columns, rows):
    return pd.DataFrame(rows, columns=columns.split())


def rated(*engagements):
    """Ratings by the advisee: (engagement, check-ins)."""
    rows = [(name, "advisee", k, 4.0, 3.0 * k) for name, seen in engagements for k in seen]
    return frame("engagement_id rater occasion total week", rows)


NO_EVENTS = frame("engagement_id occasion event", []).astype({"occasion": "int64"})


def trace(statuses, ratings, events=NO_EVENTS, planned=6.0):
    engagements = pd.DataFrame(
        {
            "engagement_id": list(statuses),
            "advisor_id": "a",
            "planned_checkins": planned,
            "status": list(statuses.values()),
        }
    )
    return trace_courses(engagements, ratings, events, "advisor_id")


def test_at_risk_are_those_rated_at_the_landmark_with_more_to_come():
    ratings = rated(("stays", [1, 2, 3]), ("silent", [1, 3]), ("gone", [1]), ("short", [1, 2]))
    statuses = {"stays": "completed", "silent": "completed", "gone": "ended_early"}
    courses = trace(statuses | {"short": "completed"}, ratings, planned=[6, 6, 6, 2])
    assert list(find_at_risk(courses, ratings, 2)) == ["stays"]


def test_an_unknown_plan_counts_as_the_longest_check_in_of_the_data():
    ratings = rated(("a", [1, 2]), ("b", [1, 2, 3]))
    courses = trace({"a": "completed", "b": "completed"}, ratings, planned=np.nan)
    assert list(courses["planned"]) == [3.0, 3.0]
    assert list(find_at_risk(courses, ratings, 3)) == []


def test_targets_follow_the_horizon_and_the_lead_counts_check_ins_still_held():
    ratings = rated(("at_once", [1, 2]), ("soon", [1, 2, 3, 4]), ("late", [1, 2, 3, 4, 5]))
    statuses = dict.fromkeys(["at_once", "soon", "late"], "ended_early")
    courses = trace(statuses, ratings)
    target = ending_target(courses, courses.index, 2, 3).set_index("engagement_id")
    assert list(target["target"]) == [1, 1, 0]
    assert list(target["lead"][:2]) == [0, 2]
    assert np.isnan(target.loc["late", "lead"])
    # With a plan of four, no check-in is left after the fourth: its ending was the planned one.
    short = ending_target(trace(statuses, ratings, planned=4.0), courses.index, 2, 3)
    assert list(short["target"]) == [1, 0, 0]


def test_the_noted_end_counts_before_the_last_rating():
    ratings = rated(("a", [1, 2]))
    events = frame("engagement_id occasion event", [("a", 4, "ended_early")])
    assert trace({"a": "ended_early"}, ratings, events).loc["a", "last"] == 4


def test_ongoing_engagements_are_censored_and_weighed_as_kaplan_and_meier_have_it():
    # Ten at risk after check-in 2, horizon 2: one ended before check-in 3, two were ongoing after
    # it, one of the seven left ended before check-in 4.
    seen = {"early": [1, 2], "late": [1, 2, 3]} | {f"on{i}": [1, 2, 3] for i in range(2)}
    seen |= {f"full{i}": [1, 2, 3, 4] for i in range(6)}
    statuses = {
        name: "ended_early"
        if name in ("early", "late")
        else "ongoing"
        if name.startswith("on")
        else "completed"
        for name in seen
    }
    courses = trace(statuses, rated(*seen.items()))
    target = ending_target(courses, courses.index, 2, 2).set_index("engagement_id")
    assert target.loc[["on0", "on1"], "target"].isna().all()
    assert list(target.loc[["on0", "on1"], "weight"]) == [0, 0]
    assert target.loc["early", "weight"] == 1
    # Of the nine after step 1, two are censored: the seven left stand for nine.
    assert target.loc["late", "weight"] == pytest.approx(9 / 7)
    assert target.loc["full0", "weight"] == pytest.approx(9 / 7)
    assert target["weight"].sum() == pytest.approx(10)
    # The weighted share is 1 - Kaplan-Meier: 1 - (9/10) (6/7).
    share = (target["target"] * target["weight"]).sum() / 10
    assert share == pytest.approx(1 - 0.9 * 6 / 7)


def test_an_ongoing_engagement_that_reached_its_horizon_is_known():
    ratings = rated(("on", [1, 2, 3, 4]))
    courses = trace({"on": "ongoing"}, ratings)
    assert list(ending_target(courses, courses.index, 2, 2)["target"]) == [0]


def test_weights_undo_what_leaving_out_the_censored_would_do():
    rng = np.random.default_rng(1)
    n = 20_000
    ends = rng.geometric(0.10, n)  # the step in which each would end early
    stops = rng.geometric(0.15, n)  # the data were exported before this step began
    last = np.minimum(ends - 1, np.minimum(stops - 1, 4)) + 2
    ongoing = (stops <= ends) & (last < 6)
    status = np.where(ongoing, "ongoing", np.where(last < 6, "ended_early", "completed"))
    index = pd.Index([f"e{i}" for i in range(n)], name="engagement_id")
    courses = pd.DataFrame({"cluster": "a", "status": status, "planned": 6.0, "last": last}, index)
    target = ending_target(courses, index, 2, 3)
    known = target["target"].notna()
    truth = 1 - 0.9**3
    weighed = np.average(target["target"][known], weights=target["weight"][known])
    left_out = target["target"][known].mean()
    error = np.sqrt(truth * (1 - truth) / known.sum())
    assert abs(weighed - truth) < 4 * error
    assert left_out - truth > 8 * error


def test_ratings_from_after_the_end_are_set_aside_by_event_and_by_week():
    ratings = rated(("noted", [1, 2, 3]), ("dated", [1, 2, 3]), ("fine", [1, 2, 3]))
    engagements = pd.DataFrame(
        {"engagement_id": ["noted", "dated", "fine"], "ended_week": [np.nan, 6.0, 9.0]}
    )
    events = frame("engagement_id occasion event", [("noted", 2, "ended_early")])
    kept, late = keep_until_end(ratings, engagements, events)
    assert late == 2
    assert kept.groupby("engagement_id")["occasion"].max().to_dict() == {
        "noted": 2,
        "dated": 2,
        "fine": 3,
    }


def test_events_with_a_week_alone_are_known_at_the_next_check_in():
    ratings = rated(("a", [1, 2, 3]), ("b", [1, 3]))
    events = frame(
        "engagement_id week event",
        [
            ("a", 3.0, "complaint"),
            ("a", 3.5, "complaint"),
            ("b", 6.0, "complaint"),
            ("b", 99.0, "complaint"),
            ("a", 9.5, "ended_early"),
        ],
    )
    placed = place_events(events, ratings)
    assert list(placed["occasion"]) == [1, 2, 2, 4]
    # An occasion of its own stands; one that has neither is left out.
    events["occasion"] = [2, np.nan, np.nan, np.nan, np.nan]
    events["week"] = np.nan
    assert list(place_events(events, ratings)["occasion"]) == [2]


def test_a_rupture_counts_if_it_begins_in_the_horizon_and_is_not_repaired():
    names = ["open", "later", "mended", "unmended", "left", "cut", "calm", "running", "beyond"]
    statuses = dict.fromkeys([*names, "brief"], "completed") | {"running": "ongoing"}
    seen = [(name, [1, 2, 3, 4, 5, 6]) for name in [*names, "brief"] if name != "running"]
    ratings = rated(*seen, ("running", [1, 2, 3, 4, 5, 6, 7]))
    courses = trace(statuses, ratings, planned=[*[8.0] * 9, 5.0])
    columns = "engagement_id onset repaired_occasion kind_within_3"
    episodes = frame(
        columns,
        [
            ("open", 2, 4, "full"),
            ("later", 1, 2, "full"),
            ("mended", 3, 5, "partial"),
            ("unmended", 4, np.nan, "none"),
            ("left", 5, np.nan, "ended_early"),
            ("cut", 5, np.nan, "censored"),
            ("beyond", 6, np.nan, "none"),
        ],
    )
    target = rupture_target(episodes, courses, courses.index, 2, 3, 3).set_index("engagement_id")
    told = target["target"].to_dict()
    # A plan of five leaves no check-in at which a rupture could begin and be followed for three.
    assert np.isnan([told.pop(name) for name in ("open", "cut", "running", "brief")]).all()
    assert told == {"later": 0, "mended": 0, "unmended": 1, "left": 1, "calm": 0, "beyond": 0}
    assert target.loc["unmended", "lead"] == 1
    assert target.loc["open", "weight"] == 0
