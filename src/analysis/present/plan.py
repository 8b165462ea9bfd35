"""The frozen plan in the report: when, what has changed since, what was planned and explored."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.contract.freeze import Choices, Frozen, Standing, departures, sort_results
from analysis.contract.plan import Plan
from analysis.present.parts import Part
from analysis.present.sections import Table, make_table
from analysis.present.tables import DASH, begin_large

HEADING = "What was planned and what was explored"
NOT_FROZEN = (
    "No plan was frozen before these results: what was decided beforehand cannot be told from what "
    "was decided after the data were seen, and everything counts as explored."
)


def describe_plan(
    frozen: Frozen | None,
    choices: Choices,
    titles: Mapping[str, str],
    data: Mapping[str, str] | None = None,
) -> Part:
    """The part of the report on the plan's standing.

    Parameters
    ----------
    frozen : the frozen plan, or None if there is none.
    choices : those of this run, from ``collect_choices``.
    titles : a dataset's name -> its name as people read it.
    data : dataset -> hash of the raw files analysed, from ``data_at_hand``.
    """
    standings = sort_results(frozen, choices)
    tables = [_tabulate_standings(standings, titles)]
    if frozen is None:
        return Part("planned", HEADING, (NOT_FROZEN,), tables=tuple(tables))
    found = departures(frozen, choices)
    paragraphs = [_tell_frozen(frozen), _tell_data(frozen, choices, titles, data or {})]
    if found:
        paragraphs.append(
            "One choice differs from the frozen plan."
            if len(found) == 1
            else f"{len(found)} choices differ from the frozen plan."
        )
        rows = [[one.key, one.kind, one.frozen or DASH, one.now or DASH] for one in found]
        columns = ("Choice", "What", "When frozen", "Now")
        tables.insert(0, make_table("Departures from the frozen plan", columns, rows, wide=[2, 3]))
    else:
        paragraphs.append("Nothing differs from the frozen plan.")
    return Part("planned", HEADING, tuple(filter(None, paragraphs)), tables=tuple(tables))


def _tell_frozen(frozen: Frozen) -> str:
    said = f"The plan was frozen on {frozen.date} (hash {frozen.hash})."
    for one in frozen.earlier:
        said += f" It replaced one frozen on {one['date']} (hash {one['hash']})."
    return said


def _tell_data(
    frozen: Frozen, choices: Choices, titles: Mapping[str, str], data: Mapping[str, str]
) -> str:
    """Which of the data analysed were there already on the day."""
    names = [name for name in choices["datasets"] if name in frozen.data]
    if not set(choices["datasets"]) & set(frozen.choices.get("datasets") or {}):
        return "None of these data are among those of the frozen plan."
    if not names:
        return "None of the data were at hand on that day."
    same = [titles.get(name, name) for name in names if frozen.data[name] == data.get(name)]
    other = [titles.get(name, name) for name in names if frozen.data[name] != data.get(name)]
    said = []
    if same:
        said.append(
            f"These data were at hand on that day already, so that they may have been looked at "
            f"first: {', '.join(same)}."
        )
    if other:
        said.append(f"Of these, other data were at hand: {', '.join(other)}.")
    return " ".join(said)


def _tabulate_standings(standings: list[Standing], titles: Mapping[str, str]) -> Table:
    """Each result, planned ones first."""
    ordered = sorted(standings, key=lambda one: not one.planned)
    return make_table(
        "Planned: fixed in the frozen plan and unchanged. Explored: all else",
        ("Result", "Standing", "Why"),
        [
            [_in_words(one.what, titles), "planned" if one.planned else "explored", one.reason]
            for one in ordered
        ],
        wide=[0, 2],
    )


def _in_words(what: str, titles: Mapping[str, str]) -> str:
    kind, _, name = what.partition(": ")
    if kind == "headline":
        return f"Headline: {titles.get(name, name)}"
    if kind == "claim":
        return f"Claim: {name}"
    if what in Plan.model_fields:
        return begin_large(Plan.model_fields[what].description or what)
    return begin_large(what)
