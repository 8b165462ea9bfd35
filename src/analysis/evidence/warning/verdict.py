"""Whether scores show trouble before a breakdown: the rule, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.special import expit, logit, stdtrit

from analysis.contract.plan import ComparisonPlan, WarningPlan
from analysis.models.intervals import Row

ALTERNATIVES = {
    "treat_all": "warning about everybody",
    "treat_none": "warning about nobody",
    "rule": "the practitioners’ rule",
}


def decide_warning(
    rows: Iterable[Row], plan: WarningPlan, comparison: ComparisonPlan, primary: bool
) -> list[Row]:
    """The rows that carry a landmark's verdict: AUC - .5, and its equivalence interval.

    ``supported``: the AUC’s interval lies above .5 and, at the plan's threshold, the model's net
    benefit is greater than that of warning about everybody, about nobody and by the practitioners'
    rule. Net benefits are compared by their size, as a choice has to be made between them; their
    intervals stand in the table, and the reason says where one holds 0 (Vickers, van Calster and
    Steyerberg, 2019, Diagnostic and Prognostic Research 3, 18). ``opposed``: the AUC’s interval
    lies below .5. ``equivalent``: it holds .5 and the equivalence interval lies within
    ``smallest_gain`` of it. Else, and with too few advisors, ``inconclusive``.
    """
    by_key = {(row["term"], row.get("method")): row for row in rows}
    area = by_key[("auc", "model")]
    gained = {other: by_key[(f"net_benefit_over_{other}", "model")] for other in ALTERNATIVES}
    low, high = _equivalence(area, comparison.equivalence_confidence)
    verdict, reason = _decide(area, (low, high), gained, plan, comparison)
    shared = {
        "term": "auc_above_chance",
        "estimate": area["estimate"] - 0.5,
        "std_error": area["std_error"],
        "df": area["df"],
        "n_engagements": area["n_engagements"],
        "n_advisors": area["n_advisors"],
    }
    level = f"{comparison.equivalence_confidence * 100:g}"
    return [
        {
            **shared,
            "statistic": area["statistic"],
            "p_value": area["p_value"],
            "conf_low": area["conf_low"] - 0.5,
            "conf_high": area["conf_high"] - 0.5,
            "method": "jackknife",
            "primary": primary,
            "verdict": verdict,
            "note": reason,
        },
        {
            **shared,
            "conf_low": low - 0.5,
            "conf_high": high - 0.5,
            "method": f"jackknife_{level}",
            "primary": False,
            "note": f"{level} % interval, for equivalence",
        },
    ]


def _equivalence(area: Row, confidence: float) -> tuple[float, float]:
    """The AUC's narrower interval, from the same standard error on logits."""
    value, df = float(area["estimate"]), float(area["df"])
    if not np.isfinite([value, df]).all() or not 0 < value < 1:
        return np.nan, np.nan
    spread = float(area["std_error"]) / (value * (1 - value))
    half = float(stdtrit(df, (1 + confidence) / 2)) * spread
    return float(expit(logit(value) - half)), float(expit(logit(value) + half))


def _decide(
    area: Row,
    narrow: tuple[float, float],
    gained: dict[str, Row],
    plan: WarningPlan,
    comparison: ComparisonPlan,
) -> tuple[str, str]:
    low, high = float(area["conf_low"]), float(area["conf_high"])
    if int(area["n_advisors"]) < comparison.minimum_clusters:
        return "inconclusive", (
            f"{area['n_advisors']} clusters: fewer than the {comparison.minimum_clusters} that an "
            "interval can be trusted with"
        )
    if not np.isfinite([low, high]).all():
        return "inconclusive", area["note"] or "no interval can be given"
    if high < 0.5:
        return "opposed", "on clusters not seen the scores point the wrong way"
    if low <= 0.5:
        if 0.5 - plan.smallest_gain < narrow[0] and narrow[1] < 0.5 + plan.smallest_gain:
            return "equivalent", (
                f"on clusters not seen the AUC is within {plan.smallest_gain:g} of chance"
            )
        return "inconclusive", "the AUC’s interval on clusters not seen holds .5"
    beaten = [other for other, row in gained.items() if row["estimate"] > 0]
    unbeaten = [words for other, words in ALTERNATIVES.items() if other not in beaten]
    at = f"at a threshold of {plan.threshold:.2f}".replace("0.", ".")
    if unbeaten:
        return "inconclusive", (
            f"the AUC’s interval lies above .5, but {at} the net benefit is no greater than that "
            f"of {' and of '.join(unbeaten)}"
        )
    reason = f"the AUC’s interval lies above .5, and {at} the net benefit beats every alternative"
    unsure = [words for other, words in ALTERNATIVES.items() if not gained[other]["conf_low"] > 0]
    if unsure:
        reason += f" (the interval of its lead over {' and over '.join(unsure)} holds 0)"
    return "supported", reason
