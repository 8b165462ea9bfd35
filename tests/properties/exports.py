"""Exports taken apart into rows of text, put together again, and read by ingest."""

from __future__ import annotations

import csv
import io
import re
import shutil
import tempfile
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from analysis.contract.faults import UserFault
from analysis.contract.instruments import Instrument
from analysis.contract.mapping import Mapping
from analysis.contract.parts import Column
from analysis.ingest.dataset import ingest_dataset

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")


@dataclass(frozen=True)
class Sheet:
    """One raw table as rows of text, header rows first."""

    rows: list[list[str]]
    headers: int = 1

    @property
    def names(self) -> list[str]:
        return self.rows[0]

    @property
    def body(self) -> list[list[str]]:
        return self.rows[self.headers :]

    def with_body(self, body: list[list[str]]) -> Sheet:
        return Sheet([*self.rows[: self.headers], *body], self.headers)

    def with_cell(self, row: int, column: int, text: str) -> Sheet:
        """The sheet with another text in one cell of its body."""
        body = [list(one) if place == row else one for place, one in enumerate(self.body)]
        body[row][column] = text
        return self.with_body(body)

    def without(self, rows: set[int]) -> Sheet:
        return self.with_body([one for place, one in enumerate(self.body) if place not in rows])


@dataclass(frozen=True)
class Read:
    """What ingest made of an export: the clean tables and rows counted by table, source, step."""

    tables: dict[str, pd.DataFrame]
    flow: pd.DataFrame

    def counted(self, step: str) -> pd.Series:
        """Rows of a step by clean table and raw table."""
        chosen = self.flow[self.flow["step"] == step]
        return chosen.groupby(["table", "source"])["rows"].sum()


@dataclass(frozen=True)
class Refused:
    """What ingest said when it refused an export."""

    told: str


@dataclass(frozen=True)
class Export:
    """An export in a folder, its mapping, and its raw tables by the mapping's names of them."""

    kind: str
    folder: Path
    mapping: Mapping
    instruments: Lookup[str, Instrument]
    sheets: dict[str, Sheet] = field(default_factory=dict)

    @cached_property
    def undamaged(self) -> Read:
        read = self.read({})
        assert isinstance(read, Read), read.told
        return read

    def file_of(self, source: str) -> Path:
        return self.folder / self.mapping.sources[source].file

    def read(self, changed: Lookup[str, Sheet | bytes]) -> Read | Refused:
        """Read the export with some of its raw tables, or whole files, replaced."""
        with tempfile.TemporaryDirectory() as place:
            self.write(changed, Path(place))
            try:
                return Read(*ingest_dataset(self.mapping, Path(place), self.instruments))
            except UserFault as fault:
                return Refused(str(fault))

    def write(self, changed: Lookup[str, Sheet | bytes], folder: Path) -> None:
        """Write the export's files with some raw tables, or whole files, replaced."""
        for path in self.folder.iterdir():
            if path.suffix != ".yaml":
                shutil.copyfile(path, folder / path.name)
        for source, content in changed.items():
            path = folder / self.mapping.sources[source].file
            if isinstance(content, bytes):
                path.write_bytes(content)
            elif path.suffix == ".xlsx":
                write_workbook(self.sheets | {source: content}, path)
            elif path.suffix == ".sav":
                _write_spss(content, self.file_of(source), path)
            else:
                path.write_bytes(as_text(content).encode())

    def fed_by(self, source: str) -> dict[str, list[tuple[str, str, Column | None]]]:
        """Raw column to what it feeds: clean table, clean column and how (None for an answer).

        Columns that only choose rows or date an engagement's beginning feed ``""``.
        """
        fed: dict[str, list[tuple[str, str, Column | None]]] = {}
        for table, parts in self.mapping.parts().items():
            for part in parts:
                if part.source != source:
                    continue
                chosen = [*part.where, *([part.start] if part.start else [])]
                for name in chosen:
                    fed.setdefault(name, []).append((table, "", None))
                for placed in _placed(part.each):
                    for clean, column in part.fields.items():
                        if column.raw:
                            name = column.raw.format(**placed)
                            fed.setdefault(name, []).append((table, clean, column))
                if table == "checkins":
                    for number, name in enumerate(part.answer_columns()):
                        item = f"item_{number % 99 + 1:02d}"
                        fed.setdefault(name, []).append((table, item, None))
        return {name: uses for name, uses in fed.items() if name in self.sheets[source].names}


def _placed(each: Lookup[str, tuple]) -> list[dict[str, object]]:
    placed: list[dict[str, object]] = [{}]
    for name, values in each.items():
        placed = [one | {name: value} for one in placed for value in values]
    return placed


def as_text(sheet: Sheet) -> str:
    """A sheet as comma-separated text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(sheet.rows)
    return text.getvalue()


def take_apart(
    kind: str, folder: Path, mapping: Mapping, instruments: Lookup[str, Instrument]
) -> Export:
    """The export in a folder with its raw tables read as text, by no code of ingest's."""
    sheets = {}
    for source, about in mapping.sources.items():
        path = folder / about.file
        if path.suffix == ".sav":
            rows = _rows_of_spss(path)
        elif path.suffix == ".xlsx":
            rows = _rows_of_workbook(path, about.sheet)
        else:
            rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
        sheets[source] = Sheet(rows, about.headers)
    return Export(kind, folder, mapping, instruments, sheets)


def _rows_of_workbook(path: Path, sheet: str | None) -> list[list[str]]:
    import openpyxl

    book = openpyxl.load_workbook(path)
    page = book[sheet] if sheet else book.worksheets[0]
    return [
        ["" if cell is None else str(cell) for cell in row]
        for row in page.iter_rows(values_only=True)
    ]


def write_workbook(sheets: Lookup[str, Sheet], path: Path) -> None:
    """Write sheets by name: numbers as such but for those that begin with 0; = begins a formula."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    for source, sheet in sheets.items():
        page = book.create_sheet(source)
        for row in sheet.rows:
            page.append([_typed(cell) for cell in row])
    book.save(path)


def _typed(cell: str) -> str | float | int | None:
    if not _NUMBER.fullmatch(cell) or re.match(r"-?0[0-9]", cell):
        return cell or None
    return float(cell) if "." in cell else int(cell)


def _rows_of_spss(path: Path) -> list[list[str]]:
    import pyreadstat

    frame, _ = pyreadstat.read_sav(str(path), user_missing=True)
    return [list(frame.columns), *([_plain(cell) for cell in row] for row in frame.to_numpy())]


def _plain(cell: object) -> str:
    if isinstance(cell, float):
        return "" if cell != cell else str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell)


def _write_spss(sheet: Sheet, like: Path, path: Path) -> None:
    """A variable of numbers stays one while all its cells are numbers; its dictionary stays."""
    import pyreadstat

    before, about = pyreadstat.read_sav(str(like), user_missing=True)
    columns, labels, missing = {}, {}, {}
    for place, name in enumerate(sheet.names):
        cells = [row[place] for row in sheet.body]
        was_number = name not in before or pd.api.types.is_numeric_dtype(before[name])
        if was_number and all(not cell or _NUMBER.fullmatch(cell) for cell in cells):
            columns[name] = [float(cell) if cell else None for cell in cells]
            labels[name] = about.variable_value_labels.get(name)
            missing[name] = about.missing_ranges.get(name)
        else:
            columns[name] = cells
    pyreadstat.write_sav(
        pd.DataFrame(columns).astype(
            {name: float for name, cells in columns.items() if not isinstance(cells[0], str)}
        ),
        str(path),
        variable_value_labels={name: one for name, one in labels.items() if one},
        missing_ranges={name: one for name, one in missing.items() if one},
    )


def is_name(clean: str, how: Column) -> bool:
    """Whether a clean column holds whatever stands in its cells: names and free levels."""
    return clean.endswith("_id") or (clean.startswith("advisee_") and not how.labels)


def in_one_order(table: pd.DataFrame) -> pd.DataFrame:
    """Rows sorted by all columns: events have no key."""
    return table.sort_values(list(table.columns), ignore_index=True)


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two clean tables say the same, whatever the order of their rows."""
    if set(one.columns) != set(other.columns) or len(one) != len(other):
        return False
    return in_one_order(one).equals(in_one_order(other[list(one.columns)]))
