"""What the report is put together from: figures told in words, and parts under a heading."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from analysis.present.sections import Table


@dataclass(frozen=True)
class Figure:
    """A figure as it stands in the report.

    ``svg`` is the whole file, ``alt`` tells in words what it shows with its numbers, ``caption``
    stands below it. ``tall``: printed over several pages, not made smaller.
    """

    svg: str
    alt: str
    caption: str
    tall: bool = False

    @property
    def uri(self) -> str:
        """The drawing as a data URI: what it names and styles stays within it."""
        drawing = self.svg[self.svg.index("<svg") :].encode("utf-8")
        return f"data:image/svg+xml;base64,{base64.b64encode(drawing).decode('ascii')}"


@dataclass(frozen=True)
class Part:
    """One subject under its heading: sentences, figures, tables, and further tables folded away.

    ``anchor`` names it in links and is unique within a dataset: small letters and hyphens.
    ``further_heading`` is what the folded tables are called; ``references`` are works cited,
    ``terms`` pairs of a heading and what is said under it, a line each.
    """

    anchor: str
    heading: str
    paragraphs: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    further: tuple[Table, ...] = ()
    further_heading: str = "Further tables"
    references: tuple[str, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show under the heading."""
        shown = (self.paragraphs, self.figures, self.tables, self.further, self.terms)
        return not any(shown)
