"""The house style of figures: colours, type, and text that fits its place.

The theme is seaborn's ``whitegrid`` and the colours are those of Okabe and Ito (2008), which stay
apart for readers with any kind of colour vision. The values stand here, as importing seaborn takes
several times as long as drawing; a test holds them to seaborn's. Whatever is drawn differs by shape
or by word too, never by colour alone.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from matplotlib import rc_context
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

FONT = "DejaVu Sans"

INK = "#262626"
FAINT = "#595959"
RULE = "#cccccc"
PAPER = "#ffffff"
BAND = "#f0f4f8"
ZONE = "#d5e8e0"

ADVISEE = "#0072b2"
ADVISOR = "#d55e00"
CORRECTED = "#8c8c8c"

#: The raters' colours stand for the verdicts in their favour.
VERDICT_COLOURS = {
    "supported": ADVISEE,
    "opposed": ADVISOR,
    "equivalent": "#007a5a",
    "inconclusive": FAINT,
    "not_testable": FAINT,
}

#: Settings that seaborn's ``whitegrid`` theme has too.
THEME = {
    "axes.axisbelow": True,
    "axes.edgecolor": ".8",
    "axes.facecolor": "white",
    "axes.labelcolor": ".15",
    "figure.facecolor": "white",
    "grid.color": ".8",
    "grid.linestyle": "-",
    "lines.solid_capstyle": "round",
    "patch.edgecolor": "w",
    "text.color": ".15",
    "xtick.color": ".15",
    "ytick.color": ".15",
}
#: Settings that make a figure the same bytes on every run, and its text plain text.
EXACT = {
    "font.family": FONT,
    "font.size": 9.0,
    "path.simplify": False,
    "savefig.dpi": 200,
    "svg.fonttype": "none",
    "svg.hashsalt": "alliance",
    "svg.image_inline": True,
    "text.parse_math": False,
    "text.usetex": False,
}


def house_style():
    """A context in which figures are drawn and saved in the house style, whatever was set before.

    >>> with house_style():
    ...     pass
    """
    from matplotlib import rcParamsDefault

    # A setting of the user's own (a matplotlibrc) must not change what comes out.
    clean = {name: value for name, value in rcParamsDefault.items() if name not in _PROCESS_WIDE}
    return rc_context({**clean, **THEME, **EXACT})


#: What belongs to the process, not to a figure.
_PROCESS_WIDE = {"backend", "backend_fallback", "interactive", "toolbar", "timezone", "webagg.port"}


def plain_text(text: object) -> str:
    """Text on one line, without the control characters that no file of markup may hold."""
    kept = (
        " " if character.isspace() else character
        for character in str(text)
        if character.isspace() or unicodedata.category(character) not in ("Cc", "Cs")
    )
    return " ".join("".join(kept).split())


def wrap_text(text: object, width: float, size: float, weight: str = "normal") -> list[str]:
    """Text in lines of at most ``width`` points when set at ``size`` points; long words broken."""
    lines = [""]
    for word in plain_text(text).split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if measure_text(longer, size, weight) <= width:
            lines[-1] = longer
            continue
        *whole, last = _broken(word, width, size, weight)
        lines += [*whole, last]
    return [line for line in lines if line] or [""]


def measure_text(text: str, size: float, weight: str = "normal") -> float:
    """How wide a line of text is, in points."""
    return sum(_advance(character, weight) for character in text) * size / 100


def _broken(word: str, width: float, size: float, weight: str) -> list[str]:
    """A word in pieces that each fit."""
    pieces = [""]
    for character in word:
        if pieces[-1] and measure_text(pieces[-1] + character, size, weight) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces


@cache
def _advance(character: str, weight: str) -> float:
    """A character's width at 100 points; one the font lacks is taken as a square."""
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in ("W", "F"):
        return 100.0
    font = FontProperties(family=FONT, size=100, weight=weight)
    # Between two letters, as a space alone has no extent.
    with house_style():
        around, _, _ = text_to_path.get_text_width_height_descent("nn", font, False)
        whole, _, _ = text_to_path.get_text_width_height_descent(f"n{character}n", font, False)
    return max(whole - around, 0.0)
