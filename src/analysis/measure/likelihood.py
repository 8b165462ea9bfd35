"""Normal-theory maximum likelihood of a confirmatory factor model, one or several groups.

Sigma = Lambda Psi Lambda' + Theta and mu = nu + Lambda alpha in each group (Joreskog 1971,
Psychometrika 36, 409-426). Covariances have divisor n, as lavaan's ``likelihood = "normal"``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LOADING, FACTOR, RESIDUAL, INTERCEPT, MEAN = range(5)
MOST_STEPS = 300
CLOSE_ENOUGH = 1e-11  # expected further fall of the discrepancy, relative to the sample size


@dataclass(frozen=True)
class Moments:
    """Sample moments of one group: covariance (p x p, divisor n), mean (p), rows."""

    covariance: np.ndarray
    mean: np.ndarray
    n: int


@dataclass(frozen=True)
class Entries:
    """The non-zero entries of one group's matrices, as arrays of equal length.

    ``matrix`` says which matrix; ``parameter`` is the index of the free parameter (entries that
    share one are equal), or -1 where the entry is fixed at ``value``.
    """

    matrix: np.ndarray
    row: np.ndarray
    column: np.ndarray
    parameter: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class Solution:
    """Estimates (q), their covariance (q x q; NaN where unidentified), and how it ended."""

    estimates: np.ndarray
    covariance: np.ndarray
    implied: list[tuple[np.ndarray, np.ndarray]]
    chisq: float
    converged: bool
    identified: bool


def maximise_likelihood(
    moments: list[Moments], entries: list[Entries], start: np.ndarray, means: bool
) -> Solution:
    """The maximum-likelihood solution, by Fisher scoring with Marquardt's damping.

    Parameters
    ----------
    moments, entries : one per group; covariances positive definite
    start : starting values, one per free parameter
    means : whether the means are modelled (else they are saturated and drop out)

    Returns
    -------
    Solution
        ``chisq`` is n times the discrepancy; ``converged`` False when the steps ran out before the
        gradient vanished; ``identified`` False when the expected information is singular
    """
    theta, damping, converged = start.astype(float), 1e-3, False
    total = sum(one.n for one in moments)
    value = _discrepancy(theta, moments, entries, means)
    for _ in range(MOST_STEPS):
        gradient, information = _slope(theta, moments, entries, means)
        scale = np.maximum(np.diag(information), 1e-12 * np.diag(information).max())
        improved = False
        while damping < 1e12:
            step = _solve(information + damping * np.diag(scale), gradient)
            trial = theta + step
            there = _discrepancy(trial, moments, entries, means)
            expected = float(gradient @ step)
            if expected < CLOSE_ENOUGH * total and damping <= 1:
                converged = True
            if there <= value:
                improved = True
                break
            if converged:
                break
            damping = max(damping * 10, 1e-6)
        if improved:
            theta, value = trial, there
            damping = damping / 10 if damping > 1e-9 else 0.0
        if converged or not improved:
            break
    _, information = _slope(theta, moments, entries, means)
    covariance, identified = _invert(information)
    shapes = [
        build_matrices(theta, own, len(one.mean)) for one, own in zip(moments, entries, strict=True)
    ]
    implied = [implied_moments(*shape) for shape in shapes]
    return Solution(theta, covariance, implied, value, converged, identified)


def build_matrices(theta: np.ndarray, entries: Entries, p: int) -> tuple[np.ndarray, ...]:
    """Lambda, Psi, Theta, nu, alpha of one group."""
    values = np.where(entries.parameter >= 0, theta[entries.parameter], entries.value)
    k = int(entries.column[entries.matrix == LOADING].max()) + 1
    loadings, factors, residuals = np.zeros((p, k)), np.zeros((k, k)), np.zeros((p, p))
    intercepts, means = np.zeros(p), np.zeros(k)
    row, column = entries.row, entries.column
    one = entries.matrix == LOADING
    loadings[row[one], column[one]] = values[one]
    for kind, matrix in ((FACTOR, factors), (RESIDUAL, residuals)):
        one = entries.matrix == kind
        matrix[row[one], column[one]] = values[one]
        matrix[column[one], row[one]] = values[one]
    for kind, vector in ((INTERCEPT, intercepts), (MEAN, means)):
        one = entries.matrix == kind
        vector[row[one]] = values[one]
    return loadings, factors, residuals, intercepts, means


def implied_moments(
    loadings, factors, residuals, intercepts, means
) -> tuple[np.ndarray, np.ndarray]:
    """Covariance and mean that the model implies."""
    return loadings @ factors @ loadings.T + residuals, intercepts + loadings @ means


def _discrepancy(theta, moments, entries, means) -> float:
    """n times the discrepancy, summed over groups; infinite where Sigma is not a covariance."""
    total = 0.0
    for one, own in zip(moments, entries, strict=True):
        sigma, mu = implied_moments(*build_matrices(theta, own, len(one.mean)))
        if not np.isfinite(sigma).all():
            return np.inf
        try:
            root = np.linalg.cholesky(sigma)
        except np.linalg.LinAlgError:
            return np.inf
        gap = one.mean - mu if means else np.zeros(len(mu))
        seen = one.covariance + np.outer(gap, gap)
        log_sigma = 2 * np.log(np.diag(root)).sum()
        log_sample = np.linalg.slogdet(one.covariance)[1]
        trace = np.trace(np.linalg.solve(sigma, seen))
        total += one.n * (log_sigma - log_sample + trace - len(mu))
    return float(total)


def _slope(theta, moments, entries, means) -> tuple[np.ndarray, np.ndarray]:
    """Score (q) and expected information (q x q) of the log likelihood."""
    q = len(theta)
    score, information = np.zeros(q), np.zeros((q, q))
    for one, own in zip(moments, entries, strict=True):
        p = len(one.mean)
        shape = build_matrices(theta, own, p)
        sigma, mu = implied_moments(*shape)
        d_sigma, d_mu = moment_derivatives(shape, own, q)
        weight = np.linalg.inv(sigma)
        gap = one.mean - mu if means else np.zeros(p)
        residual = weight @ (one.covariance + np.outer(gap, gap) - sigma) @ weight
        flat = d_sigma.reshape(q, p * p)
        weighted = (weight @ d_sigma @ weight).reshape(q, p * p)
        score += one.n * (flat @ residual.ravel() / 2)
        information += one.n * (flat @ weighted.T / 2)
        if means:
            score += one.n * (d_mu @ weight @ gap)
            information += one.n * (d_mu @ weight @ d_mu.T)
    return score, information


def moment_derivatives(shape, entries: Entries, q: int) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of Sigma (q x p x p) and mu (q x p) by each free parameter."""
    loadings, factors, _, _, means = shape
    p = len(loadings)
    d_sigma, d_mu = np.zeros((q, p, p)), np.zeros((q, p))
    free = entries.parameter >= 0
    spread = loadings @ factors
    for kind in (LOADING, FACTOR, RESIDUAL, INTERCEPT, MEAN):
        one = free & (entries.matrix == kind)
        row, column, parameter = entries.row[one], entries.column[one], entries.parameter[one]
        each = np.arange(len(row))
        if kind == INTERCEPT:
            np.add.at(d_mu, (parameter, row), 1.0)
        elif kind == MEAN:
            np.add.at(d_mu, parameter, loadings[:, row].T)
        else:
            own = np.zeros((len(row), p, p))
            if kind == LOADING:
                own[each, row, :] += spread[:, column].T
                own[each, :, row] += spread[:, column].T
                np.add.at(d_mu, (parameter, row), means[column])
            elif kind == RESIDUAL:
                own[each, row, column] = own[each, column, row] = 1.0
            else:
                own = loadings[:, row].T[:, :, None] * loadings[:, column].T[:, None, :]
                apart = row != column
                own[apart] += own[apart].transpose(0, 2, 1)
            np.add.at(d_sigma, parameter, own)
    return d_sigma, d_mu


def _solve(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve(matrix, vector)
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(matrix, vector, rcond=None)[0]


def _invert(information: np.ndarray) -> tuple[np.ndarray, bool]:
    """The inverse of the information, and whether it has one (judged free of the items' scale)."""
    diagonal = np.diag(information)
    if not (np.isfinite(information).all() and (diagonal > 0).all()):
        return np.full_like(information, np.nan), False
    scale = np.sqrt(diagonal)
    correlation = information / np.outer(scale, scale)
    if np.linalg.eigvalsh(correlation)[0] < 1e-9:
        return np.full_like(information, np.nan), False
    return np.linalg.inv(correlation) / np.outer(scale, scale), True
