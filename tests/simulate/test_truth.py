"""The truth agrees with independent draws, with the parameters, and with itself."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.simulate.moments import AdvisorMoments, Moments, RepeatedMoments
from analysis.simulate.programme import simulate_tables
from analysis.simulate.programmes import PROGRAMMES
from analysis.simulate.truth import truth_of

LARGE = 100_000


@pytest.fixture(scope="module")
def truth():
    """The truths of the programmes with two raters."""
    return {
        name: truth_of(PROGRAMMES[name], LARGE)
        for name in ("executive_coaching", "management_consulting", "mentoring")
    }


def totals(programme, checkins: pd.DataFrame) -> pd.Series:
    """Totals scored anew: the mean of the subscales' means, three quarters answered."""
    form = programme.form
    answers = checkins[list(form.columns)].to_numpy(copy=True)
    for item in form.reversed:
        answers[:, item - 1] = form.minimum + form.maximum - answers[:, item - 1]
    scores = []
    for items in form.subscales.values():
        own = pd.DataFrame(answers[:, [item - 1 for item in items]])
        scores.append(own.mean(axis=1).where(own.notna().mean(axis=1) >= 0.75))
    return pd.concat(scores, axis=1).mean(axis=1, skipna=False)


def window_means(programme, tables) -> pd.DataFrame:
    """Engagements with the outcome and each rater's mean over the check-ins both answered."""
    checkins = tables["checkins"].assign(total=totals(programme, tables["checkins"]))
    checkins = checkins[checkins["occasion"].isin(programme.window)].dropna(subset="total")
    both = checkins.pivot(index=["engagement_id", "occasion"], columns="rater", values="total")
    means = both.dropna().groupby("engagement_id").mean()
    rows, (outcome, source, phase) = tables["outcomes"], programme.primary
    rows = rows[
        (rows["outcome"] == outcome) & (rows["source"] == source) & (rows["phase"] == phase)
    ]
    return means.join(rows.set_index("engagement_id")["value"], how="inner")


@pytest.mark.parametrize("name", ["executive_coaching", "management_consulting", "mentoring"])
def test_correlations_agree_with_a_separate_draw_through_the_clean_tables(name, truth):
    programme = PROGRAMMES[name]
    n = 20_000
    advisors = round(n * programme.advisors / programme.engagements)
    larger = replace(programme, engagements=n, advisors=advisors)
    frame = window_means(programme, simulate_tables(larger, np.random.default_rng(11)))
    found = frame.corr()
    observed = truth[name]["observed"]
    # Standard errors: sqrt(1.2 / n) for D and .9 / sqrt(n) for r with n = 15,000 to 20,000, at most
    # 1.5 times that with 18 advisors per 300; less than half of that for the truth. Four of them:
    tolerance = 4 * 1.1 * 1.5 * np.sqrt(1.2 / len(frame))
    assert tolerance < 0.065
    r_advisee, r_advisor = found.loc["value", "advisee"], found.loc["value", "advisor"]
    assert r_advisee == pytest.approx(observed["r_advisee"], abs=tolerance)
    assert r_advisor == pytest.approx(observed["r_advisor"], abs=tolerance)
    assert r_advisee - r_advisor == pytest.approx(observed["difference"], abs=tolerance)
    assert found.loc["advisee", "advisor"] == pytest.approx(observed["r_raters"], abs=tolerance)


def test_the_coaching_is_what_it_is_meant_to_be(truth):
    coaching = truth["executive_coaching"]
    # 100,000 engagements: standard errors below .004
    observed = coaching["observed"]
    assert observed["r_advisee"] == pytest.approx(0.42, abs=0.012)
    assert observed["r_advisor"] == pytest.approx(0.18, abs=0.012)
    assert observed["r_raters"] == pytest.approx(0.36, abs=0.015)
    reliability = coaching["reliability"]
    for rater in ("advisee", "advisor"):
        assert reliability["single_occasion"][rater] == pytest.approx(0.77, abs=0.01)
        assert 0.80 < reliability["alpha"][rater]["task"] < 0.92
    window = reliability["window_mean"]
    assert window["advisee"] == pytest.approx(window["advisor"], abs=0.006)
    assert coaching["advisor_share"]["outcome"] == pytest.approx(0.05, abs=0.01)
    assert abs(coaching["gap"]["d"]) < 0.02
    assert coaching["missing"]["outcome"] < 0.05
    assert coaching["missing"]["ratings_where_outcome_known"] < 0.20
    assert coaching["verdict"]["expected"] == "supported"


def test_the_consulting_raters_differ_in_reliability_alone(truth):
    consulting = truth["management_consulting"]
    window = consulting["reliability"]["window_mean"]
    assert window["advisee"] == pytest.approx(0.90, abs=0.02)
    assert window["advisor"] == pytest.approx(0.60, abs=0.02)
    # standard error of the corrected difference about .006 at 100,000 engagements, clustered
    assert consulting["latent"]["difference"] == pytest.approx(0.0, abs=0.02)
    assert consulting["observed"]["difference"] > 0.03


def test_the_mentors_see_more_and_answer_less(truth):
    mentoring = truth["mentoring"]
    assert mentoring["observed"]["difference"] == pytest.approx(-0.20, abs=0.02)
    assert mentoring["missing"]["checkins_of_held"]["advisor"] == pytest.approx(0.40, abs=0.01)
    assert mentoring["missing"]["ratings_where_outcome_known"] > 0.20
    # those who do not answer see a weaker alliance: what is left varies and correlates less
    assert mentoring["complete"]["r_advisor"] > mentoring["observed"]["r_advisor"] + 0.01
    assert "supported" in mentoring["verdict"]["wrong"]


def test_rates_are_those_the_programme_was_asked_for(truth):
    for told in truth.values():
        # 100,000 engagements, 25,000 of them ruptured: standard errors .0014 and .003
        assert told["rates"]["ruptured"] == pytest.approx(0.25, abs=0.006)
        assert told["rates"]["repaired"] == pytest.approx(0.58, abs=0.01)
        assert 0.30 <= 1 - told["rates"]["reached_last_checkin"] <= 0.50


def test_the_performance_review_treats_both_raters_alike():
    told = truth_of(PROGRAMMES["performance_review"], 100_000)
    error = told["observed"]["monte_carlo_error"]["difference"]
    assert abs(told["observed"]["difference"]) < 4 * error
    window = told["reliability"]["window_mean"]
    assert window["advisee"] == pytest.approx(window["advisor"], abs=0.004)
    assert set(told["verdict"]["wrong"]) == {"supported", "opposed"}


def test_reliability_of_a_programme_without_ruptures_follows_from_its_parameters():
    """Spearman-Brown: three check-ins of reliability r have 3 r / (1 + 2 r)."""
    programme = PROGRAMMES["executive_coaching"]
    calm = replace(
        programme,
        course=replace(
            programme.course,
            rupture_rate=0.0,
            early_ending=(0.0, 0.0, 0.0),
            ongoing=0.0,
        ),
        raters={rater: replace(one, answer_rate=1.0) for rater, one in programme.raters.items()},
        item_missing=0.0,
    )
    told = truth_of(calm, 60_000)["reliability"]
    for rater in ("advisee", "advisor"):
        single = told["single_occasion"][rater]
        # .78 on the continuous scale; whole numbers between 1 and 7 take away about .01
        assert single == pytest.approx(0.77, abs=0.012)
        assert told["window_mean"][rater] == pytest.approx(3 * single / (1 + 2 * single), abs=0.008)
        # nothing but passing states and answers changes here, so both coefficients agree
        steady = told["window_mean_steady"][rater]
        assert steady == pytest.approx(told["window_mean"][rater], abs=0.008)


def test_the_self_rated_outcome_is_inflated_for_the_rater_who_gave_it(truth):
    outcomes = truth["executive_coaching"]["outcomes"]
    third = outcomes["goal_attainment|third_party|end"]
    by_advisee = outcomes["goal_attainment|advisee|end"]
    by_advisor = outcomes["goal_attainment|advisor|end"]
    assert by_advisee["r_advisee"] > third["r_advisee"] + 0.1
    assert by_advisor["r_advisor"] > third["r_advisor"] + 0.1
    assert by_advisee["r_advisor"] < third["r_advisor"] + 0.02


def test_a_programme_with_one_rater_has_no_comparison():
    told = truth_of(PROGRAMMES["technical_support"], 20_000)
    assert set(told["observed"]) == {"r_advisee", "monte_carlo_error"}
    assert "gap" not in told
    assert told["verdict"]["expected"] == "not_testable"


def test_the_truth_is_the_same_every_time_and_writes_as_json():
    programme = PROGRAMMES["academic_advising"]
    first, again = truth_of(programme, 20_000), truth_of(programme, 20_000)
    assert json.dumps(first) == json.dumps(again)
    assert first["observed"]["r_advisee"] > 0.3


def test_moments_in_chunks_are_moments_of_the_whole():
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((900, 3)) @ rng.standard_normal((3, 3)) + 1e4
    moments = Moments(3)
    for chunk in np.split(rows, 3):
        moments.add(chunk)
    assert moments.mean() == pytest.approx(rows.mean(axis=0), rel=1e-12)
    assert moments.covariance() == pytest.approx(np.cov(rows.T), rel=1e-8)
    assert moments.correlations() == pytest.approx(np.corrcoef(rows.T), rel=1e-8)


def test_share_between_advisors_by_hand():
    """Pairs (1, 3) and (5, 7): mean 4, variance 5, product of a pair's deviations 3 and 3."""
    share = AdvisorMoments()
    share.add(np.array([1.0, 3.0, 5.0, 7.0]), np.array([0, 0, 1, 1]))
    assert share.share() == pytest.approx(3 / 5)


def test_steady_share_by_hand():
    """Rows (1, 3) and (5, 7), check-ins' means (3, 5) taken off: (-2, -2) and (2, 2) are all
    steady; with (5, 9) instead, (-2, -3) and (2, 3): variance of means 6.25, within (.25 + .25).
    """
    steady, unsteady = RepeatedMoments(), RepeatedMoments()
    steady.add(np.array([[1.0, 3.0], [5.0, 7.0]]))
    assert steady.steady_share() == pytest.approx(1.0)
    unsteady.add(np.array([[1.0, 3.0], [5.0, 9.0]]))
    # within: two rows of (.5)^2 x 2 = 1.0 over 2 df = .5, over 2 check-ins = .25
    assert unsteady.steady_share() == pytest.approx(1 - 0.25 / 6.25)
