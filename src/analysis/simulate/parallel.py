"""Engagements whose ratings in the window were given twice, as two parallel forms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.simulate.answers import draw_answers, draw_stable_parts
from analysis.simulate.course import Courses, draw_courses
from analysis.simulate.latent import Engagements, draw_engagements
from analysis.simulate.parameters import Form, Programme

#: Sheets with fewer answers of a subscale than this are not scored (the plan's default).
MINIMUM_ANSWERED = 0.75


@dataclass(frozen=True)
class ParallelForms:
    """n engagements, R raters and T check-ins of the window, each rated in two forms.

    items : (n, R, J) answers at the window's first check-in in the first form, reversed ones turned
    complete : (n, 2, R, T) totals had nobody left anything out
    everything : (n, R) the first form's means over the check-ins held, had nobody left anything out
    ratings : (n, 2, R) each form's means over the check-ins that every rater answered
    rated : (n,) whether there is any such check-in
    counted : (n, R, T) the totals that the first form's ratings are means of, NaN elsewhere
    """

    engagements: Engagements
    courses: Courses
    items: np.ndarray
    complete: np.ndarray
    everything: np.ndarray
    ratings: np.ndarray
    rated: np.ndarray
    counted: np.ndarray


def draw_parallel_forms(
    programme: Programme, engagements: int, advisors: int, rng: np.random.Generator
) -> ParallelForms:
    """Both forms share the stable alliance, ruptures, and the check-ins and answers left out;
    states, subscales' states and items' own parts are drawn anew.
    """
    drawn = draw_engagements(programme, engagements, advisors, rng)
    courses = draw_courses(programme, drawn, rng)
    stable = draw_stable_parts(programme, drawn, rng)
    shape = (engagements, len(programme.rated_by), len(programme.window), programme.form.n_items)
    left_out = rng.random(shape, dtype=np.float32) < programme.item_missing
    complete, scored, items = [], [], []
    for _ in range(2):
        answers = draw_answers(programme, courses, stable, programme.window, rng)
        turned = np.asarray(programme.form.reversed, dtype=int) - 1
        ends = programme.form.minimum + programme.form.maximum
        answers[..., turned] = ends - answers[..., turned]
        items.append(answers[:, :, 0])
        complete.append(_score(programme.form, answers, np.zeros_like(left_out)))
        scored.append(_score(programme.form, answers, left_out))
    place = np.asarray(programme.window) - 1
    totals, used = np.stack(complete, axis=1), np.stack(scored, axis=1)
    together = (courses.answered[:, :, place] & ~np.isnan(used[:, 0])).all(axis=1)
    held = courses.held[:, place]
    return ParallelForms(
        drawn,
        courses,
        items[0],
        totals,
        _mean_over(totals, held)[:, 0],
        _mean_over(used, together),
        together.any(axis=1),
        np.where(together[:, None], used[:, 0], np.nan),
    )


def _score(form: Form, answers: np.ndarray, left_out: np.ndarray) -> np.ndarray:
    """Mean of the subscales' means over turned answers, NaN where a subscale has too few."""
    total = np.zeros(answers.shape[:-1])
    for items in form.subscales.values():
        place = np.asarray(items) - 1
        given = ~left_out[..., place]
        count = given.sum(axis=-1)
        mean = (answers[..., place] * given).sum(axis=-1) / np.maximum(count, 1)
        total += np.where(count >= MINIMUM_ANSWERED * len(items), mean, np.nan)
    return total / len(form.subscales)


def _mean_over(scores: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Means (n, 2, R) of scores (n, 2, R, T) over the check-ins that count (n, T); 0 for none."""
    counted = counted[:, None, None, :]
    sums = np.where(counted, scores, 0.0).sum(axis=-1)
    return sums / np.maximum(counted.sum(axis=-1), 1)
