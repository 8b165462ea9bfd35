"""What rows that share clusters do to a factor model's chi-square and standard errors.

All is done in coordinates in which normal theory's weight matrix is the identity: a direction
(dSigma, dmu) becomes the lower triangle of L^-1 dSigma L^-T, its diagonal over the root of 2, and
L^-1 dmu, where Sigma = L L'. The inner product of two is then 1/2 tr(Sigma^-1 A Sigma^-1 B) +
a' Sigma^-1 b, and a group of n rows counts root n times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.measure.likelihood import Entries, Moments, build_matrices, moment_derivatives

Implied = Sequence[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Clusters:
    """Each group's answers (n x p) and its rows' clusters, numbered from 0 to ``count`` - 1."""

    values: list[np.ndarray]
    codes: list[np.ndarray]
    count: int


def cluster_contributions(clusters: Clusters, implied: Implied, means: bool) -> np.ndarray:
    """What each cluster adds to root n times (sample moments less their expectation), (G, m).

    The sum over rows of vech((x - xbar)(x - xbar)' - S), and of x - xbar, in the coordinates that
    ``implied`` sets. Sums of squares of these over clusters, times G / (G - 1), are the "meat" for
    clustered rows (Muthen and Satorra 1995, Sociological Methodology 25, 267-316; Asparouhov 2005,
    Structural Equation Modeling 12, 411-434).
    """
    blocks = []
    for values, codes, (sigma, _) in zip(clusters.values, clusters.codes, implied, strict=True):
        white = (values - values.mean(axis=0)) @ _whitening(sigma).T
        first, second, weight = _triangle(values.shape[1])
        columns = white[:, first] * white[:, second] * weight
        columns = columns - columns.mean(axis=0)
        if means:
            columns = np.hstack([columns, white])
        order = np.argsort(codes, kind="stable")
        present, starts = np.unique(codes[order], return_index=True)
        block = np.zeros((clusters.count, columns.shape[1]))
        block[present] = np.add.reduceat(columns[order], starts, axis=0)
        blocks.append(block / np.sqrt(len(values)))
    return np.hstack(blocks) * np.sqrt(clusters.count / (clusters.count - 1))


def parameter_directions(
    theta: np.ndarray,
    entries: Sequence[Entries],
    implied: Implied,
    sizes: Sequence[int],
    means: bool,
) -> np.ndarray:
    """How the moments move with each free parameter, (m, q), in the coordinates of ``implied``."""
    blocks = []
    for own, (sigma, mu), n in zip(entries, implied, sizes, strict=True):
        shape = build_matrices(theta, own, len(mu))
        d_sigma, d_mu = moment_derivatives(shape, own, len(theta))
        root = _whitening(sigma)
        first, second, weight = _triangle(len(mu))
        white = root @ d_sigma @ root.T
        columns = white[:, first, second] * weight
        if means:
            columns = np.hstack([columns, d_mu @ root.T])
        blocks.append(columns * np.sqrt(n))
    return np.hstack(blocks).T


def saturate_means(directions: np.ndarray, items: Sequence[int]) -> np.ndarray:
    """Directions with one more for every mean of every group, whose means are then free."""
    places, start = [], 0
    for p in items:
        start += p * (p + 1) // 2
        places += range(start, start + p)
        start += p
    return np.hstack([directions, np.eye(len(directions))[:, places]])


def scaling_factor(directions: np.ndarray, contributions: np.ndarray, df: float) -> float:
    """c = tr(U Gamma) / df, by which a chi-square is divided; NaN without degrees of freedom.

    U is the residual weight matrix and Gamma the moments' covariance, here over clusters (Satorra
    and Bentler 1994, in von Eye and Clogg, Latent Variables Analysis, 399-419; Yuan and Bentler
    2000, Sociological Methodology 30, 165-200). Independent normal rows give 1.
    """
    if not df > 0:
        return np.nan
    basis, _ = np.linalg.qr(directions)
    inside = contributions @ basis
    return float(((contributions**2).sum() - (inside**2).sum()) / df)


def difference_scaling(
    restricted: np.ndarray, general: np.ndarray, contributions: np.ndarray, df: int
) -> float:
    """c of the difference of two nested models' chi-squares, both seen at the restricted one.

    c = tr((U0 - U1) Gamma) / df (Satorra 2000, in Heijmans and others, Innovations in Multivariate
    Statistical Analysis, 233-247); never negative, as the difference of two scaled chi-squares may
    be (Satorra and Bentler 2010, Psychometrika 75, 243-248).

    Parameters
    ----------
    restricted, general : (m, q) directions of both models' parameters at the restricted solution
    contributions : (G, m) of the clusters
    df : difference of the degrees of freedom
    """
    basis, _ = np.linalg.qr(restricted)
    beyond = general - basis @ (basis.T @ general)
    if df == 1:  # one direction: the longest is it, and the others are multiples or rounding
        own = beyond[:, [np.argmax((beyond**2).sum(axis=0))]]
        own = own / np.sqrt((own**2).sum())
    else:
        own = np.linalg.svd(beyond, full_matrices=False)[0][:, :df]
    return float(((contributions @ own) ** 2).sum() / df)


def robust_covariance(directions: np.ndarray, contributions: np.ndarray) -> np.ndarray:
    """Covariance of the estimates for clustered rows: A^-1 (sum of s s') A^-1, (q, q).

    A is the expected information and s a cluster's score (Asparouhov 2005, as above).
    """
    information = directions.T @ directions
    # scaled first: items on different ranges leave the information badly conditioned
    scale = np.sqrt(np.diag(information))
    bread = np.linalg.inv(information / np.outer(scale, scale)) / scale[:, None]
    half = contributions @ (directions / scale) @ bread.T
    return half.T @ half


def residual_moments(moments: Sequence[Moments], implied: Implied, means: bool) -> np.ndarray:
    """Root n times (sample moments less those implied), (m,), in the coordinates of ``implied``.

    Its inner products with parameters' directions are the scores.
    """
    blocks = []
    for one, (sigma, mu) in zip(moments, implied, strict=True):
        root = _whitening(sigma)
        gap = one.mean - mu if means else np.zeros(len(mu))
        first, second, weight = _triangle(len(mu))
        left = root @ (one.covariance + np.outer(gap, gap) - sigma) @ root.T
        white = left[first, second] * weight
        block = np.concatenate([white, root @ gap]) if means else white
        blocks.append(np.sqrt(one.n) * block)
    return np.concatenate(blocks)


def baseline_directions(
    covariances: Sequence[np.ndarray], sizes: Sequence[int], means: bool
) -> tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """The model of uncorrelated items: its moments, and the directions of its variances and means.

    In its own coordinates both are unit vectors, so that only covariances are left over.
    """
    implied, blocks = [], []
    for covariance in covariances:
        p = len(covariance)
        first, second, _ = _triangle(p)
        implied.append((np.diag(np.diag(covariance)), np.zeros(p)))
        taken = np.flatnonzero(first == second)
        width = len(first) + (p if means else 0)
        taken = np.concatenate([taken, np.arange(len(first), width)])
        blocks.append(np.eye(width)[:, taken])
    m, q = sum(len(block) for block in blocks), sum(block.shape[1] for block in blocks)
    directions, row, column = np.zeros((m, q)), 0, 0
    for block in blocks:
        directions[row : row + len(block), column : column + block.shape[1]] = block
        row, column = row + len(block), column + block.shape[1]
    return implied, directions


def _whitening(sigma: np.ndarray) -> np.ndarray:
    """L^-1, where Sigma = L L'."""
    return np.linalg.inv(np.linalg.cholesky(sigma))


def _triangle(p: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lower-triangle places and the weight of each: 1 off the diagonal, 1 / root 2 on it."""
    first, second = np.tril_indices(p)
    return first, second, np.where(first == second, np.sqrt(0.5), 1.0)
