"""Rates of rupture under one condition against another, check-in by check-in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.models.ruptures.statistics import Courses, Parts


def by_exposure(exposed: np.ndarray, unexposed: np.ndarray) -> Parts:
    """Per check-in: beginnings and check-ins at risk, exposed and not, (n, T) flags given."""

    def parts(courses: Courses) -> Iterator[np.ndarray]:
        begins = courses.spread(courses.traces.begins)
        at_risk = courses.spread(courses.traces.at_risk)
        for place in range(exposed.shape[1]):
            for group in (exposed[:, place], unexposed[:, place]):
                yield begins[..., place] & group
                yield at_risk[..., place] & group

    return parts


def after_missed(courses: Courses) -> Iterator[np.ndarray]:
    """``by_exposure`` to a check-in left out just before."""
    missed = left_out_before(courses.ratings.answered)
    yield from by_exposure(missed, ~missed)(courses)


def missed_after(courses: Courses) -> Iterator[np.ndarray]:
    """Per check-in: the next one left out after a beginning, and after none.

    Only courses answered again later count, so that an ending is not taken for a check-in missed.
    """
    answered = courses.ratings.answered
    begins = courses.spread(courses.traces.begins)
    at_risk = courses.spread(courses.traces.at_risk)
    later = np.logical_or.accumulate(answered[:, ::-1], axis=1)[:, ::-1]
    for place in range(answered.shape[1] - 1):
        goes_on = later[:, place + 1]
        missed = goes_on & ~answered[:, place + 1]
        here = begins[..., place]
        other = at_risk[..., place] & ~here
        yield here & missed
        yield here & goes_on
        yield other & missed
        yield other & goes_on


def after_repair(courses: Courses) -> Iterator[np.ndarray]:
    """Per check-in: beginnings where the only episode so far was repaired, and where none was.

    Both are at risk at the same check-in, so that neither is given the time before its repair.
    """
    traces = courses.traces
    times = traces.begins.shape[1]
    so_far = np.cumsum(traces.begins, axis=1)
    healed = np.logical_or.accumulate(traces.repaired, axis=1)
    for place in range(times):
        at_risk = traces.at_risk[:, place]
        before = so_far[:, place] - traces.begins[:, place]
        again = at_risk & (before == 1) & healed[:, place]
        never = at_risk & (before == 0)
        for group in (again, never):
            yield courses.spread(group & traces.begins[:, place])
            yield courses.spread(group)


def left_out_before(answered: np.ndarray) -> np.ndarray:
    """Whether an answered check-in follows one that the engagement's rater left out, (n, T)."""
    started = np.logical_or.accumulate(answered, axis=1)
    left_out = np.zeros_like(answered)
    left_out[:, 1:] = answered[:, 1:] & ~answered[:, :-1] & started[:, :-1]
    return left_out


def log_rate_ratio(totals: np.ndarray) -> np.ndarray:
    """Logarithm of the rate ratio over check-ins, from sums (..., 4 T) of ``by_exposure``.

    log( sum_t a_t N0_t / N_t ) - log( sum_t b_t N1_t / N_t ), a of N1 exposed and b of N0 not
    (Mantel and Haenszel, 1959, for risks: Rothman, Greenland and Lash, 2008, Modern Epidemiology,
    chapter 15). NaN where either sum is 0.
    """
    a, exposed, b, unexposed = (totals[..., part::4] for part in range(4))
    return _log_ratio(a, exposed, b, unexposed)


def log_excess_ratio(totals: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """The same for the excess of beginnings over those that surrogates show, (..., 4 T) both.

    a_t is lessened by N1_t times the surrogates' rate, b_t likewise; NaN where an excess is not
    above 0.
    """
    a, exposed, b, unexposed = (totals[..., part::4] for part in range(4))
    ea, eexposed, eb, eunexposed = (expected[..., part::4] for part in range(4))
    a = a - exposed * _rate(ea, eexposed)
    b = b - unexposed * _rate(eb, eunexposed)
    return _log_ratio(a, exposed, b, unexposed)


def _rate(events: np.ndarray, at_risk: np.ndarray) -> np.ndarray:
    return np.where(at_risk > 0, events / np.where(at_risk > 0, at_risk, 1.0), 0.0)


def _log_ratio(
    a: np.ndarray, exposed: np.ndarray, b: np.ndarray, unexposed: np.ndarray
) -> np.ndarray:
    both = exposed + unexposed
    safe = np.where(both > 0, both, 1.0)
    upper = (a * unexposed / safe).sum(axis=-1)
    lower = (b * exposed / safe).sum(axis=-1)
    defined = (upper > 0) & (lower > 0)
    ratio = np.where(defined, upper, 1.0) / np.where(defined, lower, 1.0)
    return np.where(defined, np.log(ratio), np.nan)
