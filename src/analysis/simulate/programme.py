"""A programme of advisory engagements with known truth: the model, and its four clean tables.

**Latent variables.** Engagement i of advisor g has a latent outcome Y and the stable alliance as
the advisee (A) and as the advisor (B) sees it. Their levels between advisors and their deviations
within advisors are independent normals,

    (Y, A, B)_i = b_g + w_i,    b_g ~ N(0, S_b),  w_i ~ N(0, S_w),  S_b + S_w = R,

with unit variances and the programme's correlations in R, so that the diagonal of S_b holds the
advisors' shares of variance.

**Ratings.** Rater k sees subscale m at check-in t as

    v_kmt = T_k + u_km + s_kt + e_kmt + trend_m (t - 1) - drop x open_t + gain x mended_t [bond],

T_k being A or B, u_km the subscale's own stable part (correlated between raters; goal and task
share some of it), s_kt the check-in's own state (partly common to both raters), e_kmt the
subscale's own state, open_t whether a rupture is open and mended_t whether it was repaired. Item j
of subscale m is answered

    x_kjt = round(centre_k + shift_kj + spread_k (l_j v_kmt + sqrt(q_j) d_kjt)),

held within the instrument's range; d has a part that the raters' twin items share; reversed items
are then written as low + high - x. The state's variance follows from the rater's single-occasion
reliability (``answers.state_variance``).

**Course.** A quarter of the engagements ruptures at a check-in from the second on, more often when
the alliance is weak, stakes are high or much is to change; .58 of these are repaired after one or
two check-ins, in the others the drop persists and most end early. Withdrawal and confrontation show
in their own events; acts that answer them name what they respond to.

**Outcomes.** Each measure is a weighted sum of factors and noise on its own scale
(``parameters.Measure``); what an advisee rates carries the part of the advisee's view that neither
the outcome nor the advisor shares: same-source method variance.

The truth of a programme is in ``analysis.simulate.truth``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.contract.dictionary import STAKES, STATUSES, TABLES
from analysis.contract.tables import dtype_of
from analysis.simulate.answers import draw_answers, draw_stable_parts
from analysis.simulate.course import ONGOING, Courses, draw_courses
from analysis.simulate.events import draw_events
from analysis.simulate.latent import Engagements, draw_engagements
from analysis.simulate.outcomes import draw_measure, outcome_weeks
from analysis.simulate.parameters import Programme

__all__ = ["Programme", "simulate_tables"]

CHANGES = ("small", "moderate", "large")
ADVISEE_LEVELS = ("manager", "director", "executive")


def simulate_tables(programme: Programme, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """The four clean tables of one data set of the programme, without dirt.

    Returns
    -------
    dict
        ``engagements, checkins, outcomes, events``, as the data dictionary has them: identifiers as
        text, rows in the order of their keys, check-ins that nobody answered absent

    Example
    -------
    >>> import numpy as np
    >>> from analysis.simulate.programmes import PROGRAMMES
    >>> tables = simulate_tables(PROGRAMMES["executive_coaching"], np.random.default_rng(1))
    >>> len(tables["engagements"])
    420
    """
    engagements = draw_engagements(programme, programme.engagements, programme.advisors, rng)
    courses = draw_courses(programme, engagements, rng)
    identifiers = _identifiers(len(engagements), rng)
    weeks = _checkin_weeks(programme, courses, rng)
    tables = {
        "engagements": _engagement_table(programme, engagements, courses, weeks, rng),
        "checkins": _checkin_table(programme, engagements, courses, weeks, rng),
        "outcomes": _outcome_table(programme, engagements, courses, weeks, rng),
        "events": draw_events(engagements, courses, rng),
    }
    keys = {
        "engagements": ["engagement_id"],
        "checkins": ["engagement_id", "rater", "occasion"],
        "outcomes": ["engagement_id", "outcome", "source", "phase", "week"],
        "events": ["engagement_id", "occasion", "event", "source"],
    }
    for name, table in tables.items():
        numbers = table.pop("engagement").to_numpy()
        table.insert(0, "engagement_id", pd.Series(identifiers[numbers], dtype="str"))
        kinds = {column.name: dtype_of(column) for column in TABLES[name].columns}
        further = dict.fromkeys(table.select_dtypes(exclude="number").columns, "str")
        kinds = further | {column: kind for column, kind in kinds.items() if column in table}
        table = table.astype(kinds)
        tables[name] = table.sort_values(keys[name], kind="stable", ignore_index=True)
    return tables


def _identifiers(n: int, rng: np.random.Generator) -> np.ndarray:
    """Four digits with leading zeros, in no order that tells who advises."""
    return np.array([f"{number:04d}" for number in rng.permutation(n) + 1], dtype=object)


def _checkin_weeks(programme: Programme, courses: Courses, rng: np.random.Generator) -> np.ndarray:
    """Week of each rater's answer, (n, R, T): the planned one, give or take one."""
    planned = programme.course.spacing * np.arange(1, programme.course.checkins + 1)
    return (planned + rng.integers(-1, 2, courses.answered.shape)).astype(float)


def _engagement_table(
    programme: Programme,
    engagements: Engagements,
    courses: Courses,
    weeks: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    n = len(engagements)
    ended = weeks[np.arange(n), :, courses.last - 1].max(axis=1) + rng.integers(0, 2, n)
    names = rng.permutation(programme.advisors)
    table = {
        "engagement": np.arange(n),
        "advisee_id": [f"C{number:04d}" for number in rng.permutation(n) + 1],
        "advisor_id": [f"A{names[number] + 1:03d}" for number in engagements.advisor],
    }
    if programme.organisations:
        table["organisation_id"] = [f"O{number + 1:02d}" for number in engagements.organisation]
    table |= {
        "setting": programme.setting,
        "planned_checkins": float(programme.course.checkins),
        "stakes": np.array(STAKES, dtype=object)[engagements.stakes],
        "status": np.array(STATUSES, dtype=object)[courses.status],
        "ended_week": np.where(courses.status == ONGOING, np.nan, ended),
    }
    covariates = {
        "advisor_years": engagements.years,
        "advisee_level": np.array(ADVISEE_LEVELS, dtype=object)[engagements.level],
        "change_size": np.array(CHANGES, dtype=object)[engagements.change],
    }
    return pd.DataFrame(table | {name: covariates[name] for name in programme.covariates})


def _checkin_table(
    programme: Programme,
    engagements: Engagements,
    courses: Courses,
    weeks: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    stable = draw_stable_parts(programme, engagements, rng)
    occasions = range(1, programme.course.checkins + 1)
    answers = draw_answers(programme, courses, stable, occasions, rng)
    answers[rng.random(answers.shape) < programme.item_missing] = np.nan
    # A sheet on which every answer was left out is a sheet that was not handed in.
    handed_in = courses.answered & ~np.isnan(answers).all(axis=-1)
    engagement, side, place = np.nonzero(handed_in)
    table = pd.DataFrame(
        {
            "engagement": engagement,
            "rater": np.array(programme.rated_by, dtype=object)[side],
            "occasion": place.astype("int64") + 1,
            "week": weeks[engagement, side, place],
            "instrument": programme.form.instrument,
        }
    )
    sheets = pd.DataFrame(answers[engagement, side, place], columns=list(programme.form.columns))
    return pd.concat([table, sheets], axis=1)


def _outcome_table(
    programme: Programme,
    engagements: Engagements,
    courses: Courses,
    weeks: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    by_phase = outcome_weeks(programme, len(engagements), rng)
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for measure in programme.measures:
        value = draw_measure(programme, measure, engagements, courses, rng)
        if measure.checkin is None:
            week = by_phase[measure.phase]
        else:
            week = weeks[:, :, measure.checkin - 1].max(axis=1)
        known = np.flatnonzero(~np.isnan(value))
        parts.append((known, week[known], value[known]))
    rows = [len(known) for known, _, _ in parts]
    measures = programme.measures
    return pd.DataFrame(
        {
            "engagement": np.concatenate([known for known, _, _ in parts]),
            "outcome": np.repeat([measure.outcome for measure in measures], rows),
            "source": np.repeat([measure.source for measure in measures], rows),
            "phase": np.repeat([measure.phase for measure in measures], rows),
            "week": np.concatenate([week for _, week, _ in parts]),
            "value": np.concatenate([value for _, _, value in parts]),
        }
    )
