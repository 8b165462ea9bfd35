"""Multiple imputation that keeps what an advisor's engagements have in common.

All variables are modelled together, each as a cluster's level plus a deviation, with a covariance
matrix at either level. What is imputed is then as alike within clusters, and as related to
everything else at either level, as what was observed; imputing rows as if they were independent
would water both down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Rounds of every chain before its imputation is taken: later ones change no estimate.
ITERATIONS = 50

#: Prior share of a variable's variance between clusters, worth as many clusters as variables.
PRIOR_SHARE = 0.1

#: Added to the sums of squares within clusters: keeps copies of a variable apart.
RIDGE = 1e-3


@dataclass(frozen=True)
class _Pattern:
    """Rows that lack the same variables."""

    rows: np.ndarray
    missing: np.ndarray
    known: np.ndarray


def impute_two_level(
    values: np.ndarray,
    codes: np.ndarray,
    n_clusters: int,
    m: int,
    rng: np.random.Generator,
    iterations: int = ITERATIONS,
) -> np.ndarray:
    """Completed copies of (n, p) values: (m, n, p), only gaps changed.

    Parameters
    ----------
    values : (n, p), NaN where missing; every variable varies and is known somewhere.
    codes : (n,) cluster numbers in ascending order, every cluster with a row.
    n_clusters : how many clusters there are, at least two.
    m : how many copies, each from a chain of its own.
    rng : draws parameters and values.
    iterations : rounds before a chain's last values are taken.

    Raises ValueError for codes out of order, one cluster, or a variable that is never known or does
    not vary.

    Notes
    -----
    z_ij = b_j + e_ij with b_j ~ N(mu, Psi) and e_ij ~ N(0, Sigma), missing at random given all that
    is known (Schafer and Yucel, 2002, Journal of Computational and Graphical Statistics 11, 437).
    Gibbs: (mu, b) given the rest, in coordinates in which both matrices are diagonal; missing e
    given known e; Sigma and Psi from inverse Wishart distributions (Psi's prior has p degrees of
    freedom and scale p x 0.1 on standardised variables, Sigma's is Jeffreys's). Ratings and answers
    of two values are taken as normal, which keeps their means and covariances, and so correlations.
    """
    gaps = np.isnan(values)
    _check(values, codes, n_clusters, gaps)
    centre, scale = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    standard = (values - centre) / scale
    n, p = values.shape
    starts = np.searchsorted(codes, np.arange(n_clusters))
    sizes = np.diff(np.append(starts, n)).astype(float)
    patterns = _patterns(gaps)
    filled = np.broadcast_to(np.where(gaps, 0.0, standard), (m, n, p)).copy()
    within = np.broadcast_to((1 - PRIOR_SHARE) * np.eye(p), (m, p, p))
    between = np.broadcast_to(PRIOR_SHARE * np.eye(p), (m, p, p))
    for _ in range(iterations):
        sums = np.add.reduceat(filled, starts, axis=1)
        level, effects = _draw_levels(sums, sizes, within, between, rng)
        deviation = filled - level[:, codes]
        for pattern in patterns:
            deviation[:, pattern.rows[:, None], pattern.missing] = _draw_missing(
                deviation[:, pattern.rows[:, None], pattern.known], pattern, within, rng
            )
        squares = deviation.swapaxes(1, 2) @ deviation + RIDGE * np.eye(p)
        within = _draw_inverse_wishart(squares, n, rng)
        squares = effects.swapaxes(1, 2) @ effects + p * PRIOR_SHARE * np.eye(p)
        between = _draw_inverse_wishart(squares, n_clusters + p, rng)
        filled = np.where(gaps, level[:, codes] + deviation, standard)
    return np.where(gaps, filled * scale + centre, values)


def _check(values: np.ndarray, codes: np.ndarray, n_clusters: int, gaps: np.ndarray) -> None:
    if n_clusters < 2:
        raise ValueError("one cluster: what clusters have in common is unknown")
    if (np.diff(codes) < 0).any() or len(np.unique(codes)) != n_clusters:
        raise ValueError("cluster codes must ascend, and every cluster must have a row")
    for place in range(values.shape[1]):
        known = values[~gaps[:, place], place]
        if len(known) == 0 or np.ptp(known) == 0:
            raise ValueError(f"variable {place} is never known, or does not vary")


def _patterns(gaps: np.ndarray) -> list[_Pattern]:
    """The rows of each pattern of gaps; complete rows are in none."""
    kinds, which = np.unique(gaps, axis=0, return_inverse=True)
    which = which.reshape(-1)
    return [
        _Pattern(np.flatnonzero(which == i), np.flatnonzero(kind), np.flatnonzero(~kind))
        for i, kind in enumerate(kinds)
        if kind.any()
    ]


def _draw_levels(
    sums: np.ndarray,
    sizes: np.ndarray,
    within: np.ndarray,
    between: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Clusters' levels and their deviations from the mean: (m, G, p) each.

    With Sigma = T T' and Psi = T diag(ratio) T', the coordinates T^-1 z are independent: a
    cluster's mean has variance ratio + 1 / size about mu.
    """
    root = np.linalg.cholesky(within)
    inverse = np.linalg.inv(root)
    whitened = inverse @ between @ inverse.swapaxes(1, 2)
    ratio, turn = np.linalg.eigh(whitened)
    ratio = np.maximum(ratio, 0.0)[:, None, :]
    back = root @ turn
    means = (sums / sizes[:, None]) @ (turn.swapaxes(1, 2) @ inverse).swapaxes(1, 2)
    size = sizes[None, :, None]
    weight = size / (1 + size * ratio)
    total = weight.sum(axis=1, keepdims=True)
    mu = (weight * means).sum(axis=1, keepdims=True) / total
    mu = mu + rng.standard_normal(mu.shape) / np.sqrt(total)
    effects = ratio * weight * (means - mu)
    effects = effects + np.sqrt(ratio / (1 + size * ratio)) * rng.standard_normal(means.shape)
    back = back.swapaxes(1, 2)
    return (mu + effects) @ back, effects @ back


def _draw_missing(
    known: np.ndarray, pattern: _Pattern, within: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Deviations that are missing, given those of the same rows that are known: (m, rows, k)."""
    own = within[:, pattern.missing[:, None], pattern.missing]
    if len(pattern.known):
        cross = within[:, pattern.missing[:, None], pattern.known]
        among = within[:, pattern.known[:, None], pattern.known]
        slopes = np.linalg.solve(among, cross.swapaxes(1, 2))
        own = own - cross @ slopes
        expected = known @ slopes
    else:
        expected = np.zeros(())
    root = np.linalg.cholesky((own + own.swapaxes(1, 2)) / 2)
    noise = rng.standard_normal((len(within), len(pattern.rows), len(pattern.missing)))
    return expected + noise @ root.swapaxes(1, 2)


def _draw_inverse_wishart(squares: np.ndarray, df: float, rng: np.random.Generator) -> np.ndarray:
    """One matrix for each of (m, p, p) sums of squares, by Bartlett's decomposition."""
    m, p, _ = squares.shape
    lower = np.tril(rng.standard_normal((m, p, p)), -1)
    place = np.arange(p)
    lower[:, place, place] = np.sqrt(rng.chisquare(df - place, size=(m, p)))
    half = np.linalg.cholesky(squares) @ np.linalg.inv(lower).swapaxes(1, 2)
    return half @ half.swapaxes(1, 2)
