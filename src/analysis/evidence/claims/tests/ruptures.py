"""Claims on how often ruptures come and what they look like, beyond what chance would show.

Ruptures are the falls in the advisee's ratings that the plan names. Surrogate courses without
ruptures say how many of them are false alarms (``analysis.models.ruptures``). Both reports rest on
one study of a dataset, with the same surrogates as the table of ruptures.
"""

from __future__ import annotations

import numpy as np

from analysis.contract.claims import Claim
from analysis.evidence.claims.answers import Answer, answer_from_row, answer_with, refuse
from analysis.evidence.claims.data import ClaimData
from analysis.models.cluster_sums import leave_one_out


def rupture_share(data: ClaimData, claim: Claim) -> Answer:
    """Share of complex engagements with a rupture, false alarms taken out, less what is claimed.

    Settings: ``inevitable``, the share that counts as inevitable. Complex engagements have high
    stakes or a large change. With p the share that shows a fall and p0 that of surrogates the
    corrected share is (p - p0) / (1 - p0). It is a lower bound, as ruptures widen the noise that
    surrogates are drawn with; the share observed, false alarms and all, is an upper one. The
    interval reaches up to the latter's, so that the claim is opposed only where even that lies
    below.
    """
    from analysis.evidence.rupture_conditions import find_groups
    from analysis.evidence.rupture_occurrence import share_rows
    from analysis.evidence.rupture_study import slopes_of
    from analysis.models.ruptures.statistics import occurrence_among

    study = data.study
    if study.refusal:
        return refuse(study.refusal)
    complex_ones = find_groups(study.ratings, data.engagements).get("complex")
    if complex_ones is None:
        return refuse("missing: engagements of high stakes or large change")
    threshold = study.threshold(study.plan.size, study.plan.reference)
    parts = {"among": occurrence_among(complex_ones)}
    sums = study.sums(threshold, study.observed(threshold), parts)["among"]
    slopes = slopes_of(study, [threshold])[threshold.name]
    rows = {row["term"]: row for row in share_rows(study, "ruptured", sums, slopes)}
    claimed = float(claim.settings["inevitable"])
    corrected, observed = rows["ruptured_corrected"], rows["ruptured"]
    plan = data.plan.comparison
    answer = answer_from_row(
        corrected | {"estimate": corrected["estimate"] - claimed, "note": ""},
        plan.confidence,
        plan.equivalence_confidence,
    )
    highest = float(observed["conf_high"]) - claimed
    chance = rows["ruptured_by_chance"]["estimate"]
    return answer_with(
        answer,
        conf_high=max(answer.conf_high, highest),
        high_equivalence=max(answer.high_equivalence, highest),
        method="excess over surrogates, cluster jackknife; upper limit: the share observed",
        note=(
            f"falls of {threshold.size:g} SD within engagements in {observed['estimate']:.0%}, "
            f"by chance in {chance:.0%}: {corrected['estimate']:.0%} without false alarms"
        ),
    )


def rupture_forms(data: ClaimData, claim: Claim) -> Answer:
    """One half less the share of ruptures beyond chance that events leave untyped or mixed.

    Events of withdrawal and of confrontation around an onset type it. False alarms fall where they
    may and would count as untyped; surrogates among the same events say how many of each type
    chance gives, and these are taken off. Cluster jackknife with the surrogates' own error.
    """
    from analysis.evidence.rupture_study import interval_of
    from analysis.models.ruptures.events import TYPES, type_flags, types_of_beginnings

    study = data.study
    if study.refusal:
        return refuse(study.refusal)
    flags = type_flags(study.ratings, data.placed)
    threshold = study.threshold(study.plan.size, study.plan.reference)
    courses = study.observed(threshold)
    sums = study.sums(threshold, courses, {"types": types_of_beginnings(flags)})["types"]
    unclear = [TYPES.index("both"), TYPES.index("untyped")]
    counts = {
        "n_engagements": float(len(np.unique(courses.episodes.course))),
        "n_advisors": float(study.ratings.n_clusters),
    }

    def excess(totals: np.ndarray) -> np.ndarray:
        return np.stack([totals[..., -1], totals[..., unclear].sum(axis=-1)], axis=-1)

    found = excess(sums.observed.sum(axis=0) - sums.expected.sum(axis=0))
    without = excess(leave_one_out(sums.observed) - leave_one_out(sums.expected))
    by_set = excess(sums.by_set)
    root = np.sqrt(len(by_set))
    confidence = data.plan.comparison.confidence
    sure = interval_of(
        float(found[0]), without[:, 0], confidence, float(by_set[:, 0].std(ddof=1) / root)
    )
    if not sure["conf_low"] > 0:
        return Answer(note="no clear excess of ruptures over false alarms to be typed", **counts)
    share = float(found[1] / found[0])
    error = float((by_set[:, 1] - share * by_set[:, 0]).std(ddof=1) / root / found[0])
    row = interval_of(0.5 - share, 0.5 - without[:, 1] / without[:, 0], confidence, error)
    answer = answer_from_row(
        row | counts | {"estimate": 0.5 - share},
        confidence,
        data.plan.comparison.equivalence_confidence,
    )
    typed = (sums.observed - sums.expected).sum(axis=0)[:2] / found[0]
    told = ", ".join(f"{name} {part:.0%}" for name, part in zip(TYPES, typed, strict=False))
    return answer_with(
        answer,
        method="share of the excess over surrogates, cluster jackknife",
        note="; ".join(filter(None, [f"of ruptures beyond chance: {told}", answer.note])),
    )
