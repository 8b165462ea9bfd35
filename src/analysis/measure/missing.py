"""Missing ratings: multiple imputation, Rubin's rules, and who did not reply."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates

DONORS = 5
FEWEST_OBSERVED = 5  # values of a column from which others may be drawn
RIDGE = 1e-5  # of the mean square of a predictor, as mice: keeps collinear predictors solvable


def pool_rubin(
    estimates: Sequence[float],
    variances: Sequence[float],
    n: float,
    k: float,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row: the estimate pooled over imputed data sets, with its total variance and interval.

    T = mean variance + (1 + 1/m) variance between (Rubin 1987, Multiple Imputation for Nonresponse
    in Surveys, chapter 3); degrees of freedom of Barnard and Rubin (1999, Biometrika 86, 948-955)
    with n - k for complete data; fmi = (r + 2 / (df + 3)) / (r + 1), r = (1 + 1/m) between / mean
    variance. As ``pool.scalar`` of mice.

    Parameters
    ----------
    estimates, variances : (m,) one estimate and its squared standard error per imputed data set
    n, k : rows of the complete data and parameters of the model, n > k
    confidence : level of the interval

    Returns
    -------
    DataFrame
        one row: ``estimate, variance, std_error, df, fmi, conf_low, conf_high, note``; with one
        data set or an undefined estimate everything but the note is NaN

    Raises ValueError for unequal lengths, no estimates, a negative variance, or n <= k.

    Examples
    --------
    >>> round(float(pool_rubin([0.31, 0.27, 0.35], [0.012, 0.010, 0.011], 60, 2)["df"].iloc[0]), 3)
    29.006
    """
    q, u = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    if q.ndim != 1 or q.shape != u.shape or len(q) == 0:
        raise ValueError(f"{q.size} estimates and {u.size} variances: one of each per data set")
    if (u < 0).any():
        raise ValueError("a variance is negative")
    if not n > k:
        raise ValueError(f"n ({n}) must exceed k ({k})")
    if not (np.isfinite(q).all() and np.isfinite(u).all()):
        return _pooled(note="an estimate or a variance is undefined in some imputed data set")
    m = len(q)
    if m < 2:
        return _pooled(note="one data set: the variance between imputations is unknown")
    within, between = u.mean(), (1 + 1 / m) * q.var(ddof=1)
    total = within + between
    if within == 0:
        return _pooled(note="the variances are all zero: nothing to pool")
    share = max(between / total, 1e-4)  # the floor mice sets, so that df stays finite
    old, complete = (m - 1) / share**2, float(n - k)
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    df = old if np.isinf(complete) else old * observed / (old + observed)
    r = between / within
    from scipy.special import stdtrit

    std_error = np.sqrt(total)
    half = float(stdtrit(df, (1 + confidence) / 2)) * std_error
    estimate = q.mean()
    fmi = (r + 2 / (df + 3)) / (r + 1)
    return _pooled(estimate, total, std_error, df, fmi, estimate - half, estimate + half)


def _pooled(*values: float, note: str = "") -> pd.DataFrame:
    names = ["estimate", "variance", "std_error", "df", "fmi", "conf_low", "conf_high"]
    filled = [float(value) for value in values] or [np.nan] * len(names)
    return pd.DataFrame([dict(zip(names, filled, strict=True)) | {"note": note}])


def impute(
    frame: pd.DataFrame,
    columns: Sequence[str],
    auxiliaries: Sequence[str],
    m: int,
    rng: np.random.Generator,
    iterations: int = 10,
    method: str = "normal",
) -> list[pd.DataFrame]:
    """Completed copies of a frame: gaps filled by chained equations, parameters drawn each time.

    Every column with gaps is regressed in turn on all the others; the residual variance and the
    coefficients are drawn from their posterior, then the missing values (Rubin 1987, 167; van
    Buuren 2018, Flexible Imputation of Missing Data, algorithms 3.1, 3.3 and 4.3). Rows are taken
    as independent and missing at random given the columns; text auxiliaries become indicators.

    Parameters
    ----------
    frame : one row per unit
    columns : numeric columns to complete
    auxiliaries : further predictors; gaps in numeric ones are filled too, but only while imputing,
        and a missing text is a category of its own
    m : how many copies
    rng : generator
    iterations : rounds through the columns per copy
    method : ``normal`` (draws) or ``pmm`` (predictive mean matching, 5 donors)

    Returns
    -------
    list of DataFrame
        m copies; only gaps in ``columns`` are changed. Without gaps, m equal copies.

    Raises ValueError for an unknown method or column, a column that is not numeric, one with fewer
    than five observed values, a constant one with gaps, or too few rows for the predictors.
    """
    if method not in ("normal", "pmm"):
        raise ValueError(f"method must be 'normal' or 'pmm', not '{method}'")
    if m < 1 or iterations < 1:
        raise ValueError("m and iterations must be at least 1")
    columns = list(dict.fromkeys(columns))
    data, gaps = _design(frame, columns, [name for name in auxiliaries if name not in columns])
    positions = {name: data.columns.get_loc(name) for name in columns}
    values = data.to_numpy(dtype=float)
    completed = []
    for _ in range(m):
        filled = _chain(values, gaps, rng, iterations, method)
        copy = frame.copy()
        for name, position in positions.items():
            if gaps[:, position].any():
                copy[name] = np.where(gaps[:, position], filled[:, position], values[:, position])
        completed.append(copy)
    return completed


def _design(
    frame: pd.DataFrame, columns: list[str], auxiliaries: list[str]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Numeric columns that predict one another, and where they have gaps; refuses what cannot."""
    absent = [name for name in (*columns, *auxiliaries) if name not in frame]
    if absent:
        raise ValueError(f"columns not in the frame: {absent}")
    text = [name for name in columns if not pd.api.types.is_numeric_dtype(frame[name])]
    if text:
        raise ValueError(f"only numeric columns can be imputed, and these are not: {text}")
    parts = []
    for name in (*columns, *auxiliaries):
        if pd.api.types.is_numeric_dtype(frame[name]):
            parts.append(frame[name].astype(float).rename(name))
        else:
            known = frame[name].astype(object).where(frame[name].notna(), "(missing)").astype(str)
            parts.append(pd.get_dummies(known, prefix=name, drop_first=True, dtype=float))
    data = pd.concat(parts, axis=1)
    gaps = data.isna().to_numpy()
    for position, name in enumerate(data.columns):
        observed = data[name].dropna()
        if not gaps[:, position].any():
            continue
        if len(observed) < FEWEST_OBSERVED:
            raise ValueError(
                f"'{name}' has {len(observed)} observed values; at least {FEWEST_OBSERVED} needed"
            )
        if observed.nunique() == 1:
            raise ValueError(f"'{name}' has gaps but its observed values are all the same")
        if len(observed) < data.shape[1] + 1:
            raise ValueError(
                f"'{name}' has {len(observed)} observed values, too few for "
                f"{data.shape[1] - 1} predictors"
            )
    return data, gaps


def _chain(
    values: np.ndarray, gaps: np.ndarray, rng: np.random.Generator, iterations: int, method: str
) -> np.ndarray:
    """One completed matrix; gaps begin as random observed values, fewest gaps first."""
    filled = values.copy()
    order = [int(j) for j in np.argsort(gaps.sum(axis=0), kind="stable") if gaps[:, j].any()]
    for j in order:
        filled[gaps[:, j], j] = rng.choice(values[~gaps[:, j], j], size=gaps[:, j].sum())
    # one column with gaps has nothing to iterate with
    for _ in range(iterations if len(order) > 1 else 1):
        for j in order:
            others = np.delete(filled, j, axis=1)
            filled[gaps[:, j], j] = _draw(others, values[:, j], gaps[:, j], rng, method)
    return filled


def _draw(
    others: np.ndarray, own: np.ndarray, gap: np.ndarray, rng: np.random.Generator, method: str
) -> np.ndarray:
    """Values for the gaps of one column, given the others complete."""
    spread = others.std(axis=0)
    kept = others[:, spread > 1e-12 * (1 + np.abs(others).max(axis=0))]
    scaled = (kept - kept.mean(axis=0)) / kept.std(axis=0)
    X = np.column_stack([np.ones(len(own)), scaled])
    observed, y = X[~gap], own[~gap]
    cross = observed.T @ observed
    cross = cross + np.diag(RIDGE * np.diag(cross)) * (np.arange(len(cross)) > 0)
    inverse = np.linalg.inv(cross)
    fitted = inverse @ observed.T @ y
    residual = y - observed @ fitted
    sigma = np.sqrt(residual @ residual / rng.chisquare(max(len(y) - X.shape[1], 1)))
    root = np.linalg.cholesky((inverse + inverse.T) / 2)
    drawn = fitted + sigma * root @ rng.normal(size=X.shape[1])
    if method == "normal":
        return X[gap] @ drawn + sigma * rng.normal(size=int(gap.sum()))
    # type 1 matching: estimated coefficients for donors, drawn ones for the gaps
    distance = np.abs((X[gap] @ drawn)[:, None] - (observed @ fitted)[None, :])
    donors = np.argpartition(distance, DONORS - 1, axis=1)[:, :DONORS]
    return y[donors[np.arange(len(donors)), rng.integers(0, DONORS, size=len(donors))]]


def describe_missingness(
    frame: pd.DataFrame, columns: Sequence[str], by: Sequence[str], confidence: float = 0.95
) -> pd.DataFrame:
    """Rows: how units lacking a value differ from those that have it, in what else is known.

    A numeric characteristic gives the standardised mean difference (missing minus observed) over
    the pooled standard deviation, with the large-sample interval of Hedges and Olkin (1985,
    Statistical Methods for Meta-Analysis, 86); any other gives, per category, the difference in
    share with Wald's interval. Rows are taken as independent.

    Parameters
    ----------
    frame : one row per unit
    columns : whose gaps are described
    by : characteristics known of those who did not reply
    confidence : level of the interval

    Returns
    -------
    DataFrame
        ``analysis`` (missingness), ``outcome`` (the column with gaps), ``term`` (the
        characteristic, or ``characteristic=category``; ``missing`` is the share missing itself),
        ``estimate, std_error, conf_low, conf_high, n_engagements`` (with the characteristic known),
        ``method, note``

    Raises ValueError for a column that the frame lacks.
    """
    absent = [name for name in (*columns, *by) if name not in frame]
    if absent:
        raise ValueError(f"columns not in the frame: {absent}")
    rows = []
    for column in columns:
        missing = frame[column].isna()
        share = float(missing.mean()) if len(frame) else np.nan
        note = f"{int(missing.sum())} of {len(frame)} missing"
        rows.append(_row(column, "missing", share, np.nan, len(frame), "share", note, confidence))
        for name in by:
            if name != column:
                rows.extend(_differences(frame[name], missing, column, confidence))
    return as_estimates(rows)


def _differences(known: pd.Series, missing: pd.Series, column: str, level: float) -> list[dict]:
    """One row for a numeric characteristic, one per category for another."""
    kept = known.notna()
    values, gap = known[kept], missing[kept].to_numpy()
    numeric = pd.api.types.is_numeric_dtype(known) and not pd.api.types.is_bool_dtype(known)
    n1, n0 = int(gap.sum()), int((~gap).sum())
    counts = f"{n1} missing, {n0} observed"
    method = "standardised_mean_difference" if numeric else "difference_in_share"
    few = min(n1, n0) < 2
    if few:
        note = f"fewer than two on one side ({counts})"
        return [_row(column, known.name, np.nan, np.nan, n1 + n0, method, note, level)]
    if numeric:
        x = values.to_numpy(dtype=float)
        pooled = ((n1 - 1) * x[gap].var(ddof=1) + (n0 - 1) * x[~gap].var(ddof=1)) / (n1 + n0 - 2)
        if pooled <= 1e-20 * (1 + np.abs(x).max()) ** 2:
            note = f"no variance within the groups ({counts})"
            return [_row(column, known.name, np.nan, np.nan, n1 + n0, method, note, level)]
        d = (x[gap].mean() - x[~gap].mean()) / np.sqrt(pooled)
        error = np.sqrt(1 / n1 + 1 / n0 + d**2 / (2 * (n1 + n0)))
        return [_row(column, known.name, d, error, n1 + n0, method, counts, level)]
    rows = []
    text = values.astype(str).to_numpy()
    for category in sorted(set(text)):
        p1, p0 = (text[gap] == category).mean(), (text[~gap] == category).mean()
        error = np.sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)
        term = f"{known.name}={category}"
        # both shares 0 or 1: Wald's standard error would be 0, which is no precision
        error = error if error > 0 else np.nan
        rows.append(_row(column, term, p1 - p0, error, n1 + n0, method, counts, level))
    return rows


def _row(
    column: str,
    term: object,
    estimate: float,
    std_error: float,
    n: int,
    method: str,
    note: str,
    level: float,
) -> dict:
    """One row of ``describe_missingness``."""
    from scipy.special import ndtri

    half = float(ndtri((1 + level) / 2)) * std_error
    return {
        "analysis": "missingness",
        "outcome": column,
        "term": str(term),
        "estimate": estimate,
        "std_error": std_error,
        "conf_low": estimate - half,
        "conf_high": estimate + half,
        "n_engagements": n,
        "method": method,
        "note": note,
    }
