"""Which lines of evidence point the same way, in words; the verdict itself is not made of votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.models.intervals import Row, no_interval

#: The incremental line repeats the correlations (r1^2 - r2^2) and is never among these.
INCREMENTAL = "the incremental line repeats the correlations and is not counted"


@dataclass(frozen=True)
class _Line:
    """A line of evidence by name, and the rows that carry its difference, the first found first."""

    name: str
    analysis: str
    terms: tuple[str, ...] = ("difference",)
    methods: tuple[str, ...] = ("jackknife",)


_LINES = (
    _Line("naive", "naive", methods=("steiger",)),
    _Line("clustered", "clustered"),
    _Line("disattenuated", "disattenuated", methods=("jackknife", "omega_jackknife")),
    _Line("multilevel", "multilevel", terms=("within_difference",), methods=()),
    _Line("out of sample", "out_of_sample", methods=("ridge_corrected_t",)),
    _Line("adjusted", "adjusted"),
    _Line("imputed", "imputed", methods=("rubin",)),
)

_PLACES = {
    1: "advisee ahead",
    -1: "advisor ahead",
    0: "no clear difference",
    None: "not given",
}


def weigh_lines(rows: Sequence[Row], alpha: float) -> Row:
    """One row that names the lines by where they point.

    Parameters
    ----------
    rows : the rows of one cell.
    alpha : level of the naive test; the other lines are read by their interval.

    Returns
    -------
    ``analysis`` ``agreement``, ``term`` ``lines``; ``estimate`` is the share of the lines given
    that point where the clustered line points (NaN where that line is not given); ``note`` names
    the lines. Lines rest on the same data: their number is no number of replications.
    """
    sides = {line.name: _side(line, rows, alpha) for line in _LINES}
    given = [side for side in sides.values() if side is not None]
    record = sides["clustered"]
    share = float(np.mean([side == record for side in given])) if record is not None else np.nan
    words = []
    for side, place in _PLACES.items():
        names = [name for name, own in sides.items() if own == side]
        if names:
            words.append(f"{place}: {', '.join(names)}")
    return {
        "analysis": "agreement",
        "term": "lines",
        "estimate": share,
        **no_interval("; ".join([*words, INCREMENTAL])),
        "method": "direction",
    }


def _side(line: _Line, rows: Sequence[Row], alpha: float) -> int | None:
    """1 or -1 where a line excludes 0 on that side, 0 where it does not, None if not given."""
    for method in line.methods or (None,):
        for row in rows:
            if row["analysis"] != line.analysis or row["term"] not in line.terms:
                continue
            if method is not None and row["method"] != method:
                continue
            side = _excludes(row, alpha)
            if side is not None:
                return side
    return None


def _excludes(row: Mapping[str, object], alpha: float) -> int | None:
    estimate, low, high, p = (
        float(row.get(name, np.nan)) for name in ("estimate", "conf_low", "conf_high", "p_value")
    )
    if np.isfinite([low, high]).all():
        return int(low > 0) - int(high < 0)
    if np.isfinite([estimate, p]).all():
        return int(np.sign(estimate)) if p < alpha else 0
    return None
