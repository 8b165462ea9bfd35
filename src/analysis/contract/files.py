"""Writing files whole or not at all: a temporary name in the same folder, then a rename."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place if the block ends well."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(text: str, path: Path) -> None:
    """Write text as UTF-8 with Unix line ends."""
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))


def write_json(content: Mapping, path: Path) -> None:
    """Write a mapping as JSON with sorted keys, the same bytes for the same content."""
    write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", path)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV: floats to 12 significant digits, whole counts without a point."""
    shown = frame.copy()
    for name in ("n_engagements", "n_advisors", "n_largest"):
        if name in shown:
            shown[name] = shown[name].astype("Int64")
    write_text(shown.to_csv(index=False, float_format="%.12g", lineterminator="\n"), path)
