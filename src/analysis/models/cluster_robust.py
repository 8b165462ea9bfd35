"""Least squares with standard errors that let errors be anything within clusters (CR2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import fdtrc

from analysis.contract.estimates import as_estimates
from analysis.models.cluster_sums import ROUNDING, add_by_cluster
from analysis.models.design import (
    Contrasts,
    Design,
    Row,
    contrast_matrix,
    make_design,
    why_not_regress,
)
from analysis.models.intervals import no_interval, t_interval

#: Below this many df, p values from t and F are too small (Tipton, 2015, Psychological Methods 20).
FEWEST_DF = 4

#: An eigenvalue of a cluster's leverage this near 1: the cluster alone decides a coefficient.
ALONE = 1e-8


@dataclass(frozen=True)
class RobustFit:
    """Least squares with what its cluster-robust variance needs, in units of an orthonormal X.

    ``b`` (p,) in the data's units; ``back`` (p, p) turns orthonormal coefficients to these;
    ``leverages`` U_g = X_g'X_g (G, p, p); ``adjusted`` (I - U_g)^(-1/2) (G, p, p); ``scores`` the
    adjusted X_g'e_g (G, p); ``residual`` the residual mean square; ``reason`` why there is none.
    """

    b: np.ndarray
    back: np.ndarray
    leverages: np.ndarray
    adjusted: np.ndarray
    scores: np.ndarray
    residual: float
    reason: str = ""

    @property
    def covariance(self) -> np.ndarray:
        """The CR2 covariance of the coefficients (p, p)."""
        return self.back @ (self.scores.T @ self.scores) @ self.back.T

    def contrast(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Estimates, standard errors and Satterthwaite df of sums of coefficients, weights (k, p).

        An error and df are NaN where one cluster alone decides the coefficient.
        """
        inner = weights @ self.back
        variance = ((inner @ self.scores.T) ** 2).sum(axis=1)
        diagonal, leaned = self._parts(inner)
        lengths = (leaned**2).sum(axis=2)
        total = (diagonal - lengths).sum(axis=1)
        square = (diagonal**2 - 2 * diagonal * lengths).sum(axis=1)
        square += ((leaned.transpose(0, 2, 1) @ leaned) ** 2).sum(axis=(1, 2))
        # E(variance) is s^2 |inner|^2 if errors are independent; else a cluster was lost.
        given = total > (1 - 1e-6) * (inner**2).sum(axis=1)
        safe = np.where(given, square, 1.0)
        df = np.where(given, total**2 / safe, np.nan)
        return weights @ self.b, np.where(given, np.sqrt(variance), np.nan), df

    def _parts(self, inner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of each contrast (k) and cluster (G): a'U a (k, G) and U a (k, G, p), a = adjusted l."""
        turned = np.einsum("gij,kj->kgi", self.adjusted, inner)
        leaned = np.einsum("gij,kgj->kgi", self.leverages, turned)
        return (turned * leaned).sum(axis=2), leaned

    def wishart_df(self, weights: np.ndarray) -> float:
        """df of the Wishart matrix with the total variance of the contrasts' CR2 covariance.

        q (q + 1) / (sum over s, t of Var(D_st)), D = H^(-1/2) V H^(-1/2), H = E(V) under
        independent errors, for contrasts (q, p) that are linearly independent.
        """
        inner = weights @ self.back
        values, vectors = np.linalg.eigh(inner @ inner.T)
        inner = (vectors / np.sqrt(values)).T @ inner
        diagonal, leaned = self._parts(inner)
        turned = np.einsum("gij,kj->kgi", self.adjusted, inner)
        blocks = np.einsum("sgi,tgi->stg", turned, leaned)
        lengths = np.einsum("sgi,tgi->stg", leaned, leaned)
        outer = np.einsum("sgi,tgj->stij", leaned, leaned)
        own = np.einsum("sg,tg->st", diagonal, diagonal) + (blocks**2).sum(axis=2)
        squares = np.einsum("ssg->sg", lengths)
        mixed = np.einsum("sg,tg->st", diagonal, squares)
        own -= mixed + mixed.T + 2 * (blocks * lengths).sum(axis=2)
        own += (outer**2).sum(axis=(2, 3)) + np.einsum("stij,stji->st", outer, outer)
        q = len(weights)
        return float(q * (q + 1) / own.sum())


def fit_cr2_arrays(y: np.ndarray, X: np.ndarray, codes: np.ndarray, n_clusters: int) -> RobustFit:
    """Least squares of y on X (n, p) with CR2 scores; X has full rank and n > p.

    With orthonormal X the hat matrix of cluster g is X_g X_g', and (I - X_g X_g')^(-1/2) X_g =
    X_g (I - X_g'X_g)^(-1/2): only p x p matrices are needed.
    """
    p = X.shape[1]
    Q, R = np.linalg.qr(X)
    inner = Q.T @ y
    e = y - Q @ inner
    e -= Q @ (Q.T @ e)
    back = np.linalg.inv(R)
    columns = np.hstack([(Q[:, :, None] * Q[:, None, :]).reshape(len(y), -1), Q * e[:, None]])
    sums = add_by_cluster(columns, codes, n_clusters)
    leverages = sums[:, : p * p].reshape(-1, p, p)
    values, vectors = np.linalg.eigh(leverages)
    rest = 1 - values
    root = np.where(rest > ALONE, 1 / np.sqrt(np.where(rest > ALONE, rest, 1.0)), 0.0)
    adjusted = (vectors * root[:, None, :]) @ vectors.transpose(0, 2, 1)
    scores = (adjusted @ sums[:, p * p :, None])[:, :, 0]
    reason = ""
    if (e**2).mean() <= ROUNDING**2 * (y**2).mean():
        reason = "the predictors leave no variance in the outcome"
    return RobustFit(
        back @ inner, back, leverages, adjusted, scores, float(e @ e) / (len(y) - p), reason
    )


def ols_cr2(
    frame: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    cluster: str,
    confidence: float = 0.95,
    contrasts: Contrasts | None = None,
    weights: str | None = None,
) -> pd.DataFrame:
    """Rows per term of least squares with CR2 standard errors and Satterthwaite df.

    Parameters
    ----------
    frame : one row per observation; rows that lack any of the columns are left out.
    outcome, predictors : names of numeric columns, in any units; an intercept is added.
    cluster : name of the column of cluster labels; missing labels are a ValueError.
    confidence : level of the intervals.
    contrasts : name -> {term: weight}: sums of coefficients that get rows of their own.
    weights : name of a column of positive weights, taken as inverse variances; none weighs all
        rows alike.

    Returns
    -------
    ``outcome, term, estimate, std_error, statistic, df, p_value, conf_low, conf_high,
    n_engagements`` (rows used), ``n_advisors`` (clusters), ``method`` (cr2), ``note``: for
    ``intercept``, the predictors and the contrasts. What one cluster alone decides has no error.

    Notes
    -----
    V = (X'X)^-1 (sum of X_g'A_g e_g e_g'A_g X_g) (X'X)^-1 with A_g = (I - H_gg)^(-1/2), unbiased
    if errors are independent and equal (Bell and McCaffrey, 2002, Survey Methodology 28, 169);
    df: the square of that variance's mean over half its variance, under the same (Pustejovsky and
    Tipton, 2018, Journal of Business and Economic Statistics 36, 672). Agrees with R's
    clubSandwich.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "result": [1.0, 2, 4, 3, 6, 5, 7, 9], "weeks": [0.0, 1, 2, 0, 1, 2, 1, 2],
    ...     "team": list("aaabbbcc"),
    ... })
    >>> rows = ols_cr2(frame, "result", ["weeks"], "team").set_index("term")
    >>> round(float(rows.loc["weeks", "estimate"]), 2)
    1.92
    """
    design = _weighted_design(frame, outcome, predictors, cluster, weights)
    names, wanted = contrast_matrix(design.terms, contrasts)
    reason = why_not_regress(design)
    if not reason:
        fit = _fit(design)
        reason = fit.reason
    if reason:
        rows: list[Row] = [
            {"term": name, "estimate": np.nan, **no_interval(reason)} for name in names
        ]
    else:
        rows = robust_rows(names, *fit.contrast(wanted), confidence)
    common = {
        "outcome": outcome,
        "n_engagements": design.n,
        "n_advisors": design.n_clusters,
        "method": "cr2",
    }
    return as_estimates([row | common for row in rows])


def robust_rows(
    names: Sequence[str],
    estimates: np.ndarray,
    errors: np.ndarray,
    df: np.ndarray,
    confidence: float,
) -> list[Row]:
    """A row per coefficient, with a note where its error is missing or rests on few df."""
    rows: list[Row] = []
    for name, estimate, error, own in zip(names, estimates, errors, df, strict=True):
        row = {"term": name, "estimate": float(estimate)}
        if np.isnan(error):
            row |= no_interval("no error: one cluster alone decides this coefficient")
        else:
            note = "" if own >= FEWEST_DF else _few_df(own)
            row |= {**t_interval(estimate, error, own, confidence), "note": note}
        rows.append(row)
    return rows


def wald_cr2(
    frame: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    cluster: str,
    tested: Sequence[str],
    term: str = "joint",
    weights: str | None = None,
) -> pd.DataFrame:
    """One row: the cluster-robust test that the coefficients ``tested`` are all 0.

    Parameters
    ----------
    frame, outcome, predictors, cluster, weights : as ``ols_cr2``.
    tested : q of the predictors.
    term : what the row calls the test.

    Returns
    -------
    ``outcome, term, estimate`` (Q, the Wald statistic), ``statistic`` (F), ``df`` (those of the
    denominator; the numerator has q, named in the note), ``p_value, n_engagements, n_advisors,
    method`` (cr2_htz), ``note``.

    Notes
    -----
    Q = b'V^-1 b with V the CR2 covariance is taken for Hotelling's T^2 with eta df: F = Q (eta - q
    + 1) / (eta q) on q and eta - q + 1 df, where eta makes the total variance of V, standardised,
    that of a Wishart matrix (the test HTZ of Tipton and Pustejovsky, 2015, Journal of Educational
    and Behavioral Statistics 40, 604; Pustejovsky and Tipton, 2018). With q = 1 it is the t test of
    ``ols_cr2``.
    """
    unknown = [name for name in tested if name not in predictors]
    if unknown or not len(tested):
        raise ValueError(f"name at least one predictor to test, among {list(predictors)}")
    design = _weighted_design(frame, outcome, predictors, cluster, weights)
    row: Row = {"outcome": outcome, "term": term, "estimate": np.nan, **no_interval("")}
    row |= {"n_engagements": design.n, "n_advisors": design.n_clusters, "method": "cr2_htz"}
    reason = why_not_regress(design)
    if not reason:
        fit = _fit(design)
        reason = fit.reason
    if not reason:
        row |= wald_row(fit, np.eye(len(design.terms))[[design.terms.index(t) for t in tested]])
    return as_estimates([row | ({"note": reason} if reason else {})])


def wald_row(fit: RobustFit, weights: np.ndarray) -> Row:
    """Q, F, denominator df and p value of the test that all sums (q, p) of coefficients are 0."""
    q = len(weights)
    _, errors, _ = fit.contrast(weights)
    if np.isnan(errors).any():
        return {"note": "no test: one cluster alone decides a coefficient"}
    eta = fit.wishart_df(weights)
    df = eta - q + 1
    V = weights @ fit.covariance @ weights.T
    scale = np.sqrt(np.diag(V))
    correlations = V / np.outer(scale, scale)
    if df <= 0 or np.linalg.eigvalsh(correlations)[0] < ALONE:
        return {"note": f"no test: too few clusters for {q} coefficients at once"}
    z = weights @ fit.b / scale
    Q = float(z @ np.linalg.solve(correlations, z))
    F = Q * df / (eta * q)
    note = f"F on {q} and {df:.4g} df"
    if df < FEWEST_DF:
        note += f"; {_few_df(df)}"
    return {
        "estimate": Q,
        "statistic": F,
        "df": df,
        "p_value": float(fdtrc(q, df, F)),
        "note": note,
    }


def _few_df(df: float) -> str:
    return f"only {df:.2g} df: the p value and interval are not to be trusted"


def _weighted_design(
    frame: pd.DataFrame, outcome: str, predictors: Sequence[str], cluster: str, weights: str | None
) -> Design:
    design = make_design(frame, outcome, predictors, cluster, () if weights is None else (weights,))
    if weights is not None and (design.extra <= 0).any():
        raise ValueError(f"the weights '{weights}' must be above 0")
    return design


def _fit(design: Design) -> RobustFit:
    """Weights that are inverse variances turn the rows into ones of equal variance."""
    root = np.sqrt(design.extra[:, 0]) if design.extra.size else np.ones(design.n)
    return fit_cr2_arrays(
        design.y * root, design.X * root[:, None], design.codes, design.n_clusters
    )
