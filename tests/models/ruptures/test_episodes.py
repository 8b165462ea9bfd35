"""Drops, episodes and repair, read off short courses by hand."""

import numpy as np
import pytest

from analysis.models.ruptures.episodes import (
    Rule,
    kinds_within,
    list_episodes,
    returned_in_full,
    trace_episodes,
)

N = np.nan


def follow(courses, reference="previous", threshold=1.0, band=0.5, longest=5, occasions=None):
    scores = np.array(courses, dtype=float)
    places = np.arange(1, scores.shape[1] + 1) if occasions is None else np.array(occasions)
    traces = trace_episodes(scores, places, Rule(threshold, reference, band, longest))
    return scores, places, traces, list_episodes(scores, places, traces)


def onsets(courses, **rule):
    _, places, _, episodes = follow(courses, **rule)
    return [(int(c), int(places[o])) for c, o in zip(episodes.course, episodes.onset, strict=True)]


def test_a_fall_of_the_threshold_begins_an_episode_and_a_smaller_one_does_not():
    assert onsets([[5, 4, 4, 4], [5, 4.01, 4, 4]]) == [(0, 2)]


def test_a_fall_that_misses_the_threshold_by_rounding_alone_has_reached_it():
    assert onsets([[0.1 + 0.2, 0.3 - 1.0]], threshold=1.0) == [(0, 2)]


def test_further_falls_deepen_an_open_episode_and_begin_no_other():
    _, _, _, episodes = follow([[6, 5, 3.8, 2.5, 2.5]])
    assert len(episodes) == 1
    assert episodes.reference[0] == 6 and episodes.score[0] == 5 and episodes.lowest[0] == 2.5


def test_a_slow_slide_is_seen_from_the_best_of_three_only():
    slide = [[5, 4.6, 4.2, 3.9, 3.9]]
    assert onsets(slide) == []
    assert onsets(slide, reference="best_of_three") == [(0, 4)]


def test_the_best_of_three_looks_no_further_back():
    assert onsets([[6, 5.1, 5.1, 5.1, 5.0]], reference="best_of_three") == []


def test_the_reference_is_the_last_answered_score():
    _, _, traces, episodes = follow([[5, N, N, 4]])
    assert episodes.source[0] == 0 and episodes.reference[0] == 5
    assert not traces.at_risk[0, :3].any()


def test_the_first_answer_has_no_reference():
    _, _, traces, _ = follow([[N, 2, 2]])
    assert traces.at_risk.tolist() == [[False, False, True]]


def test_repair_is_within_the_band_and_then_another_episode_may_begin():
    _, _, traces, episodes = follow([[5, 3, 4.4, 4.5, 3.4]])
    assert traces.repaired.tolist() == [[False, False, False, True, False]]
    assert episodes.onset.tolist() == [1, 4]
    assert episodes.wait.tolist() == [2, 0]


def test_an_episode_runs_out_unrepaired_and_the_next_drop_counts():
    assert onsets([[5, 3, 3, 3, 1]], longest=2) == [(0, 2), (0, 5)]
    assert onsets([[5, 3, 3, 3, 1]], longest=3) == [(0, 2)]


def test_windows_count_check_ins_not_answers():
    scores, places, _, episodes = follow([[5, 3, N, N, 5]])
    full = returned_in_full(scores, places, episodes)
    kinds = [kinds_within(episodes, full, np.array([False]), w)[0] for w in (1, 2, 3)]
    assert kinds == ["none", "none", "full"]


def test_irregular_numbers_of_check_ins_count_as_they_are():
    _, _, _, episodes = follow([[5, 3, 5]], occasions=[1, 3, 7])
    assert episodes.wait[0] == 4


@pytest.mark.parametrize(
    ("course", "ended", "kind"),
    [
        ([5, 3, 5], False, "full"),
        ([5, 3, 4.5], False, "partial"),
        ([5, 3, 3.5, 3.5, 3.5], False, "none"),
        ([5, 3, 3.5], True, "ended_early"),
        ([5, 3, 3.5], False, "censored"),
        ([5, 3, 4.5, 5], False, "full"),
    ],
)
def test_what_becomes_of_an_episode_within_three_check_ins(course, ended, kind):
    scores, places, _, episodes = follow([course])
    full = returned_in_full(scores, places, episodes)
    assert kinds_within(episodes, full, np.array([ended]), 3).tolist() == [kind]


def test_a_return_after_the_next_drop_is_not_the_first_ones():
    scores, places, _, episodes = follow([[5, 3.5, 4.5, 3, 5]])
    full = returned_in_full(scores, places, episodes)
    assert np.isnan(full[0]) and full[1] == 1


def test_the_lowest_score_stops_at_the_repair():
    _, _, _, episodes = follow([[5, 3, 4.5, 4.0, 1.0]])
    assert episodes.lowest.tolist() == [3.0, 1.0]


def test_many_courses_at_once_are_each_as_alone():
    rng = np.random.default_rng(1)
    scores = np.round(rng.normal(4, 1, (300, 7)), 1)
    scores[rng.random(scores.shape) < 0.2] = np.nan
    for reference in ("previous", "best_of_three"):
        _, _, _, together = follow(scores, reference)
        alone = [follow(row[None], reference)[3] for row in scores]
        assert together.onset.tolist() == [o for one in alone for o in one.onset]
        assert together.lowest.tolist() == [o for one in alone for o in one.lowest]
        assert together.repaired_at.tolist() == [o for one in alone for o in one.repaired_at]


def test_no_episode_at_all_is_an_empty_list():
    _, _, _, episodes = follow([[5, 5, 5]])
    assert len(episodes) == 0 and len(episodes.first) == 0


def test_a_wrong_rule_is_refused():
    with pytest.raises(ValueError, match="reference must be one of"):
        Rule(1.0, "median", 0.5, 5)
    with pytest.raises(ValueError, match="above 0"):
        Rule(0.0, "previous", 0.5, 5)
