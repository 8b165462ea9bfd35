"""Rows on ruptures: what they hold, what they refuse, and what must not change them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.contract.estimates import COLUMNS, VERDICTS
from analysis.contract.plan import RupturePlan
from analysis.evidence.ruptures.ruptures import (
    describe_ruptures,
    list_rupture_episodes,
    omega_by_occasion,
    repair_person_periods,
)
from analysis.simulate.programme import simulate_tables
from analysis.simulate.programmes import PROGRAMMES

PLAN = RupturePlan(surrogates=20)
OMEGA = {"advisee": pd.Series(dict.fromkeys(range(1, 9), 0.9))}


def simulated(name="mentoring", engagements=150, **course):
    """Scores, engagements and events of a programme of pulses, the totals as means of three."""
    programme = PROGRAMMES[name]
    programme = replace(
        programme,
        engagements=engagements,
        advisors=25,
        course=replace(programme.course, **course),
    )
    made = simulate_tables(programme, np.random.default_rng(1))
    answers = made["checkins"]
    items = [name for name in answers if name in ("goal", "task", "bond") or "item" in name]
    alliance = answers[["engagement_id", "rater", "occasion", "week"]].copy()
    alliance["bond"] = answers[items[-1]]
    alliance["total"] = answers[items].mean(axis=1, skipna=False)
    return alliance, made["engagements"], made["events"]


@pytest.fixture(scope="module")
def tables():
    return simulated()


@pytest.fixture(scope="module")
def rows(tables):
    return describe_ruptures(*tables, OMEGA, PLAN)


def only(rows, term, rater="advisee", method="2s_previous", **where):
    found = rows[(rows["term"] == term) & (rows["rater"] == rater)]
    found = found[found["method"] == method] if method else found
    for column, value in where.items():
        found = found[found[column] == value]
    assert len(found) == 1, (term, len(found))
    return found.iloc[0]


def test_rows_keep_to_the_vocabulary(rows):
    assert set(rows.columns) <= set(COLUMNS)
    assert set(rows["analysis"]) == {"rupture", "repair"}
    assert set(rows["verdict"].dropna()) <= set(VERDICTS)
    key = ["analysis", "rater", "subscale", "occasion", "term", "method"]
    assert not rows.duplicated(key).any()


def test_every_size_and_reference_has_its_rates_and_every_window_its_repairs(rows):
    own = rows[(rows["rater"] == "advisee") & (rows["term"] == "ruptured_excess")]
    rules = {f"{c}s_{r}" for c in (1, 2) for r in ("previous", "best_of_three")}
    assert set(own["method"]) == rules
    for rule in rules:
        for window in (1, 3, 5):
            shown = only(rows, f"repaired_within_{window}", method=rule)
            assert 0 <= shown["conf_low"] <= shown["estimate"] <= shown["conf_high"] <= 1


def test_the_excess_is_observed_less_chance_and_the_corrected_share_follows(rows):
    seen, chance, excess, corrected = (
        only(rows, f"ruptured{suffix}")["estimate"]
        for suffix in ("", "_by_chance", "_excess", "_corrected")
    )
    assert excess == pytest.approx(seen - chance, abs=1e-12)
    assert corrected == pytest.approx(excess / (1 - chance), abs=1e-12)


def test_kinds_add_up(rows):
    for window in (1, 3, 5):
        kinds = ("full", "partial", "none", "ended_early", "censored")
        shares = [only(rows, f"{kind}_within_{window}")["estimate"] for kind in kinds]
        assert sum(shares) == pytest.approx(1)


def test_the_observed_share_is_that_of_the_episodes(tables, rows):
    episodes = list_rupture_episodes(*tables, "advisee", OMEGA["advisee"], PLAN)
    seen = only(rows, "ruptured")
    share = episodes["engagement_id"].nunique() / seen["n_engagements"]
    assert seen["estimate"] == pytest.approx(share)
    assert (episodes["depth"] >= episodes["threshold"] - 1e-9).all()
    assert (episodes["reference"] - episodes["score"] >= episodes["threshold"] - 1e-9).all()


def test_the_frames_for_use_inside_agree_with_the_rows(tables, rows):
    episodes = list_rupture_episodes(*tables, "advisee", OMEGA["advisee"], PLAN)
    untyped = (episodes["type"] == "untyped").mean()
    assert only(rows, "untyped")["estimate"] == pytest.approx(untyped)
    periods = repair_person_periods(*tables, "advisee", OMEGA["advisee"], PLAN)
    within = episodes["repaired_occasion"] - episodes["onset"] <= 5
    assert periods["repaired"].sum() == within.sum()
    assert set(PLAN.acts) <= set(periods)
    single = tables[0][tables[0]["occasion"] == 1]
    assert list_rupture_episodes(single, *tables[1:], "advisee", None, PLAN).empty
    assert repair_person_periods(single, *tables[1:], "advisee", None, PLAN).empty


def test_which_threshold_bound_is_said_and_without_items_none_applies(rows):
    assert "no items" in only(rows, "threshold", "advisor")["note"]
    with_floor = only(rows, "threshold", method="1s_previous")
    error = only(rows, "error_of_measurement", method=None)["estimate"]
    scale = only(rows, "scale", method=None)["estimate"]
    by_error = 1.96 * np.sqrt(2) * error
    assert with_floor["estimate"] == pytest.approx(max(scale, by_error))
    bound = "error of measurement bound" if by_error > scale else "1 SD"
    assert bound in with_floor["note"]


def test_row_order_and_names_of_identifiers_change_nothing(tables, rows):
    alliance, engagements, events = tables
    names = {
        one: f"x{place * 7919 % 100_003}" for place, one in enumerate(engagements["engagement_id"])
    }
    renamed = [
        table.assign(engagement_id=table["engagement_id"].map(names)).sample(
            frac=1, random_state=place
        )
        for place, table in enumerate((alliance, engagements, events))
    ]
    again = describe_ruptures(*renamed, OMEGA, PLAN)
    pd.testing.assert_frame_equal(again, rows, rtol=1e-9, atol=1e-12)


def test_the_same_seed_gives_the_same_rows_and_another_the_same_observed_ones(tables, rows):
    pd.testing.assert_frame_equal(describe_ruptures(*tables, OMEGA, PLAN), rows)
    other = describe_ruptures(*tables, OMEGA, PLAN, np.random.default_rng(5))
    assert only(other, "ruptured")["estimate"] == only(rows, "ruptured")["estimate"]
    assert only(other, "ruptured_by_chance")["estimate"] != pytest.approx(
        only(rows, "ruptured_by_chance")["estimate"], abs=1e-9
    )


def test_bond_is_compared_after_repair_beside_the_total(rows):
    for subscale in ("total", "bond"):
        row = only(rows, "change_after_repair", subscale=subscale)
        assert np.isfinite(row["estimate"]) or "fewer than 10" in row["note"]


def test_without_events_types_and_acts_are_not_testable(tables):
    alliance, engagements, _ = tables
    rows = describe_ruptures(alliance, engagements, None, {}, PLAN)
    assert only(rows, "untyped")["verdict"] == "not_testable"
    assert only(rows, "log_odds_repair")["verdict"] == "not_testable"


def test_one_check_in_is_not_testable(tables):
    alliance, engagements, events = tables
    single = alliance[alliance["occasion"] == 1]
    rows = describe_ruptures(single, engagements, events, OMEGA, PLAN)
    assert (rows["verdict"] == "not_testable").all()
    assert set(rows["analysis"]) == {"rupture", "repair"}
    assert rows["note"].str.contains("two check-ins").all()


def test_a_rater_who_never_rated_is_not_testable(tables):
    alliance, engagements, events = tables
    rows = describe_ruptures(
        alliance[alliance["rater"] == "advisee"], engagements, events, OMEGA, PLAN
    )
    assert only(rows, "rupture", "advisor", None)["note"] == "no rating by the advisor"
    assert np.isfinite(only(rows, "ruptured")["estimate"])


def test_ratings_that_never_vary_are_not_testable(tables):
    alliance, engagements, events = tables
    flat = alliance.assign(total=4.0, bond=4.0)
    rows = describe_ruptures(flat, engagements, events, OMEGA, PLAN)
    assert rows["note"].str.contains("never vary within an engagement").all()


def test_two_check_ins_are_enough_for_drops_but_not_for_repair(tables):
    alliance, engagements, events = tables
    rows = describe_ruptures(alliance[alliance["occasion"] <= 2], engagements, events, OMEGA, PLAN)
    assert np.isfinite(only(rows, "ruptured_excess")["estimate"])
    repaired = rows[rows["term"] == "repaired_within_1"]["estimate"]
    assert (repaired.isna() | (repaired == 0)).all()
    assert "taken as 0" in only(rows, "autocorrelation", method=None)["note"]


@pytest.mark.parametrize("status", ["completed", "ended_early", "ongoing", None])
def test_everybody_and_nobody_ended_early(tables, status):
    alliance, engagements, events = tables
    changed = engagements.assign(status=status, ended_week=np.nan)
    rows = describe_ruptures(alliance, changed, events, OMEGA, PLAN)
    ended = only(rows, "ended_early_within_5")["estimate"]
    assert ended > 0 if status == "ended_early" else ended == 0


def test_without_status_stakes_or_weeks(tables):
    alliance, engagements, events = tables
    bare = engagements[["engagement_id", "advisor_id"]]
    rows = describe_ruptures(alliance.drop(columns=["week", "bond"]), bare, events, OMEGA, PLAN)
    assert np.isfinite(only(rows, "ruptured_excess")["estimate"])
    assert not rows["term"].str.contains("stakes|change_size").any()


def test_irregular_check_ins(tables):
    alliance, engagements, events = tables
    spaced = alliance.assign(
        occasion=alliance["occasion"].map({1: 1, 2: 2, 3: 5, 4: 6, 5: 9, 6: 20})
    )
    rows = describe_ruptures(spaced, engagements, events, OMEGA, PLAN)
    assert np.isfinite(only(rows, "ruptured_excess")["std_error"])


def test_fewer_than_ten_engagements_are_not_given(tables):
    alliance, engagements, events = tables
    few = sorted(engagements["engagement_id"])[:14]
    rows = describe_ruptures(
        alliance[alliance["engagement_id"].isin(few)],
        engagements[engagements["engagement_id"].isin(few)],
        events[events["engagement_id"].isin(few)],
        {},
        PLAN,
    )
    given = rows[rows["n_engagements"].notna()]
    assert (given["n_engagements"] >= 10).all()
    hidden = rows[rows["note"].str.contains("fewer than 10 engagements", na=False)]
    assert len(hidden) and hidden["estimate"].isna().all()


def test_one_advisor_gives_no_interval_but_an_exact_one_for_shares(tables):
    alliance, engagements, events = tables
    rows = describe_ruptures(alliance, engagements.assign(advisor_id="A"), events, {}, PLAN)
    seen = only(rows, "ruptured")
    assert 0 < seen["conf_low"] < seen["estimate"] < seen["conf_high"] < 1
    assert "independent" in seen["note"]
    assert np.isnan(only(rows, "ruptured_excess")["conf_low"])


def test_omega_is_read_by_rater_and_check_in():
    measurement = pd.DataFrame(
        {
            "term": ["reliability"] * 3,
            "method": ["mcdonald_omega", "mcdonald_omega", "cronbach_alpha"],
            "subscale": ["total", "bond", "total"],
            "rater": ["advisee"] * 3,
            "occasion": [1.0, 1.0, 1.0],
            "estimate": [0.9, 0.8, 0.7],
        }
    )
    assert omega_by_occasion(measurement)["advisee"].to_dict() == {1: 0.9}
    assert omega_by_occasion(measurement.drop(columns="method")) == {}
