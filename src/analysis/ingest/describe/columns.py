"""What a raw column looks like: its words, its levels, whether they are numbers or dates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from analysis.ingest.describe.words import words_of
from analysis.ingest.sources import Raw

_CODE = re.compile(r"[\w.\-/]{1,24}")
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T\s].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}(?:,?\s.*)?"
)
#: More levels than this are no closed question.
MOST_LEVELS = 20
_FEWEST_CODES = 5


@dataclass(frozen=True)
class Look:
    """A raw column as a description sees it.

    levels : distinct filled cells to how often they occur
    labels : code to its value label, where the file says so
    """

    name: str
    question: str
    levels: Mapping[str, int]
    labels: Mapping[str, str]

    @cached_property
    def words(self) -> frozenset[str]:
        """The name's words."""
        return words_of(self.name)

    @cached_property
    def numbers(self) -> list[float]:
        """Distinct values as numbers; none unless all are."""
        found = pd.to_numeric(pd.Series(list(self.levels), dtype="str"), errors="coerce")
        return [] if found.isna().any() else found.tolist()

    @property
    def numeric(self) -> bool:
        """Whether there are numbers and nothing else."""
        return bool(self.numbers)

    @property
    def closed(self) -> bool:
        """Whether it has few levels, each given several times."""
        return 0 < len(self.levels) <= MOST_LEVELS and sum(self.levels.values()) >= 2 * len(
            self.levels
        )

    @property
    def dated(self) -> bool:
        """Whether it holds dates and nothing else."""
        return bool(self.levels) and all(map(_DATE.fullmatch, self.levels))

    @property
    def coded(self) -> bool:
        """Whether its values can be identifiers: many, short, without spaces."""
        return (
            len(self.levels) >= _FEWEST_CODES
            and all(map(_CODE.fullmatch, self.levels))
            and not self.dated
        )

    @property
    def shown(self) -> list[str]:
        """Levels of a closed column in words: value labels where the file has them."""
        if self.labels:
            return list(dict.fromkeys(self.labels.values()))
        if self.numeric:
            return sorted(self.levels, key=float)
        return sorted(self.levels)


def look_at(raw: Raw, missing_marks: tuple[str, ...]) -> dict[str, Look]:
    """Every column of a raw table."""
    blank = {"", *missing_marks}
    looks = {}
    for name in raw.cells.columns:
        counts = raw.cells[name].str.strip().value_counts(sort=False).to_dict()
        levels = {level: count for level, count in counts.items() if level not in blank}
        question = " ".join(raw.questions.get(name, "").split())
        looks[name] = Look(name, question, levels, dict(raw.value_labels.get(name, {})))
    return looks
