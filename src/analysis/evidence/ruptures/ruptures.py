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
from analysis.evidence.ruptures.details import detail_rows
from analysis.evidence.ruptures.occurrence import rule_rows
from analysis.evidence.ruptures.study import (
    FEWEST,
    TOO_FEW,
    Study,
    Threshold,
    prepare_study,
    traits_of,
)
from analysis.models.intervals import Row, no_interval
from analysis.models.ruptures.chart import chart_individuals
from analysis.models.ruptures.events import flag_events, place_events, type_flags, type_of
from analysis.models.ruptures.hazard import person_periods
from analysis.models.ruptures.table import tabulate_episodes

RATERS = ("advisee", "advisor")


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
    placed = place_events(events, alliance) if events is not None and len(events) else None
    traits = traits_of(engagements, placed)
    rows: list[Row] = []
    for rater, stream in zip(RATERS, rng.spawn(len(RATERS)), strict=True):
        study = prepare_study(
            alliance,
            engagements,
            rater,
            omega.get(rater),
            plan,
            stream,
            cluster,
            confidence,
            traits,
        )
        if study.refusal:
            verdict = {"estimate": np.nan, "verdict": "not_testable", "note": study.refusal}
            rows += [
                {"analysis": name, "rater": rater, "term": name, **verdict}
                for name in ("rupture", "repair")
            ]
            continue
        own = [*_scale_rows(study), *rule_rows(study)]
        headline = study.threshold(plan.size, plan.reference)
        own += detail_rows(study, headline, engagements, placed)
        rows += [{"rater": rater, "subscale": "total", "verdict": None, **row} for row in own]
    return as_estimates(_withheld(row) for row in rows)


def list_rupture_episodes(
    alliance: pd.DataFrame,
    engagements: pd.DataFrame,
    events: pd.DataFrame | None,
    rater: str,
    omega: pd.Series | float | None,
    plan: RupturePlan,
    size: float | None = None,
    reference: str | None = None,
    cluster: str = "advisor_id",
) -> pd.DataFrame:
    """One row per episode of one rater, for use inside the pipeline; see ``tabulate_episodes``.

    ``rater``, ``size``, ``threshold``, ``bound`` (scale or measurement_error) and, given events,
    ``type`` stand beside. Size and reference are the plan's own unless given. Empty where nothing
    can be said.
    """
    study, threshold = _followed(
        alliance, engagements, rater, omega, plan, size, reference, cluster
    )
    if threshold is None:
        return pd.DataFrame(columns=["engagement_id", "rater", "onset"])
    courses, types = study.observed(threshold), None
    if events is not None and len(events):
        types = type_of(courses.episodes, type_flags(study.ratings, place_events(events, alliance)))
    frame = tabulate_episodes(courses, plan.windows, types)
    frame.insert(1, "rater", rater)
    return frame.assign(
        size=threshold.size, threshold=threshold.rule.threshold, bound=threshold.bound
    )


def repair_person_periods(
    alliance: pd.DataFrame,
    engagements: pd.DataFrame,
    events: pd.DataFrame,
    rater: str,
    omega: pd.Series | float | None,
    plan: RupturePlan,
    cluster: str = "advisor_id",
) -> pd.DataFrame:
    """One row per episode and check-in at risk of repair, a 0/1 column per act of the plan.

    For use inside the pipeline; see ``person_periods``, and ``fit_hazard`` for the model. Empty
    where nothing can be said.
    """
    study, threshold = _followed(alliance, engagements, rater, omega, plan, None, None, cluster)
    if threshold is None:
        return pd.DataFrame(columns=["engagement_id", "onset", "occasion", "repaired", "ended"])
    placed = place_events(events, alliance)
    flags = {name: flag_events(study.ratings, placed, [name]) for name in plan.acts}
    episodes = study.observed(threshold).episodes
    return person_periods(study.ratings, episodes, flags, max(plan.windows))


def _followed(
    alliance: pd.DataFrame,
    engagements: pd.DataFrame,
    rater: str,
    omega: pd.Series | float | None,
    plan: RupturePlan,
    size: float | None,
    reference: str | None,
    cluster: str,
) -> tuple[Study, Threshold | None]:
    """One rater's courses and the rule they are followed under; no rule where there can be none."""
    rng = np.random.default_rng(plan.seed)
    study = prepare_study(alliance, engagements, rater, omega, plan, rng, cluster)
    if study.refusal:
        return study, None
    return study, study.threshold(size or plan.size, reference or plan.reference)


def omega_by_occasion(measurement: pd.DataFrame) -> dict[str, pd.Series]:
    """Rater to omega of the total at each check-in, from the table of ``describe_measurement``."""
    if not {"method", "subscale"} <= set(measurement.columns):
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
