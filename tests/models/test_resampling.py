import doctest
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.models import resampling
from analysis.models.cluster_sums import (
    correlation,
    covariances,
    leave_one_out,
    resampled,
    standardise,
    sum_products,
)
from analysis.models.correlation import compare_dependent_correlations
from analysis.models.intervals import (
    bca_interval,
    correlation_interval,
    jackknife_interval,
    percentile_interval,
)
from analysis.models.resampling import (
    SharedWeights,
    cluster_bootstrap_difference,
    cluster_jackknife_difference,
    difference,
    draw_cluster_weights,
)

NAMES = ("outcome", "advisee", "advisor", "cluster")


def make_frame(seed=0, clusters=12, size=6, advisee=0.5, advisor=0.2):
    """Clustered scores with the given correlations with the outcome, unequal cluster sizes."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(clusters), rng.integers(2, 2 * size - 1, size=clusters))
    shared = rng.normal(size=(clusters, 3))[codes] * 0.4
    inner = np.array([[1, advisee, advisor], [advisee, 1, 0.3], [advisor, 0.3, 1]])
    own = rng.multivariate_normal(np.zeros(3), inner, size=len(codes), method="cholesky")
    frame = pd.DataFrame(shared + own, columns=NAMES[:3])
    frame["cluster"] = [f"advisor {code:03d}" for code in codes]
    return frame


def plain_difference(frame):
    r = np.corrcoef(frame[list(NAMES[:3])].to_numpy().T)
    return r[0, 1] - r[0, 2]


def jackknife(frame, **keywords):
    return cluster_jackknife_difference(frame, *NAMES, **keywords).iloc[0]


def bootstrap(frame, **keywords):
    keywords = {"resamples": 500, "rng": np.random.default_rng(3), **keywords}
    return cluster_bootstrap_difference(frame, *NAMES, **keywords).iloc[0]


# The law school data of Efron and Tibshirani (1993), table 3.1: fifteen schools, LSAT and GPA.
LSAT = [576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594]
GPA = [3.39, 3.30, 2.81, 3.03, 3.44, 3.07, 3.00, 3.43, 3.36, 3.13, 3.12, 2.74, 2.76, 2.88, 2.96]


def law_school_r(totals):
    return correlation(covariances(totals, 2), 0, 1)


@pytest.fixture
def law_school():
    values = standardise(np.column_stack([LSAT, GPA]).astype(float))[0]
    return sum_products(values, np.arange(15), 15)


def test_law_school_correlation_and_jackknife_error_are_the_published_ones(law_school):
    r = float(law_school_r(law_school.sum(axis=0)))
    row = jackknife_interval(r, law_school_r(leave_one_out(law_school)))
    # Efron (1982), The Jackknife, the Bootstrap and Other Resampling Plans: .776 and .142.
    assert r == pytest.approx(0.776, abs=5e-4)
    assert row["std_error"] == pytest.approx(0.1425, abs=5e-5)
    assert row["df"] == 14


@pytest.mark.parametrize("method", ["percentile", "BCa"])
@pytest.mark.parametrize("confidence", [0.90, 0.95])
def test_bootstrap_intervals_are_scipys_on_the_same_resamples(law_school, method, confidence):
    r = float(law_school_r(law_school.sum(axis=0)))
    weights = draw_cluster_weights(15, 5_000, np.random.default_rng(8))
    replicates = law_school_r(resampled(law_school, weights))
    without = law_school_r(leave_one_out(law_school))
    row = (
        percentile_interval(replicates, confidence)
        if method == "percentile"
        else bca_interval(r, replicates, without, confidence)
    )
    theirs = stats.bootstrap(
        (np.array(LSAT), np.array(GPA)),
        lambda x, y: np.corrcoef(x, y)[0, 1],
        paired=True,
        vectorized=False,
        n_resamples=0,
        bootstrap_result=SimpleNamespace(bootstrap_distribution=replicates),
        confidence_level=confidence,
        method=method,
    )
    assert row["conf_low"] == pytest.approx(theirs.confidence_interval.low, abs=1e-10)
    assert row["conf_high"] == pytest.approx(theirs.confidence_interval.high, abs=1e-10)
    assert row["std_error"] == pytest.approx(theirs.standard_error, abs=1e-10)


def test_jackknife_equals_a_plain_loop_over_clusters():
    frame = make_frame()
    row = jackknife(frame)
    labels = frame["cluster"].unique()
    without = np.array([plain_difference(frame[frame["cluster"] != one]) for one in labels])
    g = len(labels)
    se = np.sqrt((g - 1) / g * ((without - without.mean()) ** 2).sum())
    estimate = plain_difference(frame)
    half = stats.t.ppf(0.975, g - 1) * se
    expected = {
        "estimate": estimate,
        "std_error": se,
        "statistic": estimate / se,
        "df": g - 1,
        "p_value": 2 * stats.t.sf(abs(estimate / se), g - 1),
        "conf_low": estimate - half,
        "conf_high": estimate + half,
        "n_engagements": len(frame),
        "n_advisors": g,
    }
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, abs=1e-10), name
    assert row["method"] == "jackknife"
    assert row["note"] == ""


def test_narrower_level_gives_the_narrower_interval_of_the_same_error():
    frame = make_frame()
    wide, narrow = jackknife(frame), jackknife(frame, confidence=0.90)
    ratio = stats.t.ppf(0.95, 11) / stats.t.ppf(0.975, 11)
    assert narrow["conf_high"] - narrow["estimate"] == pytest.approx(
        ratio * (wide["conf_high"] - wide["estimate"]), rel=1e-9
    )


def test_bootstrap_by_weights_equals_replicated_rows():
    frame = make_frame(clusters=6)
    weights = draw_cluster_weights(6, 200, np.random.default_rng(2))
    row = bootstrap(frame, resamples=200, rng=None, weights=weights)
    labels = np.sort(frame["cluster"].unique())
    replicates = []
    for weight in weights:
        rows = [frame[frame["cluster"] == one] for one in np.repeat(labels, weight)]
        replicates.append(plain_difference(pd.concat(rows)))
    assert row["std_error"] == pytest.approx(np.std(replicates, ddof=1), abs=1e-10)
    low, high = np.quantile(replicates, [0.025, 0.975])
    assert row["conf_low"] == pytest.approx(low, abs=1e-10)
    assert row["conf_high"] == pytest.approx(high, abs=1e-10)


def test_weights_draw_as_many_clusters_as_there_are_each_equally_often():
    weights = draw_cluster_weights(9, 20_000, np.random.default_rng(1))
    assert (weights.sum(axis=1) == 9).all()
    # A count is Binomial(9, 1/9): variance 8/9; the mean of 20,000 has sd .0067, and 9 are tried.
    assert np.abs(weights.mean(axis=0) - 1).max() < 4 * np.sqrt(8 / 9 / 20_000)
    # Its sample variance has sd of about sqrt((kurtosis - 1) / B) x 8/9 = .011.
    assert np.abs(weights.astype(float).var(axis=0) - 8 / 9).max() < 0.045


def test_weights_do_not_depend_on_the_block_they_were_drawn_in():
    many = draw_cluster_weights(300, 20_000, np.random.default_rng(4))
    few = draw_cluster_weights(300, 100, np.random.default_rng(4))
    np.testing.assert_array_equal(many[:100], few)


def test_shared_weights_depend_on_the_seed_and_the_clusters_only():
    one = SharedWeights(50, np.random.default_rng(7))
    other = SharedWeights(50, np.random.default_rng(7))
    one.of(12)
    np.testing.assert_array_equal(one.of(5), other.of(5))
    assert one.of(5) is one.of(5)
    assert (one.of(5) != SharedWeights(50, np.random.default_rng(8)).of(5)).any()


@pytest.mark.parametrize("compute", [jackknife, bootstrap, lambda f: bootstrap(f, interval="bca")])
class TestWhatChangesNothing:
    limits = ("estimate", "std_error", "conf_low", "conf_high")

    def test_units_and_offsets(self, compute):
        frame = make_frame()
        moved = frame.assign(
            outcome=3e6 + 0.01 * frame["outcome"],
            advisee=-1e6 + 7 * frame["advisee"],
            advisor=1e6 + 250 * frame["advisor"],
        )
        for name in self.limits:
            assert compute(moved)[name] == pytest.approx(compute(frame)[name], abs=1e-7)

    def test_swapping_the_ratings_turns_the_sign(self, compute):
        frame = make_frame()
        swapped = compute(frame.rename(columns={"advisee": "advisor", "advisor": "advisee"}))
        row = compute(frame)
        assert swapped["estimate"] == pytest.approx(-row["estimate"], abs=1e-12)
        assert swapped["conf_low"] == pytest.approx(-row["conf_high"], abs=1e-9)
        assert swapped["conf_high"] == pytest.approx(-row["conf_low"], abs=1e-9)

    def test_row_order_to_the_last_digit(self, compute):
        frame = make_frame()
        shuffled = frame.sample(frac=1, random_state=1)
        pd.testing.assert_series_equal(compute(shuffled), compute(frame), check_exact=True)

    def test_incomplete_rows(self, compute):
        frame = make_frame()
        gaps = frame.head(9).assign(
            outcome=[np.nan] * 3 + [1.0] * 6,
            advisee=[2.0] * 3 + [np.nan] * 3 + [2.0] * 3,
            advisor=[5.0] * 6 + [np.nan] * 3,
            cluster="a cluster without complete rows",
        )
        pd.testing.assert_series_equal(compute(pd.concat([gaps, frame])), compute(frame))


def test_every_dyad_its_own_cluster_is_the_ordinary_jackknife():
    frame = make_frame().assign(cluster=lambda f: range(len(f)))
    n = len(frame)
    without = np.array([plain_difference(frame.drop(index=i)) for i in frame.index])
    se = np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())
    row = jackknife(frame)
    assert row["std_error"] == pytest.approx(se, abs=1e-10)
    assert row["df"] == n - 1


class TestDegenerateInput:
    @pytest.mark.parametrize("compute", [jackknife, bootstrap])
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"advisor": 3.3}, "no variance in the second rating"),
            ({"outcome": 1e6, "advisee": 0.1}, "no variance in the outcome and the first rating"),
            ({"outcome": np.nan}, "fewer than 3 complete engagements (0)"),
        ],
    )
    def test_nothing_is_estimated_without_variance_or_rows(self, compute, change, said):
        row = compute(make_frame().assign(**change))
        assert np.isnan(row[["estimate", "std_error", "conf_low", "conf_high"]].astype(float)).all()
        assert row["note"] == said

    @pytest.mark.parametrize("compute", [jackknife, bootstrap])
    def test_two_engagements_are_too_few(self, compute):
        row = compute(make_frame().head(2))
        assert np.isnan(row["estimate"])
        assert row["note"] == "fewer than 3 complete engagements (2)"

    @pytest.mark.parametrize("compute", [jackknife, bootstrap])
    def test_one_cluster_gives_the_estimate_and_no_interval(self, compute):
        frame = make_frame().assign(cluster="only")
        row = compute(frame)
        assert row["estimate"] == pytest.approx(plain_difference(frame))
        assert np.isnan(row["conf_low"])
        assert row["note"] == "one cluster: no interval can be given"

    @pytest.mark.parametrize("compute", [jackknife, bootstrap])
    def test_perfectly_correlated_ratings_differ_by_zero_without_an_interval(self, compute):
        frame = make_frame().assign(advisor=lambda f: 2 * f["advisee"] + 1)
        row = compute(frame)
        assert row["estimate"] == pytest.approx(0, abs=1e-12)
        assert np.isnan(row["conf_low"])
        assert row["note"].startswith("the two ratings are perfectly correlated")

    def test_mirrored_ratings_do_vary(self):
        frame = make_frame().assign(advisor=lambda f: -f["advisee"])
        assert np.isfinite(jackknife(frame)["conf_low"])

    def test_a_cluster_that_holds_all_variance_leaves_a_replicate_undefined(self):
        frame = make_frame(clusters=15)
        frame["outcome"] = (frame["cluster"] == "advisor 003").astype(float)
        row = jackknife(frame)
        assert np.isfinite(row["estimate"])
        assert np.isnan(row["conf_low"])
        assert "deleting one cluster leaves no estimate in 1 of 15 cases" in row["note"]
        row = bootstrap(frame)
        assert np.isnan(row["conf_low"])
        assert "resamples undefined" in row["note"]

    def test_a_missing_cluster_is_refused(self):
        frame = make_frame()
        frame.loc[3, "cluster"] = None
        with pytest.raises(ValueError, match="'cluster' is missing in 1 of"):
            jackknife(frame)

    def test_an_absent_column_is_named(self):
        with pytest.raises(ValueError, match=r"no column \['advisor'\]"):
            jackknife(make_frame().drop(columns="advisor"))

    def test_weights_of_another_size_are_refused(self):
        weights = draw_cluster_weights(5, 100, np.random.default_rng(0))
        with pytest.raises(ValueError, match="12 clusters need"):
            bootstrap(make_frame(), resamples=100, weights=weights)

    def test_an_unknown_interval_is_refused(self):
        with pytest.raises(ValueError, match="'percentile' or 'bca'"):
            bootstrap(make_frame(), interval="basic")


class TestIntervals:
    def test_a_few_undefined_resamples_are_counted_and_many_withhold_the_interval(self):
        replicates = np.random.default_rng(0).normal(size=1000)
        replicates[:10] = np.nan
        row = percentile_interval(replicates)
        assert row["note"] == "10 of 1000 resamples undefined and left out"
        assert row["conf_low"] == pytest.approx(np.nanquantile(replicates, 0.025))
        replicates[:11] = np.nan
        row = percentile_interval(replicates)
        assert np.isnan(row["conf_low"])
        assert row["note"] == "no interval: 11 of 1000 resamples undefined"

    def test_bca_without_bias_or_skew_is_the_percentile_interval(self):
        half = np.abs(np.random.default_rng(0).normal(size=500))
        replicates = np.concatenate([half, -half])
        symmetric = np.array([-0.2, -0.1, 0.1, 0.2])
        bca = bca_interval(0.0, replicates, symmetric)
        plain = percentile_interval(replicates)
        assert bca["conf_low"] == pytest.approx(plain["conf_low"])
        assert bca["conf_high"] == pytest.approx(plain["conf_high"])

    def test_resamples_that_equal_the_estimate_count_half_below_it(self):
        replicates = np.array([-2.0, -1, 0, 0, 0, 0, 1, 2])
        row = bca_interval(0.0, replicates, np.array([-0.1, 0.1]), confidence=0.5)
        assert [row["conf_low"], row["conf_high"]] == np.quantile(replicates, [0.25, 0.75]).tolist()

    def test_bca_gives_nothing_when_all_resamples_lie_on_one_side(self):
        row = bca_interval(5.0, np.arange(4.0), np.array([0.1, 0.2, 0.4]))
        assert np.isnan(row["conf_low"])
        assert "one side" in row["note"]

    def test_bca_gives_nothing_when_a_cluster_cannot_be_left_out(self):
        row = bca_interval(0.0, np.arange(-4.0, 5), np.array([0.1, np.nan, 0.4]))
        assert np.isnan(row["conf_low"])
        assert "deleting one cluster" in row["note"]

    @pytest.mark.parametrize(
        "compute",
        [
            lambda flat: jackknife_interval(0.4, flat),
            percentile_interval,
            lambda flat: bca_interval(0.4, np.array([0.3, 0.5]), flat),
        ],
    )
    def test_a_statistic_that_never_varies_has_no_interval(self, compute):
        row = compute(np.full(5, 0.4))
        assert np.isnan([row["std_error"], row["conf_low"]]).all()
        assert "does not vary" in row["note"]

    def test_the_interval_of_a_correlation_stays_within_one(self):
        r, without = 0.97, np.array([0.95, 0.99, 0.985, 0.94])
        row = correlation_interval(r, without)
        plain = jackknife_interval(r, without)
        assert plain["conf_high"] > 1 > row["conf_high"] > r > row["conf_low"]

    def test_the_error_of_a_correlation_is_that_of_its_z_turned_back(self):
        r, without = 0.8, np.array([0.78, 0.83, 0.81, 0.79])
        row = correlation_interval(r, without)
        on_z = jackknife_interval(np.arctanh(r), np.arctanh(without))
        assert row["std_error"] == pytest.approx(0.36 * on_z["std_error"])
        assert row["conf_low"] == pytest.approx(np.tanh(on_z["conf_low"]))
        assert row["p_value"] == on_z["p_value"]

    def test_a_perfect_correlation_has_no_interval(self):
        row = correlation_interval(1.0, np.array([1.0, 1.0, 1.0]))
        assert np.isnan(row["conf_low"])
        assert "the correlation is 1 or -1" in row["note"]


def null_draws(rng, clusters, datasets):
    """Sums of data in which both ratings truly correlate .3 with the outcome, but share advisors.

    Intraclass correlations .25, .15, .35 and between-advisor correlations .5, .5, .2, caseloads
    unequal: the scenario of the calibration in which tests for independent dyads go wrong.
    """
    share = np.sqrt([0.25, 0.15, 0.35])
    between = np.array([[1, 0.5, 0.5], [0.5, 1, 0.2], [0.5, 0.2, 1]]) * np.outer(share, share)
    whole = np.array([[1, 0.3, 0.3], [0.3, 1, 0.36], [0.3, 0.36, 1]])
    for _ in range(datasets):
        sizes = 2 + rng.negative_binomial(2, 0.1, size=clusters)
        codes = np.repeat(np.arange(clusters), sizes)
        shared = rng.normal(size=(clusters, 3)) @ np.linalg.cholesky(between).T
        own = rng.normal(size=(len(codes), 3)) @ np.linalg.cholesky(whole - between).T
        values = standardise(shared[codes] + own)[0]
        yield sum_products(values, codes, clusters), len(codes)


def rejections(clusters, datasets, seed):
    """Share of clustered null data sets that the jackknife and Steiger's test reject at .05."""
    jackknifed, naive = [], []
    for sums, n in null_draws(np.random.default_rng(seed), clusters, datasets):
        total = sums.sum(axis=0)
        row = jackknife_interval(float(difference(total)), difference(leave_one_out(sums)))
        jackknifed.append(row["p_value"] < 0.05)
        matrix = covariances(total, 3)
        r = [float(correlation(matrix, i, j)) for i, j in ((0, 1), (0, 2), (1, 2))]
        tests = compare_dependent_correlations(*r, n).set_index("method")
        naive.append(tests.loc["steiger", "p_value"] < 0.05)
    return np.mean(jackknifed), np.mean(naive)


def test_under_the_clustered_null_the_jackknife_holds_its_level_and_the_naive_test_does_not():
    jackknifed, naive = rejections(clusters=18, datasets=400, seed=11)
    # Monte Carlo sd of a share of .05 in 400 is .011: the jackknife stays within three of these.
    assert 0.05 - 3 * 0.011 < jackknifed < 0.05 + 3 * 0.011
    # The naive share is .12 to .25; at .12 its Monte Carlo sd is .016, and .05 lies four away.
    assert naive > 0.10


@pytest.mark.slow
@pytest.mark.parametrize("clusters", [12, 18, 60])
def test_level_of_the_jackknife_within_the_bar(clusters):
    jackknifed, naive = rejections(clusters, datasets=2000, seed=100 + clusters)
    # Monte Carlo sd of .05 in 2,000: .0049; the bar of .035 to .065 is widened by 2.6 of these.
    assert 0.035 - 0.0127 < jackknifed < 0.065 + 0.0127
    assert naive > 0.09


def test_the_documented_example_runs():
    found = doctest.testmod(resampling)
    assert (found.attempted, found.failed) == (3, 0)
