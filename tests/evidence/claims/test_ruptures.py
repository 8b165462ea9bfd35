"""Ruptures and repair against courses whose ruptures are known."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.evidence.ruptures.ruptures import describe_ruptures


def near(answer, truth, errors=3.5):
    assert abs(answer.estimate - truth) < errors * answer.std_error, (answer.estimate, truth)


class Ruptured:
    """n engagements, a share of which fall by 3 at one check-in, for one to three check-ins."""

    def __init__(self, made, share=0.4, n=1500, occasions=8, advisors=50, seed=3):
        one = made(n=n, occasions=occasions, advisors=advisors, seed=seed)
        self.one, rng = one, one.rng
        self.ruptured = rng.random(n) < share
        self.onset = np.where(self.ruptured, rng.integers(3, occasions - 2, n), occasions + 9)
        self.healed = self.onset + rng.integers(1, 4, n)
        one.columns["stakes"] = np.where(np.arange(n) % 2, "high", "low")
        one.columns["status"] = "completed"

    def fall(self, gain=0.0):
        """Write the ruptures, and what repair leaves in the bond, into the scores."""
        place = np.arange(self.one.occasions)
        is_open = (place >= self.onset[:, None]) & (place < self.healed[:, None])
        mended = (place >= self.healed[:, None]) & self.ruptured[:, None]
        for grid in self.one.scores.values():
            grid -= 3.0 * is_open
        self.one.scores["bond"] += gain * mended
        return self

    def at(self, place):
        """Flags that are set at each engagement's own check-in."""
        return np.arange(self.one.occasions) == np.asarray(place)[:, None]


@pytest.fixture
def ruptured(made):
    def make(**keywords):
        return Ruptured(made, **keywords)

    return make


def test_the_share_is_that_of_complex_engagements_without_false_alarms(ruptured, ask):
    some = ruptured(share=0.4).fall()
    high = some.one.columns["stakes"] == "high"
    answer = ask("ruptures-inevitable", some.one.data())
    assert answer.n_engagements == high.sum()
    assert abs(answer.estimate + 0.9 - some.ruptured[high].mean()) < 0.08
    assert answer.conf_high < 0
    almost_all = ruptured(share=1.0, n=600).fall()
    answer = ask("ruptures-inevitable", almost_all.one.data())
    assert answer.conf_high > 0, "some of them fall by less than the rule asks"


def test_noise_alone_is_no_rupture(ruptured, ask):
    answer = ask("ruptures-inevitable", ruptured(share=0.0).one.data())
    assert abs(answer.estimate + 0.9) < 0.06
    assert answer.conf_high > answer.estimate + 0.02, (
        "up to the share observed, false alarms and all"
    )


def test_numbers_are_those_of_the_table_of_ruptures(ruptured, ask):
    some = ruptured(share=0.4, n=400).fall(gain=0.3)
    for grid in some.one.scores.values():
        grid += some.one.rng.standard_normal(grid.shape)
    data = some.one.data()
    table = describe_ruptures(data.alliance, data.engagements, data.events, {}, data.plan.ruptures)
    rows = table[table["rater"] == "advisee"].set_index(["term", "subscale", "method"])
    share = rows.loc[("ruptured_among_complex_corrected", "total", "2s_previous")]
    answer = ask("ruptures-inevitable", data)
    assert answer.estimate == pytest.approx(share["estimate"] - 0.9, abs=1e-12)
    assert answer.conf_low == pytest.approx(share["conf_low"] - 0.9, abs=1e-12)
    grown = rows.loc[("change_after_repair_excess", "bond", "2s_previous")]
    answer = ask("repair-strengthens", data)
    assert answer.estimate == pytest.approx(grown["estimate"], abs=1e-12)
    assert answer.conf_high == pytest.approx(grown["conf_high"], abs=1e-12)


def test_without_complex_engagements_there_is_no_share(ruptured, ask):
    some = ruptured(n=200).fall()
    some.one.columns["stakes"] = "low"
    assert (
        "missing: engagements of high stakes" in ask("ruptures-inevitable", some.one.data()).refusal
    )


RESTS_ON_RUPTURES = (
    "ruptures-inevitable",
    "withdrawal-confrontation",
    "quick-repair",
    "repair-strengthens",
    "matched-repair",
)


@pytest.mark.parametrize("claim_id", RESTS_ON_RUPTURES)
def test_ratings_that_never_vary_say_nothing(claim_id, made, ask):
    one = made(n=50)
    for grid in one.scores.values():
        grid[:] = 4.0
    assert "never vary" in ask(claim_id, one.data()).refusal


def test_ruptures_that_show_one_form_and_ruptures_that_show_none(ruptured, ask):
    clear = ruptured(share=0.6).fall()
    clear.one.note("task_not_done", clear.at(clear.onset) & (np.arange(1500) % 2 == 0)[:, None])
    clear.one.note("complaint", clear.at(clear.onset) & (np.arange(1500) % 2 == 1)[:, None])
    answer = ask("withdrawal-confrontation", clear.one.data())
    assert answer.conf_low > 0.2
    assert answer.estimate > 0.4
    unclear = ruptured(share=0.6).fall()
    unclear.one.note("task_not_done", unclear.at(unclear.onset) & (np.arange(1500) < 150)[:, None])
    answer = ask("withdrawal-confrontation", unclear.one.data())
    assert answer.conf_high < 0
    quiet = ruptured(share=0.0).one
    quiet.note("complaint", quiet.rng.random((quiet.n, quiet.occasions)) < 0.05)
    answer = ask("withdrawal-confrontation", quiet.data())
    assert np.isnan(answer.estimate)
    assert "no clear excess" in answer.note


def acts(some, effect):
    """A third acknowledged at the onset, a third after repair; the former heals the sooner."""
    one, rng = some.one, some.one.rng
    third = rng.integers(0, 3, one.n)
    acted = some.ruptured & (third == 0)
    chance = 1 / (1 + np.exp(-(-0.7 + effect * acted)))
    wait = np.minimum(rng.geometric(chance), 5)
    some.healed = some.onset + wait
    some.fall()
    one.note("complaint", some.at(some.onset))
    one.note("acknowledgement", some.at(np.where(acted, some.onset, -1)))
    late = some.ruptured & (third == 1)
    one.note("acknowledgement", some.at(np.where(late, some.healed, -1)))
    return one.data()


@pytest.mark.parametrize("effect", [0.0, 1.2])
def test_acts_count_only_after_they_were_done(effect, ruptured, ask):
    """Acts noted once a repair is there would seem to bring it about: immortal time."""
    some = ruptured(share=0.8, n=2000, occasions=10)
    answer = ask("quick-repair", acts(some, effect))
    near(answer, effect)
    assert (answer.conf_low > 0) == (effect > 0)


def test_few_repairs_are_refused_in_words(ruptured, ask):
    some = ruptured(share=0.3, n=60).fall()
    some.one.note("complaint", some.at(some.onset))
    some.one.note("acknowledgement", some.at(some.onset))
    assert ask("quick-repair", some.one.data()).refusal.startswith("missing: repairs enough")


@pytest.mark.parametrize("gain", [0.0, 0.6])
def test_what_repair_leaves_in_the_bond(gain, ruptured, ask):
    """Falls that begin at a chance high and repairs that end at one do not count as gain."""
    some = ruptured(share=0.5, n=2000)
    some.onset = np.where(some.ruptured, 3, 99)
    some.healed = some.onset + some.one.rng.integers(1, 4, 2000)
    some.fall(gain)
    answer = ask("repair-strengthens", some.one.data())
    spread = np.sqrt(np.mean(np.nanvar(some.one.scores["bond"], axis=0)))
    near(answer, gain / spread, errors=4)
    assert "later rupture" in answer.note


def matched(some, effect):
    one, rng = some.one, some.one.rng
    about_task = rng.random(one.n) < 0.5
    renegotiated = rng.random(one.n) < 0.5
    fits = about_task == renegotiated
    chance = 1 / (1 + np.exp(-(-0.7 + effect * fits)))
    some.healed = some.onset + np.minimum(rng.geometric(chance), 5)
    some.fall()
    where = some.at(some.onset)
    cause = np.where(about_task, "task", "bond")[np.nonzero(where)[0]]
    one.note("complaint", where, cause=cause)
    one.note("task_renegotiated", where & renegotiated[:, None])
    one.note("rapport_work", where & ~renegotiated[:, None])
    return one.data()


@pytest.mark.parametrize("effect", [0.0, 1.0])
def test_acts_that_match_the_cause(effect, ruptured, ask):
    near(ask("matched-repair", matched(ruptured(share=0.8, n=2000, occasions=10), effect)), effect)


def test_progress_after_an_unrepaired_rupture(ruptured, ask):
    some = ruptured(share=0.5, n=2000)
    mends = some.one.rng.random(2000) < 0.5
    some.healed = np.where(mends, some.onset + 1, 99)
    some.fall()
    one = some.one
    stuck = some.ruptured & ~mends
    for week in (2, 8):
        shown = stuck & (some.onset + 1 < week)
        value = 0.5 * one.level - 0.8 * shown + 0.5 * one.rng.standard_normal(one.n)
        one.tell("progress", value, phase="during", week=week)
    answer = ask("stalls-without-repair", one.data())
    assert abs(answer.estimate - 0.8 / 0.79) < 0.2
    assert answer.conf_low > 0.5
    assert "engagements after one unrepaired" in answer.note
    one.outcomes = one.outcomes[:1]
    assert "missing: reports of progress" in ask("stalls-without-repair", one.data()).refusal


def test_progress_that_ruptures_do_not_touch(ruptured, ask):
    some = ruptured(share=0.5, n=2000)
    some.healed = np.where(some.one.rng.random(2000) < 0.5, some.onset + 1, 99)
    some.fall()
    for week in (2, 8):
        value = 0.5 * some.one.level + 0.5 * some.one.rng.standard_normal(2000)
        some.one.tell("progress", value, source="advisee", phase="during", week=week)
    answer = ask("stalls-without-repair", some.one.data())
    near(answer, 0.0)
    assert "the advisee gave both" in answer.note


def test_order_of_rows_and_names_of_engagements_do_not_matter(ruptured, ask):
    some = ruptured(share=0.5, n=300)
    one = acts(some, 0.5)
    shuffled = {
        name: getattr(one, name).sample(frac=1, random_state=1).reset_index(drop=True)
        for name in ("alliance", "engagements", "events", "outcomes")
    }
    for table in shuffled.values():
        table["engagement_id"] = "Z" + table["engagement_id"].str[::-1]
    other = replace(one, **shuffled)
    for claim_id in ("ruptures-inevitable", "quick-repair", "repair-strengthens"):
        first, second = ask(claim_id, one), ask(claim_id, other)
        assert first.estimate == pytest.approx(second.estimate, abs=1e-9, nan_ok=True)
        assert first.conf_low == pytest.approx(second.conf_low, abs=1e-9, nan_ok=True)
