"""Text that runs from right to left, kept from turning what stands around it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from markupsafe import Markup, escape

#: Unicode's own brackets for attributes and other plain text.
ISOLATE, END = "\u2068", "\u2069"


def isolate(text: object) -> Markup:
    """Escaped text, each run from right to left in a ``<bdi>``.

    >>> isolate("a < b")
    Markup('a &lt; b')
    """
    parts = [
        Markup("<bdi>{}</bdi>").format(run) if turned else escape(run)
        for run, turned in _runs(str(text))
    ]
    return Markup("").join(parts)


def isolate_plain(text: object) -> str:
    """Plain text, each run from right to left between Unicode's isolating brackets."""
    return "".join(f"{ISOLATE}{run}{END}" if turned else run for run, turned in _runs(str(text)))


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """Text cut where its direction turns; what has no direction of its own goes with the left."""
    if text.isascii():
        yield text, False
        return
    first, last, done = None, 0, 0
    for place, character in enumerate(text):
        direction = unicodedata.bidirectional(character)
        if direction in ("R", "AL"):
            first = place if first is None else first
            last = place + 1
        elif direction == "L" and first is not None:
            yield text[done:first], False
            yield text[first:last], True
            done, first = last, None
    if first is not None:
        yield text[done:first], False
        yield text[first:last], True
        done = last
    yield text[done:], False
