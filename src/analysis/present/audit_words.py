"""What the audit says beside its numbers: what they mean, what they do not show, what to do."""

from __future__ import annotations

from collections.abc import Callable

from analysis.present.lines import Interval
from analysis.present.tables import DASH, show_fixed, show_percent

_MEANS, _NOT, _MAY = "What it means", "What it does not show", "What you may do"

#: By part: pairs of a heading and what is said under it.
NOTES: dict[str, tuple[tuple[str, str], ...]] = {
    "replies": (
        (
            _MEANS,
            "A check-in is due if it was planned for the engagement; one answered too thinly to be "
            "scored counts as not answered. Engagements that ended early still count as due, so a "
            "share that falls from check-in to check-in also holds those who left.",
        ),
        (
            _NOT,
            "Why somebody did not reply, and what they would have said. Those who stay silent may "
            "be the least content; every other number here rests on those who replied.",
        ),
        (
            _MAY,
            "Where many do not reply, mend this first: ask fewer questions, at fixed times, and "
            "say what becomes of the answers. Treat a check-in that was left out as a reason to "
            "call, not as missing data.",
        ),
    ),
    "ratings": (
        (
            _MEANS,
            "The rating is the mean of how far both agree on goals, agree on tasks, and get on "
            "with each other, in the first check-ins. Two programmes whose lines overlap "
            "widely are not shown to differ.",
        ),
        (
            _NOT,
            "Whether a programme makes the alliance better or worse: programmes take on different "
            "people, and nobody was assigned by lot. A high mean is also no proof of results.",
        ),
        (
            _MAY,
            "Ask the programmes whose ratings stand clearly apart what they do and whom they take "
            "on. Do not rank programmes, and do not rank advisors at all: the numbers of one "
            "advisor are too few to tell luck from skill.",
        ),
    ),
    "gap": (
        (
            _MEANS,
            "A gap says that one side sees the relation as better than the other does. Standard "
            "deviations make it comparable: by custom (Cohen, 1988) 0.2 is small, 0.5 medium, 0.8 "
            "large.",
        ),
        (
            _NOT,
            "Who is right. A gap is no sign of self-deception without something outside both to "
            "hold it against, and published values from therapy need not hold elsewhere.",
        ),
        (
            _MAY,
            "Have both sides compare their answers early on; a gap in one engagement is a subject "
            "for a talk, not a mark against anybody.",
        ),
    ),
    "ruptures": (
        (
            _MEANS,
            "A drop is a fall in somebody’s rating too large for the error of measurement. Ratings "
            "wander, so some drops come by chance alone: only what is seen beyond chance speaks of "
            "strain in the relation. Repaired means back to about where it was.",
        ),
        (
            _NOT,
            "Which single drop was real, and what it was about. Where the share seen hardly "
            "exceeds chance, the ratings show no more strain than noise would.",
        ),
        (
            _MAY,
            "Treat a drop as an invitation to ask how it is going; asking costs little if there "
            "was nothing. Do not count drops as failures of an advisor.",
        ),
    ),
    "warning": (
        (
            _MEANS,
            "How well ratings and events so far tell which engagements will end early, tried on "
            "advisors that the model had not seen. 50 of 100 pairs told apart rightly is a coin.",
        ),
        (
            _NOT,
            "That acting on an alarm keeps anybody: nobody was helped at random. Most of those "
            "alarmed about will stay anyway where few leave.",
        ),
        (
            _MAY,
            "Use alarms to offer a talk, never to decide about people. If the interval holds the "
            "coin, do not use the model; the plain rule of thumb may do as well.",
        ),
    ),
}


def about(share: Interval) -> str:
    """A share in whole per cent."""
    return show_percent(share.estimate)


def hedge(interval: Interval, level: str, decimals: int | None = None) -> str:
    """The limits in words, in per cent without ``decimals``: `` (95 % interval 78 % to 81 %)``."""
    if not interval.has_limits:
        return ""
    show = show_percent if decimals is None else lambda value: show_fixed(value, decimals)
    return f" ({level} interval {show(interval.low)} to {show(interval.high)})"


def spread(interval: Interval, show: Callable[[float], str]) -> str:
    """An estimate with its limits in brackets; a dash where it is not given."""
    if not interval.given:
        return DASH
    limits = f" [{show(interval.low)}, {show(interval.high)}]" if interval.has_limits else ""
    return f"{show(interval.estimate)}{limits}"
