"""Where a rating's variance lies: between advisors, between their dyads, within dyads over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_STEPS = 100
CLOSE_ENOUGH = 1e-9
#: Fewer degrees of freedom than this leave a level's variance unknown.
FEWEST_DF = 10


@dataclass(frozen=True)
class Components:
    """Variances of one rating, in its units squared; ``note`` says which level cannot be told.

    A level that cannot be told apart is NaN, and its variance is in the level below.
    """

    advisor: float
    dyad: float
    within: float
    note: str = ""

    @property
    def known(self) -> np.ndarray:
        """The three variances with 0 for those that cannot be told."""
        return np.nan_to_num(np.array([self.advisor, self.dyad, self.within]))

    def shares(self) -> np.ndarray:
        """Shares of the whole (3,), advisor, dyad, within; NaN where they cannot be told."""
        values = np.array([self.advisor, self.dyad, self.within])
        return values / self.known.sum()

    def reliability(self, occasions: int) -> float:
        """Share of a mean over occasions that does not change within a dyad; NaN if unknown."""
        if np.isnan(self.within) or np.isnan(self.dyad):
            return np.nan
        stable = np.nan_to_num(self.advisor) + self.dyad
        return float(stable / (stable + self.within / occasions))


class NestedSums:
    """What the likelihood of dyads nested in advisors needs: sums over each dyad's rows.

    Parameters
    ----------
    values : (n,) the rating
    fixed : (n, p) fixed effects, of full rank (the occasions' indicators, say)
    dyads, advisors : (n,) codes; a dyad has one advisor
    """

    def __init__(self, values, fixed, dyads, advisors):
        rows = np.column_stack([fixed, values])
        labels, first, codes = np.unique(dyads, return_index=True, return_inverse=True)
        self.size = np.bincount(codes, minlength=len(labels)).astype(float)
        self.sums = np.zeros((len(labels), rows.shape[1]))
        np.add.at(self.sums, codes, rows)
        self.products = np.zeros((len(labels), rows.shape[1], rows.shape[1]))
        np.add.at(self.products, codes, rows[:, :, None] * rows[:, None, :])
        _, self.advisor = np.unique(np.asarray(advisors)[first], return_inverse=True)
        self.labels = labels

    def without(self, dropped: np.ndarray) -> NestedSums:
        """The same without some dyads (a flag for each, in the order of ``labels``)."""
        other = object.__new__(NestedSums)
        other.size, other.sums = self.size[~dropped], self.sums[~dropped]
        other.products, other.labels = self.products[~dropped], self.labels[~dropped]
        _, other.advisor = np.unique(self.advisor[~dropped], return_inverse=True)
        return other


def fit_nested(
    sums: NestedSums, start: tuple[float, float] | None = None, check: bool = True
) -> Components:
    """Variances between advisors, between dyads of an advisor, and within dyads, by REML.

    y = X b + u(advisor) + v(dyad) + e. Restricted maximum likelihood (Patterson and Thompson 1971,
    Biometrika 58, 545-554) needs no balance, unlike the mean squares of analysis of variance, and
    is the same as these where the design is balanced and none is negative. The variances relative
    to the residual's are found by Newton steps on the profiled deviance, held at 0 or above; sums
    over dyads are all it needs (the inverse of each advisor's covariance matrix is known in closed
    form: Searle, Casella and McCulloch 1992, Variance Components, appendix M).

    Parameters
    ----------
    sums : from the ratings
    start : ratios (dyad, advisor) near the solution
    check : whether levels with fewer than ten degrees of freedom are refused

    Returns
    -------
    Components
        NaN and a note for a level that the design cannot tell apart: within dyads without repeated
        ratings, advisors who have one dyad each, or one advisor
    """
    n, p = sums.size.sum(), sums.sums.shape[1] - 1
    dyads, advisors = len(sums.size), sums.advisor.max(initial=-1) + 1
    least = FEWEST_DF if check else 1
    repeated = n - dyads >= least
    apart = dyads - advisors >= least and advisors >= 2
    notes = []
    if not repeated:
        notes.append("too few repeated ratings: change within dyads cannot be told from dyads")
    if not apart:
        reason = "one advisor" if advisors < 2 else "nearly every dyad has an advisor of its own"
        notes.append(f"{reason}: advisors cannot be told from dyads")
    told = "; ".join(notes)
    if n - p < least:
        return Components(np.nan, np.nan, np.nan, f"{n:.0f} ratings: too few")
    if not _left_over(sums) > 1e-12 * sums.products[:, -1, -1].sum():
        return Components(np.nan, np.nan, np.nan, "the rating does not vary")
    free = np.array([repeated, apart])
    ratios = _minimise(sums, np.array(start if start else (1.0, 0.2)) * free, free)
    if ratios is None:
        return Components(np.nan, np.nan, np.nan, "the likelihood did not converge")
    scale = _deviance(sums, ratios)[2]
    dyad, advisor = ratios * scale
    if not repeated:  # the residual is then what dyads and occasions are together
        return Components(advisor if apart else np.nan, scale, np.nan, told)
    return Components(advisor if apart else np.nan, dyad, scale, told)


def _left_over(sums: NestedSums) -> float:
    """Sum of squares that the fixed effects leave."""
    whole = sums.products.sum(axis=0)
    slopes = np.linalg.lstsq(whole[:-1, :-1], whole[:-1, -1], rcond=None)[0]
    return float(whole[-1, -1] - whole[:-1, -1] @ slopes)


def _minimise(sums: NestedSums, ratios: np.ndarray, free: np.ndarray) -> np.ndarray | None:
    """Ratios (dyad, advisor) at the deviance's minimum within the bounds; None if not found."""
    value, gradient, _ = _deviance(sums, ratios)
    for _ in range(MOST_STEPS):
        active = free & ~((ratios <= 0) & (gradient >= 0))
        if not active.any():
            return ratios
        step = _newton(sums, ratios, gradient, active)
        if np.abs(step / (1 + ratios)).max() < CLOSE_ENOUGH:
            return ratios
        size = 1.0
        while size > 1e-12:
            trial = np.maximum(ratios + size * step, 0.0)
            there, slope, _ = _deviance(sums, trial)
            if there <= value + 1e-10 * (1 + abs(value)) * 1e-3:
                break
            size /= 2
        else:
            # rounding hides any further fall: at the minimum when the slope is flat
            return ratios if np.abs(gradient[active]).max() < 1e-4 else None
        moved = np.abs(trial - ratios).max()
        ratios, value, gradient = trial, there, slope
        if moved < CLOSE_ENOUGH * (1 + ratios.max()):
            return ratios
    return None


def _newton(sums: NestedSums, ratios, gradient, active: np.ndarray) -> np.ndarray:
    """A step downhill: Newton's where the deviance is convex, else along the gradient."""
    places = np.flatnonzero(active)
    hessian = np.zeros((2, 2))
    for place in places:
        width = 1e-5 * (1 + ratios[place])
        up, down = ratios.copy(), ratios.copy()
        up[place] += width
        down[place] = max(down[place] - width, 0.0)
        change = _deviance(sums, up)[1] - _deviance(sums, down)[1]
        hessian[place] = change / (up[place] - down[place])
    own = (hessian + hessian.T)[np.ix_(places, places)] / 2
    step = np.zeros(2)
    if np.linalg.eigvalsh(own)[0] > 0:
        step[places] = -np.linalg.solve(own, gradient[places])
    else:
        step[places] = -gradient[places] / np.abs(gradient[places]).max() * (0.5 + ratios[places])
    return step


def _deviance(sums: NestedSums, ratios: np.ndarray) -> tuple[float, np.ndarray, float]:
    """The profiled REML deviance, its gradient by (dyad, advisor), and the residual variance.

    With Z = [X y] and M = Z' V^-1 Z (residual variance 1): log |V| + log |M_xx| + (n - p) (log |M|
    - log |M_xx|).
    """
    dyad, advisor = ratios
    n, p = sums.size.sum(), sums.sums.shape[1] - 1
    shrink = 1 / (1 + sums.size * dyad)
    groups = sums.advisor.max() + 1
    weight = np.bincount(sums.advisor, sums.size * shrink, groups)
    slope_weight = np.bincount(sums.advisor, -((sums.size * shrink) ** 2), groups)
    shrunk = _add(sums.sums * shrink[:, None], sums.advisor, groups)
    slope_shrunk = _add(-sums.sums * (sums.size * shrink**2)[:, None], sums.advisor, groups)
    pull = advisor / (1 + advisor * weight)
    whole = sums.products.sum(axis=0)
    M = whole - _square(sums.sums, dyad * shrink) - _square(shrunk, pull)
    by_dyad = -_square(sums.sums, shrink**2) - _square(shrunk, -(pull**2) * slope_weight)
    cross = (shrunk * pull[:, None]).T @ slope_shrunk
    by_dyad -= cross + cross.T
    by_advisor = -_square(shrunk, 1 / (1 + advisor * weight) ** 2)
    fixed, log_fixed = _inverse(M[:p, :p])
    full, log_full = _inverse(M)
    value = np.log1p(sums.size * dyad).sum() + np.log1p(advisor * weight).sum()
    value += log_fixed + (n - p) * (log_full - log_fixed)
    gradient = np.array(
        [
            (sums.size * shrink).sum() + (pull * slope_weight).sum(),
            (weight / (1 + advisor * weight)).sum(),
        ]
    )
    for place, slope in enumerate((by_dyad, by_advisor)):
        of_fixed = np.sum(fixed * slope[:p, :p])
        gradient[place] += of_fixed + (n - p) * (np.sum(full * slope) - of_fixed)
    return value, gradient, float(np.exp(log_full - log_fixed) / (n - p))


def _add(columns: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    """Rows added within groups."""
    return np.stack([np.bincount(codes, column, groups) for column in columns.T], axis=1)


def _square(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum over rows of weight x row row'."""
    return (rows * weights[:, None]).T @ rows


def _inverse(matrix: np.ndarray) -> tuple[np.ndarray, float]:
    """Inverse and log determinant of a positive definite matrix."""
    sign, log = np.linalg.slogdet(matrix)
    if sign <= 0:
        return np.full_like(matrix, np.nan), np.inf
    return np.linalg.inv(matrix), float(log)
