import numpy as np
import pandas as pd

from analysis.evidence.lines.auxiliaries import choose_auxiliaries, fill_ratings, gather_auxiliaries
from analysis.measure.window import reply_means


def test_ratings_that_only_one_side_gave_are_kept():
    frame = pd.DataFrame(
        {
            "engagement_id": ["a", "b", "c"],
            "advisee_total": [4.0, np.nan, np.nan],
            "advisor_total": [3.0, np.nan, np.nan],
        }
    )
    replies = pd.DataFrame(
        {"engagement_id": ["b", "a"], "advisee_total": [2.0, 1.0], "advisor_total": [np.nan, 1.0]}
    )
    filled = fill_ratings(frame, replies)
    assert np.array_equal(filled["advisee_total"], [4, 2, np.nan], equal_nan=True)
    assert np.array_equal(filled["advisor_total"], [3, np.nan, np.nan], equal_nan=True)


def test_means_of_replies_do_not_wait_for_the_other_rater():
    alliance = pd.DataFrame(
        {
            "engagement_id": ["a", "a", "a", "b"],
            "rater": ["advisee", "advisee", "advisor", "advisor"],
            "occasion": [1, 2, 4, 1],
            "week": 1.0,
            "instrument": "x",
            "goal": [1.0, 3, 5, 2],
            "total": [2.0, 4, 5, 3],
            "prorated": 0.0,
        }
    )
    means = reply_means(alliance, (1, 2, 3)).set_index("engagement_id")
    assert means.loc["a", "advisee_total"] == 3
    assert means.loc["a", "advisee_goal"] == 2
    assert means.loc["a", "advisor_later"] == 5
    assert means.loc["b", "advisor_total"] == 3
    assert means.loc["a", ["advisor_total", "advisee_later"]].isna().all()


def test_everything_else_that_is_known_becomes_numbers():
    n = 40
    ids = [f"e{i:02d}" for i in range(n)]
    frame = pd.DataFrame(
        {
            "engagement_id": ids,
            "advisor_id": "x",
            "stakes": ["low", "high"] * 20,
            "status": ["completed"] * 25 + ["ended_early"] * 15,
            "advisor_years": np.arange(n, dtype=float),
            "advisee_total": 1.0,
            "advisor_total": 1.0,
        }
    )
    replies = frame[["engagement_id", "advisee_total", "advisor_total"]].assign(advisor_later=2.0)
    outcomes = pd.DataFrame(
        {
            "engagement_id": ["e00", "e00", "e01", "e02"],
            "outcome": ["goal", "goal", "satisfaction", "satisfaction"],
            "source": "advisee",
            "phase": ["end", "baseline", "end", "end"],
            "week": np.nan,
            "value": [1.0, 2, 3, 4],
        }
    )
    table = gather_auxiliaries(frame, replies, outcomes)
    assert list(table.columns) == [
        "stakes",
        "status=ended_early",
        "advisor_years",
        "advisor_later",
        "goal by advisee (baseline)",
        "goal by advisee (end)",
        "satisfaction by advisee (end)",
    ]
    assert table["stakes"].tolist()[:2] == [0, 2]
    assert table["status=ended_early"].sum() == 15
    assert table.loc["e02", "satisfaction by advisee (end)"] == 4


def test_those_that_go_with_ratings_or_their_absence_are_chosen_strongest_first():
    rng = np.random.default_rng(1)
    ratings = rng.normal(size=(300, 2))
    absent = rng.random(300) < 0.4
    table = pd.DataFrame(
        {
            "weak": ratings[:, 0] + 2 * rng.normal(size=300),
            "strong": ratings[:, 1] + 0.3 * rng.normal(size=300),
            "absence": absent + 0.5 * rng.normal(size=300),
            "constant": 1.0,
            "rare": np.where(rng.random(300) < 0.3, ratings[:, 0], np.nan),
        }
    )
    ratings[absent, 1] = np.nan
    assert choose_auxiliaries(table, ratings) == ["strong", "absence", "weak"]
    assert choose_auxiliaries(table, ratings, 1) == ["strong"]
