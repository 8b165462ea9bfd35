"""What a dataset will and will not be able to answer, told before anything is estimated."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.contract.estimates import SOURCES
from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cells import Cell, DeclaredOutcome, collect_cells
from analysis.evidence.grid import FEWEST_ENGAGEMENTS, PrimaryCell
from analysis.evidence.testable_lines import list_further_lines, refuse_further_lines
from analysis.evidence.verdict import INDEPENDENT_SOURCES, refuse
from analysis.measure.window import PAIR


def list_testable(
    frame: pd.DataFrame,
    outcomes: pd.DataFrame,
    occasions: pd.DataFrame,
    items: Mapping[str, pd.DataFrame],
    declared: Mapping[str, DeclaredOutcome],
    plan: ComparisonPlan,
    cluster: str,
    primary: PrimaryCell,
) -> pd.DataFrame:
    """Each question of the comparison, whether these data can answer it, and why not.

    Parameters as ``analysis.evidence.grid.compare_all_cells``.

    Returns
    -------
    DataFrame
        ``question``, ``testable`` (bool) and ``reason`` (what is missing, or what it rests on); the
        headline first, then its lines of evidence, then the cells of rater by outcome source
    """
    cells = collect_cells(frame, outcomes, declared)
    raters = [rater for rater in PAIR if _rated(frame, rater).any()]
    chosen = (primary.outcome, primary.source, primary.phase)
    cell = next((one for one in cells if one.key == chosen), None)
    rows = [_headline(frame, cell, raters, primary, cluster)]
    rows += _lines(frame, raters, occasions, items, plan, cluster)
    if len(raters) < 2 or cell is None or cell.refusal:
        lacking = "both ratings" if len(raters) < 2 else "the headline's outcome"
        rows += refuse_further_lines(f"{lacking} would be needed")
    else:
        complete = _complete(frame, cell, list(PAIR))
        rows += list_further_lines(complete, cell, frame, outcomes, plan, cluster)
    rows += [
        _grid_cell(frame, cells, raters, rater, source) for rater in PAIR for source in SOURCES
    ]
    return pd.DataFrame(rows, columns=["question", "testable", "reason"])


def _rated(frame: pd.DataFrame, rater: str) -> pd.Series:
    column = f"{rater}_total"
    return frame[column].notna() if column in frame else pd.Series(False, index=frame.index)


def _complete(frame: pd.DataFrame, cell: Cell, raters: list[str]) -> pd.DataFrame:
    """Engagements with the cell's outcome and these ratings."""
    both = pd.concat([_rated(frame, rater) for rater in raters], axis=1).all(axis=1)
    return frame[both & frame["engagement_id"].isin(cell.values["engagement_id"])]


def _headline(
    frame: pd.DataFrame, cell: Cell | None, raters: list[str], primary: PrimaryCell, cluster: str
) -> tuple[str, bool, str]:
    question = f"advisee against advisor on {primary.outcome} by {primary.source}"
    if primary.outcome is None:
        return "advisee against advisor", False, "the mapping names no primary_outcome"
    if cell is None:
        lacking = f"no value of {primary.outcome} by {primary.source} at {primary.phase}"
        others = refuse(primary.source, raters, FEWEST_ENGAGEMENTS, FEWEST_ENGAGEMENTS)
        return question, False, "; ".join(filter(None, [lacking, others]))
    complete = _complete(frame, cell, list(PAIR))
    reason = cell.refusal or refuse(cell.source, raters, len(complete), FEWEST_ENGAGEMENTS)
    if reason:
        return question, False, reason
    clusters = complete[cluster].nunique()
    return question, True, f"{len(complete)} engagements, {clusters} clusters, {cell.timing}"


def _lines(
    frame: pd.DataFrame,
    raters: list[str],
    occasions: pd.DataFrame,
    items: Mapping[str, pd.DataFrame],
    plan: ComparisonPlan,
    cluster: str,
) -> list[tuple[str, bool, str]]:
    """Which lines of evidence the ratings allow."""
    if len(raters) < 2:
        absent = next(rater for rater in PAIR if rater not in raters)
        reason = f"the {absent} never rated the alliance"
        return [(f"{line} line", False, reason) for line in ("naive", "clustered", "disattenuated")]
    both = frame[_rated(frame, "advisee") & _rated(frame, "advisor")]
    clusters = both[cluster].nunique()
    enough = clusters >= plan.minimum_clusters
    told = f"{clusters} clusters ({cluster}); an interval wants at least {plan.minimum_clusters}"
    repeated = int((occasions.groupby("engagement_id").size() > 1).sum())
    by_omega = set(items) >= {f"{rater}_total" for rater in PAIR}
    if repeated:
        corrected = f"{repeated} engagements have several check-ins both answered"
    elif by_omega:
        corrected = "one check-in only: corrected by omega of the items"
    else:
        corrected = "one check-in only and no items: nothing tells how reliable the ratings are"
    return [
        ("naive line", True, "takes dyads as independent"),
        ("clustered line", enough, told),
        ("disattenuated line", bool(repeated or by_omega), corrected),
    ]


def _grid_cell(
    frame: pd.DataFrame, cells: list[Cell], raters: list[str], rater: str, source: str
) -> tuple[str, bool, str]:
    question = f"{rater}'s rating with outcomes by {source}"
    if rater not in raters:
        return question, False, f"the {rater} never rated the alliance"
    own = [cell for cell in cells if cell.source == source]
    if not own:
        return question, False, f"no outcome is given by {source}"
    told, open_cells = [], 0
    for cell in own:
        n = len(_complete(frame, cell, [rater]))
        fits = not cell.refusal and n >= FEWEST_ENGAGEMENTS
        open_cells += fits
        told.append(f"{cell.outcome} ({cell.phase}): {cell.refusal or f'{n} engagements'}")
    same = " - same source, which inflates it" if source == rater else ""
    also = "" if source in INDEPENDENT_SOURCES else same
    return question, open_cells > 0, "; ".join(told) + also
