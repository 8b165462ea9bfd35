"""A small coaching programme, quick to run from file to report, for exports of survey tools."""

from __future__ import annotations

from types import MappingProxyType

from analysis.simulate.forms import WAI_SR
from analysis.simulate.measures import decision, rating
from analysis.simulate.parameters import Course, Programme, Rater

COACHING_PILOT = Programme(
    name="coaching_pilot",
    setting="executive_coaching",
    seed=20_107,
    engagements=120,
    advisors=24,
    form=WAI_SR,
    raters=MappingProxyType(
        {"advisee": Rater(centre=3.6, spread=0.5), "advisor": Rater(centre=3.6, spread=0.5)}
    ),
    course=Course(checkins=4),
    correlations=(0.60, 0.15, 0.35),
    covariates=("advisor_years", "advisee_level"),
    measures=(
        rating("goal_attainment", "third_party", "end", {"outcome": 0.92}, 0.38, known=0.98),
        rating("goal_attainment", "third_party", "baseline", {"start": 0.8}, 0.6, known=0.98),
        rating("satisfaction", "advisee", "end", {"outcome": 0.3, "advisee": 0.5}, 0.6, known=0.92),
        decision("renewal", "end", {"outcome": 0.4, "advisee": 0.35}, 0.8),
    ),
    primary=("goal_attainment", "third_party", "end"),
    expected_verdict="supported",
    expected_reason="the advisee's view is tied far more closely to the outcome",
    wrong_verdicts=("opposed", "equivalent"),
)
