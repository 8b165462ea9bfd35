"""Courses without ruptures: what a rater's scores would look like by noise and trend alone.

Model of a score of engagement i at check-in t,

    x_it = level_i + slope (t - mean t_i) + u_it,    u_it = phi u_i,t-1 + e_it,

u stationary and normal. Slope and phi are the rater's, and the SD is that of engagements at about
the same level, as scores near the end of a scale vary less: an engagement's own, from eight
points, would be biased far down. The scores are then rounded to the scale's steps and held within
its range as the observed ones are, and keep each engagement's pattern of check-ins answered.

**Estimation** is by indirect inference (Gouriéroux, Monfort and Renault, 1993, Journal of Applied
Econometrics 8, S85): the parameters are those under which surrogates show the same statistics
as the data. They come from differences of neighbouring check-ins, d_t = x_t - x_(t-1), in which
engagements' levels cancel, so that short courses do not bias them (Han and Phillips, 2010,
Econometric Theory 26, 119, for phi from differences); and they bound how much a difference counts,
so that ruptures, which are few among the differences, move them little:

- scale: Huber's proposal 2 with k = 1.345 (Huber, 1981, Robust Statistics, section 6.4), and at
  each level the mean of psi(d / scale)^2;
- neighbourhood: sum of psi(d_t) psi(d_(t-1)) over the mean sum of their squares, psi clipping at k
  scales; without clipping its value is -(1 - phi) / 2.

What robustness cannot remove is known: a quarter of engagements with a fall of 2.4 noise SDs leaves
the innovation SD some 6 % too large, so that false alarms are overstated and the excess is a lower
bound. A smaller k would lose less of it, but takes any noise with longer tails than the normal's
for ruptures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr

from analysis.models.ruptures.ratings import Ratings

#: Differences beyond this many scales count no more than those at it.
CLIP = 1.345
#: Differences that a calibrating draw holds at least: its own error is then some .4 %.
CALIBRATING = 60_000
#: Rounds of fitting at most; a round that moves nothing by more than NEAR is the last.
ROUNDS, NEAR = 12, 0.002
#: Engagements are taken together in at most so many levels, of so many differences at least.
LEVELS, FEWEST_PAIRS = 8, 100
#: Power of the ratio of psi^2 by which an SD is moved: psi^2 grows by its first to second power.
DAMPING = 0.7
#: Fewer pairs of neighbouring differences than this tell nothing of autocorrelation.
FEWEST_TRIPLES = 30
#: Scores within one block of surrogates.
BLOCK = 2_000_000
#: Steps of 1 / FINEST of a unit are the finest looked for.
FINEST = 120
#: Share of the answers that must lie on the scale's steps for these to count as such.
ON_STEPS = 0.75


@dataclass(frozen=True)
class Steps:
    """The steps that scores come in: ``origin`` plus multiples of ``width`` (0: no steps).

    ``share`` of the answers lie on them (prorated scores do not); all lie within ``low``, ``high``.
    """

    origin: float
    width: float
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Null:
    """Noise and trend of one rater's scores.

    deviation : (n,) stationary SD of u; ``innovation_sd`` is that of e, pooled
    autocorrelation : phi between neighbouring check-ins
    slope : change per check-in; levels : (n,)
    pairs, triples : neighbouring differences the two rest on
    """

    deviation: np.ndarray
    autocorrelation: float
    slope: float
    levels: np.ndarray
    steps: Steps
    pairs: int
    triples: int

    @property
    def innovation_sd(self) -> float:
        """Standard deviation of e, pooled over engagements."""
        variance = float((self.deviation**2).mean()) * (1 - self.autocorrelation**2)
        return float(np.sqrt(variance))


@dataclass(frozen=True)
class Companion:
    """A subscale's own null, and the correlation of its noise with the total's."""

    null: Null
    correlation: float


_NONE: dict[str, Companion] = {}


@dataclass(frozen=True)
class DifferenceStatistics:
    """The two statistics of differences, and what each engagement adds to them.

    log_scale, neighbourhood : the statistics
    scale_parts : (n, 2) sums of psi^2 - beta, and of its derivative's size in log scale
    neighbour_parts : (n, 2) sums of products, and of mean squares
    """

    location: float
    log_scale: float
    neighbourhood: float
    scale_parts: np.ndarray
    neighbour_parts: np.ndarray
    pairs: int
    triples: int


def fit_null(ratings: Ratings, rng: np.random.Generator) -> Null | None:
    """Noise and trend under which surrogates vary as the scores do; None without any differences
    between neighbouring check-ins, or if none differs."""
    observed = difference_statistics(ratings.total, ratings.occasions)
    if observed is None:
        return None
    slope = observed.location
    counted = ratings.answered.sum(axis=1)
    known = np.where(ratings.answered, ratings.total, 0.0)
    levels = known.sum(axis=1) / np.maximum(counted, 1)
    scale, phi = float(np.exp(observed.log_scale)), 0.0
    estimable = observed.triples >= FEWEST_TRIPLES
    if estimable:
        phi = float(np.clip(1 + 2 * observed.neighbourhood, -0.9, 0.9))
    group = _group_levels(levels, observed.pairs)
    wanted = _bounded_squares(ratings.total, ratings.occasions, slope, scale, group)
    null = Null(
        np.full(len(levels), scale / np.sqrt(2 * (1 - phi))),
        phi,
        slope,
        levels,
        find_steps(ratings.total[ratings.answered]),
        observed.pairs,
        observed.triples,
    )
    copies = int(np.clip(np.ceil(CALIBRATING / observed.pairs), 1, 2_000))
    seed = int(rng.integers(0, 2**63))
    for _ in range(ROUNDS):
        blocks = draw_surrogates(null, ratings, copies, seed)
        drawn = np.concatenate([block["total"] for block in blocks])
        n = drawn.shape[0] * drawn.shape[1]
        shown = difference_statistics(drawn.reshape(n, -1), ratings.occasions)
        if shown is None:
            return None
        step = 0.0
        if estimable:
            step = 2 * (observed.neighbourhood - shown.neighbourhood)
            phi = float(np.clip(null.autocorrelation + step, -0.9, 0.9))
        got = _bounded_squares(
            drawn.reshape(n, -1), ratings.occasions, slope, scale, np.tile(group, len(drawn))
        )
        factor = (wanted / np.where(got > 0, got, 1.0)) ** DAMPING
        factor = np.where(got > 0, factor, 1.0) * np.sqrt((1 - null.autocorrelation) / (1 - phi))
        null = replace(null, deviation=null.deviation * factor[group], autocorrelation=phi)
        if max(abs(step), float(np.abs(factor - 1).max())) < NEAR:
            break
    return null


def _group_levels(levels: np.ndarray, pairs: int) -> np.ndarray:
    """Engagements' level in equal shares, numbered from the lowest; equal levels stay together."""
    number = int(np.clip(pairs // FEWEST_PAIRS, 1, LEVELS))
    edges = np.quantile(levels, np.arange(1, number) / number)
    return np.searchsorted(edges, levels, side="right")


def _bounded_squares(
    scores: np.ndarray, occasions: np.ndarray, slope: float, scale: float, group: np.ndarray
) -> np.ndarray:
    """Mean of psi(d / scale)^2 among the differences of each group of courses."""
    gaps = np.diff(occasions)
    differences = np.diff(scores, axis=1)[:, gaps == gaps.min()]
    known = ~np.isnan(differences)
    z = np.where(known, differences - slope * gaps.min(), 0.0) / scale
    squares = (np.clip(z, -CLIP, CLIP) ** 2 * known).sum(axis=1)
    counted = np.bincount(group, known.sum(axis=1))
    return np.bincount(group, squares) / np.maximum(counted, 1)


def fit_companion(
    null: Null, ratings: Ratings, subscale: str, rng: np.random.Generator
) -> Companion | None:
    """A subscale beside the total: its own scale and steps, the total's autocorrelation.

    The correlation is that of both scores' differences between neighbouring check-ins. None where
    the subscale does not vary.
    """
    scores = np.where(ratings.answered, ratings.scores[subscale], np.nan)
    own = replace(ratings, scores={"total": scores})
    fitted = fit_null(own, rng)
    if fitted is None:
        return None
    ratio = (1 - fitted.autocorrelation) / (1 - null.autocorrelation)
    fitted = replace(
        fitted,
        deviation=fitted.deviation * float(np.sqrt(ratio)),
        autocorrelation=null.autocorrelation,
    )
    one, other = np.diff(ratings.total, axis=1), np.diff(scores, axis=1)
    known = ~np.isnan(one) & ~np.isnan(other)
    correlation = float(np.corrcoef(one[known], other[known])[0, 1])
    return Companion(fitted, correlation)


def draw_surrogates(
    null: Null, ratings: Ratings, number: int, seed: int, companions: dict[str, Companion] = _NONE
) -> Iterator[dict[str, np.ndarray]]:
    """Sets of surrogate courses, in blocks of (b, n, T) that add up to ``number`` sets.

    The same seed gives the same noise whatever the parameters. Each block maps ``total``, and the
    name of each companion (a subscale that moves with the total), to its scores.
    """
    noise, rounding = (np.random.default_rng([seed, part]) for part in (1, 2))
    n, times = ratings.total.shape
    at_once = max(1, BLOCK // max(1, n * times))
    for start in range(0, number, at_once):
        shape = (min(at_once, number - start), n, times)
        u = _ar_noise(null, ratings, shape, noise)
        block = {"total": _scores(null, ratings, u, rounding)}
        for name, one in companions.items():
            own = _ar_noise(null, ratings, shape, noise)
            own *= np.sqrt(1 - one.correlation**2)
            own += one.correlation * u
            block[name] = _scores(one.null, ratings, own, rounding)
        yield block


def _ar_noise(
    null: Null, ratings: Ratings, shape: tuple[int, int, int], rng: np.random.Generator
) -> np.ndarray:
    """Stationary AR(1) noise of unit variance; phi to the power of the gap between check-ins."""
    u = rng.standard_normal(shape)
    gaps = np.diff(ratings.occasions)
    for place, gap in enumerate(gaps, start=1):
        phi = null.autocorrelation ** max(1, round(gap / gaps.min()))
        u[..., place] *= np.sqrt(1 - phi**2)
        u[..., place] += phi * u[..., place - 1]
    return u


def _scores(
    null: Null, ratings: Ratings, noise: np.ndarray, rounding: np.random.Generator
) -> np.ndarray:
    """Level, trend and noise as scores of the scale, missing where the data are."""
    centre = _mean_occasion(ratings)
    expected = null.levels[:, None] + null.slope * (ratings.occasions - centre[:, None])
    scores = _hold(expected + null.deviation[:, None] * noise, null.steps, rounding)
    scores[:, ~ratings.answered] = np.nan
    return scores


def difference_statistics(scores: np.ndarray, occasions: np.ndarray) -> DifferenceStatistics | None:
    """Scale and neighbourhood of the differences in (N, T) scores, check-ins' means removed.

    None if there are none, or if they do not vary.
    """
    gaps = np.diff(occasions)
    if not len(gaps):
        return None
    unit = gaps.min()
    differences = np.diff(scores, axis=1)[:, gaps == unit]
    known = ~np.isnan(differences)
    if not known.any():
        return None
    flat = differences[known]
    location, scale = huber_location_and_scale(flat)
    if not scale > 0:
        return None
    counted = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, differences, 0.0).sum(axis=0) / counted
    z = np.where(known, (differences - means) / scale, 0.0)
    psi = np.clip(z, -CLIP, CLIP)
    at_scale = np.clip(np.where(known, (differences - location) / scale, 0.0), -CLIP, CLIP)
    inside = known & (np.abs(at_scale) < CLIP)
    chi = np.where(known, at_scale**2 - _beta(), 0.0).sum(axis=1)
    slope = 2 * np.where(inside, at_scale**2, 0.0).sum(axis=1)
    adjacent = np.flatnonzero(np.diff(np.flatnonzero(gaps == unit)) == 1)
    first, second = psi[:, adjacent], psi[:, adjacent + 1]
    both = known[:, adjacent] & known[:, adjacent + 1]
    products = np.where(both, first * second, 0.0).sum(axis=1)
    squares = np.where(both, first**2 + second**2, 0.0).sum(axis=1) / 2
    total = squares.sum()
    return DifferenceStatistics(
        location=location / float(unit),
        log_scale=float(np.log(scale)),
        neighbourhood=float(products.sum() / total) if total > 0 else 0.0,
        scale_parts=np.stack([chi, slope], axis=1),
        neighbour_parts=np.stack([products, squares], axis=1),
        pairs=int(known.sum()),
        triples=int(both.sum()),
    )


def huber_location_and_scale(values: np.ndarray) -> tuple[float, float]:
    """Huber's proposal 2 with k = ``CLIP``: location and scale (standard deviation if normal).

    Solves mean(psi(z)) = 0 and mean(psi(z)^2) = E psi(Z)^2, z = (x - location) / scale, psi
    clipping at k. A scale of 0 if the values do not vary.
    """
    location, scale = float(np.median(values)), float(values.std())
    if scale <= 1e-9 * max(1.0, float(np.abs(values).max())):
        return location, 0.0
    for _ in range(200):
        psi = np.clip((values - location) / scale, -CLIP, CLIP)
        inside = np.mean(np.abs(psi) < CLIP)
        location += scale * float(psi.mean()) / max(float(inside), 0.1)
        factor = float(np.sqrt((psi**2).mean() / _beta()))
        scale *= factor
        if abs(factor - 1) < 1e-12 or scale < 1e-9:
            break
    return location, scale


def _beta() -> float:
    """E psi(Z)^2 of a standard normal Z clipped at ``CLIP``."""
    density = np.exp(-(CLIP**2) / 2) / np.sqrt(2 * np.pi)
    return float(2 * ndtr(CLIP) - 1 - 2 * CLIP * density + 2 * CLIP**2 * (1 - ndtr(CLIP)))


def find_steps(values: np.ndarray) -> Steps:
    """The coarsest steps 1 / k of a unit, k = 1, 2, ..., that most of the scores lie on."""
    distinct, counts = np.unique(np.round(values, 9), return_counts=True)
    low, high = float(values.min()), float(values.max())
    origin = float(distinct[counts.argmax()])
    for k in range(1, FINEST + 1):
        steps = (distinct - origin) * k
        share = counts[np.abs(steps - np.rint(steps)) < 1e-6].sum() / counts.sum()
        if share >= ON_STEPS:
            return Steps(origin, 1 / k, float(share), low, high)
    return Steps(origin, 0.0, 0.0, low, high)


def _hold(scores: np.ndarray, steps: Steps, rng: np.random.Generator) -> np.ndarray:
    """Scores rounded to the steps, as often as observed ones lie on them, within the range."""
    if steps.width:
        rounded = steps.origin + steps.width * np.rint((scores - steps.origin) / steps.width)
        if steps.share < 1:
            rounded = np.where(rng.random(scores.shape) < steps.share, rounded, scores)
        scores = rounded
    return np.clip(scores, steps.low, steps.high)


def _mean_occasion(ratings: Ratings) -> np.ndarray:
    """Mean number of the check-ins that each engagement's rater answered."""
    counted = np.maximum(ratings.answered.sum(axis=1), 1)
    return (ratings.answered * ratings.occasions).sum(axis=1) / counted
