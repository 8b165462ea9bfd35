"""A dataset's comparison table read as what is shown of each outcome: one object per cell."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.contract.estimates import PHASES, SOURCES
from analysis.present.tables import show_text

RATERS = ("advisee", "advisor")


@dataclass(frozen=True)
class Interval:
    """An estimate with its limits, NaN where there is none."""

    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    n: float = np.nan
    n_clusters: float = np.nan

    @property
    def given(self) -> bool:
        """Whether there is an estimate."""
        return bool(np.isfinite(self.estimate))

    @property
    def has_limits(self) -> bool:
        """Whether there is an interval."""
        return bool(np.isfinite([self.low, self.high]).all())


@dataclass(frozen=True)
class OutcomeCell:
    """One outcome from one source in one phase, with what the ratings have to do with it.

    ``correlations`` maps a rater to r with the outcome; ``difference`` is D with the interval of
    record, ``corrected`` D corrected for reliability, by the line that the verdict reads.
    ``reason`` says why the cell could not be tested, ``note`` what else to know of the difference,
    ``grounds`` why the verdict is what it is.
    """

    outcome: str
    source: str
    phase: str
    timing: str
    primary: bool
    correlations: dict[str, Interval] = field(default_factory=dict)
    difference: Interval = Interval()
    corrected: Interval = Interval()
    verdict: str = ""
    reason: str = ""
    note: str = ""
    grounds: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Outcome, source and phase."""
        return self.outcome, self.source, self.phase

    @property
    def same_source(self) -> str:
        """The rater who also gave the outcome, or ''."""
        return self.source if self.source in RATERS else ""

    @property
    def n(self) -> float:
        """Engagements the difference rests on or, without one, a single rater's correlation."""
        return self._count("n")

    @property
    def n_clusters(self) -> float:
        """The clusters these engagements are nested in."""
        return self._count("n_clusters")

    def _count(self, name: str) -> float:
        known = [self.difference, *self.correlations.values()]
        counts = [getattr(one, name) for one in known if np.isfinite(getattr(one, name))]
        return counts[0] if counts else np.nan


def is_primary(comparison: pd.DataFrame) -> pd.Series:
    """Which rows are the plan's primary answer, whether read from CSV or made in memory."""
    return comparison["primary"].isin([True, "True"])


def of_subscale(comparison: pd.DataFrame, subscale: str = "total") -> pd.DataFrame:
    """The rows on one of the ratings; those of a table that names none are on the total."""
    if "subscale" not in comparison:
        return comparison if subscale == "total" else comparison.iloc[:0]
    return comparison[comparison["subscale"].fillna("total") == subscale]


def read_cells(comparison: pd.DataFrame, subscale: str = "total") -> list[OutcomeCell]:
    """The cells of one dataset's comparison table, the primary one first, then by phase and source.

    Parameters
    ----------
    comparison : the table of ``analysis.evidence.grid.compare_all_cells``, as made or as read back
        from CSV (empty text may be NaN).
    subscale : which of the ratings.
    """
    own = of_subscale(comparison, subscale)
    rows = own.assign(primary=is_primary(own))
    for name in ("outcome", "outcome_source", "phase", "timing", "rater", "verdict", "note"):
        # A table carries the columns it needs: without any outcome there is no timing either.
        rows[name] = rows[name].map(show_text) if name in rows else ""
    # Grid rows without an outcome only say that nothing fills their place.
    rows = rows[(rows["outcome"] != "") | (rows["analysis"] == "verdict")]
    groups = rows.groupby(["outcome", "outcome_source", "phase"], sort=False)
    cells = [_read_cell(key, part) for key, part in groups]
    return sorted(cells, key=_order)


def _order(cell: OutcomeCell) -> tuple[bool, int, int, str]:
    return (
        not cell.primary,
        PHASES.index(cell.phase) if cell.phase in PHASES else len(PHASES),
        SOURCES.index(cell.source) if cell.source in SOURCES else len(SOURCES),
        cell.outcome,
    )


def _read_cell(key: tuple[str, str, str], rows: pd.DataFrame) -> OutcomeCell:
    decided = rows[rows["analysis"] == "verdict"]
    record = rows[(rows["analysis"] == "clustered") & (rows["method"] == "jackknife")]
    difference = _interval(record, "clustered")
    note = record["note"].iloc[0] if len(record) else ""
    verdict = decided["verdict"].iloc[0] if len(decided) else ""
    if verdict == "not_testable":
        reason = decided["note"].iloc[0]
    else:
        reason = "" if difference.has_limits else note
    return OutcomeCell(
        *key,
        timing=next((one for one in rows["timing"] if one), ""),
        primary=bool(rows["primary"].any()),
        # The grid repeats the shared engagements' correlations, and has those of a lone rater; it
        # holds the totals only.
        correlations={
            rater: one for rater in RATERS for one in [_first_given(rows, rater)] if one.given
        },
        difference=difference,
        corrected=_corrected(rows),
        verdict=verdict,
        reason=reason,
        note="" if note == reason else note,
        grounds=decided["note"].iloc[0] if len(decided) else "",
    )


def _first_given(rows: pd.DataFrame, rater: str) -> Interval:
    """A rater's correlation by the grid or, failing it, by the comparison."""
    by_grid = _interval(rows, "grid", rater=rater)
    return by_grid if by_grid.given else _interval(rows, "correlation", rater=rater)


def _corrected(rows: pd.DataFrame) -> Interval:
    """D by the correction the verdict reads: window means, or omega where these tell nothing.

    A window mean known to be too unreliable has its narrower row too, without a value: then omega
    is no substitute.
    """
    by_window = rows[rows["method"].isin(["jackknife", "jackknife_90"])]
    known = (by_window["analysis"] == "disattenuated").sum() == 2
    return _interval(rows, "disattenuated", method="jackknife" if known else "omega_jackknife")


def _interval(rows: pd.DataFrame, analysis: str, **where: str) -> Interval:
    own = rows[rows["analysis"] == analysis]
    for column, value in where.items():
        own = own[own[column] == value]
    if own.empty:
        return Interval()
    names = ("estimate", "conf_low", "conf_high", "n_engagements", "n_advisors")
    return Interval(*(float(own.iloc[0].get(name, np.nan)) for name in names))
