"""What is counted in a set of courses: the same for the observed ones and for surrogates.

Every statistic is a function of sums over engagements. The observed sums are kept per cluster, so
that the jackknife leaves clusters out; those of surrogates are kept per set, for bands and Monte
Carlo error, and per cluster on average, so that what is left out of the one is left out of the
other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from analysis.models.ruptures.episodes import (
    Episodes,
    Rule,
    Traces,
    list_episodes,
    trace_episodes,
)
from analysis.models.ruptures.ratings import Ratings


@dataclass(frozen=True)
class Courses:
    """B sets of n courses over T check-ins with what happened in them, courses of a set together.

    scores : name to (B, n, T); traces and episodes are those of ``total``, (B n, T)
    """

    ratings: Ratings
    scores: dict[str, np.ndarray]
    traces: Traces
    episodes: Episodes

    @property
    def shape(self) -> tuple[int, int]:
        """Sets, and engagements per set."""
        return self.scores["total"].shape[:2]

    def spread(self, flags: np.ndarray) -> np.ndarray:
        """Values of courses (B n, ...) as (B, n, ...)."""
        return flags.reshape(*self.shape, *flags.shape[1:])

    def count(self, where: np.ndarray) -> np.ndarray:
        """How many of the chosen episodes each course has, (B, n)."""
        sets, n = self.shape
        return np.bincount(self.episodes.course[where], minlength=sets * n).reshape(sets, n)


def follow(ratings: Ratings, scores: dict[str, np.ndarray], rule: Rule) -> Courses:
    """Trace the episodes of B sets of courses."""
    total = scores["total"]
    flat = total.reshape(-1, total.shape[-1])
    traces = trace_episodes(flat, ratings.occasions, rule)
    return Courses(ratings, scores, traces, list_episodes(flat, ratings.occasions, traces))


Parts = Callable[[Courses], Iterator[np.ndarray]]


def occurrence(courses: Courses) -> Iterator[np.ndarray]:
    """Engagements with an episode; episodes; engagements that could show one."""
    begins = courses.spread(courses.traces.begins)
    yield begins.any(axis=2)
    yield begins.sum(axis=2)
    yield np.broadcast_to(courses.ratings.comparable, courses.shape)


def occurrence_among(chosen: np.ndarray) -> Parts:
    """``occurrence`` in the engagements flagged in (n,) alone."""

    def parts(courses: Courses) -> Iterator[np.ndarray]:
        for values in occurrence(courses):
            yield values * chosen

    return parts


def timeline(courses: Courses) -> Iterator[np.ndarray]:
    """Per check-in: beginning, at risk of beginning, in rupture, with all repaired, answered."""
    traces = courses.traces
    answered = ~np.isnan(courses.scores["total"])
    begun = np.maximum.accumulate(traces.begins, axis=1)
    # An episode that ran out unrepaired is neither open nor mended.
    mended = _last_ended_in_repair(traces)
    for place in range(answered.shape[2]):
        seen = answered[..., place]
        yield courses.spread(traces.begins[:, place])
        yield courses.spread(traces.at_risk[:, place])
        yield courses.spread(traces.open[:, place]) & seen
        yield courses.spread(begun[:, place] & mended[:, place]) & seen
        yield seen


def _last_ended_in_repair(traces: Traces) -> np.ndarray:
    """Whether the latest thing that happened to a course was a repair, (N, T)."""
    mended = np.zeros(traces.begins.shape, dtype=bool)
    now = np.zeros(len(mended), dtype=bool)
    for place in range(mended.shape[1]):
        now = (now | traces.repaired[:, place]) & ~traces.begins[:, place]
        mended[:, place] = now
    return mended


def repair_times(longest: int) -> Parts:
    """Per number of check-ins since onset, 1 .. longest: at risk, repaired, ended early.

    An episode without repair whose engagement ended early leaves at the check-in after the last
    that was answered; one that the data end on is at risk up to the last answered and no longer.
    """

    def parts(courses: Courses) -> Iterator[np.ndarray]:
        episodes, n = courses.episodes, courses.shape[1]
        ended = ~episodes.repaired & courses.ratings.ended_early[episodes.course % n]
        last = episodes.wait + ended
        for since in range(1, longest + 1):
            yield courses.count(last >= since)
            yield courses.count(episodes.repaired & (episodes.wait == since))
            yield courses.count(ended & (last == since))

    return parts


def share_of_occurrence(totals: np.ndarray) -> np.ndarray:
    """Share of engagements with at least one episode."""
    return divide(totals[..., 0], totals[..., 2])


def rate_of_occurrence(totals: np.ndarray) -> np.ndarray:
    """Episodes per engagement."""
    return divide(totals[..., 1], totals[..., 2])


def divide(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """A share or rate; NaN where there is nothing to divide by."""
    return np.where(lower > 0, upper / np.where(lower > 0, lower, 1.0), np.nan)


def cumulative_repair(totals: np.ndarray) -> np.ndarray:
    """Share repaired within 1, 2, ... check-ins, (..., longest), from sums of ``repair_times``.

    Cumulative incidence with ending early as the competing event (Aalen and Johansen, 1978,
    Scandinavian Journal of Statistics 5, 141, in discrete time): F(w) = sum over k <= w of S(k - 1)
    repaired_k / at risk_k, S the share neither repaired nor ended by then. Where nobody is at risk
    any more F stays as it is.
    """
    at_risk, repaired, ended = totals[..., 0::3], totals[..., 1::3], totals[..., 2::3]
    safe = np.where(at_risk > 0, at_risk, 1.0)
    left = np.cumprod(1 - (repaired + ended) / safe, axis=-1)
    before = np.concatenate([np.ones_like(left[..., :1]), left[..., :-1]], axis=-1)
    grown = np.cumsum(before * repaired / safe, axis=-1)
    return np.where(at_risk[..., :1] > 0, grown, np.nan)


@dataclass(frozen=True)
class Sums:
    """Sums of a statistic's parts: observed per cluster (G, m); of surrogates per set (B, m) and
    per cluster on average (G, m)."""

    observed: np.ndarray
    by_set: np.ndarray
    expected: np.ndarray


def sum_observed(courses: Courses, parts: Parts) -> np.ndarray:
    """Sums per cluster (G, m) of one set of courses."""
    columns = [values[0] for values in parts(courses)]
    ratings = courses.ratings
    return np.stack([_by_cluster(ratings, column) for column in columns], axis=1)


def sum_surrogates(
    ratings: Ratings, blocks: Iterator[dict[str, np.ndarray]], rule: Rule, parts: dict[str, Parts]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Each statistic's sums per set (B, m) and per cluster on average (G, m)."""
    by_set: dict[str, list[np.ndarray]] = {name: [] for name in parts}
    by_cluster: dict[str, list[np.ndarray]] = {name: [] for name in parts}
    number = 0
    for block in blocks:
        courses = follow(ratings, block, rule)
        number += courses.shape[0]
        for name, make in parts.items():
            sets, engagements = [], []
            for values in make(courses):
                sets.append(values.sum(axis=1, dtype=float))
                engagements.append(_by_cluster(ratings, values.sum(axis=0)))
            by_set[name].append(np.stack(sets, axis=1))
            by_cluster[name].append(np.stack(engagements, axis=1))
    return {name: (np.concatenate(by_set[name]), sum(by_cluster[name]) / number) for name in parts}


def _by_cluster(ratings: Ratings, values: np.ndarray) -> np.ndarray:
    return np.bincount(ratings.codes, weights=values, minlength=ratings.n_clusters)
