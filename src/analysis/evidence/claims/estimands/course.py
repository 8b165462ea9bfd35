"""Claims on the course of an engagement: what comes first, and what follows a check-in later."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.contract.claims import Claim
from analysis.evidence.claims.answers import Answer, answer_from_row, answer_with, refuse
from analysis.evidence.claims.data import ClaimData
from analysis.evidence.claims.values import clusters, standardise
from analysis.evidence.grid import FEWEST_ENGAGEMENTS
from analysis.models.growth import early_late_slopes
from analysis.models.lagged import lagged_effect
from analysis.models.multilevel import ols_cr2

#: A subscale this far below the other, in standard deviations of the difference, is deficient.
DEFICIENT = 0.5


def rapport_first(data: ClaimData, claim: Claim) -> Answer:
    """Bond's early minus late change per check-in less task's, and which acts come first.

    Supported only if rapport work also comes at earlier check-ins, on average, than the
    renegotiation of tasks.
    """
    rows = early_late_slopes(
        advisee_ratings(data), ["bond", "task"], "engagement_id", "occasion", "cluster"
    )
    answer = _answer(data, rows[rows["term"] == "bond against task"])
    events = data.events.dropna(subset=["occasion"])
    by_event = events.groupby("event")
    several = by_event["engagement_id"].nunique() >= FEWEST_ENGAGEMENTS
    when = by_event["occasion"].mean().where(several)
    rapport, tasks = (
        float(when.get(name, np.nan)) for name in ("rapport_work", "task_renegotiated")
    )
    if np.isfinite([rapport, tasks]).all():
        told = f"rapport work at check-in {rapport:.2f} on average, "
        told += f"renegotiated tasks at {tasks:.2f}"
    else:
        told = "too few engagements have one of the acts: their order is not given"
    note = "; ".join(filter(None, [told, answer.note]))
    return answer_with(answer, holds=rapport < tasks, note=note)


def lag_against_reverse(data: ClaimData, claim: Claim) -> Answer:
    """Slope of the next check-in's outcome on the predictor less that of the reverse order.

    Settings: ``predictor``, a subscale of the advisee's, against the rest of the alliance: the mean
    of the other subscales, as the total holds the predictor as one of its parts and would follow
    it for that alone. Within engagements, the bias of centring taken out
    (``analysis.models.lagged.lagged_effect``).
    """
    predictor = claim.settings["predictor"]
    others = [name for name in subscales(data) if name != predictor]
    if not others:
        return refuse(f"missing: subscales of the alliance beside {predictor}")
    ratings = advisee_ratings(data)
    ratings["rest"] = ratings[others].mean(axis=1, skipna=False)
    rows = lagged_effect(ratings, "rest", predictor, "engagement_id", "occasion", "cluster")
    term = f"{predictor} -> rest minus rest -> {predictor}"
    answer = _answer(data, rows[rows["term"] == term])
    return answer_with(answer, note="; ".join(filter(None, [_lags(rows, predictor), answer.note])))


def _lags(rows: pd.DataFrame, predictor: str) -> str:
    """Both directions in words."""
    own = rows[rows["method"] == "within_corrected"].set_index("term")["estimate"]
    ahead, back = own.get(f"{predictor} -> rest"), own.get(f"rest -> {predictor}")
    if ahead is None or back is None or not np.isfinite([ahead, back]).all():
        return ""
    return f"{predictor} to the rest {ahead:.3f}, the rest to {predictor} {back:.3f}"


def lag_to_event(data: ClaimData, claim: Claim) -> Answer:
    """Rise in the chance that none of the events comes at the next check-in, per SD of a rating.

    Settings: ``predictor``, ``events``. The rating counts as its deviation from the mean of the
    engagement's *earlier* check-ins: known before the event, and free of the engagement's own level
    without being centred on what came after (which biases slopes where events feed back on later
    ratings: Nickell, 1981, Econometrica 49, 1417). Linear probability, CR2 standard errors; held
    are the check-in's number and whether one of the events came at the rating's own check-in, as
    trouble that shows already would go on whatever the rating. Every next check-in up to an
    engagement's last counts, answered or not.
    """
    predictor = claim.settings["predictor"]
    ratings = advisee_ratings(data)[["engagement_id", "cluster", "occasion", predictor]].dropna()
    past = ratings.groupby("engagement_id")[predictor]
    so_far, count = past.cumsum() - ratings[predictor], past.cumcount()
    frame = ratings[count > 0].assign(
        deviation=standardise((ratings[predictor] - so_far / count)[count > 0])
    )
    held = _held(data)
    later = held.assign(complied=1.0 - _flag(data, held, claim.settings["events"]))
    later["occasion"] = later["occasion"] - 1
    frame = frame.merge(later, on=["engagement_id", "occasion"], how="inner")
    if not 10 <= (frame["complied"] == 0).sum() <= len(frame) - 10:
        return refuse("fewer than ten check-ins with or without the event have earlier ratings")
    frame["now"] = _flag(data, frame, claim.settings["events"])
    kept = [name for name in ("deviation", "occasion", "now") if frame[name].nunique() > 1]
    frame["occasion"] = frame["occasion"].astype(float)
    answer = _regress(data, frame, "complied", kept, "deviation")
    return answer_with(answer, outcome=" or ".join(claim.settings["events"]))


def buffer(data: ClaimData, claim: Claim) -> Answer:
    """By how much less the alliance falls at an event per SD of a subscale at the check-in before.

    Settings: ``event``, ``buffer``. Least squares of the change of the total from one check-in to
    the next (in SD of such changes) on the event at the later one, the subscale at the earlier one,
    and their product, which is the answer; CR2 standard errors.
    """
    moves = _moves(data, [claim.settings["buffer"], "total"])
    if moves.empty:
        return refuse("missing: ratings at consecutive check-ins")
    event = _flag(data, moves, [claim.settings["event"]])
    before = standardise(moves[f"{claim.settings['buffer']}_before"])
    frame = pd.DataFrame(
        {
            "change": standardise(moves["total_after"] - moves["total_before"]),
            "event": event,
            "before": before,
            "product": event * before,
            "cluster": moves["cluster"],
            "engagement_id": moves["engagement_id"],
        }
    )
    if event.sum() < 10:
        return refuse(f"only {event.sum():.0f} check-ins have the event and the ratings around it")
    return _regress(data, frame, "change", ["event", "before", "product"], "product")


def matched_action(data: ClaimData, claim: Claim) -> Answer:
    """Gain of the deficient of task and bond after the matching act less than after the other.

    Where one of the two subscales lies well below the other, and only one of the two acts (tasks
    renegotiated, rapport work) was noted at that check-in: its change to the next check-in, in SD,
    on whether the act matched, its level before and which of the two it was held.
    """
    moves = _moves(data, ["bond", "task"])
    renegotiated = _flag(data, moves, ["task_renegotiated"], "occasion_before")
    rapport = _flag(data, moves, ["rapport_work"], "occasion_before")
    gap = standardise(moves["bond_before"] - moves["task_before"])
    task = gap > 0
    usable = (gap.abs() > DEFICIENT) & ((renegotiated + rapport) == 1)
    change = {
        name: standardise(moves[f"{name}_after"] - moves[f"{name}_before"])
        for name in ("task", "bond")
    }
    frame = pd.DataFrame(
        {
            "gain": change["task"].where(task, change["bond"]),
            "matched": (renegotiated == 1).where(task, rapport == 1).astype(float),
            "before": standardise(moves["task_before"]).where(
                task, standardise(moves["bond_before"])
            ),
            "task": task.astype(float),
            "cluster": moves["cluster"],
            "engagement_id": moves["engagement_id"],
        }
    )[usable]
    if frame["matched"].nunique() < 2 or len(frame) < 20:
        return refuse(f"only {len(frame)} check-ins have a deficit and exactly one of the acts")
    kept = [name for name in ("matched", "before", "task") if frame[name].nunique() > 1]
    return _regress(data, frame, "gain", kept, "matched")


def advisee_ratings(data: ClaimData) -> pd.DataFrame:
    """The advisee's scores by engagement and occasion, with the cluster."""
    rows = data.alliance[data.alliance["rater"] == "advisee"]
    rows = rows.assign(cluster=rows["engagement_id"].map(clusters(data)))
    return rows.sort_values(["engagement_id", "occasion"], ignore_index=True)


def subscales(data: ClaimData) -> list[str]:
    """The subscales that the advisee rated."""
    rated = data.alliance[data.alliance["rater"] == "advisee"]
    return [
        name
        for name in data.instruments["advisee"].subscales
        if name in rated and rated[name].notna().any()
    ]


def _held(data: ClaimData) -> pd.DataFrame:
    """Every check-in of every engagement up to the last of which anything is known."""
    known = [data.alliance[["engagement_id", "occasion"]]]
    if "occasion" in data.events:
        known.append(data.events[["engagement_id", "occasion"]].dropna().astype({"occasion": int}))
    last = pd.concat(known).groupby("engagement_id")["occasion"].max().sort_index()
    return pd.DataFrame(
        {
            "engagement_id": np.repeat(last.index.to_numpy(), last.to_numpy()),
            "occasion": np.concatenate([np.arange(1, n + 1) for n in last.to_numpy()]),
        }
    )


def _flag(
    data: ClaimData, rows: pd.DataFrame, events: Sequence[str], occasion: str = "occasion"
) -> pd.Series:
    """1 where any of the events was noted at a row's check-in, else 0."""
    own = data.events[data.events["event"].isin(list(events))].dropna(subset=["occasion"])
    noted = pd.MultiIndex.from_frame(own[["engagement_id", "occasion"]].astype({"occasion": int}))
    here = pd.MultiIndex.from_frame(rows[["engagement_id", occasion]])
    return pd.Series(here.isin(noted).astype(float), index=rows.index)


def _moves(data: ClaimData, names: Sequence[str]) -> pd.DataFrame:
    """Ratings at each check-in and at the one before, where both were answered."""
    ratings = advisee_ratings(data)[["engagement_id", "cluster", "occasion", *names]].dropna()
    before = ratings.drop(columns="cluster").assign(occasion_before=ratings["occasion"])
    before["occasion"] = before["occasion"] + 1
    renamed = before.rename(columns={name: f"{name}_before" for name in names})
    after = ratings.rename(columns={name: f"{name}_after" for name in names})
    return after.merge(renamed, on=["engagement_id", "occasion"], how="inner")


def _regress(
    data: ClaimData, frame: pd.DataFrame, outcome: str, predictors: list[str], term: str
) -> Answer:
    rows = ols_cr2(frame.reset_index(drop=True), outcome, predictors, "cluster")
    answer = _answer(data, rows[rows["term"] == term])
    # The rows are check-ins; what people count is engagements.
    return answer_with(answer, n_engagements=float(frame["engagement_id"].nunique()))


def _answer(data: ClaimData, rows: pd.DataFrame) -> Answer:
    plan = data.plan.comparison
    return answer_from_row(rows.iloc[0], plan.confidence, plan.equivalence_confidence)
