"""Check-ins after the end, out of order, and of unknown engagements."""

import numpy as np
import pandas as pd

from analysis.evidence.course.held import describe_order, keep_held


def tables():
    alliance = pd.DataFrame(
        {
            "engagement_id": ["a", "a", "a", "b", "b", "c"],
            "rater": "advisee",
            "occasion": [2, 1, 3, 1, 2, 1],
            "week": [4.0, 2.0, 9.0, 5.0, 3.0, 1.0],
            "total": 4.0,
        }
    )
    engagements = pd.DataFrame(
        {
            "engagement_id": ["a", "b"],
            "status": ["completed", "ongoing"],
            "ended_week": [6.0, 2.0],
        }
    )
    return alliance, engagements


def test_check_ins_after_the_end_are_left_out_and_counted():
    alliance, engagements = tables()
    kept = keep_held(alliance, engagements)
    # What is still running has not ended, whatever week stands there.
    assert list(zip(kept["engagement_id"], kept["occasion"], strict=True)) == [
        ("a", 1),
        ("a", 2),
        ("b", 1),
        ("b", 2),
    ]
    rows = describe_order(alliance, engagements).set_index("term")
    assert rows.loc["after the end", "estimate"] == 1
    assert rows.loc["weeks against numbers", "estimate"] == 1


def test_without_weeks_or_endings_everything_is_kept():
    alliance, engagements = tables()
    for left, right in (
        (alliance.drop(columns="week"), engagements),
        (alliance, engagements.drop(columns="ended_week")),
        (alliance.assign(week=np.nan), engagements),
    ):
        assert len(keep_held(left, right)) == 5
        assert not (describe_order(left, right).get("term", pd.Series()) == "after the end").any()
