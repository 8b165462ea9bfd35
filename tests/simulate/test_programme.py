"""The clean tables keep to the data dictionary and to the parameters they were made from."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.contract.dictionary import CAUSES, EVENTS, REPAIR_EVENTS
from analysis.contract.tables import check_table
from analysis.simulate.answers import draw_answers, draw_stable_parts, state_variance
from analysis.simulate.course import CAUSE_SHARES, ENDED_EARLY, draw_courses
from analysis.simulate.course import CAUSES as RUPTURE_CAUSES
from analysis.simulate.events import draw_events
from analysis.simulate.latent import covariances, draw_engagements
from analysis.simulate.parameters import LATENTS
from analysis.simulate.programme import simulate_tables
from analysis.simulate.programmes import PROGRAMMES

NAMES = tuple(PROGRAMMES)
COACHING = PROGRAMMES["executive_coaching"]


def enlarged(name: str, engagements: int):
    programme = PROGRAMMES[name]
    advisors = round(engagements * programme.advisors / programme.engagements)
    return replace(programme, engagements=engagements, advisors=advisors)


@pytest.fixture(scope="module")
def large():
    """40,000 coaching engagements and their courses."""
    rng = np.random.default_rng(3)
    engagements = draw_engagements(COACHING, 40_000, 5_714, rng)
    return engagements, draw_courses(COACHING, engagements, rng)


@pytest.mark.parametrize("name", NAMES)
def test_tables_keep_to_the_dictionary_and_to_the_programme(name, tables):
    programme, made = PROGRAMMES[name], tables(name)
    for table, frame in made.items():
        check_table(table, frame)
    engagements, checkins = made["engagements"], made["checkins"]
    assert len(engagements) == programme.engagements
    assert engagements["advisor_id"].nunique() == programme.advisors
    assert engagements["advisee_id"].is_unique
    assert set(checkins["rater"]) == set(programme.raters)
    assert checkins["occasion"].max() <= programme.course.checkins
    answers = checkins[list(programme.form.columns)].to_numpy()
    given = answers[~np.isnan(answers)]
    assert set(given) == set(range(programme.form.minimum, programme.form.maximum + 1))
    assert 0 < np.isnan(answers).mean() < 2 * programme.item_missing
    for child in ("checkins", "outcomes", "events"):
        assert set(made[child]["engagement_id"]) <= set(engagements["engagement_id"])
    assert set(made["events"]["event"]) <= set(EVENTS)


@pytest.mark.parametrize("name", NAMES)
def test_weeks_run_forward_and_the_end_comes_after_the_window(name, tables):
    made, window = tables(name), PROGRAMMES[name].window
    checkins = made["checkins"].merge(
        made["engagements"][["engagement_id", "ended_week"]], on="engagement_id"
    )
    assert not (checkins["week"] > checkins["ended_week"]).any()
    steps = checkins.sort_values(["engagement_id", "rater", "occasion"])
    forward = steps.groupby(["engagement_id", "rater"])["week"].diff().dropna()
    assert (forward > 0).all() or PROGRAMMES[name].course.spacing < 3
    assert (forward >= 0).all()
    outcomes = made["outcomes"]
    ends = outcomes[outcomes["phase"].isin(["end", "follow_up"])]
    latest = checkins.loc[checkins["occasion"].isin(window), "week"].max()
    assert ends["week"].min() > latest


def test_the_same_generator_gives_the_same_tables_and_another_does_not():
    first, again, other = (
        simulate_tables(COACHING, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    for name, frame in first.items():
        pd.testing.assert_frame_equal(frame, again[name])
    assert not first["checkins"].equals(other["checkins"])


def test_latent_variables_have_the_correlations_and_shares_asked_for(large):
    engagements, _ = large
    drawn = np.array([engagements.factors[name] for name in LATENTS])
    found = np.corrcoef(drawn)
    # 40,000 engagements: standard error of a correlation .005, enlarged by clustering to < .007
    assert found[0, 1] == pytest.approx(0.52, abs=0.025)
    assert found[0, 2] == pytest.approx(0.215, abs=0.025)
    assert found[1, 2] == pytest.approx(0.37, abs=0.025)
    assert drawn.var(axis=1) == pytest.approx(1.0, abs=0.04)
    count = np.bincount(engagements.advisor)
    for values, share in zip(drawn, COACHING.advisor_shares, strict=True):
        total = np.bincount(engagements.advisor, values)
        square = np.bincount(engagements.advisor, values**2)
        between = (total**2 - square).sum() / (count * (count - 1)).sum()
        # some 170,000 pairs of engagements share an advisor: standard error about .004
        assert between == pytest.approx(share, abs=0.016)


def test_ruptures_and_repairs_come_at_the_rates_asked_for(large):
    engagements, courses = large
    # 40,000 and about 10,000 engagements: standard errors .0022 and .005; stakes and change in
    # three steps make the propensity not quite normal
    assert courses.ruptured.mean() == pytest.approx(0.25, abs=0.01)
    assert courses.repaired.sum() / courses.ruptured.sum() == pytest.approx(0.58, abs=0.02)
    assert not (courses.repaired & ~courses.ruptured).any()
    high, low = (courses.ruptured[engagements.stakes == code].mean() for code in (2, 0))
    assert high > low + 0.05
    lasting = (courses.healed - courses.onset)[courses.repaired]
    assert set(lasting) == {1, 2}
    open_until_the_end = courses.active[np.arange(len(courses.last)), courses.last - 1]
    assert open_until_the_end[courses.unrepaired].all()
    assert not open_until_the_end[~courses.unrepaired].any()
    assert not (courses.active & ~courses.held).any()


def test_a_third_to_a_half_of_the_coaching_leaves_before_the_last_checkin(large):
    engagements, courses = large
    left = ~courses.held[:, -1]
    assert 0.30 <= left.mean() <= 0.50
    early = courses.status == ENDED_EARLY
    assert early[courses.unrepaired].mean() > early[~courses.ruptured].mean() + 0.3
    weak = engagements.factors["advisee"] < -1
    assert early[weak].mean() > early[~weak].mean()


def test_a_programme_without_ruptures_has_none():
    calm = replace(COACHING, course=replace(COACHING.course, rupture_rate=0.0))
    rng = np.random.default_rng(1)
    engagements = draw_engagements(calm, 2_000, 200, rng)
    courses = draw_courses(calm, engagements, rng)
    assert not courses.ruptured.any()
    assert not courses.active.any()
    events = draw_events(engagements, courses, rng)
    assert events["responds_to"].dropna().isin(["critical_feedback"]).all()


def test_scores_fall_while_a_rupture_is_open_and_come_back():
    rng = np.random.default_rng(4)
    engagements = draw_engagements(COACHING, 20_000, 2_000, rng)
    courses = draw_courses(COACHING, engagements, rng)
    stable = draw_stable_parts(COACHING, engagements, rng)
    answers = draw_answers(COACHING, courses, stable, range(1, 9), rng)
    unreversed = [item - 1 for item in range(1, 13) if item not in COACHING.form.reversed]
    advisee = answers[:, 0][..., unreversed].mean(axis=-1)
    repaired = np.flatnonzero(courses.repaired)
    before = advisee[repaired, courses.onset[repaired] - 2]
    during = advisee[repaired, courses.onset[repaired] - 1]
    after = advisee[repaired, courses.healed[repaired] - 1]
    # drop 1.3 x spread .8 = 1.04 response units on the continuous scale, a little less within 1-7
    assert (before - during).mean() == pytest.approx(1.0, abs=0.12)
    assert abs((after - before).mean()) < 0.15


def test_events_are_consistent_with_the_course(large):
    engagements, courses = large
    events = draw_events(engagements, courses, np.random.default_rng(5))
    of = events["engagement"].to_numpy()
    assert (events["occasion"] <= courses.last[of]).all()
    assert events["cause"].dropna().isin(CAUSES).all()
    ended = events[events["event"] == "ended_early"]
    assert set(ended["engagement"]) == set(np.flatnonzero(courses.status == ENDED_EARLY))
    missed = events[events["event"] == "missed_checkin"]
    place = missed["occasion"].to_numpy() - 1
    assert not courses.answered[missed["engagement"], 0, place].any()
    answers = events[events["responds_to"].notna() & events["cause"].notna()]
    assert set(answers["event"]) <= set(REPAIR_EVENTS)
    assert courses.ruptured[answers["engagement"]].all()
    assert (answers["occasion"] >= courses.onset[answers["engagement"]]).all()
    withdrawn = courses.active & courses.withdrawal[:, None]
    undone = events[events["event"] == "task_not_done"]
    flags = np.zeros_like(courses.held)
    flags[undone["engagement"], undone["occasion"] - 1] = True
    assert flags[withdrawn].mean() > 5 * flags[courses.held & ~courses.active].mean()
    feedback = events[events["event"] == "critical_feedback"]
    assert feedback["valence"].between(-1, -0.1).all()


def test_causes_of_ruptures_are_in_the_vocabulary():
    assert set(RUPTURE_CAUSES) == set(CAUSES)
    assert sum(CAUSE_SHARES) == pytest.approx(1)


def test_reversed_items_are_written_reversed(tables):
    answers = tables("executive_coaching")["checkins"]
    together = answers[["item_04", "item_10", "item_06", "item_11"]].corr()
    assert together.loc["item_04", "item_06"] < -0.3
    assert together.loc["item_10", "item_11"] < -0.3
    assert together.loc["item_04", "item_10"] > 0.3


def test_one_item_is_shifted_for_the_consultants_and_no_other(tables):
    answers = tables("management_consulting")["checkins"]
    items = [name for name in answers if name.startswith("item_")]
    mean = answers.groupby("rater")[items].mean()
    gap = (mean.loc["advisor"] - mean.loc["advisee"]).sort_values()
    assert gap.index[-1] == "item_11"
    assert gap["item_11"] - gap.iloc[-2] > 0.15


def test_mentors_who_see_a_weak_alliance_answer_less():
    programme = PROGRAMMES["mentoring"]
    rng = np.random.default_rng(6)
    engagements = draw_engagements(programme, 20_000, 4_800, rng)
    courses = draw_courses(programme, engagements, rng)
    answered = courses.answered[:, 1].sum(axis=1) / courses.held.sum(axis=1)
    # share answered .60: the rate of 20,000 engagements' check-ins, clustered, standard error .003
    shares = courses.answered.sum(axis=(0, 2)) / courses.held.sum()
    assert shares[1] == pytest.approx(0.60, abs=0.012)
    assert np.corrcoef(answered, engagements.factors["advisor"])[0, 1] > 0.2


def test_the_coaching_outcome_is_known_for_nearly_all_early_leavers_too(tables):
    made = tables("executive_coaching")
    outcome, source, phase = COACHING.primary
    rows = made["outcomes"]
    rows = rows[
        (rows["outcome"] == outcome) & (rows["source"] == source) & (rows["phase"] == phase)
    ]
    engagements = made["engagements"]
    known = engagements["engagement_id"].isin(rows["engagement_id"])
    assert known.mean() >= 0.95
    assert known[engagements["status"] == "ended_early"].mean() >= 0.90


def test_impossible_parameters_are_refused():
    with pytest.raises(ValueError, match="covariance within advisors is not possible"):
        covariances(replace(COACHING, correlations=(0.9, -0.9, 0.9)))
    unreachable = {
        name: replace(rater, reliability=0.99) for name, rater in COACHING.raters.items()
    }
    with pytest.raises(ValueError, match=r"reliability of 0\.99 for the advisee cannot be reached"):
        state_variance(replace(COACHING, raters=unreachable), "advisee")


def test_loadings_average_one_so_that_reliabilities_are_those_asked_for():
    for programme in PROGRAMMES.values():
        form = programme.form
        for items in form.subscales.values():
            mean = np.mean([form.loadings[item - 1] for item in items])
            assert mean == pytest.approx(1.0, abs=0.06)
        assert np.mean(form.loadings) == pytest.approx(1.0, abs=0.01)
        listed = sorted(item for items in form.subscales.values() for item in items)
        assert listed == list(range(1, form.n_items + 1))


def test_engagements_still_running_have_no_outcome_at_the_end(tables):
    made = tables("executive_coaching")
    running = made["engagements"].query("status == 'ongoing'")
    assert len(running)
    assert running["ended_week"].isna().all()
    outcomes = made["outcomes"]
    theirs = outcomes[outcomes["engagement_id"].isin(running["engagement_id"])]
    assert set(theirs["phase"]) == {"baseline", "during"}


def test_advisees_who_withdraw_answer_less(large):
    _, courses = large
    withdrawn = courses.active & courses.withdrawal[:, None]
    steady = courses.held & ~courses.active
    # .90 answered, and with the propensity shifted by .6 some .75: standard error below .005
    assert courses.answered[:, 0][steady].mean() == pytest.approx(0.90, abs=0.01)
    assert courses.answered[:, 0][withdrawn].mean() == pytest.approx(0.752, abs=0.03)
    assert courses.answered[:, 1][withdrawn].mean() == pytest.approx(0.90, abs=0.02)
