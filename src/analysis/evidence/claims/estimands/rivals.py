"""Claims that one thing outweighs its rivals: general dominance, and what it must exceed.

Dominance minus the strongest rival's is tested rival by rival: the claim holds only if every
difference lies above 0, so that the interval of the weakest decides (an intersection-union test;
Berger, 1982, Technometrics 24, 295), and which rival is strongest need not be known beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
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
from analysis.evidence.claims.values import clusters, find_reports, find_values, join, rating
from analysis.evidence.verdict import INDEPENDENT_SOURCES
from analysis.models.cluster_sums import (
    code_clusters,
    covariances,
    leave_one_out,
    standardise,
    sum_products,
)
from analysis.models.dominance import general_dominance
from analysis.models.intervals import jackknife_interval


def dominance_over_rivals(data: ClaimData, claim: Claim) -> Answer:
    """General dominance of the advisee's alliance minus the strongest rival's.

    Settings: ``rivals``, of ``baseline`` (the primary outcome before), ``dose`` (check-ins held)
    and outcomes by name, as a third party or a record reported them; ``setting``.
    """
    outcome = find_values(data, "primary")
    if outcome is None:
        return refuse("missing: the primary outcome after the window")
    rivals = {name: _rival(data, name) for name in claim.settings["rivals"]}
    known = {name: values for name, values in rivals.items() if values is not None}
    if not known:
        return refuse(f"missing: a rival predictor ({', '.join(rivals)})")
    frame = join(outcome=outcome.values, alliance=rating(data), **known, cluster=clusters(data))
    if setting := claim.settings.get("setting"):
        kept = data.engagements.loc[data.engagements["setting"] == setting, "engagement_id"]
        frame = frame[frame.index.isin(kept)]
    answer = _weakest(data, frame, "alliance", list(known))
    absent = [name for name in rivals if name not in known]
    note = f"without {' and '.join(absent)}, which the data lack" if absent else ""
    return answer_with(
        answer,
        outcome=outcome.name,
        outcome_source=outcome.source,
        timing=outcome.timing,
        note="; ".join(filter(None, [answer.note, note])),
    )


def three_components(data: ClaimData, claim: Claim) -> Answer:
    """Dominance of bond over the stronger of goal and task, where three factors fit best.

    Three correlated factors must have a lower BIC than one and than two.
    """
    outcome = find_values(data, "primary")
    if outcome is None:
        return refuse("missing: the primary outcome after the window")
    frame = join(
        outcome=outcome.values,
        **{name: rating(data, "advisee", name) for name in ("bond", "goal", "task")},
        cluster=clusters(data),
    )
    answer = _weakest(data, frame, "bond", ["goal", "task"])
    bic = _bic(data.measurement)
    if bic is None:
        return refuse(
            "missing: factor models of the advisee's items with one, two and three factors"
        )
    distinct = bic["three"] < min(bic["one"], bic["two"])
    said = "three factors fit best" if distinct else "fewer factors fit as well"
    return answer_with(
        answer,
        holds=distinct,
        outcome=outcome.name,
        outcome_source=outcome.source,
        timing=outcome.timing,
        rests_on="measurement: structure; general dominance",
        note="; ".join(
            filter(None, [f"{said} (BIC {bic['one']:.0f}, {bic['two']:.0f}, {bic['three']:.0f})",
                          answer.note])
        ),
    )  # fmt: skip


def _rival(data: ClaimData, name: str) -> pd.Series | None:
    if name == "dose":
        rated = data.alliance[data.alliance["total"].notna()]
        return rated.groupby("engagement_id")["occasion"].max().astype(float)
    if name == "baseline":
        found = find_reports(data, "primary", phases=("baseline",))
    else:
        found = find_reports(data, name, sources=INDEPENDENT_SOURCES)
    return None if found is None else found.values


def _weakest(data: ClaimData, frame: pd.DataFrame, first: str, rivals: Sequence[str]) -> Answer:
    """Dominance of the first less each rival's, cluster jackknife; the weakest difference."""
    names = ["outcome", first, *rivals]
    values = standardise(frame[names].to_numpy(dtype=float))[0]
    codes, labels = code_clusters(frame["cluster"])
    sums = sum_products(values, codes, len(labels))
    places = list(range(1, len(names)))
    full, without = (
        general_dominance(covariances(totals, len(names)), 0, places)
        for totals in (sums.sum(axis=0), leave_one_out(sums))
    )
    plan = data.plan.comparison
    answers = []
    for place in range(1, len(places)):
        estimate = float(full[0] - full[place])
        row = jackknife_interval(estimate, without[:, 0] - without[:, place], plan.confidence)
        row |= {
            "estimate": estimate,
            "n_engagements": len(frame),
            "n_advisors": len(labels),
            "method": "general dominance, cluster jackknife",
        }
        answers.append(answer_from_row(row, plan.confidence, plan.equivalence_confidence))
    shares = zip([first, *rivals], np.atleast_1d(full), strict=True)
    told = "general dominance: " + ", ".join(f"{name} {share:.3f}" for name, share in shares)
    weakest = weakest_of(answers)
    return answer_with(weakest, note="; ".join(filter(None, [told, weakest.note])))


def _bic(measurement: pd.DataFrame) -> dict[str, float] | None:
    """BIC of one, two and three factors of the advisee's items."""
    if not {"analysis", "rater", "term", "method"} <= set(measurement.columns):
        return None
    rows = measurement[
        (measurement["analysis"] == "structure")
        & (measurement["rater"] == "advisee")
        & (measurement["term"] == "bic")
    ].set_index("method")["estimate"]
    names = {"one": "one factor", "two": "two factors", "three": "three correlated factors"}
    found = {name: float(rows.get(method, np.nan)) for name, method in names.items()}
    return found if np.isfinite(list(found.values())).all() else None
