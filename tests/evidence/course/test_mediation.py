from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cells import collect_cells
from analysis.evidence.course.mediation import describe_mediation
from analysis.present.mediation import describe_mediation_part

PRIMARY = SimpleNamespace(outcome="goal_attainment", source="third_party", phase="end")
DECLARED = {
    name: SimpleNamespace(timing="prospective", higher_is="better")
    for name in ("goal_attainment", "adherence")
}


@pytest.fixture(scope="module")
def data():
    """Alliance, adherence and outcome with paths .5 and .4, of 60 advisors with ten engagements."""
    rng = np.random.default_rng(5)
    n = 600
    alliance = rng.normal(size=n)
    adherence = 0.5 * alliance + np.sqrt(0.75) * rng.normal(size=n)
    outcome = 0.4 * adherence + 0.2 * alliance + rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "engagement_id": [f"e{i:03d}" for i in range(n)],
            "advisor_id": np.repeat([f"a{i:02d}" for i in range(60)], 10),
            "advisee_total": alliance,
            "window_start_week": 1.0,
            "window_end_week": 6.0,
        }
    )
    parts = [("adherence", "record", "during", 9.0, adherence)]
    parts.append(("goal_attainment", "third_party", "end", 20.0, outcome))
    names = ("outcome", "source", "phase", "week", "value")
    outcomes = pd.concat(
        frame[["engagement_id"]].assign(**dict(zip(names, part, strict=True))) for part in parts
    )
    return frame, outcomes


def describe(frame, outcomes):
    cells = collect_cells(frame, outcomes, DECLARED)
    rng = np.random.default_rng(1)
    plan = ComparisonPlan(resamples=999)
    return describe_mediation(frame, cells, PRIMARY, "advisor_id", plan, rng)


def test_the_path_through_adherence_is_given_back_with_what_would_null_it(data):
    rows = describe(*data)
    indirect = rows[(rows["term"] == "indirect") & (rows["method"] == "percentile")].iloc[0]
    spread = np.sqrt(0.4**2 + 2 * 0.4 * 0.2 * 0.5 + 0.2**2 + 1)
    # The standard error of the product is about .02.
    assert abs(indirect["estimate"] - 0.5 * 0.4 / spread) < 0.06
    assert indirect["conf_low"] > 0
    part = describe_mediation_part(rows, {"goal_attainment": "goals reached"})
    assert "goals reached, the part that runs through adherence is .1" in part.paragraphs[0]
    assert len(part.tables[0].rows) == 6


def test_adherence_from_within_the_window_is_no_mediator(data):
    frame, outcomes = data
    early = outcomes.assign(week=outcomes["week"].where(outcomes["phase"] == "end", 4.0))
    rows = describe(frame, early)
    assert rows["verdict"].tolist() == ["not_testable"]
    assert "adherence during the engagement, after the alliance window" in rows["note"].iloc[0]
    part = describe_mediation_part(rows, {})
    assert part.paragraphs[0].startswith("Not testable: missing: adherence")
