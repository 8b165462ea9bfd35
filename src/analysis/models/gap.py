"""By how much one of two raters rates higher than the other, dyad by dyad."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.models.cluster_sums import add_by_cluster, code_clusters, leave_one_out
from analysis.models.intervals import Row, jackknife_interval, no_interval

#: Of two ratings with less variance than this, relative to their range, none has a spread.
FLAT = 1e-12


def mean_gap(
    frame: pd.DataFrame,
    first: str,
    second: str,
    cluster: str,
    confidence: float = 0.95,
    equivalence_confidence: float = 0.90,
) -> pd.DataFrame:
    """Rows of the mean of ``second`` - ``first`` over dyads, in their units and standardised.

    Parameters
    ----------
    frame : one row per dyad; rows that lack a rating are left out.
    first, second : numeric columns in one unit.
    cluster : column of cluster labels.
    confidence, equivalence_confidence : levels of the two intervals.

    Returns
    -------
    DataFrame
        ``term, estimate, std_error, statistic, df, p_value, conf_low, conf_high, n_engagements,
        n_advisors, method, note``:

        - ``gap``, method ``jackknife``: the mean difference, every dyad counting alike
        - ``gap_d``, methods ``jackknife`` and ``jackknife_90`` (the equivalence interval): the gap
          over the pooled standard deviation of the two ratings, sqrt((s1^2 + s2^2) / 2): that of
          people, not of differences, so that it compares with published d of two groups
          (Cohen's d; called d_av for paired scores)

        Intervals are estimate +- t(G - 1) x the delete-one-cluster jackknife error. NaN with the
        reason in ``note`` below 2 dyads or clusters, or where nothing varies.

    Examples
    --------
    >>> frame = pd.DataFrame({"own": [3.0, 4, 5, 4], "other": [4.0, 4, 6, 5], "team": list("aabb")})
    >>> float(mean_gap(frame, "own", "other", "team")["estimate"].iloc[0])
    0.75
    """
    codes, _ = code_clusters(frame[cluster])
    values = frame[[first, second]].to_numpy(dtype=float, na_value=np.nan)
    complete = np.isfinite(values).all(axis=1)
    values, codes = values[complete], codes[complete]
    order = np.lexsort((*values.T, codes))
    values, codes = values[order], codes[order]
    present, codes = np.unique(codes, return_inverse=True)
    common = {"n_engagements": len(values), "n_advisors": len(present)}
    narrow = f"jackknife_{equivalence_confidence * 100:g}"
    wanted = [
        ("gap", "jackknife", confidence),
        ("gap_d", "jackknife", confidence),
        ("gap_d", narrow, equivalence_confidence),
    ]
    if len(values) < 2:
        reason = "fewer than two dyads have both ratings"
        return as_estimates(_empty(term, method, reason) | common for term, method, _ in wanted)
    gap, d = _gaps(values, codes.reshape(-1), len(present))
    rows = []
    for term, method, level in wanted:
        own = gap if term == "gap" else d
        estimate = float(own[0])
        if np.isnan(estimate):
            row = _empty(
                term, method, "the ratings do not vary: no standard deviation to divide by"
            )
        else:
            row = {"term": term, "estimate": estimate, "method": method}
            row |= jackknife_interval(estimate, own[1:], level)
        rows.append(row | common)
    return as_estimates(rows)


def _gaps(values: np.ndarray, codes: np.ndarray, n_clusters: int) -> tuple[np.ndarray, np.ndarray]:
    """The gap and d, (G + 1,) each: on all dyads, then without each cluster."""
    # Centred on one value for both, so that squares keep their digits and the gap is left alone.
    centred = values - values.mean()
    columns = np.column_stack([np.ones(len(values)), centred, centred**2])
    sums = add_by_cluster(columns, codes, n_clusters)
    totals = np.vstack([sums.sum(axis=0), leave_one_out(sums)])
    n = totals[:, 0]
    some, several = np.where(n > 0, n, np.nan), np.where(n > 1, n, np.nan)
    means = totals[:, 1:3] / some[:, None]
    variances = (totals[:, 3:] - some[:, None] * means**2) / (several - 1)[:, None]
    pooled = variances.mean(axis=1)
    largest = float((centred**2).max())
    spread = np.sqrt(np.where(pooled > FLAT * max(largest, FLAT), pooled, np.nan))
    gap = means[:, 1] - means[:, 0]
    return gap, gap / spread


def _empty(term: str, method: str, reason: str) -> Row:
    return {"term": term, "estimate": np.nan, "method": method, **no_interval(reason)}
