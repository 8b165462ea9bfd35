"""What comes first and what follows, against courses whose order is known."""

import numpy as np
import pytest


def near(answer, truth, errors=3.5):
    assert abs(answer.estimate - truth) < errors * answer.std_error, (answer.estimate, truth)


def panel(one, slopes):
    """Goal, task and bond that follow from each other at the check-in before."""
    n, T = one.n, one.occasions
    goal = np.zeros((n, T))
    rest = np.zeros((n, T))
    own = one.rng.standard_normal((2, n))
    for t in range(-5, T):
        before = (goal[:, max(t, 1) - 1], rest[:, max(t, 1) - 1])
        new = one.rng.standard_normal((2, n))
        new[0] += own[0] + 0.2 * before[0] + slopes[1] * before[1]
        new[1] += own[1] + slopes[0] * before[0] + 0.2 * before[1]
        goal[:, max(t, 0)], rest[:, max(t, 0)] = new
    one.scores = {"goal": goal, "task": rest, "bond": rest.copy()}
    return one


def test_a_part_that_does_not_lead_does_not_lead_the_whole_it_is_in(made, ask):
    """The total holds goal, so that goal would lead it by what it carries over to itself."""
    answer = ask("goal-ambiguity-drift", panel(made(n=2000, occasions=7), (0.0, 0.0)).data())
    near(answer, 0.0)


@pytest.mark.parametrize(("slopes", "sign"), [((0.4, 0.0), 1), ((0.0, 0.4), -1)])
def test_goal_that_leads_and_goal_that_follows(slopes, sign, made, ask):
    answer = ask("goal-ambiguity-drift", panel(made(n=800, occasions=7), slopes).data())
    assert sign * answer.estimate > 0
    assert (answer.conf_low > 0) if sign > 0 else (answer.conf_high < 0)


def test_one_subscale_alone_has_no_rest(made, ask):
    one = made()
    data = one.data()
    data.instruments["advisee"] = data.instruments["advisee"].model_copy(
        update={"subscales": {"goal": ()}}
    )
    assert "subscales" in ask("goal-ambiguity-drift", data).refusal


def events_after_low_task(one, fall):
    low = one.scores["task"][:, :-1] < (4 + one.level)[:, None]
    chance = np.zeros((one.n, one.occasions))
    chance[:, 1:] = 0.15 + fall * low
    return one.note("task_not_done", one.rng.random(chance.shape) < chance)


def test_events_after_low_agreement_count_as_the_claim_says(made, ask):
    answer = ask("poor-tasks-resistance", events_after_low_task(made(n=1500), 0.3).data())
    assert answer.conf_low > 0.05
    answer = ask("poor-tasks-resistance", events_after_low_task(made(n=1500), 0.0).data())
    near(answer, 0.0)


def test_trouble_that_merely_goes_on_is_not_foretold_by_the_rating(made, ask):
    """A state brings both a low rating and the event, now and at the next check-in."""
    one = made(n=4000)
    shape = (one.n, one.occasions)
    on = one.rng.random(shape) < 0.2
    for place in range(1, one.occasions):
        stays = one.rng.random(one.n) < 0.8
        on[:, place] = np.where(stays, on[:, place - 1], on[:, place])
    one.scores["task"] = one.scores["task"] - 1.0 * on
    one.note("task_not_done", on)
    answer = ask("poor-tasks-resistance", one.data())
    near(answer, 0.0)


def test_few_events_are_refused(made, ask):
    one = made(n=60)
    where = np.zeros((60, 6), dtype=bool)
    where[0, 3] = True
    assert (
        "fewer than ten"
        in ask("poor-tasks-resistance", one.note("task_not_done", where).data()).refusal
    )


def test_a_bond_that_softens_criticism(made, ask):
    one = made(n=3000)
    critical = np.zeros((one.n, one.occasions), dtype=bool)
    critical[:, 2] = one.rng.random(one.n) < 0.5
    softened = np.clip(one.level, -2, 2)
    for grid in one.scores.values():
        grid[:, 2] += critical[:, 2] * (0.8 * softened - 1.0)
    answer = ask("bond-buffers-criticism", one.note("critical_feedback", critical).data())
    assert answer.conf_low > 0.2


def test_an_act_that_matches_the_deficit(made, ask):
    one = made(n=3000)
    gap = one.rng.standard_normal((one.n, one.occasions))
    one.scores["task"] = one.scores["task"] - 0.5 * gap
    one.scores["bond"] = one.scores["bond"] + 0.5 * gap
    low_task = one.scores["bond"] - one.scores["task"] > 0.5
    which = one.rng.random(low_task.shape)
    for name, acted, deficient in (
        ("task", which < 0.15, low_task),
        ("bond", (which >= 0.15) & (which < 0.3), ~low_task),
    ):
        one.note("task_renegotiated" if name == "task" else "rapport_work", acted)
        one.scores[name][:, 1:] += 0.8 * (acted & deficient)[:, :-1]
    answer = ask("deficit-matched-action", one.data())
    assert answer.conf_low > 0.2


def test_rapport_first_needs_the_acts_in_that_order_too(made, ask):
    one = made(n=800, occasions=6)
    rise = np.minimum(np.arange(6), 3) * 0.3
    late = np.maximum(np.arange(6) - 3, 0) * 0.3
    one.scores["bond"] = one.scores["bond"] + rise
    one.scores["task"] = one.scores["task"] + late
    flags = np.zeros((2, one.n, 6), dtype=bool)
    flags[0, :, 1], flags[1, :, 4] = True, True
    right = ask(
        "rapport-then-tasks",
        one.note("rapport_work", flags[0]).note("task_renegotiated", flags[1]).data(),
    )
    assert right.conf_low > 0
    assert right.holds
    one.events = []
    wrong = ask(
        "rapport-then-tasks",
        one.note("rapport_work", flags[1]).note("task_renegotiated", flags[0]).data(),
    )
    assert not wrong.holds


def test_advisors_who_build_alliances_keep_their_advisees(made, ask):
    one = made(n=3000, advisors=100)
    level = np.repeat(one.rng.standard_normal(100)[None], 30, axis=0).reshape(-1)
    for grid in one.scores.values():
        grid += level[:, None]
    stays = one.rng.random(one.n) < 0.6 + 0.1 * np.clip(level, -2, 2)
    one.columns["status"] = np.where(stays, "completed", "ended_early")
    answer = ask("skilled-advisors-retain", one.data())
    assert answer.conf_low > 0.05
    one.columns["status"] = "completed"
    assert ask("skilled-advisors-retain", one.data()).refusal == "nobody ended early"


def test_an_advisee_who_rates_low_and_leaves_says_nothing_of_others(made, ask):
    """Own ratings and own endings go together within advisors, who do not differ."""
    one = made(n=4000, advisors=200)
    stays = one.rng.random(one.n) < 0.6 + 0.15 * np.clip(one.level, -2, 2)
    one.columns["status"] = np.where(stays, "completed", "ended_early")
    near(ask("skilled-advisors-retain", one.data()), 0.0)


def test_schedules_and_therapy(made, ask):
    one = made(n=2000)
    planned = one.rng.integers(3, 9, one.n)
    one.columns["planned_checkins"] = planned.astype(float)
    grows = 0.08 * (planned - 5.5)[:, None] * np.arange(one.occasions)
    one.scores["bond"] = one.scores["bond"] + grows
    one.note("feedback_acted_on", one.rng.random((one.n, one.occasions)) < 0.2)
    assert ask("checkins-strengthen-bond", one.data()).conf_low > 0.3
    therapy = np.arange(one.n) % 4 == 0
    one.columns["setting"] = np.where(therapy, "psychotherapy", "mentoring")
    shorter = np.where(therapy, 6, one.rng.integers(2, 5, one.n))
    one.scores["bond"] = np.where(np.arange(6) < shorter[:, None], one.scores["bond"], np.nan)
    answer = ask("advisory-shorter-than-therapy", one.data())
    assert abs(answer.estimate) < 0.3, "as deep, though shorter: the weaker difference counts"
    assert "length" in answer.note


def test_causes_and_responsibility(made, ask):
    one = made(n=2000)
    where = np.zeros((one.n, one.occasions), dtype=bool)
    where[:, 2] = one.rng.random(one.n) < 0.3
    cause = np.where(one.rng.random(where.sum()) < 0.7, "task", "bond")
    data = one.note("complaint", where, cause=cause).data()
    near(ask("advisory-ruptures-are-task", data), 0.2)
    near(ask("advisory-ruptures-are-task", data, causes=["bond"]), -0.2)
    trend = made(n=500)
    for week, shift in ((2, 0.0), (6, 0.6)):
        value = trend.level + shift + 0.5 * trend.rng.standard_normal(trend.n)
        trend.tell("responsibility", value, source="advisor", phase="during", week=week)
    near(ask("responsibility-shifts", trend.data()), 0.6 / np.sqrt(1.25), errors=4)
