"""What is known of an engagement at a landmark: ratings and events so far, and nothing later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from analysis.contract.dictionary import CONFRONTATION_EVENTS, REPAIR_EVENTS, WITHDRAWAL_EVENTS

RATERS = ("advisee", "advisor")
MISSED = "missed_checkin"
#: Kinds of events that are counted, each one predictor.
EVENT_KINDS = {
    "withdrawal_events": tuple(name for name in WITHDRAWAL_EVENTS if name != MISSED),
    "missed_checkins": (MISSED,),
    "confrontation_events": CONFRONTATION_EVENTS,
    "critical_feedback_events": ("critical_feedback",),
    "repair_events": REPAIR_EVENTS,
}
#: Their sum is the one count of trouble that small models have.
TROUBLES = ("withdrawal_events", "missed_checkins", "confrontation_events")


def known_by(records: pd.DataFrame, landmark: int) -> pd.DataFrame:
    """The records of check-ins up to the landmark."""
    return records[records["occasion"] <= landmark]


def check_known(records: pd.DataFrame, landmark: int, what: str) -> None:
    """Raises ValueError if any record comes from after the landmark: it would tell the future."""
    late = int((records["occasion"] > landmark).sum())
    if late:
        raise ValueError(
            f"{late} {what} come from after check-in {landmark}: at the landmark they are not "
            "known. Hand over `known_by(records, landmark)`."
        )


def build_features(
    at_risk: Iterable[str], ratings: pd.DataFrame, events: pd.DataFrame, landmark: int
) -> pd.DataFrame:
    """Predictors of each engagement at risk, from what is known at the landmark.

    Parameters
    ----------
    at_risk : their identifiers.
    ratings : ``engagement_id, rater, occasion, total`` up to the landmark.
    events : ``engagement_id, occasion, event`` up to the landmark.
    landmark : the check-in.

    Returns
    -------
    DataFrame
        indexed by ``engagement_id``. For each rater with any rating: ``<rater>_level`` (the last
        rating), ``_change`` (from the rating before that), ``_slope`` (least squares per check-in;
        from the third check-in on), ``_missing`` (1 without a rating at the landmark) and
        ``_unanswered`` (check-ins before it without one). With two raters, ``gap``: the mean
        absolute difference over the check-ins that both rated; a signed gap is a sum of levels
        and adds nothing to them. ``troubles`` and the counts of ``EVENT_KINDS``. What is not known
        (a change after one rating) is NaN.

    Raises ValueError if any record comes from after the landmark.
    """
    check_known(ratings, landmark, "ratings")
    check_known(events, landmark, "events")
    index = pd.Index(list(at_risk), name="engagement_id")
    columns: dict[str, np.ndarray] = {}
    grids = {}
    for rater in RATERS:
        grid = _grid(ratings[ratings["rater"] == rater], index, landmark)
        if np.isfinite(grid).any():
            grids[rater] = grid
            columns |= {f"{rater}_{name}": values for name, values in _course(grid).items()}
    if len(grids) == 2:
        columns["gap"] = _mean_known(np.abs(grids["advisor"] - grids["advisee"]))
    counts = _count_events(events, index)
    columns["troubles"] = sum(counts[kind] for kind in TROUBLES)
    return pd.DataFrame(columns | counts, index=index)


def _grid(ratings: pd.DataFrame, index: pd.Index, landmark: int) -> np.ndarray:
    """(n, landmark) totals of one rater, NaN where there is none."""
    wide = ratings.pivot(index="engagement_id", columns="occasion", values="total")
    return wide.reindex(index=index, columns=range(1, landmark + 1)).to_numpy(dtype=float)


def _course(grid: np.ndarray) -> dict[str, np.ndarray]:
    """Level, change, slope and silence of one rater."""
    known = np.isfinite(grid)
    last = _last_known(grid, known)
    rows = np.arange(len(grid))
    earlier = known.copy()
    earlier[rows, last[1]] = False
    before = _last_known(grid, earlier)
    course = {"level": last[0], "change": last[0] - before[0]}
    if grid.shape[1] > 2:
        course["slope"] = _slopes(grid, known)
    course["missing"] = (~known[:, -1]).astype(float)
    course["unanswered"] = (~known[:, :-1]).sum(axis=1).astype(float)
    return course


def _last_known(grid: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The last known value of each row (NaN without one) and its place."""
    place = grid.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    return np.where(known.any(axis=1), grid[np.arange(len(grid)), place], np.nan), place


def _slopes(grid: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Least-squares change per check-in over the known values; NaN with fewer than two."""
    times = np.where(known, np.arange(grid.shape[1], dtype=float), np.nan)
    enough = known.sum(axis=1) >= 2
    slopes = np.full(len(grid), np.nan)
    t, y = times[enough], np.where(known, grid, np.nan)[enough]
    t = t - np.nanmean(t, axis=1, keepdims=True)
    slopes[enough] = np.nansum(t * y, axis=1) / np.nansum(t**2, axis=1)
    return slopes


def _mean_known(values: np.ndarray) -> np.ndarray:
    """Mean of each row's known values; NaN without any."""
    counts = np.isfinite(values).sum(axis=1)
    return np.where(counts > 0, np.nansum(values, axis=1) / np.maximum(counts, 1), np.nan)


def _count_events(events: pd.DataFrame, index: pd.Index) -> dict[str, np.ndarray]:
    counted = {}
    for kind, names in EVENT_KINDS.items():
        own = events.loc[events["event"].isin(names), "engagement_id"]
        counted[kind] = own.value_counts().reindex(index).fillna(0).to_numpy(dtype=float)
    return counted


def list_sets(features: pd.DataFrame) -> dict[str, list[str]]:
    """Sets of predictors, each with all of the one before it, by what they add.

    Fixed beforehand, so that how many engagements there are decides how far to go and the outcome
    does not: levels, the count of troubles, last changes, the gap; then the kinds of events apart
    (in place of their sum), unanswered check-ins, slopes. Predictors that do not vary are left out.
    """
    varying = [name for name in features if features[name].nunique() > 1]

    def of(*endings: str) -> list[str]:
        return [name for name in varying if name.endswith(endings)]

    levels = of("_level")
    sets = {"levels": levels}
    sets["troubles"] = levels + of("troubles")
    sets["changes"] = sets["troubles"] + of("_change")
    sets["gap"] = sets["changes"] + of("gap")
    whole = [name for name in sets["gap"] if name != "troubles"]
    sets["kinds"] = whole + [name for name in EVENT_KINDS if name in varying]
    sets["silence"] = sets["kinds"] + of("_missing", "_unanswered")
    sets["slopes"] = sets["silence"] + of("_slope")
    return {name: columns for name, columns in sets.items() if columns}


def apply_rule(
    at_risk: Iterable[str],
    ratings: pd.DataFrame,
    landmark: int,
    ranges: Mapping[str, tuple[float, float]],
    fall: float,
    cutoff: float,
) -> np.ndarray:
    """Whether the rule that practitioners use warns at the landmark, (n,) flags.

    It warns when any rating of that check-in lies ``fall`` points or more below the same rater's
    rating before it, or under the ``cutoff``, a share of the scale's range (``ranges``: rater to
    lowest and highest answer).
    """
    check_known(ratings, landmark, "ratings")
    index = pd.Index(list(at_risk))
    warned = np.zeros(len(index), dtype=bool)
    for rater, (low, high) in ranges.items():
        own = ratings[ratings["rater"] == rater]
        grid = _grid(own, index, landmark)
        course = _course(grid)
        present = np.isfinite(grid[:, -1])
        # A tolerance, as a fall of exactly one point is seldom exact in floating point.
        fallen = course["change"] <= -fall + 1e-9
        under = course["level"] < low + cutoff * (high - low) - 1e-9
        warned |= present & (fallen | under)
    return warned
