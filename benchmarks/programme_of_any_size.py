"""Raw Parquet files of a coaching programme of any size, with a mapping for them.

    python benchmarks/programme_of_any_size.py ENGAGEMENTS FOLDER

The simulator's executive coaching at its nominal size: everybody answers twelve items at all of
eight check-ins but for one answer in a hundred, and 20 engagements an advisor. It is drawn in
blocks, so that memory does not grow with it. ``run.sh``'s commands read FOLDER/scale.yaml.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.simulate.parameters import Programme, Rater
from analysis.simulate.programme import simulate_tables
from analysis.simulate.programmes import PROGRAMMES

BLOCK = 50_000
PER_ADVISOR = 20

#: Who gave goal attainment when: the primary outcome and its baseline.
KEPT = {("third_party", "baseline"), ("third_party", "end")}

MAPPING = """\
name: scale
title: A programme of {engagements:,} engagements (simulated)
provenance:
  description: made by benchmarks/programme_of_any_size.py
  licence: CC0
  consent: nobody is in it
  simulated: true
missing_marks: ["NA"]
instruments: {{advisee: wai_s, advisor: wai_s}}
sources:
  engagements: {{file: engagements.parquet}}
  ratings: {{file: ratings.parquet}}
  outcomes: {{file: outcomes.parquet}}
tables:
  engagements:
    - source: engagements
      columns:
        engagement_id: Engagement
        advisee_id: Client
        advisor_id: Coach
        setting: {{value: executive_coaching}}
        status:
          column: Status
          labels: {{Completed: completed, Ended early: ended_early, Ongoing: ongoing}}
        ended_week: EndedWeek
  checkins:
    - source: ratings
      columns:
        engagement_id: Engagement
        rater: {{column: Role, labels: {{Client: advisee, Coach: advisor}}}}
        occasion: CheckIn
        week: Week
      items: "Q{{item}}"
  outcomes:
    - source: outcomes
      columns:
        engagement_id: Engagement
        outcome: {{value: goal_attainment}}
        source: {{column: By, labels: {{Colleagues: third_party, Client: advisee, Coach: advisor}}}}
        phase: {{column: When, labels: {{Before: baseline, After: end}}}}
        week: Week
        value: GoalAttainment
outcomes:
  goal_attainment: {{timing: prospective, higher_is: better, minimum: 1, maximum: 5}}
primary_outcome: goal_attainment
primary_source: third_party
"""

ROLES = {"advisee": "Client", "advisor": "Coach", "third_party": "Colleagues"}
STATUSES = {"completed": "Completed", "ended_early": "Ended early", "ongoing": "Ongoing"}
PHASES = {"baseline": "Before", "end": "After"}


def programme_of(engagements: int) -> Programme:
    """The example's coaching programme in which everybody stays and answers."""
    coaching = PROGRAMMES["executive_coaching"]
    measures = tuple(
        replace(one, known=0.98, known_if_ended=None)
        for one in coaching.measures
        if one.outcome == "goal_attainment" and (one.source, one.phase) in KEPT
    )
    everybody = {name: Rater(answer_rate=0.999) for name in coaching.raters}
    return replace(
        coaching,
        engagements=engagements,
        advisors=max(2, engagements // PER_ADVISOR),
        organisations=None,
        raters=everybody,
        course=replace(
            coaching.course, early_ending=(0.001, 0.001, 0.001), ongoing=0.0, withdrawal_silence=0.0
        ),
        covariates=(),
        measures=measures,
        item_missing=0.01,
    )


def draw_blocks(engagements: int) -> Iterator[dict[str, pd.DataFrame]]:
    """Raw tables block by block, identifiers running on."""
    for number, first in enumerate(range(0, engagements, BLOCK)):
        size = min(BLOCK, engagements - first)
        tables = simulate_tables(programme_of(size), np.random.default_rng([20_101, number]))
        yield raw_tables(tables, f"{number:03d}")


def raw_tables(tables: dict[str, pd.DataFrame], block: str) -> dict[str, pd.DataFrame]:
    """Three raw tables as an office might keep them, from the clean ones."""
    engagements, checkins, outcomes = (
        tables[name] for name in ("engagements", "checkins", "outcomes")
    )
    items = [name for name in checkins if name.startswith("item_")]
    answers = checkins[items].astype("Int8").rename(columns=lambda name: f"Q{int(name[5:])}")
    coded = {"Role": checkins["rater"].map(ROLES), "CheckIn": checkins["occasion"].astype("int8")}
    return {
        "engagements": pd.DataFrame(
            {
                "Engagement": "E" + block + engagements["engagement_id"],
                "Client": "P" + block + engagements["advisee_id"],
                "Coach": "A" + block + engagements["advisor_id"],
                "Status": engagements["status"].map(STATUSES),
                "EndedWeek": engagements["ended_week"].astype("Int16"),
            }
        ),
        "ratings": pd.DataFrame(
            {
                "Engagement": "E" + block + checkins["engagement_id"],
                **coded,
                "Week": checkins["week"].astype("Int16"),
                **answers,
            }
        ),
        "outcomes": pd.DataFrame(
            {
                "Engagement": "E" + block + outcomes["engagement_id"],
                "By": outcomes["source"].map(ROLES),
                "When": outcomes["phase"].map(PHASES),
                "Week": outcomes["week"].astype("Int16"),
                "GoalAttainment": outcomes["value"],
            }
        ),
    }


def write_programme(engagements: int, folder: Path) -> Path:
    """The raw files and their mapping in a folder; the mapping's path."""
    folder.mkdir(parents=True, exist_ok=True)
    writers: dict[str, pq.ParquetWriter] = {}
    try:
        for tables in draw_blocks(engagements):
            for name, table in tables.items():
                made = pa.Table.from_pandas(table, preserve_index=False)
                if name not in writers:
                    writers[name] = pq.ParquetWriter(folder / f"{name}.parquet", made.schema)
                writers[name].write_table(made)
    finally:
        for writer in writers.values():
            writer.close()
    mapping = folder / "scale.yaml"
    mapping.write_text(MAPPING.format(engagements=engagements), encoding="utf-8")
    return mapping


if __name__ == "__main__":
    print(write_programme(int(sys.argv[1]), Path(sys.argv[2])))
