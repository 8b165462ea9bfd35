"""Drops in scores, and the episodes they open, for any number of courses at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: What a drop is measured from: the last answered score, or the best of the last three.
REFERENCES = ("previous", "best_of_three")
#: A fall that misses the threshold by rounding only has reached it.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Rule:
    """What counts as a drop and as a repair, in the units of the scores.

    threshold : least fall from the reference
    reference : one of ``REFERENCES``
    band : how near to the reference a score must come back to count as repaired
    longest : check-ins after its onset at which an episode that was not repaired is over
    """

    threshold: float
    reference: str
    band: float
    longest: int

    def __post_init__(self) -> None:
        if self.reference not in REFERENCES:
            raise ValueError(f"reference must be one of {REFERENCES}, not '{self.reference}'")
        if not self.threshold > 0:
            raise ValueError(f"the threshold must be above 0, not {self.threshold}")


@dataclass(frozen=True)
class Traces:
    """What happened at each check-in, all (N, T).

    at_risk : answered, with a reference, and no episode open before it
    begins : an episode begins
    open : an episode is open after this check-in's answer (or, unanswered, still)
    repaired : the open episode is repaired here
    reference : the score that the latest episode fell from, NaN before the first
    source : place of the check-in that gave this score, -1 before the first
    """

    at_risk: np.ndarray
    begins: np.ndarray
    open: np.ndarray
    repaired: np.ndarray
    reference: np.ndarray
    source: np.ndarray

    @property
    def any(self) -> np.ndarray:
        """Whether a course holds an episode at all, (N,)."""
        return self.begins.any(axis=1)


def trace_episodes(scores: np.ndarray, occasions: np.ndarray, rule: Rule) -> Traces:
    """Follow each course through its check-ins.

    An episode begins at an answered check-in whose score lies at least the threshold below the
    reference. While it is open further falls deepen it and begin no other. It ends at the first
    answered check-in back within the band below its reference, or, unrepaired, when more than
    ``longest`` check-ins have passed since its onset; then the next drop may begin. Check-ins that
    were not answered are passed over: references are answered scores, while time is counted in the
    check-ins' own numbers.

    Parameters
    ----------
    scores : (N, T), NaN where not answered.
    occasions : (T,) numbers of the check-ins, rising.
    """
    n, times = scores.shape
    flags = {name: np.zeros((n, times), dtype=bool) for name in _FLAGS}
    references = np.full((n, times), np.nan)
    sources = np.full((n, times), -1)
    is_open = np.zeros(n, dtype=bool)
    onset = np.zeros(n)
    fell_from, fell_at = np.full(n, np.nan), np.full(n, -1)
    depth = 1 if rule.reference == "previous" else 3
    last = [np.full(n, np.nan) for _ in range(depth)]
    last_at = [np.full(n, -1) for _ in range(depth)]
    for place in range(times):
        score = scores[:, place]
        seen = ~np.isnan(score)
        is_open &= occasions[place] - onset <= rule.longest
        reference, source = last[0], last_at[0]
        for earlier, earlier_at in zip(last[1:], last_at[1:], strict=True):
            better = earlier > reference
            reference = np.where(better, earlier, reference)
            source = np.where(better, earlier_at, source)
        with np.errstate(invalid="ignore"):
            back = is_open & (score >= fell_from - rule.band - ROUNDING)
            falls = reference - score >= rule.threshold - ROUNDING
        at_risk = seen & ~is_open & ~np.isnan(reference)
        begins = at_risk & falls
        is_open = (is_open & ~back) | begins
        onset = np.where(begins, occasions[place], onset)
        fell_from = np.where(begins, reference, fell_from)
        fell_at = np.where(begins, source, fell_at)
        here = (at_risk, begins, is_open, back)
        for name, values in zip(_FLAGS, here, strict=True):
            flags[name][:, place] = values
        references[:, place], sources[:, place] = fell_from, fell_at
        for back_by in range(depth - 1, 0, -1):
            last[back_by] = np.where(seen, last[back_by - 1], last[back_by])
            last_at[back_by] = np.where(seen, last_at[back_by - 1], last_at[back_by])
        last[0] = np.where(seen, score, last[0])
        last_at[0] = np.where(seen, place, last_at[0])
    return Traces(**flags, reference=references, source=sources)


_FLAGS = ("at_risk", "begins", "open", "repaired")


@dataclass(frozen=True)
class Episodes:
    """E episodes, in the order of their courses and then of their onsets, all (E,).

    course : row of the scores; onset, source : places of the onset and of the check-in that gave
    the reference; reference, score, lowest : scores; repaired_at : place of the repair, -1 without
    wait : check-ins from onset to repair, or, without one, to the last answered check-in
    followed : check-ins from onset to the course's last answered check-in
    """

    course: np.ndarray
    onset: np.ndarray
    source: np.ndarray
    reference: np.ndarray
    score: np.ndarray
    lowest: np.ndarray
    repaired_at: np.ndarray
    wait: np.ndarray
    followed: np.ndarray

    def __len__(self) -> int:
        return len(self.course)

    @property
    def repaired(self) -> np.ndarray:
        """Whether each was repaired."""
        return self.repaired_at >= 0

    @property
    def first(self) -> np.ndarray:
        """Whether each is the first of its course."""
        return np.append(True, self.course[1:] != self.course[:-1])[: len(self)]


def list_episodes(scores: np.ndarray, occasions: np.ndarray, traces: Traces) -> Episodes:
    """The episodes of courses (N, T) that ``trace_episodes`` followed."""
    times = scores.shape[1]
    course, onset = np.nonzero(traces.begins)
    where, place = np.nonzero(traces.repaired)
    # A repair belongs to the latest onset before it.
    owner = np.searchsorted(course * times + onset, where * times + place) - 1
    repaired_at = np.full(len(course), -1)
    repaired_at[owner] = place
    seen = ~np.isnan(scores)
    last = np.where(seen.any(axis=1), times - 1 - seen[:, ::-1].argmax(axis=1), 0)
    followed = occasions[last[course]] - occasions[onset]
    wait = np.where(repaired_at >= 0, occasions[repaired_at] - occasions[onset], followed)
    own = scores[course]
    places = np.arange(times)
    until = np.where(repaired_at >= 0, repaired_at, _next_onset(course, onset, times))
    inside = (places >= onset[:, None]) & (places < until[:, None])
    inside &= traces.open[course] & ~np.isnan(own)
    lowest = np.where(inside, own, np.inf).min(axis=1, initial=np.inf)
    rows = np.arange(len(course))
    return Episodes(
        course=course,
        onset=onset,
        source=traces.source[course, onset],
        reference=traces.reference[course, onset],
        score=own[rows, onset],
        lowest=lowest,
        repaired_at=repaired_at,
        wait=wait,
        followed=followed,
    )


def _next_onset(course: np.ndarray, onset: np.ndarray, times: int) -> np.ndarray:
    """Place of the next onset in the same course, or beyond the last check-in."""
    following = np.append(onset[1:], times)[: len(onset)]
    same = np.append(course[1:] == course[:-1], False)[: len(onset)]
    return np.where(same, following, times)


def returned_in_full(scores: np.ndarray, occasions: np.ndarray, episodes: Episodes) -> np.ndarray:
    """Check-ins from onset until a score reached the reference again, NaN if none did before the
    next episode began. An episode repaired in part may be so in full later."""
    own = scores[episodes.course]
    places = np.arange(scores.shape[1])
    until = _next_onset(episodes.course, episodes.onset, scores.shape[1])
    inside = (places > episodes.onset[:, None]) & (places < until[:, None])
    with np.errstate(invalid="ignore"):
        reached = inside & (own >= episodes.reference[:, None] - ROUNDING)
    first = reached.argmax(axis=1) if len(episodes) else np.zeros(0, dtype=int)
    wait = occasions[first] - occasions[episodes.onset] if len(episodes) else np.zeros(0)
    return np.where(reached.any(axis=1), wait, np.nan)


def kinds_within(
    episodes: Episodes, full: np.ndarray, ended_early: np.ndarray, window: int
) -> np.ndarray:
    """What had become of each episode ``window`` check-ins after its onset, (E,) of ``KINDS``.

    Parameters
    ----------
    full : from ``returned_in_full``.
    ended_early : (N,) whether each course is known to have ended early.
    """
    repaired = episodes.repaired & (episodes.wait <= window)
    in_full = np.nan_to_num(full, nan=np.inf) <= window
    over = episodes.followed >= window
    kinds = np.select(
        [repaired & in_full, repaired, over, ended_early[episodes.course]],
        ["full", "partial", "none", "ended_early"],
        "censored",
    )
    return kinds.astype(object)


#: Back at the reference; back within the band; not back; ended early before; not followed so far.
KINDS = ("full", "partial", "none", "ended_early", "censored")
