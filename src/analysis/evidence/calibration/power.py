"""How many advisors and engagements a study of the question needs, by simulation.

Studies of every size are the first advisors of the same simulated data sets (common random
numbers), so that power rises with size as smoothly as it does in truth, and a size that reaches the
target is found by few steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.contract.plan import ComparisonPlan
from analysis.evidence.calibration.batched import BatchSums, rows_of_sums, sum_batch
from analysis.evidence.calibration.tally import Rate, Tally, rate
from analysis.models.intervals import Row
from analysis.simulate.designs import Design, draw_batch

CHUNK = 50
#: Each line's name and where it stands among the rows of a comparison; naive is for contrast.
LINES = {
    "naive": ("naive", "steiger"),
    "clustered": ("clustered", "jackknife"),
    "disattenuated": ("disattenuated", "jackknife"),
    "verdict": ("verdict", "verdict"),
}
#: Sizes of the curve, as multiples of the advisors asked about.
MULTIPLES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
#: Further sizes where none of these reaches the target.
FURTHER = (5, 10)
#: Most engagements of one data set: more take minutes, and memory.
MOST_ENGAGEMENTS = 60_000
FEWEST_ADVISORS = 3


@dataclass(frozen=True)
class Power:
    """Power at several sizes, and the smallest that reaches the target.

    ``curve`` has a row per number of advisors and line in the vocabulary: ``estimate`` is the
    share of data sets, with its Monte Carlo error and interval. ``smallest`` has a row per line:
    ``n_advisors`` and ``n_engagements`` of the smallest size that reaches the target, and its
    power; NaN with a note where none of the sizes looked at does.
    """

    curve: pd.DataFrame
    smallest: pd.DataFrame


def study_design(
    advisors: int,
    engagements_per_advisor: float,
    reliability: tuple[float, float],
    difference: float,
    validity: float = 0.30,
    agreement: float = 0.40,
    shared: tuple[float, float, float] = (0.05, 0.15, 0.35),
    between: tuple[float, float, float] = (0.5, 0.5, 0.2),
    occasions: int = 3,
    spread: float = 0.6,
) -> Design:
    """A study of so many advisors, in which D between the alliances is ``difference``.

    ``validity`` is the mean of the two alliances' correlations with the outcome, each of which lies
    half the difference from it; the others are as in ``Design``. Raises ValueError, naming the
    number, for one that cannot be.
    """
    _check("the number of advisors", advisors, FEWEST_ADVISORS, np.inf)
    _check("engagements per advisor", engagements_per_advisor, 1, np.inf)
    for rater, value in zip(("advisee", "advisor"), reliability, strict=True):
        _check(f"the reliability of the {rater}'s rating", value, 0, 1, above=True)
    _check("the difference", difference, -2, 2)
    _check("the mean correlation with the outcome", validity, -1, 1)
    _check("the correlation of the two alliances", agreement, -1, 1)
    for name, value in zip(
        ("outcome", "advisee's rating", "advisor's rating"), shared, strict=True
    ):
        _check(f"the share of the {name} between advisors", value, 0, 1)
    for value in between:
        _check("a correlation between advisors", value, -1, 1)
    _check("the number of check-ins", occasions, 1, 50)
    _check("the spread of caseloads", spread, 0, 3)
    engagements = round(advisors * engagements_per_advisor)
    if MULTIPLES[-1] * engagements > MOST_ENGAGEMENTS:
        raise ValueError(
            f"{engagements:,} engagements are more than can be looked at "
            f"({MOST_ENGAGEMENTS / MULTIPLES[-1]:,.0f})"
        )
    pair = (validity + difference / 2, validity - difference / 2)
    if max(map(abs, pair)) > 1:
        raise ValueError(
            f"the correlations with the outcome would be {pair[0]:.2f} and {pair[1]:.2f}: "
            "none lies beyond 1"
        )
    design = Design(
        advisors, engagements, pair, agreement, shared, between, reliability, occasions, spread
    )
    design.covariances()
    return design


def _check(name: str, value: float, low: float, high: float, above: bool = False) -> None:
    if not low <= value <= high or (above and value == low):
        lower = f"above {low:g}" if above else f"at least {low:g}"
        upper = "" if high == np.inf else f" and at most {high:g}"
        raise ValueError(f"{name} is {value:g}: it must be {lower}{upper}")


def find_power(
    design: Design,
    plan: ComparisonPlan,
    replicates: int,
    seed: int,
    target: float = 0.80,
    confidence: float = 0.95,
) -> Power:
    """Power of each line of evidence for a design, for smaller and larger studies like it.

    Parameters
    ----------
    design : the study asked about. With a difference of 0 the lines' rates are those of false
        differences, and the verdict's is that of ``equivalent``.
    plan : levels, SESOI and the verdict's other rules.
    replicates : data sets per size.
    seed : of the simulation.
    target : power to be reached, between 0 and 1.
    confidence : level of the Monte Carlo intervals.

    Returns
    -------
    See ``Power``. Power of a line is the share of data sets in which it finds the difference on the
    right side; of the verdict, the share that names the right rater (``equivalent`` without one).

    Raises ValueError for a design that cannot be.
    """
    design.covariances()
    sizes = sorted({max(FEWEST_ADVISORS, round(design.advisors * m)) for m in MULTIPLES})
    lines = [name for name in LINES if name != "naive"] if _ahead(design) else ["verdict"]
    study = _Study(design, sizes[-1], plan, replicates, seed, confidence)
    reached = max(study.power("verdict", size) for size in sizes) >= target
    if not reached and FURTHER[-1] * design.engagements <= MOST_ENGAGEMENTS:
        sizes += [design.advisors * multiple for multiple in FURTHER]
        study = _Study(design, sizes[-1], plan, replicates, seed, confidence)
    for size in sizes:
        study.at(size)
    found = [_smallest(study, name, sizes, target) for name in lines]
    shown = {*sizes, *(int(row["n_advisors"]) for row in found if row["n_advisors"] > 0)}
    rows = [row for size in sorted(shown) for row in study.at(size)]
    return Power(as_estimates(rows), as_estimates(found))


def _ahead(design: Design) -> int:
    """1 where the advisee's alliance goes with the outcome more closely, -1 the advisor's, or 0."""
    return int(np.sign(round(design.validity[0] - design.validity[1], 12)))


class _Study:
    """Data sets of the largest study, and the power of its first advisors as it is asked for."""

    def __init__(
        self,
        design: Design,
        largest: int,
        plan: ComparisonPlan,
        replicates: int,
        seed: int,
        confidence: float,
    ) -> None:
        self.largest = largest
        self.known: dict[int, list[Row]] = {}
        self._ahead = _ahead(design)
        self._source = design.source
        self._plan, self._confidence = plan, confidence
        # Repeated, so that the study asked about is the first part of a larger one, exactly.
        caseloads = np.resize(design.caseloads(), largest)
        self._sums: list[BatchSums] = []
        for start in range(0, replicates, CHUNK):
            sets, rng = min(CHUNK, replicates - start), np.random.default_rng([seed, start])
            self._sums.append(sum_batch(draw_batch(design, sets, rng, caseloads)))

    def power(self, line: str, advisors: int) -> float:
        """One line's power with so many advisors."""
        rows = self.at(advisors)
        return float(next(row["estimate"] for row in rows if row["analysis"] == line))

    def at(self, advisors: int) -> list[Row]:
        """Every line's power with so many advisors, a row each."""
        if advisors not in self.known:
            tally = Tally()
            for sums in self._sums:
                own = sums.first(advisors)
                for rows in rows_of_sums(own, self._plan, self._source, naive=("steiger",)):
                    for row in rows:
                        if row["method"] != "jackknife_90":
                            tally.count(row, np.nan, 1 - self._plan.confidence)
            engagements = self._sums[0].first(advisors).n
            self.known[advisors] = list(self._rows(tally, advisors, engagements))
        return self.known[advisors]

    def _rows(self, tally: Tally, advisors: int, engagements: int) -> Iterable[Row]:
        for name, key in LINES.items():
            found = self._rate(tally, key)
            yield {
                "analysis": name,
                "term": self._term(name),
                "estimate": found.share,
                "std_error": found.error,
                "conf_low": found.low,
                "conf_high": found.high,
                "n_engagements": engagements,
                "n_advisors": advisors,
                "method": key[1],
            }

    def _term(self, line: str) -> str:
        if self._ahead:
            return "power"
        return "power_equivalence" if line == "verdict" else "false_difference"

    def _rate(self, tally: Tally, key: tuple[str, str]) -> Rate:
        sets = sum(sums.n_sets for sums in self._sums)
        if key[0] == "verdict":
            right = {1: "supported", -1: "opposed", 0: "equivalent"}[self._ahead]
            return rate(tally.read(("verdict", right))["sets"], sets, self._confidence)
        read = tally.read(key)
        counts = {1: read["above"], -1: read["below"], 0: read["above"] + read["below"]}
        return rate(counts[self._ahead], sets, self._confidence)


def _smallest(study: _Study, line: str, curve: Sequence[int], target: float) -> Row:
    """The smallest size found for one line, with the power it has there.

    Between two sizes on either side of the target the next to try is where the straight line of
    the normal quantile of power on the root of the number of advisors meets it, as it would for a
    normal test; until the two are neighbours, or within 2 %.
    """
    above = next((size for size in curve if study.power(line, size) >= target), None)
    common = {"analysis": line, "term": "smallest", "method": LINES[line][1]}
    if above is None:
        best = max(curve, key=lambda size: study.power(line, size))
        reason = f"not reached: at most {study.power(line, best):.2f}, with {best} advisors"
        if best == study.largest:
            reason += "; ask again from a larger number of advisors"
        nothing = ("estimate", "std_error", "conf_low", "conf_high", "n_engagements", "n_advisors")
        return {**common, **dict.fromkeys(nothing, np.nan), "note": reason}
    below = max((size for size in curve if size < above), default=FEWEST_ADVISORS - 1)
    while above - below > max(1, 0.02 * above):
        size = _between(study, line, below, above, target)
        if study.power(line, size) >= target:
            above = size
        else:
            below = size
    found = next(row for row in study.at(above) if row["analysis"] == line)
    return {**found, **common, "note": ""}


def _between(study: _Study, line: str, below: int, above: int, target: float) -> int:
    """A size strictly between two, where power is likely to meet the target."""
    from scipy.special import ndtri

    low = study.power(line, below) if below >= FEWEST_ADVISORS else 0.0
    ends = ndtri(np.clip([low, study.power(line, above), target], 0.01, 0.99))
    share = (ends[2] - ends[0]) / max(ends[1] - ends[0], 1e-9)
    # Kept off the ends, so that either of the two always moves by a part of the way.
    share = min(max(float(share), 0.1), 0.9)
    root = np.sqrt(below) + share * (np.sqrt(above) - np.sqrt(below))
    return int(min(max(round(root**2), below + 1), above - 1))
