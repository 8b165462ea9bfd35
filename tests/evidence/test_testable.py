"""What a dataset can answer is told before anything is estimated."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.testable import list_testable

N = 40
GOAL = SimpleNamespace(outcome="goal", source="third_party", phase="end")


@pytest.fixture
def data():
    rng = np.random.default_rng(1)
    ids = [f"e{number:02d}" for number in range(N)]
    frame = pd.DataFrame(
        {
            "engagement_id": ids,
            "advisor_id": [f"a{number % 20:02d}" for number in range(N)],
            "advisee_total": rng.normal(size=N),
            "advisor_total": rng.normal(size=N),
        }
    )
    outcomes = pd.DataFrame(
        {
            "engagement_id": ids,
            "outcome": "goal",
            "source": "third_party",
            "phase": "end",
            "value": rng.normal(size=N),
        }
    )
    occasions = frame.drop(columns="advisor_id").assign(occasion=1)
    occasions = pd.concat([occasions, occasions.assign(occasion=2)])
    return SimpleNamespace(frame=frame, outcomes=outcomes, occasions=occasions, items={})


def asked(data, primary=GOAL) -> pd.DataFrame:
    declared = {"goal": SimpleNamespace(timing="prospective", higher_is="better")}
    rows = list_testable(
        data.frame,
        data.outcomes,
        data.occasions,
        data.items,
        declared,
        ComparisonPlan(),
        "advisor_id",
        primary,
    )
    return rows.set_index("question")


def test_complete_data_can_answer_and_say_on_what(data):
    rows = asked(data)
    headline = rows.iloc[0]
    assert headline["testable"]
    assert headline["reason"] == "40 engagements, 20 clusters, prospective"
    assert rows.loc["disattenuated line", "testable"]
    assert (
        "no outcome is given by record"
        in rows.loc["advisee's rating with outcomes by record", "reason"]
    )


def test_one_rater_alone_is_named(data):
    data.frame = data.frame.drop(columns="advisor_total")
    rows = asked(data)
    assert not rows.iloc[0]["testable"]
    assert "advisor" in rows.iloc[0]["reason"]
    assert not rows.loc["clustered line", "testable"]
    assert rows.loc["advisee's rating with outcomes by third_party", "testable"]


def test_an_outcome_a_rater_gave_cannot_decide(data):
    data.outcomes["source"] = "advisee"
    rows = asked(data, SimpleNamespace(outcome="goal", source="advisee", phase="end"))
    assert not rows.iloc[0]["testable"]
    assert "third party or a record is missing" in rows.iloc[0]["reason"]
    same = rows.loc["advisee's rating with outcomes by advisee", "reason"]
    assert "same source" in same


def test_single_check_ins_without_items_leave_the_reliability_unknown(data):
    data.occasions = data.occasions[data.occasions["occasion"] == 1]
    assert not asked(data).loc["disattenuated line", "testable"]
    data.items = {"advisee_total": pd.DataFrame(), "advisor_total": pd.DataFrame()}
    row = asked(data).loc["disattenuated line"]
    assert row["testable"]
    assert "omega" in row["reason"]


def test_few_advisors_and_an_absent_primary_outcome_are_said(data):
    data.frame["advisor_id"] = "only"
    assert not asked(data).loc["clustered line", "testable"]
    absent = asked(data, SimpleNamespace(outcome="sales", source="record", phase="end")).iloc[0]
    assert "no value of sales by record at end" in absent["reason"]
    unnamed = asked(data, SimpleNamespace(outcome=None, source=None, phase="end")).iloc[0]
    assert "names no primary_outcome" in unnamed["reason"]


def test_each_line_says_whether_it_can_be_given_and_on_what(data):
    rows = asked(data)
    assert rows.loc["multilevel line", "testable"]
    assert rows.loc["incremental line", "reason"].startswith("40 engagements for 2 predictors")
    assert not rows.loc["out of sample line", "testable"]
    assert not rows.loc["adjusted line", "testable"]
    assert rows.loc["imputed line", "reason"] == "no engagement with the outcome lacks a rating"


def test_lines_that_data_do_not_allow_are_told(data):
    data.frame["advisor_id"] = data.frame["engagement_id"]
    data.frame.loc[:4, "advisor_total"] = np.nan
    earlier = data.outcomes.assign(phase="baseline", week=0.0)
    data.outcomes = pd.concat([data.outcomes.assign(week=20.0), earlier])
    data.frame["window_start_week"] = 2.0
    rows = asked(data)
    assert "too few to tell within from between" in rows.loc["multilevel line", "reason"]
    assert rows.loc["adjusted line", "testable"]
    assert "goal by third_party (baseline)" in rows.loc["adjusted line", "reason"]
    assert rows.loc["imputed line", "testable"]
    assert rows.loc["imputed line", "reason"].startswith("5 of 40 engagements lack a rating")


def test_without_the_headlines_outcome_no_further_line_is_promised(data):
    data.outcomes = data.outcomes.assign(source="record")
    rows = asked(data)
    for line in ("multilevel", "incremental", "out of sample", "adjusted", "imputed"):
        assert not rows.loc[f"{line} line", "testable"]
