import numpy as np
import pandas as pd
import pytest

from analysis.contract.estimates import as_estimates
from analysis.contract.plan import ComparisonPlan
from analysis.evidence.lines.incremental import incremental_rows

PLAN = ComparisonPlan()


def r_squared(y, *columns):
    design = np.column_stack([np.ones(len(y)), *columns])
    residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return 1 - residual @ residual / ((y - y.mean()) ** 2).sum()


def values_with_baseline(lines, seed):
    rng = np.random.default_rng(seed)
    values, codes = lines.simulate_values(rng)
    baseline = np.column_stack(
        [values[:, 0] + rng.normal(size=len(values)), rng.normal(size=len(values))]
    )
    return values, codes, baseline


def pick(rows, term, rater=None):
    table = as_estimates(rows)
    own = table[table["term"] == term]
    if rater:
        own = own[own["rater"] == rater]
    assert len(own) == 1
    return own.iloc[0]


def test_every_r_squared_agrees_with_regressions_on_the_rows(lines):
    values, codes, baseline = values_with_baseline(lines, 1)
    y, a, b = values.T
    alone = r_squared(y, baseline)
    with_a, with_b = r_squared(y, baseline, a), r_squared(y, baseline, b)
    both = r_squared(y, baseline, a, b)
    rows = incremental_rows(lines.cases_of(values, codes), baseline, PLAN)
    expected = {
        ("r2_baseline", None): alone,
        ("r2_both", None): both - alone,
        ("r2_shared", None): with_a + with_b - both - alone,
        ("r2_added", "advisee"): with_a - alone,
        ("r2_added", "advisor"): with_b - alone,
        ("r2_unique", "advisee"): both - with_b,
        ("r2_unique", "advisor"): both - with_a,
        ("general_dominance", "advisee"): ((with_a - alone) + (both - with_b)) / 2,
        ("general_dominance", "advisor"): ((with_b - alone) + (both - with_a)) / 2,
        ("difference", None): with_a - with_b,
    }
    for (term, rater), value in expected.items():
        assert pick(rows, term, rater)["estimate"] == pytest.approx(value, abs=1e-12)


def test_without_a_baseline_the_difference_is_that_of_squared_correlations(lines):
    values, codes = lines.simulate_values(np.random.default_rng(2))
    r = np.corrcoef(values.T)[0]
    row = pick(incremental_rows(lines.cases_of(values, codes), None, PLAN), "difference")
    assert row["estimate"] == pytest.approx(r[1] ** 2 - r[2] ** 2, abs=1e-12)
    assert "not counted" in row["note"]


def test_the_interval_leaves_out_each_advisor_in_turn(lines):
    values, codes, baseline = values_with_baseline(lines, 3)

    def statistic(rows):
        y, a, b = values[rows].T
        return r_squared(y, baseline[rows], a) - r_squared(y, baseline[rows], b)

    g = codes.max() + 1
    without = np.array([statistic(codes != one) for one in range(g)])
    row = pick(incremental_rows(lines.cases_of(values, codes), baseline, PLAN), "difference")
    se = np.sqrt((g - 1) / g * ((without - without.mean()) ** 2).sum())
    assert row["std_error"] == pytest.approx(se, rel=1e-9)
    assert row["df"] == g - 1


def test_engagements_without_a_covariate_are_left_out_and_counted(lines):
    values, codes, baseline = values_with_baseline(lines, 4)
    baseline[:7, 0] = np.nan
    row = pick(incremental_rows(lines.cases_of(values, codes), baseline, PLAN), "difference")
    assert row["n_engagements"] == len(values) - 7
    assert f"7 of {len(values)} engagements lack a covariate" in row["note"]


def test_the_interval_covers_the_truth(lines):
    rng = np.random.default_rng(5)
    truth, runs, hits = 0.4**2 - 0.2**2, 300, 0
    for _ in range(runs):
        values, codes = lines.simulate_values(rng, clusters=40, truth=(0.4, 0.2))
        row = incremental_rows(lines.cases_of(values, codes), None, PLAN)[-1]
        hits += row["conf_low"] < truth < row["conf_high"]
    # .95 within three Monte Carlo standard errors
    assert abs(hits / runs - 0.95) < 3 * np.sqrt(0.95 * 0.05 / runs)


def test_what_cannot_be_answered_has_a_note_and_no_interval(bad):
    name, cases = bad
    rows = incremental_rows(cases, None, PLAN)
    last = rows[-1]
    assert last["term"] == "difference"
    assert np.isnan(last["conf_low"])
    assert last["note"]
    if name != "one advisor":
        assert len(rows) == 1
        assert np.isnan(last["estimate"])


def test_advisors_with_one_advisee_each_are_as_good_as_any(lines):
    row = pick(incremental_rows(lines.each_advisor_once(), None, PLAN), "difference")
    assert np.isfinite(row["conf_low"])
    assert row["n_advisors"] == row["n_engagements"]


def test_covariates_that_are_not_aligned_are_refused(lines):
    with pytest.raises(ValueError, match="engagements need"):
        incremental_rows(lines.each_advisor_once(), np.ones((3, 1)), PLAN)


def test_rows_are_in_the_vocabulary(lines):
    assert isinstance(
        as_estimates(incremental_rows(lines.each_advisor_once(), None, PLAN)), pd.DataFrame
    )
