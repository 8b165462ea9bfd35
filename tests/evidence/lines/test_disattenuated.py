import numpy as np
import pandas as pd
import pytest

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cases import complete_cases
from analysis.evidence.comparison import compare_raters
from analysis.evidence.lines.disattenuated import (
    correct_by_omega,
    correct_by_window_mean,
    disattenuated_rows,
)
from analysis.models.resampling import SharedWeights

RATINGS = ("advisee_total", "advisor_total")
NAMES = ("goal_attainment", *RATINGS, "advisor_id")


def cases_of(data):
    return complete_cases(data.frame, *NAMES)


def line(data, plan, **keywords):
    """The disattenuated rows of a comparison, by method."""
    table = compare_raters(data.frame, *NAMES, plan, occasions=data.occasions, **keywords)
    return table[table["analysis"] == "disattenuated"].set_index("method")


def plain_corrected_difference(frame, occasions):
    """D corrected, from rows, with complete occasions: 1 - (s2 within / k) / variance."""
    total = 0.0
    for rating, sign in zip(RATINGS, (1, -1), strict=True):
        wide = occasions[occasions["engagement_id"].isin(frame["engagement_id"])].pivot(
            index="engagement_id", columns="occasion", values=rating
        )
        residual = wide.sub(wide.mean(axis=1), axis=0) - (wide.mean() - wide.to_numpy().mean())
        n, k = wide.shape
        within = (residual**2).to_numpy().sum() / ((n - 1) * (k - 1))
        reliability = 1 - within / k / wide.mean(axis=1).var()
        r = np.corrcoef(frame["goal_attainment"], frame[rating])[0, 1]
        total += sign * r / np.sqrt(reliability)
    return total


def test_the_jackknife_re_estimates_reliability_without_each_cluster(programme, plan):
    data = programme(1, advisors=12, reliability=(0.9, 0.7))
    row = line(data, plan).loc["jackknife"]
    clusters = data.frame["advisor_id"].unique()
    without = np.array(
        [
            plain_corrected_difference(data.frame[data.frame["advisor_id"] != one], data.occasions)
            for one in clusters
        ]
    )
    g = len(clusters)
    se = np.sqrt((g - 1) / g * ((without - without.mean()) ** 2).sum())
    estimate = plain_corrected_difference(data.frame, data.occasions)
    assert row["estimate"] == pytest.approx(estimate, abs=1e-10)
    assert row["std_error"] == pytest.approx(se, abs=1e-10)


def test_the_bootstrap_re_estimates_reliability_in_each_resample(programme):
    data = programme(2, advisors=8, reliability=(0.9, 0.8))
    plan = ComparisonPlan(resamples=99)
    cases = cases_of(data)
    weights = SharedWeights(99, np.random.default_rng(0))
    correction = correct_by_window_mean(cases, data.occasions, RATINGS, plan)
    rows = disattenuated_rows(cases, correction, plan, weights)
    percentile = next(row for row in rows if row["method"] == "percentile")
    replicates = []
    for weight in weights.of(8):
        parts = []
        for one, times in zip(np.unique(data.frame["advisor_id"]), weight, strict=True):
            for copy in range(times):
                own = data.frame[data.frame["advisor_id"] == one]
                parts.append(own.assign(copy=copy))
        frame = pd.concat(parts)
        frame["original"] = frame["engagement_id"]
        frame["engagement_id"] += "-" + frame["copy"].astype(str)
        occasions = frame[["engagement_id", "original"]].merge(
            data.occasions.rename(columns={"engagement_id": "original"}), on="original"
        )
        replicates.append(plain_corrected_difference(frame, occasions))
    assert percentile["std_error"] == pytest.approx(np.std(replicates, ddof=1), abs=1e-9)
    low, high = np.quantile(replicates, [0.025, 0.975])
    assert percentile["conf_low"] == pytest.approx(low, abs=1e-9)
    assert percentile["conf_high"] == pytest.approx(high, abs=1e-9)


def test_it_recovers_the_latent_difference_that_unequal_reliability_hides(programme):
    # No draw is withheld for a low reliability: leaving some out would bias what is averaged.
    plan = ComparisonPlan(resamples=99, minimum_reliability=0.05)
    observed, corrected, covered = [], [], []
    for seed in range(60):
        data = programme(
            seed, advisors=30, caseload=16, latent=(0.45, 0.35), reliability=(0.92, 0.50)
        )
        row = line(data, plan).loc["jackknife"]
        ratings = data.frame[[NAMES[0], *RATINGS]].corr().iloc[0]
        observed.append(ratings[RATINGS[0]] - ratings[RATINGS[1]])
        corrected.append(row["estimate"])
        covered.append(row["conf_low"] <= 0.10 <= row["conf_high"])
    # The latent difference is .10; as observed it is .45 sqrt(.92) - .35 sqrt(.50) = .184.
    # One corrected D has sd of about .065 (n = 450), the mean of 60 about .0084: three of these.
    assert np.mean(corrected) == pytest.approx(0.10, abs=0.025)
    assert np.mean(observed) == pytest.approx(0.184, abs=0.02)
    # Coverage of .95 in 60 has a Monte Carlo sd of .028.
    assert np.mean(covered) >= 0.95 - 3 * 0.028


def test_equal_latent_validity_is_no_winner_once_reliability_is_equalised(programme, plan):
    clustered, corrected = 0, 0
    for seed in range(100):
        data = programme(1000 + seed, advisors=40, caseload=20, reliability=(0.92, 0.55))
        table = compare_raters(data.frame, *NAMES, plan, occasions=data.occasions)
        for analysis in ("clustered", "disattenuated"):
            rows = table[(table["analysis"] == analysis) & (table["method"] == "jackknife")]
            excludes = bool((rows["conf_low"] > 0).any() or (rows["conf_high"] < 0).any())
            clustered += excludes and analysis == "clustered"
            corrected += excludes and analysis == "disattenuated"
    # At a level of .05, more than 12 of 100 come about once in 2,000 times.
    assert corrected <= 12
    assert clustered >= 25


class TestReliabilityTooLow:
    def test_in_the_full_sample(self, programme, plan):
        data = programme(3, reliability=(0.9, 0.2))
        rows = line(data, plan)
        assert rows.index.tolist() == ["jackknife", "jackknife_90", "percentile", "bca"]
        assert rows[["estimate", "std_error", "conf_low", "conf_high"]].isna().all(axis=None)
        assert rows["note"].str.contains("the advisor's reliability is 0.").all()
        assert rows["note"].str.contains("below 0.40: too low to correct by").all()

    def test_when_one_cluster_is_left_out(self, programme):
        data = programme(4, advisors=12, reliability=(0.9, 0.6))
        cases = cases_of(data)
        found = correct_by_window_mean(cases, data.occasions, RATINGS, ComparisonPlan())
        lowest, full = found.replicates[:, 1].min(), found.reliability[1]
        assert lowest < full
        plan = ComparisonPlan(resamples=99, minimum_reliability=(lowest + full) / 2)
        row = line(data, plan).loc["jackknife"]
        assert np.isnan(row["estimate"])
        assert "falls below" in row["note"]
        assert "when one cluster is left out" in row["note"]

    def test_in_some_resamples_withholds_the_bootstrap_alone(self, programme):
        data = programme(4, advisors=12, reliability=(0.9, 0.6))
        cases = cases_of(data)
        found = correct_by_window_mean(cases, data.occasions, RATINGS, ComparisonPlan())
        plan = ComparisonPlan(
            resamples=300, minimum_reliability=found.replicates[:, 1].min() - 1e-6
        )
        rows = line(data, plan)
        assert np.isfinite(rows.loc["jackknife", "conf_low"])
        assert np.isnan(rows.loc["percentile", "conf_low"])
        assert np.isnan(rows.loc["bca", "conf_low"])
        assert "resamples have a reliability below" in rows.loc["percentile", "note"]

    def test_in_a_resample_in_a_thousand_is_counted_and_left_out(self, programme):
        data = programme(5, advisors=40, reliability=(0.9, 0.75))
        cases = cases_of(data)
        weights = SharedWeights(1000, np.random.default_rng(1))
        low, high = 0.40, 0.75
        for _ in range(40):
            plan = ComparisonPlan(resamples=1000, minimum_reliability=(low + high) / 2)
            correction = correct_by_window_mean(cases, data.occasions, RATINGS, plan)
            rows = disattenuated_rows(cases, correction, plan, weights)
            note = rows[-2]["note"] if correction.absence is None else "no interval"
            if "and left out" in note:
                break
            low, high = (
                (low, (low + high) / 2) if "no interval" in note else ((low + high) / 2, high)
            )
        assert "of 1000 resamples have a reliability below" in note
        assert np.isfinite(rows[-2]["conf_low"])


def test_corrected_correlations_beyond_one_are_flagged_and_not_clipped(programme, plan):
    data = programme(6, advisors=30, latent=(0.98, 0.3), reliability=(0.55, 0.9))
    frame = data.frame
    # An outcome that shares the rating's own error: the correction then takes away too much.
    frame["goal_attainment"] = frame["advisee_total"]
    row = line(data, plan).loc["jackknife"]
    assert "beyond 1 for the advisee: over-corrected, and not clipped" in row["note"]
    r = frame[[*RATINGS, "goal_attainment"]].corr()["goal_attainment"]
    assert row["estimate"] > 1.2 - abs(r["advisor_total"]) * 1.2


class TestOneOccasion:
    def test_without_items_there_is_one_row_that_says_why(self, programme, plan):
        rows = line(programme(7, n_occasions=1, reliability=(0.9, 0.9)), plan)
        assert rows.index.tolist() == ["jackknife"]
        assert "one occasion only" in rows.loc["jackknife", "note"]
        assert "no items were given" in rows.loc["jackknife", "note"]

    def test_few_repeated_occasions_are_not_enough(self, programme, plan):
        data = programme(7)
        first = data.occasions["occasion"] == 1
        few = data.occasions["engagement_id"].isin(data.frame["engagement_id"].head(5))
        data.occasions = data.occasions[first | few]
        rows = line(data, plan)
        assert "too few engagements have a second occasion" in rows.loc["jackknife", "note"]

    def test_omega_decides_and_the_reason_says_so(self, programme, plan):
        data = programme(8, latent=(0.6, 0.1), n_occasions=1, reliability=(0.9, 0.85), n_items=6)
        data.occasions["advisee_total"] = data.frame["advisee_total"].to_numpy()
        data.occasions["advisor_total"] = data.frame["advisor_total"].to_numpy()
        table = compare_raters(
            data.frame, *NAMES, plan, occasions=data.occasions, items=data.items
        ).set_index(["analysis", "method"])
        assert np.isnan(table.loc[("disattenuated", "jackknife"), "estimate"])
        assert table.loc[("disattenuated", "omega_jackknife"), "conf_low"] > 0
        verdict = table.loc[("verdict", "verdict")]
        assert verdict["verdict"] == "supported"
        assert "corrected by omega, there being no repeated occasions" in verdict["note"]

    def test_omega_too_low_names_no_winner(self, programme, plan):
        data = programme(9, latent=(0.6, 0.1), n_occasions=1, reliability=(0.9, 0.25), n_items=6)
        table = compare_raters(data.frame, *NAMES, plan, items=data.items)
        verdict = table.iloc[-1]
        assert verdict["verdict"] == "inconclusive"
        assert "not shown once reliability is equalised" in verdict["note"]
        assert "the advisor's reliability is 0.14, below 0.40" in verdict["note"]


class TestOmega:
    def test_it_is_re_estimated_without_each_cluster(self, programme, plan):
        data = programme(10, advisors=10, reliability=(0.9, 0.7), n_items=5)
        cases = cases_of(data)
        found = correct_by_omega(cases, data.items, RATINGS, plan)
        kept = data.frame["advisor_id"] != "a004"
        anew = correct_by_omega(complete_cases(data.frame[kept], *NAMES), data.items, RATINGS, plan)
        np.testing.assert_allclose(found.replicates[4], anew.reliability, atol=1e-6)
        assert np.ptp(found.replicates[:, 1]) > 0.001

    def test_it_recovers_the_latent_difference(self, programme, plan):
        estimates = []
        for seed in range(25):
            data = programme(
                seed, latent=(0.45, 0.35), reliability=(0.92, 0.6), n_occasions=1, n_items=4
            )
            rows = line(data, plan, items=data.items)
            estimates.append(rows.loc["omega_jackknife", "estimate"])
        # One estimate has sd of about .06 (n = 480), the mean of 25 about .012: three of these.
        assert np.mean(estimates) == pytest.approx(0.10, abs=0.036)

    def test_items_of_one_rater_only_are_not_enough(self, programme, plan):
        data = programme(11, n_items=4)
        found = correct_by_omega(
            cases_of(data), {"advisee_total": data.items["advisee_total"]}, RATINGS, plan
        )
        assert found.absence == "not_estimable"
        assert found.reason == "no items were given (advisor)"
        assert np.isfinite(found.reliability[0])

    def test_it_says_why_omega_cannot_be_had(self, programme, plan):
        data = programme(11, n_items=4)
        items = dict(data.items)
        items["advisee_total"] = items["advisee_total"][["engagement_id", "item_00", "item_01"]]
        found = correct_by_omega(cases_of(data), items, RATINGS, plan)
        assert found.absence == "not_estimable"
        assert found.reason == "2 items; at least 3 are needed (advisee)"

    def test_an_engagement_given_twice_is_refused(self, programme, plan):
        data = programme(11, n_items=4)
        items = {name: pd.concat([own, own.head(1)]) for name, own in data.items.items()}
        with pytest.raises(ValueError, match="the items hold an engagement_id twice"):
            correct_by_omega(cases_of(data), items, RATINGS, plan)

    def test_engagements_without_items_are_left_out_of_it(self, programme, plan):
        data = programme(12, n_items=4)
        data.items["advisor_total"].loc[:9, "item_02"] = np.nan
        found = correct_by_omega(cases_of(data), data.items, RATINGS, plan)
        n = len(data.frame)
        assert found.n_engagements.tolist() == [n, n - 10]


def test_what_does_not_belong_together_is_noted(programme, plan):
    data = programme(13)
    data.frame.loc[0:2, "advisee_total"] += 0.5
    lost = data.frame["engagement_id"].iloc[10:15]
    data.occasions = data.occasions[~data.occasions["engagement_id"].isin(lost)]
    note = line(data, plan).loc["jackknife", "note"]
    n = len(data.frame)
    assert f"reliability from {n - 5} of {n} engagements" in note
    assert "in 3 engagements the rating is not the mean of its occasion scores" in note
