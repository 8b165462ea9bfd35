import numpy as np
import pytest

from analysis.contract.estimates import as_estimates
from analysis.contract.plan import ComparisonPlan
from analysis.evidence.lines import out_of_sample
from analysis.evidence.lines.out_of_sample import prediction_rows

PLAN = ComparisonPlan(repeats=4, permutations=99)


def predict(cases, baseline=None, plan=PLAN, seed=1, **keywords):
    rows = prediction_rows(cases, baseline, plan, np.random.default_rng(seed), **keywords)
    return as_estimates(rows).set_index(["term", "method"])


def test_the_better_rating_predicts_better_and_the_rows_add_up(lines):
    values, codes = lines.simulate_values(
        np.random.default_rng(1), clusters=60, truth=(0.6, 0.2), shared=0.1
    )
    table = predict(lines.cases_of(values, codes))
    r2 = table["estimate"].xs("ridge", level="method")
    row = table.loc["difference", "ridge_corrected_t"]
    assert row["estimate"] == pytest.approx(r2["r2_advisee"] - r2["r2_advisor"], abs=1e-12)
    assert row["conf_low"] > 0
    assert row["df"] == 4 * 5 - 1
    assert "approximate" in row["note"]
    # truth: .36 and .04 in the population, less what estimation costs
    assert 0.25 < r2["r2_advisee"] < 0.45
    assert -0.02 < r2["r2_advisor"] < 0.12
    assert r2["r2_both"] > r2["r2_advisee"] - 0.02
    assert "r2_baseline" not in r2
    assert table.loc[("r2_gain", "permutation"), "p_value"] == pytest.approx(0.01)


def test_a_baseline_enters_every_model_and_is_not_credited_to_the_ratings(lines):
    rng = np.random.default_rng(2)
    values, codes = lines.simulate_values(rng, clusters=40, truth=(0.0, 0.0))
    before = rng.normal(size=(len(values), 1))
    values[:, 0] += 2 * before[:, 0]
    table = predict(lines.cases_of(values, codes), before)
    r2 = table["estimate"].xs("ridge", level="method")
    assert r2["r2_baseline"] > 0.6
    assert abs(r2["r2_both"] - r2["r2_baseline"]) < 0.03
    gain = table.loc["r2_gain", "permutation"]
    assert gain["estimate"] == pytest.approx(r2["r2_both"] - r2["r2_baseline"], abs=1e-12)
    assert gain["p_value"] > 0.05
    assert "Monte Carlo error" in gain["note"]


def test_trees_of_a_large_programme_are_grown_on_advisors_drawn_and_say_so(lines, monkeypatch):
    values, codes = lines.simulate_values(np.random.default_rng(5), clusters=90)
    monkeypatch.setattr(out_of_sample, "MOST_BOOSTED", 10)  # fewer than any fifty advisors have
    table = predict(lines.cases_of(values, codes), boosting=True)
    row = table.loc["r2_advisee", "boosting"]
    assert row["n_advisors"] == out_of_sample.FEWEST_DRAWN == 50
    assert row["n_engagements"] < len(values) == table.loc["r2_advisee", "ridge"]["n_engagements"]
    assert np.isfinite(row["estimate"])
    assert "the engagements of 50 advisors drawn at random" in row["note"]


def test_neither_the_order_of_rows_nor_names_have_a_part_in_it(lines):
    values, codes = lines.simulate_values(np.random.default_rng(3), clusters=25)
    table = predict(lines.cases_of(values, codes))
    rng = np.random.default_rng(4)
    shuffle, names = rng.permutation(len(values)), rng.permutation(25)
    again = predict(lines.cases_of(values[shuffle], names[codes[shuffle]]))
    numbers = ["estimate", "conf_low", "conf_high", "p_value"]
    assert np.allclose(table[numbers], again[numbers], rtol=0, atol=1e-10, equal_nan=True)


def test_units_do_not_matter(lines):
    values, codes = lines.simulate_values(np.random.default_rng(5))
    table = predict(lines.cases_of(values, codes))
    scaled = predict(lines.cases_of(values * [100, 0.01, 7] + [5, 900, -3], codes))
    assert np.allclose(table["estimate"], scaled["estimate"], atol=1e-9)


def test_trees_find_a_curve_that_the_ridge_misses(lines):
    rng = np.random.default_rng(6)
    values, codes = lines.simulate_values(rng, clusters=50, truth=(0.0, 0.0))
    values[:, 0] += 1.5 * values[:, 1] ** 2
    table = predict(lines.cases_of(values, codes), boosting=True)["estimate"]
    assert table["r2_advisee", "boosting"] > 0.4 > 0.2 > table["r2_advisee", "ridge"]
    assert table["difference", "boosting_corrected_t"] == pytest.approx(
        table["r2_advisee", "boosting"] - table["r2_advisor", "boosting"], abs=1e-12
    )


def test_a_binary_outcome_is_scored_by_brier(lines):
    values, codes = lines.simulate_values(np.random.default_rng(7))
    values[:, 0] = values[:, 0] > 0.3
    table = predict(lines.cases_of(values, codes))
    assert "Brier" in table.loc[("r2_both", "ridge"), "note"]


def test_what_cannot_be_answered_is_one_row_with_its_reason(bad):
    _, cases = bad
    (row,) = prediction_rows(cases, None, PLAN, np.random.default_rng(0), boosting=True)
    assert np.isnan(row["estimate"])
    assert row["note"].startswith("line not given")


def test_fewer_advisors_than_folds_are_refused(lines):
    values, codes = lines.simulate_values(np.random.default_rng(8), clusters=4, size=30)
    (row,) = prediction_rows(lines.cases_of(values, codes), None, PLAN, np.random.default_rng(0))
    assert "4 clusters cannot be divided into 5 folds" in row["note"]


def test_advisors_with_one_advisee_each_are_as_good_as_any(lines):
    table = predict(lines.each_advisor_once())
    assert np.isfinite(table.loc[("difference", "ridge_corrected_t"), "conf_low"])


def clustered_null(rng, advisors):
    """Ratings that have nothing to do with the outcome, all clustered, caseloads very unequal."""
    sizes = rng.choice([2, 4, 8, 16, 30], size=advisors, p=[0.25, 0.25, 0.25, 0.15, 0.1])
    codes = np.repeat(np.arange(advisors), sizes)
    share = np.array([0.25, 0.15, 0.35])
    between = rng.normal(size=(advisors, 3))[codes] * np.sqrt(share)
    return between + rng.normal(size=(len(codes), 3)) * np.sqrt(1 - share), codes


@pytest.mark.slow
@pytest.mark.parametrize("advisors", [60, 18])
def test_the_permutation_keeps_its_level_when_all_is_clustered(lines, advisors):
    rng = np.random.default_rng(advisors)
    plan = ComparisonPlan(repeats=4, permutations=39)
    runs = 500
    rejected = 0
    for _ in range(runs):
        values, codes = clustered_null(rng, advisors)
        rows = prediction_rows(lines.cases_of(values, codes), None, plan, rng)
        (row,) = [row for row in rows if row["method"] == "permutation"]
        rejected += row["p_value"] <= 0.05
    # unequal caseloads make it approximate: at most 2.5 points off, and Monte Carlo error
    assert abs(rejected / runs - 0.05) < 0.025 + 3 * np.sqrt(0.05 * 0.95 / runs)
