"""What people see of early warning."""

import io

import numpy as np
import pandas as pd
import pytest

from analysis.contract.plan import WarningPlan
from analysis.present.drawing import as_svg
from analysis.present.warning import describe_warning_part
from analysis.present.warning_curves import draw_warning

PLAN = WarningPlan(thresholds=(0.1, 0.2, 0.3))
NAN = float("nan")


def row(term, estimate, method="model", occasion=2, **others):
    limits = {"conf_low": estimate - 0.05, "conf_high": estimate + 0.05}
    counts = {"n_engagements": 335, "n_advisors": 90}
    place = {"analysis": "warning", "outcome": "ended_early", "occasion": occasion}
    shown = {"term": term, "method": method, "estimate": estimate, "note": ""}
    return {**place, **shown, **limits, **counts, **others}


def modelled():
    """The rows of one landmark with a model, and of one without."""
    rows = [
        row("base_rate", 0.27, None, note="rated at check-in 2"),
        row("predictors", 2.0, note="advisee_level, advisor_level"),
        row("engagements_needed", 1145.0),
        row("auc", 0.62),
        row("auc", 0.55, "rule"),
        row("brier", 0.19),
        row("brier_skill", 0.04),
        row("calibration_slope", 0.99),
        row("calibration_intercept", 0.0),
        row("calibration_curve", 0.104, statistic=0.154, n_engagements=167),
        row("calibration_curve", 0.387, statistic=0.405, n_engagements=168),
        row("lead_time", 1.4),
        row("lead_time", NAN, "rule", note="fewer than 10 true alarms"),
        row("auc", 0.59, "levels"),
        row("auc", 0.57, "levels_and_gap"),
        row("brier", 0.196, "levels"),
        row("brier", 0.198, "levels_and_gap"),
        row("auc_gained", -0.02, "gap_over_levels"),
        row("brier_gained", -0.002, "gap_over_levels"),
        row("net_benefit_over_treat_all", 0.016, statistic=0.2),
        row("net_benefit_over_treat_none", 0.108, statistic=0.2),
        row("net_benefit_over_rule", 0.08, statistic=0.2),
        row("coefficient advisee_level", -0.27),
        row("coefficient troubles", 0.1),
        row("auc_above_chance", 0.12, "jackknife", verdict="supported", note="it does"),
    ]
    rows[-1]["primary"] = True
    for method in ("model", "rule"):
        rows += [row(term, 0.3, method) for term in ("alarms", "sensitivity", "specificity")]
    for threshold in PLAN.thresholds:
        for method, value in {"model": 0.1, "rule": 0.03, "treat_all": 0.3 - threshold}.items():
            rows.append(row("net_benefit", value, method, statistic=threshold))
    refused = {"verdict": "not_testable", "note": "no engagement has a check-in planned after it"}
    rows.append(row("auc_above_chance", NAN, "jackknife", 4, primary=False, **refused))
    frame = pd.DataFrame(rows)
    return pd.read_csv(io.StringIO(frame.to_csv(index=False)))


@pytest.fixture(scope="module")
def part():
    return describe_warning_part(modelled(), "Advising", PLAN)


def words(part):
    return " ".join([*part.paragraphs, *(cell for t in part.tables for r in t.rows for cell in r)])


def test_the_verdict_comes_first_with_its_number(part):
    assert part.paragraphs[0].startswith("Do scores show trouble before a breakdown? Supported")
    assert ".62 [.57, .67]" in part.paragraphs[0] and "335 engagements" in part.paragraphs[0]
    assert "leaves open whether it adds anything" in part.paragraphs[1]
    assert "1.4 further check-ins" in part.paragraphs[2]


def test_no_cause_is_claimed(part):
    told = words(part).lower()
    for word in (" causes ", " leads to ", " due to ", " because of ", " improves "):
        assert word not in told


def test_the_card_says_what_it_was_trained_on_and_what_it_must_not_do(part):
    card = dict(next(t for t in part.tables if t.caption == "Model card").rows)
    assert "335 engagements by 90 advisors" in card["Trained on"]
    assert "Last rating by the advisee (−.27)" in card["What it uses"]
    assert "1,145 engagements" in card["What it uses"]
    assert "AUC .62" in card["How well it does"] and "4.0 % less" in card["How well it does"]
    assert "Judging an advisor" in card["What it must not be used for"]
    assert "check-in 2" in card["Whom it is not for"]


def test_every_landmark_has_a_row_and_a_refusal_its_reason(part):
    worth = part.tables[0]
    assert len(worth.rows) == 2 and worth.marked == {0}
    assert worth.rows[1][1:7] == ("–",) * 6
    assert "planned after it" in worth.rows[1][7]


def test_alarms_too_few_for_a_lead_time_say_so(part):
    alarms = next(t for t in part.further if "Alarms" in t.caption)
    assert alarms.rows[0][4].startswith("1.4 [")
    assert alarms.rows[1][4:] == ("–", "fewer than 10 true alarms")


def test_the_figure_is_the_same_bytes_and_tells_its_bins(part):
    (figure,) = part.figures
    assert figure.svg == as_svg(draw_warning(modelled(), "Advising"))
    assert ".10 ended early where .15 was expected" in figure.alt
    assert "AUC .62 [.57, .67]" in figure.alt
    for said in ("AUC .62", "335", "the rule", "everybody", "net benefit"):
        assert said in figure.svg


def test_without_a_model_there_is_the_reason_and_no_figure():
    rows = modelled()
    refused = rows[rows["verdict"] == "not_testable"]
    part = describe_warning_part(refused, "Advising", PLAN)
    assert part.figures == () and len(part.tables) == 1 and part.further == ()
    assert "Not testable: no engagement" in part.paragraphs[0]
    assert "planned after" in as_svg(draw_warning(refused, "Advising"))


def test_other_rows_are_left_and_none_at_all_is_an_empty_part():
    other = modelled().assign(analysis="correlation")
    assert describe_warning_part(other, "Advising", PLAN).empty


def test_lines_below_the_panel_are_cut_where_they_leave_it():
    drawing = draw_warning(modelled(), "Advising")
    height = drawing.axes[0].get_ylim()[0]
    for line in drawing.axes[0].lines:
        assert np.nanmax(np.asarray(line.get_ydata(), dtype=float)) <= height
