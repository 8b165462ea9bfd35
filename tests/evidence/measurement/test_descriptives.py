"""A first table's numbers against numpy's and the comparison's, and who is counted on the way."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.disclosure import release
from analysis.contract.estimates import in_order
from analysis.contract.plan import DisclosurePlan
from analysis.evidence.measurement.descriptives import count_participants, describe_variables
from analysis.evidence.measurement.programmes import describe_programmes
from analysis.measure.window import assemble_frame
from analysis.models.resampling import cluster_jackknife_difference


def made(n: int = 60):
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "engagement_id": [f"e{number}" for number in range(n)],
            "advisor_id": [f"a{number % 10}" for number in range(n)],
            "advisee_total": rng.normal(size=n),
            "advisor_total": rng.normal(size=n),
        }
    )
    outcome = 0.6 * frame["advisee_total"] + rng.normal(size=n)
    outcome.iloc[:5] = np.nan
    return frame, outcome.set_axis(frame["engagement_id"])


def test_means_spreads_and_correlations_rest_on_the_complete_engagements(both):
    frame, outcome = made()
    rows = describe_variables(frame, outcome, "points", both, "advisor_id")
    whole = frame.assign(points=outcome.to_numpy()).dropna()
    assert set(rows["n_engagements"]) == {len(whole)}
    mean = rows[(rows["term"] == "mean") & (rows["rater"] == "advisee")]["estimate"].item()
    assert mean == pytest.approx(whole["advisee_total"].mean())
    spread = rows[(rows["term"] == "sd") & (rows["outcome"] == "points")]["estimate"].item()
    assert spread == pytest.approx(whole["points"].std())
    r = rows[(rows["term"] == "correlation with the outcome") & (rows["rater"] == "advisee")]
    assert r["estimate"].item() == pytest.approx(whole["advisee_total"].corr(whole["points"]))
    difference = cluster_jackknife_difference(
        whole, "points", "advisee_total", "advisor_total", "advisor_id"
    )
    other = rows[(rows["term"] == "correlation with the outcome") & (rows["rater"] == "advisor")]
    told = r["estimate"].item() - other["estimate"].item()
    assert told == pytest.approx(difference["estimate"].item())


def test_without_an_outcome_the_ratings_stand_alone(both):
    frame, _ = made()
    rows = describe_variables(frame, pd.Series(dtype=float), None, both, "advisor_id")
    assert set(rows["term"]) == {"mean", "sd", "correlation with advisor total"}


def released(rows):
    return release(rows.assign(dataset="own"), "measurement", DisclosurePlan(), largest_caseload=6)


def test_nothing_of_fewer_than_ten_leaves(both):
    frame, outcome = made()
    outcome.iloc[14:] = np.nan
    rows = describe_variables(frame, outcome, "points", both, "advisor_id")
    assert rows["estimate"].notna().any()
    assert released(rows)["estimate"].isna().all()


def test_the_mean_of_those_compared_does_not_tell_of_the_few_who_are_not(both, tables):
    engagements, alliance = tables({"North": 60})
    alone = {"advisee": both["advisee"]}
    alliance = alliance[alliance["rater"] == "advisee"]
    frame = assemble_frame(engagements, alliance, (1, 2, 3))
    outcome = pd.Series(np.arange(56.0), index=engagements["engagement_id"][:56])
    told = [
        describe_programmes(engagements, alliance, frame, alone, "advisor_id", "track", (1, 2, 3)),
        describe_variables(frame, outcome, "points", alone, "advisor_id"),
    ]
    rows = released(in_order(told))
    means = rows[(rows["term"] == "mean") & (rows["rater"] == "advisee")].set_index("analysis")
    assert np.isfinite(means.loc["programme", "estimate"])
    assert np.isnan(means.loc["descriptives", "estimate"])


@pytest.fixture
def participants(tables):
    def count(change=lambda alliance: alliance, outcomes: int | None = None):
        return counted(tables, change, outcomes)

    return count


def counted(tables, change, outcomes):
    engagements, alliance = tables({"North": 60})
    alliance = change(alliance)
    known = engagements["engagement_id"][: outcomes or 60]
    outcome = pd.Series(1.0, index=known)
    rows = count_participants(engagements, alliance, outcome, (1, 2, 3))
    return rows.set_index("term")


def test_each_step_counts_who_is_left_and_says_why_others_are_not(participants):
    fewer = participants(
        lambda scores: scores[~(scores["engagement_id"].str[1:].astype(int) < 15)], 45
    )
    assert fewer["estimate"].to_dict() == {
        "all engagements": 60,
        "rated by the advisee": 45,
        "rated by both at the same check-in": 45,
        "with the primary outcome": 30,
    }
    assert fewer.loc["with the primary outcome", "note"] == "no primary outcome"


def test_a_step_that_few_leave_is_told_with_the_next(participants):
    rows = participants(
        lambda scores: scores[~(scores["engagement_id"].str[1:].astype(int) < 4)], 50
    )
    assert (
        list(rows.index)
        == [
            "all engagements",
            "with the primary outcome",
        ]
        or "rated by the advisee" not in rows.index
    )
    lost = -rows["estimate"].diff().dropna()
    assert (lost >= 10).all()


def test_one_rater_alone_is_not_asked_for_both(participants):
    rows = participants(lambda scores: scores[scores["rater"] == "advisee"])
    assert "rated by both at the same check-in" not in rows.index
    assert rows.loc["rated by the advisee", "estimate"] == 60


def test_counts_agree_with_the_frame_that_is_compared(tables):
    engagements, alliance = tables({"North": 60})
    keep = np.random.default_rng(6).random(len(alliance)) < 0.4
    alliance = alliance[keep]
    frame = assemble_frame(engagements, alliance, (1, 2, 3))
    outcome = pd.Series(1.0, index=engagements["engagement_id"])
    rows = count_participants(engagements, alliance, outcome, (1, 2, 3)).set_index("term")
    assert rows.loc["with the primary outcome", "estimate"] == (frame["occasions"] > 0).sum()
