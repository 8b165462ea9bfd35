"""Advisors, engagements and their latent variables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.simulate.parameters import LATENTS, Programme

#: Three equally frequent levels as a standardised number.
LEVELS = np.array([-1.0, 0.0, 1.0]) * np.sqrt(1.5)


@dataclass(frozen=True)
class Engagements:
    """Who works with whom, and what neither of them sees.

    advisor, organisation : (n,) numbers from 0
    factors : name to (n,) standardised values (see ``parameters.Measure``)
    stakes, change, level : (n,) codes 0, 1, 2
    years : (n,) the advisor's years in the work
    """

    advisor: np.ndarray
    organisation: np.ndarray
    factors: dict[str, np.ndarray]
    stakes: np.ndarray
    change: np.ndarray
    level: np.ndarray
    years: np.ndarray

    def __len__(self) -> int:
        return len(self.advisor)


def draw_engagements(
    programme: Programme, engagements: int, advisors: int, rng: np.random.Generator
) -> Engagements:
    """Engagements nested in advisors, with latent outcome and alliance as the programme says."""
    advisor = np.repeat(np.arange(advisors), _caseloads(programme, engagements, advisors, rng))
    between, within = covariances(programme)
    levels = _mix(between, rng.standard_normal((3, advisors)))[:, advisor]
    latents = levels + _mix(within, rng.standard_normal((3, engagements)))
    factors = dict(zip(LATENTS, latents, strict=True))
    share = programme.start_correlation
    noise = rng.standard_normal(engagements)
    factors["start"] = share * factors["outcome"] + np.sqrt(1 - share**2) * noise
    for rater, other in (("advisee", "advisor"), ("advisor", "advisee")):
        factors[f"{rater}_method"] = _own_part(programme, factors, rater, other)
    stakes, change, level = rng.integers(0, 3, (3, engagements))
    factors["stakes"], factors["change"] = LEVELS[stakes], LEVELS[change]
    years = np.round(rng.gamma(3.0, 3.0, advisors)).clip(1, 35)[advisor]
    factors["years"] = (years - 9.0) / 5.2
    organisation = rng.integers(0, programme.organisations or 1, engagements)
    return Engagements(advisor, organisation, factors, stakes, change, level, years)


def covariances(programme: Programme) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of the three latent variables between and within advisors; their sum has unit
    variances and the programme's correlations. Raises ValueError if the latter is not positive.
    """
    total = _symmetric(programme.correlations)
    scale = np.sqrt(np.array(programme.advisor_shares))
    between = _symmetric(programme.between_correlations) * np.outer(scale, scale)
    within = total - between
    for name, matrix in (("between", between), ("within", within)):
        if np.linalg.eigvalsh(matrix).min() <= 0:
            raise ValueError(f"{programme.name}: the covariance {name} advisors is not possible")
    return between, within


def alliance(programme: Programme, factors: dict[str, np.ndarray]) -> np.ndarray:
    """What both raters see of the alliance, standardised."""
    return (factors["advisee"] + factors["advisor"]) / np.sqrt(2 + 2 * programme.correlations[2])


def _symmetric(correlations: tuple[float, float, float]) -> np.ndarray:
    first, second, third = correlations
    return np.array([[1.0, first, second], [first, 1.0, third], [second, third, 1.0]])


def _mix(covariance: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Independent normals (3, n) turned into ones with this covariance.

    Written out instead of a matrix product, whose last digits differ between processors.
    """
    root = np.linalg.cholesky(covariance)
    return np.stack(
        [sum(root[row, column] * normal[column] for column in range(row + 1)) for row in range(3)]
    )


def _own_part(
    programme: Programme, factors: dict[str, np.ndarray], rater: str, other: str
) -> np.ndarray:
    """What is left of a rater's alliance without the outcome and the other rater, standardised."""
    place = [LATENTS.index(name) for name in ("outcome", other)]
    total = _symmetric(programme.correlations)
    cross = total[LATENTS.index(rater), place]
    slopes = np.linalg.solve(total[np.ix_(place, place)], cross)
    left = factors[rater] - slopes[0] * factors["outcome"] - slopes[1] * factors[other]
    return left / np.sqrt(1 - cross[0] * slopes[0] - cross[1] * slopes[1])


def _caseloads(
    programme: Programme, engagements: int, advisors: int, rng: np.random.Generator
) -> np.ndarray:
    weights = rng.gamma(programme.caseload_shape, 1.0, advisors)
    return 1 + rng.multinomial(engagements - advisors, weights / weights.sum())
