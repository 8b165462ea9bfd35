"""What all tools' exports are put together from: sheets, outcomes and events by engagement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from analysis.simulate.dirt import RawTable
from analysis.simulate.layouts import as_text
from analysis.simulate.parameters import Programme

Tables = Mapping[str, pd.DataFrame]
#: Roles as people call them, by rater or source.
ROLES = {
    "advisee": "Client",
    "advisor": "Coach",
    "third_party": "Colleague",
    "record": "Office",
}
PHASES = {"baseline": "start", "end": "end", "follow_up": "followup"}


def text_of(frame: pd.DataFrame) -> pd.DataFrame:
    """A clean table with every cell as text, "" where missing."""
    return pd.DataFrame({name: as_text(frame[name]) for name in frame.columns})


def sheets_of(tables: Tables, rater: str) -> Iterator[dict[str, str]]:
    """One rater's answer sheets, cells as text."""
    checkins = tables["checkins"]
    yield from text_of(checkins[checkins["rater"] == rater]).to_dict("records")


def outcome_cells(tables: Tables, *sources: str) -> dict[tuple[str, str, str, str], tuple]:
    """(engagement, outcome, source, phase) to (value, week) as text, of these sources."""
    outcomes = tables["outcomes"]
    chosen = text_of(outcomes[outcomes["source"].isin(sources)])
    key = ["engagement_id", "outcome", "source", "phase"]
    return {
        tuple(row[name] for name in key): (row["value"], row["week"])
        for row in chosen.to_dict("records")
    }


def measures_of(programme: Programme, *sources: str) -> list[tuple[str, str, str]]:
    """Outcome, source and phase of what these sources give, in the programme's order."""
    return [
        (one.outcome, one.source, one.phase) for one in programme.measures if one.source in sources
    ]


def as_table(rows: list[dict[str, str]], columns: list[str], *more: list[str]) -> RawTable:
    """Rows under these columns; ``more`` are further header rows."""
    cells = np.full((len(rows), len(columns)), "", dtype=object)
    place = {name: number for number, name in enumerate(columns)}
    for number, row in enumerate(rows):
        for name, cell in row.items():
            cells[number, place[name]] = cell
    return RawTable([columns, *more], cells, ())


def in_words(name: str) -> str:
    """A clean value in words: ``ended_early`` as ``Ended early``."""
    return name.replace("_", " ").capitalize()
