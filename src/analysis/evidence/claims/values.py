"""The outcomes and ratings that a claim's test is made on, chosen by source and placed in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.contract.claims import PRIMARY_OUTCOME
from analysis.evidence.claims.data import ClaimData

#: Whose account is used, the best first: one that neither rater of the alliance gave.
PREFERRED = ("third_party", "record", "advisor", "advisee")
#: When several phases hold the outcome: what came of the engagement before what came on the way.
PHASES_IN_ORDER = ("end", "during", "follow_up")


@dataclass(frozen=True)
class Values:
    """One outcome by engagement (index), higher is better; who gave it and when."""

    name: str
    values: pd.Series
    source: str
    timing: str
    phase: str


def find_values(
    data: ClaimData,
    name: str,
    *,
    sources: Sequence[str] = PREFERRED,
    phase: str | None = None,
) -> Values | None:
    """An outcome that may be set against the window's ratings, or None.

    Parameters
    ----------
    data : one dataset.
    name : an outcome, or ``primary`` for the mapping's primary cell.
    sources : whose account may be used, the preferred first.
    phase : one phase; by default the first of ``PHASES_IN_ORDER`` that holds it.

    Only cells in time count: none from before the window, `during` values after it.
    """
    if name == PRIMARY_OUTCOME:
        primary = data.primary
        name, sources, phase = primary.outcome, (primary.source,), phase or primary.phase
    own = [cell for cell in data.cells if cell.outcome == name and not cell.refusal]
    for source in sources:
        for when in (phase,) if phase else PHASES_IN_ORDER:
            for cell in own:
                if (cell.source, cell.phase) == (source, when):
                    values = cell.values.set_index("engagement_id")["value"]
                    return Values(name, values, source, cell.timing, when)
    return None


def find_reports(
    data: ClaimData,
    name: str,
    *,
    sources: Sequence[str] = PREFERRED,
    phases: Sequence[str] = ("baseline", "during", "end"),
) -> Values | None:
    """An outcome as reported at whatever time: a predictor, moderator or rival, not a result.

    The first source that reported it, the mean over its reports of an engagement in the first of
    the phases that holds any; oriented so that higher is better.
    """
    primary = name == PRIMARY_OUTCOME
    name = data.primary.outcome if primary else name
    own = data.outcomes[(data.outcomes["outcome"] == name) & data.outcomes["value"].notna()]
    for source in sources:
        for phase in phases:
            rows = own[(own["source"] == source) & (own["phase"] == phase)]
            if len(rows):
                ordered = rows.sort_values(["engagement_id", "value"])
                sign = -1.0 if data.declared[name].higher_is == "worse" else 1.0
                values = sign * ordered.groupby("engagement_id")["value"].mean().astype(float)
                return Values(name, values, source, "concurrent", phase)
    return None


def rating(data: ClaimData, rater: str = "advisee", subscale: str = "total") -> pd.Series:
    """A rater's window mean by engagement."""
    return data.frame.set_index("engagement_id")[f"{rater}_{subscale}"].astype(float)


def clusters(data: ClaimData) -> pd.Series:
    """Each engagement's cluster: its advisor, or the highest level declared."""
    return data.engagements.set_index("engagement_id")[data.cluster]


def standardise(values: pd.Series) -> pd.Series:
    """Values in standard deviations from their mean; without spread all are 0."""
    spread = values.std(ddof=1)
    centred = values - values.mean()
    return centred / spread if spread > 0 else centred * 0.0


def join(**columns: pd.Series) -> pd.DataFrame:
    """Series side by side on the engagements that have all of them, in an order of their own."""
    return pd.concat(columns, axis=1, join="inner").dropna().sort_index()
