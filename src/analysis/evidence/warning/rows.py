"""One landmark's early warning as tidy rows: the models, the rule, and what each is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.contract.plan import WarningPlan
from analysis.models.intervals import Row, no_interval
from analysis.models.warning.features import list_sets
from analysis.models.warning.sample_size import needed_at
from analysis.models.warning.scores import (
    ON_LOGITS,
    Scored,
    bin_predictions,
    interval_of,
    net_benefit_values,
    score_calibration,
    score_discrimination,
    score_mean,
    score_ratio,
    spread_of_logits,
)
from analysis.models.warning.validation import (
    HeldOut,
    draw_all_folds,
    fit_model,
    group_for_jackknife,
    hold_out,
    make_model,
    put_in_own_order,
)

#: Fewer engagements than this, with the outcome or without it, are not given and not modelled.
FEWEST = 10
#: A held-out AUC beyond this is rather a predictor that was recorded after the outcome.
TOO_GOOD = 0.98
#: Held-out logits with a smaller standard deviation say about the same of everybody.
HARDLY_VARIES = 0.10


@dataclass(frozen=True)
class Sample:
    """The engagements of one landmark and one outcome, in an order of their own.

    ``target``, ``weight``, ``lead`` and ``rule`` are (n,): whether the outcome came, censoring's
    weight, check-ins held between landmark and outcome, whether the practitioners' rule warned.
    """

    features: pd.DataFrame
    target: np.ndarray
    weight: np.ndarray
    lead: np.ndarray
    rule: np.ndarray
    codes: np.ndarray
    n_clusters: int

    @property
    def n(self) -> int:
        """Engagements."""
        return len(self.target)

    @property
    def events(self) -> int:
        """Engagements with the outcome."""
        return int(self.target.sum())

    @property
    def share(self) -> float:
        """Share with the outcome, allowing for censoring."""
        return float(np.average(self.target, weights=self.weight))

    @property
    def clustered(self) -> tuple[np.ndarray, np.ndarray, int]:
        """What every score takes after its values: weights, and what the jackknife leaves out."""
        return self.weight, *group_for_jackknife(self.codes)


def make_sample(
    features: pd.DataFrame, outcome: pd.DataFrame, rule: np.ndarray, cluster: pd.Series
) -> Sample:
    """Engagements whose outcome is known, put in their own order.

    ``outcome`` has ``target, weight, lead`` in the rows of ``features``, ``rule`` and ``cluster``.
    """
    known = outcome["target"].notna().to_numpy()
    table = features[known].reset_index(drop=True)
    numbers = outcome.loc[known, ["target", "weight", "lead"]].to_numpy(dtype=float)
    values = np.column_stack([table.to_numpy(dtype=float), numbers, rule[known]])
    order, codes = put_in_own_order(values, cluster[known])
    target, weight, lead = numbers[order].T
    return Sample(
        table.iloc[order].reset_index(drop=True),
        target,
        weight,
        lead,
        rule[known][order].astype(float),
        codes,
        int(codes.max()) + 1 if len(codes) else 0,
    )


def refuse_sample(sample: Sample, what: str, plan: WarningPlan) -> str:
    """Why no model is fitted, or '' when one is."""
    without = sample.n - sample.events
    if sample.n == 0:
        return "of nobody at risk is the outcome known: too few check-ins are left to follow it"
    if sample.n < FEWEST:
        return f"fewer than {FEWEST} engagements at risk with a known outcome"
    if sample.events == 0:
        return f"nobody {what} within the horizon: nothing to warn of"
    if without == 0:
        return f"everybody {what} within the horizon: nobody to tell them from"
    if min(sample.events, without) < FEWEST:
        few = "with" if sample.events < FEWEST else "without"
        return f"fewer than {FEWEST} engagements {few} the outcome"
    if sample.n_clusters < plan.folds:
        return (
            f"{sample.n_clusters} clusters: holding clusters out takes at least {plan.folds}, "
            "one for each part"
        )
    sets = list_sets(sample.features)
    if "levels" not in sets:
        return "no rating varies at this check-in"
    fewest = len(sets["levels"])
    needed = _needed(sample, fewest, plan)
    if sample.n < needed:
        expected = needed * sample.share
        return (
            f"too few: {sample.n} engagements with {sample.events} events; even a model of "
            f"{fewest} predictor{'s' if fewest > 1 else ''} needs {needed} with about "
            f"{expected:.0f} events (shrinkage at least {plan.shrinkage:g})"
        )
    return ""


def _needed(sample: Sample, parameters: int, plan: WarningPlan) -> int:
    return needed_at(parameters, sample.share, plan.anticipated_r2, plan.shrinkage)


def describe_sample(
    sample: Sample, plan: WarningPlan, confidence: float, rng: np.random.Generator
) -> list[Row]:
    """All rows of a landmark where a model can be fitted."""
    sets = list_sets(sample.features)
    affordable = [name for name in sets if sample.n >= _needed(sample, len(sets[name]), plan)]
    chosen = sets[affordable[-1]]
    fold = draw_all_folds(sample.codes, plan.folds, plan.repeats, rng)
    held = _hold_out(sample, chosen, fold, plan)
    rows = [*_size_rows(sample, sets, chosen, plan)]
    rows += _model_rows(sample, held, plan, confidence)
    rows += _rule_rows(sample, confidence)
    rows += _benefit_rows(sample, held, plan, confidence)
    rows += _gap_rows(sample, sets, fold, plan, confidence)
    rows += _coefficient_rows(sample, chosen, plan)
    return [{"n_engagements": sample.n, "n_advisors": sample.n_clusters, **row} for row in rows]


def _hold_out(sample: Sample, columns: list[str], fold: np.ndarray, plan: WarningPlan) -> HeldOut:
    return hold_out(
        sample.features[columns],
        sample.target,
        sample.weight,
        sample.codes,
        fold,
        plan.penalties,
        plan.false_alarms,
    )


def _size_rows(
    sample: Sample, sets: Mapping[str, list[str]], chosen: list[str], plan: WarningPlan
) -> Iterator[Row]:
    """How many predictors the engagements allow, and how many engagements all would need."""
    largest = max(sets.values(), key=len)
    yield {
        "term": "predictors",
        "method": "model",
        "estimate": float(len(chosen)),
        "note": f"{', '.join(chosen)}; at least {_needed(sample, len(chosen), plan)} engagements",
    }
    yield {
        "term": "engagements_needed",
        "method": "model",
        "estimate": float(_needed(sample, len(largest), plan)),
        "note": f"for all {len(largest)} predictors: {', '.join(largest)}",
    }


def score_model(sample: Sample, held: HeldOut) -> dict[str, Scored]:
    """AUC, Brier score and Brier skill of held-out predictions."""

    def errors(predictions: np.ndarray) -> np.ndarray:
        return ((predictions - sample.target) ** 2).mean(axis=-2)

    own, own_without = errors(held.predicted), errors(held.predicted_without)
    without = own_without, errors(held.base_without)
    lost, lost_without = score_ratio(own, errors(held.base), *sample.clustered, without)
    return {
        "auc": score_discrimination(
            sample.target, held.predicted, held.fold, *sample.clustered, held.predicted_without
        ),
        "brier": score_mean(own, *sample.clustered, own_without),
        "brier_skill": (1 - lost, 1 - lost_without),
    }


def _model_rows(
    sample: Sample, held: HeldOut, plan: WarningPlan, confidence: float
) -> Iterator[Row]:
    scored = score_model(sample, held)
    area = interval_of(scored["auc"], confidence, ON_LOGITS)
    if scored["auc"][0] > TOO_GOOD:
        area["note"] = "almost perfect: is a predictor recorded only after the outcome?"
    yield {"term": "auc", "method": "model", **area}
    for term in ("brier", "brier_skill"):
        yield {"term": term, "method": "model", **interval_of(scored[term], confidence)}
    calibration = score_calibration(sample.target, held.predicted, held.fold, *sample.clustered)
    for term, one in calibration.items():
        row = interval_of(one, confidence)
        if term == "slope" and spread_of_logits(held.predicted, held.fold) < HARDLY_VARIES:
            told = "not given: the predictions hardly vary, so that their slope means nothing"
            row = {"estimate": np.nan, **no_interval(told)}
        yield {"term": f"calibration_{term}", "method": "model", **row}
    yield from _curve_rows(sample, held, plan, confidence)
    yield from _alarm_rows(sample, held.alarm.mean(axis=0), "model", confidence)


def _curve_rows(
    sample: Sample, held: HeldOut, plan: WarningPlan, confidence: float
) -> Iterator[Row]:
    """Share with the outcome by prediction; the statistic is the mean prediction."""
    bins = bin_predictions(held.predicted, held.base, plan.calibration_bins, FEWEST)
    mean = held.predicted.mean(axis=0)
    for number in range(bins.max() + 1):
        here = bins == number
        inside = here.astype(float)
        row = interval_of(
            score_ratio(sample.target * inside, inside, *sample.clustered), confidence
        )
        row["conf_low"], row["conf_high"] = np.clip([row["conf_low"], row["conf_high"]], 0, 1)
        yield {
            "term": "calibration_curve",
            "method": "model",
            **row,
            "statistic": float(np.average(mean[here], weights=sample.weight[here])),
            "df": np.nan,
            "p_value": np.nan,
            "n_engagements": int(here.sum()),
            "n_advisors": len(np.unique(sample.codes[here])),
            "n_largest": int(np.bincount(sample.codes[here]).max()),
        }


def _alarm_rows(
    sample: Sample, warned: np.ndarray, method: str, confidence: float
) -> Iterator[Row]:
    """Alarms: how many, whom they catch and spare, and how long before the outcome they come."""
    came, spared = sample.target, 1 - sample.target
    shares = {
        "alarms": (warned, np.ones(sample.n)),
        "sensitivity": (warned * came, came),
        "specificity": ((1 - warned) * spared, spared),
    }
    for term, (above, below) in shares.items():
        row = interval_of(score_ratio(above, below, *sample.clustered), confidence, ON_LOGITS)
        yield {"term": term, "method": method, **row, "statistic": np.nan, "p_value": np.nan}
    lead = np.nan_to_num(sample.lead)
    caught = warned * came
    alarms = int((caught > 0).sum())
    row: Row = {"estimate": np.nan, **no_interval(f"fewer than {FEWEST} true alarms")}
    if alarms >= FEWEST and np.isfinite(sample.lead[came == 1]).all():
        row = interval_of(score_ratio(caught * lead, caught, *sample.clustered), confidence)
        row["note"] = row["note"] or "check-ins still held between a true alarm and the outcome"
    yield {
        "term": "lead_time",
        "method": method,
        **row,
        "statistic": np.nan,
        "p_value": np.nan,
        "n_engagements": alarms if alarms >= FEWEST else np.nan,
        "n_advisors": np.nan,
        "n_largest": np.bincount(sample.codes[caught > 0], minlength=1).max(),
    }


def _rule_rows(sample: Sample, confidence: float) -> Iterator[Row]:
    """What the practitioners' rule achieves on the same engagements."""
    scores, one_fold = sample.rule[None], np.zeros((1, sample.n), dtype=int)
    area = score_discrimination(sample.target, scores, one_fold, *sample.clustered)
    yield {
        "term": "auc",
        "method": "rule",
        **interval_of(area, confidence, ON_LOGITS),
    }
    yield from _alarm_rows(sample, sample.rule, "rule", confidence)


def _benefit_rows(
    sample: Sample, held: HeldOut, plan: WarningPlan, confidence: float
) -> Iterator[Row]:
    """The decision curve; statistic: the threshold."""
    for threshold in plan.thresholds:
        warned = {
            "model": (held.predicted >= threshold).mean(axis=0),
            "rule": sample.rule,
            "treat_all": np.ones(sample.n),
        }
        without = dict(warned, model=(held.predicted_without >= threshold).mean(axis=1))

        def worth(flags: Mapping[str, np.ndarray], at: float = threshold) -> dict[str, np.ndarray]:
            told = {name: net_benefit_values(sample.target, own, at) for name, own in flags.items()}
            return {**told, "treat_none": np.zeros(sample.n)}

        whole, rest = worth(warned), worth(without)
        for method in warned:
            yield _benefit(
                sample, "net_benefit", method, whole[method], rest[method], threshold, confidence
            )
        for against in ("treat_all", "treat_none", "rule") if threshold == plan.threshold else ():
            gained = whole["model"] - whole[against], rest["model"] - rest[against]
            term = f"net_benefit_over_{against}"
            yield _benefit(sample, term, "model", *gained, threshold, confidence)


def _benefit(
    sample: Sample,
    term: str,
    method: str,
    values: np.ndarray,
    without: np.ndarray,
    threshold: float,
    confidence: float,
) -> Row:
    row = interval_of(score_mean(values, *sample.clustered, without), confidence)
    return {"term": term, "method": method, **row, "statistic": threshold, "p_value": np.nan}


def _gap_rows(
    sample: Sample,
    sets: Mapping[str, list[str]],
    fold: np.ndarray,
    plan: WarningPlan,
    confidence: float,
) -> Iterator[Row]:
    """What the gap adds to the raters' levels: both models on the same engagements and folds."""
    levels = sets["levels"]
    reason = ""
    if len(levels) < 2 or "gap" not in sample.features:
        reason = "the gap takes ratings by both sides that vary"
    elif sample.n < (needed := _needed(sample, 3, plan)):
        reason = f"too few engagements: levels and gap, 3 predictors, need {needed}"
    if reason:
        row: Row = {"estimate": np.nan, **no_interval(reason), "verdict": "not_testable"}
        yield {"term": "auc_gained", "method": "gap_over_levels", **row}
        return
    scored = {
        name: score_model(sample, _hold_out(sample, columns, fold, plan))
        for name, columns in {"levels": levels, "levels_and_gap": [*levels, "gap"]}.items()
    }
    for name, figures in scored.items():
        yield {"term": "auc", "method": name, **interval_of(figures["auc"], confidence, ON_LOGITS)}
        yield {"term": "brier", "method": name, **interval_of(figures["brier"], confidence)}
    for term in ("auc", "brier"):
        (more, more_without), (less, less_without) = (
            scored[name][term] for name in ("levels_and_gap", "levels")
        )
        sign = -1 if term == "brier" else 1
        gained = sign * (more - less), sign * (more_without - less_without)
        row = interval_of(gained, confidence)
        yield {"term": f"{term}_gained", "method": "gap_over_levels", **row}


def _coefficient_rows(sample: Sample, chosen: list[str], plan: WarningPlan) -> Iterator[Row]:
    """The model fitted to all engagements: log odds per standard deviation, shrunk."""
    model = fit_model(
        make_model(plan.penalties),
        sample.features[chosen].to_numpy(dtype=float),
        sample.target,
        sample.weight,
        sample.codes,
    )
    learnt = model[-1]
    for name, value in zip(chosen, learnt.coef_[0], strict=True):
        yield {
            "term": f"coefficient {name}",
            "method": "model",
            "estimate": float(value),
            **no_interval(f"log odds per standard deviation, penalty {learnt.penalty_:g}"),
        }
