"""One raw column into one clean column: labels, numbers, permitted values, ranges.

Messages name file, column and row, and never what a cell says: a column taken for another may hold
names. Numbers out of their range are told.
"""

from __future__ import annotations

from collections.abc import Mapping as Lookup

import numpy as np
import pandas as pd

from analysis.contract.faults import nearest

#: Nothing that is rated, counted or paid comes near it; squares of it still add up.
LARGEST = 1e12


class Faults:
    """Faults of one raw table, gathered so that all can be told at once."""

    def __init__(self, label: str, lines: np.ndarray) -> None:
        self.label = label
        self.lines = lines
        self._told: list[tuple[int, str]] = []

    def __bool__(self) -> bool:
        return bool(self._told)

    def worst_first(self) -> list[str]:
        """The faults in words, those of the most rows first."""
        return [what for _, what in sorted(self._told, key=lambda told: -told[0])]

    def at(self, column: str, rows: np.ndarray, what: str, remedy: str) -> None:
        """Note a fault of some rows (positions) of a column, naming the first and their number."""
        if len(rows) == 0:
            return
        more = f" (and {len(rows) - 1} more rows)" if len(rows) > 1 else ""
        where = f"{self.label}, column '{column}', row {self.lines[rows[0]]}{more}"
        self._told.append((len(rows), f"{where}: {what}. {remedy}"))


def relabelled(
    cells: pd.Series, labels: Lookup[str, object], column: str, faults: Faults
) -> pd.Series:
    """Cells with each label replaced by its clean value as text; unknown labels are faults."""
    if not labels:
        return cells
    table = {fold(label): _plain(value) for label, value in labels.items()}
    folded = cells.map({label: fold(label) for label in cells.unique()}).astype("str")
    known = folded.isin(table) | (cells == "")
    for label in dict.fromkeys(cells[~known]):
        rows = np.flatnonzero(cells == label)
        faults.at(column, rows, "its label is not known", f"{nearest(label, labels)}")
    return folded.map(table).where(known & (cells != ""), "").astype("str")


def fold(label: str) -> str:
    """A label without regard to case and to how many spaces stand where."""
    return " ".join(label.split()).casefold()


def _plain(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def as_numbers(cells: pd.Series, decimal: str, column: str, faults: Faults) -> pd.Series:
    """Cells as finite floats, NaN where empty; anything else is a fault."""
    plain = cells.str.replace(",", ".", regex=False) if decimal == "," else cells
    # A column holds few different answers: each is read once.
    codes, distinct = pd.factorize(plain)
    texts = pd.Series(distinct, dtype="str")
    values = pd.to_numeric(texts.where(texts != "", None), errors="coerce").astype("float64")
    numbers = pd.Series(values.to_numpy()[codes], index=cells.index)
    filled = (cells != "").to_numpy()
    bad = np.flatnonzero(filled & ~np.isfinite(numbers.to_numpy()))
    if len(bad):
        remedy = "Give a number, add the mark to `missing_marks`, or map the words with labels."
        if decimal == "." and cells.iloc[bad[0]].replace(",", ".", 1).replace(".", "", 1).isdigit():
            remedy = "Set `decimal: ','` for this source if that is a decimal comma."
        faults.at(column, bad, "what stands there is not a number", remedy)
    return numbers.where(np.isfinite(numbers))


def within(
    numbers: pd.Series, minimum: pd.Series | float, maximum: pd.Series | float
) -> np.ndarray:
    """Whether each number lies in its range; a missing one does."""
    values = numbers.to_numpy()
    with np.errstate(invalid="ignore"):
        return ~((values < np.asarray(minimum)) | (values > np.asarray(maximum)))
