"""Early warning: do ratings and events so far tell who will end early, before it happens?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.contract.plan import ComparisonPlan, WarningPlan
from analysis.evidence.warning_rows import Sample, describe_sample, make_sample, refuse_sample
from analysis.evidence.warning_verdict import decide_warning
from analysis.models.intervals import Row, no_interval
from analysis.models.warning.features import apply_rule, build_features, known_by
from analysis.models.warning.landmarks import (
    ENDED_EARLY,
    ending_target,
    find_at_risk,
    keep_until_end,
    place_events,
    trace_courses,
)

RUPTURE = "unrepaired_rupture"
_IN_WORDS = {ENDED_EARLY: "ended early", RUPTURE: "has an unrepaired rupture"}


@dataclass(frozen=True)
class _Records:
    """One dataset's courses, ratings until the end, and events placed at check-ins."""

    courses: pd.DataFrame
    ratings: pd.DataFrame
    events: pd.DataFrame
    rated_late: int


def describe_warning(
    engagements: pd.DataFrame,
    alliance: pd.DataFrame,
    events: pd.DataFrame,
    ranges: Mapping[str, tuple[float, float]],
    cluster: str,
    plan: WarningPlan,
    comparison: ComparisonPlan,
    rng: np.random.Generator,
    targets: Mapping[str, pd.DataFrame] | None = None,
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
    targets : further outcomes by name, such as ``unrepaired_rupture``: frames with
        ``engagement_id, landmark, target`` (0, 1, or NaN where unknown) and, if known, ``lead``
        (check-ins held between landmark and outcome) and ``weight`` (of censoring). None: reported
        as not testable.

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
    wanted: dict[str, pd.DataFrame | None] = {ENDED_EARLY: None, RUPTURE: None}
    wanted |= dict(targets or {})
    seeds = rng.integers(0, 2**63, size=(len(wanted), len(plan.landmarks)))
    reason = _refuse_tables(engagements, alliance)
    records = None if reason else _collect(engagements, alliance, events, cluster)
    rows: list[Row] = []
    for (outcome, given), own_seeds in zip(wanted.items(), seeds, strict=True):
        for landmark, seed in zip(plan.landmarks, own_seeds, strict=True):
            place = {"outcome": outcome, "occasion": landmark}
            primary = outcome == ENDED_EARLY and landmark == plan.landmarks[0]
            why = reason
            if not why and outcome != ENDED_EARLY and given is None:
                why = f"no {outcome.replace('_', ' ')} was traced in these data"
            if why:
                told = [_not_testable(why, primary)]
            else:
                draw = np.random.default_rng(int(seed))
                told = _landmark(
                    records, outcome, given, landmark, ranges, plan, comparison, primary, draw
                )
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


def _landmark(
    records: _Records,
    outcome: str,
    given: pd.DataFrame | None,
    landmark: int,
    ranges: Mapping[str, tuple[float, float]],
    plan: WarningPlan,
    comparison: ComparisonPlan,
    primary: bool,
    rng: np.random.Generator,
) -> list[Row]:
    """The rows of one outcome at one landmark."""
    at_risk = find_at_risk(records.courses, records.ratings, landmark)
    if not len(at_risk):
        why = f"no engagement rated at check-in {landmark} has a check-in planned after it"
        return [_not_testable(why, primary)]
    ratings, events = known_by(records.ratings, landmark), known_by(records.events, landmark)
    features = build_features(at_risk, ratings, events, landmark)
    rule = apply_rule(at_risk, ratings, landmark, ranges, plan.rule_fall, plan.rule_cutoff)
    if given is None:
        target = ending_target(records.courses, at_risk, landmark, plan.horizon)
    else:
        target = _align(given, at_risk, landmark)
    sample = make_sample(features, target, rule, records.courses.loc[at_risk, "cluster"])
    counted = _base_rate(records, sample, target, outcome, landmark, plan)
    what = _IN_WORDS.get(outcome, f"has {outcome.replace('_', ' ')}")
    why = refuse_sample(sample, what, plan)
    if why:
        return [*counted, _not_testable(why, primary)]
    rows = [*counted, *describe_sample(sample, plan, comparison.confidence, rng)]
    return [*rows, *decide_warning(rows, plan, comparison, primary)]


def _align(given: pd.DataFrame, at_risk: pd.Index, landmark: int) -> pd.DataFrame:
    """A further outcome's rows for those at risk; whoever has none is unknown."""
    own = given[given["landmark"] == landmark]
    if own["engagement_id"].duplicated().any():
        raise ValueError("targets hold an engagement twice at one landmark")
    own = own.set_index("engagement_id").reindex(at_risk)
    weight = own["weight"] if "weight" in own else pd.Series(1.0, index=own.index)
    lead = own["lead"] if "lead" in own else pd.Series(np.nan, index=own.index)
    known = own["target"].notna()
    return pd.DataFrame(
        {"target": own["target"], "lead": lead, "weight": weight.where(known, 0.0)}
    ).reset_index(drop=True)


def _base_rate(
    records: _Records,
    sample: Sample,
    target: pd.DataFrame,
    outcome: str,
    landmark: int,
    plan: WarningPlan,
) -> list[Row]:
    """How many are at risk, and who was left out; small counts are not given."""
    unknown = int(target["target"].isna().sum())
    due = records.courses[(records.courses["planned"] > landmark)]
    unrated = int((due["last"] >= landmark).sum()) - len(target)
    parts = [
        f"at risk: rated at check-in {landmark}, with a check-in planned after it; horizon: the "
        f"next {plan.horizon} check-ins or the planned end",
        _count(
            unknown,
            "ongoing or of unknown fate before their horizon; others followed as far "
            "weigh for those who are ongoing",
        )
        if outcome == ENDED_EARLY
        else _count(unknown, "of unknown outcome left out"),
        _count(unrated, "without a rating at this check-in left out"),
        _count(records.rated_late, "with ratings from after the end, which were set aside"),
    ]
    few = min(sample.events, sample.n - sample.events)
    shown = sample.n >= 10 and (few == 0 or few >= 10)
    if not shown:
        parts.insert(0, "not given: fewer than 10 engagements on one side")
    return [
        {
            "term": "base_rate",
            "estimate": sample.share if shown else np.nan,
            **no_interval("; ".join(filter(None, parts))),
            "n_engagements": sample.n if sample.n >= 10 else np.nan,
            "n_advisors": sample.n_clusters if sample.n >= 10 else np.nan,
        }
    ]


def _count(n: int, what: str) -> str:
    if n <= 0:
        return ""
    return f"{n if n >= 10 else 'fewer than 10'} {what}"


def _not_testable(reason: str, primary: bool) -> Row:
    return {
        "term": "auc_above_chance",
        "method": "jackknife",
        "estimate": np.nan,
        **no_interval(reason),
        "primary": primary,
        "verdict": "not_testable",
    }
