"""How well each rating was measured, from check-ins to rows."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.instruments import Instrument
from analysis.evidence.measurement.ratings import describe_measurement
from analysis.measure.reliability import cronbach_alpha, mcdonald_omega

LOADING = 0.8


def instrument(**changes) -> Instrument:
    key = {
        "name": "short",
        "title": "Short",
        "responses": {"minimum": 1, "maximum": 7},
        "subscales": {"goal": [1, 2, 3, 4], "bond": [5, 6, 7]},
        "reversed": [2],
        "status": "user_supplied",
        "source": "a test",
    }
    return Instrument.model_validate(key | changes)


def checkins(n: int, seed: int = 1, per_advisor: int = 5) -> tuple[pd.DataFrame, pd.Series]:
    """One check-in of n advisees whose seven items share one factor and their advisor's part."""
    rng = np.random.default_rng(seed)
    advisors = np.arange(n) // per_advisor
    trait = 0.5 * rng.standard_normal(n)[advisors] + np.sqrt(0.75) * rng.standard_normal(n)
    items = LOADING * trait[:, None] + np.sqrt(1 - LOADING**2) * rng.standard_normal((n, 7))
    ids = [f"e{number:04d}" for number in range(n)]
    frame = pd.DataFrame(4 + items, columns=[f"item_{item:02d}" for item in range(1, 8)])
    frame["item_02"] = 8 - frame["item_02"]
    frame.insert(0, "engagement_id", ids)
    frame.insert(1, "rater", "advisee")
    frame.insert(2, "occasion", 1)
    return frame, pd.Series([f"a{number}" for number in advisors], index=ids)


def by_term(rows: pd.DataFrame, subscale: str) -> pd.DataFrame:
    return rows[rows["subscale"] == subscale].set_index("term")


def test_estimates_are_those_of_alpha_and_omega_on_turned_items():
    frame, clusters = checkins(200)
    rows = describe_measurement(frame, clusters, {"advisee": instrument()})
    turned = frame[["item_01", "item_02", "item_03", "item_04"]].assign(
        item_02=8 - frame["item_02"]
    )
    goal = rows[(rows["subscale"] == "goal") & (rows["term"] == "reliability")]
    found = goal.set_index("method")["estimate"]
    assert found["cronbach_alpha"] == pytest.approx(cronbach_alpha(turned)["estimate"].iloc[0])
    assert found["mcdonald_omega"] == pytest.approx(mcdonald_omega(turned)["estimate"].iloc[0])
    without = by_term(rows, "goal").loc["alpha_without item_03", "estimate"]
    rest = turned.drop(columns="item_03")
    assert without == pytest.approx(cronbach_alpha(rest)["estimate"].iloc[0])
    r = by_term(rows, "goal").loc["item_total item_03", "estimate"]
    assert r == pytest.approx(np.corrcoef(turned["item_03"], rest.mean(axis=1))[0, 1])


def test_the_interval_is_the_cluster_jackknife_of_a_plain_loop():
    frame, clusters = checkins(60)
    rows = describe_measurement(frame, clusters, {"advisee": instrument()})
    bond = rows[(rows["subscale"] == "bond") & (rows["method"] == "cronbach_alpha")].iloc[0]
    items = frame[["item_05", "item_06", "item_07"]]
    of_row = frame["engagement_id"].map(clusters)
    replicates = np.array(
        [
            np.log1p(-cronbach_alpha(items[of_row != label])["estimate"].iloc[0])
            for label in clusters.unique()
        ]
    )
    G = len(replicates)
    spread = np.sqrt((G - 1) / G * ((replicates - replicates.mean()) ** 2).sum())
    assert bond["std_error"] == pytest.approx((1 - bond["estimate"]) * spread)
    assert bond["n_advisors"] == G == 12
    assert bond["df"] == G - 1


def test_intervals_cover_the_truth_as_often_as_they_say():
    k = 3
    truth = k * LOADING**2 / (1 + (k - 1) * LOADING**2)
    covered, runs = 0, 200
    only_bond = instrument(subscales={"bond": [5, 6, 7]}, reversed=[])
    for seed in range(runs):
        frame, clusters = checkins(150, seed)
        rows = describe_measurement(frame, clusters, {"advisee": only_bond})
        row = rows[(rows["subscale"] == "bond") & (rows["method"] == "cronbach_alpha")].iloc[0]
        covered += row["conf_low"] <= truth <= row["conf_high"]
    # Four Monte Carlo standard errors of a coverage of .95 over 200 samples: .062.
    assert abs(covered / runs - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs)


def test_a_low_reliability_carries_a_caution_and_a_high_one_none():
    frame, clusters = checkins(100)
    high = describe_measurement(frame, clusters, {"advisee": instrument()})
    assert not high["note"].str.contains("low: below 0.70").any()
    noise = np.random.default_rng(2).standard_normal((100, 3)) * 1.5
    frame[["item_05", "item_06", "item_07"]] += noise
    low = describe_measurement(frame, clusters, {"advisee": instrument()})
    bond = low[(low["subscale"] == "bond") & (low["term"] == "reliability")]
    assert (bond["estimate"] < 0.70).all()
    assert bond["note"].str.contains("low: below 0.70").all()


def test_an_item_turned_twice_is_named():
    frame, clusters = checkins(100)
    frame["item_02"] = 8 - frame["item_02"]  # the data had it turned already
    rows = describe_measurement(frame, clusters, {"advisee": instrument()})
    row = by_term(rows, "goal").loc["item_total item_02"]
    assert row["estimate"] < -0.3
    assert "turned already" in row["note"]
    others = by_term(rows, "bond")
    assert not others["note"].astype(str).str.contains("turned already").any()


def test_the_ends_of_the_range_are_counted():
    frame, clusters = checkins(10)
    frame[["item_05", "item_06", "item_07"]] = 7.0
    frame.loc[:4, "item_05"] = 1.0
    ends = by_term(describe_measurement(frame, clusters, {"advisee": instrument()}), "bond")
    assert ends.loc["ceiling", "estimate"] == pytest.approx(25 / 30)
    assert ends.loc["floor", "estimate"] == pytest.approx(5 / 30)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"subscales": {"goal": [], "bond": []}, "reversed": []}, "no items"),
        ({"subscales": {"goal": [1], "bond": [5]}, "reversed": []}, "no internal consistency"),
    ],
)
def test_what_cannot_be_had_is_a_reason_and_no_number(changes, reason):
    frame, clusters = checkins(30)
    rows = describe_measurement(frame, clusters, {"advisee": instrument(**changes)})
    told = rows[rows["term"] == "reliability"]
    assert told["estimate"].isna().all()
    assert told["note"].str.contains(reason).all()


def test_a_constant_item_and_one_advisor_end_in_notes():
    frame, clusters = checkins(20)
    frame["item_05"] = 4.0
    clusters[:] = "only"
    rows = describe_measurement(frame, clusters, {"advisee": instrument()})
    bond = by_term(rows, "bond").loc["reliability"]
    assert bond["estimate"].isna().all()
    assert bond["note"].str.contains("no variance in item_05").all()
    goal = by_term(rows, "goal").loc["reliability"]
    assert goal["conf_low"].isna().all()
    assert goal["note"].str.contains("one cluster").all()
