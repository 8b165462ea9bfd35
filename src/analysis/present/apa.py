"""Tables as the Publication Manual of the American Psychological Association (7th edition) asks.

The number stands above, the title below it in italics; three rules and no vertical ones; notes
below the table in the order general, specific, probability. What is written here is plain text with
two kinds of marks, for italics (statistical symbols) and raised letters (specific notes), which
``runs`` takes apart for whoever sets them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from analysis.present.style import plain_text
from analysis.present.tables import DASH, MINUS, show_correlation, show_interval, show_p

#: Marks from the private use area, which `say` takes out of all text that is not ours.
_ITALIC, _RAISED, _END = "\ue000", "\ue001", "\ue002"
_MARKED = re.compile(f"([{_ITALIC}{_RAISED}])([^{_END}]*){_END}")
_MARKS = str.maketrans("", "", _ITALIC + _RAISED + _END)


class Run(NamedTuple):
    """A piece of text set in one way: plain, ``italic`` or ``raised``."""

    text: str
    kind: str = ""


@dataclass(frozen=True)
class ApaTable:
    """A table with its number, title and notes.

    ``columns`` head the columns, the first being that of the rows' names; a row with one cell is a
    heading across the table. ``specific`` are the notes that raised letters refer to, in order.
    ``words`` says which columns hold words and are set to the left like the first.
    """

    number: int
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    general: str = ""
    specific: tuple[str, ...] = ()
    probability: str = ""
    words: frozenset[int] = frozenset({0})

    @property
    def notes(self) -> list[str]:
        """The notes below the table, a paragraph for each kind."""
        letters = "abcdefghijklmnopqrstuvwxyz"
        told = [f"{italic('Note.')} {self.general}"] if self.general else []
        if self.specific:
            pairs = zip(letters, self.specific, strict=False)
            told.append(" ".join(f"{raised(letter)} {note}" for letter, note in pairs))
        if self.probability:
            told.append(self.probability)
        return told


def italic(text: str) -> str:
    """Text to be set in italics, as statistical symbols are."""
    return f"{_ITALIC}{text}{_END}"


def raised(text: str) -> str:
    """Text to be raised, as the letter of a specific note is."""
    return f"{_RAISED}{text}{_END}"


def say(text: object) -> str:
    """Somebody else's words as plain text on one line, without any mark of ours."""
    return plain_text(str(text).translate(_MARKS))


def runs(text: str) -> Iterator[Run]:
    """Marked text as pieces that are each set in one way."""
    end = 0
    for found in _MARKED.finditer(text):
        if found.start() > end:
            yield Run(text[end : found.start()])
        yield Run(found[2], "italic" if found[1] == _ITALIC else "raised")
        end = found.end()
    if end < len(text):
        yield Run(text[end:])


def plain(text: str) -> str:
    """Marked text without its marks."""
    return text.translate(_MARKS)


def number(value: float, decimals: int = 2) -> str:
    """A number that may exceed 1: ``0.07``, ``−1.46``, ``12.50``; NaN as a dash.

    >>> number(-1.456)
    '−1.46'
    """
    if value is None or not math.isfinite(value):
        return DASH
    digits = f"{abs(value):,.{decimals}f}"
    zero = float(digits.replace(",", "")) == 0
    return (MINUS if value < 0 and not zero else "") + digits


def bounded(value: float, decimals: int = 2) -> str:
    """A number that cannot exceed 1, without its leading zero: ``.45``, ``−.05``."""
    return show_correlation(value, decimals)


def interval(low: float, high: float, decimals: int = 2, *, within_one: bool = True) -> str:
    """Limits in brackets; without leading zeros where ``within_one``."""
    if within_one:
        return show_interval(low, high, decimals)
    shown = [number(low, decimals), number(high, decimals)]
    return DASH if DASH in shown else f"[{shown[0]}, {shown[1]}]"


def degrees(value: float) -> str:
    """Degrees of freedom: whole where they are, else to two decimals."""
    if value is None or not math.isfinite(value):
        return DASH
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 else f"{value:,.2f}"


def probability(value: float) -> str:
    """A p value to three decimals; ``< .001`` and ``> .999`` where it would be 0 or 1."""
    return "> .999" if value is not None and value >= 0.9995 else show_p(value)


def stars(p_value: float) -> str:
    """Asterisks for p below .05, .01 and .001, which a probability note explains."""
    if p_value is None or not math.isfinite(p_value):
        return ""
    return "*" * sum(p_value < bound for bound in (0.05, 0.01, 0.001))


def star_note() -> str:
    """The probability note that explains the asterisks."""
    p = italic("p")
    return f"*{p} < .05. **{p} < .01. ***{p} < .001."
