"""The frozen plan in the report."""

import copy

from analysis.contract.freeze import Frozen
from analysis.present.plan import NOT_FROZEN, describe_plan

CHOICES = {
    "plan": {"scoring": {"minimum_answered": 0.75}, "comparison": {"sesoi": 0.1}, "multiverse": {}},
    "datasets": {"coaching": {"primary_outcome": "goal"}, "support": {"primary_outcome": "calls"}},
}
TITLES = {"coaching": "Coaching", "support": "Support"}


def freeze(data=None):
    return Frozen("2026-03-01", "abc123", CHOICES, data or {})


def test_without_a_frozen_plan_everything_counts_as_explored():
    part = describe_plan(None, CHOICES, TITLES)
    assert part.paragraphs == (NOT_FROZEN,)
    assert {row[1] for row in part.tables[0].rows} == {"explored"}


def test_an_unchanged_plan_says_its_day_and_what_was_planned():
    part = describe_plan(freeze(), CHOICES, TITLES)
    said = " ".join(part.paragraphs)
    assert "frozen on 2026-03-01 (hash abc123)" in said
    assert "None of the data were at hand" in said
    assert "Nothing differs" in said
    standing = {row[0]: row[1] for row in part.tables[0].rows}
    assert standing["Headline: Coaching"] == "planned"
    assert standing["Outcomes that are not primary"] == "explored"


def test_departures_are_listed_before_what_was_planned():
    now = copy.deepcopy(CHOICES)
    now["plan"]["comparison"]["sesoi"] = 0.2
    now["datasets"]["mine"] = {"primary_outcome": "goal"}
    part = describe_plan(freeze(), now, TITLES)
    assert "2 choices differ" in " ".join(part.paragraphs)
    assert part.tables[0].rows == (
        ("datasets.mine.primary_outcome", "added", "–", '"goal"'),
        ("plan.comparison.sesoi", "changed", "0.1", "0.2"),
    )
    assert "planned" not in {row[1] for row in part.tables[1].rows if "Headline" in row[0]}


def test_data_that_were_there_before_the_plan_are_named():
    frozen = freeze({"coaching": "one", "support": "two"})
    part = describe_plan(frozen, CHOICES, TITLES, {"coaching": "one", "support": "other"})
    said = " ".join(part.paragraphs)
    assert "looked at first: Coaching." in said
    assert "other data were at hand: Support." in said
