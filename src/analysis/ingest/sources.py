"""Raw tables as they arrive, every cell as text, every row with its number in the file."""

from __future__ import annotations

import csv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.contract.faults import UserFault, nearest, several
from analysis.contract.mapping import RawTable

_FORMATS = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".parquet": "parquet",
}


@dataclass(frozen=True)
class Raw:
    """A raw table.

    cells : frame of text, an empty string where a cell is empty; index 0, 1, ...
    lines : for each row, its number in the file or sheet, the first line being 1
    label : file (and sheet) for messages
    """

    cells: pd.DataFrame
    lines: np.ndarray
    label: str

    def rows(self, keep: np.ndarray) -> Raw:
        """The rows where ``keep`` is True."""
        return Raw(self.cells[keep].reset_index(drop=True), self.lines[keep], self.label)


def read_raw(source: RawTable, folder: Path) -> Raw:
    """Read one raw table. Raises UserFault naming the file and what would mend it."""
    path = Path(folder) / source.file
    label = source.file + (f" [{source.sheet}]" if source.sheet else "")
    if not path.is_file():
        there = (
            [item.name for item in sorted(path.parent.glob("*"))] if path.parent.exists() else []
        )
        raise UserFault(
            f"{path}: there is no such file. {nearest(path.name, there)}. "
            "If it is under DVC, `dvc pull` brings it."
        )
    kind = source.format or _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise UserFault(
            f"{path}: cannot tell what kind of file '{path.suffix}' is. "
            f"Set `format` to one of csv, tsv, excel, parquet."
        )
    if kind == "parquet":
        return _read_parquet(path, label)
    rows, lines = (
        _read_sheet(path, source.sheet) if kind == "excel" else _read_text(path, source, kind)
    )
    return _with_header(
        rows, lines, source.header_rows, f"{path}" + label[len(source.file) :], label
    )


def _with_header(
    rows: list[list[str]], lines: list[int], header_rows: int, place: str, label: str
) -> Raw:
    """Name the columns by the first header row; refuse ragged rows and repeated names."""
    if len(rows) < header_rows or not any(cell.strip() for cell in rows[0]):
        raise UserFault(f"{place}: the table has no header. Its first row must name the columns.")
    names = [cell.strip() for cell in rows[0]]
    while names and not names[-1]:
        names.pop()
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise UserFault(
            f"{place}, row {lines[0]}: column '{twice[0]}' occurs twice. Rename one in the header."
        )
    width = len(names)
    body, numbers = rows[header_rows:], lines[header_rows:]
    ragged = []
    for row, line in zip(body, numbers, strict=True):
        if any(cell.strip() for cell in row[width:]) or 1 < len(row) < width:
            ragged.append(f"row {line}: {len(row)} cells where the header names {width}")
    if ragged:
        raise several(
            f"{place}: rows of unequal length. Look for a stray or missing delimiter, or a "
            "quotation mark left open.",
            ragged,
        )
    square = [row[:width] + [""] * (width - len(row)) for row in body]
    cells = pd.DataFrame(square, columns=names, dtype="str")
    return Raw(cells, np.asarray(numbers, dtype=np.int64), label)


def _read_text(path: Path, source: RawTable, kind: str) -> tuple[list[list[str]], list[int]]:
    """Rows of a delimited text file, and the line each ends on."""
    delimiter = source.delimiter or ("\t" if kind == "tsv" else ",")
    rows, lines = [], []
    try:
        with path.open(encoding=source.encoding, newline="") as stream:
            reader = csv.reader(stream, delimiter=delimiter, strict=True)
            for row in reader:
                rows.append(row)
                lines.append(reader.line_num)
    except UnicodeDecodeError as error:
        raise UserFault(
            f"{path}: byte {error.start} is not valid {source.encoding}. Set `encoding` "
            "(utf-8, utf-16, cp1252, latin-1), or save the file as UTF-8."
        ) from None
    except LookupError:
        raise UserFault(f"{path}: encoding '{source.encoding}' is not known.") from None
    except csv.Error as error:
        raise UserFault(f"{path}, row {len(rows) + 1}: cannot be read as CSV ({error}).") from None
    if rows and max(map(len, rows)) == 1:
        others = [
            mark for mark in (";", ",", "\t", "|") if mark != delimiter and mark in rows[0][0]
        ]
        if others:
            raise UserFault(
                f"{path}: everything is in one column when split at {delimiter!r}. "
                f"Set `delimiter` to {others[0]!r}."
            )
    return rows, lines


def _read_sheet(path: Path, sheet: str | None) -> tuple[list[list[str]], list[int]]:
    """Rows of a workbook's sheet as text, and their numbers."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError, ValueError) as error:
        raise UserFault(
            f"{path}: cannot be read as an Excel workbook ({error}). Save it again as .xlsx."
        ) from None
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise UserFault(
                f"{path}: there is no sheet '{sheet}'. {nearest(sheet, book.sheetnames)}"
            )
        page = book[sheet] if sheet is not None else book.worksheets[0]
        page.reset_dimensions()
        rows = [[_as_text(cell) for cell in row] for row in page.iter_rows(values_only=True)]
    finally:
        book.close()
    width = max(map(len, rows), default=0)
    rows = [row + [""] * (width - len(row)) for row in rows]
    return rows, list(range(1, len(rows) + 1))


def _as_text(cell: object) -> str:
    """A cell's value as text: whole numbers without a point, so that identifiers stay as typed."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _read_parquet(path: Path, label: str) -> Raw:
    import pyarrow

    try:
        frame = pd.read_parquet(path)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise UserFault(f"{path}: cannot be read as Parquet ({error}).") from None
    cells = pd.DataFrame({str(name): _column_as_text(frame[name]) for name in frame.columns})
    return Raw(cells, np.arange(1, len(frame) + 1), label)


def _column_as_text(column: pd.Series) -> pd.Series:
    if pd.api.types.is_float_dtype(column):
        whole = column.dropna()
        if (whole % 1 == 0).all():
            column = column.astype("Int64")
    return column.astype("str").where(column.notna(), "").reset_index(drop=True)
