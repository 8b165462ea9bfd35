"""Every programme's mean ratings by both raters, on the instrument's own scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure as Drawing

from analysis.present.key import Entry, draw_key, key_height, level_entry
from analysis.present.lines import Interval
from analysis.present.programmes import Programme
from analysis.present.sheet import (
    INNER,
    INSET,
    LABEL,
    LEADING,
    MARGIN,
    SMALL,
    TITLE,
    UNDER_SCALE,
    Scale,
    Sheet,
)
from analysis.present.style import ADVISEE, ADVISOR, FAINT, house_style, wrap_text
from analysis.present.tables import begin_large, show_count, show_fixed

MARKS = {"advisee": (ADVISEE, "o"), "advisor": (ADVISOR, "s")}
#: Height of a rater's strip, in points.
STRIP = 15.0
