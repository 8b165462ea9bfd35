"""Across datasets: what all of them say together, how far they differ, and what a new one may say.

Only like is put together with like: outcomes that neither side of the dyad gave, with standard
errors from the jackknife over clusters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtri

from analysis.contract.estimates import as_estimates
from analysis.contract.plan import ComparisonPlan
from analysis.evidence.by_setting import setting_rows
from analysis.evidence.effects import (
    LINES,
    Effect,
    Quantity,
    as_numbers,
    collect_effects,
    count_of,
)
from analysis.evidence.verdict import Line, Rule, decide
from analysis.models.intervals import Row
from analysis.models.random_effects import random_effects, tau2_interval

__all__ = ["decide_generalisation", "random_effects", "synthesise"]

#: With fewer datasets than this the variance between them is hardly known.
FEW = 10

METHOD = "reml_knapp_hartung"


def synthesise(
    comparison: pd.DataFrame, settings: Mapping[str, str], plan: ComparisonPlan
) -> pd.DataFrame:
    """Random effects over datasets, for each rater's correlation and for D, with verdicts.

    Parameters
    ----------
    comparison : the tables of ``compare_all_cells`` of all datasets, with the column ``dataset``.
    settings : dataset -> its setting.
    plan : levels, SESOI, fewest clusters.

    Returns
    -------
    Rows in the vocabulary. ``analysis`` names the line: ``correlation`` (a row set per ``rater``;
    pooled on Fisher's z and turned back), ``clustered`` and ``disattenuated`` (D). ``term``:

    - ``effect``: a dataset's own estimate and interval (normal, on the scale it is pooled on); one
      that is left out has none and says why
    - ``mean``, ``mean_90`` (at the equivalence confidence), ``prediction``: REML random effects
      with Knapp and Hartung's interval, and where a further dataset's true value may lie
    - ``tau2`` (on Fisher's z for correlations; Q-profile interval), ``i2`` (per cent), ``q``
    - ``without``: the mean without the dataset named
    - ``setting: <name>`` and ``settings_differ`` (F test): the mean by setting and whether they
      differ, where two settings have two datasets each; else a note

    Then ``verdict`` rows: ``difference`` by the rule of the headline, applied to both means, and
    ``generalises``, see ``decide_generalisation``. Datasets that point in opposite directions,
    each with an interval that excludes 0, are named in the notes and keep D ``inconclusive``.
    """
    rows: list[Row] = []
    for line in LINES:
        effects = collect_effects(comparison, settings, line, plan)
        rows += _line_rows(line, effects, plan)
    table = as_estimates([{"dataset": None, "verdict": None, **row} for row in rows])
    verdicts = [_verdict_row("difference", None, *_decide_difference(table, plan))]
    verdicts.append(_verdict_row("generalises", "advisee", *decide_generalisation(table, settings)))
    return as_estimates([*table.to_dict("records"), *verdicts])


def decide_generalisation(
    rows: pd.DataFrame, settings: Mapping[str, str], rater: str = "advisee"
) -> tuple[str, str]:
    """Whether the alliance goes with outcomes across settings: verdict and reason.

    Parameters
    ----------
    rows : a table of ``synthesise`` (its rows of ``correlation`` are read).
    settings : dataset -> its setting.
    rater : whose rating.

    Returns
    -------
    ``supported`` when the prediction interval of the correlation lies above 0; ``opposed`` when it
    lies below, or when datasets point in opposite directions, each interval excluding 0;
    ``not_testable`` with fewer than two settings or three datasets (two tell nothing of how far
    datasets differ); else ``inconclusive``.
    """
    own = _of_line(rows, "correlation", rater)
    given = own[(own["term"] == "effect") & own["estimate"].notna()]
    found = sorted({settings.get(name, name) for name in given["dataset"]})
    if len(given) < 3 or len(found) < 2:
        return "not_testable", (
            f"{count_of(len(given), 'dataset')} in {count_of(len(found), 'setting')} with an "
            "outcome from a third party or a record: at least three datasets in two settings are "
            "needed"
        )
    if conflict := _conflict(given):
        return "opposed", conflict
    prediction = own[own["term"] == "prediction"].iloc[0]
    told = f"{count_of(len(given), 'dataset')} in {len(found)} settings"
    if prediction["conf_low"] > 0:
        return "supported", f"the prediction interval lies above 0 ({told})"
    if prediction["conf_high"] < 0:
        return "opposed", f"the prediction interval lies below 0 ({told})"
    return "inconclusive", (
        f"the prediction interval holds 0: in a further setting it may not hold ({told})"
    )


def _line_rows(line: Quantity, effects: Sequence[Effect], plan: ComparisonPlan) -> list[Row]:
    """All rows of one line."""
    used = [one for one in effects if one.used]
    base = {"analysis": line.analysis, "rater": line.rater}
    rows = [base | _effect_row(one, line, plan.confidence) for one in effects]
    if not used:
        return [
            *rows,
            base | {"term": "mean", "estimate": np.nan, "note": "no dataset to start from"},
        ]
    shared = base | {
        "method": METHOD,
        "n_engagements": sum(one.n_engagements for one in used),
        "n_advisors": sum(one.n_advisors for one in used),
    }
    note = "; ".join(filter(None, [_few(used), _conflict(pd.DataFrame(rows)), _mixture(used)]))
    rows += [shared | row for row in _pooled_rows(used, line, plan, note)]
    if len(used) > 1:
        rows += [shared | row for row in _heterogeneity_rows(used, line, plan)]
        rows += [base | {"method": METHOD} | row for row in _influence_rows(used, line, plan)]
        rows += [base | {"method": METHOD} | row for row in setting_rows(used, line, plan)]
    return rows


def _effect_row(effect: Effect, line: Quantity, confidence: float) -> Row:
    row = {
        "dataset": effect.dataset,
        "outcome": effect.outcome,
        "outcome_source": effect.source,
        "phase": effect.phase,
        "timing": effect.timing,
        "term": "effect",
        "n_engagements": effect.n_engagements,
        "n_advisors": effect.n_advisors,
        "method": "jackknife",
        "note": effect.note,
        "estimate": np.nan,
    }
    if not effect.used:
        return row
    half = float(ndtri((1 + confidence) / 2)) * effect.std_error
    return row | line.turned_back(
        effect.value, effect.std_error, effect.value - half, effect.value + half
    )


def _pooled_rows(
    used: Sequence[Effect], line: Quantity, plan: ComparisonPlan, note: str
) -> list[Row]:
    """The mean at both levels and the prediction interval."""
    rows = []
    levels = {"mean": plan.confidence, "mean_90": plan.equivalence_confidence}
    for term, confidence in levels.items():
        pooled = _pool(used, confidence)
        told = "; ".join(filter(None, [note, pooled["note"]]))
        rows.append(
            {"term": term, "df": pooled["df"], "note": told}
            | line.turned_back(
                *(pooled[name] for name in ("estimate", "std_error", "conf_low", "conf_high"))
            )
        )
    pooled = _pool(used, plan.confidence)
    limits = line.turned_back(pooled["estimate"], np.nan, pooled["pred_low"], pooled["pred_high"])
    reason = "" if len(used) > 1 else "one dataset tells nothing of how far datasets differ"
    rows.append({"term": "prediction", "df": pooled["df"], "note": reason} | limits)
    return rows


def _heterogeneity_rows(used: Sequence[Effect], line: Quantity, plan: ComparisonPlan) -> list[Row]:
    from scipy.special import chdtrc

    pooled = _pool(used, plan.confidence)
    low, high = tau2_interval(*as_numbers(used), plan.confidence)
    scale = "on Fisher's z" if line.on_z else ""
    df = len(used) - 1
    return [
        {"term": "tau2", "estimate": pooled["tau2"], "conf_low": low, "conf_high": high}
        | {"method": "reml_q_profile", "note": scale},
        {"term": "i2", "estimate": pooled["i2"], "method": "reml", "note": "per cent"},
        {"term": "q", "estimate": pooled["q"], "statistic": pooled["q"], "df": df}
        | {"p_value": float(chdtrc(df, pooled["q"])), "method": "cochran", "note": ""},
    ]


def _influence_rows(used: Sequence[Effect], line: Quantity, plan: ComparisonPlan) -> list[Row]:
    """The mean without each dataset in turn."""
    rows = []
    for left_out in used:
        rest = [one for one in used if one is not left_out]
        pooled = _pool(rest, plan.confidence)
        rows.append(
            {
                "dataset": left_out.dataset,
                "term": "without",
                "df": pooled["df"],
                "n_engagements": sum(one.n_engagements for one in rest),
                "n_advisors": sum(one.n_advisors for one in rest),
                "note": pooled["note"],
            }
            | line.turned_back(
                *(pooled[name] for name in ("estimate", "std_error", "conf_low", "conf_high"))
            )
        )
    return rows


def _decide_difference(rows: pd.DataFrame, plan: ComparisonPlan) -> tuple[str, str]:
    """The headline's rule on the means of D; opposite directions are never averaged away."""
    clustered = _of_line(rows, "clustered")
    given = clustered[(clustered["term"] == "effect") & clustered["estimate"].notna()]
    if given.empty:
        return "not_testable", (
            "no dataset has both raters and an outcome from a third party or a record"
        )
    if len(given) == 1:
        return (
            "not_testable",
            f"a single dataset ({given['dataset'].iloc[0]}): nothing to put together",
        )
    if conflict := _conflict(given):
        return "inconclusive", f"{conflict}: their mean is no answer"
    corrected = _of_line(rows, "disattenuated")
    n_corrected = int(corrected.loc[corrected["term"] == "effect", "estimate"].notna().sum())
    line = _as_line(corrected) if n_corrected > 1 else "not_estimable"
    verdict, reason = decide(
        _as_line(clustered),
        line,
        Rule(plan.sesoi, plan.minimum_clusters, plan.missing_share_caution),
        n_clusters=int(given["n_advisors"].sum()),
        absence_reason="" if n_corrected > 1 else "fewer than two datasets have that line",
    )
    reasons = [reason]
    if n_corrected not in (0, len(given)):
        reasons.append(f"the corrected mean rests on {n_corrected} of {len(given)} datasets")
    prediction = clustered[clustered["term"] == "prediction"].iloc[0]
    if verdict in ("supported", "opposed") and prediction["conf_low"] * prediction["conf_high"] < 0:
        reasons.append("on average: the prediction interval holds 0, a further dataset may differ")
    return verdict, "; ".join(reasons)


def _as_line(rows: pd.DataFrame) -> Line:
    by_term = rows[rows["dataset"].isna()].set_index("term")
    record, narrow = by_term.loc["mean"], by_term.loc["mean_90"]
    return Line(
        float(record["estimate"]),
        *(float(record[limit]) for limit in ("conf_low", "conf_high")),
        *(float(narrow[limit]) for limit in ("conf_low", "conf_high")),
    )


def _of_line(rows: pd.DataFrame, analysis: str, rater: str | None = None) -> pd.DataFrame:
    own = rows[rows["analysis"] == analysis]
    return own if rater is None else own[own["rater"] == rater]


def _verdict_row(term: str, rater: str | None, verdict: str, reason: str) -> Row:
    return {
        "analysis": "verdict",
        "rater": rater,
        "term": term,
        "method": METHOD,
        "verdict": verdict,
        "note": reason,
    }


def _pool(used: Iterable[Effect], confidence: float) -> pd.Series:
    y, v = as_numbers(used)
    return random_effects(y, v, knapp_hartung=True, confidence=confidence).iloc[0]


def _conflict(effects: pd.DataFrame) -> str:
    """Which datasets lie above 0 and which below, if there are both kinds."""
    if "conf_low" not in effects:
        return ""
    above = sorted(effects.loc[effects["conf_low"] > 0, "dataset"])
    below = sorted(effects.loc[effects["conf_high"] < 0, "dataset"])
    if not (above and below):
        return ""
    return f"the directions conflict: above 0 in {', '.join(above)}; below in {', '.join(below)}"


def _few(used: Sequence[Effect]) -> str:
    if len(used) == 1:
        return "a single dataset: nothing to put together"
    if len(used) < FEW:
        return f"{len(used)} datasets: how far they differ is hardly known"
    return ""


def _mixture(used: Sequence[Effect]) -> str:
    """What is put together although it is not quite alike."""
    notes = []
    concurrent = sum(one.timing == "concurrent" for one in used)
    if concurrent:
        notes.append(f"{concurrent} of {len(used)} outcomes are concurrent with the ratings")
    other = sum(not one.primary for one in used)
    if other:
        notes.append(f"{other} of {len(used)} outcomes are not the dataset's primary one")
    return "; ".join(notes)
