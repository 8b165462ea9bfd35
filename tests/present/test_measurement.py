"""What people see of how well the alliance was measured."""

import io

import numpy as np
import pandas as pd
import pytest

from analysis.contract.forms import align_forms
from analysis.contract.instruments import Instrument
from analysis.contract.plan import ComparisonPlan, Plan, ScoringPlan
from analysis.evidence.measurement.measured import Measured, measure_all
from analysis.measure.scoring import score_alliance
from analysis.measure.window import assemble_frame
from analysis.present.measurement import describe_measurement
from analysis.present.measurement_figure import draw_measurement
from analysis.present.measurement_tables import (
    read_rows,
    tabulate_invariance,
    tabulate_reliability,
    tabulate_structure,
)

NAN = float("nan")
KEY = Instrument.model_validate(
    {
        "name": "short",
        "title": "Short",
        "responses": {"minimum": 1, "maximum": 7},
        "subscales": {"goal": [1, 2, 3], "task": [4, 5, 6], "bond": [7, 8, 9]},
        "reversed": [2],
        "minimum_answered": 0.6,
        "status": "user_supplied",
        "source": "a test",
    }
)


def programme(n=160, occasions=2, turned=True, seed=1):
    """Both raters' answers to nine items at two check-ins of dyads nested in advisors."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"e{number:03d}" for number in range(n)])
    advisors = np.arange(n) // 8
    level = rng.normal(size=n)
    parts = []
    for rater in ("advisee", "advisor"):
        own = 0.6 * level + 0.8 * rng.normal(size=n) + 0.3 * rng.normal(size=n // 8)[advisors]
        for occasion in range(1, occasions + 1):
            aspect = own[:, None] + 0.5 * rng.normal(size=(n, 3))
            items = 4.5 + np.repeat(aspect, 3, axis=1) + 0.7 * rng.normal(size=(n, 9))
            frame = pd.DataFrame(
                items.round().clip(1, 7), columns=[f"item_{k:02d}" for k in range(1, 10)]
            )
            if turned:
                frame["item_02"] = 8 - frame["item_02"]
            frame = frame.mask(rng.random(frame.shape) < 0.04)
            frame.insert(0, "engagement_id", ids)
            frame.insert(1, "rater", rater)
            frame.insert(2, "occasion", occasion)
            frame["instrument"] = "short"
            parts.append(frame[rng.random(n) < 0.85])
    engagements = pd.DataFrame(
        {
            "engagement_id": ids,
            "advisor_id": [f"a{code:02d}" for code in advisors],
            "stakes": np.where(level > 0, "high", "low"),
            "advisor_years": rng.normal(10, 3, size=n).round(),
        }
    )
    outcomes = pd.DataFrame(
        {
            "engagement_id": ids,
            "outcome": "goal_attainment",
            "source": "third_party",
            "phase": "end",
            "value": level + rng.normal(size=n),
        }
    )
    return engagements, pd.concat(parts, ignore_index=True), outcomes


PLAN = Plan(
    datasets=("one",), scoring=ScoringPlan(), comparison=ComparisonPlan(window=(1, 2), resamples=99)
)


def measured(engagements, checkins, outcomes, instruments):
    forms = align_forms(instruments)
    alliance = score_alliance(checkins, forms.instruments)
    return measure_all(
        Measured(
            engagements,
            checkins,
            outcomes,
            alliance,
            assemble_frame(engagements, alliance, (1, 2)),
            forms,
            "advisor_id",
            ("goal_attainment", "third_party", "end"),
        ),
        PLAN,
    )


@pytest.fixture(scope="module")
def rows():
    made = measured(*programme(), {"advisee": KEY, "advisor": KEY})
    return pd.read_csv(io.StringIO(made.to_csv(index=False)))


def test_the_part_says_what_the_rows_hold(rows):
    part = describe_measurement(rows, "Ours", notes=["Made up."])
    said = " ".join(part.paragraphs)
    for words in (
        "Omega of the total at the first check-in is",
        "oal and task",
        "oth raters use the items alike",
        "Over the window’s check-ins",
        "The two totals correlate",
        "between advisors",
        "usable ratings are prorated",
        "imputing everybody’s items",
    ):
        assert words in said
    assert "item_0" not in said
    captions = " ".join(table.caption for table in (*part.tables, *part.further))
    for words in (
        "Items at the first",
        "Responses over all",
        "By check-in",
        "another rule",
        "Who did",
    ):
        assert words in captions
    assert "<svg" in part.figures[0].svg
    assert "Made up." in part.figures[0].caption
    for table in (*part.tables, *part.further):
        assert all(len(row) == len(table.columns) for row in table.rows)


def test_rows_as_made_and_as_read_back_say_the_same(rows):
    made = measured(*programme(), {"advisee": KEY, "advisor": KEY})
    assert describe_measurement(made, "Ours") == describe_measurement(rows, "Ours")


def test_an_item_turned_twice_is_named_in_a_sentence():
    made = measured(*programme(turned=False), {"advisee": KEY, "advisor": KEY})
    said = " ".join(describe_measurement(made, "Ours").paragraphs)
    assert "item 2 of the advisee’s goal (turned though the data had it turned already?)" in said


def test_one_rater_and_ready_made_scores_are_told_and_drawn():
    engagements, checkins, outcomes = programme()
    ready = KEY.model_copy(update={"subscales": {"goal": (), "bond": ()}, "reversed": ()})
    items = checkins.filter(like="item_")
    scores = checkins[["engagement_id", "rater", "occasion", "instrument"]].assign(
        goal=items.iloc[:, 3:6].mean(axis=1), bond=items.iloc[:, 6:].mean(axis=1)
    )
    for instruments, words in (
        ({"advisee": ready, "advisor": ready}, "cores arrive ready made"),
        ({"advisee": KEY}, "only one rater answered"),
    ):
        own = scores if instruments["advisee"].ready_made else checkins
        own = own[own["rater"].isin(list(instruments))]
        made = measured(engagements, own, outcomes, instruments)
        part = describe_measurement(made, "Ours")
        assert words in " ".join(part.paragraphs)
        assert draw_measurement(made, "Ours").get_size_inches()[1] > 2


def test_without_rows_there_is_no_part_and_a_plate():
    empty = pd.DataFrame({"analysis": [], "term": []})
    assert describe_measurement(empty, "Ours").empty
    assert draw_measurement(empty, "Ours").get_size_inches()[0] > 2


def tabulate_all(rows, confidence):
    own = read_rows(rows)
    tables = (
        tabulate_reliability(own, confidence),
        tabulate_structure(own),
        tabulate_invariance(own),
    )
    return [table for table in tables if table]


def table_of(rows: list[dict]) -> pd.DataFrame:
    return pd.DataFrame([{"rater": "advisee", "subscale": "total"} | row for row in rows])


def test_a_reliability_is_shown_with_its_interval_and_its_range():
    rows = [
        {
            "term": "reliability",
            "method": "cronbach_alpha",
            "occasion": occasion,
            "estimate": estimate,
            "conf_low": estimate - 0.03,
            "conf_high": estimate + 0.02,
        }
        for occasion, estimate in ((1, 0.91), (2, 0.88), (3, 0.93))
    ]
    (table,) = tabulate_all(table_of(rows), 0.95)
    assert table.rows[0][:3] == ("Advisee, total", ".91 [.88, .93]", ".88 to .93")
    assert "95 %" in table.caption


def test_ratings_without_items_say_so_in_place_of_a_number():
    rows = [{"term": "reliability", "estimate": NAN, "note": "one question each: no consistency"}]
    (table,) = tabulate_all(table_of(rows), 0.95)
    assert set(table.rows[0][1:5]) == {"–"}
    assert "ne question each" in table.rows[0][5]
    assert tabulate_all(table_of(rows).iloc[:0], 0.95) == []


def test_factor_models_and_the_ladder_stand_side_by_side():
    fit = [
        {"analysis": "structure", "method": "one factor", "term": term, "estimate": value}
        for term, value in (("chisq", 85.3), ("cfi", 0.931), ("tli", 0.896), ("rmsea", 0.092))
    ]
    fit[0] |= {"statistic": 85.3, "df": 24, "note": "a caution"}
    ladder = [
        {
            "term": "metric: chisq",
            "estimate": 124.0,
            "statistic": 124.04,
            "df": 54,
            "note": "holds",
        },
        {"term": "metric: cfi", "estimate": 0.921},
        {"term": "metric: rmsea", "estimate": 0.093},
        {"term": "metric: change in cfi", "estimate": -0.002},
        {"term": "metric: change in rmsea", "estimate": 0.004},
        {
            "term": "metric: advisee_item_11",
            "estimate": -0.2,
            "statistic": 18.3,
            "p_value": 0.0002,
            "note": "at fault: loadings differ between the raters",
        },
        {"term": "metric: advisee_item_01", "estimate": 0.0, "statistic": 0.1, "p_value": 1.0},
        {
            "term": "latent mean gap: goal",
            "estimate": 0.5,
            "conf_low": 0.3,
            "conf_high": 0.7,
        },
    ]
    rows = fit + [{"analysis": "invariance", "rater": None} | row for row in ladder]
    structure, invariance = tabulate_all(table_of(rows), 0.95)
    assert structure.rows[0][:5] == ("Advisee, one factor", "85.3 (24)", ".931", ".896", ".092")
    assert "caution" in structure.rows[0][6]
    shown = {row[0]: row[1:] for row in invariance.rows}
    assert shown["Metric"][:3] == ("124.0 (54)", ".921", ".093")
    assert shown["Metric"][3] == "holds (ΔCFI −.002, ΔRMSEA .004)"
    assert "p < .001" in shown["Metric: item 11"][0]
    assert shown["Latent mean gap: goal"][0] == ".50 [.30, .70]"
    assert not any(heading[-6:] == "item 1" for heading in shown)
