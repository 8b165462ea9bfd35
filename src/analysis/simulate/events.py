"""Events in the course of engagements, consistent with their ruptures and repairs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.simulate.course import CAUSES, ENDED_EARLY, Courses
from analysis.simulate.latent import Engagements

# All shares in this module are assumptions: no published rates per check-in were at hand.
#: Per event: who notes it, share of check-ins without a rupture, and while one is open.
_WITHDRAWAL = {
    "task_not_done": ("advisor", 0.05, 0.45),
    "late_reply": ("record", 0.06, 0.40),
    "passive_resistance": ("advisor", 0.01, 0.25),
}
_CONFRONTATION = {
    "complaint": ("advisee", 0.01, 0.35),
    "challenge": ("advisor", 0.02, 0.45),
}
#: Share of ruptures that show in no event of their kind, and so stay untyped unless a later one is.
_UNMARKED = 0.10
#: Share of ruptures answered by each act, where repaired and where not.
_REPAIR_ACTS = {
    "acknowledgement": (0.70, 0.35),
    "process_dialogue": (0.50, 0.20),
    "validation": (0.35, 0.15),
}
#: The act that matches what a rupture is about, and the share answered by it.
_MATCHED_ACT = {
    "goal": "goal_renegotiated",
    "expectations": "goal_renegotiated",
    "task": "task_renegotiated",
    "results": "task_renegotiated",
}
_MATCHED = (0.60, 0.25)
#: Ordinary work: share of check-ins, early (the first two) and later.
_ORDINARY = {
    "rapport_work": (0.30, 0.08),
    "validation": (0.12, 0.08),
    "task_renegotiated": (0.04, 0.07),
    "goal_renegotiated": (0.05, 0.03),
}
_MISSED_NOTED = 0.80
_CRITICAL_BY_STAKES = (0.05, 0.09, 0.13)
_CRITICAL_AT_ONSET = 0.20
_ACTED_ON = 0.50


@dataclass
class _Noted:
    """Events gathered as they are drawn."""

    rows: list[pd.DataFrame] = field(default_factory=list)

    def add(
        self,
        happened: np.ndarray,
        event: str | np.ndarray,
        source: str | np.ndarray,
        valence: np.ndarray | None = None,
        cause: np.ndarray | None = None,
        responds_to: str | np.ndarray | None = None,
    ) -> None:
        """Note an event wherever flags (n, T) are set; the rest is one for all, (n,) or (n, T)."""
        engagement, place = np.nonzero(happened)

        def of(values: object) -> object:
            if not isinstance(values, np.ndarray):
                return values
            return values[engagement] if values.ndim == 1 else values[engagement, place]

        rows = {"engagement": engagement, "occasion": place + 1, "event": of(event)}
        rows |= {"source": of(source), "valence": np.nan if valence is None else of(valence)}
        rows |= {"cause": of(cause), "responds_to": of(responds_to)}
        self.rows.append(pd.DataFrame(rows))


def draw_events(
    engagements: Engagements, courses: Courses, rng: np.random.Generator
) -> pd.DataFrame:
    """One row per event: ``engagement`` (number from 0), ``occasion``, ``event``, ``source``,
    ``valence``, ``cause``, ``responds_to``, in the order of engagement and check-in.
    """
    noted = _Noted()
    held, shape = courses.held, courses.held.shape
    onset = _at(courses.onset, shape)
    cause = np.array(CAUSES, dtype=object)[courses.cause]
    marker = _mark_ruptures(noted, courses, onset, cause, rng)
    missed = held & ~courses.answered[:, 0] & (rng.random(shape) < _MISSED_NOTED)
    noted.add(missed, "missed_checkin", "record")
    _respond(noted, courses, cause, marker, rng)
    early = np.arange(shape[1]) < 2
    for event, (first, later) in _ORDINARY.items():
        noted.add(held & (rng.random(shape) < np.where(early, first, later)), event, "advisor")
    share = np.array(_CRITICAL_BY_STAKES)[engagements.stakes][:, None] + _CRITICAL_AT_ONSET * onset
    critical = held & (rng.random(shape) < share)
    noted.add(critical, "critical_feedback", "advisor", valence=-_tenths(rng, shape))
    later = np.zeros(shape, dtype=bool)
    later[:, 1:] = critical[:, :-1]
    acted = later & held & (rng.random(shape) < _ACTED_ON)
    answer = "critical_feedback"
    noted.add(acted, "feedback_acted_on", "advisor", _tenths(rng, shape), responds_to=answer)
    ended = _at(courses.last, shape) & (courses.status == ENDED_EARLY)[:, None]
    noted.add(ended, "ended_early", "record")
    events = pd.concat(noted.rows, ignore_index=True)
    return events.sort_values(["engagement", "occasion"], kind="stable", ignore_index=True)


def _mark_ruptures(
    noted: _Noted,
    courses: Courses,
    onset: np.ndarray,
    cause: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Note events of a rupture's kind; returns (n,) the event a repair would answer."""
    held, shape = courses.held, courses.held.shape
    n = shape[0]
    marked = rng.random(n) >= _UNMARKED
    marker = np.full(n, None, dtype=object)
    for kind, events in ((courses.withdrawal, _WITHDRAWAL), (~courses.withdrawal, _CONFRONTATION)):
        typical = [name for name in events if name != "passive_resistance"]
        own = np.array(typical, dtype=object)[rng.integers(0, len(typical), n)]
        marker = np.where(courses.ruptured & kind, own, marker)
        for event, (source, seldom, often) in events.items():
            open_now = courses.active & (kind & marked)[:, None]
            first = onset & (kind & marked & (own == event))[:, None]
            drawn = rng.random(shape)
            part_of = (open_now & (drawn < often)) | first
            noted.add(part_of, event, source, cause=cause)
            noted.add(held & ~courses.active & (drawn < seldom), event, source)
    return marker


def _respond(
    noted: _Noted,
    courses: Courses,
    cause: np.ndarray,
    marker: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Note the acts that answer ruptures: at once or a check-in later, within the engagement."""
    shape = courses.held.shape
    n = shape[0]
    matched = np.array([_MATCHED_ACT.get(name, "rapport_work") for name in CAUSES], dtype=object)
    acts = list(_REPAIR_ACTS.items())
    for event, shares in [*acts, (matched[courses.cause], _MATCHED)]:
        share = np.where(courses.repaired, *shares)
        done = courses.ruptured & (rng.random(n) < share)
        when = np.minimum(courses.onset + rng.integers(0, 2, n), courses.last)
        by_advisor = rng.random(n) < 0.85
        source = np.where(by_advisor, "advisor", "advisee").astype(object)
        noted.add(_at(when, shape) & done[:, None], event, source, cause=cause, responds_to=marker)


def _at(checkin: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Flags (n, T) that are set at each engagement's own check-in (0: nowhere)."""
    return np.arange(1, shape[1] + 1) == checkin[:, None]


def _tenths(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A valence's size, 0.1 to 1.0."""
    return rng.integers(1, 11, shape) / 10
