"""The analysis plan, ``config/config.yaml``: every choice that could change an answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from analysis.contract.strict import Strict

Share = Annotated[float, Field(ge=0, le=1)]


class ScoringPlan(Strict):
    """How items become subscale scores."""

    minimum_answered: Share = Field(
        0.75, description="share of a subscale's items that must be answered for its prorated mean"
    )


class ComparisonPlan(Strict):
    """How the two raters are compared (the headline)."""

    window: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (1, 2, 3), description="check-ins whose ratings count, where both raters answered"
    )
    sesoi: float = Field(
        0.10, gt=0, lt=1, description="smallest |D| of interest, in units of correlation"
    )
    confidence: float = Field(0.95, gt=0.5, lt=1, description="level of the interval of record")
    equivalence_confidence: float = Field(
        0.90, gt=0.5, lt=1, description="level of the interval that must lie within the SESOI"
    )
    resamples: int = Field(10_000, ge=99, description="bootstrap resamples of advisors")
    minimum_reliability: Share = Field(
        0.40, description="below it, in the sample or any replicate, no disattenuated line"
    )
    minimum_clusters: int = Field(
        10, ge=2, description="fewer advisors than this: inconclusive, whatever the interval"
    )
    seed: int = Field(20261, ge=0, description="seed of the bootstrap")
    missing_share_caution: Share = Field(
        0.20,
        description="share of engagements lacking a rating above which missingness is decisive",
    )
    covariate_coverage: Share = Field(
        0.50,
        description="share of a cell's engagements that must have a covariate to adjust for it",
    )
    folds: int = Field(5, ge=3, description="folds of advisors, out of sample")
    repeats: int = Field(10, ge=1, description="how often the advisors are divided into folds anew")
    permutations: int = Field(
        200, ge=19, description="permutations of the outcome that check the out-of-sample R2"
    )
    imputations: int = Field(20, ge=2, description="completed data sets of the imputed line")
    shifts: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (0.2, 0.5),
        description="shifts of imputed ratings, up and down, in standard deviations: what if those "
        "who did not reply differ from what the data let expect",
    )

    @model_validator(mode="after")
    def _check(self) -> ComparisonPlan:
        if len(set(self.window)) != len(self.window):
            raise ValueError("the window names a check-in twice")
        if self.equivalence_confidence > self.confidence:
            raise ValueError("equivalence_confidence must not exceed confidence")
        return self


Window = Annotated[
    tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, description="check-ins")
]


class MultiversePlan(Strict):
    """The reasonable choices that the difference is estimated under, all combined.

    The plan's own choices are always among them and need not be listed.
    """

    windows: tuple[Window, ...] = Field((), description="further windows of check-ins")
    subscales: tuple[str, ...] = Field((), description="further ratings besides the total")
    minimum_answered: tuple[Share, ...] = Field(
        (), description="further shares of a subscale's items that must be answered"
    )
    adjustments: tuple[Literal["none", "baseline"], ...] = Field(
        ("none",), description="what is held constant: nothing, or the outcome's baseline"
    )
    estimators: tuple[Literal["pearson", "spearman", "disattenuated"], ...] = Field(
        ("pearson",), description="correlations as they are, of ranks, or corrected"
    )
    minimum_caseload: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (1,), description="engagements that a cluster must have to count"
    )
    other_phases: tuple[Literal["during", "end", "follow_up"], ...] = Field(
        ("end", "follow_up"),
        description="phases whose other outcomes and sources are analysed too, kept apart",
    )
    resamples: int = Field(2_000, ge=99, description="bootstrap resamples, shared by all")
    seed: int = Field(20262, ge=0, description="seed of the resamples")

    @model_validator(mode="after")
    def _check(self) -> MultiversePlan:
        for name in type(self).model_fields:
            values = getattr(self, name)
            if isinstance(values, tuple) and len(set(values)) != len(values):
                raise ValueError(f"{name} lists one choice twice")
        for window in self.windows:
            if len(set(window)) != len(window):
                raise ValueError(f"windows: {list(window)} names a check-in twice")
        for name, own in (("adjustments", "none"), ("estimators", "pearson")):
            if own not in getattr(self, name):
                raise ValueError(f"{name} must hold '{own}', the plan's own choice")
        if 1 not in self.minimum_caseload:
            raise ValueError("minimum_caseload must hold 1, the plan's own choice")
        return self


Band = tuple[Share, Share]


class CalibrationPlan(Strict):
    """How every line of evidence is held to a known truth (`alliance calibrate`)."""

    seed: int = Field(20262, ge=0, description="seed of the simulated data sets")
    closed_form: int = Field(
        4000, ge=50, description="data sets per scenario for the lines with a bar"
    )
    resampled: int = Field(
        1000, ge=50, description="data sets per scenario for the bootstrap intervals"
    )
    resamples: int = Field(999, ge=99, description="resamples in each of these")
    refitted: int = Field(
        200, ge=50, description="data sets per scenario for lines that fit models over and over"
    )
    rejection: Band = Field(
        (0.035, 0.065), description="where the rate of false differences must lie at a level of .05"
    )
    coverage: Band = Field(
        (0.935, 0.965), description="where the 95 % interval's coverage must lie"
    )
    monte_carlo_confidence: float = Field(
        0.99,
        gt=0.5,
        lt=1,
        description="level of the Monte Carlo interval; a bar fails when all of it lies outside",
    )


class ProcessPlan(Strict):
    """How the course of the relationship is told: gap, discrepancy, growth, lags."""

    equivalence_d: float = Field(
        0.20, gt=0, description="largest gap between the raters that is none, in pooled SD"
    )
    equivalence_curvature: float = Field(
        0.10,
        gt=0,
        description="largest curvature along disagreement (a4) that is none, in SD",
    )
    smallest_cell: int = Field(
        10, ge=5, description="engagements below which a mean, a gap or a cell is not given"
    )
    surface_engagements: int = Field(
        60, ge=20, description="engagements below which no response surface is fitted"
    )
    resistance: tuple[str, ...] = Field(
        ("task_not_done", "missed_checkin"),
        min_length=1,
        description="events that count as not complying",
    )


class RupturePlan(Strict):
    """What counts as a rupture and as its repair, and how false alarms are estimated."""

    sizes: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (1.0, 2.0), description="least falls, in SDs within engagements, that are both reported"
    )
    size: float = Field(2.0, gt=0, description="the size that the headline rests on")
    reference: Literal["previous", "best_of_three"] = Field(
        "previous", description="what the headline's falls are measured from"
    )
    windows: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (1, 3, 5), description="check-ins since onset within which a repair counts"
    )
    band: float = Field(
        0.5, ge=0, description="how near to the reference a score is back, in the same SDs"
    )
    surrogates: int = Field(200, ge=20, description="sets of courses without ruptures")
    seed: int = Field(20263, ge=0, description="seed of the surrogates")
    acts: tuple[str, ...] = Field(
        ("acknowledgement", "process_dialogue", "validation"),
        description="events taken as acts of repair",
    )

    @model_validator(mode="after")
    def _check(self) -> RupturePlan:
        if self.size not in self.sizes:
            raise ValueError("size must be one of sizes")
        for name in ("sizes", "windows"):
            values = getattr(self, name)
            if len(set(values)) != len(values) or not values:
                raise ValueError(f"{name} must name at least one value, and none twice")
        return self


class WarningPlan(Strict):
    """How early warning is tried: who is at risk when, the model, its validation, its use."""

    landmarks: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (2, 3, 4), description="check-ins at which a warning is tried, the first decides the claim"
    )
    horizon: int = Field(
        3, ge=1, description="check-ins ahead that a warning looks, or to the planned end if nearer"
    )
    repair_window: int = Field(
        1, ge=1, description="check-ins within which a rupture must be repaired not to count"
    )
    folds: int = Field(5, ge=2, description="parts that advisors are split into for validation")
    repeats: int = Field(3, ge=1, description="how often they are split anew")
    seed: int = Field(20262, ge=0, description="seed of the splits")
    penalties: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (1.0, 10.0, 100.0, 1000.0),
        description="L2 penalties that the training parts choose from, ascending",
    )
    shrinkage: float = Field(
        0.90, gt=0.5, lt=1, description="expected shrinkage that engagements must suffice for"
    )
    anticipated_r2: float = Field(
        0.15, gt=0, lt=0.5, description="Nagelkerke's R2 anticipated of a model"
    )
    threshold: float = Field(
        0.20, gt=0, lt=1, description="probability from which acting on a warning is worth it"
    )
    thresholds: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50),
        description="probabilities on the decision curve",
    )
    false_alarms: float = Field(
        0.20, gt=0, lt=1, description="share of needless alarms that training parts set alarms by"
    )
    rule_fall: float = Field(
        1.0, gt=0, description="points below the rater's last rating at which the rule warns"
    )
    rule_cutoff: Share = Field(
        0.50, description="share of the scale's range under which the rule warns"
    )
    smallest_gain: float = Field(
        0.05, gt=0, lt=0.5, description="smallest distance of the AUC from .5 that is of interest"
    )
    calibration_bins: int = Field(5, ge=2, description="bins of the calibration curve, at most")

    @model_validator(mode="after")
    def _check(self) -> WarningPlan:
        for name in ("landmarks", "penalties", "thresholds"):
            values = getattr(self, name)
            if not values or list(values) != sorted(set(values)):
                raise ValueError(f"{name} must ascend and name each value once")
        if self.threshold not in self.thresholds:
            raise ValueError("the threshold must be among the thresholds of the decision curve")
        return self


class DisclosurePlan(Strict):
    """What may leave the interim folder: how many people each figure must rest on."""

    threshold: int = Field(
        10,
        ge=1,
        description="engagements below which a count, or a figure that rests on them, is not "
        "given; below 3 is refused unless the data are simulated",
    )
    fewest_advisors: int = Field(
        3, ge=1, description="advisors (or clusters) below which a figure is not given"
    )
    largest_share: float = Field(
        0.50,
        gt=0,
        le=1,
        description="largest share of a figure's engagements that may be one advisor's",
    )


class Plan(Strict):
    """The whole plan."""

    datasets: tuple[str, ...] = Field(description="mappings that `make run` analyses, in order")
    scoring: ScoringPlan = Field(description="how items become scores")
    comparison: ComparisonPlan = Field(description="how the raters are compared")
    ruptures: RupturePlan = Field(
        default_factory=RupturePlan, description="what counts as a rupture and as its repair"
    )
    multiverse: MultiversePlan = Field(
        MultiversePlan(), description="the reasonable choices, combined"
    )
    process: ProcessPlan = Field(
        default_factory=ProcessPlan, description="how the course of the relationship is told"
    )
    calibration: CalibrationPlan = Field(
        default_factory=CalibrationPlan,
        description="how the lines of evidence are held to a known truth",
    )
    warning: WarningPlan = Field(
        default_factory=WarningPlan, description="how early warning is tried"
    )
    disclosure: DisclosurePlan = Field(
        default_factory=DisclosurePlan, description="what may leave the interim folder"
    )

    @model_validator(mode="after")
    def _check(self) -> Plan:
        if self.warning.repair_window not in self.ruptures.windows:
            raise ValueError("warning.repair_window must be one of ruptures.windows")
        if len(set(self.datasets)) != len(self.datasets):
            raise ValueError("datasets names one dataset twice")
        if not self.datasets:
            raise ValueError("datasets must name at least one dataset")
        return self
