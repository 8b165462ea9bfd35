"""Dates into whole weeks since each engagement began, so that no date reaches a clean table."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.contract.faults import UserFault, several
from analysis.contract.mapping import Mapping
from analysis.contract.parts import Column, Part
from analysis.ingest.columns import Faults
from analysis.ingest.sources import Raw

FIRST, START = "first", "start"
TURNED, NO_START = (
    "dates turned into whole weeks",
    "date of an engagement without a start: week left empty",
)
_TIME = r"(?:[T\s]+[\d:.,\sAPMapmGTUCZ+-]*)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}),?{_TIME}")
_BY_NAME = re.compile(rf"(\d{{1,2}})[-\s]([A-Za-z]{{3}})[a-z]*[-\s](\d{{4}}){_TIME}")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class Beginnings:
    """The day, as a number, on which each engagement began.

    start : by the engagements' own column; first : their first date in columns that count from it
    """

    start: Lookup[str, float] = field(default_factory=dict)
    first: Lookup[str, float] = field(default_factory=dict)


def read_days(cells: pd.Series, order: str | None, column: str, faults: Faults) -> pd.Series:
    """Cells' days as whole numbers (days since 1970), NaN where empty; the time of day is ignored.

    Dates that begin with the year or name the month are certain. In others day and month are told
    apart by ``order`` ("day first", "month first") or, without it, by a number above 12. What is no
    date, and an order that cannot be told, are faults; no fault repeats a date.
    """
    parts = {text: _split(text) for text in cells.unique() if text}
    unsure = [one for one in parts.values() if one and one[0] == "unsure"]
    if unsure and order is None:
        first, second = (max(one[place] for one in unsure) for place in (1, 2))
        if (first > 12) == (second > 12):
            rows = np.flatnonzero(
                cells.map(lambda text: bool(parts.get(text)) and parts[text][0] == "unsure")
            )
            faults.at(
                column,
                rows,
                "the order of day and month cannot be told",
                "Set `dates` of this source to day first or month first.",
            )
            return pd.Series(np.nan, index=cells.index)
        order = "day first" if first > 12 else "month first"
    days = {text: _day(one, order) for text, one in parts.items()}
    bad = np.flatnonzero(cells.map(lambda text: text != "" and np.isnan(days[text])))
    remedy = "Give dates as YYYY-MM-DD, or leave the cell empty."
    faults.at(column, bad, "this is no date", remedy)
    return cells.map(lambda text: days.get(text, np.nan)).astype("float64")


def _split(text: str) -> tuple[str, int, int, int] | None:
    """How sure, then first and second number and year; or ("sure", day, month, year)."""
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = map(int, found.groups())
        return "sure", day, month, year
    if found := _YEAR_LAST.fullmatch(text):
        return "unsure", *map(int, found.groups())
    if (found := _BY_NAME.fullmatch(text)) and found[2].lower() in _MONTHS:
        return "sure", int(found[1]), _MONTHS.index(found[2].lower()) + 1, int(found[3])
    return None


def _day(one: tuple[str, int, int, int] | None, order: str | None) -> float:
    if one is None:
        return np.nan
    sure, day, month, year = one
    if sure == "unsure" and order == "month first":
        day, month = month, day
    try:
        return float(np.datetime64(f"{year:04d}-{month:02d}-{day:02d}", "D").astype(int))
    except ValueError:
        return np.nan


def find_beginnings(mapping: Mapping, raws: Lookup[str, Raw]) -> Beginnings:
    """When each engagement began, from the raw tables by source. Raises UserFault.

    ``raws`` may lack sources that could not be read.
    """
    start: dict[str, float] = {}
    first: dict[str, float] = {}
    told: list[str] = []
    for table, parts in mapping.parts().items():
        for part in parts:
            raw = raws.get(part.source)
            if raw is None:
                continue
            raw = raw.rows(raw.aside == "")
            faults = Faults(raw.label, raw.lines)
            order = mapping.sources[part.source].dates
            if table == "engagements" and part.start in raw.cells:
                days = read_days(_bare(raw.cells[part.start], mapping), order, part.start, faults)
                _take(start, _engagements(part, raw, mapping), days, part.start, faults)
            for column in _first_columns(part, raw):
                days = read_days(_bare(raw.cells[column], mapping), order, column, faults)
                ids = _engagements(part, raw, mapping)
                for name, day in days.groupby(ids).min().dropna().items():
                    first[name] = min(first.get(name, np.inf), day)
            told += faults.worst_first()
    if told:
        raise several(f"{mapping.name}: dates cannot be turned into weeks.", told)
    return Beginnings(start, first)


def as_weeks(
    field_of_week: Column,
    placed: Lookup[str, object],
    part: Part,
    raw: Raw,
    mapping: Mapping,
    begun: Beginnings,
    faults: Faults,
) -> tuple[pd.Series, np.ndarray, np.ndarray]:
    """Whole weeks since the engagement began, and which rows were turned and which lack a start.

    week = floor(days since the start / 7). A date before the start is a fault.
    """
    column = field_of_week.date.format(**placed)
    order = mapping.sources[part.source].dates
    days = read_days(raw.cells[column], order, column, faults)
    since = field_of_week.since
    if since in (FIRST, START):
        known = begun.first if since == FIRST else begun.start
        begin = _engagements(part, raw, mapping).map(dict(known)).astype("float64")
    else:
        begin = read_days(raw.cells[since.format(**placed)], order, since, faults)
    gap = days - begin
    before = np.flatnonzero(gap < 0)
    faults.at(
        column,
        before,
        "this date lies before the engagement began",
        "Correct one of the two dates, or let weeks begin with `since: first`.",
    )
    weeks = np.floor(gap.where(gap >= 0) / 7)
    lacking = (days.notna() & begin.isna()).to_numpy()
    return weeks, weeks.notna().to_numpy(), lacking


def _take(
    start: dict[str, float], ids: pd.Series, days: pd.Series, column: str, faults: Faults
) -> None:
    """Note each engagement's start; two different ones are a fault."""
    for row, (name, day) in enumerate(zip(ids, days, strict=True)):
        if name and not np.isnan(day) and start.setdefault(name, day) != day:
            what = "this engagement has another start in an earlier row"
            faults.at(column, np.array([row]), what, "Keep one of them.")


def _first_columns(part: Part, raw: Raw) -> list[str]:
    """Raw columns of the part whose weeks begin with an engagement's first date."""
    named = [one.date for one in part.fields.values() if one.date and one.since == FIRST]
    columns = [
        name.format(**dict(zip(part.each, values, strict=True)))
        for values in itertools.product(*part.each.values())
        for name in named
    ]
    return [name for name in dict.fromkeys(columns) if name in raw.cells]


def _engagements(part: Part, raw: Raw, mapping: Mapping) -> pd.Series:
    """Each raw row's engagement as the raw table calls it."""
    column = part.fields["engagement_id"].column
    if column is None or column not in raw.cells:
        return pd.Series("", index=raw.cells.index, dtype="str")
    return _bare(raw.cells[column], mapping)


def _bare(cells: pd.Series, mapping: Mapping) -> pd.Series:
    bare = cells.str.strip()
    return bare.mask(bare.isin(mapping.missing_marks), "")


def check_starts(mapping: Mapping) -> None:
    """Raise UserFault where weeks count from a start that the mapping does not name."""
    if any(part.start for part in mapping.tables.engagements):
        return
    for table, parts in mapping.parts().items():
        for number, part in enumerate(parts):
            for name, one in part.fields.items():
                if one.date and one.since == START:
                    raise UserFault(
                        f"{mapping.name}: tables.{table}.{number}.columns.{name}: weeks are to "
                        "count from the start, and no part of tables.engagements has `start`. Name "
                        "the raw column of the day engagements began there, or say `since: first`."
                    )
