"""What came of engagements, as each source gave it in each phase."""

from __future__ import annotations

import numpy as np

from analysis.simulate.course import ENDED_EARLY, ONGOING, Courses
from analysis.simulate.latent import Engagements
from analysis.simulate.parameters import Measure, Programme


def draw_measure(
    programme: Programme,
    measure: Measure,
    engagements: Engagements,
    courses: Courses,
    rng: np.random.Generator,
) -> np.ndarray:
    """One outcome's values, (n,), NaN where it is not known.

    What comes at the end is known for those who left early too, unless ``known_if_ended`` says
    otherwise; engagements still running have no end yet.
    """
    n = len(engagements)
    factors = _factors(programme, measure, engagements, courses)
    latent = measure.noise * rng.standard_normal(n)
    for name, weight in measure.weights.items():
        latent = latent + weight * factors[name]
    value = measure.centre + measure.spread * latent
    if measure.binary:
        value = (value > 0).astype(float)
    else:
        step = 10.0**measure.decimals
        value = (np.rint(value * step) / step).clip(measure.minimum, measure.maximum)
    if_ended = measure.known if measure.known_if_ended is None else measure.known_if_ended
    share = np.where(courses.status == ENDED_EARLY, if_ended, measure.known)
    known = rng.random(n) < share
    if measure.phase == "during":
        known &= courses.held[:, measure.checkin - 1]
    elif measure.phase != "baseline":
        known &= courses.status != ONGOING
    return np.where(known, value, np.nan)


def outcome_weeks(programme: Programme, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weeks, (n,), of the baseline, of the planned end and of the follow-up half a year later.

    Engagements that end early are followed to their planned end, so that nobody's outcome comes
    before the window of the ratings.
    """
    end = programme.course.checkins * programme.course.spacing + 2.0 + rng.integers(0, 3, n)
    return {
        "baseline": np.zeros(n),
        "end": end,
        "follow_up": end + 26.0 + rng.integers(-1, 2, n),
    }


def _factors(
    programme: Programme, measure: Measure, engagements: Engagements, courses: Courses
) -> dict[str, np.ndarray | float]:
    """The measure's factors by name; a repeated measure knows only what has happened by then."""
    factors: dict[str, np.ndarray | float] = dict(engagements.factors)
    if measure.checkin is None:
        factors["unrepaired"], factors["repaired"] = courses.unrepaired, courses.repaired
    else:
        place = measure.checkin - 1
        factors["unrepaired"] = courses.active[:, place]
        factors["repaired"] = courses.mended[:, place]
        factors["time"] = place / max(programme.course.checkins - 1, 1)
    return factors
