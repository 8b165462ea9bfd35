"""What a simulated programme is made from: every generating parameter, as data.

Defaults marked as calibration values are published ones: rater agreement, reliability, advisors'
share of the outcome, ruptures and repairs as reviews of therapy and coaching report them; ASSUME
marks the others. Sizes of effects are in standard deviations of the latent variable they belong to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

RATERS = ("advisee", "advisor")
#: Order of the latent variables in every triple of numbers.
LATENTS = ("outcome", "advisee", "advisor")


def _none() -> Mapping:
    return MappingProxyType({})


@dataclass(frozen=True)
class Form:
    """An instrument as a respondent meets it.

    ``loadings`` and ``uniquenesses`` follow the item numbers; the loading is on the subscale's
    level at that check-in, the uniqueness the variance of the item's own part, both where the
    stable alliance has variance 1. ``ready_made``: one response per subscale, delivered under the
    subscale's name instead of an item's.
    """

    instrument: str
    minimum: int
    maximum: int
    subscales: Mapping[str, tuple[int, ...]]
    loadings: tuple[float, ...]
    uniquenesses: tuple[float, ...]
    reversed: tuple[int, ...] = ()
    ready_made: bool = False

    @property
    def n_items(self) -> int:
        """Items, or subscales where they arrive ready made."""
        return len(self.loadings)

    @property
    def columns(self) -> tuple[str, ...]:
        """The answers' names in the clean table, in item order."""
        if self.ready_made:
            by_item = {items[0]: name for name, items in self.subscales.items()}
            return tuple(by_item[item] for item in sorted(by_item))
        return tuple(f"item_{item:02d}" for item in range(1, self.n_items + 1))


@dataclass(frozen=True)
class Rater:
    """How one side of the dyad rates.

    reliability : share of one check-in's total that is stable between engagements, on the
        continuous scale; .78 leaves .77 once answers are whole numbers, the calibration value,
        which gives .91 over three and .93 over four
    centre, spread : mean at the first check-in and response units per standard deviation of the
        stable alliance; the raters' mean gap is the difference of their centres
    answer_rate : share of the check-ins held that this rater answers
    answers_by_trait, answers_by_engagement : weights of the rater's own alliance and of a stable
        readiness in the latent propensity to answer; 0 and 0 is missing completely at random
    item_shifts : item number to response units by which this rater answers it higher than the
        alliance explains: an item that is not invariant across raters
    """

    reliability: float = 0.78
    centre: float = 5.3
    spread: float = 0.8
    answer_rate: float = 0.90
    answers_by_trait: float = 0.0
    answers_by_engagement: float = 0.0
    item_shifts: Mapping[int, float] = field(default_factory=_none)


@dataclass(frozen=True)
class Course:
    """How engagements run: check-ins, ruptures, repairs, endings.

    checkins, spacing : planned check-ins, and weeks between them
    rupture_rate, repair_rate : 25 % of engagements ruptured, 58 % of these repaired (calibration)
    first_rupture : earliest check-in at which one shows (ASSUME: the third, as most of the window
        then measures the alliance and not its rupture), or the last but one where that is earlier
    drop : fall of both raters' scores while a rupture lasts, in standard deviations of the stable
        alliance (ASSUME: large enough to be seen over an occasion's own noise about half the time)
    repair_gain : by how much the bond then stands above its old level (ASSUME: small)
    withdrawal_share : ruptures that show as withdrawal; the others are confrontations (ASSUME)
    early_ending : share that end early after no rupture, a repaired and an unrepaired one
        (ASSUME, chosen for 30-50 % attrition in check-ins)
    first_ending : earliest last check-in of those who end early
    ongoing : share still running when the export was made
    weak_alliance_ruptures, stakes_rupture, change_ruptures, weak_alliance_ends : weights in the
        latent propensities to rupture and to end early (ASSUME: modest)
    withdrawal_silence : shift of the advisee's propensity to answer while withdrawn (ASSUME)
    """

    checkins: int = 8
    spacing: int = 3
    rupture_rate: float = 0.25
    repair_rate: float = 0.58
    first_rupture: int = 3
    drop: float = 1.3
    repair_gain: float = 0.15
    withdrawal_share: float = 0.6
    early_ending: tuple[float, float, float] = (0.28, 0.22, 0.75)
    first_ending: int = 2
    ongoing: float = 0.02
    weak_alliance_ruptures: float = 0.25
    stakes_rupture: float = 0.25
    change_ruptures: float = 0.20
    weak_alliance_ends: float = 0.25
    withdrawal_silence: float = 0.6


@dataclass(frozen=True)
class Measure:
    """One outcome as one source gave it in one phase.

    value = centre + spread x (sum of weights x factors + noise x standard normal), rounded and held
    within the scale; ``binary`` makes it 1 where that is above 0. Factors: the latent variables
    ``outcome``, ``advisee`` and ``advisor`` (stable alliance as each sees it); ``start`` (where
    the advisee stood before); ``advisee_method`` and ``advisor_method`` (what is left of a rater's
    view once the outcome and the other rater are taken out: the same-source part); ``unrepaired``
    and ``repaired`` (0/1); ``stakes``, ``change`` and ``years`` (standardised covariates);
    and for repeated measures ``time`` (0 at the first, 1 at the last planned check-in).

    checkin : the check-in at which a ``during`` measure was taken, None in other phases
    known : share known; ``known_if_ended`` of those who ended early (default: the same)
    """

    outcome: str
    source: str
    phase: str
    weights: Mapping[str, float]
    noise: float
    centre: float = 0.0
    spread: float = 1.0
    decimals: int = 0
    minimum: float = -float("inf")
    maximum: float = float("inf")
    binary: bool = False
    checkin: int | None = None
    known: float = 1.0
    known_if_ended: float | None = None


@dataclass(frozen=True)
class Programme:
    """A programme with known truth.

    correlations : of the latent outcome with the advisee's and the advisor's stable alliance, and
        of the two with each other, over all engagements (the calibration's .36 is the observed
        agreement, hence about .40 here)
    advisor_shares : share of each latent variable's variance that lies between advisors, as in
        LATENTS (.05 of the outcome's is the calibration value)
    between_correlations : the same three correlations between advisors' levels
    seed : chosen so that the example is a typical draw: of 10 apart, the first whose observed D
        lies within half a standard error of the truth
    """

    name: str
    setting: str
    seed: int
    engagements: int
    advisors: int
    form: Form
    raters: Mapping[str, Rater]
    course: Course
    correlations: tuple[float, float, float]
    measures: tuple[Measure, ...]
    #: Outcome, source and phase the headline rests on; None where there is nothing to rest it on.
    primary: tuple[str, str, str] | None
    expected_verdict: str
    expected_reason: str
    #: Verdicts that would be wrong (a few in a hundred samples give one by chance all the same).
    wrong_verdicts: tuple[str, ...]
    advisor_shares: tuple[float, float, float] = (0.06, 0.06, 0.12)
    between_correlations: tuple[float, float, float] = (0.4, 0.2, 0.3)
    #: Gamma shape of the advisors' caseloads: 2 makes some three times as large as others (ASSUME).
    caseload_shape: float = 2.0
    #: Organisations that engagements belong to, crossed with advisors and without effect.
    organisations: int | None = None
    #: Covariates delivered with the engagements.
    covariates: tuple[str, ...] = ("advisor_years", "change_size")
    #: Share of the engagements' covariance of state deviations common to both raters (ASSUME).
    shared_state: float = 0.25
    #: Standard deviation of a subscale's own stable part, of its own state, the part of the former
    #: that goal and task share (they often merge), its correlation between raters (ASSUME).
    subscale_spread: float = 0.40
    subscale_state: float = 0.25
    goal_task_shared: float = 0.6
    subscale_agreement: float = 0.4
    #: Share of an item's own part that both raters' twin items have in common (ASSUME).
    twin_residual: float = 0.10
    #: Change per check-in of each subscale, in standard deviations: task gains most (ASSUME).
    trends: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({"goal": 0.02, "task": 0.03, "bond": 0.01})
    )
    #: Correlation of where the advisee stood before with the latent outcome (ASSUME).
    start_correlation: float = 0.35
    #: Share of single answers left out on sheets that were handed in (ASSUME).
    item_missing: float = 0.012
    #: Check-ins whose mean is the rating in the headline.
    window: tuple[int, ...] = (1, 2, 3)

    @property
    def rated_by(self) -> tuple[str, ...]:
        """The raters this programme has, advisee first."""
        return tuple(rater for rater in RATERS if rater in self.raters)
