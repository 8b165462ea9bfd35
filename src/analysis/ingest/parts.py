"""One raw table into rows of one clean table, each raw row kept or set aside with its reason."""

from __future__ import annotations

import itertools
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from analysis.contract.dictionary import INTEGER, NUMBER, TABLES, TEXT
from analysis.contract.dictionary import Column as Declared
from analysis.contract.faults import UserFault, nearest, several
from analysis.contract.instruments import Instrument
from analysis.contract.mapping import Mapping
from analysis.contract.parts import Column, Part
from analysis.contract.tabulated import BLANK
from analysis.ingest.columns import LARGEST, Faults, as_numbers, fold, relabelled, within
from analysis.ingest.dates import FIRST, NO_START, START, TURNED, Beginnings, as_weeks
from analysis.ingest.flow import KEPT, MADE, MENDED, READ, SET_ASIDE, Flow
from analysis.ingest.sources import Raw

TWICE = {
    "first": "duplicated submission (the first was kept)",
    "last": "duplicated submission (the last was kept)",
}
EMPTY = {"checkins": "no answer given", "outcomes": "no value given"}
NOT_CHOSEN = "not among the rows that the mapping chooses"
UNKNOWN = "engagement not among the engagements"
TRIMMED, MARKED, OUT_OF_RANGE = (
    "spaces trimmed",
    "missing-value mark read as missing",
    "answer out of range set to missing",
)


@dataclass
class Pass:
    """What the parts of one clean table make of one raw table.

    reasons : per raw row and part, why it was set aside ("" where it was kept)
    """

    raw: Raw
    faults: Faults
    clean: list[pd.DataFrame] = field(default_factory=list)
    reasons: list[np.ndarray] = field(default_factory=list)
    out_of_range: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    turned: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    startless: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))


def make_rows(
    table: str,
    parts: list[Part],
    raw: Raw,
    mapping: Mapping,
    instruments: Lookup[str, Instrument],
    known: pd.Index | None,
    begun: Beginnings,
    flow: Flow,
) -> pd.DataFrame:
    """Rows of a clean table from one raw table; the flow gets every raw row.

    ``known`` are the engagements' identifiers (None while they are being made), ``begun`` when they
    began. Raises UserFault listing all that would make the rows wrong.
    """
    columns = _used_columns(table, parts, raw, instruments)
    total = len(raw.lines)
    blank = (raw.cells.apply(lambda cells: cells.str.strip()) == "").all(axis=1).to_numpy()
    raw = raw.rows(~blank)
    aside = raw.aside[raw.aside != ""]
    raw = raw.rows(raw.aside == "")
    cells = raw.cells[columns]
    bare = cells.apply(lambda column: column.str.strip())
    trimmed = (bare != cells).to_numpy().any(axis=1)
    marks = bare.isin(mapping.missing_marks)
    bare = bare.mask(marks, "")
    todo = Pass(
        replace(raw, cells=bare),
        Faults(raw.label, raw.lines),
        *([], []),
        *(np.zeros(len(bare), dtype=bool) for _ in range(3)),
    )
    for part in parts:
        _make_part(table, part, todo, mapping, instruments, known, begun)
    if todo.faults:
        raise several(
            f"{mapping.name}: {table} cannot be read from {raw.label}.", todo.faults.worst_first()
        )

    kept = np.any([reasons == "" for reasons in todo.reasons], axis=0)
    name = raw.label
    flow.count(table, name, READ, "rows in the raw table", total)
    flow.count(table, name, SET_ASIDE, BLANK, blank.sum())
    for reason in dict.fromkeys(aside):
        flow.count(table, name, SET_ASIDE, reason, (aside == reason).sum())
    first = todo.reasons[0][~kept]
    for reason in dict.fromkeys(first):
        flow.count(table, name, SET_ASIDE, reason, (first == reason).sum())
    flow.count(table, name, KEPT, "rows kept", kept.sum())
    flow.count(table, name, MENDED, TRIMMED, (trimmed & kept).sum())
    flow.count(table, name, MENDED, MARKED, (marks.to_numpy().any(axis=1) & kept).sum())
    _count_declared(table, columns, raw, kept, flow)
    flow.count(table, name, MENDED, TURNED, (todo.turned & kept).sum())
    flow.count(table, name, MENDED, NO_START, (todo.startless & kept).sum())
    if table == "checkins":
        flow.count(table, name, MENDED, OUT_OF_RANGE, (todo.out_of_range & kept).sum())
    made = pd.concat(todo.clean, ignore_index=True)
    flow.count(table, name, MADE, f"rows of {table}", len(made))
    return made


def _count_declared(table: str, columns: list[str], raw: Raw, kept: np.ndarray, flow: Flow) -> None:
    """Count rows with a code that the file itself declares missing, each code by itself."""
    declared = [raw.declared_missing[name] for name in columns if name in raw.declared_missing]
    reasons = {reason for column in declared for reason in column.unique() if reason}
    for reason in sorted(reasons):
        rows = np.any([column == reason for column in declared], axis=0)
        flow.count(table, raw.label, MENDED, reason, (rows & kept).sum())


def _make_part(
    table: str,
    part: Part,
    todo: Pass,
    mapping: Mapping,
    instruments: Lookup[str, Instrument],
    known: pd.Index | None,
    begun: Beginnings,
) -> None:
    """Make one part's rows: the reason of each raw row, the clean rows of those kept."""
    reasons = np.full(len(todo.raw.lines), "", dtype=object)
    for column, values in part.where.items():
        cells = todo.raw.spoken(column, dict.fromkeys(values))
        chosen = cells.map(fold).isin([fold(value) for value in values])
        reasons[~chosen] = NOT_CHOSEN
    if part.where:
        # What the part does not choose may hold other words and numbers.
        chosen = todo.raw.cells.where(pd.Series(reasons == "", index=todo.raw.cells.index), "")
        todo = replace(todo, raw=replace(todo.raw, cells=chosen))
    _set_aside_twice(table, part, todo, mapping, reasons)
    open_rows = reasons == ""
    kept = np.zeros(len(reasons), dtype=bool)
    why = np.full(len(reasons), "", dtype=object)
    for values in itertools.product(*part.each.values()):
        placed = dict(zip(part.each, values, strict=True))
        clean = _clean_columns(table, part, placed, todo, mapping, begun)
        lacking = _lacking(table, clean, known)
        if table == "checkins":
            answers = _answers(part, placed, clean["rater"], todo, mapping, instruments)
            empty = answers.isna().to_numpy().all(axis=1)
            lacking = np.where((lacking == "") & empty, EMPTY[table], lacking)
            clean["instrument"] = clean["rater"].map(mapping.instruments).astype("str")
            clean = pd.concat([clean, answers], axis=1)
        good = open_rows & (lacking == "")
        kept |= good
        why = np.where(why == "", lacking, why)
        todo.clean.append(clean[good])
    reasons[open_rows & ~kept] = why[open_rows & ~kept]
    todo.reasons.append(reasons)


def _used_columns(
    table: str, parts: list[Part], raw: Raw, instruments: Lookup[str, Instrument]
) -> list[str]:
    """All raw columns the parts name. Raises UserFault for those the raw table lacks."""
    used: dict[str, str] = {}
    for part in parts:
        used |= dict.fromkeys(part.where, "the rows chosen")
        if part.start:
            used.setdefault(part.start, "start")
        for values in itertools.product(*part.each.values()):
            placed = dict(zip(part.each, values, strict=True))
            for name, column in part.fields.items():
                if column.raw:
                    used.setdefault(column.raw.format(**placed), name)
                if column.date and column.since not in (FIRST, START):
                    used.setdefault(column.since.format(**placed), name)
            if table == "checkins":
                for name, raw_name in _answer_columns(part, placed, instruments).items():
                    used.setdefault(raw_name, name)
    missing = [name for name in used if name not in raw.cells]
    if missing:
        raise several(
            f"{raw.label}: the mapping names columns that the table lacks.",
            (
                f"column '{name}' (for {table}.{used[name]}) is not in {raw.label}. "
                f"{nearest(name, raw.cells.columns)}"
                for name in missing
            ),
        )
    return list(used)


def _answer_columns(
    part: Part, placed: Lookup[str, object], instruments: Lookup[str, Instrument]
) -> dict[str, str]:
    """Clean item or subscale column to raw column, for the raters this part can hold."""
    field_of_rater = part.fields["rater"]
    if field_of_rater.value is not None:
        rater = str(field_of_rater.value).format(**placed)
        forms = {rater: instruments[rater]} if rater in instruments else {}
        if not forms:
            raise UserFault(f"rater '{rater}' has no instrument. {nearest(rater, instruments)}")
    else:
        forms = dict(instruments)
    ready_made = {form.ready_made for form in forms.values()}
    if part.subscales:
        wanted = {name for form in forms.values() for name in form.subscales}
        if ready_made != {True} or wanted != set(part.subscales):
            raise UserFault(
                f"the mapping gives ready-made subscales {', '.join(part.subscales)}, while the "
                f"instrument {next(iter(forms.values())).name} has "
                f"{'items' if ready_made != {True} else ', '.join(sorted(wanted))}."
            )
        return {name: column.format(**placed) for name, column in part.subscales.items()}
    if True in ready_made:
        name = next(form.name for form in forms.values() if form.ready_made)
        raise UserFault(f"instrument {name} has ready-made subscales, and the mapping gives items.")
    names = {item: name for form in forms.values() for item, name in form.item_names.items()}
    if isinstance(part.items, str):
        return {name: part.items.format(**placed, item=item) for item, name in names.items()}
    if len(part.items) < max(names):
        raise UserFault(
            f"the mapping lists {len(part.items)} item columns, and the instrument's key names "
            f"item {max(names)}. List a column for each item, in item order."
        )
    return {name: part.items[item - 1].format(**placed) for item, name in names.items()}


def _set_aside_twice(
    table: str, part: Part, todo: Pass, mapping: Mapping, reasons: np.ndarray
) -> None:
    """Find raw rows with one key; keep the first or the last, or refuse."""
    fields = part.fields
    key = [
        fields[name].column
        for name in TABLES[table].key
        if name in fields and fields[name].column and "{" not in fields[name].column
        if not (table == "outcomes" and name == "week")
    ]
    if not key:
        return
    cells = todo.raw.cells[key].apply(lambda column: column.str.casefold())
    cells = cells[reasons == ""]
    if table == "outcomes" and "week" in fields and (week := fields["week"].raw):
        repeats = _during(fields["phase"], todo)
        if "{" not in week:
            cells = cells.assign(_week=todo.raw.cells[week].where(repeats, ""))
    filled = (cells[key] != "").all(axis=1)
    keep = "last" if mapping.duplicates == "last" else "first"
    repeated = cells.duplicated(keep=keep) & filled
    twice = repeated.reindex(todo.raw.cells.index, fill_value=False).to_numpy()
    if not twice.any():
        return
    if mapping.duplicates == "refuse":
        todo.faults.at(
            ", ".join(key),
            np.flatnonzero(twice),
            f"the same {', '.join(key)} was submitted before",
            "Remove one, or set `duplicates` to first or last.",
        )
        return
    reasons[twice] = TWICE[mapping.duplicates]


def _during(phase: Column, todo: Pass) -> pd.Series:
    """Which raw rows hold outcomes taken during the engagement, of which there may be several."""
    if phase.value is not None:
        return pd.Series(str(phase.value) == "during", index=todo.raw.cells.index)
    words = {fold(label) for label, to in phase.labels.items() if to == "during"} or {"during"}
    return todo.raw.spoken(phase.column, phase.labels).map(fold).isin(words)


def _clean_columns(
    table: str,
    part: Part,
    placed: Lookup[str, object],
    todo: Pass,
    mapping: Mapping,
    begun: Beginnings,
) -> pd.DataFrame:
    """The part's declared columns, in the kinds of the data dictionary."""
    declared = {column.name: column for column in TABLES[table].columns}
    decimal = mapping.sources[part.source].decimal
    clean = {}
    for name, column in part.fields.items():
        kind = Declared(name, NUMBER if column.kind == "number" else TEXT, "", nullable=True)
        kind = declared.get(name, kind)
        if column.date is not None:
            weeks = as_weeks(column, placed, part, todo.raw, mapping, begun, todo.faults)
            clean[name], turned, startless = weeks
            todo.turned |= turned
            todo.startless |= startless
            continue
        raw_name = column.column.format(**placed) if column.column else name
        if column.value is not None:
            text = str(column.value).format(**placed)
            cells = pd.Series(text, index=todo.raw.cells.index, dtype="str")
        else:
            cells = relabelled(
                todo.raw.spoken(raw_name, column.labels), column.labels, raw_name, todo.faults
            )
        clean[name] = _in_kind(cells, kind, decimal, raw_name, todo.faults)
    return pd.DataFrame(clean)


def _in_kind(
    cells: pd.Series, kind: Declared, decimal: str, raw_name: str, faults: Faults
) -> pd.Series:
    """Cells as the dictionary's kind, with its permitted values and its minimum held."""
    if kind.kind == TEXT:
        if kind.values:
            for word in dict.fromkeys(cells[~cells.isin((*kind.values, ""))]):
                rows = np.flatnonzero(cells == word)
                what = f"what stands there is no {kind.name}"
                faults.at(raw_name, rows, what, f"Map it with labels. {nearest(word, kind.values)}")
        return cells.where(cells != "", np.nan)
    numbers = as_numbers(cells, decimal, raw_name, faults)
    beyond = np.flatnonzero(~within(numbers, -LARGEST, LARGEST))
    if len(beyond):
        what = f"{numbers.iloc[beyond[0]]:g} is no number that anybody measured or counted"
        faults.at(raw_name, beyond, what, "Correct it or leave the cell empty.")
    low = -np.inf if kind.minimum is None else kind.minimum
    below = np.flatnonzero(~within(numbers, low, np.inf))
    if len(below):
        what = f"{numbers.iloc[below[0]]:g} is below {low:g}, the lowest {kind.name} there can be"
        faults.at(raw_name, below, what, "Correct it or leave the cell empty.")
    if kind.kind == INTEGER:
        broken = np.flatnonzero((numbers % 1 != 0) & numbers.notna())
        if len(broken):
            what = f"{numbers.iloc[broken[0]]:g} is no whole number"
            faults.at(raw_name, broken, what, f"Give {kind.name} as 1, 2, 3, ...")
    return numbers


def _lacking(table: str, clean: pd.DataFrame, known: pd.Index | None) -> np.ndarray:
    """Per row, which required column is empty, or that its engagement is not known."""
    reasons = np.full(len(clean), "", dtype=object)
    for column in TABLES[table].columns:
        if column.required and column.name in clean:
            empty = clean[column.name].isna().to_numpy() & (reasons == "")
            reasons[empty] = (
                EMPTY["outcomes"] if column.name == "value" else f"no {column.name} given"
            )
    if known is not None:
        stray = (known.get_indexer(clean["engagement_id"]) < 0) & (reasons == "")
        reasons[stray] = UNKNOWN
    return reasons


def _answers(
    part: Part,
    placed: Lookup[str, object],
    raters: pd.Series,
    todo: Pass,
    mapping: Mapping,
    instruments: Lookup[str, Instrument],
) -> pd.DataFrame:
    """Items (or ready-made subscales) as numbers within their rater's instrument's range."""
    decimal = mapping.sources[part.source].decimal
    named = _answer_columns(part, placed, instruments)
    low = raters.map({rater: form.responses.minimum for rater, form in instruments.items()})
    high = raters.map({rater: form.responses.maximum for rater, form in instruments.items()})
    answers = {}
    for name, raw_name in named.items():
        cells = todo.raw.spoken(raw_name, part.answers)
        stray = np.zeros(len(cells), dtype=bool)
        if part.answers and mapping.out_of_range == "set_missing":
            stray = _codes_outside(cells, low, high)
            cells = cells.mask(stray, "")
        cells = relabelled(cells, part.answers, raw_name, todo.faults)
        numbers = as_numbers(cells, decimal, raw_name, todo.faults)
        outside = stray | ~within(numbers, low.astype(float), high.astype(float))
        if outside.any() and mapping.out_of_range == "refuse":
            row = np.flatnonzero(outside)
            what = (
                f"answer {numbers.iloc[row[0]]:g} is outside {low.iloc[row[0]]:g} to "
                f"{high.iloc[row[0]]:g}"
            )
            remedy = (
                "Correct it, or set `out_of_range: set_missing` to count and drop such answers."
            )
            todo.faults.at(raw_name, row, what, remedy)
        todo.out_of_range |= outside
        answers[name] = numbers.mask(outside)
    return pd.DataFrame(answers)


def _codes_outside(cells: pd.Series, low: pd.Series, high: pd.Series) -> np.ndarray:
    """Codes among answers in words that cannot be answers; one within the range stays a fault."""
    codes = pd.to_numeric(cells, errors="coerce").astype(float)
    return ~within(codes, low.astype(float), high.astype(float))
