"""The response surface: an outcome on two ratings of one thing, their squares and their product.

A difference of ratings confounds its two parts, and cannot be told from their main effects. The
surface keeps both ratings and asks what lies along the line where they agree and along the line
where they part (Edwards and Parry 1993, Academy of Management Journal 36, 1577-1613).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import fdtrc

from analysis.contract.estimates import as_estimates
from analysis.models.cluster_robust import fit_cr2_arrays, robust_rows, wald_row
from analysis.models.cluster_sums import add_by_cluster, code_clusters, leave_one_out, triangle
from analysis.models.design import Design, make_design, why_not_regress
from analysis.models.intervals import Row, jackknife_interval, no_interval, t_interval

TERMS = ("b0", "b1", "b2", "b3", "b4", "b5")
#: Sums of coefficients: along the line of agreement (a1 slope, a2 curvature), along the line of
#: disagreement (a3, a4), and whether the ridge is turned (a5).
ALONG = {
    "a1": (0, 1, 1, 0, 0, 0),
    "a2": (0, 0, 0, 1, 1, 1),
    "a3": (0, 1, -1, 0, 0, 0),
    "a4": (0, 0, 0, 1, -1, 1),
    "a5": (0, 0, 0, 1, 0, -1),
}
CURVED = (3, 4, 5)


def fit_response_surface(
    frame: pd.DataFrame,
    outcome: str,
    x: str,
    y: str,
    cluster: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Rows of the surface z = b0 + b1 x + b2 y + b3 x^2 + b4 x y + b5 y^2.

    Parameters
    ----------
    frame : one row per engagement; rows that lack any of the columns are left out.
    outcome : numeric column, in any units.
    x, y : numeric columns in one unit, centred beforehand on one point (the midpoint of the scale):
        all but a2, a4, a5 and b3 to b5 depend on it.
    cluster : column of cluster labels; without it the errors are those of independent rows.
    confidence : level of the intervals.

    Returns
    -------
    DataFrame
        ``outcome, term, estimate, std_error, statistic, df, p_value, conf_low, conf_high,
        n_engagements, n_advisors, method, note``; ``method`` is ``cr2`` (bias-reduced errors that
        allow for clusters, with Satterthwaite's df), or ``ols`` without a cluster. Terms:

        - ``a1`` = b1 + b2 and ``a2`` = b3 + b4 + b5: slope and curvature where the two agree
        - ``a3`` = b1 - b2 and ``a4`` = b3 - b4 + b5: the same where they part; ``a5`` = b3 - b5
        - ``b0`` to ``b5``: the coefficients
        - ``b3 to b5``: the test that all three are 0; ``estimate`` is the Wald statistic,
          ``statistic`` F, ``df`` that of the denominator (method ``cr2_htz``, or ``f_test``)
        - ``delta_r2``: R^2 over that of the main effects, with the cluster-jackknife t interval,
          cut at 0 (method ``jackknife``)

        What cannot be had is NaN with the reason in ``note``.

    Notes
    -----
    A linear gap (a3) is nothing but the difference of two main effects. R^2 rises with three more
    terms whatever the truth: by about 3 (1 - R^2) / (n - 6) where there is nothing (in the note);
    the interval of ``delta_r2`` says how large, the test of b3 to b5 says whether.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame(rng.standard_normal((40, 3)), columns=["z", "x", "y"])
    >>> rows = fit_response_surface(frame, "z", "x", "y").set_index("term")
    >>> bool(np.isclose(rows.loc["a1", "estimate"], rows.loc[["b1", "b2"], "estimate"].sum()))
    True
    """
    design = _design(frame, outcome, x, y, cluster)
    weights = np.array([*ALONG.values(), *np.eye(6)])
    names = [*ALONG, *TERMS]
    if reason := why_not_regress(design):
        rows = [_empty(name, reason) for name in [*names, "b3 to b5", "delta_r2"]]
    elif cluster is None:
        rows = [*_independent(design, names, weights, confidence), _delta_r2(design, False, 0.0)]
    else:
        rows = [*_clustered(design, names, weights, confidence)]
        rows.append(_delta_r2(design, True, confidence))
    common = {"outcome": outcome, "n_engagements": design.n, "n_advisors": np.nan}
    if cluster is not None:
        common["n_advisors"] = design.n_clusters
    plain = "ols" if cluster is None else "cr2"
    return as_estimates({"method": plain} | row | common for row in rows)


def _empty(term: str, reason: str) -> Row:
    return {"term": term, "estimate": np.nan, **no_interval(reason)}


def _design(frame: pd.DataFrame, outcome: str, x: str, y: str, cluster: str | None) -> Design:
    """The complete rows with squares and product; without a cluster every row is its own."""
    absent = [name for name in (outcome, x, y, cluster) if name and name not in frame]
    if absent:
        raise ValueError(f"the frame has no column {absent}; it has {list(frame.columns)}")
    first, second = (frame[name].astype(float) for name in (x, y))
    ready = pd.DataFrame(
        {
            "z": frame[outcome].astype(float),
            "x": first,
            "y": second,
            "x squared": first**2,
            "x times y": first * second,
            "y squared": second**2,
            "cluster": [f"{row:09d}" for row in range(len(frame))]
            if cluster is None
            else frame[cluster],
        }
    )
    return make_design(
        ready, "z", [name for name in ready if name not in ("z", "cluster")], "cluster"
    )


def _independent(
    design: Design, names: list[str], weights: np.ndarray, confidence: float
) -> list[Row]:
    """Least squares with the errors of independent rows of equal variance."""
    inverse = np.linalg.inv(np.linalg.qr(design.X, mode="r"))
    unscaled = inverse @ inverse.T
    b = np.linalg.lstsq(design.X, design.y, rcond=None)[0]
    df = design.n - 6
    residual = float(((design.y - design.X @ b) ** 2).sum()) / df
    errors = np.sqrt(residual * np.einsum("ki,ij,kj->k", weights, unscaled, weights))
    rows: list[Row] = [
        {
            "term": name,
            "estimate": float(own @ b),
            **t_interval(float(own @ b), error, df, confidence),
        }
        for name, own, error in zip(names, weights, errors, strict=True)
    ]
    curved = list(CURVED)
    wald = (
        float(b[curved] @ np.linalg.solve(unscaled[np.ix_(curved, curved)], b[curved])) / residual
    )
    tested = {"estimate": wald, "statistic": wald / 3, "df": df, "p_value": fdtrc(3, df, wald / 3)}
    rows.append(_empty("b3 to b5", f"F on 3 and {df} df") | tested | {"method": "f_test"})
    return rows


def _clustered(
    design: Design, names: list[str], weights: np.ndarray, confidence: float
) -> list[Row]:
    fit = fit_cr2_arrays(design.y, design.X, design.codes, design.n_clusters)
    if fit.reason:
        return [_empty(name, fit.reason) for name in [*names, "b3 to b5"]]
    tested = wald_row(fit, np.eye(6)[list(CURVED)])
    return [
        *robust_rows(names, *fit.contrast(weights), confidence),
        _empty("b3 to b5", "") | tested | {"method": "cr2_htz"},
    ]


def _delta_r2(design: Design, clustered: bool, confidence: float) -> Row:
    """What squares and product add to R^2, with its jackknife interval over clusters."""
    values = np.column_stack([design.X, design.y])
    centre, spread = values.mean(axis=0), values.std(axis=0)
    values = (values - centre) / np.where(spread > 0, spread, 1.0)
    values[:, 0] = 1.0
    first, second = triangle(values.shape[1])
    sums = add_by_cluster(values[:, first] * values[:, second], design.codes, design.n_clusters)
    totals = sums.sum(axis=0)[None]
    if clustered:
        totals = np.vstack([totals, leave_one_out(sums)])
    products = np.empty((len(totals), 7, 7))
    products[:, first, second] = totals
    products[:, second, first] = totals
    explained = _explained(products, 6)
    gained = explained - _explained(products, 3)
    by_chance = 3 * (1 - explained[0]) / (design.n - 6)
    chance = f"three more terms add about {by_chance:.4f} where there is nothing"
    row = _empty("delta_r2", chance) | {"estimate": float(gained[0])}
    if not clustered:
        return row
    interval = jackknife_interval(float(gained[0]), gained[1:], confidence)
    notes = "; ".join(filter(None, [interval["note"], chance]))
    # A share of variance is never negative; its t test would be one of a value at the boundary.
    low = max(interval["conf_low"], 0.0) if np.isfinite(interval["conf_low"]) else np.nan
    blank = {"statistic": np.nan, "p_value": np.nan, "method": "jackknife"}
    return row | interval | blank | {"conf_low": low, "note": notes}


def _explained(products: np.ndarray, p: int) -> np.ndarray:
    """R^2 (R,) of the last variable on the first p, from products (R, 7, 7); NaN if singular."""
    inner, crossed = products[:, :p, :p], products[:, :p, -1]
    n = products[:, 0, 0]
    total = products[:, -1, -1] - products[:, 0, -1] ** 2 / n
    values, vectors = np.linalg.eigh(inner)
    sound = (values[:, 0] > 1e-10 * values[:, -1]) & (total > 1e-10 * products[:, -1, -1])
    turned = np.einsum("rij,ri->rj", vectors, crossed)
    fitted = (turned**2 / np.where(sound[:, None], values, 1.0)).sum(axis=1)
    fitted -= products[:, 0, -1] ** 2 / n
    return np.where(sound, fitted / np.where(sound, total, 1.0), np.nan)


def shared_cells(
    frame: pd.DataFrame,
    x: str,
    y: str,
    width: float,
    fewest: int = 10,
    highest: float = np.inf,
) -> pd.DataFrame:
    """Where on the plane of two ratings the data lie: cells with enough engagements.

    Parameters
    ----------
    frame : one row per engagement, x and y in one unit.
    width : a cell's side, in that unit; a cell reaches from k x width to (k + 1) x width.
    fewest : a cell with fewer engagements is left out, as if it were empty.
    highest : the end of the scale, which belongs to the last cell before it.

    Returns
    -------
    ``x, y`` : centres of the cells kept, sorted; counts are not given, so that none that was left
    out can be had by subtraction.
    """
    values = frame[[x, y]].to_numpy(dtype=float, na_value=np.nan)
    values = values[np.isfinite(values).all(axis=1)]
    place = np.floor(np.minimum(values / width + 1e-9, highest / width - 1e-6))
    cells, counts = np.unique(place, axis=0, return_counts=True)
    kept = cells[counts >= fewest]
    return pd.DataFrame((kept + 0.5) * width, columns=["x", "y"])


def difference_along(
    frame: pd.DataFrame,
    outcome: str,
    early: tuple[str, str],
    late: tuple[str, str],
    cluster: str,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row: a4 of the early ratings minus a4 of the late ones, on the same engagements.

    Parameters as ``fit_response_surface``, the ratings in pairs (x, y). The interval is that of the
    delete-one-cluster jackknife, t(G - 1), which knows that both surfaces share their engagements.
    """
    names = [outcome, *early, *late]
    codes, _ = code_clusters(frame[cluster])
    values = frame[names].to_numpy(dtype=float, na_value=np.nan)
    complete = np.isfinite(values).all(axis=1)
    values, codes = values[complete], codes[complete]
    order = np.lexsort((*values.T, codes))
    present, codes = np.unique(codes[order], return_inverse=True)
    values = values[order]
    row: Row = {"outcome": outcome, "term": "a4 early minus late", "method": "jackknife"}
    row |= {"n_engagements": len(values), "n_advisors": len(present), "estimate": np.nan}
    if len(values) < 12 or len(present) < 2:
        reason = f"{len(values)} engagements of {len(present)} clusters have both: too few"
        return as_estimates([row | no_interval(reason)])
    along = []
    for place in (1, 3):
        x, y = values[:, place], values[:, place + 1]
        X = np.column_stack([np.ones(len(x)), x, y, x * x, x * y, y * y])
        along.append(
            _jackknifed_slopes(X, values[:, 0], codes.reshape(-1), len(present)) @ ALONG["a4"]
        )
    apart = along[0] - along[1]
    if np.isnan(apart[0]):
        return as_estimates([row | no_interval("the ratings leave a surface undetermined")])
    interval = jackknife_interval(float(apart[0]), apart[1:], confidence)
    return as_estimates([row | interval | {"estimate": float(apart[0])}])


def _jackknifed_slopes(
    X: np.ndarray, y: np.ndarray, codes: np.ndarray, n_clusters: int
) -> np.ndarray:
    """(G + 1, p) coefficients: on all rows, then without each cluster; NaN where singular."""
    p = X.shape[1]
    scale = np.sqrt((X**2).mean(axis=0))
    scale = np.where(scale > 0, scale, 1.0)
    Q = X / scale
    columns = np.hstack([(Q[:, :, None] * Q[:, None, :]).reshape(len(y), -1), Q * y[:, None]])
    sums = add_by_cluster(columns, codes, n_clusters)
    totals = np.vstack([sums.sum(axis=0), leave_one_out(sums)])
    inner = totals[:, : p * p].reshape(-1, p, p)
    values, vectors = np.linalg.eigh(inner)
    sound = values[:, 0] > 1e-10 * values[:, -1]
    turned = np.einsum("rij,ri->rj", vectors, totals[:, p * p :])
    turned /= np.where(sound[:, None], values, np.nan)
    return np.einsum("rij,rj->ri", vectors, turned) / scale
