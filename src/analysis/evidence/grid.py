"""Every outcome of a dataset against both ratings, and the grid of rater by outcome source."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd

from analysis.contract.estimates import SOURCES, as_estimates
from analysis.contract.multiplicity import adjust_holm
from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cases import complete_cases
from analysis.evidence.cells import Cell, DeclaredOutcome, collect_cells
from analysis.evidence.comparison import LINES, compare_raters
from analysis.evidence.covariates import Covariates, find_covariates
from analysis.evidence.lines.auxiliaries import fill_ratings, gather_auxiliaries
from analysis.evidence.lines.disattenuated import RATERS
from analysis.evidence.lines.imputed import impute_cell
from analysis.evidence.lines.observed import correlation_row
from analysis.evidence.verdict import INDEPENDENT_SOURCES, refuse
from analysis.models.intervals import Row, no_interval
from analysis.models.resampling import SharedWeights

#: Cells of fewer engagements are not given: neither precise nor safe to publish.
FEWEST_ENGAGEMENTS = 10

#: The rating that the plan's primary answer rests on.
TOTAL = "total"

#: Marks a grid cell whose rater also gave the outcome.
SAME_SOURCE = "same source: the rater also gave the outcome"


class PrimaryCell(Protocol):
    """The cell that the plan names as the one that decides."""

    outcome: str
    source: str
    phase: str


def compare_all_cells(
    frame: pd.DataFrame,
    outcomes: pd.DataFrame,
    occasions: pd.DataFrame | None,
    items: Mapping[str, pd.DataFrame] | None,
    declared: Mapping[str, DeclaredOutcome],
    plan: ComparisonPlan,
    cluster: str,
    primary: PrimaryCell,
    *,
    subscales: Sequence[str] = (TOTAL,),
    lines: Collection[str] = LINES,
    replies: pd.DataFrame | None = None,
    rng: np.random.Generator | None = None,
) -> pd.DataFrame:
    """One table for a dataset: all lines in every cell, the verdict in the primary one, the grid.

    Parameters
    ----------
    frame : one row per engagement: ``engagement_id``, the column ``cluster``, each rater's window
        means ``advisee_total``, ``advisor_total``, ``advisee_goal``, ... (a rater who never rated
        may have no column), ``window_start_week`` and ``window_end_week``.
    outcomes : the clean table ``engagement_id, outcome, source, phase, week?, value``.
    occasions, items, plan : as ``compare_raters``.
    declared : an outcome's name -> an object with ``timing`` and ``higher_is``.
    primary : an object with ``outcome``, ``source`` and ``phase``.
    lines : the lines to add to those that the verdict reads.
    replies : each rater's own window means (``reply_means``), to impute missing ratings from all
        that is known; without them from the cell alone.
    subscales : which of the ratings to compare, ``total`` first.
    rng : draws the resamples, which cells of equally many clusters share.

    Returns
    -------
    Rows in the vocabulary: those of ``compare_raters`` for each cell and subscale, with
    ``outcome_source``, ``phase``, ``timing`` and ``subscale``; ``primary`` is True for the total in
    the primary cell, which alone has a ``verdict`` row: the others are described, not decided. A
    cell that cannot be compared has one row (``clustered``, ``jackknife``), ``not_testable`` with
    the reason. Then rows of ``grid``: each rater's total with each outcome of each source,
    same-source cells marked, and ``not_testable`` where nothing fills the cell.

    Raises ValueError for an outcome that is not declared or a missing cluster label.
    """
    totals = {rater: f"{rater}_{TOTAL}" for rater in RATERS}
    raters = tuple(
        one for one in RATERS if totals[one] in frame and frame[totals[one]].notna().any()
    )
    rng = np.random.default_rng(plan.seed) if rng is None else rng
    weights = SharedWeights(plan.resamples, rng)
    data = _Dataset(
        frame, outcomes, raters, cluster, plan, occasions, items, weights, lines, replies
    )
    key = (primary.outcome, primary.source, primary.phase)
    cells = collect_cells(frame, outcomes, declared)
    rows: list[Row] = []
    grid: list[Row] = []
    for cell in cells:
        for subscale in subscales:
            primary_here = cell.key == key and subscale == TOTAL
            joined = data.join(cell, subscale)
            compared = _compare(cell, joined, data, subscale, primary_here)
            rows += [_labelled(row, cell, subscale, primary_here) for row in compared]
            if subscale == TOTAL:
                marked = [_grid_row(cell, joined, data, rater, compared) for rater in raters]
                grid += [_labelled(row, cell, subscale, primary_here) for row in marked]
    if key not in [cell.key for cell in cells]:
        rows.append(_absent_primary(primary, raters, cells))
    grid += _unfilled(cells, raters)
    _adjust_secondary(rows, key)
    return as_estimates([*rows, *sorted(grid, key=_grid_order)])


@dataclass(frozen=True)
class _Dataset:
    """What all cells of a dataset share."""

    frame: pd.DataFrame
    outcomes: pd.DataFrame
    raters: tuple[str, ...]
    cluster: str
    plan: ComparisonPlan
    occasions: pd.DataFrame | None
    items: Mapping[str, pd.DataFrame] | None
    weights: SharedWeights
    lines: Collection[str]
    replies: pd.DataFrame | None
    found: dict[str, object] = field(default_factory=dict)

    @cached_property
    def filled(self) -> pd.DataFrame:
        """The frame with each rater's own ratings where the other did not reply."""
        return fill_ratings(self.frame, self.replies)

    @cached_property
    def auxiliaries(self) -> pd.DataFrame:
        """All else that is known of the engagements."""
        return gather_auxiliaries(self.frame, self.replies, self.outcomes)

    def impute(self, cell: Cell, subscale: str) -> list[Row] | None:
        """The imputed line of a cell from all that is known; None to impute from the cell alone."""
        if self.replies is None or "imputed" not in self.lines:
            return None
        rng = np.random.default_rng(self.plan.seed)
        filled, beside = self.filled, self.auxiliaries
        return impute_cell(cell, subscale, filled, beside, self.cluster, self.plan, rng)

    def covariates(self, cell: Cell) -> Covariates:
        """The cell's covariates, which are the same for each of its subscales."""
        if self.found.get("key") != cell.key:
            coverage = self.plan.covariate_coverage
            own = find_covariates(cell, self.frame, self.outcomes, coverage)
            self.found.update(key=cell.key, covariates=own)
        return self.found["covariates"]

    def ratings(self, subscale: str) -> list[str]:
        """The columns of this subscale, the advisee's first."""
        return [f"{rater}_{subscale}" for rater in self.raters]

    def join(self, cell: Cell, subscale: str) -> pd.DataFrame:
        """The engagements' clusters and ratings, and the cell's values under the outcome's name."""
        own = self.ratings(subscale)
        columns = list(dict.fromkeys(["engagement_id", self.cluster, *own]))
        if cell.outcome in columns:
            raise ValueError(f"the outcome '{cell.outcome}' has the name of a column of the frame")
        values = cell.values.rename(columns={"value": cell.outcome})
        return self.frame[columns].merge(
            values, on="engagement_id", how="left", validate="one_to_one"
        )


def _compare(
    cell: Cell, joined: pd.DataFrame, data: _Dataset, subscale: str, is_primary: bool
) -> list[Row]:
    """A cell's rows; the last is the verdict if the cell is the primary one."""
    both = data.ratings(subscale)
    n = int(joined[[cell.outcome, *both]].notna().all(axis=1).sum())
    refusal = cell.refusal or refuse("record", data.raters, n, FEWEST_ENGAGEMENTS)
    if refusal:
        rows = [_not_given("clustered", "jackknife", refusal)]
        verdict = _not_given("verdict", "verdict", refusal)
    else:
        table = compare_raters(
            joined,
            cell.outcome,
            *both,
            data.cluster,
            data.plan,
            data.occasions,
            data.items,
            weights=data.weights,
            timing=cell.timing,
            covariates=data.covariates(cell),
            imputed=data.impute(cell, subscale),
            # Trees take seconds: a check on the primary answer alone.
            lines=[*data.lines, *(["boosting"] if is_primary and data.lines else [])],
        )
        *rows, verdict = table.drop(columns="outcome").to_dict("records")
    if is_primary:
        # Without values in time, counting engagements would say the same thing again.
        counted = FEWEST_ENGAGEMENTS if cell.refusal else n
        why = refuse(cell.source, data.raters, counted, FEWEST_ENGAGEMENTS)
        not_testable = "; ".join(filter(None, [cell.refusal, why]))
        if not_testable:
            verdict.update(verdict="not_testable", note=not_testable)
        rows.append(verdict)
    if cell.note:
        for row in rows:
            row["note"] = "; ".join(filter(None, [row["note"], cell.note]))
    return rows


def _grid_row(
    cell: Cell, joined: pd.DataFrame, data: _Dataset, rater: str, compared: Sequence[Row]
) -> Row:
    """A rater's correlation with the outcome, where possible on the engagements that both rated."""
    rating = f"{rater}_{TOTAL}"
    shared = [
        row for row in compared if row["analysis"] == "correlation" and row.get("rater") == rater
    ]
    if shared:
        row = dict(shared[0])
    elif cell.refusal:
        row = _not_given("grid", "jackknife_fisher_z", cell.refusal)
    else:
        cases = complete_cases(joined, cell.outcome, rating, rating, data.cluster)
        if cases.n >= FEWEST_ENGAGEMENTS:
            row = correlation_row(cases, data.plan, 0, 1)
        else:
            reason = (
                f"only {cases.n} engagements have the outcome and the {rater}'s rating; "
                f"at least {FEWEST_ENGAGEMENTS} are needed"
            )
            row = _not_given("grid", "jackknife_fisher_z", reason)
        row["note"] = "; ".join(filter(None, [row["note"], cell.note]))
    mark = SAME_SOURCE if rater == cell.source else ""
    note = "; ".join(filter(None, [mark, row["note"]]))
    return {**row, "analysis": "grid", "rater": rater, "term": "correlation", "note": note}


def _labelled(row: Row, cell: Cell, subscale: str, is_primary: bool) -> Row:
    return {
        **row,
        "outcome": cell.outcome,
        "outcome_source": cell.source,
        "phase": cell.phase,
        "timing": cell.timing,
        "subscale": subscale,
        "primary": is_primary,
    }


def _adjust_secondary(rows: list[Row], primary: tuple[str, str, str]) -> None:
    """Give the secondary tier's differences of record their p value after Holm's correction.

    The tier is every other outcome that a third party or a record gave, by the total, and the
    primary outcome by subscale. What one of the two raters gave is described only, and the other
    subscales are exploration.
    """
    tier = {
        place: float(row.get("p_value", np.nan))
        for place, row in enumerate(rows)
        if (row["analysis"], row["method"]) == ("clustered", "jackknife")
        and not row["primary"]
        and row["outcome_source"] in INDEPENDENT_SOURCES
        and (
            row["subscale"] == TOTAL
            or (row["outcome"], row["outcome_source"], row["phase"]) == primary
        )
    }
    for place, p in adjust_holm(tier).items():
        rows[place]["p_adjusted"] = p


def _not_given(analysis: str, method: str, reason: str) -> Row:
    return {
        "analysis": analysis,
        "term": "difference",
        "estimate": np.nan,
        **no_interval(reason),
        "method": method,
        "verdict": "not_testable",
    }


def _absent_primary(primary: PrimaryCell, raters: Sequence[str], cells: Sequence[Cell]) -> Row:
    """The verdict row when the data hold nothing of the primary cell."""
    held = ", ".join(f"{cell.outcome} by {cell.source} ({cell.phase})" for cell in cells)
    reason = (
        f"no values of {primary.outcome} by {primary.source} ({primary.phase}); "
        f"the data hold {held or 'no outcome'}"
    )
    why = refuse(primary.source, raters, FEWEST_ENGAGEMENTS, FEWEST_ENGAGEMENTS)
    return {
        **_not_given("verdict", "verdict", "; ".join(filter(None, [why, reason]))),
        "outcome": primary.outcome,
        "outcome_source": primary.source,
        "phase": primary.phase,
        "subscale": TOTAL,
        "primary": True,
    }


def _unfilled(cells: Sequence[Cell], raters: Sequence[str]) -> list[Row]:
    """A row for each rater and source that no outcome, or no rating, fills."""
    rows = []
    for rater in RATERS:
        for source in SOURCES:
            if rater not in raters:
                reason = f"the {rater} never rated the alliance"
            elif not any(cell.source == source for cell in cells):
                reason = f"no outcome was given by source '{source}'"
            else:
                continue
            row = _not_given("grid", "jackknife_fisher_z", reason)
            row.update(rater=rater, outcome_source=source, term="correlation", subscale=TOTAL)
            row["primary"] = False
            rows.append(row)
    return rows


def _grid_order(row: Row) -> tuple[int, int]:
    return RATERS.index(row["rater"]), SOURCES.index(row["outcome_source"])
