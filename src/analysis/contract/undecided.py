"""What a proposed mapping leaves to people: a marked place that is refused until it is filled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

#: Stands in a proposed mapping wherever only its user can know.
DECIDE = "DECIDE"

_QUESTIONS = {
    "title": "the dataset's name in words",
    "description": "what the data are, in a sentence or two",
    "licence": "on what terms the data may be used",
    "consent": "what the people in the data agreed to",
    "setting": "the kind of advising, such as executive_coaching or mentoring",
    "source": "who gave it: advisee, advisor, third_party or record",
    "phase": "when it was taken: baseline, during, end or follow_up",
    "timing": "prospective if it was taken after the ratings, concurrent if at about the same time",
    "higher_is": "better or worse",
    "rater": "who answered: advisee, advisor or observer",
    "occasion": "the number of the check-in",
    "advisee_id": "the raw column of who is advised",
    "advisor_id": "the raw column of who advises",
    "engagement_id": "the raw column of the engagement",
    "start": "the raw column of the day each engagement began",
    "primary_outcome": "the outcome that the headline rests on, one of `outcomes`",
    "primary_source": "who gave the primary outcome: advisee, advisor, third_party or record",
    "labels": "what this label stands for",
    "answers": "the number of this answer",
    "instruments": "the key of the form that was answered (see config/instruments)",
}


def list_undecided(content: object, path: Path) -> list[str]:
    """In words, every place of a mapping that still waits for its user; none if it is filled."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    waiting = iter([number for number, line in enumerate(lines, 1) for _ in range(_marks(line))])
    told = []
    for place in undecided(content):
        question = next((_QUESTIONS[step] for step in reversed(place) if step in _QUESTIONS), "")
        where = ".".join(map(str, place))
        line = next(waiting, None)
        told.append(
            f"{where}{f' (line {line})' if line else ''}: still to be decided"
            + (f": {question}." if question else ".")
        )
    return told


def undecided(content: object, place: tuple = ()) -> Iterator[tuple]:
    """The places, as steps of keys and numbers, whose value is the mark."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield from undecided(value, (*place, key))
    elif isinstance(content, list):
        for number, value in enumerate(content):
            yield from undecided(value, (*place, number))
    elif content == DECIDE:
        yield place


def _marks(line: str) -> int:
    return line.partition("#")[0].count(DECIDE)
