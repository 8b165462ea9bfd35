"""A raw column as the search sees it: its header in words, its distinct values, what is found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

_DIGIT = re.compile(r"\d")
NUMBER = re.compile(r"[-+]?\d*[.,]?\d+(?:[eE][-+]?\d+)?")
_WORDS = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def vocabulary(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


def words_of(header: str) -> frozenset[str]:
    """The words of a header, small and without accents: ``IPAddress`` gives ip and address.

    >>> sorted(words_of("Prénom du client 2"))
    ['client', 'du', 'prenom']
    """
    plain = unicodedata.normalize("NFKD", header)
    plain = "".join(mark for mark in plain if not unicodedata.combining(mark))
    return frozenset(word.casefold() for word in _WORDS.findall(_CAMEL.sub(" ", plain)))


@dataclass(frozen=True)
class Column:
    """One raw column.

    header : as it stands in the file
    counts : distinct value (spaces around it removed, missing marks and empty cells left out) to
        the number of cells that hold it
    known : words that the mapping itself spells out for this column, folded: labels, answers,
        values to choose by. A value among them is a category and no name or free text.
    """

    header: str
    counts: dict[str, int]
    known: Collection[str] = frozenset()

    @cached_property
    def words(self) -> frozenset[str]:
        """The header's words."""
        return words_of(self.header)

    @cached_property
    def values(self) -> list[str]:
        """The distinct values."""
        return list(self.counts)

    @cached_property
    def spelled(self) -> list[str]:
        """Distinct values that are no numbers: all that addresses and dates can be in."""
        return [value for value in self.values if not NUMBER.fullmatch(value)]

    @cached_property
    def open_values(self) -> list[str]:
        """Distinct values that are neither numbers nor words that the mapping spells out."""
        return [
            value for value in self.spelled if " ".join(value.split()).casefold() not in self.known
        ]

    @cached_property
    def wordy_values(self) -> list[str]:
        """Those of them without a digit: all that names can be in."""
        return [value for value in self.open_values if not _DIGIT.search(value)]

    @property
    def numeric(self) -> bool:
        """Whether it holds nothing but numbers."""
        return bool(self.values) and not self.spelled

    def cells(self, values: Iterable[str]) -> int:
        """How many cells hold one of the values."""
        return sum(self.counts[value] for value in values)


@dataclass(frozen=True)
class Find:
    """Something personal in a column: its kind, the distinct values that hold it.

    ``certain``: the values cannot be anything else, so that the mapping cannot clear the column.
    """

    kind: str
    values: frozenset[str]
    certain: bool = False


def found(kind: str, values: Iterable[str], certain: bool = False) -> list[Find]:
    """One find of all these values; none without values."""
    held = frozenset(values)
    return [Find(kind, held, certain)] if held else []
