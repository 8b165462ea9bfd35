"""What is left of variables once others are taken out of them, from covariance matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: A variable with less variance left than this share of its own has nothing left to take out.
COLLINEAR = 1e-10


def residual_covariances(
    covariance: np.ndarray, kept: Sequence[int], given: Sequence[int]
) -> np.ndarray:
    """Covariances of the residuals of some variables on others: (..., k, k) in units of variance.

    Parameters
    ----------
    covariance : (..., v, v) covariance matrices; every variance becomes 1 first, so that what is
        left on the diagonal is the share that ``given`` does not account for.
    kept, given : places of the variables. A given one that is constant, or a linear function of
        those before it, takes nothing out.

    Notes
    -----
    S_kk - S_kg S_gg^-1 S_gk, one given variable at a time (Gaussian elimination), which needs no
    inverse and so no matrix of full rank.
    """
    matrix = covariance[..., [*given, *kept], :][..., :, [*given, *kept]]
    variances = np.diagonal(matrix, axis1=-2, axis2=-1)
    scale = 1 / np.sqrt(np.where(variances > 0, variances, 1.0))
    left = matrix * scale[..., :, None] * scale[..., None, :]
    for _ in given:
        left = take_out_first(left)
    return left


def take_out_first(left: np.ndarray) -> np.ndarray:
    """What is left of the other variables once the first is taken out of them."""
    pivot = left[..., 0, 0]
    usable = pivot > COLLINEAR
    slope = left[..., 0, 1:] * np.where(usable, 1 / np.where(usable, pivot, 1.0), 0.0)[..., None]
    return left[..., 1:, 1:] - slope[..., :, None] * left[..., 0, None, 1:]


def semipartial_correlation(
    covariance: np.ndarray, outcome: int, rating: int, given: Sequence[int]
) -> np.ndarray:
    """r of the outcome, as it is, and what is left of a rating; NaN where nothing is left.

    Source: Cohen, Cohen, West and Aiken (2003), Applied Multiple Regression/Correlation Analysis
    for the Behavioral Sciences, chapter 3: its square is what the rating adds to R2.
    """
    left = residual_covariances(covariance, [outcome, rating], given)
    defined = (left[..., 1, 1] > COLLINEAR) & (covariance[..., outcome, outcome] > 0)
    r = left[..., 0, 1] / np.sqrt(np.where(defined, left[..., 1, 1], 1.0))
    return np.where(defined, r, np.nan)


def partial_correlation(
    covariance: np.ndarray, outcome: int, rating: int, given: Sequence[int]
) -> np.ndarray:
    """r of what is left of the outcome and of a rating; NaN where nothing is left of either."""
    left = residual_covariances(covariance, [outcome, rating], given)
    defined = (left[..., 0, 0] > COLLINEAR) & (left[..., 1, 1] > COLLINEAR)
    product = np.where(defined, left[..., 0, 0] * left[..., 1, 1], 1.0)
    return np.where(defined, left[..., 0, 1] / np.sqrt(product), np.nan)
