"""Raw tables into files, the same bytes every time."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from analysis.contract.files import replacing
from analysis.simulate.dirt import RawTable

#: The earliest time a zip archive can hold, for every member.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def write_delimited(
    table: RawTable, path: Path, delimiter: str = ",", encoding: str = "utf-8"
) -> None:
    """Write a table as delimited text: Unix line ends, quotation marks where needed."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerows(table.header)
    writer.writerows(table.cells)
    with replacing(path) as temporary:
        temporary.write_bytes(text.getvalue().encode(encoding))


def write_parquet(table: RawTable, path: Path) -> None:
    """Write a table as Parquet with every column as text, null where empty."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = {
        name: pa.array(np.where(cells == "", None, cells).tolist(), pa.string())
        for name, cells in zip(table.header[0], table.cells.T, strict=True)
    }
    with replacing(path) as temporary:
        parquet.write_table(pa.table(columns), temporary, compression="snappy")


def write_workbook(sheets: Mapping[str, RawTable], path: Path) -> None:
    """Write tables as the sheets of a workbook: numbers as numbers, identifiers as text."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    for title, table in sheets.items():
        page = book.create_sheet(title)
        for row in table.header:
            page.append(row)
        for row in table.cells:
            page.append(
                [
                    cell if place in table.identifiers else _as_cell(cell)
                    for place, cell in enumerate(row)
                ]
            )
    whole = io.BytesIO()
    book.save(whole)
    with replacing(path) as temporary:
        temporary.write_bytes(_without_times(whole.getvalue()))


def _as_cell(text: str) -> str | int | float | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)


def _without_times(archive: bytes) -> bytes:
    """A workbook without the moment of its making: neither in members' times nor in properties.

    Members are stored plain, as compressed bytes differ between versions of zlib.
    """
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as given,
        zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made,
    ):
        for name in sorted(given.namelist()):
            content = given.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", b"2000-01-01T00:00:00Z", content)
            member = zipfile.ZipInfo(name, _EPOCH)
            member.external_attr = 0o600 << 16
            member.create_system = 3
            made.writestr(member, content)
    return out.getvalue()
