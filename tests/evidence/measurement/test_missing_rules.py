"""Who did not reply, what was answered, and what another rule for missing items would make."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.instruments import Instrument
from analysis.evidence.measurement.missing_rules import compare_missing_rules
from analysis.evidence.measurement.nonresponse import describe_nonresponse
from analysis.evidence.measurement.responses import describe_replies, describe_responses
from analysis.measure.scoring import score_alliance

KEY = Instrument.model_validate(
    {
        "name": "short",
        "title": "Short",
        "responses": {"minimum": 1, "maximum": 5},
        "subscales": {"goal": [1, 2], "bond": [3, 4, 5, 6]},
        "reversed": [2],
        "status": "user_supplied",
        "source": "a test",
    }
)
ITEMS = [f"item_0{k}" for k in range(1, 7)]


def answers(rng, n=300, per_advisor=6):
    """Complete answers of n advisees at two check-ins, their clusters, and an outcome."""
    level = rng.normal(size=n)
    ids = np.array([f"e{number:03d}" for number in range(n)])
    parts = []
    for occasion in (1, 2):
        items = 3 + level[:, None] + 0.8 * rng.normal(size=(n, 6))
        frame = pd.DataFrame(items, columns=ITEMS)
        frame["item_02"] = 6 - frame["item_02"]
        frame.insert(0, "engagement_id", ids)
        frame.insert(1, "rater", "advisee")
        frame.insert(2, "occasion", occasion)
        parts.append(frame)
    clusters = pd.Series([f"a{code:02d}" for code in np.arange(n) // per_advisor], index=ids)
    outcome = pd.Series(level + rng.normal(size=n), index=ids)
    return pd.concat(parts, ignore_index=True), clusters, outcome


def compare(checkins, clusters, outcome, seed=1):
    alliance = score_alliance(checkins, {"advisee": KEY})
    rows = compare_missing_rules(
        checkins, alliance, {"advisee": KEY}, clusters, outcome, 0.75, np.random.default_rng(seed)
    )
    return rows.set_index(["method", "term"])


def test_with_nothing_missing_the_rules_agree():
    checkins, clusters, outcome = answers(np.random.default_rng(1))
    found = compare(checkins, clusters, outcome)
    for term in ("mean of the total", "alpha of the total"):
        values = found.xs(term, level="term")["estimate"]
        assert len(values) == 3
        assert np.ptp(values) < 1e-12


def test_imputing_takes_back_what_those_who_did_not_reply_would_have_moved():
    rng = np.random.default_rng(2)
    checkins, clusters, outcome = answers(rng)
    first = (checkins["occasion"] == 1).to_numpy()
    later = checkins.loc[~first, ["item_01", "item_03", "item_04", "item_05"]].mean(axis=1)
    silent = rng.random(300) < 1 / (1 + np.exp(2 * (later.to_numpy() - 3)))  # the low reply less
    gone = np.zeros(len(checkins), dtype=bool)
    gone[first] = silent
    full = compare(checkins, clusters, outcome).loc[("all items answered", "mean of the total")]
    found = compare(checkins[~gone], clusters, outcome).xs("mean of the total", level="term")
    kept, imputed = found.loc["all items answered"], found.loc["multiple imputation"]
    assert kept["estimate"] > full["estimate"] + 0.3
    assert abs(imputed["estimate"] - full["estimate"]) < 3 * imputed["std_error"] < 0.3
    assert imputed["n_engagements"] == 300
    assert "information missing" in imputed["note"]


def test_prorating_follows_the_rule_and_gaps_are_counted():
    rng = np.random.default_rng(3)
    checkins, clusters, outcome = answers(rng)
    spoiled = checkins.copy()
    spoiled.loc[:39, "item_03"] = np.nan  # one of four: prorated
    spoiled.loc[40:59, "item_01"] = np.nan  # one of two: too few
    found = compare(spoiled, clusters, outcome).xs("mean of the total", level="term")
    assert found.loc["prorated at 75% answered", "n_engagements"] == 280
    assert found.loc["all items answered", "n_engagements"] == 240
    alliance = score_alliance(spoiled, {"advisee": KEY})
    engagements = pd.DataFrame({"engagement_id": clusters.index})
    replies = describe_replies(engagements, spoiled, alliance).set_index(["occasion", "term"])
    assert replies.loc[(1, "answered"), "estimate"] == pytest.approx(280 / 300)
    assert replies.loc[(1, "prorated"), "estimate"] == pytest.approx(40 / 280)
    assert replies.loc[(2, "prorated"), "estimate"] == 0


def test_draws_do_not_go_by_names_or_order():
    checkins, clusters, outcome = answers(np.random.default_rng(4), n=120)
    checkins.loc[:50, "item_03"] = np.nan
    renamed = {name: f"x{999 - place}" for place, name in enumerate(clusters.index)}
    other = checkins.assign(engagement_id=checkins["engagement_id"].map(renamed))
    mixed = other.sample(frac=1, random_state=1)
    again = compare(mixed, clusters.rename(index=renamed), outcome.rename(index=renamed))
    pd.testing.assert_frame_equal(compare(checkins, clusters, outcome), again, rtol=1e-9)


def test_too_little_to_impute_from_is_told():
    checkins, clusters, outcome = answers(np.random.default_rng(5), n=12, per_advisor=2)
    checkins.loc[:9, "item_03"] = np.nan
    found = compare(checkins, clusters, outcome)
    row = found.loc[("multiple imputation", "mean of the total")]
    assert np.isnan(row["estimate"])
    assert "no imputation" in row["note"]
    ready = KEY.model_copy(update={"subscales": {"goal": ()}, "reversed": ()})
    rows = compare_missing_rules(
        checkins,
        pd.DataFrame(),
        {"advisee": ready},
        clusters,
        outcome,
        0.75,
        np.random.default_rng(1),
    )
    assert "ready made" in rows["note"].iloc[0]


def test_responses_are_counted_turned_and_small_ones_withheld():
    sheets = pd.DataFrame(
        {
            "engagement_id": [f"e{number:02d}" for number in range(40)],
            "rater": "advisee",
            "occasion": 1,
            **dict.fromkeys(ITEMS, 4.0),
        }
    )
    sheets["item_02"] = 2.0  # turned: 4
    sheets.loc[:14, "item_03"] = 3.0
    sheets.loc[:3, "item_05"] = 1.0  # four engagements only
    found = describe_responses(sheets, {"advisee": KEY}).set_index("term")["estimate"]
    assert found["response 4"] == pytest.approx((240 - 15 - 4) / 240)
    # four engagements are too few, and the next smallest would tell how many
    assert found[["response 1", "response 3"]].isna().all()
    assert found["response 2"] == 0


def test_scores_made_elsewhere_count_to_the_nearest_step_and_wide_ranges_in_parts():
    rng = np.random.default_rng(6)
    ready = KEY.model_copy(update={"subscales": {"goal": ()}, "reversed": ()})
    sheets = pd.DataFrame(
        {
            "engagement_id": np.arange(100).astype(str),
            "rater": "advisee",
            "occasion": 1,
            "goal": np.repeat([2.4, 2.5, 3.6, 4.9], 25),
        }
    )
    found = describe_responses(sheets, {"advisee": ready}).set_index("term")["estimate"]
    assert found["response 2"] == found["response 3"] == found["response 4"] == 0.25
    wide = ready.model_copy(update={"responses": KEY.responses.model_copy(update={"maximum": 101})})
    sheets["goal"] = rng.uniform(1, 101, size=100)
    found = describe_responses(sheets, {"advisee": wide})
    assert found["term"].iloc[0] == "response 1 to 11"
    assert len(found) == 10


def people(rng, n=400):
    level = rng.normal(size=n)
    ids = np.array([f"e{number:03d}" for number in range(n)])
    engagements = pd.DataFrame(
        {
            "engagement_id": ids,
            "advisor_id": "a",
            "years": 10 + 3 * level,
            "stakes": np.where(rng.random(n) < 0.5, "high", "low"),
            "office": ids,
        }
    )
    replies = rng.random(n) < 1 / (1 + np.exp(-1 - level))
    rows = [
        pd.DataFrame(
            {"engagement_id": ids[kept], "rater": rater, "occasion": 1, "total": 3 + level[kept]}
        )
        for rater, kept in (("advisee", np.ones(n, dtype=bool)), ("advisor", replies))
    ]
    outcomes = pd.DataFrame(
        {
            "engagement_id": ids,
            "outcome": "goal",
            "source": "record",
            "phase": "end",
            "value": level,
        }
    )
    return engagements, pd.concat(rows, ignore_index=True), outcomes


def test_those_who_did_not_reply_are_described_by_what_is_known():
    engagements, alliance, outcomes = people(np.random.default_rng(7))
    rows = describe_nonresponse(engagements, alliance, outcomes, ("goal", "record", "end"), (1,))
    own = rows[rows["outcome"] == "advisor_rating"].set_index("term")
    for term in ("years", "primary_outcome", "advisee_rating"):
        assert own.loc[term, "conf_high"] < 0  # the weak ones reply less
    assert own.loc["stakes=high", "conf_low"] < 0 < own.loc["stakes=high", "conf_high"]
    assert not own.index.str.startswith("office").any()  # would tell single engagements apart
    told = rows[rows["outcome"] == "advisee_rating"]
    assert told["estimate"].isna().all()
    assert told["note"].str.contains("fewer than 10").all()


def test_a_category_of_few_is_withheld_with_another():
    engagements, alliance, outcomes = people(np.random.default_rng(8))
    engagements["stakes"] = "high"
    engagements.loc[:4, "stakes"] = "low"
    engagements.loc[5:99, "stakes"] = "medium"
    rows = describe_nonresponse(engagements, alliance, outcomes, ("goal", "record", "end"), (1,))
    own = rows[rows["outcome"] == "advisor_rating"].set_index("term")
    hidden = own.filter(like="stakes", axis=0)["estimate"].isna()
    assert hidden["stakes=(rare)"]
    assert not rows["term"].str.contains("low").any()  # the name alone could be known
    assert hidden.sum() == 2
