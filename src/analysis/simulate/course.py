"""The course of engagements: ruptures, repairs, endings, and which check-ins were answered."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from analysis.contract.dictionary import STATUSES
from analysis.simulate.latent import Engagements, alliance
from analysis.simulate.parameters import Programme

COMPLETED, ENDED_EARLY, ONGOING = range(len(STATUSES))
#: What ruptures are about: mostly the work itself (ASSUME).
CAUSES = (
    "task",
    "results",
    "expectations",
    "goal",
    "support",
    "bond",
    "boundary",
    "transference",
    "other",
)
CAUSE_SHARES = (0.24, 0.20, 0.14, 0.14, 0.09, 0.09, 0.04, 0.02, 0.04)


@dataclass(frozen=True)
class Courses:
    """How each of n engagements ran, over T planned check-ins.

    ruptured, repaired, withdrawal : (n,) flags; the latter two are False without a rupture
    cause : (n,) place in CAUSES
    onset, healed : (n,) check-in at which a rupture shows and at which scores are back (T + 1:
        never); onset is 0 without a rupture
    last : (n,) last check-in held; status : (n,) place in STATUSES
    active, mended : (n, T) whether a rupture is open, or has been repaired by then
    held : (n, T) whether the check-in took place
    answered : (n, R, T) whether each rater answered it
    """

    ruptured: np.ndarray
    repaired: np.ndarray
    withdrawal: np.ndarray
    cause: np.ndarray
    onset: np.ndarray
    healed: np.ndarray
    last: np.ndarray
    status: np.ndarray
    active: np.ndarray
    mended: np.ndarray
    held: np.ndarray
    answered: np.ndarray

    @property
    def unrepaired(self) -> np.ndarray:
        """Whether an engagement ruptured and was not repaired."""
        return self.ruptured & ~self.repaired


def draw_courses(
    programme: Programme, engagements: Engagements, rng: np.random.Generator
) -> Courses:
    """Ruptures by weak alliance, stakes and change; endings by rupture and weak alliance."""
    plan = programme.course
    n, planned = len(engagements), plan.checkins
    factors = engagements.factors
    strength = alliance(programme, factors)
    pull = (
        -plan.weak_alliance_ruptures * strength
        + plan.stakes_rupture * factors["stakes"]
        + plan.change_ruptures * factors["change"]
    )
    explained = plan.weak_alliance_ruptures**2 + plan.stakes_rupture**2 + plan.change_ruptures**2
    propensity = pull + np.sqrt(1 - explained) * rng.standard_normal(n)
    ruptured = propensity > _cut(plan.rupture_rate)
    repaired = ruptured & (rng.random(n) < plan.repair_rate)
    first = min(plan.first_rupture, planned - 1)
    onset = np.where(ruptured, rng.integers(first, planned, n), 0)
    lasting = np.minimum(rng.integers(1, 3, n), planned - onset)
    healed = np.where(repaired, onset + lasting, planned + 1)
    last, status = _endings(programme, strength, ruptured, repaired, onset, healed, rng)

    checkin = np.arange(1, planned + 1)
    held = checkin <= last[:, None]
    active = ruptured[:, None] & (checkin >= onset[:, None]) & (checkin < healed[:, None]) & held
    mended = repaired[:, None] & (checkin >= healed[:, None]) & held
    withdrawal = ruptured & (rng.random(n) < plan.withdrawal_share)
    return Courses(
        ruptured,
        repaired,
        withdrawal,
        rng.choice(len(CAUSES), n, p=CAUSE_SHARES),
        onset,
        healed,
        last,
        status,
        active,
        mended,
        held,
        _answered(programme, factors, held, active & withdrawal[:, None], rng),
    )


def _endings(
    programme: Programme,
    strength: np.ndarray,
    ruptured: np.ndarray,
    repaired: np.ndarray,
    onset: np.ndarray,
    healed: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Last check-in and status. Nobody leaves before a rupture shows or a repair is complete."""
    plan, n = programme.course, len(strength)
    none, after_repair, unmended = (_cut(share) for share in plan.early_ending)
    cut = np.where(ruptured, np.where(repaired, after_repair, unmended), none)
    weight = plan.weak_alliance_ends
    leaning = -weight * strength + np.sqrt(1 - weight**2) * rng.standard_normal(n)
    leaves = leaning > cut
    latest = plan.checkins - 1
    somewhere = rng.integers(min(plan.first_ending, latest), latest + 1, n)
    soon = np.minimum(onset + rng.integers(0, 3, n), latest)
    earliest = np.where(repaired, healed, 1)
    leaves &= earliest <= latest
    place = np.where(ruptured & ~repaired, soon, np.maximum(somewhere, earliest))
    last = np.where(leaves, place, plan.checkins)
    status = np.where(leaves, ENDED_EARLY, COMPLETED)
    running = (rng.random(n) < plan.ongoing) & ~leaves & ~ruptured
    last = np.where(running, np.maximum(plan.checkins - 1, 1), last)
    return last, np.where(running, ONGOING, status)


def _answered(
    programme: Programme,
    factors: dict[str, np.ndarray],
    held: np.ndarray,
    withdrawn: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Which check-ins each rater answered: a latent propensity above a cut."""
    n = len(held)
    sides = []
    for name in programme.rated_by:
        rater = programme.raters[name]
        trait, stable = rater.answers_by_trait, rater.answers_by_engagement
        own = trait * factors[name] + stable * rng.standard_normal(n)
        propensity = own[:, None] + np.sqrt(1 - trait**2 - stable**2) * rng.standard_normal(
            held.shape
        )
        if name == "advisee":
            propensity -= programme.course.withdrawal_silence * withdrawn
        sides.append(held & (propensity > _cut(rater.answer_rate)))
    return np.stack(sides, axis=1)


def _cut(share: float) -> float:
    """The standard normal value that this share of cases exceeds."""
    if share >= 1:
        return -np.inf
    return np.inf if share <= 0 else NormalDist().inv_cdf(1 - share)
