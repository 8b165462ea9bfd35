"""Claims that the comparison of raters has decided already: read from its rows."""

from __future__ import annotations

from analysis.contract.claims import Claim
from analysis.evidence.claims.answers import Answer, answer_from_row, answer_with, refuse
from analysis.evidence.claims.data import ClaimData


def rater_difference(data: ClaimData, claim: Claim) -> Answer:
    """D with the interval of record, and the comparison's own verdict with its reason."""
    table = data.comparison
    own = table[table["primary"].isin([True, "True"]) & (table["analysis"] == "verdict")]
    if own.empty:
        return refuse("the comparison gave no verdict")
    row = own.iloc[0]
    if row["verdict"] == "not_testable":
        return refuse(str(row["note"]))
    plan = data.plan.comparison
    answer = answer_from_row(row, plan.confidence, plan.equivalence_confidence)
    timing = row.get("timing")
    return answer_with(
        answer,
        outcome=str(row["outcome"]),
        outcome_source=str(row["outcome_source"]),
        timing=timing if isinstance(timing, str) else "",
        method="jackknife",
        rests_on="comparison: clustered, disattenuated",
        verdict=str(row["verdict"]),
        note=str(row["note"]),
    )
