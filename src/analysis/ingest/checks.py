"""What clean tables must hold among themselves: values in range, check-ins in the order of time."""

from __future__ import annotations

import pandas as pd

from analysis.contract.faults import UserFault, nearest, several
from analysis.contract.mapping import Mapping
from analysis.contract.tables import rises
from analysis.ingest.flow import LEFT_OUT, Flow

AFTER_END = "check-in after the engagement ended"


def check_outcomes(mapping: Mapping, outcomes: pd.DataFrame) -> None:
    """Hold outcomes to what the mapping declares of them. Raises UserFault."""
    undeclared = sorted(set(outcomes["outcome"]) - set(mapping.outcomes))
    if undeclared:
        rows = int(outcomes["outcome"].isin(undeclared).sum())
        raise UserFault(  # what a cell says is not told: the column may be taken for another
            f"{mapping.name}: an outcome occurs in the data that is not declared (rows: {rows}). "
            "Add it under `outcomes` with its timing and direction, or map it with labels. "
            f"{nearest(undeclared[0], mapping.outcomes)}"
        )
    ends = outcomes[outcomes["phase"] != "during"]
    twice = ends[ends.duplicated(["engagement_id", "outcome", "source", "phase"])]
    if len(twice):
        row = twice.iloc[0]
        raise UserFault(
            f"{mapping.name}: an engagement has two values of {row['outcome']} by {row['source']} "
            f"at {row['phase']} ({len(twice)} such cases in all). Keep one, or give repeated "
            "measures the phase `during` with their weeks."
        )
    faults = []
    for name, declared in mapping.outcomes.items():
        values = outcomes[outcomes["outcome"] == name]
        low = -float("inf") if declared.minimum is None else declared.minimum
        high = float("inf") if declared.maximum is None else declared.maximum
        outside = values[~values["value"].between(low, high)]
        if len(outside):
            row = outside.iloc[0]
            faults.append(
                f"outcome '{name}' by {row['source']} at {row['phase']} is {row['value']:g}, "
                f"outside {low:g} to {high:g} ({len(outside)} such values)"
            )
    if faults:
        title = f"{mapping.name}: correct these values, or the outcomes' range in the mapping."
        raise several(title, faults)


def in_time(
    mapping: Mapping, checkins: pd.DataFrame, engagements: pd.DataFrame, flow: Flow
) -> pd.DataFrame:
    """The check-ins without those after their engagement's end, which the flow counts.

    Raises UserFault where weeks run against the order of the occasions: the window of the plan goes
    by occasion, so one of the two is wrong.
    """
    if "week" not in checkins:
        return checkins
    key = ["engagement_id", "rater", "occasion"]
    known = checkins[[*key, "week"]].dropna(subset=["week"])
    if not rises(known, key):
        known = known.sort_values(key)
    fell = known["week"].diff() < 0
    for name in ("engagement_id", "rater"):
        fell &= known[name] == known[name].shift()
    backwards = known[fell]
    if len(backwards):
        raise several(
            f"{mapping.name}: check-ins out of order. Correct the week or the occasion.",
            (
                f"{rater}, check-in {occasion}: {len(rows)} "
                f"{'are' if len(rows) > 1 else 'is'} of an earlier week than the one before"
                for (rater, occasion), rows in backwards.groupby(["rater", "occasion"])
            ),
        )
    if "ended_week" not in engagements:
        return checkins
    ended = checkins["engagement_id"].map(engagements.set_index("engagement_id")["ended_week"])
    late = (checkins["week"] > ended).to_numpy()
    flow.count("checkins", "all", LEFT_OUT, AFTER_END, late.sum())
    return checkins[~late].reset_index(drop=True) if late.any() else checkins
