"""Raw tables as a description takes them: files recognised, mixed tables split by what rows are."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from analysis.contract.faults import UserFault
from analysis.contract.raw_tables import RawTable
from analysis.ingest.describe.columns import Look, look_at
from analysis.ingest.describe.words import ENGAGEMENT
from analysis.ingest.personal.moments import DATE, STAMP
from analysis.ingest.privacy import search_table
from analysis.ingest.sources import Raw, read_raw
from analysis.ingest.text import decode
from analysis.ingest.tools import RECORDED

EVENT, INSTRUMENT, INSTANCE = (
    "redcap_event_name",
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
)
_DELIMITERS = (",", ";", "\t", "|")
_TEXT = (".csv", ".txt", ".tsv", ".tab")


@dataclass(frozen=True)
class Table:
    """One raw table as it was read, and its columns that look personal: name to what is in them."""

    source: RawTable
    raw: Raw
    personal: Mapping[str, str]


@dataclass
class View:
    """Rows of one kind in one raw table.

    source : the raw table; ``where`` chooses the rows
    looks : columns by name, as these rows fill them
    engagement : the column of the engagement
    used : columns that the proposal uses so far; ``begins`` are dates of start and end among them
    """

    source: str
    raw: Raw
    where: dict[str, list[str]]
    looks: Mapping[str, Look]
    engagement: str = ""
    used: set[str] = field(default_factory=set)
    begins: set[str] = field(default_factory=set)

    def free(self) -> dict[str, Look]:
        """Filled columns that have no use yet."""
        taken = {*self.used, self.engagement}
        return {
            name: look for name, look in self.looks.items() if name not in taken and look.levels
        }

    def take(self, *names: str) -> None:
        """Note columns as used."""
        self.used.update(names)


def recognise(path: Path, file: str) -> list[RawTable]:
    """How a file is to be read: one raw table, or one for each sheet of a workbook."""
    ending = path.suffix.lower()
    if ending in (".xlsx", ".xlsm"):
        import openpyxl

        try:
            book = openpyxl.load_workbook(path, read_only=True)
        except Exception as error:
            raise UserFault(f"{path}: cannot be read as an Excel workbook ({error}).") from None
        names = list(book.sheetnames)
        book.close()
        return [RawTable(file=file, sheet=name) for name in names]
    if ending not in _TEXT:
        return [RawTable(file=file)]
    text = decode(path.read_bytes(), path)
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count) if ending not in (".tsv", ".tab") else "\t"
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[:50]
    tool = _tool(rows)
    given: dict[str, object] = {"file": file}
    if tool:
        given["format"] = tool
    if delimiter != ("\t" if ending in (".tsv", ".tab") else ","):
        given["delimiter"] = delimiter
        if _decimal_comma(rows[1:]):
            given["decimal"] = ","
    return [RawTable(**given)]


def _tool(rows: list[list[str]]) -> str | None:
    """The tool that wrote these rows, by what only it writes."""
    if len(rows) > 2 and rows[2] and all('"ImportId"' in cell for cell in rows[2] if cell.strip()):
        return "qualtrics"
    header = [cell.strip() for cell in rows[0]] if rows else []
    if {EVENT, INSTRUMENT} & set(header) or (
        header[:1] == ["record_id"] and any(name.endswith("_complete") for name in header)
    ):
        return "redcap"
    return "google_forms" if header[:1] == ["Timestamp"] else None


def _decimal_comma(rows: list[list[str]]) -> bool:
    cells = [cell for row in rows for cell in row]
    comma = [cell for cell in cells if cell.replace(",", "", 1).isdigit() and "," in cell]
    point = [cell for cell in cells if cell.replace(".", "", 1).isdigit() and "." in cell]
    return len(comma) > len(point)


def read_tables(
    sources: Mapping[str, RawTable], folder: Path, missing_marks: tuple[str, ...]
) -> dict[str, Table]:
    """All raw tables, searched for personal data."""
    tables = {}
    for name, source in sources.items():
        raw = read_raw(source, folder)
        found = search_table(name, raw, {}, missing_marks)
        told = {one.column: " and ".join(one.kinds) for one in found}
        tables[name] = Table(source, raw, told)
    return tables


def take_views(tables: Mapping[str, Table], missing_marks: tuple[str, ...]) -> list[View]:
    """All views of all raw tables, each with its engagement column where one is recognised.

    A view shows no column that looks personal, but for dates, which may become weeks.
    """
    views = []
    for name, table in tables.items():
        raw = table.raw.rows(table.raw.aside == "")
        hidden = {column for column, kinds in table.personal.items() if kinds not in (DATE, STAMP)}
        hidden.update(RECORDED if table.source.format == "qualtrics" else ())
        for where, rows in _split(raw):
            looks = look_at(rows, missing_marks)
            shown = {column: look for column, look in looks.items() if column not in hidden}
            views.append(View(name, rows, where, shown))
    _find_engagements(views)
    return views


def _split(raw: Raw) -> list[tuple[dict[str, list[str]], Raw]]:
    """REDCap's rows by repeating instrument; all others of the table together."""
    if INSTRUMENT not in raw.cells:
        return [({}, raw)]
    instrument = raw.cells[INSTRUMENT].str.strip()
    parts = []
    for name in sorted(set(instrument)):
        rows = raw.rows((instrument == name).to_numpy())
        if name:
            parts.append(({INSTRUMENT: [name]}, rows))
        else:
            parts.insert(0, ({INSTRUMENT: [""]}, rows))
    return parts


def _find_engagements(views: list[View]) -> None:
    """By its name, and where no name tells, by values that another table has for engagements."""
    for view in views:
        named = [
            look
            for name, look in view.looks.items()
            if look.coded and (look.words & ENGAGEMENT or name.casefold() in ("record_id", "id"))
        ]
        if named:
            view.engagement = max(named, key=lambda look: len(look.levels)).name
    known = {
        level for view in views if view.engagement for level in view.looks[view.engagement].levels
    }
    for view in views:
        if not view.engagement and known:
            shared = [
                look for look in view.looks.values() if look.coded and set(look.levels) <= known
            ]
            if shared:
                view.engagement = max(shared, key=lambda look: len(look.levels)).name
