"""Writing files whole or not at all: a temporary name in the same folder, then a rename."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.contract.faults import explain_system_fault

if TYPE_CHECKING:
    import pandas as pd


#: What the name of a file begins with before it is whole.
UNFINISHED = ".unfinished-"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place if the block ends well.

    Raises UserFault where the disk is full or may not be written.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _make_temporary(path)
        yield temporary
        _to_disk(temporary)
        temporary.replace(path)
    except OSError as error:
        if fault := explain_system_fault(error, path):
            raise fault from error
        raise
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _make_temporary(path: Path) -> Path:
    handle, name = tempfile.mkstemp(
        prefix=f"{UNFINISHED}{path.name}.", suffix=path.suffix, dir=path.parent
    )
    os.close(handle)
    return Path(name)


def _to_disk(temporary: Path) -> None:
    """Give a file its permissions, and see that it is on the disk before it gets its name.

    Without the latter, a power cut could leave the name with nothing behind it.
    """
    umask = os.umask(0)
    os.umask(umask)
    with temporary.open("rb") as written:
        os.fchmod(written.fileno(), 0o666 & ~umask)
        os.fsync(written.fileno())


def remove_unfinished(folder: Path) -> None:
    """Remove what a killed process left before it was whole, in a folder and all below it."""
    for path in Path(folder).rglob(f"{UNFINISHED}*"):
        path.unlink(missing_ok=True)


def write_text(text: str, path: Path) -> None:
    """Write text as UTF-8 with Unix line ends."""
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))


def write_json(content: Mapping, path: Path) -> None:
    """Write a mapping as JSON with sorted keys, the same bytes for the same content."""
    write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", path)


#: What a spreadsheet may take for the beginning of a formula.
_FORMULA = re.compile(r" *[=+\-@\t\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r" *[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?%?")


def as_plain_text(cell: object) -> object:
    """A cell that no spreadsheet runs: text that begins like a formula gets an apostrophe before.

    Numbers stay numbers, written as text too; an apostrophe is what spreadsheets themselves mark
    text with.

    >>> as_plain_text("=1+1"), as_plain_text("-0.25"), as_plain_text("goal")
    ("'=1+1", '-0.25', 'goal')
    """
    if not isinstance(cell, str):
        return cell
    text = cell.replace("\r\n", "\n").replace("\r", "\n")  # a bare one would end a row of CSV
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV: floats to 12 significant digits, whole counts without a point.

    Labels that begin like a formula are written as text (``as_plain_text``).
    """
    shown = frame.rename(columns=as_plain_text)
    for name in ("n_engagements", "n_advisors", "n_largest"):
        if name in shown:
            shown[name] = shown[name].astype("Int64")
    for name in shown.select_dtypes(include=["object", "string", "category"]):
        told = {cell: as_plain_text(cell) for cell in shown[name].dropna().unique()}
        if changed := {cell: text for cell, text in told.items() if cell != text}:
            shown[name] = shown[name].astype(object).replace(changed)
    write_text(shown.to_csv(index=False, float_format="%.12g", lineterminator="\n"), path)
