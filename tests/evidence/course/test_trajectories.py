"""Growth and lags by rater and subscale, and courses too short for either."""

import numpy as np
import pytest

from analysis.contract.plan import ProcessPlan
from analysis.evidence.course.trajectories import describe_growth, describe_lags

PLAN = ProcessPlan()


def growth_of(tables, instruments, **changes):
    tables = {**tables, **changes}
    return describe_growth(
        tables["alliance"], tables["engagements"], instruments, "advisor_id", PLAN, 0.95
    )


def lags_of(tables, instruments, **changes):
    tables = {**tables, **changes}
    return describe_lags(
        tables["alliance"],
        tables["engagements"],
        tables["events"],
        instruments,
        "advisor_id",
        PLAN,
        0.95,
    )


def test_growth_that_was_made_is_found_by_both_estimators(make_course, instruments):
    tables = make_course(np.random.default_rng(1), growth=0.1)
    rows = growth_of(tables, instruments)
    time = rows[(rows["analysis"] == "growth") & (rows["term"] == "time")]
    assert len(time) == 2 * 2 * 4
    assert (abs(time["estimate"] - 0.1) < 4 * time["std_error"]).all()
    mixed = time[time["method"] == "reml"]
    assert (mixed["n_engagements"] == 240).all() and mixed["n_advisors"].isna().all()
    assert mixed["note"].str.contains("one advisor as independent").all()
    assert (time.loc[time["method"] == "cr2", "n_advisors"] == 30).all()


def test_means_and_pace_are_given_by_rater(make_course, instruments):
    rows = growth_of(make_course(np.random.default_rng(2)), instruments)
    means = rows[rows["analysis"] == "trajectory"]
    assert len(means) == 2 * 4 * 6 and means["conf_low"].notna().all()
    pace = rows[rows["analysis"] == "pace"]
    assert set(pace["rater"]) == {"advisee", "advisor"}
    assert "bond against task" in set(pace["term"])


def test_lags_run_in_both_directions_and_between_raters(make_course, instruments):
    rows = lags_of(make_course(np.random.default_rng(3)), instruments)
    assert (rows["analysis"] == "lag").all()
    own = rows[rows["rater"] == "advisee"]
    wanted = {"goal -> total", "total -> goal", "bond -> task", "task -> resistance"}
    assert wanted <= set(own["term"])
    between = rows[rows["subscale"] == "total"]
    assert {"advisee -> advisor", "advisor -> advisee"} <= set(between["term"])
    events = rows[rows["term"] == "task -> resistance"]
    assert (events["outcome"] == "task_not_done or missed_checkin").all()
    # Nothing was made to follow from anything.
    corrected = rows[rows["method"] == "within_corrected"]
    outside = (corrected["conf_low"] > 0) | (corrected["conf_high"] < 0)
    assert outside.mean() < 0.25


@pytest.mark.parametrize("checkins", [1, 2])
def test_short_courses_are_not_testable(make_course, instruments, checkins):
    tables = make_course(np.random.default_rng(4), checkins=checkins)
    lags = lags_of(tables, instruments)
    assert lags["estimate"].isna().all() and (lags["verdict"] == "not_testable").all()
    assert (lags["note"] != "").all()
    growth = growth_of(tables, instruments)
    time = growth[growth["term"] == "time"]
    if checkins == 1:
        assert (time["verdict"] == "not_testable").all()
        assert time["note"].str.contains("repeated ratings").all()
    else:
        assert time["estimate"].notna().any()
    pace = growth[growth["analysis"] == "pace"]
    assert pace["estimate"].isna().all()


def test_one_rater_only(make_course, instruments):
    tables = make_course(np.random.default_rng(5))
    alone = tables["alliance"][tables["alliance"]["rater"] == "advisee"]
    rows = growth_of(tables, {"advisee": instruments["advisee"]}, alliance=alone)
    assert set(rows["rater"]) == {"advisee"}
    rows = growth_of(tables, instruments, alliance=alone)
    refused = rows[rows["rater"] == "advisor"]
    assert list(refused["verdict"]) == ["not_testable"]
    lags = lags_of(tables, instruments, alliance=alone)
    last = lags.iloc[-1]
    assert last["verdict"] == "not_testable" and "only one of the two" in last["note"]


def test_no_events_or_events_without_a_check_in_are_said(make_course, instruments):
    tables = make_course(np.random.default_rng(6))
    for events in (
        tables["events"].iloc[:0],
        tables["events"].assign(event="complaint"),
        tables["events"].drop(columns="occasion").assign(week=3.0),
    ):
        rows = lags_of(tables, instruments, events=events)
        own = rows[rows["term"] == "task -> resistance"]
        assert len(own) == 2 and (own["verdict"] == "not_testable").all()
        assert own["note"].str.contains("no task_not_done or missed_checkin").all()


def test_ratings_that_never_vary_say_so(make_course, instruments):
    tables = make_course(np.random.default_rng(7))
    flat = tables["alliance"].assign(goal=4.0, task=4.0, bond=4.0, total=4.0)
    growth = growth_of(tables, instruments, alliance=flat)
    time = growth[growth["term"] == "time"]
    assert (time["verdict"] == "not_testable").all()
    assert time["note"].str.contains("never varies").all()
    lags = lags_of(tables, instruments, alliance=flat)
    assert lags["estimate"].isna().all() and lags["note"].str.contains("never varies").any()


def test_the_order_of_rows_changes_nothing(make_course, instruments):
    tables = make_course(np.random.default_rng(8), advisors=15)
    shuffled = {
        name: tables[name].sample(frac=1, random_state=1) for name in ("alliance", "engagements")
    }
    for one in (growth_of, lags_of):
        first, second = one(tables, instruments), one(tables, instruments, **shuffled)
        assert list(first["term"]) == list(second["term"])
        assert np.allclose(
            first["estimate"].to_numpy(), second["estimate"].to_numpy(), equal_nan=True, rtol=1e-9
        )
