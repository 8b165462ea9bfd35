"""Drawings as text and as files: the same bytes on every run."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from analysis.contract.files import replacing
from analysis.present.style import FONT, house_style

_SVG_METADATA = ("Creator", "Date", "Format", "Type")


def as_svg(figure: Figure) -> str:
    """A drawing as the text of an SVG file."""
    with house_style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=_MISSING_GLYPH)
        drawn = io.StringIO()
        FigureCanvasSVG(figure).print_svg(drawn, metadata=dict.fromkeys(_SVG_METADATA))
    return _with_fallback_fonts(drawn.getvalue())


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as SVG and, beside it, as PNG; the same bytes on every run.

    Parameters
    ----------
    figure : as drawn here.
    path : where the ``.svg`` goes. Raises ValueError for any other ending.
    """
    path = Path(path)
    if path.suffix != ".svg":
        raise ValueError(f"a figure is saved as .svg, with a .png beside it; not as {path.name}")
    with replacing(path) as temporary:
        temporary.write_text(as_svg(figure), encoding="utf-8")
    with house_style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=_MISSING_GLYPH)
        with replacing(path.with_suffix(".png")) as temporary:
            figure.savefig(temporary, format="png", metadata={"Software": None})


#: The PNG shows a box where the font lacks a character; the SVG leaves it to the reader's.
_MISSING_GLYPH = "Glyph .* missing from font"


def _with_fallback_fonts(svg: str) -> str:
    """The SVG with fonts of the same widths, where a reader does not have ours."""
    return re.sub(
        rf"(<text style=\"[^\"]*font-family: '{FONT}')", r"\1, Verdana, Geneva, sans-serif", svg
    )
