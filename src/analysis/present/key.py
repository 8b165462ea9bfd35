"""The key of a figure: marks, and what they stand for."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.present.sheet import LEADING, MARGIN, SMALL, Sheet
from analysis.present.style import ADVISEE, ADVISOR, CORRECTED, INK, ZONE, measure_text
from analysis.present.tables import show_correlation, show_level

#: A rater's colour and shape.
RATER_MARKS = {"advisee": (ADVISEE, "o"), "advisor": (ADVISOR, "s")}


@dataclass(frozen=True)
class Entry:
    """A mark and its words; without a shape, words alone."""

    words: str
    shape: str = ""
    colour: str = INK
    hollow: bool = False


CORRECTED_ENTRY = Entry("corrected for reliability", "D", CORRECTED, hollow=True)


def zone_entry(sesoi: float) -> Entry:
    """The zone of equivalence."""
    return Entry(f"within ±{show_correlation(sesoi, 2)}", "zone")


def level_entry(confidence: float, beyond: bool = False) -> Entry:
    """The level of the intervals, and what an arrow is where there is one."""
    arrows = "; arrow: beyond the scale" if beyond else ""
    return Entry(f"Lines: {show_level(confidence)} intervals{arrows}")


def rater_entries(same_source: bool) -> list[Entry]:
    """Both raters' marks, and how a same-source mark differs."""
    entries = [
        Entry(f"{rater}’s rating", shape, colour) for rater, (colour, shape) in RATER_MARKS.items()
    ]
    if same_source:
        entries.append(Entry("hollow: same source", "o", INK, hollow=True))
    return entries


def key_height(lines: list[list[Entry]]) -> float:
    """Points a key takes."""
    return len(lines) * SMALL * LEADING + 8


def draw_key(sheet: Sheet, top: float, lines: list[list[Entry]]) -> None:
    """Write the key's entries side by side, line by line."""
    for entries in lines:
        x, middle = MARGIN, top + SMALL * 0.7
        for entry in entries:
            if entry.shape == "zone":
                sheet.shade(x, middle - 4, 9, 8, ZONE)
            elif entry.shape:
                sheet.symbol(x + 4, middle, entry.colour, entry.shape, hollow=entry.hollow, size=5)
            x += 13 if entry.shape else 0
            sheet.write(x, top, [entry.words], SMALL)
            x += measure_text(entry.words, SMALL) + 11
        top += SMALL * LEADING
