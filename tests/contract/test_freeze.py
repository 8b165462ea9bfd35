"""The frozen plan: what is kept, what counts as a departure, what a damaged file says."""

import copy
import json

import pytest

from analysis.contract.faults import UserFault
from analysis.contract.freeze import (
    Departure,
    collect_choices,
    departures,
    read_frozen,
    sort_results,
    write_frozen,
)
from analysis.contract.layout import find_datasets, read_plan
from analysis.stages.freeze import freeze, status

CHOICES = {
    "plan": {
        "datasets": ["coaching", "support"],
        "scoring": {"minimum_answered": 0.75},
        "comparison": {"window": [1, 2, 3], "sesoi": 0.1},
        "multiverse": {"windows": [[1]]},
    },
    "datasets": {"coaching": {"primary_outcome": "goal"}, "support": {"primary_outcome": "calls"}},
    "claims": {"one": {"tier": "primary", "smallest": 0.1}, "two": {"tier": "exploratory"}},
}


def changed(**at):
    """The choices with some keys changed, given as ``section__key`` below the plan."""
    now = copy.deepcopy(CHOICES)
    for place, value in at.items():
        section, key = place.split("__")
        now["plan"][section][key] = value
    return now


@pytest.fixture
def frozen(tmp_path):
    return write_frozen(tmp_path / "plan.lock.json", CHOICES, {"coaching": "abc"}, "2026-03-01")


def test_a_frozen_plan_reads_back_as_it_was(frozen, tmp_path):
    assert read_frozen(tmp_path / "plan.lock.json") == frozen
    assert departures(frozen, CHOICES) == []


def test_every_departure_is_listed_key_by_key(frozen):
    now = changed(comparison__sesoi=0.2, comparison__window=[1, 2], scoring__new=True)
    del now["plan"]["multiverse"]
    now["datasets"]["coaching"]["primary_outcome"] = "renewal"
    now["claims"]["one"]["smallest"] = 0.05
    assert departures(frozen, now) == [
        Departure("claims.one.smallest", "0.1", "0.05"),
        Departure("datasets.coaching.primary_outcome", '"goal"', '"renewal"'),
        Departure("plan.comparison.sesoi", "0.1", "0.2"),
        Departure("plan.comparison.window", "[1, 2, 3]", "[1, 2]"),
        Departure("plan.multiverse.windows", "[[1]]", ""),
        Departure("plan.scoring.new", "", "true"),
    ]
    assert [one.kind for one in departures(frozen, now)][-3:] == ["changed", "removed", "added"]


def test_a_dataset_that_a_run_does_not_cover_is_no_departure(frozen):
    now = copy.deepcopy(CHOICES)
    del now["datasets"]["support"]
    assert departures(frozen, now) == []
    now["datasets"]["mine"] = {"primary_outcome": "goal"}
    assert [one.key for one in departures(frozen, now)] == ["datasets.mine.primary_outcome"]


def test_planned_and_explored_are_told_apart(frozen):
    now = changed(multiverse__windows=[[1], [2]])
    now["datasets"]["mine"] = {"primary_outcome": "goal"}
    found = {one.what: one for one in sort_results(frozen, now)}
    assert found["headline: coaching"].planned
    assert not found["headline: mine"].planned
    assert "not in the frozen plan" in found["headline: mine"].reason
    assert "plan.multiverse.windows" in found["multiverse"].reason
    assert found["claim: one"].planned
    assert not found["claim: two"].planned
    assert not found["outcomes that are not primary"].planned
    found = {one.what: one for one in sort_results(frozen, changed(comparison__sesoi=0.3))}
    assert not found["headline: coaching"].planned
    assert found["multiverse"].planned


def test_without_a_frozen_plan_nothing_was_planned(tmp_path):
    assert read_frozen(tmp_path / "plan.lock.json") is None
    assert not any(one.planned for one in sort_results(None, CHOICES))


def test_a_plan_is_replaced_only_on_demand_and_not_without_trace(frozen, tmp_path):
    path = tmp_path / "plan.lock.json"
    with pytest.raises(UserFault, match="frozen on 2026-03-01"):
        write_frozen(path, changed(comparison__sesoi=0.2), {}, "2026-04-01")
    write_frozen(path, changed(comparison__sesoi=0.2), {}, "2026-04-01", replace=True)
    again = read_frozen(path)
    assert again.date == "2026-04-01"
    assert again.earlier == ({"date": "2026-03-01", "hash": frozen.hash},)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:40],
        lambda text: "[]",
        lambda text: "",
        lambda text: text.replace('"sesoi": 0.1', '"sesoi": 0.3'),
        lambda text: json.dumps({"date": "2026-03-01"}),
    ],
)
def test_a_damaged_file_says_so_in_one_message(frozen, tmp_path, damage):
    path = tmp_path / "plan.lock.json"
    path.write_text(damage(path.read_text()))
    with pytest.raises(UserFault, match=r"plan\.lock\.json: .*Restore") as told:
        read_frozen(path)
    assert "\n" not in str(told.value)


def test_the_repositorys_own_plan_can_be_frozen(tmp_path, capsys, monkeypatch):
    path = tmp_path / "plan.lock.json"
    status(frozen=path)
    assert "No plan is frozen" in capsys.readouterr().out
    freeze(frozen=path)
    status(frozen=path)
    assert "No departures." in capsys.readouterr().out
    plan = read_plan()
    datasets = find_datasets(plan)
    looser = plan.comparison.model_copy(update={"sesoi": 0.2})
    now = collect_choices(plan.model_copy(update={"comparison": looser}), datasets)
    assert [one.key for one in departures(read_frozen(path), now)] == ["plan.comparison.sesoi"]
