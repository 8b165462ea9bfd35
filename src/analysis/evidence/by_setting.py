"""Whether effects differ between settings: a meta-regression on the setting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.effects import Effect, Quantity, as_numbers, count_of
from analysis.models.intervals import Row
from analysis.models.random_effects import fit_random_effects


def setting_rows(used: Sequence[Effect], line: Quantity, plan: ComparisonPlan) -> list[Row]:
    """Means by setting and the test of their difference, with one tau2 for all settings.

    Knapp and Hartung's F: the Wald statistic of the p - 1 contrasts over (p - 1) x spread, on
    p - 1 and k - p degrees of freedom (Viechtbauer, 2010, Journal of Statistical Software 36(3)).
    """
    from scipy.special import fdtrc, stdtrit

    counts = pd.Series([one.setting for one in used]).value_counts()
    if (counts >= 2).sum() < 2:
        return [
            {"term": "settings_differ", "estimate": np.nan}
            | {"note": "not given: two settings with two datasets each are needed"}
        ]
    names = sorted(counts.index)
    y, v = as_numbers(used)
    design = np.array([[float(one.setting == name) for name in names] for one in used])
    fit = fit_random_effects(y, v, design)
    if fit.flat:
        return [
            {"term": "settings_differ", "estimate": np.nan}
            | {"note": "not given: effects do not differ within settings"}
        ]
    covariance = fit.covariance * fit.spread
    rows = []
    for place, name in enumerate(names):
        own = [one for one in used if one.setting == name]
        mean, std_error = fit.coefficients[place], float(np.sqrt(covariance[place, place]))
        half = float(stdtrit(fit.df, (1 + plan.confidence) / 2)) * std_error
        rows.append(
            {
                "term": f"setting: {name}",
                "df": fit.df,
                "n_engagements": sum(one.n_engagements for one in own),
                "n_advisors": sum(one.n_advisors for one in own),
                "note": count_of(len(own), "dataset"),
            }
            | line.turned_back(float(mean), std_error, mean - half, mean + half)
        )
    contrast = np.hstack([-np.ones((len(names) - 1, 1)), np.eye(len(names) - 1)])
    apart = contrast @ fit.coefficients
    wald = float(apart @ np.linalg.solve(contrast @ covariance @ contrast.T, apart))
    statistic = wald / len(apart)
    rows.append(
        {
            "term": "settings_differ",
            "estimate": np.nan,
            "statistic": statistic,
            "df": len(apart),
            "p_value": float(fdtrc(len(apart), fit.df, statistic)),
            "note": f"F on {len(apart)} and {fit.df} degrees of freedom",
        }
    )
    return rows
