"""The order of the report: its sections, and the section that each part stands in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.present.parts import Part


@dataclass(frozen=True)
class Section:
    """A section of the report: its anchor and heading, and what it is about in a sentence.

    ``open``: with several datasets, whether each one's part is unfolded at first.
    """

    anchor: str
    heading: str
    about: str
    open: bool = False


SECTIONS = (
    Section("answer", "The answer", "", open=True),
    Section(
        "sure",
        "How sure is it?",
        "The interval of record, the same corrected for reliability, and every further line of "
        "evidence.",
        open=True,
    ),
    Section(
        "change",
        "What would change it?",
        "Doubts that a reader may have, what became of D under each, and how large a study would "
        "have to be.",
        open=True,
    ),
    Section(
        "measurement",
        "How well the alliance was measured",
        "Who answered, how reliable the ratings are, and whether both mean the same by them.",
    ),
    Section(
        "course",
        "The course of the relationship",
        "The gap between the raters, growth, what comes first, ruptures and repair, early warning.",
    ),
    Section("claims", "Every claim", ""),
    Section(
        "multiverse",
        "Other reasonable choices",
        "D under every combination of choices that could have been made with as good a reason.",
    ),
    Section("methods", "Methods as run", "Written from the plan of this run."),
    Section("rows", "Flow of rows", "What became of every row, and who can be told from it."),
    Section("provenance", "Provenance", "Where the data come from, and what the results rest on."),
)

#: A part's anchor -> the section it stands in; within a section, in the order given here.
PLACES = {
    "synthesis": "sure",
    "outcomes": "sure",
    "lines": "sure",
    "grid": "sure",
    "change": "change",
    "measurement": "measurement",
    "course": "course",
    "mediation": "course",
    "ruptures": "course",
    "warning": "course",
    "multiverse": "multiverse",
    "methods": "methods",
    "choices": "methods",
    "calibration": "methods",
    "strobe": "rows",
    "flow": "rows",
    "privacy": "rows",
    "origin": "provenance",
    "planned": "provenance",
    "record": "provenance",
}


def parts_in(section: str, parts: Iterable[Part]) -> list[Part]:
    """The parts of a section that say something, in order.

    Raises ValueError for a part that has no place in the report.
    """
    shown = list(parts)
    for part in shown:
        if part.anchor not in PLACES:
            raise ValueError(f"the part '{part.anchor}' has no place: give it one in PLACES")
    order = list(PLACES)
    own = [part for part in shown if PLACES[part.anchor] == section and not part.empty]
    return sorted(own, key=lambda part: order.index(part.anchor))
