"""How good held-out predictions are, with intervals by the jackknife over advisors.

Every figure is a function of sums over advisors, so that it is known without each advisor in turn;
the models stay as they were fitted. An interval therefore says how these models fare with other
advisors, not how other models would fare. Weights are those of censoring (1 where there is none).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit, logit

from analysis.models.cluster_sums import add_by_cluster, leave_one_out
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
    codes: np.ndarray,
    n_clusters: int,
) -> Scored:
    """AUC of held-out scores, and without each advisor (NaN where no pair is left).

    The chance that an engagement with the outcome scores higher than one without it (ties count
    half), over all pairs that were held out together, in all repeats: the two scores of a pair then
    come from one model. Pairs across folds would bias it downwards, as a fold rich in outcomes is
    predicted by a model trained where they are scarce (Airola et al., 2011, Computational
    Statistics and Data Analysis 55, 1828). A pair weighs the product of both weights.

    Parameters
    ----------
    target, weight, codes : (n,) zeros and ones, weights, advisors from 0.
    scores, fold : (R, n).
    """
    better = np.zeros((n_clusters, n_clusters))
    pairs = np.zeros((n_clusters, n_clusters))
    for own, parts in zip(scores, fold, strict=True):
        for part in np.unique(parts):
            here = parts == part
            with_it, without = here & (target == 1), here & (target == 0)
            above = np.sign(own[with_it][:, None] - own[without]) / 2 + 0.5
            both = weight[with_it][:, None] * weight[without]
            place = codes[with_it][:, None] * n_clusters + codes[without]
            better += _gather(place, both * above, n_clusters)
            pairs += _gather(place, both, n_clusters)
    won, met = _without_each_pair(better), _without_each_pair(pairs)
    total = pairs.sum()
    whole = float(better.sum() / total) if total > 0 else np.nan
    # A remainder of rounding is no pair.
    some = met > 1e-9 * max(total, 1.0)
    return whole, np.where(some, won / np.where(some, met, 1.0), np.nan)


def _gather(place: np.ndarray, values: np.ndarray, n_clusters: int) -> np.ndarray:
    flat = np.bincount(place.ravel(), weights=values.ravel(), minlength=n_clusters**2)
    return flat.reshape(n_clusters, n_clusters)


def _without_each_pair(sums: np.ndarray) -> np.ndarray:
    """The total of a (G, G) table without each row and column."""
    return sums.sum() - sums.sum(axis=0) - sums.sum(axis=1) + np.diag(sums)


def score_mean(
    values: np.ndarray, weight: np.ndarray, codes: np.ndarray, n_clusters: int
) -> Scored:
    """Weighted mean of values (n,), and without each advisor."""
    return score_ratio(values, np.ones(len(values)), weight, codes, n_clusters)


def score_ratio(
    above: np.ndarray, below: np.ndarray, weight: np.ndarray, codes: np.ndarray, n_clusters: int
) -> Scored:
    """Ratio of two weighted sums of (n,) values, and without each advisor; NaN over nothing."""
    columns = np.stack([weight * above, weight * below], axis=1)
    sums = add_by_cluster(columns, codes, n_clusters)
    whole, rest = sums.sum(axis=0), leave_one_out(sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        without = np.where(rest[:, 1] > 0, rest[:, 0] / rest[:, 1], np.nan)
    return (float(whole[0] / whole[1]) if whole[1] > 0 else np.nan), without


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
    codes: np.ndarray,
    n_clusters: int,
) -> dict[str, Scored]:
    """Calibration slope and intercept of held-out predictions, and without each advisor.

    Logistic recalibration (Cox, 1958, Biometrika 45, 562): ``slope`` is b in logit P(outcome) =
    a + b logit(predicted), 1 where predictions are neither too extreme nor too timid;
    ``intercept`` is a with b held at 1, 0 where as many have the outcome as predicted. Each fold
    has an a of its own where b is estimated: a fold rich in outcomes is predicted by a model
    trained where they are scarce, which alone would turn the slope of weak predictions negative.
    Both are means over the repeats.

    Parameters
    ----------
    predicted, fold : (R, n) probabilities, and which part each was held out with.
    """
    kept = np.vstack([np.ones(len(codes)), codes != np.arange(n_clusters)[:, None]])
    weights = kept * weight
    ones = np.ones((len(codes), 1))
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


def bin_predictions(predicted: np.ndarray, bins: int, fewest: int) -> np.ndarray:
    """(n,) bins of equal size by the mean prediction, each of at least ``fewest`` engagements.

    Equal predictions stay together, and a last bin with too few joins the one before it.
    """
    mean, place, counts = np.unique(
        np.round(predicted.mean(axis=0), 12), return_inverse=True, return_counts=True
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
