"""Ruptures and repair: what the ratings show beside chance, as sentences, tables and a timeline."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Drawing

from analysis.present.drawing import as_svg
from analysis.present.parts import Figure, Part
from analysis.present.rupture_tables import (
    RATERS,
    find_row,
    read_rows,
    tabulate_groups,
    tabulate_kinds,
    tabulate_ratios,
    tabulate_repair,
    tabulate_scale,
    tabulate_sequels,
    tabulate_shares,
    tabulate_types,
)
from analysis.present.rupture_timeline import draw_ruptures, headline_rule
from analysis.present.tables import (
    begin_large,
    show_count,
    show_fixed,
    show_level,
    show_note,
    show_percent,
)


def describe_ruptures_part(rows: pd.DataFrame, title: str, *, confidence: float = 0.95) -> Part:
    """The report's part on ruptures and repair, from tidy rows as made or as read back from CSV.

    Parameters
    ----------
    rows : those of ``analysis.evidence.ruptures.ruptures.describe_ruptures``;
        others among them are left.
    title : the dataset's name as people read it.
    """
    own = read_rows(rows)
    if own.empty:
        return Part("ruptures", "Ruptures and repair")
    rule = headline_rule(own)
    paragraphs = [_sentence(own, rater, rule, confidence) for rater in RATERS]
    paragraphs = [sentence for sentence in paragraphs if sentence]
    figures: tuple[Figure, ...] = ()
    if rule:
        paragraphs.append(_HOW_TO_READ)
        drawing: Drawing = draw_ruptures(own, title, confidence=confidence)
        figures = (Figure(as_svg(drawing), _tell(own, rule), _CAPTION),)
    tables = [tabulate_shares(own, confidence), tabulate_repair(own, confidence)]
    further = [
        tabulate_kinds(own),
        tabulate_types(own, rule),
        tabulate_groups(own, rule, confidence),
        tabulate_ratios(own, rule, confidence),
        tabulate_sequels(own, rule, confidence),
        tabulate_scale(own),
    ]
    return Part(
        "ruptures",
        "Ruptures and repair",
        tuple(paragraphs),
        figures,
        tuple(table for table in tables if table),
        tuple(table for table in further if table),
    )


_HOW_TO_READ = (
    "Scores rise and fall without any rupture. What chance would show comes from simulated courses "
    "with the same noise, trend and check-ins answered, but no ruptures; only the excess over it "
    "speaks of ruptures. It is a lower bound, as ruptures widen the very noise that chance is "
    "judged by, and single drops cannot be told from noise."
)
_CAPTION = (
    "Share of engagements beginning a drop, in one, and past one, by check-in: points with their "
    "intervals as observed; the band holds 95 % of simulated courses without ruptures."
)


def _sentence(own: pd.DataFrame, rater: str, rule: str, confidence: float) -> str:
    """One rater's headline, or why there is none."""
    mine = own[own["rater"] == rater]
    refused = mine[mine["verdict"] == "not_testable"]
    if len(refused) and refused["term"].isin(["rupture"]).any():
        return f"{begin_large(rater)}s: not testable; {show_note(refused.iloc[0]['note'])}."
    seen, chance, excess = (
        find_row(mine, f"ruptured{suffix}", rule) for suffix in ("", "_by_chance", "_excess")
    )
    if seen is None or not np.isfinite(seen["estimate"]):
        return ""
    level = show_level(confidence)
    limits = _percents(excess["conf_low"], excess["conf_high"])
    size = rule.partition("s_")[0]
    clear = excess["conf_low"] > 0 or excess["conf_high"] < 0
    verdict = "" if clear else ", which does not exclude chance alone"
    return (
        f"{begin_large(rater)}s: {show_percent(seen['estimate'])} of "
        f"{show_count(seen['n_engagements'])} engagements show at least one drop of {size} SDs, "
        f"where {show_percent(chance['estimate'])} "
        f"would by chance: an excess of {_points(excess['estimate'])} ({level} interval "
        f"{limits}){verdict}."
    )


def _tell(own: pd.DataFrame, rule: str) -> str:
    """The figure in words: each rater's share with a drop, and what chance would show."""
    told = []
    for rater in RATERS:
        mine = own[own["rater"] == rater]
        seen, chance = (find_row(mine, f"ruptured{end}", rule) for end in ("", "_by_chance"))
        if seen is not None and np.isfinite(seen["estimate"]):
            told.append(
                f"{rater}s, {show_percent(seen['estimate'])} show a drop, where "
                f"{show_percent(chance['estimate'])} would by chance"
            )
    return f"Drops by check-in beside chance. Of the ratings by {'; by '.join(told)}."


def _points(value: float) -> str:
    return f"{show_fixed(100 * value, 1)} percentage points"


def _percents(low: float, high: float) -> str:
    if not np.isfinite([low, high]).all():
        return "not given"
    return f"{show_fixed(100 * low, 1)} to {show_fixed(100 * high, 1)}"
