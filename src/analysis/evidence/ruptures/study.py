"""One rater's courses made ready: scale, thresholds, surrogates, and rows made from sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import beta

from analysis.contract.plan import RupturePlan
from analysis.models.cluster_sums import leave_one_out
from analysis.models.intervals import Row, jackknife_interval, no_interval
from analysis.models.ruptures.episodes import Rule
from analysis.models.ruptures.ratings import (
    LEAST_CHANGE,
    Ratings,
    error_of_measurement,
    lay_out_ratings,
    scale_of_drops,
)
from analysis.models.ruptures.statistics import (
    Courses,
    Parts,
    Sums,
    follow,
    occurrence,
    rate_of_occurrence,
    share_of_occurrence,
    sum_observed,
    sum_surrogates,
)
from analysis.models.ruptures.surrogates import (
    Companion,
    Null,
    difference_statistics,
    draw_surrogates,
    fit_companion,
    fit_null,
)

#: Figures that rest on fewer engagements are not given.
FEWEST = 10
TOO_FEW = f"fewer than {FEWEST} engagements: not given"
#: Steps in the logarithm of the noise's scale and in its neighbourhood, for the slopes of shares.
STEP = 0.05
#: Courses that the slopes rest on.
SLOPE_COURSES = 20_000

Combine = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Threshold:
    """A rule, the size it stands for, and whether the scale or the error of measurement bound."""

    size: float
    rule: Rule
    bound: str

    @property
    def name(self) -> str:
        """Size and reference, as the rows' ``method`` names them."""
        return f"{self.size:g}s_{self.rule.reference}"


@dataclass(frozen=True)
class Study:
    """One rater's courses with all that the rows are made from.

    ``refusal`` says why nothing can be said; then only ``ratings`` is there.
    """

    rater: str
    ratings: Ratings
    plan: RupturePlan
    confidence: float
    seed: int = 0
    scale: float = np.nan
    scale_basis: str = ""
    scale_n: int = 0
    error: float = np.nan
    null: Null | None = None
    companions: dict[str, Companion] | None = None
    refusal: str = ""

    def threshold(self, size: float, reference: str) -> Threshold:
        """The least fall of a size: the scale's or, if larger, that beyond error of measurement."""
        by_scale = size * self.scale
        by_error = LEAST_CHANGE * self.error if np.isfinite(self.error) else 0.0
        bound = "measurement_error" if by_error > by_scale else "scale"
        rule = Rule(
            max(by_scale, by_error),
            reference,
            self.plan.band * self.scale,
            max(self.plan.windows),
        )
        return Threshold(size, rule, bound)

    def observed(self, threshold: Threshold) -> Courses:
        """The observed courses, followed under a rule."""
        scores = {name: grid[None] for name, grid in self.ratings.scores.items()}
        return follow(self.ratings, scores, threshold.rule)

    def sums(
        self, threshold: Threshold, courses: Courses, parts: dict[str, Parts]
    ) -> dict[str, Sums]:
        """Observed and surrogate sums of each statistic."""
        blocks = draw_surrogates(
            self.null, self.ratings, self.plan.surrogates, self.seed, self.companions or {}
        )
        surrogate = sum_surrogates(self.ratings, blocks, threshold.rule, parts)
        return {
            name: Sums(sum_observed(courses, make), *surrogate[name])
            for name, make in parts.items()
        }


def prepare_study(
    alliance: pd.DataFrame,
    engagements: pd.DataFrame,
    rater: str,
    omega: pd.Series | float | None,
    plan: RupturePlan,
    rng: np.random.Generator,
    cluster: str = "advisor_id",
    confidence: float = 0.95,
    traits: pd.Series | None = None,
) -> Study:
    """One rater's courses laid out, with scale and surrogates; or why there can be none.

    ``traits`` is from ``traits_of``: it keeps identifiers' names out of the order of engagements.
    """
    subscales = ("total", "bond") if "bond" in alliance else ("total",)
    ratings = lay_out_ratings(alliance, engagements, rater, cluster, subscales, traits)
    seed = int(rng.integers(0, 2**63))
    bare = Study(rater, ratings, plan, confidence, seed)
    if not len(ratings.engagement_ids):
        return replace(bare, refusal=f"no rating by the {rater}")
    comparable = int(ratings.comparable.sum())
    if comparable < FEWEST:
        return replace(
            bare,
            refusal=f"fewer than {FEWEST} engagements with two check-ins that the {rater} answered",
        )
    scale, n, basis = scale_of_drops(ratings)
    if not scale > 0:
        why = "never vary within an engagement" if scale == 0 else "are too few to scale drops by"
        return replace(bare, refusal=f"the {rater}'s ratings {why}")
    null = fit_null(ratings, rng)
    if null is None:
        return replace(bare, refusal=f"the {rater} answered no neighbouring check-ins that differ")
    companions = {}
    for name in subscales[1:]:
        companion = fit_companion(null, ratings, name, rng)
        if companion is not None:
            companions[name] = companion
    return replace(
        bare,
        scale=scale,
        scale_basis=basis,
        scale_n=n,
        error=error_of_measurement(ratings, omega),
        null=null,
        companions=companions,
    )


def traits_of(engagements: pd.DataFrame, events: pd.DataFrame | None) -> pd.Series:
    """What is known of each engagement besides ratings, as one text by engagement: its facts and
    events, without identifiers."""
    known = engagements.set_index("engagement_id")
    known = known[sorted(name for name in known if not name.endswith("_id"))]
    text = pd.Series("", index=known.index)
    for name in known:
        text = text + "|" + known[name].astype(str)
    if events is None or not len(events):
        return text
    own = events.assign(said=events["occasion"].astype(str) + events["event"])
    said = own.sort_values("said").groupby("engagement_id")["said"].agg(" ".join)
    return text + "|" + said.reindex(text.index).fillna("")


@dataclass(frozen=True)
class Contrast:
    """A statistic of the observed courses, of surrogates, and their difference, with replicates."""

    observed: float
    expected: float
    band: tuple[float, float]
    monte_carlo: float
    replicates: np.ndarray
    expected_replicates: np.ndarray


def contrast(sums: Sums, combine: Combine, confidence: float = 0.95) -> Contrast:
    """A statistic (a function of sums that gives one number) observed and in surrogates."""
    per_set = combine(sums.by_set)
    known = per_set[~np.isnan(per_set)]
    average = float(known.mean()) if len(known) else np.nan
    error = float(known.std(ddof=1) / np.sqrt(len(known))) if len(known) > 1 else np.nan
    tail = (1 - confidence) / 2
    band = tuple(np.quantile(known, [tail, 1 - tail])) if len(known) else (np.nan, np.nan)
    total = float(combine(sums.expected.sum(axis=0)))
    # The mean over sets, moved as the average set moves when a cluster is left out.
    moved = average + combine(leave_one_out(sums.expected)) - total
    return Contrast(
        float(combine(sums.observed.sum(axis=0))),
        average,
        (float(band[0]), float(band[1])),
        error,
        combine(leave_one_out(sums.observed)),
        moved,
    )


def interval_of(
    estimate: float, replicates: np.ndarray, confidence: float, monte_carlo: float = 0.0
) -> Row:
    """Cluster-jackknife t interval whose standard error also holds the surrogates' own."""
    row = jackknife_interval(estimate, replicates, confidence)
    error = row["std_error"]
    if not np.isfinite(error) or not monte_carlo > 0:
        return row
    widened = float(np.hypot(error, monte_carlo))
    ratio = widened / error
    return row | {
        "std_error": widened,
        **_test(estimate / widened, row["df"]),
        "conf_low": estimate - ratio * (estimate - row["conf_low"]),
        "conf_high": estimate + ratio * (row["conf_high"] - estimate),
    }


def _test(statistic: float, df: float) -> Row:
    from scipy.special import stdtr

    return {"statistic": statistic, "p_value": float(2 * stdtr(df, -abs(statistic)))}


def interval_of_share(
    share: float, count: float, n: float, replicates: np.ndarray, confidence: float
) -> Row:
    """Cluster-jackknife interval of a share held within 0 and 1; Clopper and Pearson's where the
    share is 0 or 1 or there is one cluster, which takes engagements as independent and says so."""
    if 0 < share < 1:
        row = jackknife_interval(share, replicates, confidence)
        if np.isfinite(row["std_error"]):
            return row | {
                "statistic": np.nan,
                "p_value": np.nan,
                "conf_low": max(0.0, row["conf_low"]),
                "conf_high": min(1.0, row["conf_high"]),
            }
    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, count, n - count + 1)) if count > 0 else 0.0
    high = float(beta.ppf(1 - tail, count + 1, n - count)) if count < n else 1.0
    row = no_interval("exact interval, which takes engagements as independent")
    return row | {"conf_low": low, "conf_high": high}


@dataclass(frozen=True)
class Slopes:
    """How the surrogates' share and rate move with the noise, and each cluster's part in it."""

    share: np.ndarray
    rate: np.ndarray
    shifts: np.ndarray

    def of(self, slope: np.ndarray) -> np.ndarray:
        """By how much the expected value moves without each cluster, (G,)."""
        return self.shifts @ slope


def slopes_of(study: Study, thresholds: list[Threshold]) -> dict[str, Slopes]:
    """Slopes of the false-alarm share and rate in the two statistics that the noise is fitted by.

    Central differences on the same noise, so that the surrogates' own randomness cancels; the
    clusters' parts are one Newton step of the estimating equations without each of them. This
    carries the error of the fitted noise into the interval of the excess.
    """
    ratings, null = study.ratings, study.null
    statistics = difference_statistics(ratings.total, ratings.occasions)
    shifts = _shifts(ratings, statistics)
    copies = max(4, round(SLOPE_COURSES / len(ratings.engagement_ids)))
    moved = [_move(null, STEP * a, STEP * b) for a, b in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    found: dict[str, list[tuple[float, float]]] = {one.name: [] for one in thresholds}
    for other in moved:
        for block in draw_surrogates(other, ratings, copies, study.seed):
            for one in thresholds:
                courses = follow(ratings, block, one.rule)
                totals = np.stack([values.sum(dtype=float) for values in occurrence(courses)])
                values = (share_of_occurrence(totals), rate_of_occurrence(totals))
                found[one.name].append((float(values[0]), float(values[1])))
    per_move = {
        name: np.array(values).reshape(4, -1, 2).mean(axis=1) for name, values in found.items()
    }
    slopes = {}
    for name, values in per_move.items():
        change = (values[0::2] - values[1::2]) / (2 * STEP)
        slopes[name] = Slopes(change[:, 0], change[:, 1], shifts)
    return slopes


def _move(null: Null, scale: float, neighbourhood: float) -> Null:
    """The noise with the log scale of its differences, or their neighbourhood, moved."""
    phi = float(np.clip(null.autocorrelation + 2 * neighbourhood, -0.95, 0.95))
    ratio = (1 - null.autocorrelation) / (1 - phi)
    deviation = null.deviation * float(np.exp(scale) * np.sqrt(ratio))
    return replace(null, deviation=deviation, autocorrelation=phi)


def _shifts(ratings: Ratings, statistics) -> np.ndarray:
    """(G, 2): how the log scale and the neighbourhood move without each cluster."""
    sums = []
    for parts in (statistics.scale_parts, statistics.neighbour_parts):
        columns = [np.bincount(ratings.codes, column, ratings.n_clusters) for column in parts.T]
        sums.append(leave_one_out(np.stack(columns, axis=1)))
    scale = sums[0][:, 0] / np.where(sums[0][:, 1] > 0, sums[0][:, 1], np.nan)
    known = sums[1][:, 1] > 0
    ratio = sums[1][:, 0] / np.where(known, sums[1][:, 1], 1.0)
    near = np.where(known, ratio - statistics.neighbourhood, 0.0)
    return np.nan_to_num(np.stack([scale, near], axis=1))
