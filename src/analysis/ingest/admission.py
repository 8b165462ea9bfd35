"""What is looked at before a raw file is opened: where it lies, what it is, how large it becomes.

A mapping may come from somebody else, and so may the files. Nothing that a file holds is run: cells
are read as values, formulas as the values last worked out, and no format is opened that can hold
code.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from analysis.contract.faults import UserFault

#: Bytes of a file, unpacked: a hundred times the largest example.
MOST_BYTES = 300_000_000
#: Cells of a sheet: a single cell in a workbook's last row and column makes 17 thousand million.
MOST_CELLS = 50_000_000
#: Cells of a Parquet or SPSS file: twice those of a million engagements with eight check-ins from
#: both sides. A small file can tell of thousands of millions.
MOST_PACKED_CELLS = 500_000_000
#: Parts of a workbook's archive: a sheet has one, and a few stand beside them.
MOST_PARTS = 5_000

#: How files of other kinds begin, and what to do about them. (A pickle names its protocol first.)
_SIGNATURES = {
    "excel": ((b"PK\x03\x04", b"PK\x05\x06"), "an Excel workbook or another zip archive"),
    "parquet": ((b"PAR1",), "a Parquet file"),
    "spss": ((b"$FL2", b"$FL3"), "an SPSS data file"),
    "pickle": (
        tuple(bytes([0x80, protocol]) for protocol in range(2, 6)),
        "a Python pickle, which can run code when it is opened and never is here",
    ),
    "xls": ((b"\xd0\xcf\x11\xe0",), "a workbook of before 2007, or one with a password"),
    "gzip": ((b"\x1f\x8b",), "a compressed file"),
    "pdf": ((b"%PDF",), "a PDF"),
}
_REMEDIES = {
    "excel": "Give the file its true ending, .xlsx.",
    "parquet": "Give the file its true ending, .parquet.",
    "spss": "Give the file its true ending, .sav.",
    "xls": "Save it again as .xlsx, without a password.",
    "gzip": "Unpack it first.",
}

#: A cell with a formula whose value was never worked out: `<f>` and then no filled `<v>`.
#: An empty text that was worked out (`t="str"`) is a value.
_NO_VALUE = re.compile(
    rb'<c(?![^<>]* t="str")(?: [^<>]*)?><f(?: [^<>]*)?(?:/>|>[^<]*</f>)(?:<v\s*/>|<v></v>)?</c>'
)

#: What libraries raise on a damaged file (an XML parser's error is a SyntaxError).
BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    SyntaxError,
    LookupError,
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    RuntimeError,
)


def admit(path: Path, folder: Path, kind: str) -> None:
    """Raise UserFault for a file that must not be opened as ``kind``.

    kind : ``text``, ``excel``, ``parquet`` or ``spss``
    """
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UserFault(
            f"{path}: this link leads out of the folder of the raw tables. Put the file itself "
            "there, or name its own folder in `folder`."
        )
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise UserFault(f"{path}: {size:,} bytes: more than {MOST_BYTES:,} are not read.")
    with path.open("rb") as stream:
        first = stream.read(8)
    for other, (beginnings, what) in _SIGNATURES.items():
        if other != kind and first.startswith(beginnings):
            told = {"text": "no text", "excel": "no workbook"}.get(kind, f"no {kind} file")
            remedy = _REMEDIES.get(other, "Export the table anew as CSV.")
            raise UserFault(f"{path}: this is {told} but {what}. {remedy}")
    if kind == "excel":
        _admit_workbook(path)
    elif kind == "parquet":
        _admit_parquet(path)
    elif kind == "spss":
        _admit_spss(path)


def refuse_many_cells(path: Path, rows: int, columns: int, most: int = MOST_CELLS) -> None:
    """Raise UserFault for a table too large to be what people answered."""
    if rows * columns > most:
        raise UserFault(
            f"{path}: {rows:,} rows of {columns:,} columns: more than {most:,} cells are not "
            "read. Look for a stray cell far below or to the right of the table, or give it in "
            "several files."
        )


def _admit_workbook(path: Path) -> None:
    """Look at what the archive says of its parts, before any of them is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            if unpacked > MOST_BYTES or len(parts) > MOST_PARTS:
                raise UserFault(
                    f"{path}: unpacked this workbook would have {unpacked:,} bytes in "
                    f"{len(parts):,} parts: more than {MOST_BYTES:,} bytes or {MOST_PARTS:,} parts "
                    "are not read. Save the table in a workbook of its own, or as CSV."
                )
            for part in parts:
                sheet = re.fullmatch(r"xl/worksheets/[^/]+\.xml", part.filename)
                if sheet and _NO_VALUE.search(archive.read(part)):
                    raise UserFault(
                        f"{path}: {part.filename} has formulas whose values were never worked out, "
                        "and none is run here. Open it in Excel and save it, or paste the values."
                    )
    except BROKEN as error:
        raise UserFault(
            f"{path}: cannot be read as an Excel workbook ({error}). Save it again as .xlsx."
        ) from None


def _admit_parquet(path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    try:
        about = pyarrow.parquet.ParquetFile(path).metadata
    except (pyarrow.ArrowException, *BROKEN) as error:
        raise UserFault(f"{path}: cannot be read as Parquet ({error}).") from None
    refuse_many_cells(path, about.num_rows, about.num_columns, MOST_PACKED_CELLS)
    unpacked = sum(about.row_group(place).total_byte_size for place in range(about.num_row_groups))
    if unpacked > MOST_BYTES:
        raise UserFault(
            f"{path}: unpacked {unpacked:,} bytes: more than {MOST_BYTES:,} are not read."
        )


def _admit_spss(path: Path) -> None:
    import pyreadstat

    try:
        _, about = pyreadstat.read_sav(str(path), metadataonly=True)
    except (pyreadstat.ReadstatError, UnicodeDecodeError, OSError) as error:
        raise UserFault(
            f"{path}: cannot be read as an SPSS data file ({error}). Save it again as .sav."
        ) from None
    rows = about.number_rows or 0
    refuse_many_cells(path, rows, about.number_columns or 0, MOST_PACKED_CELLS)
    unpacked = rows * sum(about.variable_storage_width.values())
    if unpacked > MOST_BYTES:
        raise UserFault(
            f"{path}: unpacked {unpacked:,} bytes: more than {MOST_BYTES:,} are not read."
        )
