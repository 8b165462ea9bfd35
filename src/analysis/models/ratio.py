"""Means and shares over engagements, with intervals that allow for clusters."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.models.cluster_sums import add_by_cluster, code_clusters, leave_one_out
from analysis.models.intervals import Row, jackknife_interval


def clustered_ratio(
    numerator: np.ndarray, denominator: np.ndarray, cluster: pd.Series, confidence: float = 0.95
) -> Row:
    """One sum over another, with its cluster-jackknife t(G - 1) interval.

    A mean is the sum of values over their number (a denominator of ones); a rate of reply is what
    was answered over what was due, engagements with more due counting more.

    Parameters
    ----------
    numerator, denominator : (n,) one number per engagement, nothing missing.
    cluster : (n,) labels.

    Returns
    -------
    ``estimate, std_error, df, conf_low, conf_high, n_engagements, n_advisors, method, note``; no
    test, as a ratio of 0 is of no interest. NaN and a note where nothing is due.

    Examples
    --------
    >>> answered, due = np.array([3.0, 1, 2, 2]), np.array([4.0, 4, 2, 2])
    >>> clustered_ratio(answered, due, pd.Series(list("aabb")))["estimate"]
    0.6666666666666666
    """
    codes, labels = code_clusters(cluster)
    columns = np.column_stack([numerator, denominator]).astype(float)
    # In an order of their own, so that sums do not hang on the order of the rows.
    order = np.lexsort((columns[:, 1], columns[:, 0], codes))
    sums = add_by_cluster(columns[order], codes[order], len(labels))
    whole, without = sums.sum(axis=0), leave_one_out(sums)
    estimate = float(whole[0] / whole[1]) if whole[1] else np.nan
    replicates = without[:, 0] / np.where(without[:, 1] > 0, without[:, 1], np.nan)
    interval = jackknife_interval(estimate, replicates, confidence)
    interval |= {"statistic": np.nan, "p_value": np.nan}
    counts = {"n_engagements": len(columns), "n_advisors": len(labels), "method": "jackknife"}
    return {"estimate": estimate, **interval, **counts}
