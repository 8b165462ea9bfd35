"""Slopes, odds and dominance against known truth; reports by the same person hold nothing up."""

import numpy as np
import pytest
from scipy.special import expit


def near(answer, truth, errors=3.5):
    assert abs(answer.estimate - truth) < errors * answer.std_error, (answer.estimate, truth)


def outcome_of(one, slope, spread=1.0):
    return slope * one.rating + spread * one.rng.standard_normal(one.n)


def test_a_slope_is_that_in_standard_deviations(made, ask):
    one = made(n=3000)
    one.tell("effort", outcome_of(one, 0.6), phase="end")
    one.tell("feedback_acceptance", outcome_of(one, 0.6), phase="end")
    answer = ask("alliance-task-effort", one.data())
    # Each correlates r with the rating; the mean of both sqrt(2 r^2 / (1 + r^2)) of it.
    r = 0.6 / np.sqrt(1 + 0.36)
    near(answer, 2 * r / np.sqrt(2 + 2 * r**2))
    assert answer.timing == "prospective"
    assert "same" not in answer.note


def test_how_advisors_differ_is_no_slope_within_them(made, ask):
    """Advisors who are rated higher have better results, their own advisees do not differ so."""
    one = made(n=2000, advisors=50)
    level = np.repeat(one.rng.standard_normal(50)[None], 40, axis=0).reshape(-1)
    for grid in one.scores.values():
        grid += 2 * level[:, None]
    for name in ("effort", "feedback_acceptance"):
        one.tell(name, 2 * level + one.rng.standard_normal(one.n))
    answer = ask("alliance-task-effort", one.data())
    near(answer, 0.0)


def test_a_slope_between_reports_of_the_same_person_only_does_not_hold(made, ask):
    one = made(n=800)
    one.tell("perceived_role", outcome_of(one, 1.0), source="advisee")
    one.tell("defensiveness", one.rng.standard_normal(one.n), source="advisor")
    answer = ask("partner-or-judge", one.data())
    assert answer.conf_low > 0
    assert not answer.holds
    assert "the advisee gave both" in answer.note
    assert "by others' reports alone" in answer.note
    alone = made(n=800)
    alone.tell("perceived_role", outcome_of(alone, 1.0), source="advisee")
    answer = ask("partner-or-judge", alone.data())
    assert not answer.holds
    assert "without defensiveness" in answer.note


def test_with_others_reports_of_the_same_it_holds(made, ask):
    one = made(n=800)
    one.tell("perceived_role", outcome_of(one, 1.0), source="advisee")
    one.tell("defensiveness", -outcome_of(one, 1.0), source="advisor")
    one.higher_is["defensiveness"] = "worse"
    assert ask("partner-or-judge", one.data()).holds


def test_openness_by_the_advisee_only_is_refused(made, ask):
    one = made()
    one.tell("disclosure", outcome_of(one, 1.0), source="advisee")
    answer = ask("disclosure", one.data())
    assert answer.refusal.startswith("missing: disclosure")


def test_an_interaction_is_found_whichever_sign_it_has(made, ask):
    one = made(n=3000)
    quality = one.rng.standard_normal(one.n)
    one.tell("quality", quality, phase="during", week=1)
    value = 0.5 * one.rating + 0.5 * quality - 0.3 * one.rating * quality
    one.tell("goal_attainment", value + one.rng.standard_normal(one.n))
    answer = ask("alliance-moderates-quality", one.data())
    near(answer, -0.3 / np.sqrt(0.25 + 0.25 + 0.09 + 1))
    assert answer.either_sign


def test_the_weakest_of_several_decisions_decides(made, ask):
    one = made(n=4000, advisors=80)
    advisor = np.arange(one.n) % 80
    own = 0.7 * one.rng.standard_normal(80)[advisor]
    for name, odds in (("renewal", 0.8), ("referral", 0.3)):
        chance = expit(own + odds * one.rating)
        one.tell(name, (one.rng.random(one.n) < chance).astype(float), source="record")
    answer = ask("renewal-referral", one.data())
    assert answer.outcome == "renewal, referral"
    near(answer, 0.3)
    assert "renewal 0." in answer.note


def test_decisions_without_any_record_or_spread_are_refused(made, ask):
    one = made()
    one.tell("renewal", np.ones(one.n), source="record")
    assert ask("renewal-referral", one.data()).refusal
    assert "missing: renewal or referral" in ask("renewal-referral", made().data()).refusal


def test_dependency_that_harms_counts_as_positive(made, ask):
    one = made(n=2000)
    dependency = one.rng.standard_normal(one.n)
    one.tell("dependency", dependency, source="advisor", phase="during", week=4)
    one.higher_is["dependency"] = "worse"
    one.tell("goal_attainment", -0.5 * dependency + one.rng.standard_normal(one.n))
    near(ask("dependency-harms", one.data()), 0.5 / np.sqrt(1.25))


def test_the_strongest_rival_is_the_one_that_counts(made, ask):
    one = made(n=3000)
    quality, start = one.rng.standard_normal((2, one.n))
    one.tell("quality", quality, phase="during", week=1)
    one.tell("goal_attainment", start, phase="baseline", week=0)
    value = one.rating + 0.5 * quality + 0.1 * start + one.rng.standard_normal(one.n)
    one.tell("goal_attainment", value)
    answer = ask("alliance-primary-predictor", one.data())
    # Predictors that do not go together: dominance is the squared correlation.
    near(answer, (1 - 0.25) / 2.26)
    assert "quality 0.1" in answer.note


def test_an_indirect_path_of_executives_only(made, ask):
    one = made(n=3000, advisors=100)
    one.columns["advisee_level"] = np.where(np.arange(one.n) % 3 == 0, "executive", "manager")
    boss = (np.arange(one.n) % 3 == 0).astype(float)
    risk = -0.6 * one.rating * boss + one.rng.standard_normal(one.n)
    one.tell("perceived_risk", risk, source="advisee", phase="during", week=5)
    one.higher_is["perceived_risk"] = "worse"
    one.tell("effort", -0.5 * risk + one.rng.standard_normal(one.n))
    answer = ask("career-risk-mediates", one.data())
    assert answer.conf_low > 0.15
    assert answer.n_engagements == 1000
    assert "the advisee gave the rating and the mediator" in answer.note
    one.outcomes[0]["week"] = 2.0
    assert "after the alliance window" in ask("career-risk-mediates", one.data()).refusal


def test_who_is_not_followed_up_is_made_up_for_by_weights(made, ask):
    """Follow-up depends on the alliance and the end; the slope must not."""
    one = made(n=6000, advisors=100)
    end = 0.5 * one.rating + one.rng.standard_normal(one.n)
    later = 0.6 * end + 0.3 * one.rating + 0.7 * one.rng.standard_normal(one.n)
    seen = one.rng.random(one.n) < expit(one.rating + end)
    one.tell("goal_attainment", end)
    one.tell("goal_attainment", np.where(seen, later, np.nan), phase="follow_up", week=60)
    answer = ask("lasting-change", one.data())
    spread = np.std(later[seen]) / np.std(one.rating[seen])
    near(answer, 0.3 / spread)
    assert "followed up" in answer.note


@pytest.mark.parametrize("claim_id", ["lasting-change", "alliance-moderates-quality"])
def test_without_the_outcome_after_the_window_there_is_a_reason(claim_id, made, ask):
    assert ask(claim_id, made().tell("effort", np.zeros(600)).data()).refusal.startswith("missing")
