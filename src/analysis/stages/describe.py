"""Files of a user's own to a proposed mapping."""

from __future__ import annotations

import os
from pathlib import Path

from analysis.contract.faults import UserFault
from analysis.contract.files import write_text
from analysis.contract.instruments import Instrument, read_instrument
from analysis.contract.layout import INSTRUMENTS
from analysis.ingest.describe.proposal import propose


def describe(files: list[Path], output: Path | None = None) -> None:
    """Print the proposed mapping of some files, or write it to a file that is not there yet."""
    for path in files:
        if not path.is_file():
            raise UserFault(f"{path}: there is no such file.")
    folder = Path(os.path.commonpath([path.resolve().parent for path in files]))
    beside = output.parent.resolve() if output else folder
    text = propose(
        [path.resolve() for path in files],
        folder,
        Path(os.path.relpath(folder, beside)).as_posix(),
        _known_keys(),
    )
    if output is None:
        print(text, end="")
        return
    if output.exists():
        raise UserFault(f"{output}: this file is there already. Choose another, or remove it.")
    write_text(text, output)
    print(f"{output}: a proposal. Fill in what says DECIDE, then: alliance check {output}")


def _known_keys() -> list[Instrument]:
    """The shipped instruments but the template."""
    return [
        read_instrument(path)
        for path in sorted(INSTRUMENTS.glob("*.yaml"))
        if path.stem != "template"
    ]
