"""What follows from a fitted factor model: differences of fit, equalities let go, loadings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.measure.clustering import (
    cluster_contributions,
    difference_scaling,
    parameter_directions,
    residual_moments,
)
from analysis.measure.fit_indices import upper_tail
from analysis.measure.likelihood import LOADING, build_matrices, moment_derivatives
from analysis.measure.structure import FactorFit


def scale_difference(
    restricted: FactorFit, general: FactorFit, values: Mapping[str, float] | None = None
) -> tuple[float, float]:
    """The chi-square by which a nested model fits worse, scaled for clusters, and the factor.

    Parameters
    ----------
    restricted, general : fits to the same rows, the first nested in the second
    values : the general model's entries at the restricted solution, where their names differ

    Returns
    -------
    (chi-square, factor): the factor is 1 without clusters; both NaN where either has no fit
    """
    if restricted.solved is None or general.solved is None:
        return np.nan, np.nan
    change = max(restricted.fit["chisq"] - general.fit["chisq"], 0.0)
    first, second = restricted.solved, general.solved
    if first.clusters is None:
        return change, 1.0
    named = first.values_by_name() | dict(values or {})
    theta = np.empty(len(second.solution.estimates))
    for own, names in zip(second.tables, second.plan.names, strict=True):
        free = own.parameter >= 0
        theta[own.parameter[free]] = [
            named[name] for name, one in zip(names, free, strict=True) if one
        ]
    implied = first.solution.implied
    contributions = cluster_contributions(first.clusters, implied, first.means)
    factor = difference_scaling(
        first.directions(first.solution.estimates, implied, first.means),
        second.directions(theta, implied, first.means),
        contributions,
        int(restricted.fit["df"] - general.fit["df"]),
    )
    return change / factor, factor


def let_go(fitted: FactorFit, terms: Sequence[str]) -> pd.DataFrame:
    """What would come of letting each entry go from the others it is held equal to, one at a time.

    The score test, (d r)^2 with d the entry's direction beyond those of the model's parameters, at
    length 1, and r the residual moments (Satorra 1989, Psychometrika 54, 131-151); with clusters it
    is divided by the sum over clusters of (d D_g)^2, which makes it robust (Boos 1992, The American
    Statistician 46, 327-333) and F(1, G - 1). The expected change is that of Saris, Satorra and
    Sorbom (1987, Sociological Methodology 17, 105-129). No model is fitted again.

    Parameters
    ----------
    fitted : a model of one group, with a solution
    terms : names of entries

    Returns
    -------
    DataFrame
        ``term, estimate`` (the entry less those it was equal to, once let go), ``statistic,
        p_value``, in the order of ``terms``; NaN for an entry that is not identified once let go
    """
    solved = fitted.solved
    if solved is None or len(solved.tables) > 1:
        raise ValueError("entries can be let go from a model of one group with a solution")
    own, names = solved.tables[0], solved.plan.names[0]
    estimates, implied, means = solved.solution.estimates, solved.solution.implied, solved.means
    place = {name: number for number, name in enumerate(names)}
    values = np.where(own.parameter >= 0, estimates[own.parameter], own.value)
    apart = replace(own, parameter=np.arange(len(values)))
    each = parameter_directions(values, [apart], implied, [solved.moments[0].n], means)
    each = each[:, [place[term] for term in terms]]
    basis, _ = np.linalg.qr(solved.directions(estimates, implied, means))
    beyond = each - basis @ (basis.T @ each)
    length = (beyond**2).sum(axis=0)
    length = np.where(length > 1e-8 * (each**2).sum(axis=0), length, np.nan)
    score = residual_moments(solved.moments, implied, means) @ beyond
    spread, count = length, np.inf
    if solved.clusters:
        contributions = cluster_contributions(solved.clusters, implied, means)
        spread, count = ((contributions @ beyond) ** 2).sum(axis=0), solved.clusters.count
    statistic = score**2 / spread
    p_values = [upper_tail(one, 1, count) for one in statistic]
    return pd.DataFrame(
        {
            "term": list(terms),
            "estimate": score / length,
            "statistic": statistic,
            "p_value": p_values,
        }
    )


def standardised_loadings(fitted: FactorFit) -> pd.DataFrame:
    """Each loading in standard deviations of its item, with a delta-method standard error.

    loading / root(implied variance of the item), for factors of variance 1.

    Returns
    -------
    DataFrame
        ``term, estimate, std_error, conf_low, conf_high``; no rows without a fit
    """
    columns = ["term", "estimate", "std_error", "conf_low", "conf_high"]
    solved = fitted.solved
    if solved is None:
        return pd.DataFrame(columns=columns)
    from scipy.special import stdtrit

    solution, reach = solved.solution, stdtrit(solved.df, 0.975)
    own, names, (sigma, _) = solved.tables[0], solved.plan.names[0], solution.implied[0]
    shape = build_matrices(solution.estimates, own, len(sigma))
    d_sigma, _ = moment_derivatives(shape, own, len(solution.estimates))
    rows = []
    for place in np.flatnonzero(own.matrix == LOADING):
        item, number = own.row[place], own.parameter[place]
        loading, variance = solution.estimates[number], sigma[item, item]
        slope = -loading / (2 * variance) * d_sigma[:, item, item]
        slope[number] += 1
        estimate = loading / np.sqrt(variance)
        error = np.sqrt(slope @ solved.covariance @ slope / variance)
        limits = estimate - reach * error, estimate + reach * error
        rows.append((names[place], estimate, error, *limits))
    return pd.DataFrame(rows, columns=columns)
