"""Unknown files into a proposed mapping, with everything unsure marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from analysis.contract.instruments import Instrument
from analysis.contract.mapping import Mapping as Settings
from analysis.contract.raw_tables import RawTable
from analysis.ingest.describe.page import Unsure, as_yaml, decide
from analysis.ingest.describe.parts import (
    has_both_sides,
    propose_checkins,
    propose_engagements,
    propose_events,
    propose_outcomes,
)
from analysis.ingest.describe.views import Table, View, read_tables, recognise, take_views
from analysis.ingest.describe.words import slug

MARKS: tuple[str, ...] = Settings.model_fields["missing_marks"].default

_HEAD = """\
# A proposed mapping: what these files seem to be. Nothing here was decided for you.
#
#   DECIDE       only you can know this; `alliance check` names each one until it is filled
#   # ?: ...     a guess; correct it where it is wrong
#
# Delete what you do not want to use, then ask: alliance check THIS_FILE
# Every key is described in workflow/schemas/dataset.schema.json.
"""


def propose(paths: Iterable[Path], folder: Path, shown: str, keys: Iterable[Instrument]) -> str:
    """The proposed mapping of some files as YAML text.

    Parameters
    ----------
    paths : the files, all below ``folder``
    folder : the folder of the raw tables, which the mapping calls ``shown``
    keys : the instruments there are

    Column names stand in it, and the labels of closed questions; no person's answer does.
    Raises UserFault for a file that cannot be read.
    """
    sources: dict[str, RawTable] = {}
    for path in paths:
        for table in recognise(path, path.relative_to(folder).as_posix()):
            name = slug(table.sheet or path.stem)
            while name in sources:
                name = f"{name}_2"
            sources[name] = table
    read = read_tables(sources, folder, MARKS)
    views = take_views(read, MARKS)
    tables, remarks, instruments, outcomes = _tables(views, list(keys))
    name = slug(folder.resolve().name)[:40]
    content: dict[str, object] = {
        "name": Unsure(name, "a short name; results are filed under it"),
        "title": decide("the dataset's name in words"),
        "provenance": {
            "description": decide("what the data are, in a sentence or two"),
            "licence": decide("on what terms they may be used"),
            "consent": decide("what the people in the data agreed to"),
        },
        "folder": shown,
        "instruments": instruments
        or {"advisee": decide("no items were recognised: which instrument was answered?")},
        "sources": {name: _source(name, table, views) for name, table in read.items()},
        "tables": tables,
        "outcomes": {
            outcome: {
                "timing": decide("prospective (taken after the ratings) or concurrent"),
                "higher_is": Unsure("better", "or worse"),
            }
            for outcome in outcomes
        },
    }
    if outcomes:
        content["primary_outcome"] = decide(f"one of {', '.join(outcomes)}")
        content["primary_source"] = decide("who gave it; a third party or a record, if you can")
    notes = [f"# {remark}" for remark in [*remarks, *_not_used(views, read)]]
    tail = "\n".join(["", "# Not used:", *notes]) + "\n" if notes else ""
    return _HEAD + as_yaml(content) + tail


def _tables(
    views: list[View], keys: list[Instrument]
) -> tuple[dict[str, list], list[str], dict[str, object], list[str]]:
    engagements, checkins, outcomes, events = [], [], [], []
    instruments: dict[str, object] = {}
    remarks: list[str] = []
    named: list[str] = []
    for view in views:
        if (part := propose_events(view)) is not None:
            events.append(part)
            continue
        if not engagements and has_both_sides(view):
            engagements.append(propose_engagements(view))
        parts, answered, told = propose_checkins(view, keys)
        checkins += parts
        instruments |= answered
        remarks += told
        parts, told = propose_outcomes(view)
        outcomes += parts
        named += told
    if not engagements and views:
        engagements.append(propose_engagements(views[0]))
    if not checkins and views:
        checkins.append(
            {
                "source": views[0].source,
                "columns": {
                    "engagement_id": views[0].engagement or decide("which column?"),
                    "rater": {"value": decide("who answered")},
                    "occasion": {"value": decide("which check-in, 1, 2, ...")},
                },
                "items": decide("the columns of the items, such as Q{item}"),
            }
        )
    made = {"engagements": engagements, "checkins": checkins}
    made |= {"outcomes": outcomes} if outcomes else {}
    made |= {"events": events} if events else {}
    return made, remarks, instruments, list(dict.fromkeys(named))


def _source(name: str, table: Table, views: list[View]) -> dict[str, object]:
    """How a table is read, and the personal columns that are to be left behind, with the reason."""
    made: dict[str, object] = table.source.model_dump(exclude_unset=True)
    used = _used(name, views)
    dropped = [
        Unsure(column, f"{kinds}; never read")
        for column, kinds in table.personal.items()
        if column not in used
    ]
    return made | ({"drop": dropped} if dropped else {})


def _used(source: str, views: list[View]) -> set[str]:
    """The columns of a source that the proposal uses."""
    own = [view for view in views if view.source == source]
    return {name for view in own for name in (view.engagement, *view.used, *view.where)}


def _not_used(views: list[View], tables: Mapping[str, Table]) -> list[str]:
    """Columns that the proposal neither uses nor drops, by source."""
    told = []
    for source, table in tables.items():
        known = _used(source, views) | set(table.personal)
        if rest := [name for name in table.raw.cells if name not in known]:
            told.append(f"{source}: {', '.join(rest)}")
    return told
