"""Counts that belong together: which of them must be withheld so that no small one is told.

A table of counts is a vector of cells and a list of sums among them: a total and its parts. Who
reads it knows every cell that is given, that no count is below 0, and the sums. A small cell is
protected if all that still leaves room for at least as many values as the threshold counts: the
cell suppression problem (Fischetti and Salazar-Gonzalez, 2001, Management Science 47, 1008;
Hundepool and others, 2012, Statistical Disclosure Control, chapter 4).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: A total's place among the cells, and its parts'.
Sum = tuple[int, tuple[int, ...]]

#: Room that a solver's rounding takes.
_SLACK = 1e-6


def suppress(
    counts: Sequence[float],
    sums: Sequence[Sum],
    threshold: int,
    *,
    fixed: Sequence[int] = (),
    small: Sequence[bool] | None = None,
    empty: bool = False,
) -> np.ndarray:
    """Which cells of a table of counts must be withheld, (k,): small ones, and what tells them.

    Parameters
    ----------
    counts : (k,) the cells, totals among them; not below 0.
    sums : a total's place and its parts' places, for every sum among the cells.
    threshold : counts from 1 to one less are small.
    fixed : places of cells that are told elsewhere and cannot be withheld.
    small : (k,) which cells are small, if something else than the threshold decides.
    empty : whether 0 is small too: that nobody of a group is so tells something of each of them.

    Returns
    -------
    (k,) of bool: the small cells, with the cheapest others that leave each small one a range of
    values at least ``threshold`` wide. Where no choice achieves that (a total below the threshold
    that is told elsewhere), all that is not fixed is withheld.

    Notes
    -----
    Each small cell is protected in turn: a linear programme finds the least change to the table,
    weighted by the cells' counts, by which it could lie that far from its value; the cells that
    change are withheld (Kelly, Golden and Assad, 1992, Networks 22, 397). Cells that turn out not
    to be needed are then given after all. ``find_exposed`` checks what comes out.

    >>> suppress([40, 3, 12, 25, 80], [(4, (0, 1, 2, 3))], 10, fixed=[4]).tolist()
    [False, True, True, False, False]
    """
    cells = np.asarray(counts, dtype=float)
    if small is None:
        small = (cells < threshold) & ((cells > 0) | empty)
    primary = np.asarray(small, dtype=bool).copy()
    primary[list(fixed)] = False
    hidden = primary.copy()
    if not primary.any():
        return hidden
    closed = np.zeros(len(cells), dtype=bool)
    closed[list(fixed)] = True
    closed |= (cells == 0) & (not empty) & ~primary  # a count of 0 that is given cannot move
    for cell in np.flatnonzero(primary)[np.argsort(cells[primary], kind="stable")]:
        moved = _cheapest_change(cells, sums, cell, hidden, closed, threshold)
        if moved is None:
            hidden |= ~closed
            return hidden
        hidden |= moved
    for cell in sorted(np.flatnonzero(hidden & ~primary), key=lambda place: -cells[place]):
        without = hidden.copy()
        without[cell] = False
        if not find_exposed(cells, sums, without, threshold, primary):
            hidden = without
    return hidden


def _cheapest_change(
    cells: np.ndarray,
    sums: Sequence[Sum],
    cell: int,
    hidden: np.ndarray,
    closed: np.ndarray,
    threshold: int,
) -> np.ndarray | None:
    """Cells that change when one may lie anywhere in a range; None if it cannot.

    Two changes of the table that keep its sums, one up and one down, are as far apart in that cell
    as the threshold counts; no count falls below 0.
    """
    from scipy.optimize import linprog

    n = len(cells)
    price = np.where(hidden, 0.0, 1.0 + cells)
    # What rises and what falls, in the table with the cell's highest and its lowest value.
    most = np.where(closed, 0.0, np.inf)
    least = np.where(closed, 0.0, cells)
    bounds = [*zip(np.zeros(n), most, strict=True), *zip(np.zeros(n), least, strict=True)] * 2
    kept = _equations(sums, n)
    one = np.hstack([kept, -kept])
    equal = np.block([[one, np.zeros_like(one)], [np.zeros_like(one), one]])
    apart = np.zeros(4 * n)
    apart[[cell, 3 * n + cell]], apart[[n + cell, 2 * n + cell]] = -1.0, 1.0
    found = linprog(
        np.tile(price, 4) + 1e-9,
        A_ub=apart[None],
        b_ub=[-float(threshold)],
        A_eq=equal,
        b_eq=np.zeros(len(equal)),
        bounds=bounds,
        method="highs",
    )
    if found.status == 2:  # no table keeps these sums
        return None
    if found.status:
        raise RuntimeError(f"cells could not be protected: {found.message}")
    return (found.x.reshape(4, n) > _SLACK).any(axis=0)


def find_exposed(
    counts: Sequence[float],
    sums: Sequence[Sum],
    hidden: Sequence[bool],
    threshold: int,
    small: Sequence[bool] | None = None,
) -> list[int]:
    """The auditor: small cells that are given, or that what is given pins down too narrowly.

    For each small cell the lowest and the highest value that the cells given, the sums and counts
    of at least 0 allow; it is exposed if they lie less than ``threshold`` apart.

    >>> find_exposed([40, 3, 12, 55], [(3, (0, 1, 2))], [False, True, False, False], 10)
    [1]
    """
    cells, hidden = np.asarray(counts, dtype=float), np.asarray(hidden, dtype=bool)
    if small is None:
        small = (cells < threshold) & (cells > 0)
    exposed = []
    for cell in np.flatnonzero(small):
        low, high = possible_values(cells, sums, hidden, int(cell))
        if high - low < threshold - _SLACK:
            exposed.append(int(cell))
    return exposed


def possible_values(
    cells: np.ndarray, sums: Sequence[Sum], hidden: np.ndarray, cell: int
) -> tuple[float, float]:
    """The lowest and the highest value of a cell that what is given allows."""
    from scipy.optimize import linprog

    if not hidden[cell]:
        return float(cells[cell]), float(cells[cell])
    n = len(cells)
    bounds = [(0.0, None) if gone else (one, one) for one, gone in zip(cells, hidden, strict=True)]
    equal = _equations(sums, n)
    found = []
    for sign in (1.0, -1.0):
        goal = np.zeros(n)
        goal[cell] = sign
        one = linprog(goal, A_eq=equal, b_eq=np.zeros(len(equal)), bounds=bounds, method="highs")
        if one.status == 3:
            found.append(-sign * np.inf)
        elif one.status:
            raise RuntimeError(f"cells could not be audited: {one.message}")
        else:
            found.append(sign * one.fun)
    return found[0], found[1]


def _equations(sums: Sequence[Sum], n: int) -> np.ndarray:
    """(sums, n) each total less its parts, which is 0."""
    equations = np.zeros((max(len(sums), 1), n))
    for row, (total, parts) in enumerate(sums):
        equations[row, list(parts)] = 1.0
        equations[row, total] -= 1.0
    return equations


def suppress_parts(counts: Sequence[float], threshold: int, empty: bool = False) -> np.ndarray:
    """Which parts of a whole must be withheld, (k,), the whole being told elsewhere.

    >>> suppress_parts([40, 3, 12, 25], 10).tolist()
    [False, True, True, False]
    """
    cells = [*counts, float(np.sum(counts))]
    whole = len(cells) - 1
    parts = tuple(range(whole))
    return suppress(cells, [(whole, parts)], threshold, fixed=[whole], empty=empty)[:whole]
