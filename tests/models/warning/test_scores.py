"""What held-out predictions are worth, and how surely."""

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm
from sklearn.metrics import brier_score_loss, roc_auc_score

from analysis.models.warning.scores import (
    ON_LOGITS,
    bin_predictions,
    interval_of,
    net_benefit_values,
    score_calibration,
    score_discrimination,
    score_mean,
    score_ratio,
    spread_of_logits,
)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(8)
    codes = np.repeat(np.arange(15), 8)
    eta = rng.normal(size=120) - 0.5
    target = (rng.random(120) < expit(eta)).astype(float)
    # Ties among the scores, two repeats, three folds.
    scores = np.round(expit(np.stack([eta, eta + rng.normal(size=120) / 2])), 1)
    fold = np.stack([codes % 3, (codes + codes // 5) % 3])
    return target, scores, fold, rng.uniform(0.5, 2, 120), codes


def test_the_area_agrees_with_scikit_learn(data):
    target, scores, _, weight, codes = data
    one = np.zeros((1, 120), dtype=int)
    area, _ = score_discrimination(target, scores[:1], one, np.ones(120), codes, 15)
    assert area == pytest.approx(roc_auc_score(target, scores[0]), abs=1e-12)
    weighed, _ = score_discrimination(target, scores[:1], one, weight, codes, 15)
    known = roc_auc_score(target, scores[0], sample_weight=weight)
    assert weighed == pytest.approx(known, abs=1e-12)


def test_only_pairs_held_out_together_count(data):
    target, scores, fold, weight, codes = data
    area, _ = score_discrimination(target, scores, fold, weight, codes, 15)
    won = met = 0.0
    for own, parts in zip(scores, fold, strict=True):
        for i in np.flatnonzero(target == 1):
            for j in np.flatnonzero((target == 0) & (parts == parts[i])):
                both = weight[i] * weight[j]
                won += both * (float(own[i] > own[j]) + 0.5 * float(own[i] == own[j]))
                met += both
    assert area == pytest.approx(won / met, abs=1e-12)


def test_replicates_are_the_scores_without_each_advisor(data):
    target, scores, fold, weight, codes = data
    _, areas = score_discrimination(target, scores, fold, weight, codes, 15)
    errors = ((scores - target) ** 2).mean(axis=0)
    _, briers = score_mean(errors, weight, codes, 15)
    predicted = np.clip(scores, 0.05, 0.95)
    slopes = score_calibration(target, predicted, fold, weight, codes, 15)
    for gone in (0, 7, 14):
        kept = codes != gone
        rest = np.unique(codes[kept], return_inverse=True)[1]
        arguments = (target[kept], scores[:, kept], fold[:, kept], weight[kept], rest, 14)
        assert areas[gone] == pytest.approx(score_discrimination(*arguments)[0], abs=1e-12)
        again = score_calibration(target[kept], predicted[:, kept], *arguments[2:])
        for name in ("slope", "intercept"):
            assert slopes[name][1][gone] == pytest.approx(again[name][0], abs=1e-6)
        assert briers[gone] == pytest.approx(np.average(errors[kept], weights=weight[kept]))


def test_an_area_without_pairs_is_not_given():
    target, scores = np.array([1.0, 1.0, 0.0]), np.array([[0.4, 0.6, 0.2]])
    codes, one = np.array([0, 0, 1]), np.zeros((1, 3), dtype=int)
    area, without = score_discrimination(target, scores, one, np.ones(3), codes, 2)
    assert area == 1 and np.isnan(without).all()
    row = interval_of((area, without), 0.95, ON_LOGITS)
    assert row["estimate"] == 1 and np.isnan(row["conf_low"]) and row["note"]


def test_the_brier_score_agrees_with_scikit_learn(data):
    target, scores, _, weight, codes = data
    brier, _ = score_mean((scores[0] - target) ** 2, weight, codes, 15)
    assert brier == pytest.approx(brier_score_loss(target, scores[0], sample_weight=weight))


def test_net_benefit_by_its_definition():
    target, warned = np.array([1.0, 1, 0, 0, 0]), np.array([1.0, 0, 1, 1, 0])
    # One of five found, two of five warned in vain, each worth a quarter of one found.
    assert net_benefit_values(target, warned, 0.2).mean() == pytest.approx(0.2 - 0.4 * 0.25)
    everybody = net_benefit_values(target, np.ones(5), 0.4).mean()
    assert everybody == pytest.approx(0.4 - 0.6 * 0.4 / 0.6)
    assert net_benefit_values(target, np.zeros(5), 0.2).sum() == 0


def test_a_ratio_over_nothing_is_not_given():
    codes = np.array([0, 0, 1, 1])
    ratio, without = score_ratio(np.ones(4), np.array([1.0, 1, 0, 0]), np.ones(4), codes, 2)
    assert ratio == 2 and np.isnan(without[0]) and without[1] == 1


def test_calibration_gives_back_how_predictions_were_spoilt():
    """Predictions twice too extreme and shifted: the slope is one half."""
    rng = np.random.default_rng(9)
    n, codes = 4_000, np.repeat(np.arange(40), 100)
    eta = rng.normal(size=n) - 1.0
    target = (rng.random(n) < expit(eta)).astype(float)
    predicted, fold = expit(np.stack([2 * eta + 0.7])), (codes % 5)[None]
    scored = score_calibration(target, predicted, fold, np.ones(n), codes, 40)
    slope = interval_of(scored["slope"], 0.99)
    assert abs(slope["estimate"] - 0.5) < 3 * slope["std_error"]
    right = score_calibration(target, expit(eta)[None], fold, np.ones(n), codes, 40)
    for name, truth in (("slope", 1.0), ("intercept", 0.0)):
        row = interval_of(right[name], 0.99)
        assert abs(row["estimate"] - truth) < 3 * row["std_error"]


def test_predictions_that_say_the_same_of_everybody_have_no_spread():
    predicted, fold = np.array([[0.2, 0.2, 0.4, 0.4]]), np.array([[0, 0, 1, 1]])
    assert spread_of_logits(predicted, fold) == pytest.approx(0.0, abs=1e-12)
    assert spread_of_logits(predicted, np.zeros((1, 4), dtype=int)) == pytest.approx(
        np.std(logit([0.2, 0.2, 0.4, 0.4]))
    )


def bins_of(predicted, bins=5, fewest=10):
    return bin_predictions(predicted, np.full_like(predicted, 0.3), bins, fewest)


def test_bins_hold_at_least_ten_and_keep_equal_predictions_together():
    rng = np.random.default_rng(2)
    predicted = np.round(rng.random((1, 97)), 2)
    bins = bins_of(predicted)
    assert bins.max() == 4 and np.bincount(bins).min() >= 10
    for value in np.unique(predicted):
        assert len(set(bins[predicted[0] == value])) == 1
    assert (np.diff(bins[np.argsort(predicted[0], kind="stable")]) >= 0).all()
    assert bins_of(np.full((2, 30), 0.3)).max() == 0
    assert bins_of(rng.random((1, 19))).max() == 0


def test_bins_do_not_order_folds_by_the_share_in_their_training():
    base = np.repeat([[0.2, 0.4]], 20, axis=1)
    assert bins_of(base, 2).max() == 1
    assert bin_predictions(base, base, 2, 10).max() == 0


@pytest.mark.slow
@pytest.mark.parametrize(("advisors", "shift"), [(15, 0.7), (40, 0.0), (40, 1.2)])
def test_the_areas_interval_covers_what_it_says(advisors, shift):
    """Scores and outcomes share advisors' levels; the true area is known in closed form."""
    rng = np.random.default_rng([advisors, int(10 * shift)])
    runs, covered = 800, 0
    # Normal scores with advisors' levels in them, outcomes without: area = Phi(shift / sqrt 2).
    truth = norm.cdf(shift / np.sqrt(2))
    for _ in range(runs):
        codes = np.repeat(np.arange(advisors), rng.integers(4, 16, advisors))
        n = len(codes)
        target = (rng.random(n) < 0.3).astype(float)
        level = rng.normal(size=advisors) * np.sqrt(0.2)
        scores = level[codes] + np.sqrt(0.8) * rng.normal(size=n) + shift * target
        one = np.zeros((1, n), dtype=int)
        area = score_discrimination(target, scores[None], one, np.ones(n), codes, advisors)
        row = interval_of(area, 0.95, ON_LOGITS)
        covered += row["conf_low"] <= truth <= row["conf_high"]
    error = np.sqrt(0.95 * 0.05 / runs)
    assert 0.95 - 4 * error < covered / runs <= 0.95 + 4 * error
