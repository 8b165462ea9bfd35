"""Claims that rest on how engagements were set up: their schedule, and a therapy arm."""

from __future__ import annotations

import pandas as pd

from analysis.contract.claims import Claim
from analysis.evidence.claims.answers import (
    Answer,
    answer_from_row,
    answer_with,
    refuse,
    weakest_of,
)
from analysis.evidence.claims.data import ClaimData
from analysis.evidence.claims.values import clusters, join, standardise
from analysis.models.multilevel import ols_cr2

THERAPY = "psychotherapy"


def schedule(data: ClaimData, claim: Claim) -> Answer:
    """Slope of the bond's change on the number of planned check-ins, acted-upon check-ins held.

    Least squares on standardised variables with CR2 standard errors; the bond at the first check-in
    is held, as those who begin high have little to gain.
    """
    bond = _bond(data)
    answered = bond.groupby("engagement_id")["bond"]
    held = bond.groupby("engagement_id")["occasion"].nunique()
    acted = data.events[data.events["event"] == "feedback_acted_on"]
    counted = acted.groupby("engagement_id").size().reindex(held.index, fill_value=0)
    planned = data.engagements.set_index("engagement_id")["planned_checkins"].astype(float)
    frame = join(
        change=answered.last() - answered.first(),
        first=answered.first(),
        planned=planned,
        acted=counted / held,
        cluster=clusters(data),
        several=held[held > 1],
    )
    if not frame["planned"].std() > 0:
        return refuse("missing: engagements with several check-ins on different schedules")
    for name in ("change", "first", "planned", "acted"):
        frame[name] = standardise(frame[name])
    kept = [name for name in ("planned", "first", "acted") if frame[name].std() > 0]
    return _term(data, frame, "change", kept, "planned")


def therapy_contrast(data: ClaimData, claim: Claim) -> Answer:
    """The smaller of the differences in length and in bond between a therapy arm and advising.

    That both lie above 0 is an intersection-union test (Berger, 1982, Technometrics 24, 295).
    """
    bond = _bond(data)
    arm = (data.engagements.set_index("engagement_id")["setting"] == THERAPY).astype(float)
    frame = join(
        length=bond.groupby("engagement_id")["occasion"].max().astype(float),
        depth=bond.groupby("engagement_id")["bond"].mean(),
        therapy=arm,
        cluster=clusters(data),
    )
    if frame["therapy"].nunique() < 2:
        return refuse("missing: engagements of both a therapy and an advising arm")
    for name in ("length", "depth"):
        frame[name] = standardise(frame[name])
    answers = {
        name: _term(data, frame, name, ["therapy"], "therapy") for name in ("length", "depth")
    }
    weakest = weakest_of(list(answers.values()))
    told = ", ".join(f"{name} {one.estimate:.3f}" for name, one in answers.items())
    return answer_with(weakest, note="; ".join(filter(None, [told, weakest.note])))


def _bond(data: ClaimData) -> pd.DataFrame:
    """The advisee's bond at each check-in, in order."""
    rows = data.alliance[(data.alliance["rater"] == "advisee") & data.alliance["bond"].notna()]
    return rows.sort_values(["engagement_id", "occasion"])


def _term(
    data: ClaimData, frame: pd.DataFrame, outcome: str, predictors: list[str], term: str
) -> Answer:
    rows = ols_cr2(frame.reset_index(drop=True), outcome, predictors, "cluster")
    plan = data.plan.comparison
    row = rows[rows["term"] == term].iloc[0]
    return answer_from_row(row, plan.confidence, plan.equivalence_confidence)
