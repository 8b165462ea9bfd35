"""The check-ins that a course is told from: in their order, and none after the end."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates

#: Statuses whose ending is an ending.
ENDED = ("completed", "ended_early")


def keep_held(alliance: pd.DataFrame, engagements: pd.DataFrame) -> pd.DataFrame:
    """The scores of check-ins that an engagement can have held, by engagement, rater, occasion.

    Left out: those of engagements that the table of engagements does not have, and those whose
    week lies after the week in which the engagement ended. The number of a check-in decides its
    order, its week does not.
    """
    known = alliance[alliance["engagement_id"].isin(engagements["engagement_id"])]
    kept = known[~is_after_end(known, engagements)]
    return kept.sort_values(["engagement_id", "rater", "occasion"], kind="stable").reset_index(
        drop=True
    )


def is_after_end(alliance: pd.DataFrame, engagements: pd.DataFrame) -> np.ndarray:
    """Whether each check-in's week lies after the week in which its engagement ended."""
    if "ended_week" not in engagements or "week" not in alliance:
        return np.zeros(len(alliance), dtype=bool)
    ended = engagements
    if "status" in ended:
        ended = ended[ended["status"].isin(ENDED) | ended["status"].isna()]
    last = alliance["engagement_id"].map(ended.set_index("engagement_id")["ended_week"])
    return (alliance["week"] > last.astype(float)).to_numpy(dtype=bool)


def describe_order(alliance: pd.DataFrame, engagements: pd.DataFrame) -> pd.DataFrame:
    """Rows on what is odd in the times of check-ins; none where nothing is.

    ``analysis`` is ``checkins``; ``term`` is ``after the end`` (left out) or ``weeks against
    numbers`` (kept in the order of their numbers); ``estimate`` is how many.
    """
    found = {}
    late = int(is_after_end(alliance, engagements).sum())
    if late:
        found["after the end"] = late, "check-ins later than their engagement's end were left out"
    if "week" in alliance:
        ordered = alliance.sort_values(["engagement_id", "rater", "occasion"], kind="stable")
        back = int((ordered.groupby(["engagement_id", "rater"])["week"].diff() < 0).sum())
        if back:
            told = "check-ins whose week is earlier than that of the one before: numbers decide"
            found["weeks against numbers"] = back, told
    return as_estimates(
        {"analysis": "checkins", "term": term, "estimate": count, "note": note}
        for term, (count, note) in found.items()
    )
