"""Delimited text as it arrives: its encoding told or named, its rows with their line numbers."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

from analysis.contract.faults import UserFault
from analysis.contract.raw_tables import RawTable

#: Marks at a file's beginning that name its encoding; where two begin alike the longer is first.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_REMEDY = "Set `encoding` (utf-8, utf-16, cp1252, latin-1), or save the file as UTF-8."
_DELIMITERS = (";", ",", "\t", "|")


def read_text(
    path: Path, source: RawTable, delimiter: str = ","
) -> tuple[list[list[str]], list[int]]:
    """Rows of a delimited text file, and the line each ends on.

    Raises UserFault where the file cannot be decoded or taken apart.
    """
    delimiter = source.delimiter or delimiter
    text = decode(path.read_bytes(), path, source.encoding)
    rows, lines = [], []
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for row in reader:
            rows.append(row)
            lines.append(reader.line_num)
    except csv.Error as error:
        raise UserFault(f"{path}, row {len(rows) + 1}: cannot be read as CSV ({error}).") from None
    if rows and max(map(len, rows)) == 1:
        others = [mark for mark in _DELIMITERS if mark != delimiter and mark in rows[0][0]]
        if others:
            raise UserFault(
                f"{path}: everything is in one column when split at {delimiter!r}. "
                f"Set `delimiter` to {others[0]!r}."
            )
    return rows, lines


def decode(data: bytes, path: Path, named: str | None = None) -> str:
    """A file's text, decoded strictly.

    By the mark at its beginning; else as ``named``; else as UTF-16 without a mark (every other byte
    of Latin letters is then null), UTF-8, or Windows-1252, of which Latin-1 text is a part.
    Raises UserFault naming the byte and row that cannot be decoded, or a mark that contradicts
    the mapping.
    """
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if named is not None:
        named = _known(named, path)
        if marked and not named.startswith(marked.removesuffix("-sig")):
            raise UserFault(
                f"{path}: the file begins with the mark of {marked.removesuffix('-sig')}, and the "
                f"mapping says `encoding: {named}`. Leave `encoding` out."
            )
    for encoding in [marked] if marked else [named] if named else [_guessed(data), "cp1252"]:
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError as fault:
            error = fault
    else:
        row = data.count(b"\n", 0, error.start) + 1
        raise UserFault(
            f"{path}: byte {error.start} in row {row} is not valid {error.encoding}. {_REMEDY}"
        )
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        raise UserFault(f"{path}: row {row} holds a null character: no text. {_REMEDY}")
    return text


def _known(encoding: str, path: Path) -> str:
    try:
        b"a".decode(encoding, "replace")
        return codecs.lookup(encoding).name
    except LookupError:
        raise UserFault(f"{path}: encoding '{encoding}' is not known. {_REMEDY}") from None


def _guessed(data: bytes) -> str:
    """UTF-16 where nulls stand in half the places only, else UTF-8."""
    start = data[:4096]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) > len(start) / 4 and min(even, odd) == 0:
        return "utf-16-le" if odd else "utf-16-be"
    return "utf-8"
