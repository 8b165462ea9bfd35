"""Claims on what is decided afterwards: engaged again, recommended."""

from __future__ import annotations

from analysis.contract.claims import Claim
from analysis.evidence.claims.answers import (
    Answer,
    answer_from_row,
    answer_with,
    refuse,
    weakest_of,
)
from analysis.evidence.claims.data import ClaimData
from analysis.evidence.claims.values import clusters, find_values, join, rating, standardise


def decisions(data: ClaimData, claim: Claim) -> Answer:
    """The smaller of the log odds ratios of the decisions per SD of the advisee's alliance.

    Settings: ``outcomes``, decisions of record. Logistic regression with a random intercept of
    advisors; their mean rating is held, so that the slope is that within advisors and does not
    rest on how an advisor's advisees differ from others'. That all lie above 0 is an
    intersection-union test (Berger, 1982, Technometrics 24, 295): the weakest decides.
    """
    from analysis.models.multilevel import fit_two_level_logit

    names = list(claim.settings["outcomes"])
    found = {name: find_values(data, name, sources=("record",)) for name in names}
    known = {name: one for name, one in found.items() if one is not None}
    if not known:
        return refuse(f"missing: {' or '.join(names)} of record, after the alliance window")
    plan = data.plan.comparison
    answers = {}
    for name, one in known.items():
        frame = join(decided=one.values, rating=rating(data), cluster=clusters(data))
        frame["rating"] = standardise(frame["rating"])
        frame["level"] = frame.groupby("cluster")["rating"].transform("mean")
        predictors = [term for term in ("rating", "level") if frame[term].std() > 0]
        rows = fit_two_level_logit(
            frame.reset_index(drop=True), "decided", predictors, "cluster", plan.confidence
        )
        row = rows[rows["term"] == "rating"]
        if row.empty:
            return refuse("missing: ratings of the alliance that differ")
        answers[name] = answer_from_row(row.iloc[0], plan.confidence, plan.equivalence_confidence)
    weakest = weakest_of(list(answers.values()))
    told = ", ".join(f"{name} {one.estimate:.3f}" for name, one in answers.items())
    absent = [name for name in names if name not in known]
    notes = [
        f"log odds ratios: {told}",
        f"without {' and '.join(absent)}, which the data lack" if absent else "",
        weakest.note,
    ]
    timings = {one.timing for one in known.values()}
    return answer_with(
        weakest,
        outcome=", ".join(known),
        outcome_source="record",
        timing="concurrent" if "concurrent" in timings else "prospective",
        method="logit with random intercepts",
        note="; ".join(filter(None, notes)),
    )
