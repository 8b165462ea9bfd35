"""The path from the alliance through adherence to the outcome, as association in time order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cells import Cell
from analysis.evidence.grid import FEWEST_ENGAGEMENTS, PrimaryCell
from analysis.models.mediation import mediate

MEDIATOR = "adherence"
#: Whose account of it is used, the first before the others.
PREFERRED = ("third_party", "record", "advisor", "advisee")
RATING = "advisee_total"


def describe_mediation(
    frame: pd.DataFrame,
    cells: Sequence[Cell],
    primary: PrimaryCell,
    cluster: str,
    plan: ComparisonPlan,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Rows of ``mediation``: window's alliance, adherence after it, the primary outcome after that.

    Parameters
    ----------
    frame : one row per engagement: ``engagement_id``, ``advisee_total`` and ``cluster``.
    cells : the dataset's outcomes placed in time (``collect_cells``).
    primary : the outcome, its source and phase.
    cluster : column of cluster labels.
    plan : resamples and confidence.
    rng : draws the resamples.

    Returns
    -------
    The rows of ``analysis.models.mediation.mediate`` (paths within clusters, their product with a
    cluster bootstrap, and the error correlation at which the product would be 0), ``rater`` being
    ``advisee``; or one row that says what is missing. Adherence counts only as a `during` value
    after the window, the outcome only at the end or later.
    """
    own = [
        one for one in cells if (one.outcome, one.phase) == (MEDIATOR, "during") and not one.refusal
    ]
    mediator = min(own, key=lambda cell: PREFERRED.index(cell.source), default=None)
    key = (primary.outcome, primary.source, primary.phase)
    outcome = next((one for one in cells if one.key == key), None)
    reason = _why_not(frame, mediator, outcome)
    if reason:
        return _refused(reason)
    joined = frame[["engagement_id", cluster, RATING]]
    for name, cell in {"mediator": mediator, "result": outcome}.items():
        values = cell.values.rename(columns={"value": name})
        joined = joined.merge(values, on="engagement_id", how="inner", validate="one_to_one")
    joined = joined.dropna(subset=[RATING]).sort_values("engagement_id", ignore_index=True)
    if len(joined) < FEWEST_ENGAGEMENTS:
        return _refused(
            f"only {len(joined)} engagements have the rating, {MEDIATOR} and the outcome; at least "
            f"{FEWEST_ENGAGEMENTS} are needed"
        )
    same = "same source: the advisee gave rating and mediator"
    told = same if mediator.source == "advisee" else ""
    rows = mediate(
        joined,
        RATING,
        "mediator",
        "result",
        cluster,
        plan.resamples,
        rng,
        confidence=plan.confidence,
    )
    return as_estimates(
        [
            row
            | {
                "analysis": "mediation",
                "rater": "advisee",
                "outcome": outcome.outcome,
                "outcome_source": outcome.source,
                "timing": outcome.timing,
                "note": "; ".join(filter(None, [row["note"], told])),
            }
            for row in rows.to_dict("records")
        ]
    )


def _refused(reason: str) -> pd.DataFrame:
    row = {"analysis": "mediation", "term": "indirect", "estimate": np.nan}
    return as_estimates([row | {"verdict": "not_testable", "note": reason}])


def _why_not(frame: pd.DataFrame, mediator: Cell | None, outcome: Cell | None) -> str:
    """Why there is no path to follow, or ''."""
    lacking = []
    if RATING not in frame:
        lacking.append("ratings of the alliance by the advisee")
    if mediator is None:
        lacking.append(f"{MEDIATOR} during the engagement, after the alliance window")
    if outcome is None or outcome.refusal or outcome.phase == "during":
        lacking.append("the primary outcome at the end or later")
    return f"missing: {'; '.join(lacking)}" if lacking else ""
