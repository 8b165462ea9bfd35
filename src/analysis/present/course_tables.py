"""The tables on the course of the relationship, from tidy rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.models.lagged import CORRECTED, MEANS, UNCORRECTED
from analysis.models.lagged_event import METHOD as FORWARD
from analysis.present.sections import Table, make_table
from analysis.present.tables import (
    DASH,
    SOURCES,
    begin_large,
    show_correlation,
    show_count,
    show_level,
    show_note,
    show_number,
    show_p,
    show_text,
)

ANALYSES = ("checkins", "gap", "trajectory", "growth", "pace", "lag", "surface")
_TEXT = (
    "outcome",
    "outcome_source",
    "phase",
    "timing",
    "rater",
    "subscale",
    "term",
    "method",
    "verdict",
    "note",
)
_NUMBERS = (
    "occasion",
    "estimate",
    "std_error",
    "statistic",
    "df",
    "p_value",
    "conf_low",
    "conf_high",
    "n_engagements",
    "n_advisors",
)
#: Terms of a response surface in the order and words in which they are shown.
SURFACE = {
    "a1": "slope where both rate alike (a1)",
    "a2": "curvature where both rate alike (a2)",
    "a3": "slope where they part (a3)",
    "a4": "curvature where they part (a4)",
    "a5": "turn of the ridge (a5)",
    "b3 to b5": "squares and product together (Wald)",
    "delta_r2": "gain in R² over main effects",
    "a4 early minus late": "a4 of the early less that of later ratings",
}


def read_course(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows on the course, text and numbers as such, whether made in memory or read from CSV."""
    own = rows[rows["analysis"].isin(ANALYSES)].copy()
    for name in _TEXT:
        own[name] = own[name].map(show_text) if name in own else ""
    for name in _NUMBERS:
        own[name] = own[name].astype(float) if name in own else np.nan
    if "primary" not in own:
        own["primary"] = False
    return own


def _estimate(row: pd.Series | None) -> str:
    """A number with its interval."""
    if row is None or not np.isfinite(row["estimate"]):
        return DASH
    shown = show_number(row["estimate"])
    if np.isfinite([row["conf_low"], row["conf_high"]]).all():
        shown += f" [{show_number(row['conf_low'])}, {show_number(row['conf_high'])}]"
    return shown


def _first(rows: pd.DataFrame, **where: str) -> pd.Series | None:
    for name, value in where.items():
        rows = rows[rows[name] == value]
    return None if rows.empty else rows.iloc[0]


def _notes(*rows: pd.Series | None) -> str:
    told = [show_note(row["note"]) for row in rows if row is not None and row["note"]]
    return begin_large("; ".join(dict.fromkeys(told)))


def tabulate_gap(own: pd.DataFrame, confidence: float) -> Table | None:
    """The gap by subscale (and setting): in scale points, d, by the mixed model, latent."""
    gaps = own[(own["analysis"] == "gap") & own["occasion"].isna()]
    rows = []
    for subscale in gaps["subscale"].unique():
        mine = gaps[gaps["subscale"] == subscale]
        gap = _first(mine, term="gap")
        if gap is None:
            continue
        mixed = _first(mine, term="role", method="reml")
        latent = _first(mine, term="latent gap")
        rows.append(
            [
                begin_large(subscale),
                _estimate(gap),
                _estimate(_first(mine, term="gap_d", method="jackknife")),
                _estimate(mixed),
                _estimate(latent),
                show_p(gap["p_value"]),
                show_count(gap["n_engagements"]),
                _notes(gap, latent),
            ]
        )
        for row in mine[mine["term"].str.startswith("gap in ")].itertuples():
            setting = row.term.removeprefix("gap in ")
            d = _first(mine, term=f"gap_d in {setting}", method="jackknife")
            name = f"{begin_large(subscale)}, {setting.replace('_', ' ')}"
            own_row = pd.Series(row._asdict())
            counted = show_count(row.n_engagements)
            shown = [_estimate(own_row), _estimate(d), DASH, DASH, show_p(row.p_value), counted]
            rows.append([name, *shown, _notes(own_row)])
    if not rows:
        return None
    return make_table(
        "Advisor minus advisee, mean over the check-ins that both answered, with "
        f"{show_level(confidence)} intervals: points of the scale and d (over the pooled standard "
        "deviation) allow for clustering; the mixed model takes engagements as independent; "
        "the latent gap rests on items that both use alike",
        ("Rating", "Points", "d", "Mixed model", "Latent gap", "p", "n", "Note"),
        rows,
        numeric=range(1, 7),
        wide=[7],
    )


def tabulate_gap_by_checkin(own: pd.DataFrame, confidence: float) -> Table | None:
    """The gap of the totals at each check-in."""
    gaps = own[(own["analysis"] == "gap") & (own["subscale"] == "total")]
    rows = []
    for occasion in np.sort(gaps["occasion"].dropna().unique()):
        mine = gaps[gaps["occasion"] == occasion]
        gap = _first(mine, term="gap")
        rows.append(
            [
                f"Check-in {occasion:.0f}",
                _estimate(gap),
                _estimate(_first(mine, term="gap_d", method="jackknife")),
                _estimate(_first(mine, term="role")),
                show_count(gap["n_engagements"]),
                _notes(gap),
            ]
        )
    if len(rows) < 2:
        return None
    return make_table(
        f"Advisor minus advisee at each check-in (totals), with {show_level(confidence)} "
        "intervals; the mixed model also counts engagements that one side alone rated",
        ("When", "Points", "d", "Mixed model", "n", "Note"),
        rows,
        numeric=range(1, 5),
        wide=[5],
    )


def tabulate_growth(own: pd.DataFrame, confidence: float) -> Table | None:
    """Change per check-in by rater and subscale."""
    growth = own[own["analysis"] == "growth"]
    rows = []
    for (rater, subscale), mine in growth.groupby(["rater", "subscale"], sort=False):
        mixed = _first(mine, term="time", method="reml")
        robust = _first(mine, term="time", method="cr2")
        refused = None if mixed is not None else _first(mine, term="time")
        level, spread = _first(mine, term="intercept"), _first(mine, term="var_time")
        known = spread is not None and np.isfinite(spread["estimate"])
        rows.append(
            [
                begin_large(f"{rater}, {subscale}".removesuffix(", ")),
                DASH if level is None else show_number(level["estimate"]),
                _estimate(mixed),
                _estimate(robust),
                show_number(np.sqrt(max(spread["estimate"], 0))) if known else DASH,
                DASH if mixed is None else show_count(mixed["n_engagements"]),
                _notes(refused, spread),
            ]
        )
    if not rows:
        return None
    return make_table(
        "Growth in points of the scale per check-in, with "
        f"{show_level(confidence)} intervals: by a model with a level and a slope for each "
        "engagement, and within engagements with errors that allow for clustering",
        ("Rating", "At the first", "Per check-in", "Within", "SD of slopes", "n", "Note"),
        rows,
        numeric=range(1, 6),
        wide=[6],
    )


def tabulate_pace(own: pd.DataFrame, confidence: float) -> Table | None:
    """Early and late change of bond and task."""
    pace = own[own["analysis"] == "pace"]
    if pace.empty:
        return None
    rows = [
        [
            begin_large(f"{row['rater']}, {row['term']}"),
            _estimate(row),
            show_p(row["p_value"]),
            show_count(row["n_engagements"]),
            _notes(row),
        ]
        for _, row in pace.iterrows()
    ]
    return make_table(
        "Change per check-in in the earlier and the later half, within engagements, in standard "
        f"deviations, with {show_level(confidence)} intervals. Bond against task is above 0 where "
        "bond gains early and task late",
        ("Change", "Estimate", "p", "n", "Note"),
        rows,
        numeric=range(1, 4),
        wide=[4],
    )


def tabulate_lags(own: pd.DataFrame, confidence: float) -> Table | None:
    """What one check-in goes with at the next, in both directions, corrected and not."""
    lags = own[own["analysis"] == "lag"]
    shown = lags[lags["method"].isin([CORRECTED, FORWARD, ""])]
    rows = []
    for _, row in shown.iterrows():
        same = lags[(lags["rater"] == row["rater"]) & (lags["outcome"] == row["outcome"])]
        plain = _first(same, term=row["term"], method=UNCORRECTED)
        first, _, second = row["term"].partition(" -> ")
        crossing = first != second and " minus " not in second
        between = _first(same, term=f"{first} with {second}", method=MEANS) if crossing else None
        rows.append(
            [
                _lag_in_words(row),
                _estimate(row),
                show_p(row["p_value"]),
                DASH if plain is None else show_number(plain["estimate"]),
                _estimate(between),
                show_count(row["n_engagements"]),
                _notes(row),
            ]
        )
    if not rows:
        return None
    return make_table(
        "From one check-in to the next, within engagements, in standard deviations (events: in "
        f"probability per standard deviation), with {show_level(confidence)} intervals that allow "
        "for clustering. Between: how the engagements’ means go together",
        ("Now and next", "Within", "p", "Uncorrected", "Between", "n", "Note"),
        rows,
        numeric=range(1, 6),
        wide=[6],
    )


def _lag_in_words(row: pd.Series) -> str:
    term = row["term"].replace(" minus ", " less ").replace("->", "→")
    if row["outcome"]:
        term = term.replace(
            "resistance", row["outcome"].replace("_", " ").replace("checkin", "check-in")
        )
    return begin_large(f"{row['rater']}, {term}" if row["rater"] else term)


def tabulate_surface(
    own: pd.DataFrame, titles: Mapping[str, str], confidence: float
) -> Table | None:
    """Response surfaces of every outcome, the primary one first."""
    surfaces = own[(own["analysis"] == "surface") & own["term"].isin(list(SURFACE))]
    keys = ["outcome", "outcome_source", "phase"]
    primary = surfaces["primary"].isin([True, "True"])
    ordered = pd.concat([surfaces[primary], surfaces[~primary]])
    rows, marked = [], []
    for (outcome, source, phase), mine in ordered.groupby(keys, sort=False):
        name = begin_large(titles.get(outcome) or outcome.replace("_", " "))
        name += f" ({SOURCES.get(source, source)}, {phase.replace('_', '-')})"
        for term, words in SURFACE.items():
            row = _first(mine, term=term)
            if row is None:
                continue
            if mine["primary"].isin([True, "True"]).any():
                marked.append(len(rows))
            rows.append(
                [
                    f"{name}: {words}",
                    _estimate(row),
                    show_p(row["p_value"]),
                    show_correlation(row["df"], 1),
                    show_count(row["n_engagements"]),
                    _notes(row),
                ]
            )
    if not rows:
        return None
    return make_table(
        "Response surfaces on both early ratings, in units of the outcome and of the scale, with "
        f"{show_level(confidence)} intervals that allow for clustering",
        ("Outcome and term", "Estimate", "p", "df", "n", "Note"),
        rows,
        numeric=range(1, 5),
        wide=[5],
        marked=marked,
    )
