import numpy as np
import pandas as pd
import pytest

from analysis.contract.estimates import COLUMNS
from analysis.contract.plan import ComparisonPlan
from analysis.evidence.comparison import LINES, compare_raters
from analysis.models.resampling import (
    SharedWeights,
    cluster_bootstrap_difference,
    cluster_jackknife_difference,
)

NAMES = ("goal_attainment", "advisee_total", "advisor_total", "advisor_id")


def compare(data, plan, **keywords):
    keywords = {"occasions": data.occasions, **keywords}
    return compare_raters(data.frame, *NAMES, plan, **keywords)


def by_line(table):
    return table.set_index(["analysis", "method"])


@pytest.fixture(scope="module")
def data(programme):
    return programme(1, latent=(0.55, 0.15), reliability=(0.9, 0.8), answered=0.9)


@pytest.fixture(scope="module")
def table(data, plan):
    return compare(data, plan)


def test_every_line_is_there_once_and_the_verdict_stands_last(table):
    beside = table[table["analysis"].isin([*LINES, "agreement"])]
    # The sensitivity is for outcomes of few values only.
    given = [line for line in LINES if line != "sensitivity"]
    assert list(beside["analysis"].drop_duplicates()) == [*given, "agreement"]
    assert table["analysis"].iloc[-1] == "verdict"
    table = table.drop(beside.index)
    lines = table[["analysis", "method", "term", "rater"]].fillna("").agg(" ".join, axis=1)
    assert [one.strip() for one in lines] == [
        "correlation jackknife_fisher_z correlation advisee",
        "correlation jackknife_fisher_z correlation advisor",
        "correlation jackknife_fisher_z correlation_between_raters",
        "reliability window_mean reliability advisee",
        "reliability window_mean reliability advisor",
        "naive steiger difference",
        "naive williams difference",
        "naive meng difference",
        "naive hittner difference",
        "naive dunn_clark difference",
        "naive zou difference",
        "clustered jackknife difference",
        "clustered jackknife_90 difference",
        "clustered percentile difference",
        "clustered bca difference",
        "disattenuated jackknife difference",
        "disattenuated jackknife_90 difference",
        "disattenuated percentile difference",
        "disattenuated bca difference",
        "verdict verdict difference",
    ]
    assert set(table.columns) <= set(COLUMNS)
    assert (table["outcome"] == "goal_attainment").all()
    assert table["verdict"].notna().tolist() == [False] * 19 + [True]


def test_items_add_omega_of_each_rater_and_its_line(programme, plan):
    data = programme(2, n_items=4)
    table = compare(data, plan, items=data.items)
    omega = table[table["method"] == "omega"]
    assert omega["rater"].tolist() == ["advisee", "advisor"]
    assert omega["estimate"].between(0.8, 1).all()
    assert (omega["conf_low"] < omega["estimate"]).all()
    assert (omega["estimate"] < omega["conf_high"]).all()
    assert (omega["n_engagements"] == len(data.frame)).all()
    added = table[table["method"].str.startswith("omega_")]
    assert added["method"].tolist() == ["omega_jackknife", "omega_jackknife_90"]
    assert added["conf_low"].notna().all()


def test_the_interval_of_record_is_the_cluster_jackknife(data, table, plan):
    lines = by_line(table)
    expected = cluster_jackknife_difference(data.frame, *NAMES).iloc[0]
    narrow = cluster_jackknife_difference(data.frame, *NAMES, confidence=0.90).iloc[0]
    for name in ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high"):
        assert lines.loc[("clustered", "jackknife"), name] == pytest.approx(
            expected[name], abs=1e-12
        )
        assert (
            lines.loc[("verdict", "verdict"), name] == lines.loc[("clustered", "jackknife"), name]
        )
    assert lines.loc[("clustered", "jackknife_90"), "conf_low"] == pytest.approx(
        narrow["conf_low"], abs=1e-12
    )
    assert lines.loc[("verdict", "verdict"), "n_advisors"] == 40
    assert lines.loc[("verdict", "verdict"), "n_engagements"] == len(data.frame)


def test_the_bootstraps_are_those_of_the_shared_weights(data, plan):
    weights = SharedWeights(plan.resamples, np.random.default_rng(5))
    lines = by_line(compare(data, plan, weights=weights))
    for method in ("percentile", "bca"):
        expected = cluster_bootstrap_difference(
            data.frame, *NAMES, plan.resamples, None, interval=method, weights=weights.of(40)
        ).iloc[0]
        row = lines.loc[("clustered", method)]
        assert row["conf_low"] == pytest.approx(expected["conf_low"], abs=1e-12)
        assert row["conf_high"] == pytest.approx(expected["conf_high"], abs=1e-12)


def test_correlations_are_those_of_the_same_engagements(data, table):
    matrix = data.frame[list(NAMES[:3])].corr().to_numpy()
    found = table.loc[table["analysis"] == "correlation", "estimate"]
    np.testing.assert_allclose(found, [matrix[0, 1], matrix[0, 2], matrix[1, 2]], atol=1e-12)


def test_a_true_difference_is_supported_and_its_mirror_opposed(data, table, plan):
    assert table.iloc[-1]["verdict"] == "supported"
    mirrored = data.frame.rename(
        columns={"advisee_total": "advisor_total", "advisor_total": "advisee_total"}
    )
    occasions = data.occasions.rename(
        columns={"advisee_total": "advisor_total", "advisor_total": "advisee_total"}
    )
    other = compare_raters(mirrored, *NAMES, plan, occasions=occasions)
    assert other.iloc[-1]["verdict"] == "opposed"
    differences = table["term"] == "difference"
    np.testing.assert_allclose(
        other.loc[differences, "estimate"], -table.loc[differences, "estimate"], atol=1e-10
    )
    np.testing.assert_allclose(
        other.loc[differences, "conf_low"], -table.loc[differences, "conf_high"], atol=1e-9
    )


def test_equal_raters_in_a_large_programme_are_equivalent(programme, plan):
    # Standard error of D here about .028, so that the 90 % interval spans .09 of a zone of .20.
    data = programme(3, advisors=100, caseload=16, between_raters=0.7, reliability=(0.95, 0.95))
    assert compare(data, plan).iloc[-1]["verdict"] == "equivalent"


def test_a_small_programme_of_equal_raters_settles_nothing(programme, plan):
    assert (
        compare(programme(4, advisors=15, caseload=6), plan).iloc[-1]["verdict"] == "inconclusive"
    )


def test_a_difference_that_is_only_one_of_reliability_is_not_shown(programme, plan):
    data = programme(5, advisors=60, caseload=20, latent=(0.5, 0.5), reliability=(0.95, 0.6))
    verdict = compare(data, plan).iloc[-1]
    assert verdict["conf_low"] > 0
    assert verdict["verdict"] == "inconclusive"
    assert "not shown once reliability is equalised" in verdict["note"]


def test_without_reliability_the_clustered_line_decides_and_says_so(data, plan):
    verdict = compare(data, plan, occasions=None).iloc[-1]
    assert verdict["verdict"] == "supported"
    assert (
        "uncorrected for reliability (no scores of single occasions were given" in verdict["note"]
    )


def test_the_order_of_rows_changes_nothing_to_the_last_digit(data, table, plan):
    frame = data.frame.sample(frac=1, random_state=3)
    occasions = data.occasions.sample(frac=1, random_state=4)
    shuffled = compare_raters(frame, *NAMES, plan, occasions=occasions)
    pd.testing.assert_frame_equal(shuffled, table, check_exact=True)


def test_units_and_offsets_change_nothing(data, table, plan):
    def moved(columns):
        return columns.assign(
            advisee_total=lambda f: 1e6 + 3 * f["advisee_total"],
            advisor_total=lambda f: -1e6 + 0.2 * f["advisor_total"],
        )

    frame = moved(data.frame).assign(goal_attainment=lambda f: 1e6 + 50 * f["goal_attainment"])
    other = compare_raters(frame, *NAMES, plan, occasions=moved(data.occasions))
    numbers = ["estimate", "conf_low", "conf_high", "p_value"]
    np.testing.assert_allclose(other[numbers], table[numbers], atol=1e-6)
    assert other["verdict"].iloc[-1] == table["verdict"].iloc[-1]


def test_the_same_seed_gives_the_same_rows_and_another_seed_other_resamples(data, table, plan):
    again = compare(data, plan, rng=np.random.default_rng(plan.seed))
    pd.testing.assert_frame_equal(again, table, check_exact=True)
    other = compare(data, plan, rng=np.random.default_rng(1))
    same = other["conf_low"] == table["conf_low"]
    assert not same[table["method"].isin(["percentile", "bca"])].any()
    assert same[table["analysis"].isin(["correlation"])].all()


def test_naive_tests_say_what_they_assume(table):
    naive = table[table["analysis"] == "naive"]
    assert (naive["note"] == "assumes independent dyads").all()


@pytest.mark.parametrize(
    ("cut", "kind"),
    [
        (lambda y: (y > 0).astype(int), "binary"),
        (lambda y: np.digitize(y, [-1, 0, 1]), "ordinal"),
    ],
)
def test_naive_tests_of_a_coarse_outcome_are_approximate(data, plan, cut, kind):
    frame = data.frame.assign(goal_attainment=lambda f: cut(f["goal_attainment"]))
    lines = by_line(compare_raters(frame, *NAMES, plan, occasions=data.occasions))
    assert lines.loc[("naive", "steiger"), "note"].endswith(f"approximate: the outcome is {kind}")
    assert np.isfinite(lines.loc[("clustered", "jackknife"), "conf_low"])


def test_missing_ratings_beyond_the_plans_share_are_said(data, plan):
    frame = data.frame.copy()
    frame.loc[frame.index[::3], "advisor_total"] = np.nan
    without_outcome = frame.tail(40).assign(
        goal_attainment=np.nan, engagement_id=lambda f: f["engagement_id"] + "x"
    )
    table = compare_raters(pd.concat([frame, without_outcome]), *NAMES, plan)
    assert "33% of the engagements with this outcome lack a rating" in table.iloc[-1]["note"]


def test_the_reason_knows_the_timing(data, plan):
    assert "concurrent" in compare(data, plan, timing="concurrent").iloc[-1]["note"]
    assert "concurrent" not in compare(data, plan, timing="prospective").iloc[-1]["note"]


def test_low_reliability_carries_a_caution(programme, plan):
    table = compare(programme(6, reliability=(0.9, 0.6)), plan)
    notes = table[table["analysis"] == "reliability"]["note"].tolist()
    assert notes == ["", "low: below 0.70"]


def test_reliability_has_an_interval_that_holds_the_truth_and_stays_below_one(programme, plan):
    held = {"window_mean": [], "omega": []}
    for seed in range(40):
        data = programme(seed, advisors=15, reliability=(0.97, 0.75))
        items = programme(seed, advisors=15, reliability=(0.97, 0.75), n_items=4).items
        table = compare(data, plan, items=items)
        for method, found in held.items():
            rows = table[table["method"] == method]
            assert (rows["conf_high"] < 1).all()
            found += list((rows["conf_low"] < [0.97, 0.75]) & (rows["conf_high"] > [0.97, 0.75]))
    # Coverage of .95 in 80 has a Monte Carlo sd of .024.
    assert np.mean(held["window_mean"]) >= 0.95 - 3 * 0.024
    assert np.mean(held["omega"]) >= 0.95 - 3 * 0.024


class TestDegenerateInput:
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"advisor_total": 3.2}, "no variance in the advisor's rating"),
            ({"advisee_total": 3.2}, "no variance in the advisee's rating"),
            ({"goal_attainment": 1}, "no variance in the outcome"),
            ({"goal_attainment": np.nan}, "fewer than 3 complete engagements (0)"),
        ],
    )
    def test_what_does_not_vary_is_not_testable(self, data, plan, change, said):
        table = compare_raters(data.frame.assign(**change), *NAMES, plan, occasions=data.occasions)
        differences = table[table["term"] == "difference"]
        numbers = ["estimate", "std_error", "p_value", "conf_low", "conf_high"]
        assert differences[numbers].isna().all(axis=None)
        assert (differences["note"] != "").all()
        assert table.iloc[-1]["verdict"] == "not_testable"
        assert table.iloc[-1]["note"] == said

    def test_two_engagements_are_too_few(self, data, plan):
        table = compare_raters(data.frame.head(2), *NAMES, plan, occasions=data.occasions)
        assert table["estimate"].isna().all()
        assert "fewer than 3 complete engagements (2)" in table.iloc[-1]["note"]

    def test_perfectly_correlated_raters_are_one_rating(self, data, plan):
        frame = data.frame.assign(advisor_total=lambda f: 1 + 2 * f["advisee_total"])
        table = compare_raters(frame, *NAMES, plan)
        assert table.iloc[-1]["verdict"] == "not_testable"
        assert "perfectly correlated" in table.iloc[-1]["note"]
        assert table["conf_low"][table["term"] == "difference"].isna().all()

    def test_one_cluster_has_no_interval_and_settles_nothing(self, data, plan):
        table = compare_raters(
            data.frame.assign(advisor_id="only"), *NAMES, plan, occasions=data.occasions
        )
        rows = table[table["analysis"].isin(["correlation", "clustered", "disattenuated"])]
        assert rows[["conf_low", "conf_high"]].isna().all(axis=None)
        assert np.isfinite(by_line(table).loc[("clustered", "jackknife"), "estimate"])
        assert table.iloc[-1]["verdict"] == "inconclusive"
        assert table.iloc[-1]["note"].startswith("one cluster")

    def test_nine_clusters_have_an_interval_and_settle_nothing(self, programme, plan):
        table = compare(programme(7, advisors=9, caseload=40, latent=(0.7, 0.0)), plan)
        assert by_line(table).loc[("clustered", "jackknife"), "conf_low"] > 0
        assert table.iloc[-1]["verdict"] == "inconclusive"
        assert "9 clusters" in table.iloc[-1]["note"]

    def test_every_dyad_its_own_cluster_is_the_ordinary_jackknife(self, data, plan):
        frame = data.frame.assign(advisor_id=lambda f: f["engagement_id"])
        table = compare_raters(frame, *NAMES, plan, occasions=data.occasions)
        verdict = table.iloc[-1]
        assert verdict["n_advisors"] == verdict["n_engagements"] == len(frame)
        assert verdict["df"] == len(frame) - 1
        assert verdict["verdict"] == "supported"

    def test_twelve_engagements_of_twelve_advisors_are_computed(self, programme, plan):
        data = programme(8, advisors=12, caseload=5)
        frame = data.frame.groupby("advisor_id").head(1)
        table = compare_raters(frame, *NAMES, plan, occasions=data.occasions)
        assert len(frame) == 12
        assert np.isfinite(by_line(table).loc[("clustered", "jackknife"), "conf_low"])

    def test_a_cluster_that_holds_all_variance_leaves_no_interval(self, data, plan):
        frame = data.frame.assign(
            goal_attainment=lambda f: (f["advisor_id"] == "a003").astype(float)
        )
        table = compare_raters(frame, *NAMES, plan, occasions=data.occasions)
        note = by_line(table).loc[("clustered", "jackknife"), "note"]
        assert "deleting one cluster leaves no estimate in 1 of 40 cases" in note
        assert table.iloc[-1]["verdict"] == "inconclusive"

    def test_a_missing_cluster_is_refused(self, data, plan):
        frame = data.frame.copy()
        frame.loc[4, "advisor_id"] = None
        with pytest.raises(ValueError, match="'advisor_id' is missing in 1 of"):
            compare_raters(frame, *NAMES, plan)

    def test_an_engagement_given_twice_is_refused(self, data, plan):
        with pytest.raises(ValueError, match="engagement_id twice"):
            compare_raters(pd.concat([data.frame, data.frame.head(1)]), *NAMES, plan)

    def test_an_absent_column_is_named(self, data, plan):
        with pytest.raises(ValueError, match=r"no column \['advisor_total'\]"):
            compare_raters(data.frame.drop(columns="advisor_total"), *NAMES, plan)

    def test_occasions_need_the_engagements_names(self, data, plan):
        frame = data.frame.drop(columns="engagement_id")
        with pytest.raises(ValueError, match="need the column 'engagement_id'"):
            compare_raters(frame, *NAMES, plan, occasions=data.occasions)
        assert compare_raters(frame, *NAMES, plan).iloc[-1]["verdict"] == "supported"

    def test_occasions_of_other_engagements_say_so(self, data, plan):
        strangers = data.occasions.assign(engagement_id=lambda f: "x" + f["engagement_id"])
        verdict = compare(data, plan, occasions=strangers).iloc[-1]
        assert "uncorrected for reliability (none of these engagements has" in verdict["note"]


def test_the_plan_sets_levels_and_zone(data):
    strict = ComparisonPlan(resamples=99, confidence=0.99, equivalence_confidence=0.95, sesoi=0.9)
    lines = by_line(compare(data, strict))
    record = cluster_jackknife_difference(data.frame, *NAMES, confidence=0.99).iloc[0]
    narrow = cluster_jackknife_difference(data.frame, *NAMES, confidence=0.95).iloc[0]
    assert lines.loc[("clustered", "jackknife"), "conf_low"] == pytest.approx(record["conf_low"])
    assert lines.loc[("clustered", "jackknife_90"), "conf_low"] == pytest.approx(narrow["conf_low"])
    assert "reaches inside +-0.90" in lines.loc[("verdict", "verdict"), "note"]
