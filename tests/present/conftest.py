import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.contract.plan import ComparisonPlan, Plan, ScoringPlan
from analysis.evidence.grid import compare_all_cells

CHOICES = ComparisonPlan(resamples=99)


def simulate_frame(rng, advisors=20, caseload=8):
    """Engagements rated three times by both, and a standardised outcome that goes with both."""
    n = advisors * caseload
    outcome = rng.normal(size=n)
    level = outcome[:, None] * [0.8, 0.2] + rng.normal(size=(n, 2))
    scores = level[:, None, :] + 0.5 * rng.normal(size=(n, 3, 2))
    engagements = [f"e{i:03d}" for i in range(n)]
    occasions = pd.DataFrame(
        {
            "engagement_id": np.repeat(engagements, 3),
            "occasion": np.tile([1, 2, 3], n),
            "advisee_total": scores[..., 0].ravel(),
            "advisor_total": scores[..., 1].ravel(),
        }
    )
    ratings = occasions.groupby("engagement_id")[["advisee_total", "advisor_total"]].mean()
    frame = ratings.reset_index()
    frame["advisor_id"] = np.repeat([f"a{i:02d}" for i in range(advisors)], caseload)
    return frame, occasions, outcome


def compare(name, cells, primary, raters=("advisee", "advisor"), seed=1):
    """A dataset's comparison table, as the workflow makes it: ``cells`` are (outcome, source)."""
    rng = np.random.default_rng(seed)
    frame, occasions, outcome = simulate_frame(rng)
    rows = [
        pd.DataFrame(
            {
                "engagement_id": frame["engagement_id"],
                "outcome": what,
                "source": source,
                "phase": "end",
                "value": outcome + 0.3 * rng.normal(size=len(frame)),
            }
        )
        for what, source in cells
    ]
    frame = frame.drop(columns=[f"{r}_total" for r in ("advisee", "advisor") if r not in raters])
    declared = {
        what: SimpleNamespace(
            timing="concurrent" if what == "satisfaction" else "prospective", higher_is="better"
        )
        for what, _ in cells
    }
    table = compare_all_cells(
        frame,
        pd.concat(rows, ignore_index=True),
        occasions if len(raters) == 2 else None,
        None,
        declared,
        CHOICES,
        "advisor_id",
        SimpleNamespace(outcome=primary[0], source=primary[1], phase="end"),
    )
    table.insert(0, "dataset", name)
    return table


def as_read_back(table):
    """The table after its way through a CSV file."""
    return pd.read_csv(io.StringIO(table.to_csv(index=False)))


@pytest.fixture(scope="session")
def tables():
    """Comparison tables by name: answered, self-rated only, one rater only, primary absent."""
    goal = ("goal_attainment", "third_party")
    made = {
        "coaching": compare(
            "coaching", [goal, ("goal_attainment", "advisee"), ("satisfaction", "advisor")], goal
        ),
        "advising": compare("advising", [("progress", "advisee")], ("progress", "advisee")),
        "support": compare(
            "support",
            [("resolution", "record"), ("satisfaction", "advisee")],
            ("resolution", "record"),
            raters=("advisee",),
        ),
        "mentoring": compare("mentoring", [("progress", "advisee")], ("retention", "record")),
    }
    return {name: as_read_back(table) for name, table in made.items()}


@pytest.fixture(scope="session")
def in_memory():
    """One comparison table as made, before any file."""
    goal = ("goal_attainment", "third_party")
    return compare("coaching", [goal, ("satisfaction", "advisee")], goal)


@pytest.fixture(scope="session")
def plan():
    return Plan(datasets=("coaching",), scoring=ScoringPlan(), comparison=CHOICES)
