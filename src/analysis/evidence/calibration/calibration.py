"""Which test lies when: every line of evidence on data sets whose truth is known.

Data sets of a scenario are drawn in chunks, each with a seed of its own, so that the outcome is the
same whatever number of processes works on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from zlib import crc32

import numpy as np
import pandas as pd

from analysis.contract.plan import CalibrationPlan, Plan
from analysis.evidence.calibration.bars import BARS, Bar
from analysis.evidence.calibration.calibrated_lines import LINES, Line
from analysis.evidence.calibration.tally import Key, Rate, Tally, mean_deviation, rate
from analysis.evidence.lines.window_reliability import window_reliability
from analysis.models.intervals import Row
from analysis.simulate.designs import Batch, draw_batch
from analysis.simulate.scenarios import SCENARIOS, Scenario

#: Data sets with one seed, drawn together.
CHUNK = 50

#: Columns of the table of calibration.
COLUMNS = {
    "scenario": "name of the scenario (analysis.simulate.scenarios)",
    "analysis": "line of evidence",
    "method": "its estimator, test or interval; of a verdict, all of them together",
    "term": "rejection, given, coverage, bias, or the share of a verdict",
    "estimate": "the share of data sets, or the mean deviation from the truth",
    "std_error": "its Monte Carlo error",
    "conf_low": "lower limit of its Monte Carlo interval, at the plan's level",
    "conf_high": "upper limit of that interval",
    "truth": "what the line estimates in this scenario; empty where it has no truth in D",
    "difference": "D between the alliances themselves: what the question is about",
    "n_datasets": "data sets that count: all, or those in which the line was given",
    "n_engagements": "engagements in each data set, before any reply is missing",
    "n_advisors": "advisors in each data set",
    "bar_low": "lowest value that passes, if there is a bar",
    "bar_high": "highest value that passes",
    "passes": "whether the Monte Carlo interval reaches the bar",
}


#: The verdict, and the verdict that has the line with missing ratings imputed before it.
VERDICTS = ("verdict", "verdict_imputed")

#: Lines that estimate D of the ratings as they are.
OBSERVED = ("naive", "clustered", "imputed")


@dataclass(frozen=True)
class Truth:
    """What the lines estimate in a scenario, and the Monte Carlo error where it was simulated.

    ``observed`` is D of the ratings as they are, ``corrected`` D after correction for reliability,
    ``adjusted`` D once progress made before is taken out of the ratings, ``within`` the difference
    of standardised slopes within advisors, ``difference`` D between the alliances themselves.
    """

    observed: float
    corrected: float
    difference: float
    adjusted: float = float("nan")
    within: float = float("nan")
    error: float = 0.0

    def of(self, analysis: str) -> float:
        """The truth that a line is held to; NaN for one that does not estimate D."""
        if analysis in OBSERVED:
            return self.observed
        others = {
            "disattenuated": self.corrected,
            "adjusted": self.adjusted,
            "multilevel": self.within,
        }
        return others.get(analysis, float("nan"))


@cache
def true_differences(scenario: Scenario) -> Truth:
    """D of a scenario in the population, with all advisors replying.

    Without ceilings: rho(outcome, alliance) times the root of the reliability. Where outcome and
    advisee's rating share something else besides (a share s of both variances: the manner of
    answering, or progress), theirs is (1 - s) rho + s before that, the advisor's sqrt(1 - s) rho;
    with progress taken out of the ratings, (1 - s) rho over the root of the rating's variance that
    is left. With ceilings, which have no closed form: the mean over 200 simulated samples of 5,000
    engagements, with its error.
    """
    design = scenario.design
    difference = design.validity[0] - design.validity[1]
    if np.isfinite(design.ceilings).any():
        return _simulated_truth(scenario, difference)
    s = design.same_source + design.echo
    corrected = np.array([(1 - s) * design.validity[0] + s, np.sqrt(1 - s) * design.validity[1]])
    observed = corrected * np.sqrt(design.reliability)
    error = 1 / np.array(design.reliability) - 1
    left = (corrected - [design.echo, 0]) / np.sqrt(1 + error - [design.echo, 0])
    adjusted = left[0] - left[1] if design.echo else float("nan")
    return Truth(
        float(observed[0] - observed[1]),
        float(corrected[0] - corrected[1]),
        difference,
        float(adjusted),
        design.within_difference(),
    )


def _simulated_truth(scenario: Scenario, difference: float) -> Truth:
    from analysis.evidence.calibration.batched import sum_batch
    from analysis.evidence.lines.disattenuated import corrected_difference
    from analysis.models.cluster_sums import covariances

    # One engagement each: the clustering changes sampling error, not the correlations.
    alone = replace(
        scenario.design, advisors=5000, engagements=5000, shared=(0, 0, 0), between=(0, 0, 0)
    )
    found = []
    for chunk in range(10):
        sums = sum_batch(draw_batch(alone, 20, np.random.default_rng([7, chunk])))
        matrices = covariances(sums.products.sum(axis=0), 3)
        own = sums.occasions
        reliability = window_reliability(own.sums.sum(axis=0), own.n_occasions, own.n_raters)
        pairs = (np.ones((20, 2)), reliability.reshape(20, 2))
        found.append([corrected_difference(matrices, each) for each in pairs])
    observed, corrected = np.concatenate(found, axis=1)
    error = max(observed.std(ddof=1), corrected.std(ddof=1)) / np.sqrt(len(observed))
    means = float(observed.mean()), float(corrected.mean())
    return Truth(*means, difference, error=float(error))


def calibrate(
    plan: Plan,
    share: float = 1.0,
    processes: int = 1,
    scenarios: Iterable[Scenario] = SCENARIOS,
    lines: Iterable[Line] = LINES,
) -> pd.DataFrame:
    """Rejection rates, coverage and bias of every line in every scenario, with the bars.

    Parameters
    ----------
    plan : seeds, numbers of data sets, bars, and the comparison's own choices.
    share : share of the plan's data sets, for a quicker look; at least one chunk of 50 each.
    processes : side by side; has no part in the outcome.
    scenarios, lines : those to hold together.

    Returns
    -------
    A row per scenario, line and term with the columns ``COLUMNS``.
    """
    scenarios, lines = tuple(scenarios), tuple(lines)
    tasks = [
        (scenario, line, chunk)
        for scenario in scenarios
        for line in lines
        if line.applies(scenario)
        for chunk in range(_chunks(line, plan.calibration, share))
    ]
    truths = {scenario.name: true_differences(scenario) for scenario in scenarios}
    work = partial(_calibrate_chunk, plan=plan, truths=truths)
    tallies = {scenario.name: Tally() for scenario in scenarios}
    for (scenario, _, _), tally in zip(tasks, _results(work, tasks, processes), strict=True):
        tallies[scenario.name].add(tally)
    rows = [
        row
        for scenario in scenarios
        for row in _rows(scenario, tallies[scenario.name], truths[scenario.name], plan)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def failed_bars(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table of calibration whose bar fails."""
    return table[table["passes"].notna() & ~table["passes"].astype("boolean").fillna(True)]


def _results(
    work: Callable[[tuple[Scenario, Line, int]], Tally],
    tasks: list[tuple[Scenario, Line, int]],
    processes: int,
) -> Iterator[Tally]:
    """Every chunk's tally, in the order of the tasks."""
    if processes == 1:
        yield from map(work, tasks)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(work, tasks, chunksize=2)


def _calibrate_chunk(
    task: tuple[Scenario, Line, int], plan: Plan, truths: Mapping[str, Truth]
) -> Tally:
    """One line on one chunk of a scenario's data sets: the same data sets for every line."""
    scenario, line, chunk = task
    seed = [plan.calibration.seed, crc32(scenario.name.encode()), chunk]
    batch: Batch = draw_batch(scenario.design, CHUNK, np.random.default_rng(seed))
    rng = np.random.default_rng([*seed, crc32(line.name.encode())])
    comparison = plan.comparison.model_copy(update={"resamples": plan.calibration.resamples})
    truth = truths[scenario.name]
    tally = Tally()
    for rows in line.rows(batch, comparison, scenario, rng):
        for row in rows:
            tally.count(row, truth.of(str(row["analysis"])), 1 - comparison.confidence)
    return tally


def _chunks(line: Line, plan: CalibrationPlan, share: float) -> int:
    return max(1, round(share * getattr(plan, line.data_sets) / CHUNK))


def _rows(scenario: Scenario, tally: Tally, truth: Truth, plan: Plan) -> list[Row]:
    """One scenario's rows."""
    confidence = plan.calibration.monte_carlo_confidence
    design = scenario.design
    common = {
        "scenario": scenario.name,
        "difference": truth.difference,
        "n_engagements": design.engagements,
        "n_advisors": design.advisors,
    }
    rows = []
    for key in tally.lines:
        if key[0] in VERDICTS:
            continue
        target = truth.of(key[0])
        for term, found, counted in _terms(tally.read(key), target, confidence):
            rows.append(_row(common, key, term, found, counted, plan) | {"truth": target})
    for method in VERDICTS:
        rows += _verdict_rows(method, scenario, tally, common, plan)
    return rows


def _terms(
    read: Mapping[str, float], truth: float, confidence: float
) -> Iterator[tuple[str, Rate, float]]:
    """Each term of a line with the data sets that count for it."""
    claims = read["above"] + read["below"]
    yield "rejection", rate(claims, read["sets"], confidence), read["sets"]
    if read["given"] < read["sets"]:
        yield "given", rate(read["given"], read["sets"], confidence), read["sets"]
    if truth == truth:
        if read["intervals"]:
            covered = rate(read["covered"], read["intervals"], confidence)
            yield "coverage", covered, read["intervals"]
        yield "bias", mean_deviation(read, confidence), read["given"]


def _verdict_rows(
    method: str, scenario: Scenario, tally: Tally, common: Mapping[str, object], plan: Plan
) -> list[Row]:
    """The share of each verdict; of any winner where there is none; of the right and the wrong."""
    words = ("supported", "opposed", "equivalent", "inconclusive", "not_testable")
    counts = {word: tally.read((method, word))["sets"] for word in words}
    sets = sum(counts.values())
    if not sets:
        return []
    confidence = plan.calibration.monte_carlo_confidence
    terms = dict(counts)
    if scenario.null:
        terms["winner"] = counts["supported"] + counts["opposed"]
    else:
        ahead = scenario.design.validity[0] > scenario.design.validity[1]
        terms["right"] = counts["supported" if ahead else "opposed"]
        terms["wrong"] = counts["opposed" if ahead else "supported"]
    return [
        _row(common, ("verdict", method), term, rate(count, sets, confidence), sets, plan)
        for term, count in terms.items()
    ]


def _row(
    common: Mapping[str, object], key: Key, term: str, found: Rate, counted: float, plan: Plan
) -> Row:
    bar = next((one for one in BARS if one.holds(str(common["scenario"]), key, term)), None)
    return {
        **common,
        "analysis": key[0],
        "method": key[1],
        "term": term,
        "estimate": found.share,
        "std_error": found.error,
        "conf_low": found.low,
        "conf_high": found.high,
        "n_datasets": int(counted),
        **_against(bar, found, plan.calibration),
    }


def _against(bar: Bar | None, found: Rate, plan: CalibrationPlan) -> Row:
    if bar is None:
        return {}
    low, high = bar.limits(plan)
    passes = bool(found.high >= low and found.low <= high)
    return {"bar_low": low, "bar_high": high, "passes": passes}
