"""Ruptures and repair in each rater's scores: counts and rates beside what chance would show.

The rows' ``method`` names size and reference of the drop (``2s_previous``). Of a statistic X there
are up to three rows: ``X`` as observed, ``X_by_chance`` as surrogates without ruptures show it
(interval: where 95 % of sets lie), and ``X_excess``, the difference, whose interval holds the error
of the observed value, of the fitted noise, and of the simulation.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.contract.plan import RupturePlan
from analysis.evidence.rupture_details import detail_rows
from analysis.evidence.rupture_study import (
    FEWEST,
    TOO_FEW,
    Contrast,
    Slopes,
    Study,
    Threshold,
    contrast,
    interval_of,
    interval_of_share,
    prepare_study,
    slopes_of,
)
from analysis.models.intervals import Row, jackknife_interval, no_interval
from analysis.models.ruptures.chart import chart_individuals
from analysis.models.ruptures.episodes import KINDS, REFERENCES
from analysis.models.ruptures.events import place_events
from analysis.models.ruptures.statistics import (
    Courses,
    cumulative_repair,
    occurrence,
    rate_of_occurrence,
    repair_times,
    share_of_occurrence,
)
from analysis.models.ruptures.table import tabulate_episodes

RATERS = ("advisee", "advisor")
CONSERVATIVE = "a lower bound: ruptures themselves widen the noise that chance is judged by"


def describe_ruptures(
    alliance: pd.DataFrame,
    engagements: pd.DataFrame,
    events: pd.DataFrame | None,
    omega: Mapping[str, pd.Series],
    plan: RupturePlan,
    rng: np.random.Generator | None = None,
    *,
    cluster: str = "advisor_id",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Everything on ruptures and repair that may leave the pipeline, as tidy rows.

    Parameters
    ----------
    alliance : scores per ``engagement_id, rater, occasion``: ``total``, perhaps ``bond``, ``week``.
    engagements : the clean table; ``status``, ``ended_week`` and covariates where there are any.
    events : the clean table, or None.
    omega : rater to omega of the total by check-in (see ``omega_by_occasion``); a rater without
        items is not in it, and has no floor under the drops.
    rng : draws the surrogates; by default seeded with the plan's seed.

    Returns
    -------
    Rows of ``analysis`` ``rupture`` and ``repair``, ``rater, subscale, occasion, term, estimate,
    std_error, statistic, df, p_value, conf_low, conf_high, n_engagements, n_advisors, method,
    verdict, note``. A rater of whom nothing can be said has one row ``not_testable``. Figures on
    fewer than ten engagements are not given.
    """
    rng = np.random.default_rng(plan.seed) if rng is None else rng
    rows: list[Row] = []
    for rater, stream in zip(RATERS, rng.spawn(len(RATERS)), strict=True):
        study = prepare_study(
            alliance, engagements, rater, omega.get(rater), plan, stream, cluster, confidence
        )
        if study.refusal:
            verdict = {"estimate": np.nan, "verdict": "not_testable", "note": study.refusal}
            rows += [
                {"analysis": name, "rater": rater, "term": name, **verdict}
                for name in ("rupture", "repair")
            ]
            continue
        placed = None
        if events is not None and len(events):
            placed = place_events(events, alliance)
        own = [*_scale_rows(study), *_rule_rows(study)]
        headline = study.threshold(plan.size, plan.reference)
        own += detail_rows(study, headline, engagements, placed)
        rows += [{"rater": rater, "subscale": "total", "verdict": None, **row} for row in own]
    return as_estimates(_withheld(row) for row in rows)


def list_rupture_episodes(
    alliance: pd.DataFrame,
    engagements: pd.DataFrame,
    rater: str,
    omega: pd.Series | float | None,
    plan: RupturePlan,
    size: float | None = None,
    reference: str | None = None,
    cluster: str = "advisor_id",
) -> pd.DataFrame:
    """One row per episode of one rater, for use inside the pipeline; see ``tabulate_episodes``.

    ``rater``, ``size``, ``threshold`` and ``bound`` (scale or measurement_error) stand beside.
    Empty where nothing can be said.
    """
    rng = np.random.default_rng(plan.seed)
    study = prepare_study(alliance, engagements, rater, omega, plan, rng, cluster)
    if study.refusal:
        return pd.DataFrame(columns=["engagement_id", "rater", "onset"])
    threshold = study.threshold(size or plan.size, reference or plan.reference)
    frame = tabulate_episodes(study.observed(threshold), plan.windows)
    frame.insert(1, "rater", rater)
    return frame.assign(
        size=threshold.size, threshold=threshold.rule.threshold, bound=threshold.bound
    )


def omega_by_occasion(measurement: pd.DataFrame) -> dict[str, pd.Series]:
    """Rater to omega of the total at each check-in, from the table of ``describe_measurement``."""
    if "method" not in measurement:
        return {}
    own = measurement[
        (measurement["term"] == "reliability")
        & (measurement["method"] == "mcdonald_omega")
        & (measurement["subscale"] == "total")
        & measurement["estimate"].notna()
    ]
    return {
        rater: part.set_index(part["occasion"].astype(int))["estimate"]
        for rater, part in own.groupby("rater")
    }


def _withheld(row: Row) -> Row:
    """The row, or without its numbers where they rest on too few engagements."""
    n = row.get("n_engagements", np.nan)
    if not np.isfinite(n) or n >= FEWEST:
        return row
    numbers = ("estimate", "n_engagements", "n_advisors")
    return row | no_interval(TOO_FEW) | dict.fromkeys(numbers, np.nan)


def _scale_rows(study: Study) -> list[Row]:
    """What drops are measured on, and the noise that chance is judged by."""
    ratings, null = study.ratings, study.null
    counts = {"n_engagements": study.scale_n, "n_advisors": ratings.n_clusters}
    everyone = counts | {"n_engagements": len(ratings.engagement_ids)}
    no_floor = "" if np.isfinite(study.error) else "no items: no floor under the drops"
    few = "" if null.triples >= 30 else "too few neighbouring check-ins: taken as 0"
    chart = chart_individuals(ratings.total)
    charted = int(chart.sufficient.sum())
    rows = [
        ("scale", study.scale, counts, f"SD {study.scale_basis}"),
        ("error_of_measurement", study.error, everyone, no_floor),
        ("innovation_sd", null.innovation_sd, everyone, ""),
        ("autocorrelation", null.autocorrelation, everyone, few),
        ("trend", null.slope, everyone, "per check-in"),
        ("answers_after_end", float(ratings.after_end), everyone, "left out"),
        ("answers_out_of_order", float(ratings.out_of_order), everyone, "kept by their number"),
        (
            "chart_signal",
            float(chart.below[chart.sufficient].mean()) if charted else np.nan,
            counts | {"n_engagements": charted},
            "share of charts with a score below the lower limit" if charted else "insufficient",
        ),
        (
            "chart_insufficient",
            float((~chart.sufficient).mean()),
            everyone,
            "share of engagements with fewer than 8 check-ins answered",
        ),
    ]
    return [
        {"analysis": "rupture", "term": term, "estimate": value, **n, "note": note}
        for term, value, n, note in rows
    ]


def _rule_rows(study: Study) -> list[Row]:
    """Occurrence and repair under every size and reference."""
    plan = study.plan
    thresholds = [
        study.threshold(size, reference) for size in plan.sizes for reference in REFERENCES
    ]
    slopes = slopes_of(study, thresholds)
    rows: list[Row] = []
    parts = {"occurrence": occurrence, "repair": repair_times(max(plan.windows))}
    for one in thresholds:
        courses = study.observed(one)
        sums = study.sums(one, courses, parts)
        own = _occurrence_rows(study, one, sums["occurrence"], slopes[one.name])
        own += _repair_rows(study, one, courses, sums)
        rows += [row | {"method": one.name} for row in own]
    return rows


def _occurrence_rows(study: Study, threshold: Threshold, sums, slopes: Slopes) -> list[Row]:
    total = sums.observed.sum(axis=0)
    n = float(total[2])
    counts = {"n_engagements": n, "n_advisors": study.ratings.n_clusters}
    bound = {
        "scale": f"{threshold.size:g} SD within engagements bound",
        "measurement_error": "the error of measurement bound",
    }[threshold.bound]
    if not np.isfinite(study.error):
        bound += "; no items, so that no floor by error of measurement applies"
    rows: list[Row] = [
        {"term": "threshold", "estimate": threshold.rule.threshold, **counts, "note": bound}
    ]
    share = contrast(sums, share_of_occurrence, study.confidence)
    rate = contrast(sums, rate_of_occurrence, study.confidence)
    exact = interval_of_share(share.observed, total[0], n, share.replicates, study.confidence)
    rows.append({"term": "ruptured", "estimate": share.observed, **exact, **counts})
    rows.append(_chance_row("ruptured", share, counts))
    moved = share.expected_replicates + slopes.of(slopes.share)
    rows.append(_excess_row("ruptured", share, moved, study.confidence, counts))
    corrected = (share.observed - share.expected) / (1 - share.expected)
    replicates = (share.replicates - moved) / (1 - moved)
    error = share.monte_carlo / (1 - share.expected)
    interval = interval_of(corrected, replicates, study.confidence, error)
    note = "; ".join(filter(None, [interval["note"], "excess among those without a false alarm"]))
    rows.append(
        {"term": "ruptured_corrected", "estimate": corrected, **interval, **counts, "note": note}
    )
    interval = jackknife_interval(rate.observed, rate.replicates, study.confidence)
    rows.append({"term": "episodes", "estimate": rate.observed, **interval, **counts})
    rows.append(_chance_row("episodes", rate, counts))
    moved = rate.expected_replicates + slopes.of(slopes.rate)
    rows.append(_excess_row("episodes", rate, moved, study.confidence, counts))
    return [{"analysis": "rupture", **row} for row in rows]


def _chance_row(term: str, found: Contrast, counts: Row) -> Row:
    note = f"surrogates; Monte Carlo error {found.monte_carlo:.2g}"
    return {
        "term": f"{term}_by_chance",
        "estimate": found.expected,
        **no_interval(note),
        "std_error": found.monte_carlo,
        "conf_low": found.band[0],
        "conf_high": found.band[1],
        **counts,
    }


def _excess_row(
    term: str, found: Contrast, expected: np.ndarray, confidence: float, counts: Row
) -> Row:
    estimate = found.observed - found.expected
    interval = interval_of(estimate, found.replicates - expected, confidence, found.monte_carlo)
    note = "; ".join(filter(None, [interval["note"], CONSERVATIVE]))
    return {"term": f"{term}_excess", "estimate": estimate, **interval, **counts, "note": note}


def _repair_rows(study: Study, threshold: Threshold, courses: Courses, sums) -> list[Row]:
    """Repaired within each window, observed, by chance and among the excess; and of what kind."""
    windows = study.plan.windows
    frame = tabulate_episodes(courses, windows)
    counts = {
        "n_engagements": frame["engagement_id"].nunique(),
        "n_advisors": frame["cluster"].nunique(),
    }
    rows: list[Row] = []
    for window in windows:

        def within(totals: np.ndarray, window: int = window) -> np.ndarray:
            return cumulative_repair(totals)[..., window - 1]

        found = contrast(sums["repair"], within, study.confidence)
        interval = interval_of_share(
            found.observed,
            found.observed * len(frame),
            len(frame),
            found.replicates,
            study.confidence,
        )
        name = f"repaired_within_{window}"
        rows.append({"term": name, "estimate": found.observed, **interval, **counts})
        rows.append(_chance_row(name, found, counts))
        rows.append(_repaired_of_excess(name, found, sums, study, counts))
        kinds = frame[f"kind_within_{window}"]
        rows += [
            {
                "term": f"{kind}_within_{window}",
                "estimate": float((kinds == kind).mean()) if len(kinds) else np.nan,
                **counts,
                "note": "share of episodes",
            }
            for kind in KINDS
        ]
    return [{"analysis": "repair", **row} for row in rows]


def _repaired_of_excess(name: str, repaired: Contrast, sums, study: Study, counts: Row) -> Row:
    """Share repaired among the episodes beyond chance: (E p - E0 p0) / (E - E0), E episodes per
    engagement, p the share repaired, 0 by chance. Not given unless E - E0 lies clearly above 0."""
    rate = contrast(sums["occurrence"], rate_of_occurrence, study.confidence)
    excess = rate.observed - rate.expected
    replicates = rate.replicates - rate.expected_replicates
    sure = interval_of(excess, replicates, study.confidence, rate.monte_carlo)
    term = f"{name}_excess"
    if not sure["conf_low"] > 0:
        note = "no clear excess of episodes that could be repaired"
        return {"term": term, "estimate": np.nan, **no_interval(note), **counts}
    estimate = (rate.observed * repaired.observed - rate.expected * repaired.expected) / excess
    without = (
        rate.replicates * repaired.replicates
        - rate.expected_replicates * repaired.expected_replicates
    ) / replicates
    interval = interval_of(estimate, without, study.confidence)
    return {"term": term, "estimate": estimate, **interval, **counts}
