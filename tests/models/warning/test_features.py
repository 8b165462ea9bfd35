"""What is known at a landmark, and nothing later."""

import numpy as np
import pandas as pd
import pytest

from analysis.models.warning.features import (
    apply_rule,
    build_features,
    check_known,
    known_by,
    list_sets,
)


def rate(rows):
    return pd.DataFrame(rows, columns=["engagement_id", "rater", "occasion", "total"])


def happened(rows):
    events = pd.DataFrame(rows, columns=["engagement_id", "occasion", "event"])
    return events.astype({"occasion": "int64"})


RATINGS = rate(
    [
        ("a", "advisee", 1, 5.0),
        ("a", "advisee", 2, 4.0),
        ("a", "advisee", 3, 3.5),
        ("a", "advisor", 1, 5.5),
        ("a", "advisor", 3, 5.0),
        ("b", "advisee", 1, 4.0),
        ("b", "advisor", 3, 6.0),
        ("b", "advisor", 4, 1.0),
    ]
)
EVENTS = happened(
    [
        ("a", 1, "missed_checkin"),
        ("a", 3, "complaint"),
        ("a", 3, "task_not_done"),
        ("b", 2, "acknowledgement"),
        ("b", 4, "complaint"),
        ("b", 3, "ended_early"),
    ]
)


def features_at(landmark, ratings=RATINGS, events=EVENTS):
    known = known_by(ratings, landmark), known_by(events, landmark)
    return build_features(["a", "b"], *known, landmark)


def test_ratings_and_events_so_far():
    features = features_at(3)
    a, b = features.loc["a"], features.loc["b"]
    assert a["advisee_level"] == 3.5 and a["advisee_change"] == -0.5
    assert a["advisee_slope"] == pytest.approx(np.polyfit([1, 2, 3], [5, 4, 3.5], 1)[0])
    assert a["advisor_change"] == -0.5 and a["advisor_unanswered"] == 1
    assert a["advisor_slope"] == pytest.approx(-0.25)
    assert a["gap"] == pytest.approx((0.5 + 1.5) / 2)
    assert b["advisee_level"] == 4.0 and b["advisee_missing"] == 1
    assert np.isnan([b["advisee_change"], b["advisee_slope"], b["gap"]]).all()
    assert b["advisor_missing"] == 0 and b["advisor_unanswered"] == 2
    counts = ["withdrawal_events", "missed_checkins", "confrontation_events", "repair_events"]
    assert list(a[counts]) == [1, 1, 1, 0]
    assert a["troubles"] == 3 and b["troubles"] == 0 and b["repair_events"] == 1


def test_nothing_after_the_landmark_has_a_part():
    later = RATINGS["occasion"] > 3
    changed = RATINGS.assign(total=RATINGS["total"].where(~later, 7.0))
    without = EVENTS[EVENTS["occasion"] <= 3]
    assert features_at(3).equals(features_at(3, changed, without))
    assert not features_at(4).equals(features_at(4, changed, without))


def test_records_from_after_the_landmark_are_caught():
    with pytest.raises(ValueError, match="1 ratings come from after check-in 3"):
        build_features(["a", "b"], RATINGS, known_by(EVENTS, 3), 3)
    with pytest.raises(ValueError, match="1 events come from after check-in 3"):
        build_features(["a", "b"], known_by(RATINGS, 3), EVENTS, 3)
    with pytest.raises(ValueError, match="ratings come from after"):
        apply_rule(["a", "b"], RATINGS, 3, {"advisee": (1, 7)}, 1.0, 0.5)
    check_known(known_by(RATINGS, 3), 3, "ratings")


def test_an_ending_is_no_predictor():
    assert "ended_early" not in " ".join(features_at(3).columns)
    without = EVENTS[EVENTS["event"] != "ended_early"]
    assert features_at(3).equals(features_at(3, events=without))


def test_sets_of_predictors_grow_and_leave_out_what_does_not_vary():
    rng = np.random.default_rng(1)
    names = [f"e{i}" for i in range(40)]
    rows = [
        (name, rater, k, float(rng.normal()))
        for name in names
        for rater in ("advisee", "advisor")
        for k in (1, 2, 3)
        if rng.random() < 0.8 or k == 1
    ]
    events = happened([(name, 1, "complaint") for name in names[:9]])
    features = build_features(names, rate(rows), events, 3)
    sets = list_sets(features)
    assert sets["levels"] == ["advisee_level", "advisor_level"]
    assert sets["troubles"] == [*sets["levels"], "troubles"]
    assert sets["gap"][-1] == "gap"
    assert "troubles" not in sets["kinds"] and "confrontation_events" in sets["kinds"]
    assert "repair_events" not in sets["slopes"]
    assert sorted(map(len, sets.values())) == list(map(len, sets.values()))


def test_one_rater_has_no_gap_and_a_second_check_in_no_slope():
    own = RATINGS[(RATINGS["rater"] == "advisee") & (RATINGS["occasion"] <= 2)]
    features = build_features(["a", "b"], own, happened([]), 2)
    assert not {"gap", "advisor_level", "advisee_slope"} & set(features.columns)


def test_the_practitioners_rule():
    ratings = rate(
        [
            ("fell", "advisee", 1, 6.0),
            ("fell", "advisee", 2, 5.0),
            ("slipped", "advisee", 1, 6.0),
            ("slipped", "advisee", 2, 5.1),
            ("low", "advisor", 2, 3.9),
            ("middle", "advisor", 2, 4.0),
            ("silent", "advisee", 1, 1.0),
        ]
    )
    names = ["fell", "slipped", "low", "middle", "silent"]
    warned = apply_rule(names, ratings, 2, {"advisee": (1, 7), "advisor": (1, 7)}, 1.0, 0.5)
    assert dict(zip(names, warned, strict=True)) == {
        "fell": True,
        "slipped": False,
        "low": True,
        "middle": False,
        "silent": False,
    }
