"""Faults a user can mend: one clear message with file, column, row and remedy."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

MOST_SHOWN = 20

_FORBIDDEN = "it may not be read or written by you. Ask for the permission, or work elsewhere"
#: What the system says of a file, in the words of somebody who can do something about it.
_SYSTEM = {
    errno.ENOSPC: "the disk is full. Make room",
    errno.EDQUOT: "your share of the disk is used up. Make room",
    errno.EROFS: "the disk can only be read, not written. Make it writable, or work elsewhere",
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EIO: "the disk reports an error. Look after the disk",
}


class UserFault(Exception):
    """Something in a user's files or settings that stops the run.

    The message is all the user sees (no traceback), so it names what is wrong, where, and what to
    do about it.
    """

    def _render_traceback_(self) -> list[str]:
        """What a notebook prints in place of a traceback (IPython asks an exception for it)."""
        return f"alliance: {self}".splitlines()


def explain_system_fault(error: OSError, path: object = None) -> UserFault | None:
    """What disk or permissions refused, as a fault with its remedy; None for any other error.

    ``path`` is the file concerned, where the error itself names none or a temporary one.
    """
    if error.errno not in _SYSTEM:
        return None
    where = path or error.filename or "A file"
    return UserFault(
        f"{where}: {_SYSTEM[error.errno]}, and run again. What was finished is kept, and nothing "
        "is half-written."
    )


@dataclass
class Gathered:
    """Faults of several steps, so that all are told at once.

    As a context it keeps the fault that ends the block and goes on after it.

    Example
    -------
    >>> faults = Gathered()
    >>> with faults:
    ...     raise UserFault("a.csv: there is no such file.")
    >>> faults.told
    ['a.csv: there is no such file.']
    """

    told: list[str] = field(default_factory=list)

    def __enter__(self) -> Gathered:
        return self

    def __exit__(self, kind: type | None, fault: BaseException | None, trace: object) -> bool:
        if not isinstance(fault, UserFault):
            return False
        self.told.append(str(fault))
        return True

    def tell(self) -> None:
        """Raise one UserFault of all that was gathered, if anything was."""
        if self.told:
            raise UserFault("\n\n".join(dict.fromkeys(self.told)))


def several(title: str, faults: Iterable[str], most: int = MOST_SHOWN) -> UserFault:
    """One fault out of many, worst first: at most 20 are listed, the rest are counted."""
    listed = list(dict.fromkeys(faults))
    shown = [f"  - {fault}" for fault in listed[:most]]
    if len(listed) > most:
        shown.append(f"  ... and {len(listed) - most} more")
    return UserFault("\n".join([title, *shown]))


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which names exist, and the nearest one: ``did you mean 'x'? There are: ...``."""
    names = [str(item) for item in known]
    close = get_close_matches(str(name), names, n=1, cutoff=0.5)
    lower = {item.lower(): item for item in names}
    if not close and str(name).lower() in lower:
        close = [lower[str(name).lower()]]
    hint = f"did you mean '{close[0]}'? " if close else ""
    shown = ", ".join(names[:30]) + (f", ... ({len(names)} in all)" if len(names) > 30 else "")
    return f"{hint}There are: {shown or 'none'}"
