"""What rests on too few engagements is not given, nor what would let it be worked out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.contract.estimates import NUMBERS

#: Fewest engagements that a figure in anything shared may rest on.
FEWEST = 10
WITHHELD = f"fewer than {FEWEST} engagements: not given"


def small_cells(counts: Sequence[float], empty: bool = True) -> np.ndarray:
    """Which parts of a whole must be withheld, (n,): the small ones, and never one alone.

    A part is small with fewer than ten engagements. With a single small one the next smallest goes
    too, or the whole less the others would tell it. ``empty``: whether a part without any is small:
    that nobody of a group is so tells something of each of them.

    >>> small_cells([40, 3, 12, 25]).tolist()
    [False, True, True, False]
    """
    counts = np.asarray(counts, dtype=float)
    none = (counts == 0) & (not empty)
    small = (counts < FEWEST) & ~none
    if small.sum() == 1 and (~none).sum() > 1:
        rest = np.where(small | none, np.inf, counts)
        small = small | (np.arange(len(counts)) == int(np.argmin(rest)))
    return small


def withhold_small(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows whose estimate rests on fewer than ten engagements lose their numbers and say why."""
    if "n_engagements" not in rows:
        return rows
    small = (rows["n_engagements"] < FEWEST) & rows["estimate"].notna()
    numbers = [name for name in NUMBERS if name in rows]
    held = rows.copy()
    held.loc[rows["n_engagements"] < FEWEST, "n_engagements"] = np.nan
    held.loc[small, numbers] = np.nan
    held.loc[small, "note"] = WITHHELD
    return held
