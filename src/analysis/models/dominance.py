"""How much of an outcome's variance each of several predictors accounts for.

Everything follows from covariance matrices, so that stacks of them (delete-one-cluster replicates,
resamples) are handled at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np

from analysis.models.partial import residual_covariances, take_out_first

#: More predictors would mean more than 1,024 regressions for each matrix.
MOST_PREDICTORS = 10


def subset_r_squared(
    covariance: np.ndarray, outcome: int, predictors: Sequence[int], given: Sequence[int] = ()
) -> np.ndarray:
    """R2 of every subset of the predictors, each beside the variables in ``given``.

    Parameters
    ----------
    covariance : (..., v, v) covariance or correlation matrices.
    outcome, predictors, given : places of the variables; at most ten predictors.

    Returns
    -------
    (2^p, ...): entry s is R2 of the predictors whose bit is set in s (bit i: ``predictors[i]``)
    and all of ``given``. A variable that is constant, or a linear function of those before it,
    adds nothing. NaN where the outcome does not vary.

    Raises ValueError for more than ten predictors, or a variable that is named twice.

    Notes
    -----
    R2(S) = 1 - (variance of the outcome left after S) / (its variance). Variables are taken out
    one at a time, S_ij - S_ik S_kj / S_kk (a step of Gaussian elimination), and each subset starts
    from the one without its last variable: 2^p - 1 steps in place of 2^p - 1 regressions.
    """
    order = [*given, *predictors, outcome]
    if len(set(order)) != len(order):
        raise ValueError("outcome, predictors and given must be different variables")
    if len(predictors) > MOST_PREDICTORS:
        raise ValueError(f"{len(predictors)} predictors; at most {MOST_PREDICTORS}")
    left = residual_covariances(covariance, [*predictors, outcome], given)
    found = np.empty((2 ** len(predictors), *left.shape[:-2]))
    _visit(left, 0, 0, found)
    return np.where(covariance[..., outcome, outcome] > 0, 1 - found, np.nan)


def general_dominance(
    covariance: np.ndarray, outcome: int, predictors: Sequence[int], given: Sequence[int] = ()
) -> np.ndarray:
    """General dominance of each predictor: its mean addition to R2 over all orders of entry.

    Parameters
    ----------
    covariance, outcome, predictors, given : as ``subset_r_squared``; ``given`` enters first.

    Returns
    -------
    (..., p), adding up to R2 of all variables less that of ``given``.

    Notes
    -----
    The additions R2(S and i) - R2(S) are averaged over the subsets S of each size, then over sizes
    (Budescu, 1993, Psychological Bulletin 114, 542; Azen and Budescu, 2003, Psychological Methods
    8, 129). With two predictors and nothing given the difference is r1^2 - r2^2.

    Examples
    --------
    >>> matrix = np.array([[1.0, 0.5, 0.3], [0.5, 1.0, 0.4], [0.3, 0.4, 1.0]])
    >>> general_dominance(matrix, 0, [1, 2]).round(4)
    array([0.211, 0.051])
    """
    r_squared = subset_r_squared(covariance, outcome, predictors, given)
    p = len(predictors)
    subsets = np.arange(2**p)
    sizes = np.array([int(subset).bit_count() for subset in subsets])
    shares = []
    for i in range(p):
        without = subsets[(subsets >> i) & 1 == 0]
        weight = np.array([1 / (p * comb(p - 1, int(size))) for size in sizes[without]])
        added = r_squared[without | (1 << i)] - r_squared[without]
        shares.append(np.tensordot(weight, added, axes=1))
    return np.stack(shares, axis=-1)


def _visit(left: np.ndarray, subset: int, first: int, found: np.ndarray) -> None:
    """Fill in the variance left of the outcome for a subset and all that extend it."""
    found[subset] = left[..., -1, -1]
    for place in range(left.shape[-1] - 1):
        # What comes before this variable is not in the subset: later ones never need it.
        rest = take_out_first(left[..., place:, place:])
        _visit(rest, subset | 1 << (first + place), first + place + 1, found)
