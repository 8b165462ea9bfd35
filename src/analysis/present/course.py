"""The course of the relationship in the report: gap, discrepancy, growth, lags, figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.evidence.course.discrepancy import VERDICT as DISCREPANCY
from analysis.evidence.course.gap import PUBLISHED
from analysis.evidence.course.gap import VERDICT as GAP
from analysis.present.course_tables import (
    read_course,
    tabulate_gap,
    tabulate_gap_by_checkin,
    tabulate_growth,
    tabulate_lags,
    tabulate_pace,
    tabulate_surface,
)
from analysis.present.drawing import as_svg
from analysis.present.parts import Figure, Part
from analysis.present.surface import draw_surface, read_surface
from analysis.present.tables import (
    VERDICTS,
    begin_large,
    show_count,
    show_level,
    show_note,
    show_number,
)
from analysis.present.trajectories import draw_trajectories, read_means

ANCHOR, HEADING = "course", "The course of the relationship"


def describe_course(
    rows: pd.DataFrame,
    title: str,
    *,
    outcome_titles: Mapping[str, str] | None = None,
    confidence: float = 0.95,
    clusters: str = "advisors",
    notes: Sequence[str] = (),
) -> Part:
    """The report's part on gap, discrepancy, growth and lags, from tidy rows.

    Parameters
    ----------
    rows : one dataset's rows of ``analysis.evidence.course.course.describe_course``,
        as made or as read back from CSV; others among them (ruptures) are left.
    title : the dataset's name as people read it.
    outcome_titles : an outcome's name to its name in words.
    confidence : level of the intervals.
    clusters : what engagements are nested in, in the plural.
    notes : cautions to stand below the figures.
    """
    own, titles = read_course(rows), outcome_titles or {}
    if own.empty:
        return Part(ANCHOR, HEADING)
    paragraphs = [
        *_tell_checkins(own),
        *_tell_gap(own, confidence, clusters),
        *_tell_discrepancy(own, titles, confidence, clusters),
        *_tell_lags(own),
    ]
    tables = [
        tabulate_gap(own, confidence),
        tabulate_growth(own, confidence),
        tabulate_lags(own, confidence),
    ]
    further = [
        tabulate_gap_by_checkin(own, confidence),
        tabulate_pace(own, confidence),
        tabulate_surface(own, titles, confidence),
    ]
    return Part(
        ANCHOR,
        HEADING,
        tuple(paragraphs),
        tuple(_figures(own, title, titles, confidence, notes)),
        tuple(table for table in tables if table),
        tuple(table for table in further if table),
    )


def _tell_checkins(own: pd.DataFrame) -> list[str]:
    odd = own[own["analysis"] == "checkins"]
    return [f"{show_count(row.estimate)} {row.note}." for row in odd.itertuples()]


def _tell_gap(own: pd.DataFrame, confidence: float, clusters: str) -> list[str]:
    """The verdict on the gap, what it may be taken for, and what others found."""
    found = own[own["term"] == GAP]
    if found.empty:
        return []
    row = found.iloc[0]
    told = f"Advisors rate the alliance higher than advisees do: {VERDICTS[row['verdict']]}."
    if np.isfinite(row["estimate"]):
        told += (
            f" Advisor minus advisee: d = {show_number(row['estimate'])}"
            f"{_interval(row, confidence)}, {show_count(row['n_engagements'])} engagements, "
            f"{show_count(row['n_advisors'])} {clusters}."
        )
    told += f" {begin_large(show_note(row['note']))}."
    if row["verdict"] == "not_testable":
        return [told]
    published = "; ".join(f"{where}: d = {show_number(d)}" for where, d in PUBLISHED.items())
    return [
        told,
        f"Published gaps ({published}; below 0 advisees rate higher) are context, and nothing here "
        "is weighed by them; for coaching no published mean gap is known. A gap is not optimism or "
        "bias of either side without an external criterion.",
    ]


def _tell_discrepancy(
    own: pd.DataFrame, titles: Mapping[str, str], confidence: float, clusters: str
) -> list[str]:
    """The verdict on early discrepancy."""
    found = own[own["term"] == DISCREPANCY]
    if found.empty:
        return []
    row = found.iloc[0]
    told = (
        "An early difference between the raters goes with a worse outcome: "
        f"{VERDICTS[row['verdict']]}."
    )
    if np.isfinite(row["estimate"]):
        told += (
            f" Curvature of {_outcome(row['outcome'], titles)} along disagreement (a4): "
            f"{show_number(row['estimate'])} standard deviations{_interval(row, confidence)}, "
            f"{show_count(row['n_engagements'])} engagements, {show_count(row['n_advisors'])} "
            f"{clusters}."
        )
    told += f" {begin_large(show_note(row['note']))}."
    if row["verdict"] == "not_testable":
        return [told]
    return [
        told,
        "A linear gap cannot be told from the two ratings’ own effects, so a3 has no verdict; "
        "curvature alone is not discrepancy: loss must show on both sides of agreement.",
    ]


def _tell_lags(own: pd.DataFrame) -> list[str]:
    lags = own[own["analysis"] == "lag"]
    if lags["estimate"].notna().any():
        return [
            "Lags are slopes within engagements, each engagement’s own level taken out; the bias "
            "that this brings with few check-ins is taken out too (what it would be stands in the "
            "column Uncorrected). Error of measurement within a check-in is not: it makes slopes "
            "smaller. That one thing comes before another does not say that it brings it about."
        ]
    return []


def _interval(row: pd.Series, confidence: float) -> str:
    if not np.isfinite([row["conf_low"], row["conf_high"]]).all():
        return ""
    low, high = show_number(row["conf_low"]), show_number(row["conf_high"])
    return f" ({show_level(confidence)} interval {low} to {high})"


def _outcome(name: str, titles: Mapping[str, str]) -> str:
    return titles.get(name) or name.replace("_", " ")


def _figures(
    own: pd.DataFrame,
    title: str,
    titles: Mapping[str, str],
    confidence: float,
    notes: Sequence[str],
) -> list[Figure]:
    """The figures that the data allow, each told in words."""
    figures = []
    drawing = draw_trajectories(own, title, confidence=confidence, notes=notes)
    if drawing is not None:
        caption = (
            f"Mean ratings at each check-in with {show_level(confidence)} intervals that allow for "
            "clustering. Later means rest on the engagements that lasted."
        )
        figures.append(Figure(as_svg(drawing), _tell_means(own), caption))
    primary = own[(own["analysis"] == "surface") & own["primary"].isin([True, "True"])]
    name = _outcome(primary["outcome"].iloc[0], titles) if len(primary) else ""
    drawing = draw_surface(own, title, name, notes=notes)
    if drawing is not None:
        caption = (
            "The fitted outcome over both early ratings. Only where at least ten engagements lie "
            "in a cell is the colour full."
        )
        figures.append(Figure(as_svg(drawing), _tell_surface(own, name), caption))
    return figures


def _tell_means(own: pd.DataFrame) -> str:
    """The totals at the first and the last check-in, by rater."""
    means = read_means(own)
    means = means[means["subscale"] == "total"].sort_values("occasion")
    told = []
    for rater, part in means.groupby("rater", sort=False):
        first, last = part.iloc[0], part.iloc[-1]
        told.append(
            f"{rater}’s total {show_number(first['estimate'])} at check-in "
            f"{first['occasion']:.0f} and {show_number(last['estimate'])} at check-in "
            f"{last['occasion']:.0f}"
        )
    return f"Mean ratings over check-ins: {'; '.join(told)}."


def _tell_surface(own: pd.DataFrame, outcome: str) -> str:
    """The fitted outcome's lowest and highest where there are data."""
    surface = read_surface(own)
    values = surface.at(surface.cells[:, 0], surface.cells[:, 1])
    places = {"lowest": int(values.argmin()), "highest": int(values.argmax())}
    told = [
        f"{word} ({show_number(values[place])}) where the advisee rates "
        f"{show_number(surface.cells[place, 0])} and the advisor "
        f"{show_number(surface.cells[place, 1])}"
        for word, place in places.items()
    ]
    return f"Contours of {outcome} over both ratings: {', '.join(told)}."
