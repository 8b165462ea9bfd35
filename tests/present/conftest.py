import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.contract.claims import read_ledger
from analysis.contract.estimates import as_estimates
from analysis.contract.plan import ComparisonPlan, Plan, ScoringPlan
from analysis.evidence.grid import compare_all_cells
from analysis.evidence.sentence import headline_sentence, read_headline
from analysis.present.drawing import as_svg
from analysis.present.figures import draw_comparison, draw_datasets
from analysis.present.report import ReportContext, ReportDataset

CHOICES = ComparisonPlan(resamples=99, permutations=19, repeats=2, imputations=3)
CLAIMS = read_ledger(Path(__file__).parents[2] / "config/claims.yaml").claims
HOSTILE = '<img src="http://example.org/x.png" onerror=alert(1)> & "goals" $5 😀 שלום {{ 7*7 }}'
FLOW = pd.DataFrame(
    {
        "table": ["engagements"] * 3,
        "source": ["export.csv"] * 3,
        "step": ["read", "set aside", "kept"],
        "reason": ["rows in the raw table", HOSTILE, "rows kept"],
        "rows": [1445, 14, 1431],
    }
)
PROVENANCE = {
    "code_hash": "0123456789abcdef",
    "versions": {"numpy": "2.4.6", "dvc": None},
    "git": {"commit": "f" * 40, "uncommitted_changes": True},
}


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


@pytest.fixture(scope="session")
def hostile():
    """What somebody may write into a label."""
    return HOSTILE


def report_dataset(name, table, title):
    """A dataset as the report takes it."""
    headline = read_headline(table)
    return ReportDataset(
        name=name,
        title=title,
        sentence=headline_sentence(headline, title),
        verdict=headline.verdict,
        reason=headline.reason,
        comparison=table,
        flow=FLOW,
        figure_svg=as_svg(draw_comparison(table, title, 0.10)),
        notes=["The key of WAI-S is unverified."],
        provenance={"Licence": "CC0"},
        outcome_titles={"goal_attainment": "Attainment of goals"},
    )


def report_of(tables, titles, plan):
    """A report on datasets by name: their comparison tables and titles."""
    datasets = [report_dataset(name, table, titles[name]) for name, table in tables.items()]
    overview = draw_datasets(pd.concat(tables.values()), titles, 0.10)
    return ReportContext(datasets, as_svg(overview), plan, PROVENANCE)


@pytest.fixture(scope="session")
def make_report(plan):
    """What makes a report on tables by name, with their titles."""
    return lambda tables, titles: report_of(tables, titles, plan)


@pytest.fixture(scope="session")
def report_context(tables, plan):
    """A report on every kind of dataset."""
    return report_of(tables, {name: f"The {name} programme" for name in tables}, plan)


@pytest.fixture(scope="session")
def make_claims():
    """What makes a table of every claim in each of the datasets named, as read back from CSV."""
    verdicts = ("supported", "opposed", "equivalent", "inconclusive", "not_testable")

    def make(datasets):
        rows = []
        for place, claim in enumerate(CLAIMS):
            for shift, dataset in enumerate(datasets):
                verdict = verdicts[(place + shift) % 5]
                known = verdict != "not_testable"
                rows.append(
                    {
                        "dataset": dataset,
                        "claim": claim.id,
                        "estimate": claim.smallest * (2 - place % 3) if known else np.nan,
                        "conf_low": claim.smallest * (1 - place % 3) if known else np.nan,
                        "conf_high": claim.smallest * (3 - place % 3) if known else np.nan,
                        "n_engagements": 320 if known else np.nan,
                        "verdict": verdict,
                        "sentence": f"{verdict}: {claim.statement}.",
                        "note": "missing: the <b>outcome</b>" if not known else "as it is",
                    }
                )
        return as_read_back(as_estimates(rows))

    return make
