"""Raw tables as they arrive, every cell as text, every row with its number in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd

from analysis.contract.faults import UserFault, nearest, several
from analysis.contract.raw_tables import Format, RawTable
from analysis.ingest.admission import BROKEN, admit, refuse_many_cells
from analysis.ingest.columns import fold
from analysis.ingest.spss import read_spss
from analysis.ingest.text import read_text
from analysis.ingest.tools import check_header, set_aside

_FORMATS = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".parquet": "parquet",
    ".sav": "spss",
    ".zsav": "spss",
}


@dataclass(frozen=True)
class Raw:
    """A raw table.

    cells : frame of text, an empty string where a cell is empty; index 0, 1, ...
    lines : for each row, its number in the file or sheet, the first line being 1
    label : file (and sheet) for messages
    aside : for each row, why it does not count; "" where it does
    value_labels : column to code to its label, where the file says so
    declared_missing : column to text, for each row the code that the file declares missing, or ""
    questions : column to the question asked, where the file says so
    """

    cells: pd.DataFrame
    lines: np.ndarray
    label: str
    aside: np.ndarray
    value_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    declared_missing: Mapping[str, pd.Series] = field(default_factory=dict)
    questions: Mapping[str, str] = field(default_factory=dict)

    def rows(self, keep: np.ndarray) -> Raw:
        """The rows where ``keep`` is True."""
        if keep.all():
            return self
        return replace(
            self,
            cells=self.cells[keep].reset_index(drop=True),
            lines=self.lines[keep],
            aside=self.aside[keep],
            declared_missing={
                name: column[keep].reset_index(drop=True)
                for name, column in self.declared_missing.items()
            },
        )

    def spoken(self, column: str, words: Mapping[str, object]) -> pd.Series:
        """A column's cells; a code stands as its value label where only that is among the words."""
        known = {fold(word) for word in words}
        told = {
            code: label
            for code, label in self.value_labels.get(column, {}).items()
            if fold(code) not in known and fold(label) in known
        }
        cells = self.cells[column]
        return cells.replace(told) if told else cells


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
            f"Set `format` to one of {', '.join(get_args(Format))}."
        )
    if kind not in ("spss", "parquet"):  # a survey tool's export may be a workbook, too
        kind = "excel" if kind == "excel" or path.suffix.lower() in (".xlsx", ".xlsm") else kind
    admit(path, Path(folder), kind if kind in ("spss", "parquet", "excel") else "text")
    place = f"{path}" + label[len(source.file) :]
    if kind == "spss":
        cells, labels, missing, questions = read_spss(path)
        raw = _numbered(cells, label)
        raw = replace(raw, value_labels=labels, declared_missing=missing, questions=questions)
    elif kind == "parquet":
        raw = _read_parquet(path, label)
    else:
        if kind == "excel":
            rows, lines = _read_sheet(path, source.sheet)
        else:
            tabs = kind == "tsv" or path.suffix.lower() in (".tsv", ".tab")
            rows, lines = read_text(path, source, "\t" if tabs else ",")
        rows = check_header(source, rows, place)
        raw = _with_header(rows, lines, source.headers, place, label)
    return replace(raw, aside=set_aside(source, raw.cells, place))


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
    asked = {} if header_rows == 1 else dict(zip(names, rows[1], strict=False))
    return replace(
        _numbered(cells, label), lines=np.asarray(numbers, dtype=np.int64), questions=asked
    )


def _numbered(cells: pd.DataFrame, label: str) -> Raw:
    """A raw table whose rows are numbered from 1."""
    return Raw(cells, np.arange(1, len(cells) + 1), label, np.full(len(cells), "", dtype=object))


def _read_sheet(path: Path, sheet: str | None) -> tuple[list[list[str]], list[int]]:
    """Rows of a workbook's sheet as text, and their numbers."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, *BROKEN) as error:
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
    except BROKEN as error:
        raise UserFault(
            f"{path}: cannot be read as an Excel workbook ({error}). Save it again as .xlsx."
        ) from None
    finally:
        book.close()
    width = max(map(len, rows), default=0)
    refuse_many_cells(path, len(rows), width)
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
    except (pyarrow.ArrowException, *BROKEN) as error:
        raise UserFault(f"{path}: cannot be read as Parquet ({error}).") from None
    cells = pd.DataFrame({str(name): _column_as_text(frame[name]) for name in frame.columns})
    return _numbered(cells, label)


def _column_as_text(column: pd.Series) -> pd.Series:
    if pd.api.types.is_float_dtype(column):
        whole = column.dropna()
        if (whole % 1 == 0).all():
            column = column.astype("Int64")
    return column.astype("str").where(column.notna(), "").reset_index(drop=True)
