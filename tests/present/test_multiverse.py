"""The curve of all reasonable choices, and its part of the report."""

import itertools

import numpy as np
import pandas as pd
import pytest

from analysis.present.choices import read_multiverse
from analysis.present.curve import CAUTION
from analysis.present.drawing import as_svg
from analysis.present.multiverse import describe_multiverse, draw_multiverse

QUESTION = {"outcome": "goal_attainment", "outcome_source": "record", "phase": "end"}
LEVELS = (("total", "bond"), ("1", "1 2 3"), ("none", "baseline"))


def specification(place, subscale, window, adjustment):
    estimate = 0.1 * (subscale == "total") + 0.2 * (window == "1") - 0.05
    own = subscale == "total" and window == "1 2 3" and adjustment == "none"
    return QUESTION | {
        "analysis": "specification",
        "subscale": subscale,
        "term": "difference",
        "estimate": np.nan if place == 3 else estimate,
        "conf_low": estimate - 0.1,
        "conf_high": estimate + 0.1,
        "n_engagements": 100 + place,
        "n_advisors": 20,
        "method": "pearson",
        "primary": own,
        "note": "not given: a reliability is low" if place == 3 else "",
        "window": window,
        "minimum_answered": 0.75,
        "adjustment": adjustment,
        "minimum_caseload": 1.0,
    }


def joint(term, estimate, **more):
    row = QUESTION | {"analysis": "joint_test", "term": term, "estimate": estimate}
    return row | {"primary": True, "note": "7 specifications, 99 resamples"} | more


@pytest.fixture
def rows(tmp_path):
    """A multiverse as it is read back from its file."""
    made = [specification(i, *levels) for i, levels in enumerate(itertools.product(*LEVELS))]
    made += [
        joint("share_significant", 0.5, p_value=0.04),
        joint("share_significant: null", 0.05, conf_low=0.0, conf_high=0.4),
        joint("share_significant: p", 0.04, std_error=0.004),
        joint("median_difference", 0.11, p_value=0.0001, conf_low=0.02, conf_high=0.2),
        joint("median_difference: null", 0.0, conf_low=-0.1, conf_high=0.1),
        joint("median_difference: p", 0.0001, std_error=0.0001),
        {"analysis": "skipped", "estimate": 12, "note": "no baseline of renewal was taken"},
    ]
    for term, share in {"subscale": 0.2, "window": 0.7, "together": 0.1}.items():
        made.append({"analysis": "variance_share", "term": term, "estimate": share})
    pd.DataFrame(made).assign(verdict=None).to_csv(tmp_path / "m.csv", index=False)
    return pd.read_csv(tmp_path / "m.csv")


def test_the_curve_rises_and_knows_the_plans_own_choice(rows):
    shown = read_multiverse(rows)
    own = shown.specifications
    assert own["estimate"].is_monotonic_increasing
    assert len(own) == 7
    assert own["primary"].sum() == 1
    assert set(own["window"]) == {"1", "1 2 3"}


def test_the_part_says_range_joint_test_and_caution(rows):
    part = describe_multiverse(rows, {"goal_attainment": "Goals"}, "<svg></svg>")
    said = " ".join(part.paragraphs)
    assert "7 combinations" in said
    assert "between −.05 and .25" in said
    assert "which check-ins count (70 % of its variance)" in said
    assert "median D .11 [.02, .20], p < .001; 50 % significant" in said
    assert CAUTION in said
    choices, questions = part.tables
    assert ("Check-ins: 1", "70 %", "4", ".20", ".15 to .25") in choices.rows
    assert not any("Items answered" in row[0] for row in choices.rows)
    assert questions.rows[0][0] == "Goals, taken from records, at the end"
    assert questions.rows[0][2:6] == ("< .001", "50 %", "5 % (up to 40 %)", ".040 ± .004")
    assert questions.marked == {0}
    (skipped,) = part.further
    assert ("No baseline of renewal was taken", "12") in skipped.rows
    assert ("Not given: a reliability is low", "1") in skipped.rows


def test_the_figure_has_the_caution_and_each_choice_and_is_the_same_every_time(rows):
    drawn = as_svg(draw_multiverse(rows, "Coaching <i>", 0.1))
    assert drawn == as_svg(draw_multiverse(rows, "Coaching <i>", 0.1))
    for words in (
        "Coaching &lt;i&gt;",
        "independent replications",
        "Check-ins (70 % of D’s variance)",
        "the outcome’s baseline",
        "n = 100 to 107",
    ):
        assert words in drawn


def test_what_is_not_testable_is_told_in_words_and_on_a_plate():
    rows = pd.DataFrame([{"verdict": "not_testable", "note": "no outcome", "primary": True}])
    assert describe_multiverse(rows, {}).paragraphs == ("Not testable: no outcome.",)
    assert "Not shown: no outcome" in as_svg(draw_multiverse(rows, "Coaching", 0.1))
