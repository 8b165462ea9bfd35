"""What stands in a figure's place when the data allow none: its title and the reason."""

from __future__ import annotations

from matplotlib.figure import Figure

from analysis.present.sheet import INNER, LABEL, LEADING, MARGIN, TITLE, Sheet
from analysis.present.style import FAINT, house_style, wrap_text


def draw_plate(title: str, reason: str) -> Figure:
    """A sheet that says what is not shown, and why.

    Every dataset thereby leaves the same files, and an absent figure is an answer, not a fault.
    """
    with house_style():
        heading = wrap_text(title, INNER, TITLE, "bold")
        lines = wrap_text(f"Not shown: {reason}", INNER, LABEL)
        below = MARGIN + len(heading) * TITLE * LEADING + 4
        sheet = Sheet(below + len(lines) * LABEL * LEADING + MARGIN)
        sheet.write(MARGIN, MARGIN, heading, TITLE, weight="bold")
        sheet.write(MARGIN, below, lines, LABEL, FAINT)
    return sheet.figure
