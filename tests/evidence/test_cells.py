from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.evidence.cells import collect_cells

PROSPECTIVE = SimpleNamespace(timing="prospective", higher_is="better")
CONCURRENT = SimpleNamespace(timing="concurrent", higher_is="better")
COMPLAINTS = SimpleNamespace(timing="prospective", higher_is="worse")

#: Three engagements whose windows run from week 2 to week 6; the fourth has no rating.
FRAME = pd.DataFrame(
    {
        "engagement_id": ["a", "b", "c", "unrated"],
        "window_start_week": [2.0, 2, 2, np.nan],
        "window_end_week": [6.0, 6, 6, np.nan],
    }
)


def outcomes(values, weeks=None, phase="end", source="record", outcome="renewal", ids="abc"):
    table = pd.DataFrame(
        {
            "engagement_id": list(ids),
            "outcome": outcome,
            "source": source,
            "phase": phase,
            "value": values,
        }
    )
    if weeks is not None:
        table["week"] = weeks
    return table


def only_cell(table, declared=PROSPECTIVE, frame=FRAME):
    (cell,) = collect_cells(frame, table, {"renewal": declared})
    return cell


def values_of(cell):
    return cell.values.set_index("engagement_id")["value"].to_dict()


def test_each_outcome_source_and_phase_is_a_cell_and_a_baseline_is_none():
    table = pd.concat(
        [
            outcomes([1, 2, 3.0]),
            outcomes([1, 2, 3.0], source="third_party"),
            outcomes([1, 2, 3.0], phase="follow_up", outcome="complaints"),
            outcomes([1, 2, 3.0], phase="baseline"),
        ]
    )
    cells = collect_cells(FRAME, table, {"renewal": PROSPECTIVE, "complaints": COMPLAINTS})
    assert [cell.key for cell in cells] == [
        ("renewal", "third_party", "end"),
        ("renewal", "record", "end"),
        ("complaints", "record", "follow_up"),
    ]
    assert [cell.refusal for cell in cells] == ["", "", ""]
    assert values_of(cells[2]) == {"a": -1, "b": -2, "c": -3}


@pytest.mark.parametrize(
    ("weeks", "declared", "timing"),
    [
        (None, PROSPECTIVE, "prospective"),
        (None, CONCURRENT, "concurrent"),
        ([np.nan] * 3, PROSPECTIVE, "prospective"),
        ([7, 8, 9], PROSPECTIVE, "prospective"),
        ([7, 8, 9], CONCURRENT, "concurrent"),
        ([7, 8, 6], PROSPECTIVE, "concurrent"),
        ([4, 4, 4], PROSPECTIVE, "concurrent"),
        ([7, 8, np.nan], PROSPECTIVE, "prospective"),
    ],
)
def test_recorded_weeks_decide_the_timing_and_else_the_mapping(weeks, declared, timing):
    cell = only_cell(outcomes([1.0, 2, 3], weeks), declared)
    assert cell.timing == timing
    assert cell.refusal == ""
    assert len(cell.values) == 3


def test_weeks_within_the_window_are_counted():
    cell = only_cell(outcomes([1.0, 2, 3], [7, 6, 4]))
    assert cell.note == "2 values were taken within the alliance window"


def test_an_outcome_wholly_before_the_window_is_refused():
    cell = only_cell(outcomes([1.0, 2, 3], [0, 1, 1.5]))
    assert "strictly before the alliance window" in cell.refusal


def test_values_before_the_window_are_left_out_of_the_rest():
    cell = only_cell(outcomes([1.0, 2, 3], [1, 8, 9]))
    assert values_of(cell) == {"b": 2, "c": 3}
    assert cell.timing == "prospective"
    assert cell.note == "1 values from before the alliance window left out"


def test_the_windows_own_first_week_is_not_before_it():
    cell = only_cell(outcomes([1.0, 2, 3], [2, 8, 9]))
    assert values_of(cell) == {"a": 1, "b": 2, "c": 3}
    assert cell.timing == "concurrent"


def test_without_weeks_of_the_window_the_mapping_decides():
    cell = only_cell(outcomes([1.0, 2, 3], [0, 1, 1]), frame=FRAME[["engagement_id"]])
    assert (cell.refusal, cell.timing) == ("", "prospective")


class TestDuring:
    def test_a_handful_whose_ratings_stopped_early_are_no_picture_of_the_whole(self):
        frame = pd.DataFrame(
            {
                "engagement_id": list("abcde"),
                "window_start_week": 1.0,
                "window_end_week": [2.0, 6, 6, 6, 6],
            }
        )
        table = outcomes([1.0, 2, 3, 4, 5], [4] * 5, phase="during", ids="abcde")
        assert "only 1 of 5 engagements" in only_cell(table, frame=frame).refusal

    def test_only_values_after_the_windows_last_occasion_count(self):
        table = outcomes([1.0, 2, 3, 4], [3, 6, 7, 8], phase="during", ids="abcc")
        cell = only_cell(table)
        assert values_of(cell) == {"c": 4}
        assert cell.timing == "prospective"
        assert cell.note == "2 values not after the alliance window left out"

    def test_the_last_of_several_counts_whatever_their_order(self):
        table = outcomes([5.0, 9, 7], [9, 12, 7], phase="during", ids="aaa")
        for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2]):
            assert values_of(only_cell(table.iloc[order])) == {"a": 9}

    def test_without_weeks_it_counts_only_if_declared_prospective(self):
        table = outcomes([1.0, 2, 3], phase="during")
        assert only_cell(table).refusal == ""
        assert "nothing shows that it came after" in only_cell(table, CONCURRENT).refusal

    def test_with_none_after_the_window_it_is_refused(self):
        cell = only_cell(outcomes([1.0, 2, 3], [4, 5, 6], phase="during"))
        assert cell.refusal == "no value was taken after the window's last occasion"

    def test_an_engagement_without_ratings_still_counts_as_one_that_lacks_them(self):
        table = outcomes([1.0, 2], [8, 8], phase="during", ids=["a", "unrated"])
        assert values_of(only_cell(table)) == {"a": 1, "unrated": 2}


def test_values_of_one_week_are_averaged():
    table = outcomes([1.0, 4, 2], [8, 8, 7], ids="aaa")
    assert values_of(only_cell(table)) == {"a": 2.5}
    assert values_of(only_cell(outcomes([1.0, 4, 2.5], ids="aab"))) == {"a": 2.5, "b": 2.5}


def test_missing_values_and_strangers_make_no_cell():
    assert collect_cells(FRAME, outcomes([np.nan] * 3), {"renewal": PROSPECTIVE}) == []
    assert collect_cells(FRAME, outcomes([1.0, 2, 3], ids="xyz"), {"renewal": PROSPECTIVE}) == []


def test_an_outcome_that_is_not_declared_is_refused():
    with pytest.raises(ValueError, match=r"not declared: \['renewal'\]"):
        collect_cells(FRAME, outcomes([1.0, 2, 3]), {})
