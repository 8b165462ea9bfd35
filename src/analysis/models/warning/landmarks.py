"""Who is still at risk at a check-in, and what became of them after it.

An engagement is at risk at a landmark if somebody rated it at that check-in and a later check-in
was planned. Whoever rated nothing there is left out whatever became of them: to keep only those who
turn out to last would let the future into the sample.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

ENDED_EARLY, ONGOING = "ended_early", "ongoing"


def place_events(events: pd.DataFrame, ratings: pd.DataFrame) -> pd.DataFrame:
    """Events with the check-in at which they are known; those that cannot be placed left out.

    An event without an ``occasion`` is known at the engagement's first check-in not before its
    ``week``; a check-in that nobody rated is taken to lie in its median week. One after the last
    such check-in comes one later. ``ended_early`` with a week alone is left out, as the check-in
    after it was not held; ``ended_week`` tells when it was.
    """
    placed = events.copy()
    if "occasion" not in placed:
        placed["occasion"] = np.nan
    if "week" not in placed or "week" not in ratings:
        return _whole(placed)
    bare = placed["occasion"].isna() & placed["week"].notna()
    weeks = checkin_weeks(ratings)
    if not bare.any() or weeks.empty:
        return _whole(placed)
    own = weeks.reindex(placed.loc[bare, "engagement_id"]).fillna(weeks.median())
    before = own.to_numpy() < placed.loc[bare, "week"].to_numpy()[:, None]
    numbers = np.append(weeks.columns.to_numpy(), weeks.columns.max() + 1)
    placed.loc[bare, "occasion"] = numbers[before.sum(axis=1)].astype(float)
    placed = placed[~(bare & (placed["event"] == ENDED_EARLY))]
    return _whole(placed)


def _whole(events: pd.DataFrame) -> pd.DataFrame:
    return events[events["occasion"].notna()].astype({"occasion": "int64"})


def checkin_weeks(ratings: pd.DataFrame) -> pd.DataFrame:
    """The week of each engagement's check-ins (first rater's), engagements by check-in."""
    known = ratings[ratings["week"].notna()]
    return known.pivot_table("week", "engagement_id", "occasion", aggfunc="min")


def keep_until_end(
    ratings: pd.DataFrame, engagements: pd.DataFrame, events: pd.DataFrame
) -> tuple[pd.DataFrame, int]:
    """Ratings without those from after the engagement ended, and how many engagements had any.

    The end is the check-in at which ``ended_early`` was noted, and ``ended_week`` where weeks are
    known.
    """
    noted = _noted_end(events).reindex(ratings["engagement_id"]).to_numpy()
    late = ratings["occasion"].to_numpy() > np.where(np.isnan(noted), np.inf, noted)
    if "week" in ratings and "ended_week" in engagements:
        ended = engagements.set_index("engagement_id")["ended_week"]
        limit = ended.reindex(ratings["engagement_id"]).to_numpy(dtype=float)
        late |= ratings["week"].to_numpy(dtype=float) > np.where(np.isnan(limit), np.inf, limit)
    return ratings[~late], int(ratings.loc[late, "engagement_id"].nunique())


def _noted_end(events: pd.DataFrame) -> pd.Series:
    ended = events[events["event"] == ENDED_EARLY]
    return ended.groupby("engagement_id")["occasion"].min().astype(float)


def trace_courses(
    engagements: pd.DataFrame, ratings: pd.DataFrame, events: pd.DataFrame, cluster: str
) -> pd.DataFrame:
    """How each engagement ran: ``cluster``, ``status``, ``planned`` and ``last`` check-in held.

    ``last`` is the check-in at which ``ended_early`` was noted, else the last with a rating or an
    event; ``planned`` is the longest check-in of the dataset where the plan is not known.

    Parameters
    ----------
    engagements : the clean table, with ``status``.
    ratings : ``engagement_id, rater, occasion, total`` with nothing from after the end.
    events : placed (``place_events``).
    cluster : name of the column of advisors, or of the highest nesting level.

    Returns
    -------
    One row per engagement, indexed by ``engagement_id``.
    """
    keyed = engagements.set_index("engagement_id")
    signs = pd.concat([ratings, events])[["engagement_id", "occasion"]]
    last = signs.groupby("engagement_id")["occasion"].max().reindex(keyed.index).astype(float)
    noted = _noted_end(events).reindex(keyed.index)
    longest = float(ratings["occasion"].max()) if len(ratings) else np.nan
    planned = keyed.get("planned_checkins", pd.Series(np.nan, index=keyed.index, dtype=float))
    return pd.DataFrame(
        {
            "cluster": keyed[cluster],
            "status": keyed["status"],
            "planned": planned.astype(float).fillna(longest),
            "last": noted.fillna(last),
        }
    )


def find_at_risk(courses: pd.DataFrame, ratings: pd.DataFrame, landmark: int) -> pd.Index:
    """Engagements rated by somebody at the landmark that have a check-in planned after it."""
    here = ratings[(ratings["occasion"] == landmark) & ratings["total"].notna()]
    rated = courses.index.isin(here["engagement_id"])
    return courses.index[rated & (courses["planned"] > landmark).to_numpy()]


def ending_target(
    courses: pd.DataFrame, at_risk: Iterable[str], landmark: int, horizon: int
) -> pd.DataFrame:
    """Whether those at risk ended early within the horizon, and the weight of censoring.

    The horizon is the next ``horizon`` check-ins, or those left until the planned end. An
    engagement that ended early with check-in e as its last did so in step e - landmark + 1. One
    that is ``ongoing`` and has not reached its horizon is censored after its last check-in: it has
    no target, and those followed as far stand for it. Their weight is 1 / G(steps), G being the
    Kaplan-Meier estimate of staying uncensored (Graf et al., 1999, Statistics in Medicine 18,
    2529); it takes censoring to be unrelated to how engagements end. The others count as followed
    to their horizon.

    Returns
    -------
    DataFrame
        ``engagement_id, landmark, target`` (0, 1 or NaN where unknown), ``lead`` (check-ins still
        held between the landmark and the ending, else NaN) and ``weight`` (0 where unknown)
    """
    own = courses.loc[list(at_risk)]
    steps = np.minimum(own["planned"].to_numpy() - landmark, horizon).astype(int)
    followed = (own["last"].to_numpy() - landmark).astype(int)
    known = own["status"].notna().to_numpy()
    ended = (own["status"] == ENDED_EARLY).to_numpy() & (followed < steps)
    censored = (own["status"] == ONGOING).to_numpy() & (followed < steps)
    reached = np.where(ended, followed + 1, np.where(censored, followed, steps))
    staying = _uncensored(reached[known], censored[known], horizon)
    told = known & ~censored
    target = np.where(told, ended.astype(float), np.nan)
    weight = np.where(told, 1 / staying[np.where(told, reached, 0)], 0.0)
    return pd.DataFrame(
        {
            "engagement_id": own.index,
            "landmark": landmark,
            "target": target,
            "lead": np.where(target == 1, followed, np.nan),
            "weight": weight,
        }
    )


def rupture_target(
    episodes: pd.DataFrame,
    courses: pd.DataFrame,
    at_risk: Iterable[str],
    landmark: int,
    horizon: int,
    window: int,
) -> pd.DataFrame:
    """Whether a rupture that is not repaired begins within the horizon, of those not in one.

    Parameters
    ----------
    episodes : ``engagement_id, onset, repaired_occasion`` (NaN without repair) and
        ``kind_within_<window>``: full, partial, none, ended_early or censored; any rater's.
    courses, at_risk, landmark, horizon : as in ``ending_target``.
    window : check-ins since the onset within which a repair counts.

    Returns
    -------
    DataFrame
        As ``ending_target``, ``lead`` being the check-ins between landmark and onset, neither
        counted. The target is
        1 for an episode with onset in the horizon that was not repaired in the window, or in which
        the engagement ended early. The horizon stops a window short of the planned end: of a later
        rupture nobody could know. Unknown where an episode is open at the landmark already, where
        the only such episode is censored, where the engagement is ongoing and has not been followed
        through the window, or where no check-in is left. Nobody is weighed for those.
    """
    own = courses.loc[list(at_risk)]
    steps = np.minimum(own["planned"].to_numpy() - landmark - window, horizon)
    ahead = episodes["onset"].to_numpy() - landmark
    limit = pd.Series(steps, index=own.index).reindex(episodes["engagement_id"]).to_numpy()
    inside = (ahead > 0) & (ahead <= np.nan_to_num(limit))
    kind = episodes[f"kind_within_{window}"]
    unrepaired = episodes[inside & kind.isin(["none", "ended_early"]).to_numpy()]
    first = unrepaired.groupby("engagement_id")["onset"].min().reindex(own.index)
    repaired = episodes["repaired_occasion"].to_numpy(dtype=float)
    already = (ahead <= 0) & ~(repaired <= landmark)
    lost = own.index.isin(episodes.loc[already, "engagement_id"])
    censored = own.index.isin(episodes.loc[inside & (kind == "censored"), "engagement_id"])
    followed = own["last"].to_numpy() - landmark >= steps + window
    short = ~followed & (own["status"] == ONGOING).to_numpy()
    came = first.notna().to_numpy()
    unknown = lost | own["status"].isna().to_numpy() | (~came & (censored | short)) | (steps < 1)
    return pd.DataFrame(
        {
            "engagement_id": own.index,
            "landmark": landmark,
            "target": np.where(unknown, np.nan, came.astype(float)),
            "lead": np.where(came & ~unknown, first.to_numpy() - landmark - 1, np.nan),
            "weight": np.where(unknown, 0.0, 1.0),
        }
    )


def _uncensored(reached: np.ndarray, censored: np.ndarray, horizon: int) -> np.ndarray:
    """G(0), ..., G(horizon): the chance of not being censored by the beginning of each step."""
    staying = np.ones(horizon + 1)
    for step in range(1, horizon + 1):
        leaving = (censored & (reached == step - 1)).sum()
        beginning = (reached >= step).sum() + leaving
        kept = 1 - leaving / beginning if beginning else 1.0
        staying[step] = staying[step - 1] * (kept if kept > 0 else 1.0)
    return staying
