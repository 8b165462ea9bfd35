"""Sums of transitions within engagements, by cluster, for autoregressions with an own level each.

A transition goes from one occasion to the next. Everything here is centred on the engagement's own
mean over its transitions, so that only changes within engagements count, and is kept as sums per
cluster, so that delete-one-cluster replicates need no rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.models.cluster_sums import add_by_cluster, leave_one_out, sum_products, triangle

#: Eigenvalues of the occasions' contrasts below this share of the largest are rank lost.
RANK = 1e-9


@dataclass(frozen=True)
class Moments:
    """Products of two lagged variables and their targets, the occasions' means taken out.

    The first entry of each array is the whole sample, those after it leave out a cluster each.
    ``lagged`` (R, 2, 2); ``crossed`` (R, 2, q) lagged by target; ``targets`` (R, q, q); ``df``
    (R,) transitions less engagements, NaN if none; ``apart`` (R, K - 1): for d = 1, 2, ... the
    pairs of an engagement's transitions that lie d occasions apart, over its number of
    transitions, summed.
    """

    lagged: np.ndarray
    crossed: np.ndarray
    targets: np.ndarray
    df: np.ndarray
    apart: np.ndarray


def sum_transitions(
    lagged: np.ndarray, targets: np.ndarray, codes: np.ndarray, n_clusters: int
) -> Moments:
    """Moments of the transitions for which both lagged variables and all targets are known.

    Parameters
    ----------
    lagged : (n, K, 2) values at the occasion that a transition leaves, NaN where unknown.
    targets : (n, K, q) values at the occasion after it.
    codes : (n,) each engagement's cluster, below ``n_clusters``.
    """
    known = np.isfinite(lagged).all(axis=2) & np.isfinite(targets).all(axis=2)
    count = known.sum(axis=1)
    engagement, place = np.nonzero(known)
    n, steps = known.shape
    dummies = np.eye(steps)[place]
    rows = np.hstack([lagged[known], dummies, targets[known]])
    means = add_by_cluster(rows, engagement, n) / np.maximum(count, 1)[:, None]
    sums = sum_products(rows - means[engagement], codes[engagement], n_clusters)
    counts = np.column_stack([count, count > 0, _pairs_apart(known, count)]).astype(float)
    by_cluster = np.hstack([sums, add_by_cluster(counts, codes, n_clusters)])
    totals = np.vstack([by_cluster.sum(axis=0), leave_one_out(by_cluster)])
    width = rows.shape[1]
    products = totals[:, 1 + width : sums.shape[1]]
    counted = totals[:, sums.shape[1] :]
    kept = _without_occasions(_square(products, width), steps)
    return Moments(
        kept[:, :2, :2],
        kept[:, :2, 2:],
        kept[:, 2:, 2:],
        np.where(counted[:, 0] > counted[:, 1], counted[:, 0] - counted[:, 1], np.nan),
        counted[:, 2:],
    )


def _pairs_apart(known: np.ndarray, count: np.ndarray) -> np.ndarray:
    """(n, K - 1): an engagement's pairs of transitions d occasions apart, over its transitions."""
    steps = known.shape[1]
    pairs = [(known[:, d:] & known[:, :-d]).sum(axis=1) for d in range(1, steps)]
    counts = np.stack(pairs, axis=1) if pairs else np.zeros((len(known), 0))
    return counts / np.maximum(count, 1)[:, None]


def _square(flat: np.ndarray, width: int) -> np.ndarray:
    first, second = triangle(width)
    whole = np.empty((len(flat), width, width))
    whole[:, first, second] = flat
    whole[:, second, first] = flat
    return whole


def _without_occasions(products: np.ndarray, steps: int) -> np.ndarray:
    """Products of what is left of the variables once the occasions' means are taken out."""
    middle = slice(2, 2 + steps)
    outer = [place for place in range(products.shape[1]) if not 2 <= place < 2 + steps]
    values, vectors = np.linalg.eigh(products[:, middle, middle])
    kept = values > RANK * np.maximum(values[:, -1:], RANK)
    inverse = np.where(kept, 1 / np.where(kept, values, 1.0), 0.0)
    half = np.swapaxes(vectors, 1, 2) @ products[:, middle][:, :, outer]
    explained = np.swapaxes(half, 1, 2) @ (inverse[:, :, None] * half)
    return products[:, outer][:, :, outer] - explained
