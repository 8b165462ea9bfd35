"""How ratings change over check-ins: means at each, and early against late change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.models.cluster_sums import add_by_cluster, code_clusters, leave_one_out
from analysis.models.intervals import Row, jackknife_interval, no_interval

PARTS = ("early", "late")


def occasion_means(
    frame: pd.DataFrame,
    rating: str,
    occasion: str,
    cluster: str,
    fewest: int = 10,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """A row per occasion: the mean rating with its cluster-jackknife t(G - 1) interval.

    Parameters
    ----------
    frame : one row per engagement and occasion; rows without a rating are left out.
    rating, occasion, cluster : names of columns.
    fewest : an occasion with fewer ratings is not given: neither mean nor count.

    Returns
    -------
    ``occasion, term`` ("mean")``, estimate, std_error, df, conf_low, conf_high, n_engagements,
    n_advisors, method, note``; no test, as a mean of 0 is of no interest.
    """
    rows = []
    known = frame[frame[rating].notna()]
    for when in sorted(known[occasion].unique()):
        here = known[known[occasion] == when]
        place: Row = {"occasion": int(when), "term": "mean", "method": "jackknife"}
        if len(here) < fewest:
            reason = f"fewer than {fewest} ratings: not given"
            rows.append(place | {"estimate": np.nan} | no_interval(reason))
            continue
        values = np.sort(here[rating].to_numpy(dtype=float))
        centre = float(values.mean())
        codes, labels = code_clusters(here[cluster])
        own = here[rating].to_numpy(dtype=float) - centre
        order = np.lexsort((own, codes))
        columns = np.column_stack([np.ones(len(own)), own])[order]
        without = leave_one_out(add_by_cluster(columns, codes[order], len(labels)))
        counts = np.where(without[:, 0] > 0, without[:, 0], np.nan)
        interval = jackknife_interval(centre, centre + without[:, 1] / counts, confidence)
        interval |= {"statistic": np.nan, "p_value": np.nan}
        place |= {"estimate": centre, "n_engagements": len(own), "n_advisors": len(labels)}
        rows.append(place | interval)
    return as_estimates(rows)


def early_late_slopes(
    frame: pd.DataFrame,
    ratings: Sequence[str],
    engagement: str,
    occasion: str,
    cluster: str,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Change per check-in in the earlier and the later half of the course, within engagements.

    Parameters
    ----------
    frame : one row per engagement and occasion; rows that lack any of the ratings are left out.
    ratings : one rating, or two to be compared.
    engagement, occasion, cluster : names of columns.

    Returns
    -------
    DataFrame
        ``term, estimate, std_error, statistic, df, p_value, conf_low, conf_high, n_engagements,
        n_advisors, method`` ("within_jackknife")``, note``; in standard deviations of the rating
        (over all its rows) per check-in:

        - ``<rating> early`` and ``<rating> late``: the slopes before and after the middle
        - ``<rating> early minus late``
        - of two ratings ``<one> against <other>``: the first's early minus late, less the second's

    Notes
    -----
    rating_it = level_i + early x min(t, m) + late x max(t - m, 0) + e_it, m halfway between the
    first and the last occasion; the level of each engagement taken out by centring (least squares
    with an own intercept for each); intervals of the delete-one-cluster jackknife, t(G - 1), the
    standard deviation re-estimated in each replicate. Engagements that end early tell of the early
    part only. At least four occasions, so that each half has a change of its own.
    """
    ratings = list(ratings)
    known = frame[frame[ratings].notna().all(axis=1)]
    codes_of = known.groupby(engagement, sort=True)
    fitting = codes_of[occasion].transform("nunique") > 1
    known = known[fitting].sort_values([engagement, occasion], kind="stable")
    times = np.sort(known[occasion].unique())
    n_engagements = known[engagement].nunique()
    codes, labels = code_clusters(known[cluster])
    common = {
        "method": "within_jackknife",
        "n_engagements": n_engagements,
        "n_advisors": len(labels),
    }
    if len(times) < 4 or len(labels) < 2:
        reason = "early and late change need four check-ins and two clusters at least"
        terms = [f"{name} {part}" for name in ratings for part in PARTS]
        rows = [{"term": term, "estimate": np.nan, **no_interval(reason)} for term in terms]
        return as_estimates(row | common for row in rows)
    slopes = _slopes(known, ratings, engagement, occasion, codes, len(labels))
    found = {}
    for place, name in enumerate(ratings):
        early, late = slopes[:, 0, place], slopes[:, 1, place]
        found |= {f"{name} early": early, f"{name} late": late}
        found[f"{name} early minus late"] = early - late
    if len(ratings) == 2:
        first, second = (found[f"{name} early minus late"] for name in ratings)
        found[f"{ratings[0]} against {ratings[1]}"] = first - second
    rows = []
    for term, values in found.items():
        interval = jackknife_interval(float(values[0]), values[1:], confidence)
        rows.append({"term": term, "estimate": float(values[0]), **interval} | common)
    return as_estimates(rows)


def _slopes(
    known: pd.DataFrame,
    ratings: list[str],
    engagement: str,
    occasion: str,
    codes: np.ndarray,
    n_clusters: int,
) -> np.ndarray:
    """(G + 1, 2, k) early and late slopes over the ratings' standard deviations."""
    t = known[occasion].to_numpy(dtype=float)
    middle = (t.min() + t.max()) / 2
    parts = np.column_stack([np.minimum(t, middle), np.maximum(t - middle, 0)])
    scores = known[ratings].to_numpy(dtype=float)
    _, own = np.unique(known[engagement].astype(str).to_numpy(str), return_inverse=True)
    columns = np.hstack([parts, scores])
    counts = np.bincount(own)
    centred = columns - (add_by_cluster(columns, own, len(counts)) / counts[:, None])[own]
    x, y = centred[:, :2], centred[:, 2:]
    spread = scores - scores.mean(axis=0)
    k = len(ratings)
    products = [
        (x[:, :, None] * x[:, None, :]).reshape(len(t), -1),
        (x[:, :, None] * y[:, None, :]).reshape(len(t), -1),
        np.ones((len(t), 1)),
        spread,
        spread**2,
    ]
    sums = add_by_cluster(np.hstack(products), codes, n_clusters)
    totals = np.vstack([sums.sum(axis=0), leave_one_out(sums)])
    inner, crossed = totals[:, :4].reshape(-1, 2, 2), totals[:, 4 : 4 + 2 * k].reshape(-1, 2, k)
    n = totals[:, [4 + 2 * k]]
    means, squares = totals[:, 5 + 2 * k : 5 + 3 * k], totals[:, 5 + 3 * k :]
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (squares - means**2 / n) / (n - 1)
        determinant = inner[:, 0, 0] * inner[:, 1, 1] - inner[:, 0, 1] ** 2
        sound = determinant > 1e-10 * inner[:, 0, 0] * inner[:, 1, 1]
        safe = np.where(sound, determinant, np.nan)[:, None]
        early = inner[:, 1, 1, None] * crossed[:, 0] - inner[:, 0, 1, None] * crossed[:, 1]
        late = inner[:, 0, 0, None] * crossed[:, 1] - inner[:, 0, 1, None] * crossed[:, 0]
        spread = np.sqrt(np.where(variance > 1e-12, variance, np.nan))
        return np.stack([early / safe / spread, late / safe / spread], axis=1)
