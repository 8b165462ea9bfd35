"""A small dataset of a user's own, and a copy of the project for a module's tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml


def write_own_dataset(folder: Path, engagements: int = 90, advisors: int = 15) -> Path:
    """A dataset of a user's own: raw tables and a mapping; the advisee's rating is the better."""
    rng = np.random.default_rng(3)
    outcome = rng.standard_normal(engagements)
    trait = {
        "Client": 0.7 * outcome + 0.7 * rng.standard_normal(engagements),
        "Coach": 0.1 * outcome + rng.standard_normal(engagements),
    }
    cases = pd.DataFrame(
        {
            "Case": [f"E{number:03d}" for number in range(engagements)],
            "Client": [f"C{number:03d}" for number in range(engagements)],
            "Coach": [f"A{number % advisors:02d}" for number in range(engagements)],
            "Goals": np.round(50 + 10 * outcome, 1),
        }
    )
    sheets = []
    for role, level in trait.items():
        for time in (1, 2, 3):
            noise = rng.standard_normal((engagements, 3))
            answers = np.clip(np.round(3 + level[:, None] + 0.5 * noise), 1, 5).astype(int)
            sheet = pd.DataFrame(answers, columns=["Q1", "Q2", "Q3"])
            sheets.append(sheet.assign(Case=cases["Case"], Role=role, Time=time))
    folder.mkdir(parents=True, exist_ok=True)
    cases.to_csv(folder / "cases.csv", index=False)
    pd.concat(sheets).to_csv(folder / "ratings.csv", index=False)
    mapping = {
        "name": "own",
        "title": "Our own programme",
        "provenance": {
            "description": "made for a test",
            "licence": "CC0",
            "consent": "none needed",
        },
        "instruments": {"advisee": "pulse", "advisor": "pulse"},
        "sources": {"cases": {"file": "cases.csv"}, "ratings": {"file": "ratings.csv"}},
        "tables": {
            "engagements": [
                {
                    "source": "cases",
                    "columns": {
                        "engagement_id": "Case",
                        "advisee_id": "Client",
                        "advisor_id": "Coach",
                        "setting": {"value": "executive_coaching"},
                    },
                }
            ],
            "checkins": [
                {
                    "source": "ratings",
                    "columns": {
                        "engagement_id": "Case",
                        "rater": {
                            "column": "Role",
                            "labels": {"Client": "advisee", "Coach": "advisor"},
                        },
                        "occasion": "Time",
                    },
                    "items": "Q{item}",
                }
            ],
            "outcomes": [
                {
                    "source": "cases",
                    "columns": {
                        "engagement_id": "Case",
                        "outcome": {"value": "goal_attainment"},
                        "source": {"value": "third_party"},
                        "phase": {"value": "end"},
                        "value": "Goals",
                    },
                }
            ],
        },
        "outcomes": {"goal_attainment": {"timing": "prospective", "higher_is": "better"}},
        "primary_outcome": "goal_attainment",
        "primary_source": "third_party",
    }
    path = folder / "own.yaml"
    path.write_text(yaml.safe_dump(mapping, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def project(copy_of_project):
    return copy_of_project()


@pytest.fixture(scope="session")
def own_dataset():
    """Writes a dataset of a user's own into a folder; the path of its mapping."""
    return write_own_dataset
