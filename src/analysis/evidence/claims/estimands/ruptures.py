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
    from analysis.evidence.ruptures.conditions import find_groups
    from analysis.evidence.ruptures.occurrence import share_rows
    from analysis.evidence.ruptures.study import slopes_of
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
    answer, upper = (
        answer_from_row(
            row | {"estimate": row["estimate"] - claimed, "note": ""},
            plan.confidence,
            plan.equivalence_confidence,
        )
        for row in (corrected, observed)
    )
    highest = float(observed["conf_high"]) - claimed
    chance = rows["ruptured_by_chance"]["estimate"]
    return answer_with(
        answer,
        conf_high=max(answer.conf_high, highest),
        high_equivalence=max(answer.high_equivalence, highest),
        p_value=float(np.nanmax([answer.p_value, upper.p_value])),
        method="excess over surrogates, cluster jackknife; upper limit: the share observed",
        note=(
            f"falls of {threshold.size:g} SD within engagements in {observed['estimate']:.0%}, "
            f"by chance in {chance:.0%}: {corrected['estimate']:.0%} without false alarms"
        ),
    )


def rupture_forms(data: ClaimData, claim: Claim) -> Answer:
    """One half less the share of ruptures that events leave untyped or mixed.

    Events of withdrawal and of confrontation around an onset type it. Surrogates among the same
    events say how many false alarms of each type there are. Without these the share is u / e, u
    the excess of untyped and mixed ruptures and e that of all: a lower bound, as surrogates have
    too many false alarms rather than too few, and most of these are untyped. As observed, false
    alarms and all, it is an upper bound. The interval reaches over both, each with its own cluster
    jackknife.
    """
    from analysis.evidence.ruptures.study import interval_of, interval_of_share
    from analysis.models.intervals import jackknife_interval
    from analysis.models.ruptures.events import TYPES, type_flags, types_of_beginnings

    study = data.study
    if study.refusal:
        return refuse(study.refusal)
    flags = type_flags(study.ratings, data.placed)
    threshold = study.threshold(study.plan.size, study.plan.reference)
    courses = study.observed(threshold)
    sums = study.sums(threshold, courses, {"types": types_of_beginnings(flags)})["types"]
    unclear = [TYPES.index("both"), TYPES.index("untyped")]
    engaged = np.unique(courses.episodes.course)
    caseloads = np.bincount(study.ratings.codes[engaged], minlength=1)
    counts = {
        "n_engagements": float(len(engaged)),
        "n_advisors": float((caseloads > 0).sum()),
        "n_largest": float(caseloads.max()),
    }

    def pair(totals: np.ndarray) -> np.ndarray:
        return np.stack([totals[..., -1], totals[..., unclear].sum(axis=-1)], axis=-1)

    observed, expected, by_set = pair(sums.observed), pair(sums.expected), pair(sums.by_set)
    excess = (observed - expected).sum(axis=0)
    without = leave_one_out(observed - expected)
    root, plan = np.sqrt(len(by_set)), data.plan.comparison
    error = float(by_set[:, 0].std(ddof=1) / root)
    sure = interval_of(float(excess[0]), without[:, 0], plan.confidence, error)
    if not sure["conf_low"] > 0:
        return Answer(note="no clear excess of ruptures over false alarms to be typed", **counts)
    share = float(excess[1] / excess[0])
    error = float((by_set[:, 1] - share * by_set[:, 0]).std(ddof=1) / root / excess[0])
    answer = answer_from_row(
        interval_of(0.5 - share, 0.5 - without[:, 1] / without[:, 0], plan.confidence, error)
        | counts
        | {"estimate": 0.5 - share},
        plan.confidence,
        plan.equivalence_confidence,
    )
    total, unsure = observed.sum(axis=0)
    raw = leave_one_out(observed)
    lowest, low_equivalence = (
        0.5
        - interval_of_share(unsure / total, unsure, total, raw[:, 1] / raw[:, 0], level)[
            "conf_high"
        ]
        for level in (plan.confidence, plan.equivalence_confidence)
    )
    with_alarms = answer_from_row(
        jackknife_interval(0.5 - unsure / total, 0.5 - raw[:, 1] / raw[:, 0], plan.confidence)
        | counts
        | {"estimate": 0.5 - unsure / total},
        plan.confidence,
        plan.equivalence_confidence,
    )
    told = (
        f"untyped or mixed {unsure / total:.0%} of all falls, {max(share, 0.0):.0%} beyond chance"
    )
    return answer_with(
        answer,
        estimate=min(answer.estimate, 0.5),
        # Both bounds must say so: the larger p.
        p_value=float(np.nanmax([answer.p_value, with_alarms.p_value])),
        conf_low=min(lowest, answer.conf_low),
        conf_high=min(answer.conf_high, 0.5),
        low_equivalence=min(low_equivalence, answer.low_equivalence),
        high_equivalence=min(answer.high_equivalence, 0.5),
        method="share of ruptures, without false alarms and with them, cluster jackknife",
        note="; ".join(filter(None, [told, answer.note])),
    )
