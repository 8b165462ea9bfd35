"""The card of the early-warning model: what it is, for whom it is not, what it must not do."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.contract.plan import WarningPlan
from analysis.present.sections import Table, make_table
from analysis.present.tables import begin_large, show_correlation, show_count, show_interval
from analysis.present.warning_curves import ENDED_EARLY
from analysis.present.warning_tables import find_row

PREDICTORS = {
    "level": "last rating by the {rater}",
    "change": "its change from the {rater}’s rating before",
    "slope": "trend of the {rater}’s ratings",
    "missing": "no rating by the {rater} at this check-in",
    "unanswered": "check-ins the {rater} left unanswered before",
}
OTHERS = {
    "troubles": "events of withdrawal or confrontation and missed check-ins so far",
    "gap": "mean size of the gap between the raters so far",
    "withdrawal_events": "events of withdrawal so far",
    "missed_checkins": "missed check-ins so far",
    "confrontation_events": "events of confrontation so far",
    "critical_feedback_events": "critical feedback so far",
    "repair_events": "acts of repair so far",
}


def tabulate_card(own: pd.DataFrame, title: str, plan: WarningPlan, clusters: str) -> Table | None:
    """The card of the first landmark's model of ending early; None where there is no model."""
    area = find_row(own, "auc", "model", ENDED_EARLY)
    if area is None:
        return None
    at = float(area["occasion"])
    here = own[(own["outcome"] == ENDED_EARLY) & (own["occasion"] == at)]
    rate = find_row(here, "base_rate", None, ENDED_EARLY)
    n, advisors = show_count(area["n_engagements"]), show_count(area["n_advisors"])
    rows = [
        (
            "What it is",
            f"A logistic regression, shrunk by a penalty chosen in training, of ending early "
            f"within {plan.horizon} check-ins after check-in {at:.0f}. It belongs to this report: "
            "no fitted model leaves it.",
        ),
        (
            "Trained on",
            f"{title}: {n} engagements by {advisors} {clusters} that were rated at check-in "
            f"{at:.0f} with more check-ins to come; {_percent(rate['estimate'])} ended early "
            "within the horizon.",
        ),
        ("What it uses", _predictors(here)),
        ("How well it does", _worth(here, area, clusters)),
        ("How it was tested", _tested(plan, clusters)),
        (
            "Whom it is not for",
            f"Engagements not rated at check-in {at:.0f}; other programmes, settings or "
            f"instruments; {clusters} unlike these; programmes in which somebody has begun to act "
            "on warnings, which changes what they foretell.",
        ),
        (
            "What it must not be used for",
            "Judging an advisor or an advisee, pay, selection, or ending an engagement. A warning "
            "is a reason to talk with both, and no reason is given by its absence. The "
            "associations it rests on are not causes.",
        ),
    ]
    return make_table("Model card", ("", "The model of ending early"), rows, wide=[1])


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if np.isfinite(share) else "a share not given"


def _predictors(here: pd.DataFrame) -> str:
    """Each predictor in words with its coefficient, and what a fuller model would need."""
    coefficients = here[here["term"].str.startswith("coefficient ")]
    told = [
        f"{_in_words(row.term.removeprefix('coefficient '))} ({show_correlation(row.estimate, 2)})"
        for row in coefficients.itertuples()
    ]
    needed = find_row(here, "engagements_needed", "model", ENDED_EARLY)
    return (
        f"{begin_large('; '.join(told))}. In brackets: log odds per standard deviation. All "
        f"predictors together would need {show_count(needed['estimate'])} engagements."
    )


def _in_words(name: str) -> str:
    if name in OTHERS:
        return OTHERS[name]
    rater, _, kind = name.partition("_")
    return PREDICTORS[kind].format(rater=rater)


def _worth(here: pd.DataFrame, area: pd.Series, clusters: str) -> str:
    slope = find_row(here, "calibration_slope", "model", ENDED_EARLY)
    skill = find_row(here, "brier_skill", "model", ENDED_EARLY)
    said = (
        f"On {clusters} it has not seen: AUC {show_correlation(area['estimate'], 2)} "
        f"{show_interval(area['conf_low'], area['conf_high'], 2)}; squared error "
        f"{100 * abs(skill['estimate']):.1f} % {'less' if skill['estimate'] > 0 else 'more'} than "
        "by the share alone"
    )
    if np.isfinite(slope["estimate"]):
        said += f"; calibration slope {show_correlation(slope['estimate'], 2)} (1: right)"
    return f"{said}."


def _tested(plan: WarningPlan, clusters: str) -> str:
    return (
        f"{begin_large(clusters)} were split into {plan.folds} parts, {plan.repeats} times anew; "
        f"each part was predicted from the others, so that none of one cluster’s engagements "
        "helped to predict another."
    )
