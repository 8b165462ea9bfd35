from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.evidence.cells import collect_cells
from analysis.evidence.covariates import find_covariates, join_covariates

DECLARED = {
    name: SimpleNamespace(timing="prospective", higher_is="better")
    for name in ("goal_attainment", "progress", "effort")
}


def outcome_rows(outcome, source, phase, week, values):
    return [
        {
            "engagement_id": one,
            "outcome": outcome,
            "source": source,
            "phase": phase,
            "week": week,
            "value": value,
        }
        for one, value in values.items()
    ]


def found(rows, coverage=0.5):
    end = dict(zip("abcd", (4.0, 3, 2, 5), strict=True))
    table = pd.DataFrame([*outcome_rows("goal_attainment", "third_party", "end", 30, end), *rows])
    frame = pd.DataFrame(
        {"engagement_id": list("abcd"), "window_start_week": 5.0, "window_end_week": 10.0}
    )
    cell = next(c for c in collect_cells(frame, table, DECLARED) if c.phase == "end")
    return find_covariates(cell, frame, table, coverage)


def test_the_same_source_is_preferred_and_the_last_week_before_the_window_counts():
    covariates = found(
        [
            *outcome_rows("goal_attainment", "advisee", "baseline", 0, {"a": 9, "b": 9, "c": 9}),
            *outcome_rows("goal_attainment", "third_party", "baseline", 0, {"a": 1, "b": 2}),
            *outcome_rows("progress", "record", "during", 2, {"a": 5, "b": 6, "c": 7}),
            *outcome_rows("progress", "record", "during", 4, {"a": 8}),
            *outcome_rows("progress", "record", "during", 5, {"b": 99}),
            *outcome_rows("effort", "record", "baseline", 0, {"a": 1, "b": 2, "c": 3}),
        ]
    )
    assert covariates.names == (
        "goal_attainment by third_party (baseline)",
        "progress by record (before the window)",
    )
    table = covariates.table
    assert table.iloc[:, 0].loc[["a", "b"]].tolist() == [1, 2]
    assert table.iloc[:, 0].loc[["c", "d"]].isna().all()
    assert table.iloc[:, 1].loc[["a", "b", "c"]].tolist() == [8, 6, 7]


def test_another_source_serves_when_the_cells_own_has_none():
    covariates = found(
        [
            *outcome_rows("goal_attainment", "advisee", "baseline", 0, {"a": 9, "b": 9, "c": 9}),
            *outcome_rows("goal_attainment", "advisor", "baseline", 0, {"a": 9, "b": 9, "c": 9}),
        ]
    )
    assert covariates.names == ("goal_attainment by advisee (baseline)",)


def test_a_covariate_that_few_have_is_left_out_and_named():
    covariates = found(outcome_rows("progress", "record", "during", 2, {"a": 5}))
    assert covariates.names == ()
    assert covariates.note == "progress (before the window) is known of only 25%: left out"
    assert covariates.aligned(SimpleNamespace(engagement_ids=np.array(["a"]))) is None


def test_a_baseline_recorded_after_the_window_began_does_not_count():
    rows = outcome_rows("goal_attainment", "third_party", "baseline", 7, {"a": 1, "b": 2, "c": 3})
    assert found(rows).names == ()


def test_progress_without_a_week_does_not_count():
    rows = outcome_rows("progress", "record", "during", np.nan, {"a": 1, "b": 2, "c": 3})
    assert found(rows).names == ()


def test_values_come_in_the_order_of_the_cases():
    rows = outcome_rows("goal_attainment", "record", "baseline", 0, {"b": 2, "a": 1, "c": 3})
    cases = SimpleNamespace(engagement_ids=np.array(["c", "d", "a"]))
    assert found(rows).aligned(cases)[:, 0].tolist() == pytest.approx([3, np.nan, 1], nan_ok=True)


def test_joining_leaves_out_incomplete_engagements_and_constants(lines):
    values, codes = lines.simulate_values(np.random.default_rng(1), clusters=5)
    beside = np.column_stack([np.arange(len(values), dtype=float), np.ones(len(values))])
    beside[codes == 2, 0] = np.nan
    joint = join_covariates(lines.cases_of(values, codes), beside)
    assert joint.cases.n_clusters == 4
    assert joint.places == [3]
    assert joint.sums[:, 0].tolist() == np.bincount(codes)[[0, 1, 3, 4]].tolist()
    assert "does not vary" in joint.note
