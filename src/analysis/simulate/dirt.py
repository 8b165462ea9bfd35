"""The dirt that exports arrive with, put into raw tables and counted in rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

#: Kinds of dirt, as the truth counts them.
BLANK, DUPLICATE, OUT_OF_RANGE, SPACES, MARK = KINDS = (
    "blank_rows",
    "duplicated_submissions",
    "out_of_range",
    "trailing_spaces",
    "missing_marks",
)
#: Marks that people type into cells they leave without an answer.
MARKS = ("NA", "n/a", "-99", ".")
#: Codes outside every response range here: a slip of the key, and a survey tool's "not seen".
CODES = ("77", "0", "99")


@dataclass(frozen=True)
class RawTable:
    """A raw table before it is written: text cells, "" where empty.

    header : header rows, the first naming the columns
    cells : (rows, columns) of text
    identifiers, answers : places of the columns that tell whose row it is, and of those with
        answers that have a limited range
    responses : the answers there can be, as they are written, lowest first
    vacant : (rows, columns) flags: empty cells in which a mark or a stray code means no more than
        an empty cell does
    own : places of columns that are a row's own (a response number), given anew to a duplicate
    """

    header: list[list[str]]
    cells: np.ndarray
    identifiers: tuple[int, ...]
    answers: tuple[int, ...] = ()
    responses: tuple[str, ...] = ()
    vacant: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), dtype=bool))
    own: tuple[int, ...] = ()


def soil(
    table: RawTable, share: float, kinds: tuple[str, ...], rng: np.random.Generator
) -> tuple[RawTable, dict[str, int]]:
    """The table with dirt, and the rows that each kind concerns.

    Each kind has rows of its own: at least ``share`` of the rows written, and at least two. Marks
    and stray codes go where nothing was answered, and the earlier copy of a duplicated submission
    is the one that differs, so that a reader who keeps the last copy recovers the clean table.
    Raises ValueError where too few rows have a vacant cell.
    """
    wanted = max(2, int(np.ceil(share * len(table.cells) * (1 + 3 * share))))
    cells = table.cells.copy()
    order = rng.permutation(len(cells))
    free = np.ones(len(cells), dtype=bool)
    counts = {}
    for kind in (OUT_OF_RANGE, MARK):
        if kind in kinds:
            within = table.vacant.copy()
            if kind == OUT_OF_RANGE:
                within[:, [c for c in range(cells.shape[1]) if c not in table.answers]] = False
            rows = [row for row in order if free[row] and within[row].any()][:wanted]
            if len(rows) < wanted:
                raise ValueError(f"{len(rows)} rows have a vacant cell for {kind}, not {wanted}")
            written = CODES if kind == OUT_OF_RANGE else MARKS
            for number, row in enumerate(rows):
                cells[row, rng.choice(np.flatnonzero(within[row]))] = written[number % len(written)]
            free[rows] = False
            counts[kind] = wanted
    if SPACES in kinds:
        rows = [row for row in order if free[row]][:wanted]
        for number, row in enumerate(rows):
            places = table.answers if table.answers and number % 2 else table.identifiers
            filled = [place for place in places if cells[row, place]]
            cells[row, rng.choice(filled or list(table.identifiers))] += " " * (1 + number % 2)
        free[rows] = False
        counts[SPACES] = wanted
    if DUPLICATE in kinds:
        rows = [row for row in order if free[row]][:wanted]
        cells = _submit_twice(table, cells, rows, rng)
        counts[DUPLICATE] = wanted
    if BLANK in kinds:
        places = np.sort(rng.integers(1, len(cells) + 1, wanted))
        cells = np.insert(cells, places, np.full(cells.shape[1], "", dtype=object), axis=0)
        counts[BLANK] = wanted
    return replace(table, cells=cells, vacant=np.zeros(cells.shape, dtype=bool)), counts


def _submit_twice(
    table: RawTable, cells: np.ndarray, rows: list[int], rng: np.random.Generator
) -> np.ndarray:
    """Put before each of these rows, somewhere above it, a copy that differs in one answer."""
    where, copies = [], []
    for row in rows:
        copy = cells[row].copy()
        place = rng.choice([place for place in table.answers if copy[place]])
        step = table.responses.index(copy[place])
        copy[place] = table.responses[step - 1 if step else 1]
        for own in table.own:
            copy[own] = f"{copy[own]}b"
        where.append(int(rng.integers(0, row + 1)))
        copies.append(copy)
    return np.insert(cells, where, np.stack(copies), axis=0)
