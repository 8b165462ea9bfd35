"""How scores stand after a repair, against engagements without a rupture so far.

The **change** is the first answered score after the check-in that defines the repair less the mean
of the scores before the check-in that gave the reference. Both lie outside what the rule selects
on: the reference is high and the onset low partly by chance, and the repairing score is high by
definition; neither enters. **Controls** are engagements without an episode up to that check-in
(they may rupture later: leaving those out would select on the outcome), which answered the same
check-ins. Repaired engagements and controls are compared within cells of the same two check-ins
(reference and repair), and cells are weighted by their repaired engagements:

    difference = sum over cells of n1 ((y1 - y0) - b (x1 - x0)) / sum of n1

with x the mean before and y the score after; b = 1 compares changes, b pooled within cells and
groups adjusts for the level before. The former is preferred: who ruptures may have stood lower for
good, and adjusting for an unreliable x would then let regression to the mean in. What selection is
left, among the controls as well, surrogates share, and their difference is taken off.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.models.ruptures.statistics import Courses, Parts

#: Sums kept per cell and group: n, x, y, x^2, x y.
_SUMS = 5


def find_cells(courses: Courses) -> list[tuple[int, int]]:
    """Places of reference and repair of repaired first episodes that have a before and after."""
    episodes, answered = courses.episodes, courses.ratings.answered
    chosen = episodes.first & episodes.repaired
    own = answered[episodes.course % len(answered)]
    places = np.arange(answered.shape[1])
    chosen &= (own & (places < episodes.source[:, None])).any(axis=1)
    chosen &= (own & (places > episodes.repaired_at[:, None])).any(axis=1)
    pairs = zip(episodes.source[chosen], episodes.repaired_at[chosen], strict=True)
    return sorted({(int(source), int(repair)) for source, repair in pairs})


def growth(cells: list[tuple[int, int]], subscale: str) -> Parts:
    """Per cell, for repaired engagements and for controls: n, sums of x, y, x^2, x y."""

    def parts(courses: Courses) -> Iterator[np.ndarray]:
        sets, n = courses.shape
        source, repair = np.full(sets * n, -1), np.full(sets * n, -1)
        episodes = courses.episodes
        first = episodes.first & episodes.repaired
        source[episodes.course[first]] = episodes.source[first]
        repair[episodes.course[first]] = episodes.repaired_at[first]
        source, repair = courses.spread(source), courses.spread(repair)
        begun = courses.spread(np.logical_or.accumulate(courses.traces.begins, axis=1))
        scores = courses.scores[subscale]
        known = ~np.isnan(scores)
        sums = np.cumsum(np.where(known, scores, 0.0), axis=2)
        counts = np.cumsum(known, axis=2)
        after = _next_answered(scores)
        for reference, mended in cells:
            had = counts[..., reference - 1] if reference else np.zeros((sets, n))
            before = sums[..., reference - 1] / np.maximum(had, 1) if reference else had
            later = after[..., mended]
            whole = (had > 0) & ~np.isnan(later)
            answered = courses.ratings.answered[:, reference] & courses.ratings.answered[:, mended]
            mine = whole & (source == reference) & (repair == mended)
            control = whole & answered & ~begun[..., mended]
            y = np.where(whole, later, 0.0)
            for group in (mine, control):
                yield group
                yield group * before
                yield group * y
                yield group * before**2
                yield group * before * y

    return parts


def _next_answered(scores: np.ndarray) -> np.ndarray:
    """The first answered score after each check-in, NaN where there is none."""
    following = np.full(scores.shape, np.nan)
    for place in range(scores.shape[-1] - 2, -1, -1):
        score = scores[..., place + 1]
        following[..., place] = np.where(np.isnan(score), following[..., place + 1], score)
    return following


def difference_in_growth(totals: np.ndarray, adjusted: bool = False) -> np.ndarray:
    """The weighted difference from sums (..., 10 cells) of ``growth``; NaN without any pair."""
    cells = totals.reshape(*totals.shape[:-1], -1, 2, _SUMS)
    n, x, y, xx, xy = (cells[..., part] for part in range(_SUMS))
    safe = np.where(n > 0, n, 1.0)
    slope: np.ndarray | float = 1.0
    if adjusted:
        spread = (xx - x**2 / safe).sum(axis=(-1, -2))
        product = (xy - x * y / safe).sum(axis=(-1, -2))
        slope = np.where(spread > 0, product / np.where(spread > 0, spread, 1.0), np.nan)
        slope = slope[..., None]
    mean_x, mean_y = x / safe, y / safe
    difference = mean_y[..., 0] - mean_y[..., 1] - slope * (mean_x[..., 0] - mean_x[..., 1])
    weight = np.where(n[..., 1] > 0, n[..., 0], 0.0)
    total = weight.sum(axis=-1)
    weighted = (weight * np.where(weight > 0, difference, 0.0)).sum(axis=-1)
    return np.where(total > 0, weighted / np.where(total > 0, total, 1.0), np.nan)


def pairs_compared(totals: np.ndarray) -> np.ndarray:
    """How many repaired engagements have a control, from the same sums."""
    cells = totals.reshape(*totals.shape[:-1], -1, 2, _SUMS)
    return np.where(cells[..., 1, 0] > 0, cells[..., 0, 0], 0.0).sum(axis=-1)


def pairs_by_cluster(sums: np.ndarray) -> np.ndarray:
    """Each cluster's part (G,) of those engagements, from clusters' sums (G, m)."""
    cells = sums.reshape(len(sums), -1, 2, _SUMS)
    controlled = cells[..., 1, 0].sum(axis=0) > 0
    return np.where(controlled, cells[..., 0, 0], 0.0).sum(axis=-1)
