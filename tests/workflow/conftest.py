"""A copy of the project to run in, and a small dataset of a user's own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parents[2]
COPIED = ("config", "workflow", "src", "data/raw", "requirements.lock")

#: For the identifiers of data that are not simulated.
SECRET = "tests-only-7Qw2Lr9Xk4Vn8Tb3Zd6Hf"

#: What may differ between two runs on the same inputs.
EXEMPT = ("logs", "benchmarks", "interim")


@dataclass
class Project:
    """A copy of the project's files; its own code is the one that runs."""

    folder: Path

    def alliance(self, *arguments: object, **environment: str) -> subprocess.CompletedProcess:
        """Run the command there."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return subprocess.run(
            [sys.executable, "-m", "analysis.cli", *map(str, arguments)],
            cwd=self.folder,
            env=os.environ
            | {"PYTHONPATH": str(self.folder / "src"), "PATH": path, "ALLIANCE_SECRET": SECRET}
            | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def planned(self, *arguments: object) -> set[str]:
        """The rules that another run would run."""
        told = self.alliance("run", *arguments, "--snakemake=--dry-run")
        assert told.returncode == 0, told.stderr
        words = [line.split() for line in told.stdout.splitlines() if line.startswith("would ")]
        return {" ".join(line[1:]) for line in words}

    def digests(self, folder: str) -> dict[str, str]:
        """Content hashes of all files that must be the same whenever inputs are."""
        base = self.folder / folder
        return {
            str(path.relative_to(base)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(base.rglob("*"))
            if path.is_file() and path.relative_to(base).parts[0] not in EXEMPT
        }


def copy_project(folder: Path) -> Project:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    return Project(folder)


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
def project(tmp_path_factory) -> Project:
    return copy_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def own_dataset():
    """Writes a dataset of a user's own into a folder; the path of its mapping."""
    return write_own_dataset


@pytest.fixture(scope="session")
def copy_of_project(tmp_path_factory):
    """Makes a fresh copy of the project each time it is called."""
    return lambda: copy_project(tmp_path_factory.mktemp("project"))
