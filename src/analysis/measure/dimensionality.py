"""How many dimensions the items of goal, task and bond have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.measure.structure import FactorFit, fit_cfa

MERGED_ABOVE = 0.95
SHOWN = ("cfi", "tli", "rmsea", "srmr", "aic", "bic")


def compare_structures(
    items: pd.DataFrame, factors: Mapping[str, Sequence[str]], level: float = 0.05
) -> pd.DataFrame:
    """Fit of one factor, bond against goal with task, the separate factors, and a bifactor model.

    All by maximum likelihood on the same rows. Goal and task merge when their factors correlate
    above .95, or when two factors fit no worse than three (likelihood-ratio test).

    Parameters
    ----------
    items : one row per answer sheet; rows with a missing answer are left out
    factors : "goal", "task" and "bond" -> their items; with other names there is no model of two
        factors
    level : of the likelihood-ratio test

    Returns
    -------
    DataFrame
        the vocabulary, ``analysis`` "structure", ``method`` the model. ``term``: chisq (with ``df``
        and ``p_value``), cfi, tli, rmsea, srmr, aic, bic; for the separate factors also their
        correlations (``goal ~~ task``). ``note``: Heywood cases, why a model has no fit, and that
        goal and task merge
    """
    named = {name: list(own) for name, own in factors.items()}
    every = list(dict.fromkeys(item for own in named.values() for item in own))
    items = items[every].dropna()
    alliance = {"goal", "task", "bond"} == set(named)
    fits = {"one factor": fit_cfa(items, {"alliance": every})}
    if alliance:
        joined = {"bond": named["bond"], "goal_task": named["goal"] + named["task"]}
        fits["two factors"] = fit_cfa(items, joined)
    if len(named) > 1:
        separate = f"{ {3: 'three'}.get(len(named), len(named)) } correlated factors"
        fits[separate] = fit_cfa(items, named)
        general = {"general": every, **named}
        fits["bifactor"] = fit_cfa(items, general, correlated=False)
    merged = _merging(fits["two factors"], fits[separate], level) if alliance else ""
    rows = []
    for name, fitted in fits.items():
        about = merged if name in ("two factors", "three correlated factors") else ""
        rows += _rows(name, fitted, about)
    if len(named) > 1:
        rows += _correlations(separate, fits[separate], named)
    return as_estimates(
        {"analysis": "structure", **row, "n_engagements": len(items)} for row in rows
    )


def _rows(name: str, fitted: FactorFit, about: str) -> list[dict]:
    """The indices of one model."""
    fit = fitted.fit
    common = {"method": name, "note": "; ".join(part for part in (fitted.note, about) if part)}
    first = {"term": "chisq", "estimate": fit["chisq"], "statistic": fit["chisq"]}
    rows = [{**first, "df": fit["df"], "p_value": fit["p_value"], **common}]
    return rows + [{"term": term, "estimate": fit[term], **common} for term in SHOWN]


def _correlations(name: str, fitted: FactorFit, factors) -> list[dict]:
    """The correlations between the factors, whose variances are 1."""
    wanted = {f"{one} ~~ {other}" for one in factors for other in factors if one != other}
    found = fitted.parameters[fitted.parameters["term"].isin(wanted)]
    return [{**row, "method": name} for row in found.to_dict("records")]


def _merging(two: FactorFit, three: FactorFit, level: float) -> str:
    """A sentence when goal and task cannot be told apart, else ''."""
    from scipy.special import gammaincc

    if np.isnan(two.fit["chisq"]) or np.isnan(three.fit["chisq"]):
        return ""
    both = three.parameters["term"].isin(["goal ~~ task", "task ~~ goal"])
    correlation = float(three.parameters.loc[both, "estimate"].iloc[0])
    if correlation > MERGED_ABOVE:
        return f"goal and task merge: their factors correlate {correlation:.2f}"
    change = max(two.fit["chisq"] - three.fit["chisq"], 0.0)
    p_value = float(gammaincc((two.fit["df"] - three.fit["df"]) / 2, change / 2))
    if p_value >= level:
        return f"goal and task merge: two factors fit no worse (p = {p_value:.2f})"
    return ""
