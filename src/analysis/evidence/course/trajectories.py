"""How the ratings grow over check-ins, and what one check-in goes with at the next."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates, in_order
from analysis.contract.instruments import Instrument
from analysis.contract.plan import ProcessPlan
from analysis.measure.window import PAIR, shared_subscales
from analysis.models.growth import early_late_slopes, occasion_means
from analysis.models.lagged import lagged_effect
from analysis.models.lagged_event import lagged_event
from analysis.models.multilevel import fit_two_level, ols_cr2

KEYS = ("engagement_id", "occasion", "cluster")
#: Lags within one rater's ratings: what is held to come first, and what later.
LAGS = (("goal", "total"), ("bond", "task"))
DISREGARDS = "takes engagements of one advisor as independent"
RESISTANCE = "resistance"


def describe_growth(
    scores: pd.DataFrame,
    engagements: pd.DataFrame,
    instruments: Mapping[str, Instrument],
    cluster: str,
    plan: ProcessPlan,
    confidence: float,
) -> pd.DataFrame:
    """Means per check-in, growth and early against late change, by rater and subscale.

    Parameters as ``describe_gap``.

    Returns
    -------
    DataFrame
        rows in the vocabulary, each with ``rater`` and ``subscale``:

        - ``analysis`` "trajectory": ``mean`` per ``occasion`` (``models.growth.occasion_means``)
        - "growth": the two-level model of the rating on the number of check-ins since the first, a
          random intercept and slope for each engagement (``intercept``, ``time``, ``var_residual``,
          ``var_intercept``, ``cov_intercept_time``, ``var_time``; method ``reml``), in units of
          the scale per check-in; and ``time``, method ``cr2``: the slope within engagements with
          errors that allow for advisors
        - "pace": ``bond`` and ``task`` early against late (``models.growth.early_late_slopes``)
    """
    rated = _with_clusters(scores, engagements, cluster)
    frames = []
    for rater in (one for one in PAIR if one in instruments):
        own = rated[rated["rater"] == rater]
        if own["total"].notna().sum() < plan.smallest_cell:
            reason = f"the {rater} rated fewer than {plan.smallest_cell} check-ins"
            row = {"analysis": "growth", "rater": rater, "term": "time", "estimate": np.nan}
            frames.append(as_estimates([row | {"verdict": "not_testable", "note": reason}]))
            continue
        for subscale in _subscales(instruments[rater]):
            means = occasion_means(
                own, subscale, "occasion", "cluster", plan.smallest_cell, confidence
            )
            growth = _growth(own, subscale, plan, confidence)
            for name, rows in (("trajectory", means), ("growth", growth)):
                frames.append(rows.assign(analysis=name, rater=rater, subscale=subscale))
        if {"bond", "task"} <= set(own.columns):
            pace = early_late_slopes(
                own, ["bond", "task"], "engagement_id", "occasion", "cluster", confidence
            )
            frames.append(pace.assign(analysis="pace", rater=rater))
    return in_order(frames)


def _subscales(instrument: Instrument) -> tuple[str, ...]:
    return shared_subscales({instrument.raters[0]: instrument})


def _with_clusters(scores: pd.DataFrame, engagements: pd.DataFrame, cluster: str) -> pd.DataFrame:
    clusters = engagements.set_index("engagement_id")[cluster]
    return scores.assign(cluster=scores["engagement_id"].map(clusters))


def _growth(own: pd.DataFrame, subscale: str, plan: ProcessPlan, confidence: float) -> pd.DataFrame:
    """The two-level growth model and the slope within engagements."""
    frame = own[[*KEYS, subscale]].dropna()
    frame = frame.assign(time=frame["occasion"].astype(float) - 1)
    reason = _why_no_growth(frame, subscale, plan)
    if reason:
        row = {"term": "time", "estimate": np.nan, "verdict": "not_testable", "note": reason}
        return as_estimates([row])
    mixed = fit_two_level(
        frame, subscale, ["time"], "engagement_id", ("time",), confidence=confidence
    )
    mixed = mixed[mixed["term"] != "loglik"]
    notes = ["; ".join(filter(None, [note, DISREGARDS])) for note in mixed["note"].fillna("")]
    # Its clusters are the engagements; of advisors it knows nothing.
    mixed = mixed.assign(n_engagements=mixed["n_advisors"], n_advisors=np.nan, note=notes)
    grouped = frame.groupby("engagement_id")
    within = frame[grouped["time"].transform("nunique") > 1]
    grouped = within.groupby("engagement_id")
    centred = within.assign(
        rating=within[subscale] - grouped[subscale].transform("mean"),
        time=within["time"] - grouped["time"].transform("mean"),
    )
    robust = ols_cr2(centred, "rating", ["time"], "cluster", confidence)
    robust = robust[robust["term"] == "time"].assign(n_engagements=grouped.ngroups)
    return in_order([mixed, robust]).drop(columns="outcome")


def _why_no_growth(frame: pd.DataFrame, subscale: str, plan: ProcessPlan) -> str:
    repeated = int((frame.groupby("engagement_id").size() > 1).sum())
    if repeated < plan.smallest_cell:
        return (
            f"fewer than {plan.smallest_cell} engagements were rated at two check-ins: "
            "a course needs repeated ratings"
        )
    if frame[subscale].nunique() < 2:
        return "the rating never varies"
    return ""


def describe_lags(
    scores: pd.DataFrame,
    engagements: pd.DataFrame,
    events: pd.DataFrame,
    instruments: Mapping[str, Instrument],
    cluster: str,
    plan: ProcessPlan,
    confidence: float,
) -> pd.DataFrame:
    """What one check-in goes with at the next, within engagements, in both directions.

    Parameters as ``describe_gap``; ``events`` is the clean table.

    Returns
    -------
    DataFrame
        rows in the vocabulary, ``analysis`` "lag", those of ``models.lagged.lagged_effect`` and of
        ``models.lagged_event``:

        - goal and the total, bond and task of one ``rater``
        - task and not complying (``resistance``, the plan's events) at the next check-in, in
          probability per standard deviation of task
        - the advisee's and the advisor's total

        What cannot be had is ``not_testable`` with the reason.
    """
    rated = _with_clusters(scores, engagements, cluster)
    frames = []
    for rater in (one for one in PAIR if one in instruments):
        own = rated[rated["rater"] == rater]
        known = [name for name in own.columns if own[name].notna().any()]
        for first, second in LAGS:
            if {first, second} <= set(known):
                rows = lagged_effect(own, second, first, *KEYS, confidence=confidence)
                frames.append(rows.assign(rater=rater))
        if "task" in known:
            rows = _to_events(own, rated, events, engagements, cluster, plan, confidence)
            frames.append(rows.assign(rater=rater, outcome=" or ".join(plan.resistance)))
    if set(PAIR) <= set(rated.loc[rated["total"].notna(), "rater"]):
        sides = rated[rated["rater"].isin(PAIR)]
        wide = sides.pivot(index=list(KEYS), columns="rater", values="total").reset_index()
        rows = lagged_effect(wide, "advisor", "advisee", *KEYS, confidence=confidence)
        frames.append(rows.assign(subscale="total"))
    else:
        reason = "only one of the two rated the alliance"
        row = {"term": "advisee -> advisor", "estimate": np.nan, "note": reason}
        frames.append(as_estimates([row]))
    return _marked(in_order(frames))


def _marked(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that have no estimate are not testable, and their note is why."""
    verdicts = np.where(rows["estimate"].isna(), "not_testable", None)
    named = rows.assign(analysis="lag", verdict=verdicts)
    return in_order([named])


def _to_events(
    own: pd.DataFrame,
    rated: pd.DataFrame,
    events: pd.DataFrame,
    engagements: pd.DataFrame,
    cluster: str,
    plan: ProcessPlan,
    confidence: float,
) -> pd.DataFrame:
    """Task and not complying at the next check-in, over all check-ins up to the last."""
    term = f"task -> {RESISTANCE}"
    if "occasion" not in events or not events["event"].isin(plan.resistance).any():
        reason = f"no {' or '.join(plan.resistance)} is recorded with its check-in"
        return as_estimates([{"term": term, "estimate": np.nan, "note": reason}])
    placed = events.dropna(subset=["occasion"])
    placed = placed[placed["engagement_id"].isin(rated["engagement_id"])]
    ends = pd.concat([rated[["engagement_id", "occasion"]], placed[["engagement_id", "occasion"]]])
    last = ends.groupby("engagement_id", sort=True)["occasion"].max().astype(int)
    every = pd.DataFrame(
        {
            "engagement_id": np.repeat(last.index.to_numpy(), last.to_numpy()),
            "occasion": np.concatenate([np.arange(1, end + 1) for end in last]),
        }
    )
    happened = placed.loc[
        placed["event"].isin(plan.resistance), ["engagement_id", "occasion"]
    ].drop_duplicates()
    happened = happened.astype({"occasion": int}).assign(**{RESISTANCE: 1.0})
    frame = every.merge(happened, on=["engagement_id", "occasion"], how="left")
    frame[RESISTANCE] = frame[RESISTANCE].fillna(0.0)
    ratings = own[["engagement_id", "occasion", "task"]]
    frame = frame.merge(ratings, on=["engagement_id", "occasion"], how="left")
    frame["cluster"] = frame["engagement_id"].map(engagements.set_index("engagement_id")[cluster])
    return lagged_event(frame, RESISTANCE, "task", *KEYS, confidence=confidence)
