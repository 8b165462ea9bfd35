"""The likelihood of the cumulative logit model with a random intercept, with its derivatives.

P(Y <= k | x, u) = F(a_k - x'b - t u) with F the logistic function and u ~ N(0, 1). The integral
over u is taken by adaptive Gauss-Hermite quadrature about each cluster's own mode (Pinheiro and
Bates, 1995, Journal of Computational and Graphical Statistics 4, 12; for ordinal outcomes Hedeker
and Gibbons, 1994, Biometrics 50, 933), all clusters at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit

#: Newton steps to a cluster's mode.
MOST_STEPS = 60


@dataclass(frozen=True)
class Answers:
    """Rows sorted by cluster, ready for the likelihood.

    ``upper`` and ``lower`` (n, T + P) multiply (thresholds, slopes) to the two bounds of each
    row's category on the logit scale, but where ``open_above`` or ``open_below`` says that there
    is none; ``codes`` and ``starts`` tell the clusters apart; ``thresholds`` is T.
    """

    upper: np.ndarray
    lower: np.ndarray
    open_above: np.ndarray
    open_below: np.ndarray
    codes: np.ndarray
    starts: np.ndarray
    thresholds: int


def _bounds(answers: Answers, coefficients: np.ndarray) -> tuple[np.ndarray, ...]:
    """Each row's bounds (n, 1) where u is 0, and how far they lie apart (n,)."""
    above = np.where(answers.open_above, np.inf, answers.upper @ coefficients)
    below = np.where(answers.open_below, -np.inf, answers.lower @ coefficients)
    middle = ~(answers.open_above | answers.open_below)
    gap = np.where(middle, (answers.upper - answers.lower) @ coefficients, np.inf)
    return above[:, None], below[:, None], gap


def _gap_terms(answers: Answers, gap: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """What F(a) - F(b) = F(a) F(-b) (1 - exp(b - a)) owes to its last factor: it knows no u."""
    size = answers.upper.shape[1]
    middle = np.isfinite(gap)
    if not middle.any():
        return 0.0, np.zeros(size), np.zeros((size, size))
    own = gap[middle]
    moves = (answers.upper - answers.lower)[middle]
    first = 1 / np.expm1(own)
    second = -first * (1 + first)
    return (
        float(np.log(-np.expm1(-own)).sum()),
        first @ moves,
        (moves * second[:, None]).T @ moves,
    )


def plain_likelihood(
    answers: Answers, coefficients: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Log likelihood, score and Hessian without clusters."""
    above, below, gap = _bounds(answers, coefficients)
    if (gap <= 0).any():
        return -np.inf, coefficients, np.eye(len(coefficients))
    value, score, hessian = _gap_terms(answers, gap)
    up, down = expit(-above)[:, 0], expit(below)[:, 0]
    value += float((log_expit(above) + log_expit(-below)).sum())
    score = score + up @ answers.upper - down @ answers.lower
    for matrix, share in ((answers.upper, up), (answers.lower, down)):
        hessian = hessian - (matrix * (share * (1 - share))[:, None]).T @ matrix
    return value, score, hessian


class ClusteredLikelihood:
    """Log likelihood, score and Hessian by (coefficients, spread), on nodes that it places.

    Score and Hessian are the posterior means of the complete data's, the Hessian with the spread
    of its scores (Louis, 1982, Journal of the Royal Statistical Society B 44, 226). While
    ``moving``, nodes are placed anew at every call.
    """

    def __init__(self, answers: Answers, nodes: int) -> None:
        self.answers = answers
        self.moving = True
        self._nodes, weights = np.polynomial.hermite.hermgauss(nodes)
        self._log_weights = np.log(weights) + self._nodes**2 - 0.5 * np.log(np.pi)
        self._modes = np.zeros(len(answers.starts))

    def __call__(self, parameters: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        answers, spread = self.answers, parameters[-1]
        above, below, gap = _bounds(answers, parameters[:-1])
        if (gap <= 0).any():
            return -np.inf, parameters, np.eye(len(parameters))
        if self.moving:
            self.place_nodes(parameters)
        u = self._u
        shift = spread * u[answers.codes]
        above, below = above - shift, below - shift
        joint = np.add.reduceat(log_expit(above) + log_expit(-below), answers.starts)
        joint += self._log_measure - u**2 / 2
        highest = joint.max(axis=1, keepdims=True)
        weight = np.exp(joint - highest)
        total = weight.sum(axis=1, keepdims=True)
        weight /= total
        value, gap_score, gap_hessian = _gap_terms(answers, gap)
        value += float((np.log(total) + highest).sum())
        up, down = expit(-above), expit(below)
        scores = self._scores(up, down, u)
        mean = np.einsum("gk,gkp->gp", weight, scores)
        score = mean.sum(axis=0)
        weighted = (scores * weight[:, :, None]).reshape(-1, scores.shape[2])
        hessian = weighted.T @ scores.reshape(-1, scores.shape[2]) - mean.T @ mean
        hessian += self._curvature(up, down, u, weight)
        score[:-1] += gap_score
        hessian[:-1, :-1] += gap_hessian
        return value, score, hessian

    def place_nodes(self, parameters: np.ndarray) -> None:
        """Put nodes about each cluster's mode, scaled by the width of its posterior."""
        answers, u, spread = self.answers, self._modes, parameters[-1]
        above, below, _ = _bounds(answers, parameters[:-1])
        for _ in range(MOST_STEPS):
            shift = (spread * u)[answers.codes, None]
            up, down = expit(shift - above)[:, 0], expit(below - shift)[:, 0]
            slope = np.add.reduceat(down - up, answers.starts) * spread - u
            bend = np.add.reduceat(up * (1 - up) + down * (1 - down), answers.starts)
            bend = bend * spread**2 + 1
            step = np.clip(slope / bend, -2, 2)
            u = u + step
            if np.abs(step).max() < 1e-10:
                break
        self._modes = u
        self._u = u[:, None] + np.sqrt(2 / bend)[:, None] * self._nodes
        self._log_measure = self._log_weights - 0.5 * np.log(bend)[:, None]

    def _scores(self, up: np.ndarray, down: np.ndarray, u: np.ndarray) -> np.ndarray:
        """(G, K, T + P + 1) each cluster's score of the complete data at each node."""
        answers = self.answers
        columns = [
            np.add.reduceat(up * one[:, None] - down * other[:, None], answers.starts)
            for one, other in zip(answers.upper.T, answers.lower.T, strict=True)
        ]
        columns.append(np.add.reduceat(down - up, answers.starts) * u)
        return np.stack(columns, axis=2)

    def _curvature(
        self, up: np.ndarray, down: np.ndarray, u: np.ndarray, weight: np.ndarray
    ) -> np.ndarray:
        """Posterior mean of the complete data's Hessian."""
        answers = self.answers
        size = answers.upper.shape[1] + 1
        hessian = np.zeros((size, size))
        own_u, own_weight = u[answers.codes], weight[answers.codes]
        for matrix, share in ((answers.upper, up), (answers.lower, down)):
            density = share * (1 - share) * own_weight
            hessian[:-1, :-1] -= (matrix * density.sum(axis=1)[:, None]).T @ matrix
            cross = (density * own_u).sum(axis=1) @ matrix
            hessian[:-1, -1] += cross
            hessian[-1, :-1] += cross
            hessian[-1, -1] -= float((density * own_u**2).sum())
        return hessian
