"""The engagements that a comparison of two raters rests on, and their clusters' sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.models.cluster_sums import (
    code_clusters,
    covariances,
    leave_one_out,
    standardise,
    sum_products,
)

#: Outcomes with at most this many distinct whole numbers count as ordinal (two: binary).
MOST_CATEGORIES = 10


@dataclass(frozen=True)
class Cases:
    """Engagements with the outcome and both ratings, in an order that no input order can change.

    ``values`` is (n, 3) in the data's own units: outcome, advisee's rating, advisor's rating.
    ``codes`` numbers each engagement's cluster; ``sums`` are the clusters' sums of products of the
    standardised values; ``missing_share`` is the share of engagements with the outcome that lack
    a rating. ``engagement_ids`` is empty when the frame names no engagements.
    """

    engagement_ids: np.ndarray
    values: np.ndarray
    codes: np.ndarray
    n_clusters: int
    sums: np.ndarray
    missing_share: float

    @property
    def n(self) -> int:
        """Engagements."""
        return len(self.values)

    @property
    def covariance(self) -> np.ndarray:
        """(3, 3) covariance matrix of the standardised values, on all clusters."""
        return covariances(self.sums.sum(axis=0), 3)

    @property
    def covariances_without_each(self) -> np.ndarray:
        """(G, 3, 3) covariance matrices without each cluster in turn."""
        return covariances(leave_one_out(self.sums), 3)

    @property
    def outcome_kind(self) -> str:
        """``binary``, ``ordinal`` (few whole numbers) or ``continuous``."""
        values = np.unique(self.values[:, 0])
        if len(values) <= 2:
            return "binary"
        whole = bool((values == np.round(values)).all())
        return "ordinal" if whole and len(values) <= MOST_CATEGORIES else "continuous"


def complete_cases(
    frame: pd.DataFrame, outcome: str, advisee: str, advisor: str, cluster: str
) -> Cases:
    """The complete engagements of ``frame`` for one outcome and two ratings.

    Raises ValueError for an absent column, a missing cluster label, or an engagement given twice.
    """
    absent = [name for name in (outcome, advisee, advisor, cluster) if name not in frame]
    if absent:
        raise ValueError(f"the frame has no column {absent}; it has {list(frame.columns)}")
    named = "engagement_id" in frame
    if named and frame["engagement_id"].duplicated().any():
        raise ValueError("the frame holds an engagement_id twice; give one row per engagement")
    codes, _ = code_clusters(frame[cluster])
    values = frame[[outcome, advisee, advisor]].to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(values)
    complete = known.all(axis=1)
    eligible = int(known[:, 0].sum())
    if named:
        order = np.argsort(frame["engagement_id"].astype(str).to_numpy(dtype=str), kind="stable")
    else:
        order = np.lexsort((*values.T, codes))
    kept = order[complete[order]]
    present, renumbered = np.unique(codes[kept], return_inverse=True)
    renumbered = renumbered.reshape(-1)
    return Cases(
        frame["engagement_id"].to_numpy()[kept] if named else np.array([], dtype=object),
        values[kept],
        renumbered,
        len(present),
        sum_products(standardise(values[kept])[0], renumbered, len(present)),
        1 - len(kept) / eligible if eligible else 0.0,
    )
