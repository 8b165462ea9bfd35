"""Which columns are the items of an instrument, by the numbers in their names and their range."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analysis.contract.instruments import Instrument
from analysis.ingest.describe.columns import Look
from analysis.ingest.describe.words import SCALES

_LAST_NUMBER = re.compile(r"(.*?)(\d{1,2})(\D*)", re.DOTALL)
_FEWEST_ITEMS = 3
_MOST_ANSWERS = 11


@dataclass(frozen=True)
class Block:
    """Columns that look like one form's items.

    pattern : column name with {item}, and {checkin} where check-ins lie side by side
    items : how many
    checkins : numbers that {checkin} takes; none where each check-in has rows of its own
    columns : all of them
    answers : distinct answers of all columns
    """

    pattern: str
    items: int
    checkins: tuple[int, ...]
    columns: tuple[str, ...]
    answers: frozenset[str]

    @property
    def scale(self) -> tuple[str, ...]:
        """The answers in words, lowest first, where they are those of a known scale."""
        told = {answer.casefold() for answer in self.answers}
        fits = [scale for scale in SCALES if told <= set(scale)]
        return min(fits, key=len) if fits else ()

    @property
    def numeric(self) -> bool:
        """Whether answers are numbers."""
        return all(re.fullmatch(r"-?\d+([.,]\d+)?", answer) for answer in self.answers)

    def fitting(self, keys: Iterable[Instrument]) -> list[Instrument]:
        """Instruments with as many items whose range holds the answers, the likeliest first."""
        if self.numeric:
            values = [float(answer.replace(",", ".")) for answer in self.answers]
        else:
            values = [1.0, float(len(self.scale) or len(self.answers))]
        fits = [
            key
            for key in keys
            if not key.ready_made
            and max(key.items) == self.items
            and key.responses.minimum <= min(values)
            and max(values) <= key.responses.maximum
        ]
        return sorted(
            fits,
            key=lambda key: (
                key.responses.maximum - key.responses.minimum,
                key.status != "verified",
                key.name,
            ),
        )


def find_blocks(looks: Mapping[str, Look], left_out: Iterable[str] = ()) -> list[Block]:
    """Blocks of items, those of several check-ins put together."""
    groups: dict[tuple[str, str], dict[int, str]] = {}
    for name, look in looks.items():
        found = _LAST_NUMBER.fullmatch(name)
        few = 0 < len(look.levels) <= _MOST_ANSWERS
        if found and few and not look.dated and name not in set(left_out):
            groups.setdefault((found[1], found[3]), {})[int(found[2])] = name
    singles = [
        (before, after, {number: columns[number] for number in sorted(columns)})
        for (before, after), columns in groups.items()
        if len(columns) >= _FEWEST_ITEMS and sorted(columns) == list(range(1, len(columns) + 1))
    ]
    return [_block(group, looks) for group in _side_by_side(singles)]


def _side_by_side(singles: list[tuple]) -> list[tuple[str, list[tuple[int | None, tuple]]]]:
    """Groups that differ in one number of what stands before the item: check-ins side by side."""
    rest, made = list(singles), []
    while rest:
        before, after, columns = rest[0]
        best: list[tuple[int | None, tuple]] = [(None, rest[0])]
        pattern = _literal(before)
        for number in re.finditer(r"\d+", before):
            start, end = before[: number.start()], before[number.end() :]
            alike = []
            for one in rest:
                same = re.fullmatch(re.escape(start) + r"(\d+)" + re.escape(end), one[0])
                if same and one[1] == after and len(one[2]) == len(columns):
                    alike.append((int(same[1]), one))
            if len(alike) > max(1, len(best) if best[0][0] is not None else 1):
                best = sorted(alike, key=lambda pair: pair[0])
                pattern = f"{_literal(start)}{{checkin}}{_literal(end)}"
        made.append((f"{pattern}{{item}}{_literal(after)}", best))
        rest = [one for one in rest if one not in [pair[1] for pair in best]]
    return made


def _block(group: tuple[str, list[tuple[int | None, tuple]]], looks: Mapping[str, Look]) -> Block:
    pattern, members = group
    columns = [name for _, (_, _, own) in members for name in own.values()]
    checkins = tuple(number for number, _ in members if number is not None)
    answers = frozenset(level for name in columns for level in looks[name].levels)
    return Block(pattern, len(members[0][1][2]), checkins, tuple(columns), answers)


def _literal(text: str) -> str:
    """Text in which braces are no placeholders."""
    return text.replace("{", "{{").replace("}", "}}")
