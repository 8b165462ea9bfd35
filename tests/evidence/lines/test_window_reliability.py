import numpy as np
import pandas as pd
import pytest

from analysis.evidence.lines.window_reliability import sum_occasions, window_reliability, within_df
from analysis.models.cluster_sums import leave_one_out, resampled

# Shrout and Fleiss (1979), Psychological Bulletin 86, 420, table 2: six targets, four judges.
SHROUT_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]


def long_scores(wide):
    """Rows per engagement and occasion of (n, T) scores, NaN left out; one rating, 'score'."""
    wide = np.asarray(wide, dtype=float)
    who, when = np.nonzero(~np.isnan(wide))
    return pd.DataFrame({"engagement_id": who, "occasion": when + 1, "score": wide[who, when]})


def sums_of(wide, codes=None):
    wide = np.asarray(wide, dtype=float)
    codes = np.arange(len(wide)) if codes is None else codes
    means = np.nanmean(wide, axis=1)[:, None]
    return sum_occasions(
        long_scores(wide), ["score"], np.arange(len(wide)), means, codes, codes.max() + 1
    )


def reliability_of(wide):
    sums = sums_of(wide)
    return float(window_reliability(sums.sums.sum(axis=0), sums.n_occasions, 1)[0])


def plain_reliability(wide):
    """The same by least squares on rows: two-way fixed effects, then the window means."""
    rows = long_scores(wide)
    people = pd.get_dummies(rows["engagement_id"]).to_numpy(dtype=float)
    times = pd.get_dummies(rows["occasion"]).to_numpy(dtype=float)[:, 1:]
    design = np.hstack([people, times])
    beta = np.linalg.lstsq(design, rows["score"].to_numpy(), rcond=None)[0]
    residual = rows["score"] - design @ beta
    within = (residual**2).sum() / (len(rows) - np.linalg.matrix_rank(design))
    levelled = rows.assign(score=rows["score"] - times @ beta[people.shape[1] :])
    count = rows.groupby("engagement_id").size()
    true = levelled.groupby("engagement_id")["score"].mean().var() - within * (1 / count).mean()
    return true / rows.groupby("engagement_id")["score"].mean().var()


@pytest.fixture
def unbalanced():
    rng = np.random.default_rng(3)
    wide = rng.normal(size=(60, 1)) + rng.normal(size=(60, 4)) + [0, 0.5, 1.5, 2]
    wide[rng.random(wide.shape) < 0.35] = np.nan
    wide[np.isnan(wide).all(axis=1), 2] = 0.7
    return wide


def test_balanced_occasions_give_the_published_consistency_of_a_mean():
    # ICC(3, k) of Shrout and Fleiss's example, as printed.
    assert reliability_of(SHROUT_FLEISS) == pytest.approx(0.91, abs=0.005)


def test_unbalanced_occasions_equal_two_way_least_squares(unbalanced):
    assert (np.isnan(unbalanced).sum(axis=1) == 3).any()
    assert reliability_of(unbalanced) == pytest.approx(plain_reliability(unbalanced), abs=1e-10)


def test_degrees_of_freedom_count_what_repeats_less_the_occasions(unbalanced):
    sums = sums_of(unbalanced)
    scores, engagements = (~np.isnan(unbalanced)).sum(), len(unbalanced)
    assert within_df(sums.sums.sum(axis=0), 4) == scores - engagements - 3


def test_occasions_that_never_meet_in_one_engagement_lose_a_further_degree():
    wide = np.random.default_rng(1).normal(size=(20, 4))
    wide[:10, 2:] = np.nan
    wide[10:, :2] = np.nan
    total = sums_of(wide).sums.sum(axis=0)
    assert within_df(total, 4) == 20 - 2
    assert np.isfinite(window_reliability(total, 4, 1)).all()


def test_means_of_occasions_and_units_and_offsets_do_not_matter(unbalanced):
    rng = np.random.default_rng(4)
    balanced = rng.normal(size=(30, 1)) + rng.normal(size=(30, 3))
    moved = 1e6 + 40 * (balanced + np.array([5, -3, 100]))
    assert reliability_of(moved) == pytest.approx(reliability_of(balanced), abs=1e-7)
    assert reliability_of(-1e6 + 40 * unbalanced) == pytest.approx(
        reliability_of(unbalanced), abs=1e-7
    )


def test_delete_one_cluster_equals_starting_anew_without_it(unbalanced):
    codes = np.arange(60) % 7
    sums = sums_of(unbalanced, codes)
    without = window_reliability(leave_one_out(sums.sums), 4, 1)[:, 0]
    anew = [plain_reliability(unbalanced[codes != code]) for code in range(7)]
    np.testing.assert_allclose(without, anew, atol=1e-10)


def test_weighted_sums_equal_engagements_repeated(unbalanced):
    codes = np.arange(60) % 5
    weights = np.array([[2, 0, 1, 0, 2], [1, 3, 0, 1, 0]])
    sums = sums_of(unbalanced, codes)
    replicated = window_reliability(resampled(sums.sums, weights), 4, 1)[:, 0]
    anew = [plain_reliability(np.repeat(unbalanced, w[codes], axis=0)) for w in weights]
    np.testing.assert_allclose(replicated, anew, atol=1e-10)


@pytest.mark.parametrize("answered", [1.0, 0.7])
def test_it_estimates_the_squared_correlation_of_window_mean_and_true_level(answered):
    rng = np.random.default_rng(12)
    n = 4_000
    level = rng.normal(size=n)
    wide = level[:, None] + rng.normal(size=(n, 3)) * 1.2 + [0, 1.5, 3]
    wide[rng.random(wide.shape) > answered] = np.nan
    kept = ~np.isnan(wide).all(axis=1)
    wide, level = wide[kept], level[kept]
    truth = np.corrcoef(level, np.nanmean(wide, axis=1))[0, 1] ** 2
    # Both vary with the same draw of levels; what remains is the error of the variance within
    # (relative sd sqrt(2 / df), df >= 4,500, so .021 of 1 - truth < .6) and of a correlation
    # (2 r (1 - r^2) / sqrt(n) = .013): together .018; three of these.
    assert reliability_of(wide) == pytest.approx(truth, abs=0.054)


def test_two_raters_are_estimated_on_the_occasions_both_answered():
    rng = np.random.default_rng(8)
    wide = rng.normal(size=(40, 1)) + rng.normal(size=(40, 3))
    rows = long_scores(wide).assign(other=lambda f: f["score"] * 2 + rng.normal(size=len(f)))
    rows.loc[::7, "other"] = np.nan
    complete = rows.dropna()
    means = complete.groupby("engagement_id")[["score", "other"]].mean()
    sums = sum_occasions(
        rows, ["score", "other"], means.index.to_numpy(), means.to_numpy(), np.arange(40), 40
    )
    both = window_reliability(sums.sums.sum(axis=0), 3, 2)
    seen = np.full((40, 3), np.nan)
    seen[complete["engagement_id"], complete["occasion"] - 1] = complete["score"]
    assert both[0] == pytest.approx(plain_reliability(seen), abs=1e-10)
    assert sums.mismatched == 0


def test_engagements_without_scores_and_strangers_are_left_out():
    rows = long_scores(SHROUT_FLEISS)
    means = np.append(np.mean(SHROUT_FLEISS, axis=1), 3.0)[:, None]
    strangers = rows.assign(engagement_id=99)
    sums = sum_occasions(
        pd.concat([rows, strangers]), ["score"], np.arange(7), means, np.arange(7), 7
    )
    assert sums.n_engagements == 6
    value = window_reliability(sums.sums.sum(axis=0), 4, 1)[0]
    assert value == pytest.approx(reliability_of(SHROUT_FLEISS))


def test_window_means_that_are_no_means_of_their_scores_are_counted():
    rows = long_scores(SHROUT_FLEISS)
    means = np.mean(SHROUT_FLEISS, axis=1)[:, None]
    means[2] += 0.5
    assert sum_occasions(rows, ["score"], np.arange(6), means, np.arange(6), 6).mismatched == 1


def test_what_cannot_be_estimated_is_nan():
    one_each = np.full((5, 3), np.nan)
    one_each[:, 0] = [1, 2, 3, 4, 5]
    sums = sums_of(one_each)
    assert np.isnan(window_reliability(sums.sums.sum(axis=0), sums.n_occasions, 1)).all()
    alike = np.tile([1.0, 2.0, 3.0], (5, 1))
    assert np.isnan(reliability_of(alike))
    empty = long_scores(np.full((2, 3), np.nan))
    sums = sum_occasions(empty, ["score"], np.arange(2), np.ones((2, 1)), np.arange(2), 2)
    assert sums.n_engagements == 0
    assert np.isnan(window_reliability(sums.sums.sum(axis=0), sums.n_occasions, 1)).all()


def test_a_rating_that_never_varies_over_occasions_is_perfectly_reliable():
    steady = np.repeat([[1.0], [2], [4], [3]], 3, axis=1)
    assert reliability_of(steady) == pytest.approx(1.0)


def test_two_scores_for_one_occasion_are_refused():
    rows = long_scores(SHROUT_FLEISS)
    twice = pd.concat([rows, rows.tail(1)])
    with pytest.raises(ValueError, match="two rows for one engagement and occasion"):
        sum_occasions(twice, ["score"], np.arange(6), np.ones((6, 1)), np.arange(6), 6)


def test_an_absent_column_is_named():
    rows = long_scores(SHROUT_FLEISS).drop(columns="occasion")
    with pytest.raises(ValueError, match=r"lack \['occasion'\]"):
        sum_occasions(rows, ["score"], np.arange(6), np.ones((6, 1)), np.arange(6), 6)
