"""Seconds that the comparison of two raters takes for one dataset, on one core.

    OPENBLAS_NUM_THREADS=1 python benchmarks/comparison.py

One dataset of 1,800 engagements with 150 advisors, three occasions and six outcome cells: the
jackknife and 10,000 resamples of the clustered and the disattenuated line in every cell (the aim:
within 1 s in all), then the whole table, which adds correlations, reliabilities and naive tests,
and the same with omega of twelve items re-estimated without each advisor.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from time import perf_counter
from types import SimpleNamespace

import numpy as np
import pandas as pd

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cases import complete_cases
from analysis.evidence.grid import compare_all_cells
from analysis.evidence.lines.disattenuated import correct_by_window_mean, disattenuated_rows
from analysis.evidence.lines.observed import clustered_rows
from analysis.models.resampling import SharedWeights

RATINGS = ("advisee_total", "advisor_total")
CELLS = [
    (outcome, source, phase)
    for outcome, source in (("rating", "third_party"), ("output", "record"), ("worth", "advisee"))
    for phase in ("end", "follow_up")
]


def make_dataset(engagements: int = 1_800, advisors: int = 150, occasions: int = 3) -> dict:
    """Both raters' scores over occasions, items, and six outcomes, of which some are missing."""
    rng = np.random.default_rng(1)
    names = np.array([f"e{i:05d}" for i in range(engagements)])
    codes = rng.integers(0, advisors, size=engagements)
    level = rng.normal(size=(engagements, 2)) + 0.4 * rng.normal(size=(advisors, 2))[codes]
    scores = level[:, None, :] + rng.normal(size=(engagements, occasions, 2))
    who, when = np.nonzero(rng.random((engagements, occasions)) < 0.85)
    seen = pd.DataFrame(scores[who, when], columns=list(RATINGS))
    seen.insert(0, "engagement_id", names[who])
    seen.insert(1, "occasion", when + 1)
    frame = seen.groupby("engagement_id")[list(RATINGS)].mean().reset_index()
    own = np.searchsorted(names, frame["engagement_id"])
    frame["advisor_id"] = [f"a{code:03d}" for code in codes[own]]
    items = {}
    for place, rating in enumerate(RATINGS):
        answers = level[own][:, [place]] + rng.normal(size=(len(own), 12))
        items[rating] = pd.DataFrame(answers).add_prefix("item_")
        items[rating].insert(0, "engagement_id", frame["engagement_id"])
    outcomes = pd.concat(
        pd.DataFrame(
            {
                "engagement_id": names,
                "outcome": outcome,
                "source": source,
                "phase": phase,
                "value": level.mean(axis=1) + rng.normal(size=engagements) * 2,
            }
        ).sample(frac=0.97, random_state=place)
        for place, (outcome, source, phase) in enumerate(CELLS)
    )
    return {"frame": frame, "outcomes": outcomes, "occasions": seen, "items": items}


def time_resampling(dataset: dict, plan: ComparisonPlan) -> dict[str, float]:
    """Seconds of drawing the weights and of both lines in all cells."""
    cases = []
    by_cell = dataset["outcomes"].groupby(["outcome", "source", "phase"])
    for key in CELLS:
        own = by_cell.get_group(key)
        joined = dataset["frame"].merge(own[["engagement_id", "value"]], on="engagement_id")
        cases.append(complete_cases(joined, "value", *RATINGS, "advisor_id"))
    seconds = {}
    start = perf_counter()
    weights = SharedWeights(plan.resamples, np.random.default_rng(plan.seed))
    for one in cases:
        weights.of(one.n_clusters)
    seconds["drawing the weights"] = perf_counter() - start
    start = perf_counter()
    for one in cases:
        clustered_rows(one, plan, weights)
    seconds["clustered line"] = perf_counter() - start
    start = perf_counter()
    for one in cases:
        correction = correct_by_window_mean(one, dataset["occasions"], RATINGS, plan)
        disattenuated_rows(one, correction, plan, weights)
    seconds["disattenuated line"] = perf_counter() - start
    seconds["jackknife and resamples in all"] = sum(seconds.values())
    return seconds


def time_whole(dataset: dict, plan: ComparisonPlan, items: bool) -> float:
    """Seconds of the dataset's whole table."""
    declared = {
        outcome: SimpleNamespace(timing="prospective", higher_is="better") for outcome, *_ in CELLS
    }
    primary = SimpleNamespace(outcome="rating", source="third_party", phase="end")
    start = perf_counter()
    compare_all_cells(
        dataset["frame"],
        dataset["outcomes"],
        dataset["occasions"],
        dataset["items"] if items else None,
        declared,
        plan,
        "advisor_id",
        primary,
    )
    return perf_counter() - start


def main() -> None:
    """Print the seconds, each the best of three runs."""
    dataset, plan = make_dataset(), ComparisonPlan()
    print(f"{len(dataset['frame'])} engagements, 150 advisors, 6 cells, {plan.resamples} resamples")
    runs = [time_resampling(dataset, plan) for _ in range(3)]
    for name in runs[0]:
        print(f"{name:32s} {min(run[name] for run in runs):6.3f} s")
    for name, items in (("whole table", False), ("whole table with omega", True)):
        print(f"{name:32s} {min(time_whole(dataset, plan, items) for _ in range(3)):6.3f} s")


if __name__ == "__main__":
    main()
