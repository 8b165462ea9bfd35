"""What is told of programmes, and what is not: small ones keep neither name nor number."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.disclosure import release
from analysis.contract.plan import DisclosurePlan
from analysis.evidence.measurement.programmes import NOT_STATED, describe_programmes, name_groups
from analysis.measure.window import assemble_frame


@pytest.fixture
def described(tables, both):
    def describe(sizes, **changes):
        engagements, alliance = tables(sizes)
        frame = assemble_frame(engagements, alliance, (1, 2, 3))
        given = {"engagements": engagements, "alliance": alliance, "frame": frame} | changes
        return describe_programmes(
            **given,
            instruments=both,
            cluster="advisor_id",
            programme="track",
            window=(1, 2, 3),
        )

    return describe


def value(rows, term, rater=None):
    wanted = rows["term"] == term
    wanted &= rows["rater"].isna() if rater is None else rows["rater"] == rater
    (found,) = rows.loc[wanted, "estimate"]
    return found


def test_check_ins_still_to_come_are_not_left_out_by_anybody(tables, described):
    engagements, alliance = tables({"North": 60})
    going_on = engagements["engagement_id"][:20]
    status = engagements["engagement_id"].isin(going_on).map({True: "ongoing", False: "completed"})
    begun = alliance[~alliance["engagement_id"].isin(going_on) | (alliance["occasion"] == 1)]
    rows = described({"North": 60}, engagements=engagements.assign(status=status), alliance=begun)
    assert value(rows, "answered", "advisor") == 1.0
    assert value(rows, "engagements") == 60


def test_rates_means_and_gaps_are_those_that_were_put_in(described):
    rows = described({"North": 30, "South": 24})
    assert value(rows, "engagements in North") == 30
    assert value(rows, "answered", "advisee") == pytest.approx(0.5)
    assert value(rows, "answered in South", "advisor") == pytest.approx(1.0)
    assert value(rows, "gap in North") == pytest.approx(0.5)
    higher = value(rows, "mean in North", "advisor") - value(rows, "mean in North", "advisee")
    assert higher == pytest.approx(0.5)
    given = rows[rows["term"] == "mean in North"]
    assert (given["conf_low"] < given["estimate"]).all()


def test_a_single_small_programme_takes_the_next_along_and_neither_is_named(described):
    rows = described({"North": 30, "Smallish": 12, "Board of one": 3, "South": 24})
    terms = " ".join(rows["term"])
    assert "Board of one" not in terms
    assert "Smallish" not in terms
    assert value(rows, "engagements in smaller programmes together (2)") == 15
    assert (rows["n_engagements"].dropna() >= 10).all()


def test_what_is_too_small_even_together_is_told_with_the_whole(described):
    rows = described({"North": 30, "One": 2, "Two": 3})
    assert not rows["term"].str.contains(" in ").any()


def test_one_programme_alone_is_the_whole_and_is_told_once(described):
    rows = described({"North": 30})
    assert not rows["term"].str.contains(" in ").any()


def released(rows):
    return release(rows.assign(dataset="own"), "measurement", DisclosurePlan(), largest_caseload=8)


def test_nothing_is_withheld_where_nobody_could_be_found(described):
    rows = released(described({"North": 60, "South": 48}))
    wanted = rows["term"].str.startswith(("answered", "mean", "sd", "gap ", "engagements"))
    silent = (rows["rater"] == "advisor") & rows["term"].str.startswith("answered")
    assert rows.loc[wanted & ~silent, "estimate"].notna().all()


def without_most_advisors_of(engagements, alliance, programme, kept):
    theirs = engagements.loc[engagements["track"] == programme, "engagement_id"]
    gone = alliance["engagement_id"].isin(theirs[kept:]) & (alliance["rater"] == "advisor")
    return alliance[~gone]


def test_ratings_of_few_are_withheld_and_those_that_would_tell_them(described, tables):
    sizes = {"North": 60, "South": 48, "East": 40}
    engagements, alliance = tables(sizes)
    few = without_most_advisors_of(engagements, alliance, "South", kept=4)
    frame = assemble_frame(engagements, few, (1, 2, 3))
    rows = released(described(sizes, alliance=few, frame=frame))
    for term in ("mean", "sd"):
        assert np.isnan(value(rows, f"{term} in South", "advisor"))
        assert np.isnan(value(rows, f"{term} in East", "advisor"))  # the whole less North is both
        assert np.isfinite(value(rows, f"{term} in North", "advisor"))
        assert np.isfinite(value(rows, f"{term} in South", "advisee"))
        assert np.isfinite(value(rows, term, "advisor"))
    assert np.isnan(value(rows, "gap in South"))
    assert np.isnan(value(rows, "gap in East"))
    pd.testing.assert_frame_equal(released(rows), rows)


def test_a_share_that_tells_of_few_who_left_one_out_is_withheld(described, tables):
    sizes = {"North": 60, "South": 48, "East": 40}
    engagements, alliance = tables(sizes)
    here = engagements.loc[engagements["track"] == "South", "engagement_id"]
    late = alliance["engagement_id"].isin(here[:3]) & (alliance["rater"] == "advisor")
    fewer = alliance[~(late & (alliance["occasion"] > 1))]
    frame = assemble_frame(engagements, fewer, (1, 2, 3))
    rows = released(described(sizes, alliance=fewer, frame=frame))
    assert np.isnan(value(rows, "answered in South", "advisor"))


def test_check_ins_beyond_what_was_planned_are_not_due(described, tables):
    engagements, alliance = tables({"North": 30})
    engagements["planned_checkins"] = 2.0
    rows = described({"North": 30}, engagements=engagements, alliance=alliance)
    assert value(rows, "answered", "advisee") == pytest.approx(1.0)
    assert value(rows, "answered", "advisor") == pytest.approx(1.0)


def test_engagements_without_a_programme_are_a_group_of_their_own():
    label = pd.Series(["a"] * 20 + [NOT_STATED] * 11)
    assert set(name_groups(label)) == {"a", NOT_STATED}


def test_the_order_of_rows_changes_no_bit(described, tables):
    engagements, alliance = tables({"North": 30, "South": 24})
    rng = np.random.default_rng(5)
    mixed = engagements.iloc[rng.permutation(len(engagements))].reset_index(drop=True)
    scores = alliance.iloc[rng.permutation(len(alliance))].reset_index(drop=True)
    frame = assemble_frame(mixed, scores, (1, 2, 3))
    again = described({"North": 30, "South": 24}, engagements=mixed, alliance=scores, frame=frame)
    pd.testing.assert_frame_equal(again, described({"North": 30, "South": 24}), check_exact=True)
