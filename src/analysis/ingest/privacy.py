"""Personal data at the door: found in any raw column that the mapping does not drop, and refused.

What no part of the mapping uses never leaves the raw file. It is searched all the same: whoever
keeps names beside ratings should decide so, and a column mapped by mistake would bring them in.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from analysis.contract.dictionary import IDENTIFIERS, TABLES
from analysis.contract.faults import UserFault, nearest
from analysis.contract.mapping import Mapping
from analysis.contract.parts import WEEKS
from analysis.ingest.columns import fold
from analysis.ingest.dates import FIRST, START
from analysis.ingest.personal.addresses import find_addresses
from analysis.ingest.personal.column import Column, Find
from analysis.ingest.personal.moments import DATE, STAMP, find_moments
from analysis.ingest.personal.names import find_names
from analysis.ingest.personal.wording import find_text
from analysis.ingest.sources import Raw

#: Messages list so many columns: an export of a survey tool has a dozen.
MOST_LISTED = 100

#: Words that YAML reads as something else than text.
_NOT_TEXT = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


@dataclass(frozen=True)
class Found:
    """Personal data in one raw column.

    source, column : which; ``label`` is the file
    kinds : what was found, in words
    cells : how many cells hold it; ``row`` is the number of the first in the file
    certain : whether no reason could clear the column
    """

    source: str
    label: str
    column: str
    kinds: tuple[str, ...]
    cells: int
    row: int
    certain: bool


@dataclass
class Use:
    """What the mapping makes of one raw column: clean columns, and the words it spells out.

    ``dated``: nothing but weeks, into which ingest turns its dates.
    """

    fills: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    dated: bool = False


def leave_behind(name: str, raw: Raw, mapping: Mapping) -> Raw:
    """One source's raw table without the columns that the mapping drops.

    Raises UserFault if a dropped or cleared column is not there (a name misspelled would drop
    nothing), or if the mapping uses a dropped one.
    """
    source = mapping.sources[name]
    for key, names in (("drop", source.drop), ("cleared", source.cleared)):
        if absent := [column for column in names if column not in raw.cells]:
            raise UserFault(
                f"{raw.label}: `sources.{name}.{key}` names the column '{absent[0]}', which the "
                f"table lacks. {nearest(absent[0], raw.cells.columns)}"
            )
    used = uses(mapping, name)
    for column in source.drop:
        if column in used:
            raise UserFault(
                f"{raw.label}: `sources.{name}.drop` names the column '{column}', which the "
                f"mapping uses for {', '.join(sorted(used[column].fills))}. Do one or the other."
            )
    return replace(raw, cells=raw.cells.drop(columns=list(source.drop)))


def refuse_personal(mapping: Mapping, raws: dict[str, Raw]) -> None:
    """Raise one UserFault that lists all personal data in the raw tables, and what to write.

    Parameters
    ----------
    mapping : what the raw tables mean
    raws : source name to raw table, dropped columns left behind
    """
    found = []
    used: dict[str, dict[str, Use]] = {}
    for name, raw in raws.items():
        used[name] = uses(mapping, name)
        cleared = mapping.sources[name].cleared
        held = search_table(name, raw, used[name], mapping.missing_marks)
        found += [one for one in held if one.certain or one.column not in cleared]
    if found:
        raise UserFault(_in_words(mapping, found, used))


def search_table(
    source: str, raw: Raw, used: dict[str, Use], missing_marks: Iterable[str]
) -> list[Found]:
    """All personal data in one raw table, column by column in the table's order."""
    blank = {"", *missing_marks}
    columns = [
        _look_at(name, _spoken(name, raw), used.get(name, Use()), blank) for name in raw.cells
    ]
    found = []
    for column, named in zip(columns, find_names(columns), strict=True):
        finds = [*named, *find_addresses(column), *find_moments(column)]
        if used.get(column.header, Use()).dated:
            finds = [one for one in finds if one.kind not in (DATE, STAMP)]
        finds = finds or find_text(column)
        if finds:
            found.append(_located(source, raw, column, _spoken(column.header, raw), finds))
    return found


def _spoken(name: str, raw: Raw) -> pd.Series:
    """A column's cells without spaces around them, codes as the labels that the file gives them."""
    cells = raw.cells[name].str.strip()
    return cells.replace(dict(raw.value_labels[name])) if name in raw.value_labels else cells


def _look_at(name: str, cells: pd.Series, use: Use, blank: set[str]) -> Column:
    counts = cells.value_counts(sort=False).to_dict()
    return Column(
        str(name), {value: n for value, n in counts.items() if value not in blank}, use.known
    )


def _located(
    source: str, raw: Raw, column: Column, cells: pd.Series, finds: Sequence[Find]
) -> Found:
    values = frozenset[str]().union(*(one.values for one in finds))
    rows = np.flatnonzero(cells.isin(values))
    return Found(
        source,
        raw.label,
        column.header,
        tuple(dict.fromkeys(one.kind for one in finds)),
        len(rows),
        int(raw.lines[rows[0]]),
        any(one.certain for one in finds),
    )


def uses(mapping: Mapping, source: str) -> dict[str, Use]:
    """Raw column to what the mapping makes of it, for one source."""
    found: dict[str, Use] = {}
    dates: list[tuple[str, str]] = []

    def note(column: str, clean: str, words: Iterable[object]) -> None:
        use = found.setdefault(column, Use())
        use.fills.add(clean)
        use.known.update(fold(str(word)) for word in words)

    for table, parts in mapping.parts().items():
        for part in parts:
            if part.source != source:
                continue
            for column, values in part.where.items():
                note(column, "the rows chosen", values)
            for column in part.answer_columns():
                note(column, "answers", part.answers)
            for values in itertools.product(*part.each.values()):
                placed = dict(zip(part.each, values, strict=True))
                for clean, given in part.fields.items():
                    if given.column is not None:
                        words = [*given.labels, *_permitted(mapping, table, clean)]
                        note(given.column.format(**placed), f"{table}.{clean}", words)
                    if given.date is not None:
                        days = [given.date, *({given.since} - {FIRST, START})]
                        dates += [(day.format(**placed), f"{table}.{clean}") for day in days]
            if part.start is not None:
                dates.append((part.start, f"{table}.start"))
    otherwise = set(found)
    for column, clean in dates:
        note(column, clean, ())
        found[column].dated = column not in otherwise
    return found


def _permitted(mapping: Mapping, table: str, clean: str) -> tuple[str, ...]:
    """The words that a clean column may hold, where they are few."""
    if (table, clean) == ("outcomes", "outcome"):
        return tuple(mapping.outcomes)
    declared = {column.name: column.values for column in TABLES[table].columns}
    return declared.get(clean, ())


def _in_words(mapping: Mapping, found: list[Found], used: dict[str, dict[str, Use]]) -> str:
    """The refusal: every column with what is in it, then the lines to put into the mapping."""
    told = [
        f"{mapping.name}: personal data found, so nothing was read. Leave these columns behind, or "
        "take them out of the files.",
        *(_line(one) for one in found[:MOST_LISTED]),
    ]
    if len(found) > MOST_LISTED:
        told.append(f"  ... and {len(found) - MOST_LISTED} more columns")
    needed = [one for one in found if used[one.source].get(one.column)]
    spare = [one for one in found if one not in needed]
    if spare:
        told += ["Put into the mapping:", *_drop_lines(mapping, spare)]
    for one in needed:
        told.append(_remedy(one, used[one.source][one.column]))
    if soft := [one for one in found if not one.certain]:
        first = soft[0]
        told.append(
            "If a column only looks personal, say why it is not (the privacy report repeats it): "
            f"`sources.{first.source}.cleared: {{{_quoted(first.column)}: the reason}}`."
        )
    return "\n".join(told)


def _line(one: Found) -> str:
    cells = "1 cell" if one.cells == 1 else f"{one.cells} cells"
    return (
        f"  - {one.label}, column '{one.column}': {' and '.join(one.kinds)} in {cells}, first in "
        f"row {one.row}{' (no reason clears these)' if one.certain else ''}"
    )


def _drop_lines(mapping: Mapping, spare: list[Found]) -> list[str]:
    lines = ["  sources:"]
    for source in dict.fromkeys(one.source for one in spare):
        names = [*mapping.sources[source].drop]
        names += [one.column for one in spare if one.source == source]
        lines += [f"    {source}:", f"      drop: [{', '.join(map(_quoted, names))}]"]
    return lines


def _quoted(name: str) -> str:
    """A column's name as YAML reads it back."""
    plain = name.isascii() and name.replace("_", "a").isalnum() and name[0].isalpha()
    return name if plain and name.casefold() not in _NOT_TEXT else json.dumps(name)


def _remedy(one: Found, use: Use) -> str:
    """What to do about a column that the mapping uses."""
    fills = sorted(use.fills)
    where = f"The mapping uses '{one.column}' of {one.label} for {', '.join(fills)}:"
    if any(name.partition(".")[2] in IDENTIFIERS for name in fills):
        return (
            f"{where} give everybody a code in the file first (it is hashed on top), and keep the "
            "list of codes elsewhere."
        )
    if set(one.kinds) <= {DATE, STAMP}:
        if all(name.partition(".")[2] in WEEKS for name in fills):
            return f"{where} let it be turned into weeks, `{{date: {_quoted(one.column)}}}`."
        return f"{where} give weeks since the engagement began in place of dates."
    return f"{where} take it out of there and drop it."


def refuse_personal_clean(name: str, tables: dict[str, pd.DataFrame]) -> None:
    """Raise UserFault if a clean table holds a date, an address or free text all the same.

    The last look before anything is written: labels and constants of a mapping can make what no
    raw column holds.
    """
    told = []
    for table, frame in tables.items():
        text = [
            column
            for column in frame.select_dtypes(include=["object", "string"])
            if column not in IDENTIFIERS
        ]
        for header in text:
            counts = frame[header].dropna().value_counts(sort=False).to_dict()
            column = Column(header, {str(value): n for value, n in counts.items()})
            for find in _at_last(column, (find_addresses, find_moments, find_text)):
                cells = column.cells(find.values)
                told.append(f"  - {table}, column '{header}': {find.kind} in {cells} cells")
    if told:
        raise UserFault(
            "\n".join(
                [
                    f"{name}: these clean tables would hold personal data. Correct the mapping's "
                    "columns, labels and values.",
                    *told,
                ]
            )
        )


def _at_last(column: Column, searches: Sequence[Callable[[Column], list[Find]]]) -> list[Find]:
    return [find for search in searches for find in search(column)]
