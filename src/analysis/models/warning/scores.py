"""How good held-out predictions are, with intervals by the jackknife over advisors.

A score comes with its replicates without each group of advisors (one advisor each, unless there are
very many). Given the predictions that would have been made without that group (``HeldOut``), a
replicate is the whole procedure without it, training included: its interval holds the models' own
uncertainty. An interval that keeps the models as they are holds too little: simulated without any
signal, it excludes an AUC of .5 in 17 to 22 % of programmes, and that of the whole procedure in 2
to 6 %. Weights are those of censoring (1 where there is none).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit, logit

from analysis.models.intervals import Row, jackknife_interval, no_interval
from analysis.models.logistic import fit_logistic

#: Predictions are held this far from 0 and 1 before their logit is taken.
NEAREST = 1e-9
#: Holds the intercept of a fold in which nobody has the outcome.
HELD = 1e-6

Scored = tuple[float, np.ndarray]


def score_discrimination(
    target: np.ndarray,
    scores: np.ndarray,
    fold: np.ndarray,
    weight: np.ndarray,
    groups: np.ndarray,
    n_groups: int,
    without: np.ndarray | None = None,
) -> Scored:
    """AUC of held-out scores, and without each group of advisors (NaN where no pair is left).

    The chance that an engagement with the outcome scores higher than one without it (ties count
    half), over all pairs that were held out together, in all repeats: the two scores of a pair then
    come from one model. Pairs across folds would bias it downwards, as a fold rich in outcomes is
    predicted by a model trained where they are scarce (Airola et al., 2011, Computational
    Statistics and Data Analysis 55, 1828). A pair weighs the product of both weights.

    Parameters
    ----------
    target, weight, groups : (n,) zeros and ones, weights, groups of advisors from 0.
    scores, fold : (R, n).
    without : (J, R, n) the scores had each group been absent from training; None: the same scores.
    """
    # The first row is the whole sample, the others leave a group out each.
    present = np.vstack([np.ones(len(groups)), groups != np.arange(n_groups)[:, None]]) * weight
    won, met = np.zeros(n_groups + 1), np.zeros(n_groups + 1)
    for repeat, (own, parts) in enumerate(zip(scores, fold, strict=True)):
        others = (
            np.broadcast_to(own, (n_groups, len(own))) if without is None else without[:, repeat]
        )
        together = np.vstack([own, others])
        for part in np.unique(parts):
            here = np.flatnonzero(parts == part)
            own_won, own_met = _count_pairs(together[:, here], target[here], present[:, here])
            won, met = won + own_won, met + own_met
    area = np.where(met > 0, won / np.where(met > 0, met, 1.0), np.nan)
    return float(area[0]), area[1:]


def _count_pairs(
    scores: np.ndarray, target: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weight of the pairs in which the outcome scores higher, ties half, and of all; rows apart.

    ``scores`` and ``weight`` are (B, m). Each outcome beats the weight of all others before its run
    of equal scores and half of that within it.
    """
    order = np.argsort(scores, axis=1, kind="stable")
    ranked = np.take_along_axis(scores, order, axis=1)
    weights = np.take_along_axis(weight, order, axis=1)
    came = target[order]
    spared = np.cumsum(weights * (1 - came), axis=1)
    before = np.pad(spared, ((0, 0), (1, 0)))
    places = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    begins = np.pad(np.diff(ranked, axis=1) != 0, ((0, 0), (1, 0)), constant_values=True)
    ends = np.pad(begins[:, 1:], ((0, 0), (0, 1)), constant_values=True)
    first = np.maximum.accumulate(np.where(begins, places, 0), axis=1)
    last = np.where(ends, places, scores.shape[1] - 1)
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    lower = np.take_along_axis(before, first, axis=1)
    upto = np.take_along_axis(spared, last, axis=1)
    won = (weights * came * (lower + upto) / 2).sum(axis=1)
    return won, (weights * came).sum(axis=1) * spared[:, -1]


def score_mean(
    values: np.ndarray,
    weight: np.ndarray,
    groups: np.ndarray,
    n_groups: int,
    without: np.ndarray | None = None,
) -> Scored:
    """Weighted mean of values (n,), and without each group; ``without`` as in ``score_ratio``."""
    ones = np.ones(len(values))
    refitted = None if without is None else (without, ones)
    return score_ratio(values, ones, weight, groups, n_groups, refitted)


def score_ratio(
    above: np.ndarray,
    below: np.ndarray,
    weight: np.ndarray,
    groups: np.ndarray,
    n_groups: int,
    without: tuple[np.ndarray, np.ndarray] | None = None,
) -> Scored:
    """Ratio of two weighted sums of (n,) values, and without each group; NaN over nothing.

    ``without`` are both values, (J, n) or (n,), had each group been absent from training; None: the
    same values.
    """
    present = np.vstack([np.ones(len(groups)), groups != np.arange(n_groups)[:, None]]) * weight
    totals = []
    for place, values in enumerate((above, below)):
        others = values if without is None else without[place]
        rest = (present[1:] * others).sum(axis=1)
        totals.append(np.append(present[0] @ values, rest))
    some = totals[1] > 0
    ratio = np.where(some, totals[0] / np.where(some, totals[1], 1.0), np.nan)
    return float(ratio[0]), ratio[1:]


def net_benefit_values(target: np.ndarray, warned: np.ndarray, threshold: float) -> np.ndarray:
    """What each engagement adds to the net benefit of warning, (n,), whose mean it is.

    Net benefit = true positives / n - false positives / n x t / (1 - t): at threshold t, whoever
    warns holds one outcome foreseen to be worth (1 - t) / t needless warnings (Vickers and Elkin,
    2006, Medical Decision Making 26, 565). ``warned`` is 0 or 1, or the share of repeats.
    """
    return warned * (target - (1 - target) * threshold / (1 - threshold))


def score_calibration(
    target: np.ndarray,
    predicted: np.ndarray,
    fold: np.ndarray,
    weight: np.ndarray,
    groups: np.ndarray,
    n_groups: int,
) -> dict[str, Scored]:
    """Calibration slope and intercept of held-out predictions, and without each group.

    Logistic recalibration (Cox, 1958, Biometrika 45, 562): ``slope`` is b in logit P(outcome) =
    a + b logit(predicted), 1 where predictions are neither too extreme nor too timid;
    ``intercept`` is a with b held at 1, 0 where as many have the outcome as predicted. Each fold
    has an a of its own where b is estimated: a fold rich in outcomes is predicted by a model
    trained where they are scarce, which alone would turn the slope of weak predictions negative.
    Both are means over the repeats, and their replicates keep the models as they are.

    Parameters
    ----------
    predicted, fold : (R, n) probabilities, and which part each was held out with.
    """
    kept = np.vstack([np.ones(len(groups)), groups != np.arange(n_groups)[:, None]])
    weights = kept * weight
    ones = np.ones((len(groups), 1))
    slopes, intercepts = [], []
    for own, parts in zip(predicted, fold, strict=True):
        eta = logit(np.clip(own, NEAREST, 1 - NEAREST))
        indicators = (parts[:, None] == np.unique(parts)).astype(float)
        # A fold without outcomes has no intercept of its own and no say in the slope.
        held = np.append(np.full(indicators.shape[1], HELD), 0.0)
        design = np.column_stack([indicators, eta])
        slopes.append(fit_logistic(design, target, weights, held)[:, -1])
        intercepts.append(fit_logistic(ones, target, weights, offset=eta)[:, 0])
    slope, intercept = np.mean(slopes, axis=0), np.mean(intercepts, axis=0)
    return {
        "slope": (float(slope[0]), slope[1:]),
        "intercept": (float(intercept[0]), intercept[1:]),
    }


def spread_of_logits(predicted: np.ndarray, fold: np.ndarray) -> float:
    """Standard deviation of held-out logits within the folds, over all repeats."""
    squares = 0.0
    for own, parts in zip(predicted, fold, strict=True):
        eta = logit(np.clip(own, NEAREST, 1 - NEAREST))
        squares += sum(
            ((eta[parts == one] - eta[parts == one].mean()) ** 2).sum() for one in np.unique(parts)
        )
    return float(np.sqrt(squares / predicted.size))


def bin_predictions(predicted: np.ndarray, base: np.ndarray, bins: int, fewest: int) -> np.ndarray:
    """(n,) bins of equal size by what is predicted, each of at least ``fewest`` engagements.

    Ordered by how far the logit of ``predicted`` (R, n) lies above that of the training part's
    share ``base`` (R, n), on average over repeats: a fold rich in outcomes has a low share in
    training, which would else put those with the outcome into the lower bins. Equal predictions
    stay together, and a last bin with too few joins the one before it.
    """
    above = logit(np.clip(predicted, NEAREST, 1 - NEAREST))
    above = above - logit(np.clip(base, NEAREST, 1 - NEAREST))
    mean, place, counts = np.unique(
        np.round(above.mean(axis=0), 9), return_inverse=True, return_counts=True
    )
    size = max(fewest, len(place) / bins)
    bin_of, number, filled = np.zeros(len(mean), dtype=int), 0, 0
    for tie, count in enumerate(counts):
        if filled >= size:
            number, filled = number + 1, 0
        bin_of[tie] = number
        filled += count
    if filled < fewest and number:
        bin_of = np.minimum(bin_of, number - 1)
    return bin_of[place.reshape(-1)]


def interval_of(
    scored: Scored,
    confidence: float,
    turn: tuple[Callable, Callable, Callable] | None = None,
) -> Row:
    """``estimate`` with the jackknife interval over advisors; see ``jackknife_interval``.

    ``turn`` forms the interval on another scale: the scale's function, its inverse and its
    derivative. The statistic and p value are then those of 0 on that scale.
    """
    estimate, without = scored
    if turn is None:
        return {"estimate": estimate, **jackknife_interval(estimate, without, confidence)}
    there, back, derivative = turn
    together = np.append(without, estimate)
    with np.errstate(divide="ignore", invalid="ignore"):
        turned = there(together)
    if np.isinf(turned).any():
        return {"estimate": estimate, **no_interval("no interval: at the end of its range")}
    row = jackknife_interval(float(turned[-1]), turned[:-1], confidence)
    row["std_error"] = row["std_error"] / derivative(estimate)
    row["conf_low"], row["conf_high"] = back(row["conf_low"]), back(row["conf_high"])
    return {"estimate": estimate, **row}


#: For shares and areas: log(p / (1 - p)), whose 0 is one half.
ON_LOGITS = (logit, expit, lambda p: 1 / (p * (1 - p)))
