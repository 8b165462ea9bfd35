from types import SimpleNamespace

import numpy as np
import pandas as pd

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.grid import compare_all_cells
from analysis.present.lines import read_cells


def test_the_primary_cell_comes_first_and_sources_follow_the_vocabulary(tables):
    cells = read_cells(tables["coaching"])
    assert [(cell.outcome, cell.source, cell.primary) for cell in cells] == [
        ("goal_attainment", "third_party", True),
        ("goal_attainment", "advisee", False),
        ("satisfaction", "advisor", False),
    ]
    assert [cell.same_source for cell in cells] == ["", "advisee", "advisor"]


def test_a_table_read_back_from_csv_says_the_same(in_memory, tmp_path):
    in_memory.to_csv(tmp_path / "comparison.csv", index=False)
    read = read_cells(pd.read_csv(tmp_path / "comparison.csv"))
    for cell, again in zip(read_cells(in_memory), read, strict=True):
        assert (cell.outcome, cell.verdict, cell.reason) == (
            again.outcome,
            again.verdict,
            again.reason,
        )
        np.testing.assert_allclose(cell.difference.low, again.difference.low, rtol=1e-12)


def test_the_difference_is_the_clustered_line_with_the_interval_of_record(tables):
    table = tables["coaching"]
    cell = read_cells(table)[0]
    rows = table[table["primary"] & (table["method"] == "jackknife")].set_index("analysis")
    assert cell.difference.low == rows.loc["clustered", "conf_low"]
    assert cell.corrected.estimate == rows.loc["disattenuated", "estimate"]
    assert cell.n == 160
    assert cell.n_clusters == 20


def test_a_lone_raters_correlation_is_kept_with_the_reason_for_no_difference(tables):
    cell = read_cells(tables["support"])[0]
    assert set(cell.correlations) == {"advisee"}
    assert not cell.difference.given
    assert cell.verdict == "not_testable"
    assert "advisor are missing" in cell.reason


def test_a_primary_cell_without_values_is_a_cell_all_the_same(tables):
    cell = read_cells(tables["mentoring"])[0]
    assert (cell.outcome, cell.primary, cell.verdict) == ("retention", True, "not_testable")
    assert "no values of retention" in cell.reason
    assert np.isnan(cell.n)


def test_a_dataset_without_any_outcome_is_one_cell_that_says_so():
    nothing = compare_all_cells(
        pd.DataFrame({"engagement_id": ["e1"], "advisor_id": ["a1"], "advisee_total": [3.0]}),
        pd.DataFrame(columns=["engagement_id", "outcome", "source", "phase", "value"]),
        None,
        None,
        {},
        ComparisonPlan(resamples=99),
        "advisor_id",
        SimpleNamespace(outcome="progress", source="record", phase="end"),
    )
    (cell,) = read_cells(nothing)
    assert (cell.outcome, cell.primary, cell.timing) == ("progress", True, "")
    assert cell.verdict == "not_testable"


def _with_disattenuated(table, rows):
    """The primary cell with other disattenuated rows: method to estimate."""
    primary = table[table["primary"]]
    kept = primary[primary["analysis"] != "disattenuated"]
    pattern = primary[primary["analysis"] == "disattenuated"].iloc[0]
    made = pd.DataFrame(
        [{**pattern, "method": method, "estimate": value} for method, value in rows.items()]
    )
    return read_cells(pd.concat([kept, made]))[0].corrected.estimate


def test_omega_corrects_only_where_window_means_tell_nothing(tables):
    table = tables["coaching"]
    by_omega = {"omega_jackknife": 0.3, "omega_jackknife_90": 0.3}
    assert _with_disattenuated(table, {"jackknife": np.nan, **by_omega}) == 0.3
    # Known to be too unreliable: the narrower row stands there, without a value.
    known = {"jackknife": np.nan, "jackknife_90": np.nan}
    assert np.isnan(_with_disattenuated(table, {**known, **by_omega}))


def test_an_interval_that_could_not_be_given_says_why(tables):
    table = tables["coaching"].copy()
    own = table["primary"] & (table["analysis"] == "clustered") & (table["method"] == "jackknife")
    table.loc[own, ["conf_low", "conf_high"]] = np.nan
    table.loc[own, "note"] = "one cluster: no interval can be given"
    cell = read_cells(table)[0]
    assert cell.difference.given
    assert not cell.difference.has_limits
    assert cell.reason == "one cluster: no interval can be given"
