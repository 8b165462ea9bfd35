"""Individuals and moving-range charts of single courses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: 3 / d2 for moving ranges of two.
FACTOR = 2.66
#: Fewer answered check-ins than this give no usable limits.
FEWEST = 8


@dataclass(frozen=True)
class Charts:
    """One chart per course, all (N,); NaN where there are fewer than ``FEWEST`` scores.

    below : whether any score lies below the lower limit
    """

    centre: np.ndarray
    moving_range: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    below: np.ndarray
    sufficient: np.ndarray


def chart_individuals(scores: np.ndarray) -> Charts:
    """Individuals and moving-range limits of each row of (N, T) scores, unanswered ones left out.

    Centre: the mean; limits: mean +- 2.66 x mean moving range, the moving range being the size of
    the difference of neighbouring answered scores and 2.66 being 3 / 1.128 (Wheeler, 2000,
    Understanding Variation). Fewer than eight scores: insufficient, NaN.

    >>> course = np.array([[5.0, 5, 5, 5, 5, 1, 5, 5]])
    >>> bool(chart_individuals(course).below[0])
    True
    """
    n, times = scores.shape
    last = np.full(n, np.nan)
    ranges, pairs = np.zeros(n), np.zeros(n)
    for place in range(times):
        seen = ~np.isnan(scores[:, place])
        both = seen & ~np.isnan(last)
        ranges += np.where(both, np.abs(scores[:, place] - last), 0.0)
        pairs += both
        last = np.where(seen, scores[:, place], last)
    counted = (~np.isnan(scores)).sum(axis=1)
    sufficient = counted >= FEWEST
    centre = np.where(sufficient, np.nansum(scores, axis=1) / np.maximum(counted, 1), np.nan)
    moving = np.where(sufficient, ranges / np.maximum(pairs, 1), np.nan)
    lower, upper = centre - FACTOR * moving, centre + FACTOR * moving
    with np.errstate(invalid="ignore"):
        below = (scores < lower[:, None]).any(axis=1)
    return Charts(centre, moving, lower, upper, below, sufficient)
