"""Many data sets at once give what one comparison gives of each."""

import numpy as np
import pytest

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.calibration.batched import closed_form_rows, rows_of_sums, sum_batch
from analysis.evidence.calibration.calibrated_lines import RATINGS, as_data_set
from analysis.evidence.comparison import compare_raters
from analysis.simulate.designs import Design, draw_batch
from analysis.simulate.scenarios import find_scenario

PLAN = ComparisonPlan(resamples=99)
NUMBERS = ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")


def one_comparison(batch, place):
    data = as_data_set(batch, place)
    table = compare_raters(
        data.frame, "outcome", *RATINGS, "advisor_id", PLAN, occasions=data.occasions, lines=()
    )
    return table.set_index(["analysis", "method"]).sort_index()


@pytest.mark.parametrize(
    "name", ["clustered_12", "unequal_reliability", "missing", "ceiling", "true_difference"]
)
def test_every_row_and_the_verdict_are_those_of_a_comparison(name):
    batch = draw_batch(find_scenario(name).design, 3, np.random.default_rng(8))
    for place, rows in enumerate(closed_form_rows(batch, PLAN)):
        table = one_comparison(batch, place)
        assert len(rows) == 6 + 2 + 2 + 1
        for row in rows:
            same = table.loc[[(row["analysis"], row["method"])]].iloc[0]
            for number in NUMBERS:
                if number in row:
                    assert row[number] == pytest.approx(same[number], abs=1e-10, nan_ok=True)
        assert rows[-1]["verdict"] == table.loc["verdict"]["verdict"].iloc[0]
        assert rows[-1]["note"] == table.loc["verdict"]["note"].iloc[0]


def test_a_reliability_too_low_withholds_the_line_and_the_winner():
    design = Design(20, 200, reliability=(0.9, 0.3), validity=(0.6, 0.3))
    batch = draw_batch(design, 4, np.random.default_rng(9))
    for place, rows in enumerate(closed_form_rows(batch, PLAN)):
        by_line = {row["analysis"]: row for row in rows}
        assert np.isnan(by_line["disattenuated"]["estimate"])
        assert by_line["verdict"]["verdict"] == "inconclusive"
        assert (
            by_line["verdict"]["note"]
            == one_comparison(batch, place).loc["verdict"]["note"].iloc[0]
        )


def test_one_occasion_leaves_the_clustered_line_to_decide():
    batch = draw_batch(Design(20, 200, occasions=1), 2, np.random.default_rng(10))
    for rows in closed_form_rows(batch, PLAN):
        assert "uncorrected for reliability" in rows[-1]["note"]


def test_an_outcome_that_one_of_the_two_gave_decides_nothing():
    batch = draw_batch(Design(20, 200), 2, np.random.default_rng(11))
    for rows in closed_form_rows(batch, PLAN, source="advisee"):
        assert rows[-1]["verdict"] == "not_testable"


def test_the_first_advisors_are_a_study_of_their_own():
    batch = draw_batch(Design(30, 240), 2, np.random.default_rng(12))
    few = list(rows_of_sums(sum_batch(batch).first(12), PLAN))
    kept = batch.codes < 12
    from dataclasses import replace

    smaller = replace(
        batch,
        outcome=batch.outcome[kept],
        scores=batch.scores[kept],
        replied=batch.replied[kept],
        codes=batch.codes[kept],
    )
    for rows, same in zip(few, closed_form_rows(smaller, PLAN), strict=True):
        for row, other in zip(rows, same, strict=True):
            assert row["estimate"] == pytest.approx(other["estimate"], abs=1e-10)
            assert row.get("conf_low", 0) == pytest.approx(
                other.get("conf_low", 0), abs=1e-10, nan_ok=True
            )


def test_data_sets_with_missing_replies_are_not_summed_together():
    batch = draw_batch(Design(20, 200, answered=0.5), 2, np.random.default_rng(13))
    with pytest.raises(ValueError, match="one at a time"):
        sum_batch(batch)
