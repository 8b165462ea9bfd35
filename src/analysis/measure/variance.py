"""Where a rating's variance lies: between advisors, between their dyads, within dyads over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_STEPS = 100
CLOSE_ENOUGH = 1e-8
ROUNDING = 1e-11  # of the deviance, relative: it does not fall further visibly
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
        """Shares of the whole (3,), advisor, dyad, within; NaN where they cannot be told.

        With one level alone there is no share of anything.
        """
        values = np.array([self.advisor, self.dyad, self.within])
        if np.isfinite(values).sum() < 2:
            return np.full(3, np.nan)
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
        size = np.bincount(codes, minlength=len(labels)).astype(float)
        sums = np.zeros((len(labels), rows.shape[1]))
        np.add.at(sums, codes, rows)
        products = np.zeros((len(labels), rows.shape[1], rows.shape[1]))
        np.add.at(products, codes, rows[:, :, None] * rows[:, None, :])
        _, advisor = np.unique(np.asarray(advisors)[first], return_inverse=True)
        # dyads of one advisor stand together, so that sums over them are sums of slices
        order = np.argsort(advisor, kind="stable")
        self._keep(labels[order], advisor[order], size[order], sums[order], products[order])

    def _keep(self, labels, advisor, size, sums, products):
        self.labels, self.advisor, self.size = labels, advisor, size
        self.sums, self.products = sums, products
        self.whole = products.sum(axis=0)
        self.starts = np.flatnonzero(np.diff(advisor, prepend=-1))

    def without(self, dropped: np.ndarray) -> NestedSums:
        """The same without some dyads (a flag for each, in the order of ``labels``)."""
        other = object.__new__(NestedSums)
        parts = (self.labels, self.advisor, self.size, self.sums, self.products)
        other._keep(*(part[~dropped] for part in parts))
        return other

    def by_advisor(self, values: np.ndarray) -> np.ndarray:
        """A number or row for each dyad, added up for each advisor."""
        return np.add.reduceat(values, self.starts, axis=0)


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
    dyads, advisors = len(sums.size), len(sums.starts)
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
    if not _left_over(sums) > 1e-12 * sums.whole[-1, -1]:
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
    whole = sums.whole
    slopes = np.linalg.lstsq(whole[:-1, :-1], whole[:-1, -1], rcond=None)[0]
    return float(whole[-1, -1] - whole[:-1, -1] @ slopes)


def _minimise(sums: NestedSums, ratios: np.ndarray, free: np.ndarray) -> np.ndarray | None:
    """Ratios (dyad, advisor) at the deviance's minimum within the bounds; None if not found.

    The curvature is looked at again only where the steps do not shrink, as it costs four times what
    a step does.
    """
    value, gradient, _ = _deviance(sums, ratios)
    curvature, before = None, np.inf
    for _ in range(MOST_STEPS):
        active = free & ~((ratios <= 0) & (gradient >= 0))
        if not active.any():
            return ratios
        if curvature is None:
            curvature = _curvature(sums, ratios, free)
        step = _step(curvature, ratios, gradient, active)
        length = np.abs(step / (1 + ratios)).max()
        if length < CLOSE_ENOUGH:
            return np.maximum(ratios + step, 0.0)
        size = 1.0
        while size > 1e-8:
            trial = np.maximum(ratios + size * step, 0.0)
            there, slope, _ = _deviance(sums, trial)
            if there <= value + ROUNDING * (1 + abs(value)):
                break
            size /= 2
        else:
            return None
        if size < 1 or length > before / 4:
            curvature = None
        before = length
        ratios, value, gradient = trial, there, slope
    return None


def _curvature(sums: NestedSums, ratios: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Second derivatives of the deviance, from differences of the first."""
    hessian = np.zeros((2, 2))
    for place in np.flatnonzero(free):
        width = 1e-5 * (1 + ratios[place])
        up, down = ratios.copy(), ratios.copy()
        up[place] += width
        down[place] = max(down[place] - width, 0.0)
        change = _deviance(sums, up)[1] - _deviance(sums, down)[1]
        hessian[place] = change / (up[place] - down[place])
    return (hessian + hessian.T) / 2


def _step(curvature: np.ndarray, ratios, gradient, active: np.ndarray) -> np.ndarray:
    """A step downhill: Newton's where the deviance is convex, else along the gradient."""
    places = np.flatnonzero(active)
    own = curvature[np.ix_(places, places)]
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
    own = sums.sums * shrink[:, None]
    weight = sums.by_advisor(sums.size * shrink)
    slope_weight = -sums.by_advisor((sums.size * shrink) ** 2)
    shrunk = sums.by_advisor(own)
    slope_shrunk = -sums.by_advisor(own * (sums.size * shrink)[:, None])
    pull = advisor / (1 + advisor * weight)
    M = sums.whole - _square(sums.sums, dyad * shrink) - _square(shrunk, pull)
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


def _square(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum over rows of weight x row row'."""
    return (rows * weights[:, None]).T @ rows


def _inverse(matrix: np.ndarray) -> tuple[np.ndarray, float]:
    """Inverse and log determinant of a positive definite matrix."""
    sign, log = np.linalg.slogdet(matrix)
    if sign <= 0:
        return np.full_like(matrix, np.nan), np.inf
    return np.linalg.inv(matrix), float(log)
