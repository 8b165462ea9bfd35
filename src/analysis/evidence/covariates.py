"""What was known before the window of ratings: an outcome's baseline, and progress made so far."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.evidence.cases import Cases
from analysis.evidence.cells import Cell, last_values
from analysis.models.cluster_sums import is_constant, standardise, sum_products

#: Measured before the window, these tell how far an engagement had come, whatever the outcome.
PROGRESS = "progress"

#: Where the outcome's own source gave no earlier value: those outside the dyad come first.
_PREFERRED = ("third_party", "record", "advisee", "advisor")


@dataclass(frozen=True)
class Covariates:
    """Values known before the window, one column each, by ``engagement_id``; and what was left out.

    ``table`` has a column for each covariate, named in words a note can use; NaN where an
    engagement lacks it. Without covariates it has no columns.
    """

    table: pd.DataFrame
    note: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The covariates, in words."""
        return tuple(self.table.columns)

    def aligned(self, cases: Cases) -> np.ndarray | None:
        """(n, k) values in the order of the cases, or None without covariates."""
        if not self.names:
            return None
        return self.table.reindex(cases.engagement_ids).to_numpy(dtype=float)


@dataclass(frozen=True)
class Joint:
    """Cases that have every covariate, the covariates, and clusters' sums of both together.

    ``sums`` are those of the standardised outcome, advisee's rating, advisor's rating and
    covariates, in this order; ``note`` tells of engagements that were lost.
    """

    cases: Cases
    covariates: np.ndarray
    sums: np.ndarray
    note: str

    @property
    def n_variables(self) -> int:
        """Outcome, two ratings and the covariates."""
        return 3 + self.covariates.shape[1]

    @property
    def places(self) -> list[int]:
        """Where the covariates stand among the variables."""
        return list(range(3, self.n_variables))


def find_covariates(
    cell: Cell, frame: pd.DataFrame, outcomes: pd.DataFrame, smallest_coverage: float
) -> Covariates:
    """The baseline of a cell's outcome and the change already made before the window of ratings.

    Parameters
    ----------
    cell : the outcome, its source and its engagements.
    frame : ``engagement_id`` and, if known, ``window_start_week``.
    outcomes : the clean table ``engagement_id, outcome, source, phase, week?, value``.
    smallest_coverage : share of the cell's engagements that must have a covariate; one that fewer
        have is left out and named in the note, because complete cases would lose the rest.

    Returns
    -------
    At most four covariates: the same outcome and ``progress``, each at ``baseline`` and ``during``
    the engagement in a recorded week strictly before the window (the last such value). Of several
    sources the cell's own is taken, else the first of third party, record, advisee and advisor
    that covers enough engagements. Baselines recorded later than the window's start do not count.
    """
    wanted = list(dict.fromkeys([cell.outcome, PROGRESS]))
    known = outcomes[
        outcomes["outcome"].isin(wanted)
        & outcomes["phase"].isin(["baseline", "during"])
        & outcomes["value"].notna()
        & outcomes["engagement_id"].isin(cell.values["engagement_id"])
    ]
    earlier = _before_the_window(known, frame)
    ids = pd.Index(sorted(cell.values["engagement_id"].unique()), name="engagement_id")
    columns: dict[str, pd.Series] = {}
    notes = []
    for phase, when in (("baseline", "baseline"), ("during", "before the window")):
        for outcome in wanted:
            own = earlier[(earlier["outcome"] == outcome) & (earlier["phase"] == phase)]
            best = 0.0
            for source in dict.fromkeys([cell.source, *_PREFERRED]):
                values = last_values(own[own["source"] == source])
                share = len(values) / max(len(ids), 1)
                best = max(best, share)
                if len(values) and share >= smallest_coverage:
                    name = f"{outcome} by {source} ({when})"
                    columns[name] = values.set_index("engagement_id")["value"].reindex(ids)
                    break
            else:
                if best > 0:
                    notes.append(f"{outcome} ({when}) is known of only {best:.0%}: left out")
    return Covariates(pd.DataFrame(columns, index=ids), "; ".join(notes))


def join_covariates(cases: Cases, covariates: np.ndarray | None) -> Joint:
    """The cases that have every covariate, with clusters' sums of products of all variables.

    Parameters
    ----------
    cases : engagements with outcome and both ratings.
    covariates : (n, k) values aligned with ``cases.values``, NaN where unknown; None for none.

    Raises ValueError when the covariates are not aligned with the cases.
    """
    beside = np.empty((cases.n, 0)) if covariates is None else np.asarray(covariates, dtype=float)
    if beside.ndim != 2 or len(beside) != cases.n:
        raise ValueError(f"covariates are {beside.shape}; {cases.n} engagements need (n, k)")
    complete = np.isfinite(beside).all(axis=1)
    note = ""
    if not complete.all():
        lost = int((~complete).sum())
        note = f"{lost} of {cases.n} engagements lack a covariate and are left out"
        cases, beside = _keep(cases, complete), beside[complete]
    varying = ~is_constant(beside)
    if not varying.all():
        beside = beside[:, varying]
        note = "; ".join(filter(None, [note, "a covariate that does not vary is left out"]))
    values = standardise(np.column_stack([cases.values, beside]))[0]
    return Joint(cases, beside, sum_products(values, cases.codes, cases.n_clusters), note)


def too_few(joint: Joint, per_variable: int = 10) -> str:
    """Why the engagements are too few for so many predictors, or ''."""
    needed = per_variable * (joint.n_variables - 1)
    if joint.cases.n >= needed:
        return ""
    return (
        f"{joint.cases.n} engagements are too few for {joint.n_variables - 1} predictors; "
        f"at least {needed} are needed"
    )


def _keep(cases: Cases, rows: np.ndarray) -> Cases:
    """Some of the cases, their clusters numbered anew."""
    present, codes = np.unique(cases.codes[rows], return_inverse=True)
    values, codes = cases.values[rows], codes.reshape(-1)
    ids = cases.engagement_ids
    return replace(
        cases,
        engagement_ids=ids[rows] if len(ids) else ids,
        values=values,
        codes=codes,
        n_clusters=len(present),
        sums=sum_products(standardise(values)[0], codes, len(present)),
    )


def _before_the_window(known: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Values that the order in time allows: baselines, and weeks strictly before the window."""
    if "window_start_week" in frame:
        starts = frame.set_index("engagement_id")["window_start_week"].astype(float)
        start = known["engagement_id"].map(starts).astype(float)
    else:
        start = pd.Series(np.nan, index=known.index)
    week = known["week"].astype(float) if "week" in known else pd.Series(np.nan, known.index)
    baseline = (known["phase"] == "baseline") & ~(week > start)
    during = (known["phase"] == "during") & (week < start)
    return known.assign(week=week)[baseline | during]
