"""A small dataset in a folder, and a mapping of it to change."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest

from analysis.contract.instruments import Instrument
from analysis.contract.mapping import Mapping
from analysis.ingest.dataset import ingest_dataset

PAIR = Instrument.model_validate(
    {
        "name": "pair",
        "title": "Two items",
        "responses": {"minimum": 1, "maximum": 5},
        "subscales": {"goal": [1], "bond": [2]},
        "status": "user_supplied",
        "source": "a test",
    }
)

MAPPING = {
    "name": "small",
    "title": "A small programme",
    "provenance": {"description": "made for a test", "licence": "CC0", "consent": "none needed"},
    "duplicates": "last",
    "out_of_range": "set_missing",
    "instruments": {"advisee": "pair", "advisor": "pair"},
    "sources": {
        "engagements": {"file": "engagements.csv"},
        "ratings": {"file": "ratings.csv"},
        "outcomes": {"file": "outcomes.csv"},
    },
    "tables": {
        "engagements": [
            {
                "source": "engagements",
                "columns": {
                    "engagement_id": "Case",
                    "advisee_id": "Client",
                    "advisor_id": "Coach",
                    "setting": {"value": "mentoring"},
                    "status": {"column": "Status", "labels": {"Done": "completed"}},
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
                "source": "outcomes",
                "columns": {
                    "engagement_id": "Case",
                    "outcome": {"value": "renewal"},
                    "source": {"value": "record"},
                    "phase": {"value": "end"},
                    "value": {"column": "Renewed", "labels": {"Yes": 1, "No": 0}},
                },
            }
        ],
    },
    "outcomes": {"renewal": {"timing": "prospective", "higher_is": "better"}},
    "primary_outcome": "renewal",
    "primary_source": "record",
}

FILES = {
    "engagements.csv": "Case,Client,Coach,Status\n007,a,x,Done\n8,b,x,done\n9,c,y,\n",
    "ratings.csv": (
        "Case,Role,Time,Q1,Q2\n"
        "007,Client,1,4,5\n007,Coach,1,3,3\n"
        "8,Client,1,2,2\n8,Coach,1,1,5\n"
        "9,Client,1,3,NA\n"
    ),
    "outcomes.csv": "Case,Renewed\n007,Yes\n8,No\n9,\n",
}


@dataclass
class Small:
    """A folder of raw files with its mapping; `files` and `mapping` may be changed first."""

    folder: Path
    files: dict[str, str | bytes] = field(default_factory=lambda: dict(FILES))
    mapping: dict = field(default_factory=lambda: copy.deepcopy(MAPPING))
    instruments: dict[str, Instrument] = field(
        default_factory=lambda: {"advisee": PAIR, "advisor": PAIR}
    )

    def ingest(self) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
        for name, content in self.files.items():
            data = content if isinstance(content, bytes) else content.encode()
            (self.folder / name).write_bytes(data)
        mapping = Mapping.model_validate(self.mapping)
        return ingest_dataset(mapping, self.folder, self.instruments)

    def rows(self, table: str, step: str, reason: str) -> int:
        """How many rows the flow counts for a step and reason."""
        _, flow = self.ingest()
        chosen = flow[
            (flow["table"] == table) & (flow["step"] == step) & (flow["reason"] == reason)
        ]
        return int(chosen["rows"].sum())


@pytest.fixture
def small(tmp_path) -> Small:
    return Small(tmp_path)
