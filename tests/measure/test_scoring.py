import numpy as np
import pandas as pd
import pytest

from analysis.contract.instruments import Instrument
from analysis.measure.scoring import score_alliance, score_items

KEY = Instrument.model_validate(
    {
        "name": "short",
        "title": "Short",
        "responses": {"minimum": 1, "maximum": 5},
        "subscales": {"goal": [1, 2, 3, 4], "bond": [5]},
        "reversed": [2],
        "status": "user_supplied",
        "source": "a test",
    }
)
NAMES = [f"item_{item:02d}" for item in range(1, 6)]


def sheets(*rows: list[float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=NAMES, dtype=float)


def test_reversed_items_are_turned_and_the_total_is_the_mean_of_subscales():
    scores = score_items(sheets([5, 1, 4, 4, 2]), KEY, 0.75)
    assert scores.loc[0, "goal"] == pytest.approx((5 + 5 + 4 + 4) / 4)
    assert scores.loc[0, "total"] == pytest.approx((4.5 + 2) / 2)
    assert scores.loc[0, "prorated"] == 0


def test_three_answers_of_four_are_prorated_and_two_are_not_enough():
    nan = np.nan
    scores = score_items(
        sheets([5, 1, 4, nan, 2], [5, 1, nan, nan, 2], [5, 1, 4, 4, nan]), KEY, 0.75
    )
    assert scores["goal"].tolist()[0] == pytest.approx(14 / 3)
    assert scores["goal"].isna().tolist() == [False, True, False]
    assert scores["total"].isna().tolist() == [False, True, True]
    assert scores["prorated"].tolist() == [0.5, 0, 0]


def test_an_instruments_own_missing_rule_comes_before_the_plans():
    strict = KEY.model_copy(update={"minimum_answered": 1.0})
    assert np.isnan(score_items(sheets([5, 1, 4, np.nan, 2]), strict, 0.5).loc[0, "goal"])


def test_each_rater_is_scored_by_their_own_form():
    advisor = Instrument.model_validate(
        {
            **KEY.model_dump(),
            "name": "advisor_form",
            "subscales": {"goal": [1], "bond": [5]},
            "reversed": [],
        }
    )
    checkins = pd.DataFrame(
        {
            "engagement_id": ["1", "1"],
            "rater": ["advisee", "advisor"],
            "occasion": [1, 1],
            "instrument": ["short", "advisor_form"],
        }
    ).join(sheets([5, 1, 4, 4, 2], [3, np.nan, np.nan, np.nan, 4]))
    alliance = score_alliance(checkins, {"advisee": KEY, "advisor": advisor})
    assert alliance.set_index("rater")["goal"].to_dict() == {"advisee": 4.5, "advisor": 3.0}
    assert alliance["week"].isna().all()


def test_ready_made_subscales_give_their_mean():
    ready = Instrument.model_validate(
        {**KEY.model_dump(), "subscales": {"goal": [], "bond": []}, "reversed": []}
    )
    checkins = pd.DataFrame(
        {
            "engagement_id": ["1", "2"],
            "rater": "advisee",
            "occasion": 1,
            "instrument": "short",
            "goal": [1.0, 2.0],
            "bond": [3.0, np.nan],
        }
    )
    totals = score_alliance(checkins, {"advisee": ready})["total"]
    assert totals.tolist()[0] == 2
    assert np.isnan(totals.tolist()[1])
