"""Seconds of processor time that a multiverse takes for one dataset, in one process.

    OPENBLAS_NUM_THREADS=1 python benchmarks/multiverse.py

One dataset of 600 engagements with 60 advisors, three check-ins of twelve items, a baseline, one
outcome from four sources: over 2,000 specifications with 2,000 resamples each, on shared weights
(the aim: 2,000 within 30 s on two cores), with the joint tests and the shares of variance.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from time import process_time
from types import SimpleNamespace

import numpy as np
import pandas as pd

from analysis.contract.instruments import Instrument
from analysis.contract.plan import Plan
from analysis.evidence.multiverse.choices import Sources
from analysis.evidence.multiverse.multiverse import explore_multiverse

PLAN = {
    "datasets": ["one"],
    "scoring": {},
    "comparison": {},
    "multiverse": {
        "windows": [[1], [1, 2], [2, 3], [1, 3], [1, 2, 3]],
        "subscales": ["total", "goal", "task", "bond"],
        "minimum_answered": [0.5, 0.75, 1.0],
        "adjustments": ["none", "baseline"],
        "estimators": ["pearson", "spearman", "disattenuated"],
        "minimum_caseload": [1, 8],
        "resamples": 2_000,
    },
}
KEY = {
    "name": "twelve",
    "title": "twelve items",
    "responses": {"minimum": -20, "maximum": 20},
    "subscales": {"goal": (1, 2, 3, 4), "task": (5, 6, 7, 8), "bond": (9, 10, 11, 12)},
    "status": "user_supplied",
    "source": "made for this benchmark",
}


def make_sources(engagements: int = 600, advisors: int = 60) -> Sources:
    """Clean tables of a made-up dataset in which one answer in twenty is missing."""
    rng = np.random.default_rng(1)
    ids = np.array([f"e{i:05d}" for i in range(engagements)])
    codes = rng.integers(0, advisors, size=engagements)
    level = rng.normal(size=(engagements, 2)) + 0.4 * rng.normal(size=(advisors, 2))[codes]
    baseline = rng.normal(size=engagements)
    sheets = []
    for place, rater in enumerate(("advisee", "advisor")):
        for occasion in (1, 2, 3):
            answers = level[:, [place]] + 0.5 * rng.normal(size=(engagements, 1))
            answers = answers + rng.normal(size=(engagements, 12))
            answers[rng.random(answers.shape) < 0.05] = np.nan
            sheet = pd.DataFrame(answers, columns=[f"item_{i:02d}" for i in range(1, 13)])
            sheet.insert(0, "engagement_id", ids)
            sheet.insert(1, "rater", rater)
            sheet.insert(2, "occasion", occasion)
            sheets.append(sheet)
    values = []
    for source in ("record", "third_party", "advisee", "advisor"):
        rows = {"end": level.mean(axis=1) + 0.5 * baseline + rng.normal(size=engagements)}
        rows["baseline"] = baseline
        for phase, value in rows.items():
            table = pd.DataFrame({"engagement_id": ids, "value": value, "week": 30.0})
            values.append(table.assign(outcome="goal_attainment", source=source, phase=phase))
    key = Instrument.model_validate(KEY)
    return Sources(
        pd.DataFrame({"engagement_id": ids, "advisor_id": [f"a{code:03d}" for code in codes]}),
        pd.concat(sheets, ignore_index=True),
        pd.concat(values, ignore_index=True),
        {"advisee": key, "advisor": key},
        {"goal_attainment": SimpleNamespace(timing="prospective", higher_is="better")},
        "advisor_id",
        SimpleNamespace(outcome="goal_attainment", source="record", phase="end"),
    )


def main() -> None:
    """Print the seconds, the best of three runs."""
    sources, plan = make_sources(), Plan.model_validate(PLAN)
    seconds = []
    for _ in range(3):
        start = process_time()
        rows = explore_multiverse(sources, plan)
        seconds.append(process_time() - start)
    count = int((rows["analysis"] == "specification").sum())
    print(f"{count} specifications x {plan.multiverse.resamples} resamples: {min(seconds):.1f} s")


if __name__ == "__main__":
    main()
