"""The calibration itself, at a size that a test can afford; the bars' full proof is committed."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.plan import CalibrationPlan, ComparisonPlan, Plan
from analysis.evidence.calibration.bars import BARS
from analysis.evidence.calibration.calibrated_lines import LINES
from analysis.evidence.calibration.calibration import (
    COLUMNS,
    calibrate,
    failed_bars,
    true_differences,
)
from analysis.simulate.designs import draw_batch
from analysis.simulate.scenarios import SCENARIOS, find_scenario

CLOSED = tuple(line for line in LINES if line.name == "closed_form")


def plan_of(**numbers) -> Plan:
    return Plan(
        datasets=("any",),
        scoring={},
        comparison=ComparisonPlan(),
        calibration=CalibrationPlan(**{"seed": 3, **numbers}),
    )


def read(table, scenario, analysis, method, term):
    return table.set_index(["scenario", "analysis", "method", "term"]).loc[
        (scenario, analysis, method, term)
    ]


@pytest.fixture(scope="module")
def table():
    return calibrate(plan_of(closed_form=300), lines=CLOSED)


def test_a_smaller_calibration_holds_the_bars(table):
    assert failed_bars(table).empty, failed_bars(table).to_string()
    assert table["passes"].notna().sum() >= 30


def test_it_has_its_columns_and_one_row_for_each_rate(table):
    assert list(table) == list(COLUMNS)
    assert not table.duplicated(["scenario", "analysis", "method", "term"]).any()
    verdicts = table[
        table["term"].isin(["supported", "opposed", "equivalent", "inconclusive", "not_testable"])
    ]
    shares = verdicts.groupby("scenario")["estimate"].sum()
    np.testing.assert_allclose(shares, 1.0)


def test_it_shows_which_test_lies_when(table):
    # 300 data sets: a rate of .05 has an error of .013, one of .5 of .029.
    naive = read(table, "clustered_60", "naive", "steiger", "rejection")
    assert naive["conf_low"] > 0.12
    unequal = [
        read(table, "unequal_reliability", line, "jackknife", "rejection")["estimate"]
        for line in ("clustered", "disattenuated")
    ]
    assert unequal[0] > 0.4
    assert unequal[1] == pytest.approx(0.05, abs=0.03)
    assert read(table, "missing", "clustered", "jackknife", "bias")["conf_high"] < -0.03
    assert read(table, "same_source", "verdict", "verdict", "not_testable")["estimate"] == 1


def test_the_outcome_is_the_same_for_any_number_of_processes_and_for_single_scenarios(table):
    some = [find_scenario(name) for name in ("clustered_12", "missing")]
    plan = plan_of(closed_form=100)
    one, two = (calibrate(plan, processes=n, scenarios=some, lines=CLOSED) for n in (1, 2))
    pd.testing.assert_frame_equal(one, two)
    alone = calibrate(plan, scenarios=some[1:], lines=CLOSED)
    pd.testing.assert_frame_equal(
        one[one["scenario"] == "missing"].reset_index(drop=True), alone, check_dtype=False
    )


@pytest.mark.parametrize("name", ["unequal_reliability", "same_source", "true_difference"])
def test_the_stated_truth_is_what_many_engagements_show(name):
    scenario = find_scenario(name)
    values = draw_batch(scenario.design, 200, np.random.default_rng(4)).values()
    pooled = np.corrcoef(values.reshape(-1, 3).T)
    # 240,000 engagements of 12,000 advisors: the error of D is about .004 with their clustering.
    assert pooled[0, 1] - pooled[0, 2] == pytest.approx(
        true_differences(scenario).observed, abs=0.013
    )


def test_a_ceiling_bends_the_truth_and_the_simulated_truth_says_how_exactly():
    truth = true_differences(find_scenario("ceiling"))
    assert truth.difference == 0
    assert -0.05 < truth.observed < -0.02
    assert truth.error < 0.0015


def test_a_failing_bar_is_found():
    # A level of .80 is no level of .95: the line claims a difference four times too often.
    plan = plan_of(closed_form=600)
    loose = plan.model_copy(
        update={"comparison": ComparisonPlan(confidence=0.80, equivalence_confidence=0.80)}
    )
    found = failed_bars(calibrate(loose, scenarios=[find_scenario("clustered_12")], lines=CLOSED))
    assert {"rejection", "coverage"} <= set(found["term"])


def test_every_bar_stands_on_a_rate_that_is_there(table):
    named = {one.name for one in SCENARIOS}
    for bar in BARS:
        assert set(bar.scenarios) <= named
        if bar.line in (("imputed", "rubin"), ("verdict", "verdict_imputed")):
            continue  # fitted over and over: held by the slow calibration
        for scenario in bar.scenarios:
            assert read(table, scenario, *bar.line, bar.term)["n_datasets"] > 0


@pytest.mark.slow
def test_every_line_is_calibrated():
    table = calibrate(plan_of(closed_form=1500, resampled=100, refitted=50))
    assert failed_bars(table).empty, failed_bars(table).to_string()
    lines = set(zip(table["analysis"], table["method"], strict=True))
    assert {
        ("clustered", "bca"),
        ("disattenuated", "percentile"),
        ("disattenuated", "omega_jackknife"),
        ("multilevel", "reml_or_cr2"),
        ("out_of_sample", "ridge_corrected_t"),
        ("imputed", "rubin"),
    } <= lines
    # 100 data sets: a rate of .05 has an error of .022.
    for method in ("percentile", "bca"):
        found = read(table, "independent", "clustered", method, "coverage")
        assert found["estimate"] > 0.95 - 4 * 0.022
