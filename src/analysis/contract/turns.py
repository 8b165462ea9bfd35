"""One run at a time in a results folder, and no step left over from a run that was killed.

The kernel's lock on a file in the folder ends with the process that holds it, however that ends, so
that a killed run stands in nobody's way. A run's steps share the lock: those that outlive their run
are told from a run at work.
"""

from __future__ import annotations

import fcntl
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from analysis.contract.faults import UserFault, explain_system_fault

NAME = ".at-work"
#: Tells a run's steps which lock they share, and whose.
SHARED = "ALLIANCE_AT_WORK"


@contextmanager
def take_turn(results: Path) -> Iterator[None]:
    """Work alone in a results folder. Raises UserFault where a run, or what is left of one, is."""
    path = Path(results).resolve() / NAME
    owner = f"{os.getpid()} {platform.node()}"
    with _claim(path, owner) as held:
        # Shared with the steps from now on: nobody gets it alone before all of them have ended.
        _lock(held, fcntl.LOCK_SH)
        before = os.environ.get(SHARED)
        os.environ[SHARED] = f"{owner}:{path}"
        try:
            yield
        finally:
            os.environ.pop(SHARED)
            if before is not None:
                os.environ[SHARED] = before
            path.unlink(missing_ok=True)


def join_turn() -> None:
    """Share the lock of the run that this process is a step of, if it is one, until it ends.

    Raises UserFault if another run has taken that run's place.
    """
    owner, _, path = os.environ.get(SHARED, "").partition(":")
    if not path:
        return
    gone = UserFault(f"{path}: the run that this step belongs to has ended.")
    try:
        # Open until the process ends, and the lock with it.
        held = os.fdopen(os.open(path, os.O_RDWR), encoding="utf-8", closefd=False)
        _lock(held, fcntl.LOCK_SH)
    except (FileNotFoundError, BlockingIOError):
        raise gone from None
    if held.read() != owner:
        raise gone


def _claim(path: Path, owner: str) -> TextIO:
    """The lock's file, held by nobody else and naming its owner."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = _open_alone(path)
        held.truncate(0)
        held.write(owner)
        held.flush()
    except OSError as error:
        if fault := explain_system_fault(error, path.parent):
            raise fault from error
        raise
    return held


def _open_alone(path: Path) -> TextIO:
    while True:
        held = path.open("a+", encoding="utf-8")
        try:
            _lock(held, fcntl.LOCK_EX)
        except BlockingIOError:
            held.seek(0)
            raise UserFault(f"{path.parent}: {_who(held.read())} Nothing was touched.") from None
        if _is_at(held, path):
            return held
        held.close()  # a run that ended meanwhile took the file away


def _lock(held: TextIO, kind: int) -> None:
    try:
        fcntl.flock(held, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        print(
            f"{held.name}: files cannot be locked here ({error.strerror}): see to it that no two "
            "runs are at work at once.",
            file=sys.stderr,
        )


def _is_at(held: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(held.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _who(owner: str) -> str:
    """Who holds the lock: a run, or the steps of one that was killed."""
    number, _, host = owner.partition(" ")
    if not number or host != platform.node() or _is_alive(int(number)):
        where = f"process {number} on {host}" if number else "it has just begun"
        return f"another run is at work here ({where}). Wait until it has ended."
    return (
        "steps of a run that was killed are still at work here. They end by themselves, mostly "
        "within a minute: run again then."
    )


def _is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
