"""How many dimensions the items of goal, task and bond have, and how each item loads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.measure.contrasts import scale_difference, standardised_loadings
from analysis.measure.fit_indices import upper_tail
from analysis.measure.structure import FactorFit, fit_cfa

MERGED_ABOVE = 0.95
SHOWN = ("cfi", "tli", "rmsea", "srmr", "aic", "bic")
SCALED = ("cfi", "tli", "rmsea")
#: The models whose loadings are told: every item loads on one factor there.
SIMPLE = ("one factor", "correlated factors")


def compare_structures(
    items: pd.DataFrame,
    factors: Mapping[str, Sequence[str]],
    level: float = 0.05,
    clusters: str | None = None,
) -> pd.DataFrame:
    """Fit of one factor, bond against goal with task, the separate factors, and a bifactor model.

    All by maximum likelihood on the same rows; with clusters, chi-squares and indices are those
    scaled for them. Goal and task merge when their factors correlate above .95, or when two factors
    fit no worse than three (likelihood-ratio test, scaled for clusters; a correlation of 1 lies
    on the edge of what is possible, so that the test finds them distinct too seldom, if anything).

    Parameters
    ----------
    items : one row per answer sheet; rows with a missing answer are left out
    factors : "goal", "task" and "bond" -> their items; with other names there is no model of two
        factors
    level : of the likelihood-ratio test
    clusters : column of ``items`` that names each row's cluster

    Returns
    -------
    DataFrame
        the vocabulary, ``analysis`` "structure", ``method`` the model. ``term``: chisq (with ``df``
        and ``p_value``; ``estimate`` the plain one, ``statistic`` the scaled one), cfi, tli, rmsea,
        srmr, aic, bic; the factors' correlations (``goal ~~ task``); standardised loadings (``goal
        =~ item_04``); ``goal and task``: their correlation, with the likelihood-ratio test between
        two and three factors and whether they merge. ``note``: Heywood cases, why a model has no
        fit, and that goal and task merge
    """
    named = {name: list(own) for name, own in factors.items()}
    every = list(dict.fromkeys(item for own in named.values() for item in own))
    items = items[every + ([clusters] if clusters else [])].dropna(subset=every)
    fits = {"one factor": fit_cfa(items, {"alliance": every}, clusters=clusters)}
    merging = None
    if len(named) > 1:
        number = {2: "two", 3: "three"}.get(len(named), str(len(named)))
        separate = f"{number} correlated factors"
        three = fit_cfa(items, named, clusters=clusters)
        if {"goal", "task", "bond"} == set(named):
            joined = {"bond": named["bond"], "goal_task": named["goal"] + named["task"]}
            fits["two factors"] = fit_cfa(items, joined, clusters=clusters)
            merging = _merging(fits["two factors"], three, named, level)
        fits[separate] = three
        general = {"general": every, **named}
        fits["bifactor"] = fit_cfa(items, general, correlated=False, clusters=clusters)
    merged = merging["note"] if merging and merging["note"].startswith("goal and task") else ""
    rows = []
    for name, fitted in fits.items():
        about = merged if name in ("two factors", "three correlated factors") else ""
        rows += _rows(name, fitted, about)
        if name.endswith(SIMPLE):
            rows += _loadings(name, fitted)
    if len(named) > 1:
        rows += _correlations(separate, three, named)
    if merging:
        rows.append({"method": separate, **merging})
    size = {"n_engagements": len(items)}
    if clusters:
        size["n_advisors"] = items[clusters].nunique()
    return as_estimates({"analysis": "structure", **row, **size} for row in rows)


def _rows(name: str, fitted: FactorFit, about: str) -> list[dict]:
    """The indices of one model, scaled for clusters where there are."""
    fit = dict(fitted.fit)
    scaled = not np.isnan(fit["scaling"])
    told = f"chi-square scaled by {fit['scaling']:.2f} for clusters" if scaled else ""
    common = {"method": name, "note": "; ".join(filter(None, (fitted.note, about, told)))}
    p_value, statistic = fit["p_value"], fit["chisq"]
    if scaled:
        p_value, statistic = fit["p_value_scaled"], fit["chisq_scaled"]
        fit |= {index: fit[f"{index}_scaled"] for index in SCALED}
    first = {"term": "chisq", "estimate": fit["chisq"], "statistic": statistic}
    rows = [{**first, "df": fit["df"], "p_value": p_value, **common}]
    return rows + [{"term": term, "estimate": fit[term], **common} for term in SHOWN]


def _loadings(name: str, fitted: FactorFit) -> list[dict]:
    """Standardised loadings of a model in which an item has one."""
    found = standardised_loadings(fitted)
    return [{**row, "method": name} for row in found.to_dict("records")]


def _correlations(name: str, fitted: FactorFit, factors) -> list[dict]:
    """The correlations between the factors, whose variances are 1."""
    wanted = {f"{one} ~~ {other}" for one in factors for other in factors if one != other}
    found = fitted.parameters[fitted.parameters["term"].isin(wanted)]
    return [{**row, "method": name} for row in found.to_dict("records")]


def _merging(two: FactorFit, three: FactorFit, named: Mapping, level: float) -> dict:
    """The row that says whether goal and task can be told apart."""
    row = {"term": "goal and task", "estimate": np.nan}
    if two.solved is None or three.solved is None:
        return {**row, "note": f"not known: {two.note or three.note}"}
    found = three.parameters.set_index("term")["estimate"]
    pair = next(term for term in ("goal ~~ task", "task ~~ goal") if term in found)
    row["estimate"] = correlation = float(found[pair])
    # three factors seen from the solution with two: goal and task correlate 1, and alike with bond
    at_two = two.solved.values_by_name()
    shared = at_two["bond ~~ goal_task"]
    values = dict.fromkeys((f"{a} ~~ {b}" for a in named for b in named if a != b), shared)
    values |= {"goal ~~ task": 1.0, "task ~~ goal": 1.0}
    values |= {
        f"{a} =~ {x}": at_two[f"goal_task =~ {x}"] for a in ("goal", "task") for x in named[a]
    }
    change, _ = scale_difference(two, three, values)
    df = two.fit["df"] - three.fit["df"]
    row |= {"statistic": change, "df": df, "p_value": upper_tail(change, df)}
    if correlation > MERGED_ABOVE:
        return {**row, "note": f"goal and task merge: their factors correlate {correlation:.2f}"}
    if row["p_value"] >= level:
        told = f"goal and task merge: two factors fit no worse (p = {row['p_value']:.2f})"
        return {**row, "note": told}
    return {**row, "note": "distinct: three factors fit better than two"}
