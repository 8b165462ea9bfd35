"""What is counted: cumulative repair, rates under conditions, change after repair."""

import numpy as np
import pandas as pd
import pytest

from analysis.models.ruptures.episodes import Rule
from analysis.models.ruptures.events import flag_events, place_events, type_flags
from analysis.models.ruptures.exposures import (
    after_missed,
    after_repair,
    log_excess_ratio,
    log_rate_ratio,
    missed_after,
)
from analysis.models.ruptures.growth import (
    difference_in_growth,
    find_cells,
    growth,
    pairs_by_cluster,
    pairs_compared,
)
from analysis.models.ruptures.ratings import Ratings
from analysis.models.ruptures.statistics import (
    cumulative_repair,
    follow,
    occurrence,
    repair_times,
    sum_observed,
    timeline,
)

N = np.nan


def courses_of(scores, ended=None, longest=5, **further):
    scores = np.array(scores, dtype=float)
    n, times = scores.shape
    grids = {"total": scores} | {name: np.array(x, float) for name, x in further.items()}
    ratings = Ratings(
        np.array([f"e{i}" for i in range(n)]),
        np.arange(n),
        n,
        np.arange(1, times + 1),
        grids,
        np.zeros(n, dtype=bool) if ended is None else np.array(ended),
    )
    blocks = {name: grid[None] for name, grid in grids.items()}
    return follow(ratings, blocks, Rule(1.0, "previous", 0.5, longest))


def totals(courses, parts):
    return sum_observed(courses, parts).sum(axis=0)


def test_occurrence_counts_engagements_that_could_show_one():
    courses = courses_of([[5, 3, 5, 3], [5, 5, 5, 5], [5, N, N, N]])
    assert totals(courses, occurrence).tolist() == [1, 2, 2]


def test_cumulative_repair_has_ending_early_as_a_competing_event():
    courses = courses_of(
        [[5, 3, 5, 5, 5], [5, 3, 3, 5, 5], [5, 3, 3, N, N], [5, 3, N, N, N], [5, 3, 3, N, N]],
        ended=[False, False, True, True, False],
    )
    found = cumulative_repair(totals(courses, repair_times(3)))
    # At risk 5, 1 repaired, 1 ended; then 2 left (one censored), 1 repaired, 1 ended.
    np.testing.assert_allclose(found, [1 / 5, 1 / 5 + 3 / 5 / 2, 1 / 5 + 3 / 5 / 2])


def test_without_censoring_cumulative_repair_is_a_share():
    rng = np.random.default_rng(3)
    scores = np.round(rng.normal(5, 1, (500, 9)))
    courses = courses_of(scores)
    episodes = courses.episodes
    early = episodes.followed >= 3
    share = (episodes.repaired & (episodes.wait <= 3))[early].mean()
    kept = cumulative_repair(totals(courses, repair_times(3)))[-1]
    assert kept == pytest.approx(share, abs=0.03)


def test_the_timeline_of_one_course():
    courses = courses_of([[5, 3, 3, 5, 5]])
    found = totals(courses, timeline).reshape(5, 5)
    begins, at_risk, is_open, repaired, answered = found.T
    assert begins.tolist() == [0, 1, 0, 0, 0]
    assert at_risk.tolist() == [0, 1, 0, 0, 1]
    assert is_open.tolist() == [0, 1, 1, 0, 0]
    assert repaired.tolist() == [0, 0, 0, 1, 1]
    assert answered.tolist() == [1, 1, 1, 1, 1]


def test_mantel_and_haenszels_ratio_by_hand():
    # Two check-ins: 4 of 10 against 2 of 20, and 3 of 6 against 5 of 10.
    sums = np.array([4, 10, 2, 20, 3, 6, 5, 10], dtype=float)
    upper, lower = 4 * 20 / 30 + 3 * 10 / 16, 2 * 10 / 30 + 5 * 6 / 16
    assert log_rate_ratio(sums) == pytest.approx(np.log(upper / lower), rel=1e-12)
    assert np.isnan(log_rate_ratio(np.array([0, 10, 2, 20.0])))


def test_the_excess_ratio_takes_what_chance_would_show_off_both_sides():
    observed = np.array([30, 100, 20, 100.0])
    expected = np.array([10, 100, 10, 100.0])
    assert log_excess_ratio(observed, expected) == pytest.approx(np.log(20 / 10))
    assert np.isnan(log_excess_ratio(expected, observed))


def test_drops_after_a_check_in_left_out():
    courses = courses_of([[5, N, 3], [5, 5, 3], [5, N, 5], [5, 5, 5]])
    found = totals(courses, after_missed).reshape(3, 4)
    assert found[2].tolist() == [1, 2, 1, 2]


def test_check_ins_left_out_after_a_drop_count_only_where_answers_follow():
    courses = courses_of([[5, 3, N, 5], [5, 3, N, N], [5, 5, 5, 5]])
    found = totals(courses, missed_after).reshape(3, 4)
    assert found[1].tolist() == [1, 1, 0, 1]


def test_a_later_rupture_is_compared_at_the_same_check_in():
    courses = courses_of([[5, 3, 5, 3], [5, 5, 5, 3], [5, 5, 5, 5]])
    found = totals(courses, after_repair).reshape(4, 4)
    assert found[3].tolist() == [1, 1, 1, 2]
    assert found[1].tolist() == [0, 0, 1, 3]


def test_change_after_repair_leaves_out_the_scores_that_the_rule_selects_on():
    # Mean before 4; reference 6, onset 2, repair 6 do not enter; after the repair 5.
    mended = [4, 6, 2, 6, 5]
    control = [3, 3, 3.2, 3.1, 3.5]
    ruptured_later = [5, 5, 5, 5, 2]
    courses = courses_of([mended, control, ruptured_later])
    cells = find_cells(courses)
    assert cells == [(1, 3)]
    sums = totals(courses, growth(cells, "total"))
    assert pairs_compared(sums) == 1
    apart = [
        totals(courses_of(own), growth(cells, "total")) for own in ([mended], [control])
    ]  # the control is another cluster's
    assert pairs_by_cluster(np.stack(apart)).tolist() == [1, 0]
    assert difference_in_growth(sums) == pytest.approx(1 - (0.5 - 3) / 2)


def test_the_adjusted_difference_is_that_of_a_regression():
    rng = np.random.default_rng(4)
    n = 200
    before = rng.normal(5, 1, n)
    scores = before[:, None] + rng.normal(0, 0.1, (n, 5))
    scores[: n // 2, 2] -= 3
    courses = courses_of(scores)
    cells = find_cells(courses)
    assert cells == [(1, 3)]
    sums = totals(courses, growth(cells, "total"))
    mended = np.arange(n) < n // 2
    x = np.column_stack([np.ones(n), mended, scores[:, 0]])
    slope = np.linalg.lstsq(x, scores[:, 4], rcond=None)[0][1]
    assert difference_in_growth(sums, adjusted=True) == pytest.approx(slope, rel=1e-8)


def test_events_of_weeks_belong_to_the_next_check_in():
    alliance = pd.DataFrame(
        {"engagement_id": ["e0"] * 3, "occasion": [1, 2, 3], "week": [3.0, 6.0, 9.0]}
    )
    events = pd.DataFrame(
        {
            "engagement_id": ["e0", "e0", "e0", "e0"],
            "event": ["complaint", "complaint", "challenge", "late_reply"],
            "occasion": [np.nan, 3, np.nan, np.nan],
            "week": [4.0, 1.0, 20.0, np.nan],
        }
    )
    placed = place_events(events, alliance)
    assert placed["occasion"].tolist() == [2, 3]


def test_types_come_from_events_since_the_last_answer():
    courses = courses_of([[5, N, 3], [5, 5, 3], [5, 5, 3], [5, 5, 3]])
    events = pd.DataFrame(
        {
            "engagement_id": ["e0", "e1", "e2", "e2", "e3"],
            "occasion": [2, 3, 3, 3, 2],
            "event": ["missed_checkin", "complaint", "late_reply", "challenge", "complaint"],
        }
    )
    flags = type_flags(courses.ratings, events)
    found = [next(name for name in flags if flags[name][row, 2]) for row in range(4)]
    assert found == ["withdrawal", "confrontation", "both", "untyped"]


def test_events_of_other_engagements_and_times_are_passed_over():
    courses = courses_of([[5, 5, 5]])
    events = pd.DataFrame(
        {"engagement_id": ["x", "e0"], "occasion": [1, 9], "event": ["complaint", "complaint"]}
    )
    assert not flag_events(courses.ratings, events, ["complaint"]).any()
