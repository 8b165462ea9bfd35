"""Does a rating predict advisors it has not seen, or does it only fit? The out-of-sample line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cases import Cases
from analysis.evidence.covariates import join_covariates
from analysis.evidence.lines.observed import NAMES, counts
from analysis.models.boosting import boosting_losses
from analysis.models.folds import draw_folds, order_by_content, permute_clustered
from analysis.models.intervals import Row, no_interval
from analysis.models.prediction import corrected_resampled_t, ridge_losses, sum_folds
from analysis.models.resampling import difference_with_reason

#: Fewer engagements in a fold say too little about a model's loss.
FEWEST_PER_FOLD = 10

#: Divisions into folds that trees are grown on: they check the ridge and need less precision.
BOOSTED_REPEATS = 2

#: Trees are grown on no more engagements than about these, of advisors drawn at random: beyond them
#: a check of linearity gains little, and a hundred thousand would take minutes.
MOST_BOOSTED = 20_000
#: Advisors drawn at least, however many engagements they have: each fold needs some of them.
FEWEST_DRAWN = 50

#: Permuted outcomes held at once, as floats.
PERMUTED_AT_ONCE = 10_000_000

#: Below this many advisors the corrected t is liberal: simulated with caseloads of 2 to 30 and no
#: difference, it rejects 10 % of the time for 12 and for 18 advisors, 5 % for 60.
FEW_ADVISORS = 20
LIBERAL = f"with fewer than {FEW_ADVISORS} clusters it may reject twice as often as it says"

MODELS = ("baseline", "advisor", "advisee", "both")


@dataclass(frozen=True)
class _Design:
    """Rows in an order of their own: outcome (n,), predictors (n, p), clusters, and the folds.

    The ratings are the last two predictors, the advisee's first; covariates stand before them.
    """

    outcome: np.ndarray
    predictors: np.ndarray
    codes: np.ndarray
    folds: np.ndarray

    @property
    def n_covariates(self) -> int:
        return self.predictors.shape[1] - 2

    @property
    def places(self) -> dict[str, list[int]]:
        """Each model's predictors."""
        covariates = list(range(self.n_covariates))
        advisee, advisor = self.n_covariates, self.n_covariates + 1
        extra = {"baseline": [], "advisor": [advisor], "advisee": [advisee]}
        extra["both"] = [advisee, advisor]
        return {name: [*covariates, *extra[name]] for name in MODELS}


def prediction_rows(
    cases: Cases,
    baseline: np.ndarray | None,
    plan: ComparisonPlan,
    rng: np.random.Generator,
    boosting: bool = False,
) -> list[Row]:
    """R2 of each model for advisors left out, and the difference between the two ratings.

    Parameters
    ----------
    cases : engagements with outcome and both ratings.
    baseline : (n, k) covariates aligned with ``cases.values``, NaN where unknown, or None: every
        model contains them.
    plan : folds, repeats, permutations and the level of the interval.
    rng : draws folds and permutations.
    boosting : whether to grow trees too, a check on the ridge's linearity (about two seconds).

    Returns
    -------
    Rows of ``out_of_sample``, on the engagements that have every covariate. All models share the
    advisor-grouped folds; the order of rows and the names of advisors have no part in them.

    - ``r2_baseline``, ``r2_advisor``, ``r2_advisee``, ``r2_both``, ``ridge``: share of the loss of
      predicting the training set's mean that is saved, 1 - mean loss / its mean loss. Negative
      where a model predicts worse than the mean.
    - ``difference``, ``ridge_corrected_t``: R2 with the advisee's rating less R2 with the
      advisor's, with the corrected resampled t interval. It equals the difference of the two rows
      above it.
    - ``r2_gain``, ``permutation``: what both ratings add to R2 of the baseline, and its p value
      against outcomes permuted within and between advisors; with covariates their fit stays in
      place and residuals are permuted (Freedman and Lane, 1983, Journal of Business and Economic
      Statistics 1, 292)
    - with ``boosting`` the same without permutation: ``boosting``, ``boosting_corrected_t``

    An outcome of two values is coded 0 and 1, so that a loss is a Brier score. What cannot be given
    is one row of NaN with the reason.
    """
    joint = join_covariates(cases, baseline)
    problem = _problem(joint.cases, plan)
    if problem:
        told = "; ".join(filter(None, [f"line not given: {problem}", joint.note]))
        return [_row(joint.cases, "difference", "ridge_corrected_t", np.nan, no_interval(told))]
    design = _design(joint.cases, joint.covariates, plan, rng)
    y = design.outcome[:, None]
    sums = sum_folds(design.predictors, y, design.codes, design.folds)
    ridge = {name: ridge_losses(sums, own)[..., 0] for name, own in design.places.items()}
    null = ridge_losses(sums, [])[..., 0]
    rows = _model_rows(joint.cases, ridge, null, design, plan, "ridge")
    gain = float((ridge["baseline"].mean() - ridge["both"].mean()) / null.mean())
    rows.append(_permutation_row(joint.cases, gain, design, plan, rng))
    if boosting:
        rows += _boosted_rows(joint.cases, design, plan, rng)
    for row in rows:
        row["note"] = "; ".join(filter(None, [row["note"], joint.note]))
    return rows


def _boosted_rows(
    cases: Cases, design: _Design, plan: ComparisonPlan, rng: np.random.Generator
) -> list[Row]:
    """The same by trees, on the folds of the first repeats, of as many advisors as are needed."""
    few = design.folds[:BOOSTED_REPEATS, design.codes]
    drawn = _draw_advisors(design.codes, rng)
    y = design.outcome[drawn]
    y = (y - y.mean()) / y.std()
    x, few = design.predictors[drawn], few[:, drawn]
    trees = {name: boosting_losses(x, y, few, own) for name, own in design.places.items()}
    null = boosting_losses(x, y, few, [])
    rows = _model_rows(cases, trees, null, design, plan, "boosting")
    if not drawn.all():
        advisors = len(np.unique(design.codes[drawn]))
        for row in rows:
            row |= {"n_engagements": int(drawn.sum()), "n_advisors": advisors}
            row["note"] += f"; on the engagements of {advisors:,} advisors drawn at random"
    return rows


def _draw_advisors(codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which rows trees are grown on: all, or those of advisors drawn until there are enough."""
    if len(codes) <= MOST_BOOSTED:
        return np.ones(len(codes), dtype=bool)
    sizes = np.bincount(codes)
    order = rng.permutation(len(sizes))
    enough = np.searchsorted(sizes[order].cumsum(), MOST_BOOSTED)
    return np.isin(codes, order[: max(enough, FEWEST_DRAWN)])


def _problem(cases: Cases, plan: ComparisonPlan) -> str:
    """Why nothing can be predicted out of sample, or ''."""
    reason = difference_with_reason(cases.sums, NAMES)[1]
    if reason:
        return reason
    if cases.n_clusters < plan.folds:
        return f"{cases.n_clusters} clusters cannot be divided into {plan.folds} folds"
    if cases.n < FEWEST_PER_FOLD * plan.folds:
        return (
            f"{cases.n} engagements are too few for {plan.folds} folds; "
            f"at least {FEWEST_PER_FOLD * plan.folds} are needed"
        )
    return ""


def _design(
    cases: Cases, covariates: np.ndarray, plan: ComparisonPlan, rng: np.random.Generator
) -> _Design:
    values = np.column_stack([cases.values, covariates])
    order, codes = order_by_content(values, cases.codes, cases.n_clusters)
    values = values[order]
    folds = draw_folds(np.bincount(codes), plan.folds, plan.repeats, rng)
    return _Design(values[:, 0], np.column_stack([values[:, 3:], values[:, 1:3]]), codes, folds)


def _model_rows(
    cases: Cases,
    losses: dict[str, np.ndarray],
    null: np.ndarray,
    design: _Design,
    plan: ComparisonPlan,
    method: str,
) -> list[Row]:
    """Each model's R2, and the difference between the two with one rating."""
    repeats, n_folds = null.shape
    divided = {1: "once", 2: "twice"}.get(repeats, f"{repeats} times")
    note = f"clusters divided {divided} into {n_folds} folds"
    if cases.outcome_kind == "binary":
        note += "; the outcome is binary: losses are Brier scores"
    rows = []
    for name in MODELS:
        if name == "baseline" and not design.n_covariates:
            continue
        r2 = 1 - losses[name].mean() / null.mean()
        rows.append(_row(cases, f"r2_{name}", method, r2, no_interval(note)))
    d = (losses["advisor"] - losses["advisee"]) / null.mean()
    interval = corrected_resampled_t(d, _test_share(design), plan.confidence)
    few = LIBERAL if cases.n_clusters < FEW_ADVISORS else ""
    interval["note"] = "; ".join(filter(None, [str(interval["note"]), few, note]))
    rows.append(_row(cases, "difference", f"{method}_corrected_t", d.mean(), interval))
    return rows


def _test_share(design: _Design) -> float:
    """Engagements tested per engagement trained on, on average over folds."""
    rows = np.stack([np.bincount(own[design.codes]) for own in design.folds])
    return float((rows / (len(design.codes) - rows)).mean())


def _permutation_row(
    cases: Cases, gain: float, design: _Design, plan: ComparisonPlan, rng: np.random.Generator
) -> Row:
    """What both ratings add out of sample, against permuted outcomes."""
    ones = np.ones((len(design.outcome), 1))
    known = np.column_stack([ones, design.predictors[:, : design.n_covariates]])
    fitted = known @ np.linalg.lstsq(known, design.outcome, rcond=None)[0]
    gains = []
    step = max(1, PERMUTED_AT_ONCE // len(fitted))
    for start in range(0, plan.permutations, step):
        times = min(step, plan.permutations - start)
        permuted = permute_clustered(
            design.outcome - fitted, design.codes, cases.n_clusters, times, rng
        )
        sums = sum_folds(design.predictors, (fitted + permuted).T, design.codes, design.folds)
        mean = {
            name: ridge_losses(sums, places).mean(axis=(0, 1))
            for name, places in (
                ("null", []),
                ("baseline", design.places["baseline"]),
                ("both", design.places["both"]),
            )
        }
        gains.append((mean["baseline"] - mean["both"]) / mean["null"])
    gains = np.concatenate(gains)
    p = (1 + int((gains >= gain).sum())) / (1 + plan.permutations)
    error = np.sqrt(p * (1 - p) / plan.permutations)
    told = no_interval(
        f"{plan.permutations} permutations within and between clusters; Monte Carlo error of p "
        f"{error:.3f}"
    )
    return _row(cases, "r2_gain", "permutation", gain, told | {"p_value": p})


def _row(cases: Cases, term: str, method: str, estimate: float, interval: Row) -> Row:
    return {
        "analysis": "out_of_sample",
        "term": term,
        "estimate": float(estimate),
        **interval,
        **counts(cases),
        "method": method,
    }
