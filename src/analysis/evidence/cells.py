"""The cells of a dataset: one outcome from one source in one phase, placed in time.

A rating may only be said to predict what came after it. Recorded weeks decide; without them the
mapping's word does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from analysis.contract.estimates import SOURCES

#: Phases whose outcomes are compared with the alliance; a baseline is a covariate.
PHASES = ("during", "end", "follow_up")


class DeclaredOutcome(Protocol):
    """What a mapping says of an outcome."""

    timing: str
    higher_is: str


#: A `during` outcome is used if at least this share of its engagements have it after the window.
#: With less, those left are the engagements whose ratings happened to stop early.
SMALLEST_COVERAGE = 0.25


@dataclass(frozen=True)
class Cell:
    """One outcome of one source and phase, oriented so that higher is better.

    ``values`` has ``engagement_id`` and ``value``, one row per engagement; ``timing`` is
    ``prospective`` or ``concurrent``; ``refusal`` says why the cell cannot be used, or is empty;
    ``note`` says what was left out.
    """

    outcome: str
    source: str
    phase: str
    timing: str
    values: pd.DataFrame
    refusal: str = ""
    note: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Outcome, source and phase."""
        return self.outcome, self.source, self.phase


def collect_cells(
    frame: pd.DataFrame, outcomes: pd.DataFrame, declared: Mapping[str, DeclaredOutcome]
) -> list[Cell]:
    """Every (outcome, source, phase) during, at the end of or after an engagement that has values.

    Parameters
    ----------
    frame : ``engagement_id`` and, if known, ``window_start_week`` and ``window_end_week``: the
        weeks of the first and last occasion that count for the engagement's ratings.
    outcomes : ``engagement_id, outcome, source, phase, value`` and, if known, ``week``.
    declared : an outcome's name -> its ``timing`` and ``higher_is``.

    Returns
    -------
    Cells sorted by phase, source and outcome. Of several values of an engagement the last by week
    counts; values of one week, or several without a week, are averaged.

    - Values of weeks strictly before the window are left out and counted; a cell with no others
      is refused.
    - Weeks all later than the window make a cell prospective, unless the mapping declares it
      concurrent; weeks within the window make it concurrent whatever is declared.
    - Without weeks the declared timing holds.
    - A ``during`` value counts only after the window's last occasion: by its week or, without
      one, because the mapping declares the outcome prospective. If fewer than a quarter of its
      engagements have such a value, the cell is refused.

    Raises ValueError for an outcome that is not declared.
    """
    kept = outcomes[
        outcomes["phase"].isin(PHASES)
        & outcomes["value"].notna()
        & outcomes["engagement_id"].isin(frame["engagement_id"])
    ]
    unknown = sorted(set(kept["outcome"]) - set(declared))
    if unknown:
        raise ValueError(f"outcomes whose timing and direction are not declared: {unknown}")
    weeks = [name for name in ("window_start_week", "window_end_week") if name in frame]
    placed = kept.merge(frame[["engagement_id", *weeks]], on="engagement_id", how="left")
    for name in ("week", "window_start_week", "window_end_week"):
        placed[name] = placed[name].astype(float) if name in placed else np.nan
    cells = [
        _place(key, rows, declared[key[0]])
        for key, rows in placed.groupby(["outcome", "source", "phase"], sort=True, observed=True)
    ]
    return sorted(cells, key=_order)


def _order(cell: Cell) -> tuple[int, int, str]:
    return PHASES.index(cell.phase), SOURCES.index(cell.source), cell.outcome


def _place(key: tuple[str, str, str], rows: pd.DataFrame, declared: DeclaredOutcome) -> Cell:
    """One cell: values that count in time, one per engagement, and the timing they allow."""
    phase = key[2]
    known = rows["week"].notna() & rows["window_end_week"].notna()
    before = known & (rows["week"] < rows["window_start_week"])
    after = known & (rows["week"] > rows["window_end_week"])
    prospective = declared.timing == "prospective"
    rated = rows["window_end_week"].notna()
    if phase == "during":
        # An engagement without a window has no rating: its value only tells that one is missing.
        counts = after | (rows["week"].notna() & ~rated) | (rows["week"].isna() & prospective)
    else:
        counts = ~before
    kept = rows[counts]
    late = bool(after[counts & known].all())
    timing = "prospective" if prospective and late else "concurrent"
    refusal = _refusal(phase, rows, known, before, counts)
    return Cell(
        *key,
        timing,
        last_values(kept, -1.0 if declared.higher_is == "worse" else 1.0),
        refusal,
        ""
        if refusal
        else _left_out(phase, int((~counts).sum()), int((counts & known & ~after).sum())),
    )


def _refusal(
    phase: str, rows: pd.DataFrame, known: pd.Series, before: pd.Series, counts: pd.Series
) -> str:
    """Why no value of a cell can be used, or ''."""
    rated = rows[rows["window_end_week"].notna()]
    late = rated.loc[counts.reindex(rated.index), "engagement_id"].nunique()
    if phase == "during" and 0 < late < SMALLEST_COVERAGE * rated["engagement_id"].nunique():
        return (
            f"only {late} of {rated['engagement_id'].nunique()} engagements have a value from "
            "after the window, those whose ratings stopped early: no picture of the whole"
        )
    if counts.any() and (not known.any() or (counts & rows["window_end_week"].notna()).any()):
        return ""
    if known.any() and before[known].all():
        return (
            "every recorded week lies strictly before the alliance window: "
            "the order in time is wrong"
        )
    if phase == "during" and not known.any():
        return (
            "taken during the engagement at no recorded week, and not declared prospective: "
            "nothing shows that it came after the alliance window"
        )
    return "no value was taken after the window's last occasion"


def _left_out(phase: str, left_out: int, within: int) -> str:
    notes = []
    if left_out:
        where = "not after" if phase == "during" else "from before"
        notes.append(f"{left_out} values {where} the alliance window left out")
    if within:
        notes.append(f"{within} values were taken within the alliance window")
    return "; ".join(notes)


def last_values(rows: pd.DataFrame, sign: float = 1.0) -> pd.DataFrame:
    """Each engagement's value of its last week; ties and values without a week averaged."""
    week = rows["week"].fillna(-np.inf)
    last = week == week.groupby(rows["engagement_id"]).transform("max")
    # Sorted, so that the order of rows cannot reach the last digit of a mean.
    ordered = rows[last].sort_values(["engagement_id", "value"])
    values = ordered.groupby("engagement_id", sort=True)["value"].mean().astype(float)
    return (sign * values).rename("value").reset_index()
