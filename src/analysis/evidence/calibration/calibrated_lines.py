"""The lines of evidence that are calibrated: one entry each, calling what a comparison calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.calibration.batched import closed_form_rows, rows_of_sums, sum_batch
from analysis.evidence.cases import Cases, complete_cases
from analysis.evidence.comparison import imputed_line
from analysis.evidence.lines.adjusted import adjusted_rows
from analysis.evidence.lines.disattenuated import (
    correct_by_omega,
    correct_by_window_mean,
    disattenuated_rows,
)
from analysis.evidence.lines.imputed import imputed_rows
from analysis.evidence.lines.incremental import incremental_rows
from analysis.evidence.lines.multilevel import multilevel_rows
from analysis.evidence.lines.observed import clustered_rows
from analysis.evidence.lines.out_of_sample import prediction_rows
from analysis.models.intervals import Row
from analysis.models.resampling import SharedWeights
from analysis.simulate.designs import Batch
from analysis.simulate.scenarios import Scenario

RATINGS = ("advisee_total", "advisor_total")
#: Items that omega is told from; together they are as reliable as the design says.
ITEMS = 6

RowsOfMany = Callable[[Batch, ComparisonPlan, Scenario, np.random.Generator], Iterator[list[Row]]]


@dataclass(frozen=True)
class DataSet:
    """One data set as a comparison takes it: frame, occasion scores, progress before, cases."""

    frame: pd.DataFrame
    occasions: pd.DataFrame
    progress: np.ndarray | None = None

    @cached_property
    def cases(self) -> Cases:
        """Engagements with the outcome and both ratings."""
        return complete_cases(self.frame, "outcome", *RATINGS, "advisor_id")

    @property
    def covariates(self) -> np.ndarray | None:
        """(n, 1) progress of the cases, or None where none was measured."""
        if self.progress is None:
            return None
        return self.progress[self.frame[list(RATINGS)].notna().all(axis=1).to_numpy(), None]


@dataclass(frozen=True)
class Line:
    """A line of evidence, or several that are computed together.

    name : for its seed; data_sets : the plan's key that says how many data sets it gets;
    rows : gives each data set's rows, of which those of the difference are counted;
    scenarios : names of those it is shown in, or all.
    """

    name: str
    data_sets: str
    rows: RowsOfMany
    scenarios: tuple[str, ...] = field(default=())

    def applies(self, scenario: Scenario) -> bool:
        """Whether it is shown in a scenario."""
        return not self.scenarios or scenario.name in self.scenarios


def as_data_set(batch: Batch, place: int) -> DataSet:
    """One data set of a batch; engagements whose advisor did not reply lack that rating."""
    n, _, n_occasions, _ = batch.scores.shape
    ids = np.array([f"e{row:05d}" for row in range(n)])
    scores = np.where(batch.replied[:, place, None, None], batch.scores[:, place], np.nan)
    # The advisee's own rating stands whether or not the advisor replied.
    scores[..., 0] = batch.scores[:, place, :, 0]
    means = scores.mean(axis=1)
    frame = pd.DataFrame(
        {
            "engagement_id": ids,
            "outcome": batch.outcome[:, place],
            RATINGS[0]: means[:, 0],
            RATINGS[1]: means[:, 1],
            "advisor_id": [f"a{code:04d}" for code in batch.codes],
        }
    )
    occasions = pd.DataFrame(
        {
            "engagement_id": np.repeat(ids, n_occasions),
            "occasion": np.tile(np.arange(1, n_occasions + 1), n),
            RATINGS[0]: scores[..., 0].ravel(),
            RATINGS[1]: scores[..., 1].ravel(),
        }
    )
    progress = None if batch.progress is None else batch.progress[:, place]
    return DataSet(frame, occasions, progress)


@dataclass(frozen=True)
class OneByOne:
    """A line that takes one data set at a time, for all data sets of a batch."""

    rows_of_one: Callable[[DataSet, ComparisonPlan, Scenario, np.random.Generator], list[Row]]

    def __call__(
        self, batch: Batch, plan: ComparisonPlan, scenario: Scenario, rng: np.random.Generator
    ) -> Iterator[list[Row]]:
        for place in range(batch.n_sets):
            yield self.rows_of_one(as_data_set(batch, place), plan, scenario, rng)


def _closed_form(
    batch: Batch, plan: ComparisonPlan, scenario: Scenario, rng: np.random.Generator
) -> Iterator[list[Row]]:
    for rows in closed_form_rows(batch, plan, scenario.design.source):
        yield [row for row in rows if row["method"] != "jackknife_90"]


def _bootstraps(
    data: DataSet, plan: ComparisonPlan, scenario: Scenario, rng: np.random.Generator
) -> list[Row]:
    """Percentile and BCa intervals, as observed and corrected, resampled anew in each data set."""
    weights = SharedWeights(plan.resamples, rng)
    correction = correct_by_window_mean(data.cases, data.occasions, RATINGS, plan)
    rows = [
        *clustered_rows(data.cases, plan, weights),
        *disattenuated_rows(data.cases, correction, plan, weights),
    ]
    return [row for row in rows if row["method"] in ("percentile", "bca")]


def _by_omega(
    data: DataSet, plan: ComparisonPlan, scenario: Scenario, rng: np.random.Generator
) -> list[Row]:
    """Corrected by omega, of items whose mean is the window mean.

    Item = window mean + deviation, the deviations of an engagement adding to 0. With normal errors
    the mean and the deviations are independent, so that these are the items of parallel form whose
    errors average to the window mean's.
    """
    items = {}
    for place, rating in enumerate(RATINGS):
        reliability = scenario.design.reliability[place]
        spread = np.sqrt(ITEMS * (1 - reliability) / reliability)
        deviation = spread * rng.standard_normal((len(data.frame), ITEMS))
        deviation -= deviation.mean(axis=1, keepdims=True)
        values = data.frame[[rating]].to_numpy() + deviation
        own = pd.DataFrame(values, columns=[f"item_{item:02d}" for item in range(1, ITEMS + 1)])
        own.insert(0, "engagement_id", data.frame["engagement_id"])
        items[rating] = own
    correction = correct_by_omega(data.cases, items, RATINGS, plan)
    rows = disattenuated_rows(data.cases, correction, plan, None)
    return [row for row in rows if row["method"] == "omega_jackknife"]


def _incremental(
    data: DataSet, plan: ComparisonPlan, scenario: Scenario, rng: np.random.Generator
) -> list[Row]:
    rows = incremental_rows(data.cases, data.covariates, plan)
    return [row for row in rows if row["term"] == "difference"]


def _adjusted(
    data: DataSet, plan: ComparisonPlan, scenario: Scenario, rng: np.random.Generator
) -> list[Row]:
    rows = adjusted_rows(data.cases, data.covariates, ["progress"], plan)
    return [row for row in rows if row["method"] == "jackknife"]


def _multilevel(
    data: DataSet, plan: ComparisonPlan, scenario: Scenario, rng: np.random.Generator
) -> list[Row]:
    """The line's answer: by REML where there are advisors enough and it fits, else by CR2."""
    rows = multilevel_rows(data.cases, plan)
    answer = next(row for row in rows if row["term"] == "within_difference")
    return [{**answer, "method": "reml_or_cr2"}]


def _out_of_sample(
    data: DataSet, plan: ComparisonPlan, scenario: Scenario, rng: np.random.Generator
) -> list[Row]:
    """Ridge only: trees check linearity, which holds here, and permutations are another test."""
    fewer = plan.model_copy(update={"permutations": 19})
    rows = prediction_rows(data.cases, data.covariates, fewer, rng)
    return [row for row in rows if row["method"] == "ridge_corrected_t"]


def _imputed(
    batch: Batch, plan: ComparisonPlan, scenario: Scenario, rng: np.random.Generator
) -> Iterator[list[Row]]:
    """The line itself, and the verdict that has it before it."""
    for place in range(batch.n_sets):
        data = as_data_set(batch, place)
        found = imputed_rows(data.frame, "outcome", *RATINGS, "advisor_id", plan, rng)
        one, line = batch.one(place), imputed_line(found)
        missing = 1 - len(one.codes) / len(batch.codes)
        sums = sum_batch(one)
        (rows,) = rows_of_sums(sums, plan, scenario.design.source, missing, naive=(), imputed=line)
        yield [
            *(row for row in found if row["method"] == "rubin"),
            rows[-1] | {"method": "verdict_imputed"},
        ]


LINES = (
    Line("closed_form", "closed_form", _closed_form),
    Line("bootstraps", "resampled", OneByOne(_bootstraps)),
    Line("incremental", "resampled", OneByOne(_incremental)),
    Line("adjusted", "resampled", OneByOne(_adjusted), ("echo",)),
    Line("multilevel", "refitted", OneByOne(_multilevel)),
    Line("out_of_sample", "refitted", OneByOne(_out_of_sample)),
    Line("imputed", "refitted", _imputed, ("missing",)),
    Line("omega", "refitted", OneByOne(_by_omega), ("clustered_18", "unequal_reliability")),
)
