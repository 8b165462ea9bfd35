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


def test_scores_do_not_depend_on_the_order_of_rows_or_of_raters():
    rng = np.random.default_rng(2)
    key = Instrument(
        name="four",
        title="four items",
        responses={"minimum": 1, "maximum": 5},
        subscales={"goal": (1, 3), "bond": (2, 4)},
        reversed=(3,),
        status="user_supplied",
        source="made for this test",
    )
    answers = rng.integers(1, 6, size=(40, 4)).astype(float)
    answers[rng.random(answers.shape) < 0.2] = np.nan
    sheets = pd.DataFrame(answers, columns=[f"item_{n:02d}" for n in range(1, 5)])
    sheets.insert(0, "engagement_id", [f"e{n:02d}" for n in np.arange(40) // 4])
    sheets.insert(1, "rater", np.tile(["advisee", "advisor"], 20))
    sheets.insert(2, "occasion", np.tile([1, 1, 2, 2], 10))
    keys = {"advisee": key, "advisor": key}
    scored = score_alliance(sheets, keys)
    shuffled = score_alliance(sheets.sample(frac=1, random_state=1), dict(reversed(keys.items())))
    pd.testing.assert_frame_equal(scored, shuffled)
    one = sheets[sheets["rater"] == "advisor"].set_index(["engagement_id", "occasion"])
    own = scored[scored["rater"] == "advisor"].set_index(["engagement_id", "occasion"])
    expected = pd.concat([one["item_01"], 6 - one["item_03"]], axis=1).mean(axis=1, skipna=False)
    both = expected.dropna().index
    assert len(both) > 5
    np.testing.assert_allclose(own.loc[both, "goal"], expected[both])
