"""What may leave: rows on too few people lose their numbers, and nothing else tells them."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.disclosure import (
    check_rule,
    release,
    release_counts,
    release_flow,
    say_count,
    say_safely,
    together,
    why_withheld,
    write_released,
)
from analysis.contract.faults import UserFault
from analysis.contract.plan import DisclosurePlan

RULE = DisclosurePlan()


def rows_of(analysis, terms, estimates, n=100.0, advisors=20.0, **more):
    """Rows of one analysis."""
    return pd.DataFrame(
        {
            "dataset": "own",
            "analysis": analysis,
            "term": terms,
            "estimate": np.asarray(estimates, dtype=float),
            "conf_low": np.asarray(estimates, dtype=float) - 0.1,
            "n_engagements": n,
            "n_advisors": advisors,
            "method": "m",
            "note": None,
            **more,
        }
    )


@pytest.mark.parametrize(
    ("n", "m", "largest", "word"),
    [
        (10, 3, 4, ""),
        (9, 5, 2, "fewer than 10 engagements"),
        (40, 2, 4, "fewer than 3 advisors"),
        (12, 1, 12, "fewer than 3 advisors"),
        (12, 3, 7, "one advisor's may be more than 50 %"),
        (12, 3, 6, ""),
        (100, np.nan, 50, ""),
        (99, np.nan, 50, "one advisor's may be more than 50 %"),
    ],
)
def test_a_figure_needs_engagements_advisors_and_no_dominant_one(n, m, largest, word):
    why = why_withheld(n, m, RULE, largest)
    assert word in why
    assert bool(why) is bool(word)


def test_a_row_says_whose_its_engagements_are_or_the_largest_caseload_stands_for_it():
    rows = rows_of("trajectory", ["mean"] * 3, [4.0] * 3, n=[20.0, 20.0, 60.0])
    rows["n_largest"] = [11.0, 9.0, np.nan]
    held = release(rows, "process", RULE, largest_caseload=30)
    assert held["estimate"].isna().tolist() == [True, False, False]
    assert "n_largest" not in held
    held = release(rows.drop(columns="n_largest"), "process", RULE, largest_caseload=30)
    assert held["estimate"].isna().tolist() == [True, True, False]


def test_a_withheld_row_has_no_number_no_verdict_and_no_sentence_with_numbers():
    rows = rows_of("claim", ["a", "b"], [0.5, 0.5], n=[9.0, 10.0])
    rows = rows.assign(verdict="supported", sentence="r = .50", note="as it was")
    held = release(rows, "claims", RULE)
    assert held.loc[0, ["estimate", "conf_low", "n_engagements", "n_advisors"]].isna().all()
    assert held.loc[0, "verdict"] == "not_testable"
    assert held.loc[0, "sentence"] == held.loc[0, "note"] == "fewer than 10 engagements: not given"
    assert held.loc[1].equals(rows.loc[1])


def test_rows_that_hold_reasons_alone_go_through():
    refused = pd.DataFrame({"analysis": ["claim"], "term": ["a"], "note": ["9 ratings"]})
    assert release(refused, "claims", RULE)["note"].tolist() == ["fewer than 10 ratings"]


def test_a_number_that_does_not_say_what_it_rests_on_stays_inside():
    held = release(rows_of("trajectory", ["mean"], [4.0], n=np.nan), "process", RULE)
    assert held["estimate"].isna().all()
    joint = release(rows_of("joint_test", ["median_difference"], [0.2], n=np.nan), "x", RULE)
    assert joint["estimate"].tolist() == [0.2]


@pytest.mark.parametrize("share", [0.04, 0.96])
def test_a_share_tells_a_count_and_its_complement(share):
    held = release(rows_of("warning", ["base_rate"], [share]), "warning", RULE)
    assert held["estimate"].isna().all()
    assert release(rows_of("warning", ["base_rate"], [0.1]), "warning", RULE)["estimate"].all()


def test_what_is_worked_out_from_a_share_goes_with_it():
    terms = ["ruptured", "ruptured_by_chance", "ruptured_excess", "ruptured_corrected", "episodes"]
    rows = rows_of("rupture", terms, [0.05, 0.04, 0.01, 0.01, 0.3])
    assert release(rows, "process", RULE)["estimate"].isna().tolist() == [True] * 4 + [False]


def test_shares_of_one_whole_are_never_withheld_alone():
    kinds = ("full", "partial", "none", "ended_early", "censored")
    rows = rows_of("repair", [f"{kind}_within_1" for kind in kinds], [0.45, 0.03, 0.2, 0.12, 0.2])
    hidden = release(rows, "process", RULE)["estimate"].isna().tolist()
    assert hidden == [False, True, False, True, False]


def test_the_rest_of_two_nested_means_is_not_told():
    means = rows_of("missing_rule", ["mean of the total"] * 3, [4.0, 4.1, 4.2])
    means["n_engagements"] = [95.0, 100.0, 60.0]
    held = release(means, "measurement", RULE)
    assert held["estimate"].isna().tolist() == [True, False, False]


def test_programmes_given_do_not_leave_one_of_all():
    terms = ["mean", "mean in North", "mean in South", "mean in East"]
    rows = rows_of("programme", terms, [4.0, 4.1, 4.2, np.nan], rater="advisor")
    rows["n_engagements"] = [60.0, 33.0, 21.0, np.nan]  # 6 are in East
    held = release(rows, "measurement", RULE)
    assert held["estimate"].isna().tolist() == [False, False, True, True]


def test_few_who_did_not_answer_are_not_told_by_the_share_who_did():
    few = rows_of("replies", ["answered"], [0.95], n=95.0)
    assert release(few, "measurement", RULE)["estimate"].isna().all()
    enough = rows_of("replies", ["answered"], [0.85], n=85.0)
    assert release(enough, "measurement", RULE)["estimate"].notna().all()


def test_an_estimate_that_is_a_count_is_held_to_the_threshold():
    counts = rows_of("rupture", ["answers_after_end", "answers_out_of_order"], [4.0, 12.0])
    assert release(counts, "process", RULE)["estimate"].isna().tolist() == [True, False]


def test_those_who_left_out_one_check_in_are_not_told_by_those_who_left_out_all():
    rows = rows_of("missingness", ["missing", "missing", "stakes=high"], [0.2, 0.25, 0.1])
    rows["outcome"] = ["advisee_rating", "advisee_every_checkin", "advisee_rating"]
    held = release(rows, "measurement", RULE)  # 5 gave some and left some out
    assert held["estimate"].isna().tolist() == [True, False, True]


def test_alarms_do_not_tell_a_small_cell_of_alarm_by_outcome():
    rows = rows_of(
        "warning",
        ["base_rate", "alarms", "sensitivity", "specificity", "net_benefit"],
        [0.2, 0.3, 0.25, 0.69, 0.01],  # 5 of 20 who ended early had an alarm
        method=[None, "rule", "rule", "rule", "rule"],
        outcome="ended_early",
        occasion=2.0,
        statistic=[np.nan, np.nan, np.nan, np.nan, 0.2],
    )
    held = release(rows, "warning", RULE)
    assert held["estimate"].isna().tolist() == [False, True, True, True, True]
    assert held["statistic"].iloc[4] == 0.2
    enough = release(rows.assign(estimate=[0.4, 0.45, 0.5, 0.58, 0.01]), "warning", RULE)
    assert enough["estimate"].notna().all()


def test_a_rate_of_repair_does_not_tell_the_kind_that_is_withheld():
    """Within one check-in the rate is (full + partial) / (1 - censored)."""
    kinds = ["full", "partial", "none", "ended_early", "censored"]
    terms = [*(f"{kind}_within_1" for kind in kinds), "repaired_within_1", "repaired_within_3"]
    shares = [0.09, 0.0, 0.55, 0.11, 0.25, 0.12, 0.40]
    held = release(rows_of("repair", terms, shares), "process", RULE).set_index("term")["estimate"]
    assert np.isnan(held["full_within_1"])
    assert np.isnan(held["repaired_within_1"])
    assert held["repaired_within_3"] == 0.40
    shares[:3] = [0.14, 0.0, 0.50]
    enough = release(rows_of("repair", terms, shares), "process", RULE)["estimate"]
    assert enough.notna().all()


def test_a_bin_of_the_calibration_curve_is_never_withheld_alone():
    rows = rows_of(
        "warning",
        ["calibration_curve"] * 4,
        [0.05, 0.4, 0.45, 0.6],
        method="model",
        outcome="ended_early",
        occasion=2.0,
        statistic=[0.1, 0.4, 0.45, 0.6],
    )
    hidden = release(rows, "warning", RULE)["estimate"].isna().tolist()
    assert hidden == [True, True, False, False]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("only 7 engagements have both; at least 10 are needed", "only fewer than 10 engagements"),
        ("3 of the engagements lack it", "fewer than 10 of the engagements"),
        ("3 of 94 engagements lack it", "fewer than 10 of 94 engagements lack it"),
        ("2 of 1,120 coded cases", "fewer than 10 of 1,120 coded cases"),
        ("2 of 10000 resamples", "2 of 10000 resamples"),
        ("2 missed ratings", "fewer than 10 missed ratings"),
        ("17 engagements; 4 advisees", "17 engagements; fewer than 10 advisees"),
        ("the next 3 check-ins", "the next 3 check-ins"),
        ("at least 5 engagements are needed", "at least 5 engagements"),
        ("1,204 engagements", "1,204 engagements"),
        ("at 0.5 episodes", "at 0.5 episodes"),
    ],
)
def test_a_note_says_no_small_number_of_people(text, told):
    assert told in say_safely(text, RULE)


def test_counts_in_words_and_in_parts():
    assert say_count(9, RULE) == "fewer than 10"
    assert say_count(10, RULE) == "10"
    assert np.isnan(release_counts([40, 3, 12, 25], RULE)).tolist() == [False, True, True, False]


def flow_of(read, kept, aside):
    """The account of one raw table: rows set aside by reason."""
    steps = [("read", "rows", read), *(("set aside", why, n) for why, n in aside.items())]
    steps += [("kept", "rows kept", kept), ("made", "rows of engagements", kept)]
    frame = pd.DataFrame(steps, columns=["step", "reason", "rows"])
    return frame.assign(dataset="own", table="engagements", source="a.csv")


def test_the_account_of_rows_does_not_add_up_to_a_small_count():
    held = release_flow(flow_of(60, 53, {"blank row": 4, "no identifier": 3}), RULE)
    rows = held.set_index("reason")["rows"]
    assert rows.isna().to_dict() == {
        "rows": True,  # else 60 - 53 - 4
        "no identifier": True,
        "blank row": False,
        "rows kept": False,
        "rows of engagements": False,
    }
    assert "fewer than 10" in held.set_index("reason").loc["no identifier", "note"]


def test_a_second_table_of_the_same_file_does_not_tell_the_rows_read():
    two = flow_of(60, 60, {}).assign(table="outcomes")
    both = pd.concat([flow_of(60, 57, {"no identifier": 3}), two], ignore_index=True)
    held = release_flow(both, RULE)
    assert held.loc[held["step"] == "read", "rows"].isna().tolist() == [True, True]


def test_a_lax_threshold_is_refused_for_what_people_answered():
    lax = DisclosurePlan(threshold=2)
    assert check_rule(lax, simulated=True) is lax
    with pytest.raises(UserFault, match=r"disclosure\.threshold: 2"):
        check_rule(lax, simulated=False)


def test_only_what_was_released_can_be_written(tmp_path):
    rows = rows_of("trajectory", ["mean"], [4.0])
    with pytest.raises(ValueError, match="must have gone through"):
        write_released(rows, tmp_path / "table.csv")
    with pytest.raises(ValueError, match="must have gone through"):
        together([release(rows, "process", RULE), rows])
    write_released(together([release(rows, "process", RULE)] * 2), tmp_path / "table.csv")
    assert len(pd.read_csv(tmp_path / "table.csv")) == 2


def test_releasing_again_changes_nothing_and_order_does_not_matter():
    terms = ["ruptured", "ruptured_excess", "episodes"]
    rows = rows_of("rupture", terms, [0.05, 0.01, 0.3], note=["3 engagements", "", ""])
    once = release(rows, "process", RULE)
    pd.testing.assert_frame_equal(release(once, "process", RULE), once)
    turned = release(rows.iloc[::-1], "process", RULE).sort_index()
    pd.testing.assert_frame_equal(turned, once)
