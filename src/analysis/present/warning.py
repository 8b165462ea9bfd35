"""Early warning for the report: what it amounts to, its figure, its model card and its tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.contract.estimates import COLUMNS
from analysis.contract.plan import WarningPlan
from analysis.present.drawing import as_svg
from analysis.present.parts import Figure, Part
from analysis.present.tables import (
    VERDICTS,
    show_correlation,
    show_count,
    show_interval,
    show_level,
    show_note,
)
from analysis.present.warning_card import tabulate_card
from analysis.present.warning_curves import ENDED_EARLY, draw_warning
from analysis.present.warning_tables import (
    find_row,
    tabulate_alarms,
    tabulate_calibration,
    tabulate_decisions,
    tabulate_gap,
    tabulate_worth,
)

HEADING = "Early warning"


def describe_warning_part(
    rows: pd.DataFrame,
    title: str,
    plan: WarningPlan,
    *,
    confidence: float = 0.95,
    clusters: str = "advisors",
) -> Part:
    """The report's part on early warning, from tidy rows as made or as read back from CSV.

    Parameters
    ----------
    rows : those of ``analysis.evidence.warning.warning.describe_warning``;
        others among them are left.
    title : the dataset's name as people read it.
    plan : the horizon, the rule and the threshold, which the words name.
    confidence : level of the intervals.
    clusters : what advisors, or the highest nesting level, are called.
    """
    whole = rows.reindex(columns=list(COLUMNS))
    own = whole[whole["analysis"] == "warning"]
    if own.empty:
        return Part("warning", HEADING)
    told = _verdict(own, plan, confidence, clusters)
    paragraphs = [told, _gap(own), _lead(own)]
    figures: tuple[Figure, ...] = ()
    modelled = own["term"].eq("auc").any()
    if modelled:
        paragraphs.append(_how_to_read(plan, confidence))
    if find_row(own, "calibration_curve", "model", ENDED_EARLY) is not None:
        drawing = draw_warning(own, title, confidence=confidence, clusters=clusters)
        figures = (Figure(as_svg(drawing), _tell(own, confidence), _caption(plan)),)
    tables = [tabulate_worth(own, confidence, clusters)]
    if modelled:
        tables.append(tabulate_card(own, title, plan, clusters))
    further = [
        tabulate_alarms(own, confidence),
        tabulate_gap(own, confidence),
        tabulate_calibration(own, confidence),
        tabulate_decisions(own, confidence),
    ]
    return Part(
        "warning",
        HEADING,
        tuple(filter(None, paragraphs)),
        figures,
        tuple(table for table in tables if table),
        tuple(table for table in further if table),
    )


def _verdict(own: pd.DataFrame, plan: WarningPlan, confidence: float, clusters: str) -> str:
    """The claim's verdict with its number, and its reason."""
    row = find_row(own, "auc_above_chance", "jackknife", ENDED_EARLY)
    if row is None:
        return ""
    verdict, reason = VERDICTS[row["verdict"]], show_note(row["note"])
    said = f"Do scores show trouble before a breakdown? {verdict[:1].upper()}{verdict[1:]}"
    if row["verdict"] == "not_testable":
        return f"{said}: {reason}."
    area = find_row(own, "auc", "model", ENDED_EARLY)
    return (
        f"{said}: {reason}. Asked at check-in {area['occasion']:.0f} who would end early within "
        f"{plan.horizon} check-ins, of {clusters} that it had not seen, the model reached an AUC "
        f"of {show_correlation(area['estimate'], 2)} "
        f"{show_interval(area['conf_low'], area['conf_high'], 2)} ({show_level(confidence)}; "
        f"{show_count(area['n_engagements'])} engagements)."
    )


def _gap(own: pd.DataFrame) -> str:
    """What the gap between the raters adds to their levels."""
    row = find_row(own, "auc_gained", "gap_over_levels", ENDED_EARLY)
    if row is None or not np.isfinite(row["conf_low"]):
        return ""
    holds = row["conf_low"] <= 0 <= row["conf_high"]
    said = "which leaves open whether it adds anything" if holds else "not by chance alone"
    return (
        "To the levels of both ratings, the size of the gap between them added "
        f"{show_correlation(row['estimate'], 3)} "
        f"{show_interval(row['conf_low'], row['conf_high'])} to the AUC at check-in "
        f"{row['occasion']:.0f}, {said}."
    )


def _lead(own: pd.DataFrame) -> str:
    """How long before the ending true alarms came."""
    row = find_row(own, "lead_time", "model", ENDED_EARLY)
    caught = find_row(own, "sensitivity", "model", ENDED_EARLY)
    if row is None or not np.isfinite(row["estimate"]):
        return ""
    when = f"{row['estimate']:.1f} further check-ins were held on average"
    if row["estimate"] < 0.05:
        when = "no further check-in was held"
    return (
        f"Alarms caught {100 * caught['estimate']:.0f} % of the early endings; between such an "
        f"alarm and the ending, {when}."
    )


def _how_to_read(plan: WarningPlan, confidence: float) -> str:
    worth = (1 - plan.threshold) / plan.threshold
    return (
        "All figures are of engagements whose advisor had no part in the model. The AUC is the "
        "chance that of two engagements the one that ends early has the higher predicted "
        f"probability: .5 is a coin. Its interval ({show_level(confidence)}) leaves each advisor "
        "out of everything, training included. Net benefit counts each ending foreseen as worth "
        f"{worth:.0f} needless warnings at the plan’s threshold of "
        f"{show_correlation(plan.threshold, 2)}. The practitioners’ rule warns when any rating "
        f"falls by {plan.rule_fall:g} point or more, or lies in the lower "
        f"{100 * plan.rule_cutoff:.0f} % of its scale."
    )


def _tell(own: pd.DataFrame, confidence: float) -> str:
    """The figure in words: how well the model tells apart, and the ends of its calibration."""
    area = find_row(own, "auc", "model", ENDED_EARLY)
    curve = own[(own["term"] == "calibration_curve") & (own["outcome"] == ENDED_EARLY)]
    curve = curve[curve["occasion"] == curve["occasion"].min()]
    ends = curve.sort_values("statistic").iloc[[0, -1]]
    low, high = (
        f"{show_correlation(row.estimate, 2)} ended early where "
        f"{show_correlation(row.statistic, 2)} was expected"
        for row in ends.itertuples()
    )
    return (
        f"AUC {show_correlation(area['estimate'], 2)} "
        f"{show_interval(area['conf_low'], area['conf_high'], 2)} ({show_level(confidence)}). From "
        f"the lowest probabilities, {low}, to the highest, {high}; beside it the net benefit."
    )


def _caption(plan: WarningPlan) -> str:
    return (
        "Left: share that ended early by predicted probability, in bins of at least ten "
        "engagements. Right: net benefit of warning by the model, by the practitioners’ rule and "
        "of warning everybody, against the probability from which one acts; the upright line is "
        f"the plan’s threshold, {show_correlation(plan.threshold, 2)}."
    )
