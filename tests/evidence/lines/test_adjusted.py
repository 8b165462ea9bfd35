import numpy as np
import pytest

from analysis.contract.estimates import as_estimates
from analysis.contract.plan import ComparisonPlan
from analysis.evidence.lines.adjusted import adjusted_rows

PLAN = ComparisonPlan()
METHODS = ["jackknife_fisher_z", "jackknife_fisher_z", "jackknife", "jackknife_90"]


def residual(y, covariates):
    design = np.column_stack([np.ones(len(y)), covariates])
    return y - design @ np.linalg.lstsq(design, y, rcond=None)[0]


def r(x, y):
    return np.corrcoef(x, y)[0, 1]


def semipartial_difference(values, covariates):
    y, a, b = values.T
    return r(y, residual(a, covariates)) - r(y, residual(b, covariates))


def simulate(lines, seed, clusters=30, echo=0.0):
    """Ratings of which the advisor's echoes the baseline by so much; the outcome follows it."""
    rng = np.random.default_rng(seed)
    values, codes = lines.simulate_values(rng, clusters=clusters)
    before = rng.normal(size=len(values))
    values[:, 2] += echo * before
    values[:, 0] += before
    return values, codes, before[:, None]


def test_both_kinds_agree_with_residuals_on_the_rows(lines):
    values, codes, before = simulate(lines, 1, echo=0.7)
    covariates = np.column_stack([before, values[:, 1] + np.cos(np.arange(len(values)))])
    rows = adjusted_rows(lines.cases_of(values, codes), covariates, ["x", "z"], PLAN)
    y, a, b = values.T
    assert [row["method"] for row in rows] == [*METHODS, "partial_jackknife"]
    assert rows[0]["estimate"] == pytest.approx(r(y, residual(a, covariates)), abs=1e-12)
    assert rows[1]["estimate"] == pytest.approx(r(y, residual(b, covariates)), abs=1e-12)
    expected = semipartial_difference(values, covariates)
    assert rows[2]["estimate"] == pytest.approx(expected, abs=1e-12)
    left = [residual(v, covariates) for v in (y, a, b)]
    partial = r(left[0], left[1]) - r(left[0], left[2])
    assert rows[4]["estimate"] == pytest.approx(partial, abs=1e-12)
    assert "adjusted for x, z" in rows[2]["note"]


def test_the_interval_leaves_out_each_advisor_in_turn(lines):
    values, codes, before = simulate(lines, 2, echo=0.7)
    g = codes.max() + 1
    without = np.array(
        [semipartial_difference(values[codes != k], before[codes != k]) for k in range(g)]
    )
    row = adjusted_rows(lines.cases_of(values, codes), before, ["x"], PLAN)[2]
    se = np.sqrt((g - 1) / g * ((without - without.mean()) ** 2).sum())
    assert row["std_error"] == pytest.approx(se, rel=1e-9)


def test_covariates_that_go_with_neither_rating_change_nothing(lines):
    values, codes, _ = simulate(lines, 3)
    n = len(values)
    centred = values - values.mean(axis=0)
    noise = np.random.default_rng(3).normal(size=n)
    apart = residual(noise, centred[:, 1:])[:, None]
    plain = r(*values[:, [0, 1]].T) - r(*values[:, [0, 2]].T)
    rows = adjusted_rows(lines.cases_of(values, codes), apart, ["x"], PLAN)
    assert rows[2]["estimate"] == pytest.approx(plain, abs=1e-12)


def test_an_advisor_who_only_echoes_the_baseline_loses_to_the_adjustment(lines):
    """Truth: r is .4 and .2 beside what the baseline gives; D is biased unless it is taken out."""
    rng = np.random.default_rng(4)
    plain, adjusted, hits, runs = [], [], 0, 200
    # Y = y + c, B = b + c; with C out of the ratings, r = .4 / sqrt(2) and .2 / sqrt(2).
    truth = (0.4 - 0.2) / np.sqrt(2)
    for _ in range(runs):
        values, codes, before = simulate(lines, int(rng.integers(2**31)), clusters=40, echo=1.0)
        plain.append(r(*values[:, [0, 1]].T) - r(*values[:, [0, 2]].T))
        row = adjusted_rows(lines.cases_of(values, codes), before, ["x"], PLAN)[2]
        adjusted.append(row["estimate"])
        hits += row["conf_low"] < truth < row["conf_high"]
    error = np.std(adjusted, ddof=1) / np.sqrt(runs)
    assert abs(np.mean(adjusted) - truth) < 3 * error
    assert np.mean(plain) < -0.2
    assert abs(hits / runs - 0.95) < 3 * np.sqrt(0.95 * 0.05 / runs)


def test_lost_engagements_are_counted_and_shown_unadjusted(lines):
    values, codes, before = simulate(lines, 5)
    before[:9] = np.nan
    rows = adjusted_rows(lines.cases_of(values, codes), before, ["x"], PLAN)
    assert {row["n_engagements"] for row in rows} == {len(values) - 9}
    plain = r(*values[9:, [0, 1]].T) - r(*values[9:, [0, 2]].T)
    assert f"9 of {len(values)} engagements lack a covariate" in rows[2]["note"]
    assert f"is {plain:.3f}" in rows[2]["note"]


def test_a_covariate_given_twice_counts_once(lines):
    values, codes, before = simulate(lines, 6, echo=0.5)
    cases = lines.cases_of(values, codes)
    once = adjusted_rows(cases, before, ["x"], PLAN)[2]
    twice = adjusted_rows(cases, np.column_stack([before, 3 - before]), ["x", "z"], PLAN)[2]
    assert twice["estimate"] == pytest.approx(once["estimate"], abs=1e-8)
    assert twice["conf_low"] == pytest.approx(once["conf_low"], abs=1e-7)


def test_without_covariates_there_is_nothing_to_adjust_for(lines):
    (row,) = adjusted_rows(lines.each_advisor_once(), None, (), PLAN)
    assert "nothing to adjust for" in row["note"]
    assert np.isnan(row["estimate"])


def test_what_cannot_be_answered_has_a_note_and_no_interval(bad):
    name, cases = bad
    rows = adjusted_rows(cases, np.sin(np.arange(cases.n))[:, None], ["x"], PLAN)
    as_estimates(rows)
    assert all(np.isnan(row["conf_low"]) and row["note"] for row in rows)
    if name != "one advisor":
        assert np.isnan(rows[0]["estimate"])


def test_a_covariate_that_is_the_rating_leaves_nothing_of_it(lines):
    values, codes, _ = simulate(lines, 7)
    rows = adjusted_rows(lines.cases_of(values, codes), values[:, [1]], ["x"], PLAN)
    assert np.isnan(rows[2]["estimate"])
    assert "not defined" in rows[2]["note"]
