"""Programmes within one institution: academic advising, mentoring, performance review."""

from __future__ import annotations

from types import MappingProxyType

from analysis.simulate.forms import ADVISING_ALLIANCE, THREE_STATEMENTS, WAI_SR
from analysis.simulate.measures import rate, rating
from analysis.simulate.parameters import Course, Programme, Rater

#: Whatever came of it, the students themselves say it.
ACADEMIC_ADVISING = Programme(
    name="academic_advising",
    setting="academic_advising",
    seed=20_103,
    engagements=350,
    advisors=90,
    form=ADVISING_ALLIANCE,
    raters=MappingProxyType(
        {"advisee": Rater(centre=4.3, spread=0.75), "advisor": Rater(centre=4.5, spread=0.75)}
    ),
    course=Course(checkins=5, spacing=4, early_ending=(0.26, 0.20, 0.70)),
    correlations=(0.42, 0.28, 0.40),
    covariates=("advisor_years",),
    measures=(
        rating("progress", "advisee", "baseline", {"start": 0.8}, 0.6, known=0.97),
        rating(
            "goal_attainment",
            "advisee",
            "end",
            {"outcome": 0.65, "advisee_method": 0.45},
            0.55,
            known=0.92,
            known_if_ended=0.7,
        ),
        rating(
            "satisfaction",
            "advisee",
            "end",
            {"outcome": 0.35, "advisee": 0.5, "unrepaired": -0.4},
            0.65,
            known=0.92,
            known_if_ended=0.7,
        ),
        rating("commitment", "advisee", "during", {"advisee": 0.35}, 0.9, checkin=3, known=0.9),
    ),
    primary=("goal_attainment", "advisee", "end"),
    expected_verdict="not_testable",
    expected_reason="the advisees rated every outcome: a third party's or a record's is missing",
    wrong_verdicts=("supported", "opposed", "equivalent"),
)

#: Mentors see the alliance more clearly (observed D about -.20), but two in five of their answers
#: are missing, more so of mentors who never answer and where the alliance is weak.
MENTORING = Programme(
    name="mentoring",
    setting="mentoring",
    seed=20_134,
    engagements=500,
    advisors=120,
    form=THREE_STATEMENTS,
    raters=MappingProxyType(
        {
            "advisee": Rater(0.74, centre=3.9, spread=0.6),
            "advisor": Rater(
                0.74,
                centre=3.45,
                spread=0.6,
                answer_rate=0.60,
                answers_by_trait=0.3,
                answers_by_engagement=0.65,
            ),
        }
    ),
    course=Course(checkins=6, spacing=4),
    correlations=(0.25, 0.52, 0.40),
    item_missing=0.02,
    measures=(
        rating(
            "goal_attainment",
            "third_party",
            "end",
            {"outcome": 0.9, "unrepaired": -0.2},
            0.43,
            known=0.96,
        ),
        rating("goal_attainment", "third_party", "baseline", {"start": 0.8}, 0.6, known=0.96),
        rating(
            "goal_attainment",
            "advisee",
            "end",
            {"outcome": 0.65, "advisee_method": 0.45},
            0.55,
            known=0.85,
            known_if_ended=0.6,
        ),
        rating(
            "satisfaction",
            "advisee",
            "end",
            {"outcome": 0.35, "advisee": 0.5},
            0.7,
            known=0.85,
            known_if_ended=0.6,
        ),
        rating("effort", "third_party", "during", {"advisor": 0.3, "outcome": 0.3}, 0.8, checkin=5),
    ),
    primary=("goal_attainment", "third_party", "end"),
    expected_verdict="opposed",
    expected_reason=(
        "the advisor's view is tied more closely to the outcome; two in five of the advisors' "
        "ratings are missing, not at random, which may leave it inconclusive"
    ),
    wrong_verdicts=("supported", "equivalent"),
)

#: Reliable raters who see the same, many of them: the design in which equality can be shown.
PERFORMANCE_REVIEW = Programme(
    name="performance_review",
    setting="performance_review",
    seed=20_135,
    engagements=1_800,
    advisors=150,
    form=WAI_SR,
    raters=MappingProxyType(
        {
            "advisee": Rater(0.89, centre=3.6, spread=0.6, answer_rate=0.94),
            "advisor": Rater(0.89, centre=3.6, spread=0.6, answer_rate=0.94),
        }
    ),
    # People leave a job less often than clients leave a coach, and formal ratings fall less in a
    # rupture (ASSUME); every rupture lies within the window.
    course=Course(
        checkins=3, spacing=13, early_ending=(0.06, 0.05, 0.30), first_ending=1, drop=0.7
    ),
    correlations=(0.40, 0.40, 0.50),
    advisor_shares=(0.05, 0.06, 0.06),
    between_correlations=(0.4, 0.4, 0.3),
    covariates=("advisor_years", "advisee_level"),
    item_missing=0.005,
    measures=(
        rate("goal_attainment", "end", {"outcome": 0.92}, 0.39, known=0.98),
        rate("goal_attainment", "baseline", {"start": 0.8}, 0.6, known=0.95),
        rating("goal_attainment", "advisor", "end", {"outcome": 0.6, "advisor_method": 0.5}, 0.55),
    ),
    primary=("goal_attainment", "record", "end"),
    expected_verdict="equivalent",
    expected_reason=(
        "both raters see the alliance equally well and equally reliably, and the design is large "
        "enough to show that they differ by less than .10"
    ),
    wrong_verdicts=("supported", "opposed"),
)
