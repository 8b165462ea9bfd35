"""The course of the relationship in one dataset: gap, growth, lags, early discrepancy."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.contract.estimates import in_order
from analysis.contract.instruments import Instrument
from analysis.contract.plan import Plan
from analysis.evidence.cells import DeclaredOutcome, collect_cells
from analysis.evidence.course.discrepancy import describe_discrepancy
from analysis.evidence.course.gap import describe_gap
from analysis.evidence.course.held import describe_order, keep_held
from analysis.evidence.course.trajectories import describe_growth, describe_lags


def describe_course(
    tables: Mapping[str, pd.DataFrame],
    instruments: Mapping[str, Instrument],
    declared: Mapping[str, DeclaredOutcome],
    cluster: str,
    primary: tuple[str | None, str | None, str],
    plan: Plan,
) -> pd.DataFrame:
    """All that a dataset tells of how the relationship goes, ruptures left to their own module.

    Parameters
    ----------
    tables : ``engagements``, ``outcomes``, ``events`` (clean), ``alliance`` (scores per engagement,
        rater and occasion), ``frame`` (the analysis frame) and ``measurement`` (its estimates).
    instruments : rater to the instrument that rater answered.
    declared : an outcome's name to its ``timing`` and ``higher_is``.
    cluster : the column of ``engagements`` that engagements are nested in.
    primary : the primary outcome, its source and its phase.

    Returns
    -------
    Rows in the vocabulary: those of ``held.describe_order``, ``gap.describe_gap``,
    ``trajectories.describe_growth`` and ``describe_lags``, ``discrepancy.describe_discrepancy``.
    """
    engagements, alliance = tables["engagements"], tables["alliance"]
    scores = keep_held(alliance, engagements)
    confidence = plan.comparison.confidence
    cells = collect_cells(tables["frame"], tables["outcomes"], declared)
    common = instruments, cluster, plan.process, confidence
    return in_order(
        [
            describe_order(alliance, engagements),
            describe_gap(
                scores,
                engagements,
                instruments,
                tables["measurement"],
                cluster,
                plan.comparison,
                plan.process,
            ),
            describe_growth(scores, engagements, *common),
            describe_lags(scores, engagements, tables["events"], *common),
            describe_discrepancy(
                tables["frame"],
                scores,
                cells,
                instruments,
                cluster,
                primary,
                plan.comparison,
                plan.process,
            ),
        ]
    )
