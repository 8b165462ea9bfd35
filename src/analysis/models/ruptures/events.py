"""Events around check-ins: which type a rupture is, and what was done about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from analysis.contract.dictionary import CONFRONTATION_EVENTS, WITHDRAWAL_EVENTS
from analysis.models.ruptures.episodes import Episodes
from analysis.models.ruptures.ratings import Ratings
from analysis.models.ruptures.statistics import Courses, Parts

TYPES = ("withdrawal", "confrontation", "both", "untyped")


def place_events(events: pd.DataFrame, alliance: pd.DataFrame) -> pd.DataFrame:
    """Events with the check-in they belong to: their own, or the first at or after their week.

    Parameters
    ----------
    events : ``engagement_id, event`` and ``occasion`` or ``week``.
    alliance : ``engagement_id, occasion, week`` of every rater's check-ins.

    Returns
    -------
    ``engagement_id, occasion, event``; events of which neither is known, or that lie after the
    engagement's last check-in, are left out.
    """
    placed = events[["engagement_id", "event"]].copy()
    own = events["occasion"] if "occasion" in events else pd.Series(np.nan, index=events.index)
    placed["occasion"] = own.astype(float)
    lost = placed["occasion"].isna().to_numpy()
    if lost.any() and "week" in events and "week" in alliance:
        weeks = alliance.dropna(subset=["week"])
        weeks = weeks.groupby(["engagement_id", "occasion"])["week"].min().reset_index()
        searched = events.loc[lost, ["engagement_id", "week"]].dropna()
        joined = searched.reset_index().merge(weeks, on="engagement_id", suffixes=("", "_of"))
        joined = joined[joined["week_of"] >= joined["week"]]
        first = joined.groupby("index")["occasion"].min()
        placed.loc[first.index, "occasion"] = first.to_numpy(dtype=float)
    placed = placed.dropna(subset=["occasion"])
    return placed.astype({"occasion": int})[["engagement_id", "occasion", "event"]]


def flag_events(ratings: Ratings, events: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Whether any of the named events belongs to a check-in, (n, T).

    An event at a check-in that nobody answered belongs to the next one that anybody did.
    """
    flags = np.zeros(ratings.total.shape, dtype=bool)
    own = events[events["event"].isin(list(names))]
    rows = pd.Index(ratings.engagement_ids).get_indexer(own["engagement_id"])
    places = np.searchsorted(ratings.occasions, own["occasion"].to_numpy())
    inside = (rows >= 0) & (places < len(ratings.occasions))
    flags[rows[inside], places[inside]] = True
    return flags


def since_last_answer(flags: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """Whether a flag is set at a check-in or since the one answered before it, (n, T)."""
    pending = np.zeros(len(flags), dtype=bool)
    together = np.zeros_like(flags)
    for place in range(flags.shape[1]):
        pending = pending | flags[:, place]
        together[:, place] = pending
        pending = pending & ~answered[:, place]
    return together


def type_flags(ratings: Ratings, events: pd.DataFrame) -> dict[str, np.ndarray]:
    """Which type a rupture beginning at each check-in would have, a flag (n, T) per type.

    Events count from after the last answered check-in up to the onset itself.
    """
    answered = ratings.answered
    withdrew = since_last_answer(flag_events(ratings, events, WITHDRAWAL_EVENTS), answered)
    confronted = since_last_answer(flag_events(ratings, events, CONFRONTATION_EVENTS), answered)
    return {
        "withdrawal": withdrew & ~confronted,
        "confrontation": confronted & ~withdrew,
        "both": withdrew & confronted,
        "untyped": ~withdrew & ~confronted,
    }


def type_of(episodes: Episodes, flags: dict[str, np.ndarray]) -> np.ndarray:
    """Each episode's type, (E,)."""
    chosen = [flags[name][episodes.course, episodes.onset] for name in TYPES]
    return np.select(chosen, TYPES, "untyped").astype(object)


def types_of_beginnings(flags: dict[str, np.ndarray]) -> Parts:
    """Beginnings of each type, in the order of ``TYPES``, then all."""

    def parts(courses: Courses) -> Iterator[np.ndarray]:
        begins = courses.spread(courses.traces.begins)
        for name in TYPES:
            yield (begins & flags[name]).sum(axis=2)
        yield begins.sum(axis=2)

    return parts
