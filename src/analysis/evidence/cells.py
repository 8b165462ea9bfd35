"""The cells of a dataset: one outcome from one source in one phase, placed in time.

A rating may only be said to predict what came after it. Recorded weeks decide; without them the
mapping's word does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
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
    return place_cells(frame, group_outcomes(frame["engagement_id"], outcomes, declared), declared)


@dataclass(frozen=True)
class Measured:
    """One outcome, source and phase: its rows, and each row's place among the engagements."""

    key: tuple[str, str, str]
    rows: pd.DataFrame
    place: np.ndarray

    @cached_property
    def last(self) -> pd.DataFrame:
        """Each engagement's last value where all count, as they nearly always do."""
        return last_values(self.rows)


def group_outcomes(
    engagement_ids: pd.Series, outcomes: pd.DataFrame, declared: Mapping[str, DeclaredOutcome]
) -> list[Measured]:
    """The values that are there for these engagements, one entry per outcome, source and phase.

    Raises ValueError for an outcome that is not declared.
    """
    own = pd.Index(engagement_ids).get_indexer(outcomes["engagement_id"])
    used = (
        outcomes["phase"].isin(PHASES).to_numpy()
        & outcomes["value"].notna().to_numpy()
        & (own >= 0)
    )
    kept, own = outcomes[used].reset_index(drop=True), own[used]
    unknown = sorted(set(kept["outcome"]) - set(declared))
    if unknown:
        raise ValueError(f"outcomes whose timing and direction are not declared: {unknown}")
    kept["week"] = kept["week"].astype(float) if "week" in kept else np.nan
    return [
        Measured(key, rows, own[rows.index])
        for key, rows in kept.groupby(["outcome", "source", "phase"], sort=True, observed=True)
    ]


def place_cells(
    frame: pd.DataFrame, measured: list[Measured], declared: Mapping[str, DeclaredOutcome]
) -> list[Cell]:
    """``collect_cells`` of values grouped before, whose places are those of the frame's rows."""
    weeks = [
        frame[name].to_numpy(dtype=float) if name in frame else np.full(len(frame), np.nan)
        for name in ("window_start_week", "window_end_week")
    ]
    cells = [
        _place(one, *(week[one.place] for week in weeks), declared[one.key[0]]) for one in measured
    ]
    return sorted(cells, key=_order)


def _order(cell: Cell) -> tuple[int, int, str]:
    return PHASES.index(cell.phase), SOURCES.index(cell.source), cell.outcome


def _place(
    measured: Measured, start: np.ndarray, end: np.ndarray, declared: DeclaredOutcome
) -> Cell:
    """One cell: values that count in time, one per engagement, and the timing they allow."""
    key, rows = measured.key, measured.rows
    phase = key[2]
    week = rows["week"].to_numpy()
    rated = ~np.isnan(end)
    dated = ~np.isnan(week)
    known = dated & rated
    before = known & (week < start)
    after = known & (week > end)
    prospective = declared.timing == "prospective"
    # An engagement without a window has no rating: its value only tells that one is missing.
    in_course = after | (dated & ~rated) | (~dated & prospective)
    counts = in_course if phase == "during" else ~before
    values = measured.last if counts.all() else last_values(rows[counts])
    if declared.higher_is == "worse":
        values = values.assign(value=-values["value"])
    late = bool(after[counts & known].all())
    timing = "prospective" if prospective and late else "concurrent"
    refusal = _refusal(phase, rows["engagement_id"], rated, known, before, counts)
    return Cell(
        *key,
        timing,
        values,
        refusal,
        ""
        if refusal
        else _left_out(phase, int((~counts).sum()), int((counts & known & ~after).sum())),
    )


def _refusal(
    phase: str,
    ids: pd.Series,
    rated: np.ndarray,
    known: np.ndarray,
    before: np.ndarray,
    counts: np.ndarray,
) -> str:
    """Why no value of a cell can be used, or ''."""
    if phase == "during":
        late, of = ids[rated & counts].nunique(), ids[rated].nunique()
        if 0 < late < SMALLEST_COVERAGE * of:
            return (
                f"only {late} of {of} engagements have a value from "
                "after the window, those whose ratings stopped early: no picture of the whole"
            )
    if counts.any() and (not known.any() or (counts & rated).any()):
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
    if rows["engagement_id"].is_unique:
        found = rows[["engagement_id", "value"]].sort_values("engagement_id", ignore_index=True)
        found["value"] = sign * found["value"].astype(float)
        return found
    week = rows["week"].fillna(-np.inf)
    last = week == week.groupby(rows["engagement_id"]).transform("max")
    # Sorted, so that the order of rows cannot reach the last digit of a mean.
    ordered = rows[last].sort_values(["engagement_id", "value"])
    values = ordered.groupby("engagement_id", sort=True)["value"].mean().astype(float)
    return (sign * values).rename("value").reset_index()
