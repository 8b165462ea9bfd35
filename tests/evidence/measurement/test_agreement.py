"""Agreement of the raters and variance shares, with intervals that allow for clusters."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.forms import align_forms
from analysis.contract.instruments import Instrument, Responses
from analysis.evidence.measurement.agreement import describe_agreement, describe_variance
from analysis.measure.agreement import ICCS, intraclass_correlations

KEY = Instrument.model_validate(
    {
        "name": "short",
        "title": "Short",
        "responses": {"minimum": 1, "maximum": 7},
        "subscales": {"goal": [1, 2], "bond": [3, 4]},
        "status": "user_supplied",
        "source": "a test",
    }
)
BOTH = align_forms({"advisee": KEY, "advisor": KEY})


def dyads(rng, advisors=40, size=6, shared=0.5, gap=0.3):
    """Both raters' totals and items; ``shared``: their correlation but for what advisors share."""
    codes = np.repeat(np.arange(advisors), size)
    n = len(codes)
    level = np.sqrt(shared) * rng.normal(size=n)
    totals = {
        rater: 4 + place * gap + level + np.sqrt(1 - shared) * rng.normal(size=n)
        for place, rater in enumerate(("advisee", "advisor"))
    }
    frame = pd.DataFrame(
        {
            "engagement_id": [f"e{number:03d}" for number in range(n)],
            "advisor_id": [f"a{code:02d}" for code in codes],
        }
    )
    items = {}
    for rater, total in totals.items():
        frame[f"{rater}_total"] = total
        frame[f"{rater}_goal"] = total + 0.3 * rng.normal(size=n)
        own = total[:, None] + rng.normal(size=(n, 4))
        items[f"{rater}_total"] = pd.DataFrame(own, columns=[f"item_0{k}" for k in (1, 2, 3, 4)])
        items[f"{rater}_total"].insert(0, "engagement_id", frame["engagement_id"])
    return frame, items


def total_rows(frame, items, forms=BOTH):
    rows = describe_agreement(frame, items, forms, "advisor_id")
    return rows[rows["subscale"] == "total"].set_index("term")


def test_estimates_are_those_of_the_plain_functions():
    frame, items = dyads(np.random.default_rng(1))
    found = total_rows(frame, items)
    pair = frame[["advisee_total", "advisor_total"]]
    expected = intraclass_correlations(pair).set_index("term")["estimate"]
    for term in ICCS:
        assert found.loc[term, "estimate"] == pytest.approx(expected[term])
        assert found.loc[term, "conf_low"] < expected[term] < found.loc[term, "conf_high"]
    assert found.loc["correlation", "estimate"] == pytest.approx(pair.corr().iloc[0, 1])
    assert found.loc["correlation", "n_advisors"] == 40


def test_the_interval_is_the_jackknife_of_a_plain_loop():
    frame, items = dyads(np.random.default_rng(2), advisors=12)
    row = total_rows(frame, items).loc["ICC(A,1)"]
    pair = ["advisee_total", "advisor_total"]
    without = np.array(
        [
            np.arctanh(
                intraclass_correlations(frame.loc[frame["advisor_id"] != one, pair])["estimate"][1]
            )
            for one in frame["advisor_id"].unique()
        ]
    )
    error = np.sqrt(11 / 12 * ((without - without.mean()) ** 2).sum())
    assert row["std_error"] == pytest.approx((1 - row["estimate"] ** 2) * error)
    assert row["df"] == 11


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng, runs, covered = np.random.default_rng(3), 200, 0
    for _ in range(runs):
        frame, _ = dyads(rng, advisors=30, size=5)
        frame = frame.drop(columns=["advisee_goal", "advisor_goal"])
        row = total_rows(frame, {}).loc["ICC(C,1)"]
        covered += row["conf_low"] < 0.5 < row["conf_high"]
    assert abs(covered / runs - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs)


def test_profiles_are_of_matched_items_and_flat_ones_are_left_out():
    frame, items = dyads(np.random.default_rng(4))
    items["advisor_total"].iloc[:30, 1:] = 4.0
    found = total_rows(frame, items).loc["profile agreement"]
    assert found["n_engagements"] == 210
    assert "flat profile" in found["note"]
    assert "items" in found["method"]
    # without items the two subscales are too few for a profile
    assert "3 matched" in total_rows(frame, {}).loc["profile agreement", "note"]


def test_what_cannot_be_had_says_why():
    frame, items = dyads(np.random.default_rng(5))
    alone = describe_agreement(frame.drop(columns="advisor_total"), items, BOTH, "advisor_id")
    assert alone["note"].tolist() == ["only one rater answered: nobody to agree with"]
    flat = total_rows(frame.assign(advisor_total=4.0), items)
    assert "never varies" in flat.loc["correlation", "note"]
    wide = KEY.model_copy(update={"name": "w", "responses": Responses(minimum=1, maximum=5)})
    apart = total_rows(frame, items, align_forms({"advisee": KEY, "advisor": wide}))
    assert np.isnan(apart.loc["ICC(A,1)", "estimate"])
    assert "ranges" in apart.loc["ICC(A,1)", "note"]
    assert apart.loc["ICC(C,1)", "estimate"] > 0
    one = total_rows(frame.assign(advisor_id="only"), items)
    assert "one cluster" in one.loc["ICC(1)", "note"]
    assert one.loc["ICC(1)", "estimate"] > 0


def course(rng, advisors=30, size=6, occasions=3, shares=(0.2, 0.5, 0.3)):
    a, d, w = np.sqrt(shares)
    codes = np.repeat(np.arange(advisors), size)
    n = len(codes)
    level = a * rng.normal(size=advisors)[codes] + d * rng.normal(size=n)
    ids = np.array([f"e{number:03d}" for number in range(n)])
    total = level[:, None] + w * rng.normal(size=(n, occasions))
    alliance = pd.DataFrame(
        {
            "engagement_id": np.repeat(ids, occasions),
            "rater": "advisee",
            "occasion": np.tile(np.arange(1, occasions + 1), n),
            "total": total.ravel(),
        }
    )
    engagements = pd.DataFrame(
        {"engagement_id": ids, "advisor_id": [f"a{code:02d}" for code in codes]}
    )
    return alliance, engagements


def shares_of(alliance, engagements, window=(1, 2, 3)):
    rows = describe_variance(alliance, engagements, "advisor_id", window)
    return rows.set_index("term")


def test_shares_add_up_and_give_the_reliabilities():
    found = shares_of(*course(np.random.default_rng(6)))
    three = found["estimate"].filter(like="share")
    assert three.sum() == pytest.approx(1)
    single = found.loc["reliability of one check-in", "estimate"]
    assert single == pytest.approx(1 - three["share within dyads"])
    mean = found.loc["reliability of the window mean", "estimate"]
    assert mean == pytest.approx(3 * single / (1 + 2 * single))


@pytest.mark.slow
@pytest.mark.parametrize("advisors", [18, 60])
def test_shares_intervals_cover_the_truth(advisors):
    rng, runs = np.random.default_rng(advisors), 120
    truth = {"share between advisors": 0.2, "share within dyads": 0.3}
    truth["reliability of the window mean"] = 0.7 / 0.8
    found = [shares_of(*course(rng, advisors)) for _ in range(runs)]
    for term, value in truth.items():
        covered = np.mean(
            [one.loc[term, "conf_low"] <= value <= one.loc[term, "conf_high"] for one in found]
        )
        # the share between a few advisors is skewed, and its interval a little short
        assert covered > 0.95 - 4 * np.sqrt(0.95 * 0.05 / runs) - (0.03 if advisors < 30 else 0)


def test_one_occasion_and_one_advisor_are_told():
    alliance, engagements = course(np.random.default_rng(7), occasions=1)
    found = shares_of(alliance, engagements)
    assert "repeated" in found.loc["share within dyads", "note"]
    assert np.isnan(found.loc["reliability of one check-in", "estimate"])
    alliance, engagements = course(np.random.default_rng(8), advisors=1, size=60)
    found = shares_of(alliance, engagements)
    assert np.isnan(found.loc["share between advisors", "estimate"])
    assert found.loc["share within dyads", "estimate"] == pytest.approx(0.375, abs=0.2)
