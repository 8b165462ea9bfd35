from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.contract.instruments import Instrument
from analysis.measure.window import (
    assemble_frame,
    shared_subscales,
    window_items,
    window_occasions,
)

ENGAGEMENTS = pd.DataFrame({"engagement_id": ["a", "b", "c"], "advisor_id": ["x", "x", "y"]})


@pytest.fixture
def alliance() -> pd.DataFrame:
    rows = [
        ("a", "advisee", 1, 1.0, 4.0),
        ("a", "advisor", 1, 2.0, 3.0),
        ("a", "advisee", 2, 4.0, 5.0),
        ("a", "advisee", 3, 7.0, 2.0),
        ("a", "advisor", 3, 7.0, 1.0),
        ("a", "advisee", 4, 9.0, 5.0),
        ("a", "advisor", 4, 9.0, 5.0),
        ("b", "advisee", 1, 1.0, 4.0),
        ("b", "advisor", 1, 1.0, np.nan),
    ]
    frame = pd.DataFrame(rows, columns=["engagement_id", "rater", "occasion", "week", "total"])
    return frame.assign(goal=frame["total"], prorated=0.0, instrument="short")


def test_only_occasions_both_raters_answered_within_the_window_count(alliance):
    occasions = window_occasions(alliance, (1, 2, 3))
    assert occasions[["engagement_id", "occasion"]].to_numpy().tolist() == [["a", 1], ["a", 3]]
    assert occasions["week"].tolist() == [2, 7]


def test_the_frame_has_a_row_per_engagement_and_means_over_those_occasions(alliance):
    frame = assemble_frame(ENGAGEMENTS, alliance, (1, 2, 3)).set_index("engagement_id")
    assert frame.loc["a", ["advisee_total", "advisor_total"]].tolist() == [3, 2]
    assert frame["occasions"].to_dict() == {"a": 2, "b": 0, "c": 0}
    assert frame.loc["a", ["window_start_week", "window_end_week"]].tolist() == [2, 7]
    assert frame.loc[["b", "c"], "advisee_total"].isna().all()


def test_one_rater_alone_needs_no_other(alliance):
    only = alliance[alliance["rater"] == "advisee"]
    frame = assemble_frame(ENGAGEMENTS, only, (1, 2, 3)).set_index("engagement_id")
    assert frame.loc["a", "advisee_total"] == pytest.approx(11 / 3)
    assert "advisor_total" not in frame


def test_item_means_are_turned_and_rest_on_the_same_occasions(alliance):
    key = Instrument.model_validate(
        {
            "name": "short",
            "title": "Short",
            "responses": {"minimum": 1, "maximum": 5},
            "subscales": {"goal": [1], "bond": [2]},
            "reversed": [2],
            "status": "user_supplied",
            "source": "a test",
        }
    )
    checkins = alliance[["engagement_id", "rater", "occasion"]].assign(item_01=4.0, item_02=1.0)
    checkins.loc[checkins["occasion"] == 2, "item_01"] = 1.0
    items = window_items(checkins, window_occasions(alliance, (1, 2, 3)), {"advisee": key})
    assert list(items) == ["advisee_total", "advisee_goal", "advisee_bond"]
    assert items["advisee_total"].to_dict("records") == [
        {"engagement_id": "a", "item_01": 4.0, "item_02": 5.0}
    ]
    assert list(items["advisee_bond"]) == ["engagement_id", "item_02"]


def test_raters_share_the_subscales_that_both_instruments_have():
    def key(*subscales):
        return SimpleNamespace(subscales=dict.fromkeys(subscales))

    both = {"advisee": key("task", "goal", "bond"), "advisor": key("goal", "bond", "trust")}
    assert shared_subscales(both) == ("total", "goal", "bond")
    assert shared_subscales({"advisee": key("goal", "bond")}) == ("total", "goal", "bond")
    assert shared_subscales({"advisee": key("bond"), "advisor": key("bond")}) == ("total",)
