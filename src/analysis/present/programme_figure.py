"""Every programme's mean ratings by both raters, on the instrument's own scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure as Drawing

from analysis.present.key import RATER_MARKS, Entry, draw_key, key_height, level_entry
from analysis.present.lines import Interval
from analysis.present.programmes import Programme
from analysis.present.sheet import (
    INNER,
    INSET,
    LABEL,
    LEADING,
    MARGIN,
    TINY,
    TITLE,
    UNDER_SCALE,
    Scale,
    Sheet,
)
from analysis.present.style import FAINT, RULE, house_style, wrap_text
from analysis.present.tables import show_count, show_fixed

#: Points: a rater's strip, and from one programme to the next.
STRIP, BETWEEN = 12.0, 7.0


def draw_programmes(
    programmes: Sequence[Programme],
    title: str,
    ends: Mapping[str, tuple[float, float]],
    *,
    confidence: float = 0.95,
    notes: Sequence[str] = (),
) -> Drawing | None:
    """A strip for each programme and rater: the mean and its interval; None without any mean.

    Parameters
    ----------
    programmes : the whole dataset first.
    title : the dataset's name as people read it.
    ends : rater to the lowest and highest value of the scale; the strips of raters whose scales
        differ lie on one that holds both.
    confidence : level of the intervals.
    notes : cautions that stand below.
    """
    raters = [
        rater
        for rater in RATER_MARKS
        if any(rater in one.mean and one.mean[rater].given for one in programmes)
    ]
    if not raters:
        return None
    low, high = (pick(ends[rater][side] for rater in raters) for side, pick in ((0, min), (1, max)))
    scale = Scale(MARGIN + INSET, INNER - 2 * INSET, low, high)
    entries = [
        Entry(f"{rater}’s rating", RATER_MARKS[rater][1], RATER_MARKS[rater][0]) for rater in raters
    ]
    key = [[*entries, level_entry(confidence)]]
    with house_style():
        heading = wrap_text(f"{title}: mean ratings of the alliance", INNER, TITLE, "bold")
        names = [_name(one) for one in programmes]
        foot = [line for note in notes for line in wrap_text(note, INNER, TINY)]
        strips = len(raters) * STRIP
        body = sum(len(name) * LABEL * LEADING + strips + BETWEEN for name in names)
        top = MARGIN + len(heading) * TITLE * LEADING + 3
        start = top + key_height(key)
        sheet = Sheet(start + body + UNDER_SCALE + 6 + len(foot) * TINY * LEADING + MARGIN)
        sheet.write(MARGIN, MARGIN, heading, TITLE, weight="bold")
        draw_key(sheet, top, key)
        for name, programme in zip(names, programmes, strict=True):
            start = sheet.write(MARGIN, start, name, LABEL) + 1
            _lane(sheet, scale, start, strips)
            for place, rater in enumerate(raters):
                colour, shape = RATER_MARKS[rater]
                mean = programme.mean.get(rater, Interval())
                sheet.mark(scale, start + (place + 0.5) * STRIP, mean, colour, shape)
            start += strips + BETWEEN - 1
        for tick in scale.ticks(8):
            text = show_fixed(tick, 0 if float(tick).is_integer() else 1)
            sheet.write(scale.place(tick), start - 4, [text], TINY, FAINT, ha="center")
        sheet.write(MARGIN, start + UNDER_SCALE, foot, TINY, FAINT)
    return sheet.figure


def _lane(sheet: Sheet, scale: Scale, top: float, height: float) -> None:
    for tick in scale.ticks(8):
        sheet.rule((scale.place(tick),) * 2, (top, top + height), RULE, 0.6)


def _name(programme: Programme) -> list[str]:
    name = programme.name or "All programmes together"
    return wrap_text(f"{name}, n = {show_count(programme.engagements)}", INNER, LABEL)


def tell_programmes(programmes: Sequence[Programme]) -> str:
    """The figure in words."""
    told = []
    for one in programmes:
        means = [
            f"{rater}s {_mean(one.mean[rater])}" for rater in one.raters if one.mean[rater].given
        ]
        told.append(f"{one.name or 'All'}: {', '.join(means) or 'not given'}")
    return f"{'; '.join(told)}."


def _mean(mean: Interval) -> str:
    limits = (
        f" ({show_fixed(mean.low, 2)} to {show_fixed(mean.high, 2)})" if mean.has_limits else ""
    )
    return f"{show_fixed(mean.estimate, 2)}{limits}"
