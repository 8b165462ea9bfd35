"""One tidy row per episode. It stays inside the pipeline: only counts and rates leave it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.models.ruptures.episodes import kinds_within, returned_in_full
from analysis.models.ruptures.exposures import left_out_before
from analysis.models.ruptures.statistics import Courses


def tabulate_episodes(
    courses: Courses, windows: Sequence[int], types: np.ndarray | None = None
) -> pd.DataFrame:
    """The episodes of one set of courses, in the order of engagement and onset.

    Returns
    -------
    ``engagement_id, cluster, onset, reference_occasion`` (check-ins), ``reference, score, lowest,
    depth`` (reference less lowest, in the scores' units), ``after_missed`` (a check-in was left out
    just before), ``repaired_occasion`` (NaN if never), ``followed`` (check-ins answered after
    onset), ``ended_early``, ``type`` if given, and ``kind_within_<w>`` for each window: full,
    partial, none, ended_early or censored.
    """
    ratings, episodes = courses.ratings, courses.episodes
    occasions = ratings.occasions
    full = returned_in_full(ratings.total, occasions, episodes)
    repaired = np.where(episodes.repaired, occasions[episodes.repaired_at], np.nan)
    frame = pd.DataFrame(
        {
            "engagement_id": ratings.engagement_ids[episodes.course],
            "cluster": ratings.codes[episodes.course],
            "onset": occasions[episodes.onset],
            "reference_occasion": occasions[episodes.source],
            "reference": episodes.reference,
            "score": episodes.score,
            "lowest": episodes.lowest,
            "depth": episodes.reference - episodes.lowest,
            "after_missed": left_out_before(ratings.answered)[episodes.course, episodes.onset],
            "repaired_occasion": repaired,
            "followed": episodes.followed,
            "ended_early": ratings.ended_early[episodes.course],
        }
    )
    if types is not None:
        frame["type"] = types
    for window in windows:
        kinds = kinds_within(episodes, full, ratings.ended_early, window)
        frame[f"kind_within_{window}"] = kinds
    return frame.sort_values(["engagement_id", "onset"], kind="stable", ignore_index=True)
