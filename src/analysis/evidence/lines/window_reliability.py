"""How reliable the mean over a window's occasions is, from sums that add up over clusters.

A rating's window mean is a mean of k occasions, so the variance of its error is the variance of
one occasion's score about the engagement's own level, divided by k. Kept as sums per cluster, the
reliability of every delete-one sample and of every resample follows without the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.models.cluster_sums import ROUNDING, add_by_cluster, triangle

#: Fewer residual degrees of freedom within engagements say too little about an occasion's error.
MINIMUM_WITHIN_DF = 10


@dataclass(frozen=True)
class OccasionSums:
    """Each cluster's sums over engagements and occasions, for ``window_reliability``.

    ``sums`` is (G, m); ``n_occasions`` the distinct occasions T; ``n_raters`` the ratings;
    ``n_engagements`` the engagements with any occasion score; ``mismatched`` how many of these
    have a window mean that is not the mean of their occasion scores.
    """

    sums: np.ndarray
    n_occasions: int
    n_raters: int
    n_engagements: int
    mismatched: int


def sum_occasions(
    occasions: pd.DataFrame,
    ratings: Sequence[str],
    engagement_ids: np.ndarray,
    window_means: np.ndarray,
    codes: np.ndarray,
    n_clusters: int,
) -> OccasionSums:
    """Each cluster's sums of occasion scores about the engagement's mean, and of window means.

    Parameters
    ----------
    occasions : one row per engagement and occasion of the window: ``engagement_id``, ``occasion``
        and the columns ``ratings``; rows that lack one of these are left out.
    ratings : R names of columns.
    engagement_ids : (n,) the engagements analysed; others in ``occasions`` are left out.
    window_means : (n, R) the ratings analysed.
    codes, n_clusters : each engagement's cluster number, and how many there are.

    Raises ValueError if an engagement has two rows for one occasion, or a column is missing.
    """
    scores, present = _spread_out(occasions, ratings, engagement_ids)
    return sum_occasion_scores(scores, present, window_means, codes, n_clusters)


def sum_occasion_scores(
    scores: np.ndarray,
    present: np.ndarray,
    window_means: np.ndarray,
    codes: np.ndarray,
    n_clusters: int,
) -> OccasionSums:
    """The sums of ``sum_occasions`` from scores (n, T, R) and which occasions (n, T) there are."""
    seen = present.any(axis=1)
    scores, present, means = scores[seen], present[seen], window_means[seen]
    n_raters = means.shape[1]
    centre = means.mean(axis=0) if len(means) else np.zeros(n_raters)
    spread = means.std(axis=0) if len(means) else np.ones(n_raters)
    scale = np.where(spread > 0, spread, 1.0)
    means = (means - centre) / scale
    scores = np.where(present[..., None], (scores - centre) / scale, 0.0)
    count = present.sum(axis=1)
    own_mean = scores.sum(axis=1) / count[:, None]
    columns = _columns(scores, present, count, own_mean, means)
    return OccasionSums(
        add_by_cluster(columns, codes[seen], n_clusters),
        present.shape[1],
        n_raters,
        int(seen.sum()),
        int((np.abs(own_mean - means) > 1e-6).any(axis=1).sum()),
    )


def window_reliability(totals: np.ndarray, n_occasions: int, n_raters: int) -> np.ndarray:
    """Reliability of each rating's window mean, (..., R), from totals (..., m) of ``OccasionSums``.

    reliability = (variance of the window means with occasion means removed - s2 x mean(1 / k))
    / variance of the window means as used, k being an engagement's number of occasions and s2 the
    variance of scores about engagement and occasion means, with sum(k - 1) - rank degrees of
    freedom, rank being that of the occasions' contrasts within engagements. Where every
    engagement has the same occasions this is 1 - (s2 / k) / variance; where they differ, the part
    of the window means that only tells which occasions were answered counts as error. It is the
    generalisability coefficient of a mean over k occasions (Brennan, 2001, Generalizability
    Theory, chapter 2), by the within-engagement projection of two-way unbalanced data.

    NaN where nothing repeats, nothing varies between engagements, or fewer than two remain.
    """
    part = _Parts(totals, n_occasions)
    contrasts, rank = _pseudo_inverse(part.contrasts)
    df = part.repeats - rank
    usable = (part.n > 1) & (df > 0)
    n = np.where(usable, part.n, 2.0)
    shares = (part.share_products - _outer(part.shares, part.shares, n)) / _wide(n - 1, 2)
    own = part.of_raters(n_raters)
    # One axis more than the sums that all raters share.
    n, df, usable = n[..., None], df[..., None], usable[..., None]
    effects = np.einsum("...st,...rt->...rs", contrasts, own.within_products)
    within = own.within_squares - (effects * own.within_products).sum(axis=-1)
    within = np.clip(within, 0, None) / np.where(usable, df, 1.0)
    raw = own.squares
    variance = (raw - own.mean_sum**2 / n) / (n - 1)
    products = part.shares[..., None, :] * _wide(own.mean_sum / n, 1)
    covariance = (own.mean_shares - products) / _wide(n - 1, 1)
    removed = (np.einsum("...rs,...st->...rt", effects, shares) * effects).sum(axis=-1)
    levelled = variance - 2 * (effects * covariance).sum(axis=-1) + removed
    varies = usable & (variance * (n - 1) > ROUNDING * raw)
    true = levelled - within * part.inverse_counts[..., None] / n
    return np.where(varies, true / np.where(varies, variance, 1.0), np.nan)


def within_df(totals: np.ndarray, n_occasions: int) -> np.ndarray:
    """Degrees of freedom of the variance within engagements, once occasion means are removed."""
    part = _Parts(totals, n_occasions)
    return part.repeats - _pseudo_inverse(part.contrasts)[1]


def _spread_out(
    occasions: pd.DataFrame, ratings: Sequence[str], engagement_ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Scores (n, T, R) and which occasions (n, T) each engagement has; 0 where there is none."""
    needed = ["engagement_id", "occasion", *ratings]
    absent = [name for name in needed if name not in occasions]
    if absent:
        raise ValueError(f"the occasion scores lack {absent}; they have {list(occasions.columns)}")
    values = occasions[list(ratings)].to_numpy(dtype=float, na_value=np.nan)
    place = pd.Index(engagement_ids).get_indexer(occasions["engagement_id"])
    used = np.isfinite(values).all(axis=1) & (place >= 0) & occasions["occasion"].notna()
    used = used.to_numpy(dtype=bool)
    place, values = place[used], values[used]
    labels, when = np.unique(occasions["occasion"].to_numpy()[used], return_inverse=True)
    present = np.zeros((len(engagement_ids), len(labels)), dtype=bool)
    present[place, when] = True
    if present.sum() < len(place):
        raise ValueError("the occasion scores hold two rows for one engagement and occasion")
    scores = np.zeros((*present.shape, len(ratings)))
    scores[place, when] = values
    return scores, present


def _columns(
    scores: np.ndarray,
    present: np.ndarray,
    count: np.ndarray,
    own_mean: np.ndarray,
    means: np.ndarray,
) -> np.ndarray:
    """Each engagement's contribution to every sum, in the order ``_Parts`` reads."""
    first, second = triangle(present.shape[1])
    share = present / count[:, None]
    together = present[:, first] & present[:, second]
    contrast = np.where(first == second, present[:, first], 0.0) - together / count[:, None]
    columns = [
        np.ones((len(count), 1)),
        (1 / count)[:, None],
        (count - 1.0)[:, None],
        share,
        share[:, first] * share[:, second],
        contrast,
    ]
    for rater in range(means.shape[1]):
        mean = means[:, [rater]]
        about = np.where(present, scores[..., rater] - own_mean[:, [rater]], 0.0)
        columns += [mean, mean**2, mean * share, (about**2).sum(axis=1, keepdims=True), about]
    return np.hstack(columns)


@dataclass(frozen=True)
class _OfRaters:
    """(..., R), or (..., R, T) where there is one sum for each occasion."""

    mean_sum: np.ndarray
    squares: np.ndarray
    mean_shares: np.ndarray
    within_squares: np.ndarray
    within_products: np.ndarray


class _Parts:
    """The sums of ``_columns`` by name, for any leading shape of totals."""

    def __init__(self, totals: np.ndarray, n_occasions: int) -> None:
        self._totals = totals
        self._occasions = n_occasions
        pairs = n_occasions * (n_occasions + 1) // 2
        self.n, self.inverse_counts, self.repeats = (totals[..., i] for i in range(3))
        start = 3
        self.shares = totals[..., start : start + n_occasions]
        start += n_occasions
        self.share_products = self._square(totals[..., start : start + pairs])
        start += pairs
        self.contrasts = self._square(totals[..., start : start + pairs])
        self._raters_start = start + pairs

    def of_raters(self, n_raters: int) -> _OfRaters:
        t = self._occasions
        wide = self._totals[..., self._raters_start :]
        own = wide.reshape(*wide.shape[:-1], n_raters, 3 + 2 * t)
        return _OfRaters(
            own[..., 0], own[..., 1], own[..., 2 : 2 + t], own[..., 2 + t], own[..., 3 + t :]
        )

    def _square(self, flat: np.ndarray) -> np.ndarray:
        first, second = triangle(self._occasions)
        whole = np.empty((*flat.shape[:-1], self._occasions, self._occasions))
        whole[..., first, second] = flat
        whole[..., second, first] = flat
        return whole


def _pseudo_inverse(contrasts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Moore-Penrose inverses and ranks: one rank is lost per group of unconnected occasions."""
    if contrasts.shape[-1] == 0:
        return contrasts, np.zeros(contrasts.shape[:-2])
    values, vectors = np.linalg.eigh(contrasts)
    kept = values > 1e-9 * np.maximum(values[..., -1:], 1e-9)
    inverse = np.where(kept, 1 / np.where(kept, values, 1.0), 0.0)
    return (vectors * inverse[..., None, :]) @ np.swapaxes(vectors, -1, -2), kept.sum(axis=-1)


def _outer(left: np.ndarray, right: np.ndarray, n: np.ndarray) -> np.ndarray:
    return left[..., :, None] * right[..., None, :] / _wide(n, 2)


def _wide(values: np.ndarray, axes: int) -> np.ndarray:
    return values[(..., *[None] * axes)]
