"""The grid of one rater's scores, and the scales drops are measured on."""

import numpy as np
import pandas as pd
import pytest

from analysis.models.ruptures.ratings import (
    error_of_measurement,
    lay_out_ratings,
    scale_of_drops,
)


def tables(courses, **columns):
    """Alliance and engagements from a dict of engagement to scores by check-in."""
    rows = [
        {"engagement_id": name, "rater": "advisee", "occasion": t, "week": 3.0 * t, "total": x}
        for name, scores in courses.items()
        for t, x in enumerate(scores, start=1)
    ]
    engagements = pd.DataFrame({"engagement_id": list(courses)})
    engagements["advisor_id"] = [f"A{place % 2}" for place in range(len(courses))]
    return pd.DataFrame(rows), engagements.assign(**columns)


def lay_out(courses, **columns):
    return lay_out_ratings(*tables(courses, **columns), "advisee")


def test_row_order_and_names_do_not_matter():
    courses = {"a": [3, 4, 5], "b": [5, 4, 4], "c": [3, 4, 2]}
    alliance, engagements = tables(courses)
    first = lay_out_ratings(alliance, engagements, "advisee")
    shuffled = alliance.sample(frac=1, random_state=1)
    other = {"a": "zz", "b": "b", "c": "aa"}
    shuffled["engagement_id"] = shuffled["engagement_id"].map(other)
    engagements["engagement_id"] = engagements["engagement_id"].map(other)
    second = lay_out_ratings(shuffled, engagements.iloc[::-1], "advisee")
    np.testing.assert_array_equal(first.total, second.total)
    np.testing.assert_array_equal(first.codes, second.codes)


def test_answers_after_the_end_are_left_out_and_counted():
    ratings = lay_out({"a": [3, 4, 5], "b": [5, 4, 4]}, ended_week=[6.0, np.nan])
    assert ratings.after_end == 1
    row = list(ratings.engagement_ids).index("a")
    assert np.isnan(ratings.total[row, 2]) and np.isfinite(ratings.total[1 - row]).all()


def test_weeks_that_run_backward_are_counted_and_kept_in_place():
    alliance, engagements = tables({"a": [3, 4, 5]})
    alliance.loc[1, "week"] = 12.0
    ratings = lay_out_ratings(alliance, engagements, "advisee")
    assert ratings.out_of_order == 1
    assert ratings.total.tolist() == [[3, 4, 5]]


def test_a_check_in_given_twice_is_refused():
    alliance, engagements = tables({"a": [3, 4, 5]})
    with pytest.raises(ValueError, match="given twice"):
        lay_out_ratings(pd.concat([alliance, alliance.iloc[:1]]), engagements, "advisee")


def test_an_unknown_engagement_is_refused():
    alliance, engagements = tables({"a": [3, 4, 5], "b": [3, 4, 5]})
    with pytest.raises(ValueError, match="not among the engagements"):
        lay_out_ratings(alliance, engagements.iloc[:1], "advisee")


def test_the_scale_is_the_pooled_residual_of_each_engagements_own_line():
    courses = {"a": [1.0, 2.5, 2.0, 4.0], "b": [5.0, 3.0, 4.0], "c": [2.0, 9.0]}
    left, df = 0.0, 0
    for scores in (courses["a"], courses["b"]):
        t = np.arange(len(scores))
        left += ((scores - np.polyval(np.polyfit(t, scores, 1), t)) ** 2).sum()
        df += len(scores) - 2
    scale, n, basis = scale_of_drops(lay_out(courses))
    assert scale == pytest.approx(np.sqrt(left / df), rel=1e-12)
    assert n == 2 and "own line" in basis


def test_with_two_check_ins_the_means_of_the_check_ins_are_removed():
    courses = {"a": [1.0, 2.0], "b": [2.0, 5.0], "c": [3.0, 4.0]}
    scale, n, basis = scale_of_drops(lay_out(courses))
    assert scale == pytest.approx(np.std([1, 3, 1], ddof=1) / np.sqrt(2), rel=1e-12)
    assert n == 3 and "means" in basis


def test_scores_that_never_vary_have_a_scale_of_zero():
    assert scale_of_drops(lay_out({"a": [0.1 * 3] * 4, "b": [4, 4, 4, 4]}))[0] == 0


def test_the_scale_recovers_the_noise_of_the_model():
    rng = np.random.default_rng(2)
    scores = rng.normal(5, 1, (4_000, 1)) + rng.normal(0, 0.1, (4_000, 1)) * np.arange(6)
    scores += rng.normal(0, 0.5, (4_000, 6))
    scale, _, _ = scale_of_drops(lay_out({str(i): row for i, row in enumerate(scores)}))
    assert scale == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(2 * 16_000))


def test_the_error_of_measurement_is_that_of_one_check_in():
    ratings = lay_out({"a": [1.0, 2.0], "b": [2.0, 5.0], "c": [3.0, 4.0]})
    omega = pd.Series({1: 0.75, 2: 0.91})
    pooled = (2 * 1.0 * 0.25 + 2 * np.var([2, 5, 4], ddof=1) * 0.09) / 4
    assert error_of_measurement(ratings, omega) == pytest.approx(np.sqrt(pooled), rel=1e-12)
    assert np.isnan(error_of_measurement(ratings, None))
    assert np.isnan(error_of_measurement(ratings, pd.Series({9: 0.8})))
