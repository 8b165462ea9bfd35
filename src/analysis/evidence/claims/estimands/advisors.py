"""Claims about advisors: what their engagements have in common, and who stays with them."""

from __future__ import annotations

from analysis.contract.claims import Claim
from analysis.evidence.claims.answers import Answer, answer_from_row, answer_with, refuse
from analysis.evidence.claims.data import ClaimData
from analysis.evidence.claims.values import standardise
from analysis.models.multilevel import ols_cr2


def advisor_retention(data: ClaimData, claim: Claim) -> Answer:
    """Fall in the chance of ending early per SD of the advisor's other advisees' early alliance.

    Each engagement's predictor is the mean of the early (first answered check-in) ratings of its
    advisor's *other* engagements: an advisor's plain mean holds the engagement's own rating, and
    later ratings exist only for those who stayed. Linear probability with CR2 standard errors by
    advisor; engagements that still run, and advisors with one engagement, are left out.
    """
    rated = data.alliance[(data.alliance["rater"] == "advisee") & data.alliance["total"].notna()]
    first = rated.sort_values("occasion").groupby("engagement_id")["total"].first()
    columns = list(dict.fromkeys(["advisor_id", data.cluster, "status"]))
    frame = data.engagements.set_index("engagement_id")[columns].copy()
    frame["early"] = first.astype(float)
    frame = frame[frame["early"].notna() & frame["status"].isin(["completed", "ended_early"])]
    if not (frame["status"] == "ended_early").any():
        return refuse("nobody ended early")
    if (frame["status"] == "ended_early").all():
        return refuse("everybody ended early")
    groups = frame.groupby("advisor_id")["early"]
    count, total = groups.transform("size"), groups.transform("sum")
    frame = frame[count > 1].assign(
        others=(total - frame["early"])[count > 1] / (count[count > 1] - 1)
    )
    if frame["advisor_id"].nunique() < 2:
        return refuse("fewer than two advisors have several engagements")
    levels = frame.groupby("advisor_id")["early"].mean()
    if not levels.std(ddof=1) > 0:
        return refuse("advisors' mean ratings do not differ")
    frame["stays"] = (frame["status"] == "completed").astype(float)
    frame["others"] = standardise(frame["others"])
    ordered = frame.sort_index().reset_index(drop=True)
    rows = ols_cr2(ordered, "stays", ["others"], data.cluster)
    plan = data.plan.comparison
    answer = answer_from_row(
        rows[rows["term"] == "others"].iloc[0], plan.confidence, plan.equivalence_confidence
    )
    return answer_with(answer, outcome="status", method="leave-one-out mean, CR2")
