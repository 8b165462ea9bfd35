"""Early warning: do ratings and events so far tell who will end early, before it happens?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.contract.plan import ComparisonPlan, WarningPlan
from analysis.evidence.warning.rows import (
    FEWEST,
    Sample,
    describe_sample,
    make_sample,
    refuse_sample,
)
from analysis.evidence.warning.verdict import decide_warning
from analysis.models.intervals import Row, no_interval
from analysis.models.warning.features import apply_rule, build_features, known_by
from analysis.models.warning.landmarks import (
    ENDED_EARLY,
    ending_target,
    find_at_risk,
    keep_until_end,
    place_events,
    rupture_target,
    trace_courses,
)

RUPTURE = "unrepaired_rupture"
#: What is warned of, and what those with the outcome did.
OUTCOMES = {ENDED_EARLY: "ended early", RUPTURE: "had an unrepaired rupture"}


@dataclass(frozen=True)
class _Records:
    """One dataset's courses, ratings until the end, and events placed at check-ins."""

    courses: pd.DataFrame
    ratings: pd.DataFrame
    events: pd.DataFrame
    rated_late: int


@dataclass(frozen=True)
class _Landmark:
    """What is asked at one landmark, of one outcome."""

    outcome: str
    landmark: int
    primary: bool
    ranges: Mapping[str, tuple[float, float]]
    plan: WarningPlan
    comparison: ComparisonPlan
    episodes: pd.DataFrame | None


def describe_warning(
    engagements: pd.DataFrame,
    alliance: pd.DataFrame,
    events: pd.DataFrame,
    ranges: Mapping[str, tuple[float, float]],
    cluster: str,
    plan: WarningPlan,
    comparison: ComparisonPlan,
    rng: np.random.Generator,
    episodes: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Landmark models at each check-in of the plan, validated on advisors they have not seen.

    Parameters
    ----------
    engagements, events : clean tables; ``status`` may be absent, and there may be no events.
    alliance : scores per engagement, rater and occasion (``total``, ``week`` if known).
    ranges : rater to the lowest and highest answer of the instrument.
    cluster : column of advisors, or of the highest nesting level; its members are held out whole.
    plan : landmarks, horizon, validation, the rule, thresholds.
    comparison : levels of confidence and the fewest advisors for a verdict.
    rng : draws the folds.
    episodes : ruptures traced in any rater's scores, for the outcome ``unrepaired_rupture``:
        ``engagement_id, onset, repaired_occasion, kind_within_<plan.repair_window>`` (see
        ``analysis.models.warning.landmarks.rupture_target``). None: that outcome is not testable.

    Returns
    -------
    DataFrame
        rows in the vocabulary, ``analysis`` being ``warning``, ``outcome`` the target,
        ``occasion`` the landmark. ``method`` says whose figure it is: ``model``, ``rule`` (the
        practitioners'), ``treat_all``, ``levels``, ``levels_and_gap`` or ``gap_over_levels``.
        ``term`` is one of

        - ``base_rate``: share with the outcome, with who was left out in the note
        - ``predictors``, ``engagements_needed``, ``coefficient <predictor>``: the model
        - ``auc``, ``brier``, ``brier_skill`` (against the training parts' share),
          ``calibration_slope``, ``calibration_intercept``
        - ``calibration_curve``: share with the outcome in a bin; ``statistic`` is the mean
          prediction there
        - ``net_benefit``: ``statistic`` is the threshold; ``net_benefit_over_<other>`` at the
          plan's threshold
        - ``alarms``, ``sensitivity``, ``specificity``, ``lead_time`` of alarms
        - ``auc_gained``, ``brier_gained``: of the gap over levels (positive: better)
        - ``auc_above_chance``: AUC - .5 with the verdict; its second row has the equivalence
          interval. The row of ``ended_early`` at the first landmark is ``primary``.

        What cannot be had is a row with ``not_testable`` and the reason.
    """
    seeds = rng.integers(0, 2**63, size=(len(OUTCOMES), len(plan.landmarks)))
    reason = _refuse_tables(engagements, alliance)
    records = None if reason else _collect(engagements, alliance, events, cluster)
    rows: list[Row] = []
    for outcome, own_seeds in zip(OUTCOMES, seeds, strict=True):
        why = reason
        if not why and outcome == RUPTURE and episodes is None:
            why = "no ruptures were traced in these data"
        for landmark, seed in zip(plan.landmarks, own_seeds, strict=True):
            primary = outcome == ENDED_EARLY and landmark == plan.landmarks[0]
            if why:
                told = [_not_testable(why, primary)]
            else:
                study = _Landmark(outcome, landmark, primary, ranges, plan, comparison, episodes)
                told = _describe_landmark(records, study, np.random.default_rng(int(seed)))
            place = {"outcome": outcome, "occasion": landmark}
            rows += [{"analysis": "warning", **place, **row} for row in told]
    return as_estimates(rows)


def _refuse_tables(engagements: pd.DataFrame, alliance: pd.DataFrame) -> str:
    if "status" not in engagements or engagements["status"].isna().all():
        return "the column status is missing: it is not known who ended early"
    if alliance["total"].notna().sum() == 0:
        return "there are no ratings of the alliance"
    return ""


def _collect(
    engagements: pd.DataFrame, alliance: pd.DataFrame, events: pd.DataFrame, cluster: str
) -> _Records:
    columns = [name for name in ("week",) if name in alliance]
    rated = alliance.loc[
        alliance["total"].notna(), ["engagement_id", "rater", "occasion", "total", *columns]
    ]
    placed = place_events(events, rated)
    ratings, late = keep_until_end(rated, engagements, placed)
    courses = trace_courses(engagements, ratings, placed, cluster)
    return _Records(courses, ratings, placed, late)


def _describe_landmark(records: _Records, study: _Landmark, rng: np.random.Generator) -> list[Row]:
    """The rows of one outcome at one landmark."""
    landmark, plan = study.landmark, study.plan
    at_risk = find_at_risk(records.courses, records.ratings, landmark)
    if not len(at_risk):
        why = f"no engagement rated at check-in {landmark} has a check-in planned after it"
        return [_not_testable(why, study.primary)]
    ratings, events = known_by(records.ratings, landmark), known_by(records.events, landmark)
    features = build_features(at_risk, ratings, events, landmark)
    rule = apply_rule(at_risk, ratings, landmark, study.ranges, plan.rule_fall, plan.rule_cutoff)
    followed = (records.courses, at_risk, landmark, plan.horizon)
    if study.outcome == ENDED_EARLY:
        target = ending_target(*followed)
    else:
        target = rupture_target(study.episodes, *followed, plan.repair_window)
    sample = make_sample(features, target, rule, records.courses.loc[at_risk, "cluster"])
    counted = _base_rate(records, study, sample, len(at_risk))
    why = refuse_sample(sample, OUTCOMES[study.outcome], plan)
    if why:
        return [counted, _not_testable(why, study.primary)]
    rows = [counted, *describe_sample(sample, plan, study.comparison.confidence, rng)]
    return [*rows, *decide_warning(rows, plan, study.comparison, study.primary)]


def _base_rate(records: _Records, study: _Landmark, sample: Sample, at_risk: int) -> Row:
    """How many are at risk, and who was left out; small counts are not given."""
    landmark, plan = study.landmark, study.plan
    courses = records.courses
    due = (courses["planned"] > landmark) & (courses["last"] >= landmark)
    unknown = {
        ENDED_EARLY: "ongoing short of their horizon, for whom those followed as far stand",
        RUPTURE: "in a rupture already, or not followed long enough, left out",
    }[study.outcome]
    until = {
        ENDED_EARLY: "the planned end",
        RUPTURE: "when a repair can still be followed",
    }[study.outcome]
    counts = {
        unknown: at_risk - sample.n,
        "not rated at this check-in, left out": int(due.sum()) - at_risk,
        "with ratings from after the end, which were set aside": records.rated_late,
    }
    told = [
        f"rated at check-in {landmark}, with a check-in planned after it; horizon: the next "
        f"{plan.horizon} check-ins, or those to {until}",
        *(f"{n} engagements {what}" for what, n in counts.items() if n > 0),
    ]
    sides = (sample.events, sample.n - sample.events)
    shown = sample.n >= FEWEST and not any(0 < side < FEWEST for side in sides)
    if not shown:
        told.insert(0, f"not given: fewer than {FEWEST} with the outcome or without it")
    row = {"term": "base_rate", "estimate": sample.share if shown else np.nan}
    row |= no_interval("; ".join(told))
    if sample.n >= FEWEST:
        row |= {"n_engagements": sample.n, "n_advisors": sample.n_clusters}
    return row


def _not_testable(reason: str, primary: bool) -> Row:
    return {
        "term": "auc_above_chance",
        "method": "jackknife",
        "estimate": np.nan,
        **no_interval(reason),
        "primary": primary,
        "verdict": "not_testable",
    }
