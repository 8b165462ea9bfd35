"""Regressions on rows that come in clusters: mixed models, and least squares with robust errors.

``fit_two_level`` gives every cluster effects of its own; ``ols_cr2`` and ``wald_cr2`` leave the
model as it is and let the errors be whatever they are within clusters;
``fit_two_level_logit`` is for binary and ordinal outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from analysis.contract.estimates import as_estimates
from analysis.models.cluster_robust import ols_cr2, wald_cr2
from analysis.models.design import (
    FEW_CLUSTERS,
    Contrasts,
    Design,
    Row,
    caution,
    contrast_matrix,
    make_design,
    why_not_regress,
)
from analysis.models.intervals import t_interval
from analysis.models.two_level import TwoLevelFit, fit_two_level_arrays
from analysis.models.two_level_logit import fit_two_level_logit

__all__ = ["FEW_CLUSTERS", "fit_two_level", "fit_two_level_logit", "ols_cr2", "wald_cr2"]


def fit_two_level(
    frame: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    cluster: str,
    random_slopes: Sequence[str] = (),
    reml: bool = True,
    confidence: float = 0.95,
    contrasts: Contrasts | None = None,
) -> pd.DataFrame:
    """Rows per term of the linear mixed model with a random intercept, and slopes, per cluster.

    Parameters
    ----------
    frame : one row per observation; rows that lack any of the columns are left out.
    outcome, predictors : names of numeric columns, in any units; an intercept is added.
    cluster : name of the column of cluster labels; missing labels are a ValueError.
    random_slopes : columns whose slopes vary between clusters, correlated with the intercept and
        one another; name them among the predictors too unless their mean slope is known to be 0.
    reml : restricted likelihood, else maximum likelihood.
    confidence : level of the intervals.
    contrasts : name -> {term: weight}: sums of coefficients that get rows of their own.

    Returns
    -------
    DataFrame
        ``outcome, term, estimate, std_error, statistic, df, p_value, conf_low, conf_high,
        n_engagements`` (rows used), ``n_advisors`` (clusters), ``method`` (reml, ml), ``note``:

        - ``intercept``, the predictors, the contrasts: t with Satterthwaite's df
        - ``var_intercept``, ``var_<slope>``, ``cov_<one>_<other>``, ``var_residual``: variances
          and covariances; a variance's interval is Satterthwaite's, df s^2 / chi^2 with
          df = 2 (estimate / std_error)^2
        - ``loglik``: the (restricted) log likelihood at its maximum

        In ``note``: fewer than 20 clusters; a singular fit, whose variance lies at its limit; and,
        with NaN in place of numbers, predictors that cannot be told apart, too few clusters or
        rows, and a search that did not converge.

    Notes
    -----
    Likelihood: Bates, Maechler, Bolker and Walker (2015), Journal of Statistical Software 67(1);
    df: Kuznetsova, Brockhoff and Christensen (2017), same journal, 82(13). Agrees with R's lme4
    and lmerTest. The errors take the model at its word: if slopes differ between clusters and have
    no random part here, they are too small, and ``ols_cr2`` is the check.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "result": [1.0, 2, 4, 3, 6, 5, 7, 9], "weeks": [0.0, 1, 2, 0, 1, 2, 1, 2],
    ...     "team": list("aaabbbcc"),
    ... })
    >>> rows = fit_two_level(frame, "result", ["weeks"], "team").set_index("term")
    >>> round(float(rows.loc["weeks", "estimate"]), 2)
    1.37
    """
    design = make_design(frame, outcome, predictors, cluster, random_slopes)
    names, weights = contrast_matrix(design.terms, contrasts)
    effects = ("intercept", *random_slopes)
    reason = why_not_regress(design) or _why_no_random_effects(design, effects)
    Z = np.column_stack([np.ones(design.n), design.extra])
    if reason:
        fit = None
    else:
        fit = fit_two_level_arrays(design.y, design.X, Z, design.codes, design.n_clusters, reml)
        reason = fit.reason
    if reason:
        terms = [*names, *_variance_names(effects), "var_residual", "loglik"]
        rows: list[Row] = [{"term": term, "estimate": np.nan, "note": reason} for term in terms]
    else:
        rows = [
            *coefficient_rows(names, *fit.contrast(weights), confidence),
            *_variance_rows(fit, effects, confidence),
            {"term": "loglik", "estimate": fit.loglik},
        ]
        note = caution(fit.singular, design.n_clusters)
        rows = [row | {"note": note} for row in rows]
    common = {
        "outcome": outcome,
        "n_engagements": design.n,
        "n_advisors": design.n_clusters,
        "method": "reml" if reml else "ml",
    }
    blank = dict.fromkeys(("std_error", "statistic", "df", "p_value", "conf_low", "conf_high"))
    return as_estimates([blank | row | common for row in rows])


def coefficient_rows(
    names: Sequence[str],
    estimates: np.ndarray,
    errors: np.ndarray,
    df: np.ndarray,
    confidence: float,
) -> list[Row]:
    """A row per coefficient: its t statistic, p value and interval."""
    return [
        {"term": name, "estimate": float(estimate), **t_interval(estimate, error, own, confidence)}
        for name, estimate, error, own in zip(names, estimates, errors, df, strict=True)
    ]


def _why_no_random_effects(design: Design, effects: Sequence[str]) -> str:
    if design.n <= design.n_clusters * len(effects):
        if len(effects) == 1:
            return "every cluster has one row: nothing varies within clusters"
        return (
            f"{design.n} rows for {len(effects)} random effects of {design.n_clusters} clusters: "
            "too few"
        )
    return ""


def _variance_names(effects: Sequence[str]) -> list[str]:
    """Names of the covariance matrix's lower triangle, row by row."""
    return [
        f"var_{one}" if one == other else f"cov_{other}_{one}"
        for place, one in enumerate(effects)
        for other in effects[: place + 1]
    ]


def _variance_rows(fit: TwoLevelFit, effects: Sequence[str], confidence: float) -> list[Row]:
    lower = np.tril_indices(len(effects))
    values = [*fit.random[lower], fit.residual]
    errors = [*fit.random_error[lower], fit.residual_error]
    names = [*_variance_names(effects), "var_residual"]
    tails = np.array([(1 + confidence) / 2, (1 - confidence) / 2])
    rows: list[Row] = []
    for name, value, error in zip(names, values, errors, strict=True):
        row: Row = {"term": name, "estimate": float(value), "std_error": float(error)}
        if name.startswith("var_") and np.isfinite(error) and value > 0:
            row["df"] = 2 * (value / error) ** 2
            quantiles = 2 * gammaincinv(row["df"] / 2, tails)  # of chi^2
            # On next to no df the lower quantile is 0 to the last digit: no upper limit.
            if (quantiles > 0).all():
                row["conf_low"], row["conf_high"] = row["df"] * value / quantiles
        rows.append(row)
    return rows
