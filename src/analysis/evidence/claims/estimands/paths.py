"""Claims that one thing goes through another: indirect paths, as association."""

from __future__ import annotations

import numpy as np

from analysis.contract.claims import Claim
from analysis.evidence.claims.answers import Answer, answer_from_row, answer_with, refuse
from analysis.evidence.claims.data import ClaimData
from analysis.evidence.claims.values import clusters, find_values, join, rating
from analysis.models.mediation import mediate


def indirect(data: ClaimData, claim: Claim) -> Answer:
    """Indirect slope of an outcome on the alliance through a mediator, within advisors.

    Settings: ``mediator``, ``outcome``; ``where`` and ``equals`` keep to engagements whose column
    has that value. The mediator is turned so that a path through less of what is feared counts as
    positive: it is oriented to better, as every outcome is. Percentile interval of a cluster
    bootstrap, as a product is skewed; p by the cluster jackknife.
    """
    mediator = find_values(data, claim.settings["mediator"], phase="during")
    outcome = find_values(data, claim.settings["outcome"])
    if mediator is None or outcome is None:
        return refuse("missing: the mediator or the outcome after the alliance window")
    frame = join(
        rating=rating(data), mediator=mediator.values, outcome=outcome.values,
        cluster=clusters(data),
    )  # fmt: skip
    if column := claim.settings.get("where"):
        wanted = data.engagements[column].str.lower() == str(claim.settings["equals"]).lower()
        frame = frame[frame.index.isin(data.engagements.loc[wanted, "engagement_id"])]
        if frame.empty:
            return refuse(f"missing: engagements whose {column} is {claim.settings['equals']}")
    frame = frame.reset_index(drop=True)
    plan = data.plan.comparison
    both = [
        mediate(
            frame, "rating", "mediator", "outcome", "cluster", plan.resamples,
            np.random.default_rng(plan.seed), confidence=level,
        ).set_index(["term", "method"])
        for level in (plan.confidence, plan.equivalence_confidence)
    ]  # fmt: skip
    wide, narrow = (rows.loc[("indirect", "percentile")] for rows in both)
    by_jackknife = both[0].loc[("indirect", "jackknife")]
    answer = answer_from_row(by_jackknife, plan.confidence, plan.equivalence_confidence)
    nulling = both[0].loc[("residual_correlation", "jackknife_fisher_z"), "estimate"]
    note = f"it would be 0 if unmeasured errors of both were correlated {nulling:.2f}"
    pairs = (("mediator", mediator), ("outcome", outcome))
    own = [what for what, one in pairs if one.source == "advisee"]
    same = f"the advisee gave the rating and the {' and the '.join(own)}" if own else ""
    return answer_with(
        answer,
        conf_low=float(wide["conf_low"]),
        conf_high=float(wide["conf_high"]),
        low_equivalence=float(narrow["conf_low"]),
        high_equivalence=float(narrow["conf_high"]),
        outcome=outcome.name,
        outcome_source=outcome.source,
        timing=outcome.timing,
        method="product of paths, cluster bootstrap",
        note="; ".join(filter(None, [note, same, answer.note])),
    )
