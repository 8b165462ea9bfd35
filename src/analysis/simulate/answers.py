"""Answers to items, from each rater's view of the alliance at a check-in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.simulate.course import Courses
from analysis.simulate.latent import Engagements
from analysis.simulate.parameters import Form, Programme


def state_variance(programme: Programme, rater: str) -> float:
    """Variance of a check-in's own deviation that gives the rater's single-occasion reliability.

    With stable variance S = 1 + v (v that of the mean of the subscales' own stable parts) and
    reliability R, the noise in a total is S (1 - R) / R; what the subscales' own states and the
    items' own parts do not make up is the state's. Raises ValueError if they exceed it.
    """
    form = programme.form
    stable = 1 + _mean_variance_of_subscales(programme)
    noise = stable * (1 - programme.raters[rater].reliability) / programme.raters[rater].reliability
    left = noise - programme.subscale_state**2 / len(form.subscales) - _item_noise(form)
    if left < 0:
        raise ValueError(
            f"{programme.name}: a reliability of {programme.raters[rater].reliability} for the "
            f"{rater} cannot be reached: the items alone make it lower"
        )
    return left


def draw_stable_parts(
    programme: Programme, engagements: Engagements, rng: np.random.Generator
) -> np.ndarray:
    """Each rater's stable view of each subscale, (n, R, S): the trait and the subscale's own part.

    Goal and task share part of theirs, and the two raters' agree in part.
    """
    names = list(programme.form.subscales)
    n, raters = len(engagements), programme.rated_by
    merged = [place for place, name in enumerate(names) if name in ("goal", "task")]
    both = rng.standard_normal((n, 1, len(names)))
    each = rng.standard_normal((n, len(raters), len(names)))
    agreement = programme.subscale_agreement
    own = np.sqrt(agreement) * both + np.sqrt(1 - agreement) * each
    common_both, common_each = rng.standard_normal((n, 1)), rng.standard_normal((n, len(raters)))
    common = np.sqrt(agreement) * common_both + np.sqrt(1 - agreement) * common_each
    shared = programme.goal_task_shared
    for place in merged:
        own[..., place] = np.sqrt(shared) * common + np.sqrt(1 - shared) * own[..., place]
    traits = np.stack([engagements.factors[rater] for rater in raters], axis=1)
    return traits[..., None] + programme.subscale_spread * own


def draw_answers(
    programme: Programme,
    courses: Courses,
    stable: np.ndarray,
    occasions: Sequence[int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Whole-number answers as the respondent gave them, (n, R, T, J), none missing.

    Parameters
    ----------
    stable : from ``draw_stable_parts``
    occasions : the check-ins wanted, T of them; J are the form's items, in order
    """
    form, raters = programme.form, programme.rated_by
    place = np.asarray(occasions) - 1
    n, times = len(stable), len(place)
    level = _level(programme, courses, stable, place, rng)
    of_item = np.empty(form.n_items, dtype=int)
    for number, items in enumerate(form.subscales.values()):
        of_item[np.asarray(items) - 1] = number
    loadings, unique = np.asarray(form.loadings), np.sqrt(np.asarray(form.uniquenesses))
    answers = np.empty((n, len(raters), times, form.n_items))
    twins = rng.standard_normal((n, times, form.n_items))
    twins *= np.sqrt(programme.twin_residual)
    turned = np.asarray(form.reversed, dtype=int) - 1
    for side, name in enumerate(raters):
        rater = programme.raters[name]
        response = rng.standard_normal((n, times, form.n_items))
        response *= np.sqrt(1 - programme.twin_residual)
        response += twins
        response *= unique
        response += loadings * level[:, side][..., of_item]
        shifts = np.zeros(form.n_items)
        for item, shift in rater.item_shifts.items():
            shifts[item - 1] = shift
        response = np.rint(rater.centre + shifts + rater.spread * response)
        response = response.clip(form.minimum, form.maximum)
        response[..., turned] = form.minimum + form.maximum - response[..., turned]
        answers[:, side] = response
    return answers


def _level(
    programme: Programme,
    courses: Courses,
    stable: np.ndarray,
    place: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Each rater's view of each subscale at each check-in, (n, R, T, S)."""
    names = list(programme.form.subscales)
    n, times, raters = len(stable), len(place), programme.rated_by
    common = rng.standard_normal((n, 1, times))
    own = rng.standard_normal((n, len(raters), times))
    state = np.sqrt(programme.shared_state) * common + np.sqrt(1 - programme.shared_state) * own
    state *= np.sqrt([state_variance(programme, name) for name in raters])[:, None]
    small = rng.standard_normal((n, len(raters), times, len(names)))
    level = stable[:, :, None, :] + state[..., None] + programme.subscale_state * small
    trend = np.array([programme.trends.get(name, 0.0) for name in names])
    level += place[:, None] * trend
    level -= programme.course.drop * courses.active[:, None, place, None]
    if "bond" in names:
        gain = programme.course.repair_gain * courses.mended[:, place]
        level[..., names.index("bond")] += gain[:, None]
    return level


def _mean_variance_of_subscales(programme: Programme) -> float:
    """Variance of the mean of the subscales' own stable parts."""
    names = list(programme.form.subscales)
    pairs = 2 * programme.goal_task_shared * ({"goal", "task"} <= set(names))
    return programme.subscale_spread**2 * (len(names) + pairs) / len(names) ** 2


def _item_noise(form: Form) -> float:
    """Variance of a total that comes from the items' own parts."""
    total = 0.0
    for items in form.subscales.values():
        share = 1 / (len(items) * len(form.subscales))
        total += sum(form.uniquenesses[item - 1] * share**2 for item in items)
    return total
