import numpy as np
import pytest

from analysis.contract.estimates import VERDICTS
from analysis.evidence.verdict import NOT_SHOWN, UNCORRECTED, Line, Rule, decide, refuse

RULE = Rule(sesoi=0.10, minimum_clusters=10, missing_share_caution=0.20)


def line(low, high, shrink=0.02, correction=""):
    """A line with the interval given; the narrower one ends ``shrink`` further in."""
    return Line((low + high) / 2, low, high, low + shrink, high - shrink, correction)


ABOVE = line(0.12, 0.40)
BELOW = line(-0.40, -0.12)
ABOVE_BUT_NEAR = line(0.03, 0.40)
BELOW_BUT_NEAR = line(-0.40, -0.03)
TINY_ABOVE = line(0.01, 0.09)
AROUND = line(-0.20, 0.30)
WITHIN = line(-0.09, 0.09)
WITHIN_AT_90_ONLY = line(-0.11, 0.11)
NONE = Line(0.2, np.nan, np.nan, np.nan, np.nan)


def corrected(one):
    return Line(
        one.estimate,
        one.low,
        one.high,
        one.low_equivalence,
        one.high_equivalence,
        "the reliability of the window means",
    )


@pytest.mark.parametrize(
    ("clustered", "disattenuated", "verdict", "said"),
    [
        (ABOVE, ABOVE, "supported", "both intervals exclude 0"),
        (BELOW, BELOW, "opposed", "both intervals exclude 0"),
        (ABOVE, BELOW, "inconclusive", "point opposite ways"),
        (BELOW, ABOVE, "inconclusive", "point opposite ways"),
        (ABOVE, AROUND, "inconclusive", NOT_SHOWN),
        (BELOW, AROUND, "inconclusive", NOT_SHOWN),
        (ABOVE, WITHIN, "inconclusive", NOT_SHOWN),
        (AROUND, ABOVE, "inconclusive", "only the disattenuated interval excludes 0"),
        (WITHIN, BELOW, "inconclusive", "only the disattenuated interval excludes 0"),
        (WITHIN, WITHIN, "equivalent", "both equivalence intervals lie within +-0.10"),
        (WITHIN_AT_90_ONLY, WITHIN, "equivalent", "neither interval excludes 0"),
        (WITHIN, AROUND, "inconclusive", "nor do both lie within +-0.10"),
        (AROUND, WITHIN, "inconclusive", "nor do both lie within +-0.10"),
        (AROUND, AROUND, "inconclusive", "neither interval excludes 0"),
        (TINY_ABOVE, TINY_ABOVE, "supported", "reaches inside +-0.10"),
        (TINY_ABOVE, WITHIN, "inconclusive", NOT_SHOWN),
        (ABOVE_BUT_NEAR, ABOVE, "supported", "reaches inside +-0.10"),
        (BELOW_BUT_NEAR, BELOW, "opposed", "reaches inside +-0.10"),
        (ABOVE, "not_estimable", "supported", UNCORRECTED),
        (BELOW, "not_estimable", "opposed", UNCORRECTED),
        (BELOW_BUT_NEAR, "not_estimable", "opposed", "reaches inside +-0.10"),
        (WITHIN, "not_estimable", "equivalent", UNCORRECTED),
        (AROUND, "not_estimable", "inconclusive", UNCORRECTED),
        (ABOVE, "too_unreliable", "inconclusive", NOT_SHOWN),
        (BELOW, "too_unreliable", "inconclusive", NOT_SHOWN),
        (WITHIN, "too_unreliable", "inconclusive", "does not exclude 0"),
        (NONE, ABOVE, "inconclusive", "no interval"),
    ],
)
def test_each_pair_of_lines_has_its_verdict(clustered, disattenuated, verdict, said):
    second = corrected(disattenuated) if isinstance(disattenuated, Line) else disattenuated
    found, reason = decide(
        clustered, second, RULE, n_clusters=30, absence_reason="the advisor's reliability is .31"
    )
    assert found == verdict
    assert found in VERDICTS
    assert said in reason


def test_a_clear_winner_does_not_reach_inside_the_zone():
    assert "reaches inside" not in decide(ABOVE, ABOVE, RULE, n_clusters=30)[1]


@pytest.mark.parametrize(("limit", "inside"), [(0.0999, True), (0.10, False), (0.1001, False)])
def test_the_zone_of_equivalence_ends_at_the_sesoi(limit, inside):
    narrow = Line(0.0, -0.2, 0.2, -limit, limit)
    assert narrow.lies_within(0.10) is inside
    assert (decide(narrow, narrow, RULE, n_clusters=30)[0] == "equivalent") is inside


def test_an_interval_that_touches_zero_does_not_exclude_it():
    assert line(0.0, 0.3).side == 0
    assert line(-0.3, 0.0).side == 0
    assert line(1e-9, 0.3).side == 1


@pytest.mark.parametrize("second", [ABOVE, "not_estimable", "too_unreliable"])
def test_fewer_clusters_than_the_plan_asks_for_are_inconclusive(second):
    verdict, reason = decide(ABOVE, second, RULE, n_clusters=9)
    assert verdict == "inconclusive"
    assert reason.startswith("9 clusters: fewer than the 10")
    assert decide(ABOVE, ABOVE, RULE, n_clusters=10)[0] == "supported"


def test_one_cluster_is_inconclusive_and_says_so():
    verdict, reason = decide(NONE, "not_estimable", RULE, n_clusters=1)
    assert verdict == "inconclusive"
    assert reason.startswith("one cluster")


def test_the_reason_names_the_correction_that_decided():
    by_omega = line(0.2, 0.4, correction="omega, there being no repeated occasions")
    assert "corrected by omega" in decide(ABOVE, by_omega, RULE, n_clusters=30)[1]


@pytest.mark.parametrize(("share", "cautioned"), [(0.20, False), (0.21, True)])
def test_many_missing_ratings_are_said_and_do_not_change_the_verdict(share, cautioned):
    verdict, reason = decide(ABOVE, ABOVE, RULE, n_clusters=30, missing_share=share)
    assert verdict == "supported"
    assert ("lack a rating" in reason) is cautioned
    if cautioned:
        assert "21% of the engagements" in reason


@pytest.mark.parametrize(
    ("timing", "said"), [("concurrent", True), ("prospective", False), (None, False)]
)
def test_a_concurrent_outcome_is_called_so(timing, said):
    reason = decide(ABOVE, ABOVE, RULE, n_clusters=30, timing=timing)[1]
    assert ("concurrent" in reason) is said


@pytest.mark.parametrize(
    ("source", "raters", "n", "said"),
    [
        ("advisee", ["advisee", "advisor"], 400, "an outcome from a third party or a record"),
        ("advisor", ["advisee", "advisor"], 400, "an outcome from a third party or a record"),
        ("record", ["advisee"], 400, "by the advisor are missing"),
        ("record", ["advisor"], 400, "by the advisee are missing"),
        ("record", [], 400, "by the advisee and the advisor are missing"),
        ("third_party", ["advisee", "advisor"], 9, "only 9 engagements"),
    ],
)
def test_what_makes_a_cell_unable_to_decide_is_named(source, raters, n, said):
    assert said in refuse(source, raters, n, 10)


@pytest.mark.parametrize("source", ["third_party", "record"])
def test_an_independent_source_and_both_raters_can_decide(source):
    assert refuse(source, ["advisor", "advisee"], 10, 10) == ""


def test_all_that_is_missing_is_named_at_once():
    reason = refuse("advisee", ["advisee"], 0, 10)
    assert "by the advisor are missing" in reason
    assert "third party or a record is missing" in reason


@pytest.mark.parametrize(
    ("decided", "imputed", "share", "verdict", "said"),
    [
        (ABOVE, BELOW, 0.30, "inconclusive", "with missing ratings imputed the answer is not"),
        (ABOVE, line(-0.05, 0.30), 0.30, "inconclusive", "imputed the answer is not borne out"),
        (ABOVE, line(0.02, 0.30), 0.30, "supported", "imputed the answer is the same"),
        (ABOVE, BELOW, 0.10, "supported", ""),
        (BELOW, BELOW, 0.30, "opposed", "imputed the answer is the same"),
        (WITHIN, line(0.02, 0.09), 0.30, "inconclusive", "imputed the answer is not borne out"),
        (WITHIN, line(-0.14, 0.11), 0.30, "inconclusive", "imputed the answer is not borne out"),
        (WITHIN, WITHIN_AT_90_ONLY, 0.30, "equivalent", "imputed the answer is the same"),
        (ABOVE, NONE, 0.30, "supported", "lack a rating"),
    ],
)
def test_the_imputed_line_is_read_where_many_ratings_are_missing(
    decided, imputed, share, verdict, said
):
    found, reason = decide(
        decided, decided, RULE, n_clusters=30, missing_share=share, imputed=imputed
    )
    assert found == verdict
    assert said in reason
    assert ("imputed" in reason) is (share > 0.20 and imputed.given)
