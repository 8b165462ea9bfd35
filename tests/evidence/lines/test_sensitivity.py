import numpy as np
import pytest
from scipy.stats import spearmanr

from analysis.contract.estimates import as_estimates
from analysis.contract.plan import ComparisonPlan
from analysis.evidence.lines.sensitivity import sensitivity_rows

PLAN = ComparisonPlan()


def test_a_continuous_outcome_needs_none(lines):
    assert sensitivity_rows(lines.each_advisor_once(), PLAN) == []


def test_an_ordinal_outcome_gets_spearman(lines):
    values, codes = lines.simulate_values(np.random.default_rng(1), clusters=25)
    values[:, 0] = np.round(values[:, 0])
    table = as_estimates(sensitivity_rows(lines.cases_of(values, codes), PLAN))
    r = [spearmanr(values[:, 0], values[:, i])[0] for i in (1, 2)]
    assert table["estimate"].to_numpy() == pytest.approx([*r, r[0] - r[1]], abs=1e-12)
    last = table.iloc[-1]
    assert last["conf_low"] < last["estimate"] < last["conf_high"]
    assert "ordinal" in last["note"]


def test_a_binary_outcome_gets_areas_whose_null_is_a_half(lines):
    values, codes = lines.simulate_values(np.random.default_rng(2), clusters=25)
    values[:, 0] = np.where(values[:, 0] > 0, -1.0, -2.0)
    table = as_estimates(sensitivity_rows(lines.cases_of(values, codes), PLAN))
    assert table["term"].tolist() == ["auc", "auc", "difference"]
    assert (table["estimate"].iloc[:2] > 0.5).all()
    assert table["p_value"].notna().tolist() == [False, False, True]


def test_the_difference_of_areas_covers_none_where_there_is_none(lines):
    rng = np.random.default_rng(3)
    runs, hits = 200, 0
    for _ in range(runs):
        values, codes = lines.simulate_values(rng, clusters=30, truth=(0.3, 0.3))
        values[:, 0] = values[:, 0] > 0.5
        row = sensitivity_rows(lines.cases_of(values, codes), PLAN)[-1]
        hits += row["conf_low"] < 0 < row["conf_high"]
    assert abs(hits / runs - 0.95) < 3 * np.sqrt(0.95 * 0.05 / runs)


def test_what_cannot_be_answered_has_a_note_and_no_interval(bad, lines):
    name, cases = bad
    values = cases.values.copy()
    values[:, 0] = np.round(values[:, 0])
    rows = sensitivity_rows(lines.cases_of(values, cases.codes), PLAN)
    if name == "12 engagements":
        assert rows[-1]["df"] == cases.n_clusters - 1
    else:
        assert rows
        assert all(np.isnan(row["conf_low"]) and row["note"] for row in rows)
