"""Every combination of reasonable choices as data to estimate from, and those left out with why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import product

import numpy as np
from scipy.stats import rankdata

from analysis.contract.plan import Plan
from analysis.evidence.cells import Cell
from analysis.evidence.grid import FEWEST_ENGAGEMENTS, TOTAL
from analysis.evidence.lines.window_reliability import (
    MINIMUM_WITHIN_DF,
    OccasionSums,
    sum_occasions,
    within_df,
)
from analysis.evidence.multiverse.choices import (
    Choice,
    Skipped,
    Sources,
    count_combinations,
    with_own,
)
from analysis.evidence.multiverse.prepared import Prepared, prepare_all
from analysis.measure.window import PAIR
from analysis.models.cluster_sums import standardise, sum_products


@dataclass(frozen=True)
class Specification:
    """One combination of choices and the clusters' sums it is estimated from.

    ``sums`` is (G, m) over all the dataset's clusters, zeros for those without a case, of the
    standardised outcome, advisee's and advisor's rating and, adjusted, the baseline (``p`` of
    them). ``occasion_sums`` (G, k) over ``n_occasions`` occasions tell the ratings' reliability.
    """

    cell: Cell
    choices: Choice
    primary: bool
    sums: np.ndarray
    p: int
    n: int
    occasion_sums: np.ndarray | None = None
    n_occasions: int = 0

    @property
    def present(self) -> np.ndarray:
        """Which clusters have any case."""
        return self.sums[:, 0] > 0


def list_specifications(sources: Sources, plan: Plan) -> tuple[list[Specification], Skipped]:
    """Every combination of the plan's choices that can be estimated and differs from the others.

    Choices contradict each other, or the data, when there is nothing to estimate: a correction for
    reliability from a single check-in, a component that one form lacks, a baseline nobody took, an
    outcome from before the window, too few cases or clusters. Where two combinations rest on the
    very same numbers the second is no further specification. Both kinds are counted.
    """
    skipped = Skipped()
    found: list[Specification] = []
    seen: set[bytes] = set()
    for prepared in prepare_all(sources, plan, skipped):
        for cell in prepared.cells:
            for one in _of_cell(prepared, cell, plan, skipped):
                mark = _fingerprint(one)
                if mark in seen:
                    skipped.count("the same numbers as another combination")
                    continue
                seen.add(mark)
                found.append(one)
    return found, skipped


def _of_cell(
    prepared: Prepared, cell: Cell, plan: Plan, skipped: Skipped
) -> Iterator[Specification]:
    """One cell's specifications under one scoring rule and window."""
    choices = plan.multiverse
    each = len(choices.estimators)
    if cell.refusal:
        skipped.count(cell.refusal, count_combinations(plan))
        return
    outcome = prepared.align(cell.values.set_index("engagement_id")["value"])
    known = prepared.baselines.get((cell.outcome, cell.source))
    baseline = None if known is None else prepared.align(known)
    for subscale, adjustment, caseload in product(
        with_own(TOTAL, choices.subscales), choices.adjustments, choices.minimum_caseload
    ):
        columns = [f"{rater}_{subscale}" for rater in PAIR]
        values = [outcome, *([baseline] if adjustment == "baseline" else [])]
        cases, reason = _cases(prepared, columns, values, caseload, plan)
        if cases is None:
            skipped.count(
                reason or f"no baseline of {cell.outcome.replace('_', ' ')} was taken", each
            )
            continue
        for estimator in choices.estimators:
            chosen = {
                "subscale": subscale,
                "window": " ".join(map(str, prepared.window)),
                "minimum_answered": prepared.minimum_answered,
                "adjustment": adjustment,
                "estimator": estimator,
                "minimum_caseload": caseload,
            }
            reason, sums, occasion_sums = _sum_up(prepared, columns, cases, estimator)
            if reason:
                skipped.count(reason)
                continue
            yield Specification(
                cell,
                chosen,
                cell.key == prepared.key and chosen == prepared.own,
                sums,
                cases.values.shape[1],
                len(cases.values),
                *((occasion_sums.sums, occasion_sums.n_occasions) if occasion_sums else ()),
            )


@dataclass(frozen=True)
class _Cases:
    """Complete cases: places in the frame, values (n, p) and cluster codes."""

    place: np.ndarray
    values: np.ndarray
    codes: np.ndarray


def _cases(
    prepared: Prepared,
    columns: Sequence[str],
    measured: Sequence[np.ndarray | None],
    caseload: int,
    plan: Plan,
) -> tuple[_Cases | None, str]:
    """Outcome, both ratings and any baseline of the complete cases, or why there are too few."""
    absent = [name.replace("_", " ") for name in columns if name not in prepared.ratings]
    if absent:
        return None, f"there is no {' or '.join(absent)}"
    outcome, *baseline = measured
    if any(one is None for one in baseline):
        return None, ""
    values = np.column_stack([outcome, *(prepared.ratings[name] for name in columns), *baseline])
    complete = np.isfinite(values).all(axis=1)
    sizes = np.bincount(prepared.codes[complete], minlength=prepared.n_clusters)
    place = np.flatnonzero(complete & (sizes[prepared.codes] >= caseload))
    if len(place) < FEWEST_ENGAGEMENTS:
        return None, f"fewer than {FEWEST_ENGAGEMENTS} engagements"
    cases = _Cases(place, values[place], prepared.codes[place])
    least = plan.comparison.minimum_clusters
    if np.count_nonzero(np.bincount(cases.codes)) < least:
        return None, f"fewer than {least} clusters"
    return cases, ""


def _sum_up(
    prepared: Prepared, columns: Sequence[str], cases: _Cases, estimator: str
) -> tuple[str, np.ndarray | None, OccasionSums | None]:
    """The clusters' sums an estimator starts from, or why there is nothing to start from."""
    values, occasion_sums = cases.values, None
    if estimator == "spearman":
        # Ranks of the whole sample stay with their cases in every resample: sums then suffice.
        values = np.column_stack([rankdata(column) for column in values.T])
    standard = standardise(values)[0]
    if (standard == 0).all(axis=0).any():
        return "the outcome or a rating does not vary", None, None
    if estimator == "disattenuated":
        occasion_sums = sum_occasions(
            prepared.occasions,
            columns,
            prepared.ids[cases.place],
            values[:, 1:3],
            cases.codes,
            prepared.n_clusters,
        )
        df = within_df(occasion_sums.sums.sum(axis=0), occasion_sums.n_occasions)
        if occasion_sums.n_occasions < 2 or df < MINIMUM_WITHIN_DF:
            return "corrected for reliability, but check-ins do not repeat", None, None
    return "", sum_products(standard, cases.codes, prepared.n_clusters), occasion_sums


def _fingerprint(one: Specification) -> bytes:
    """What two specifications share if they rest on the very same numbers."""
    mark = sha256(repr((one.cell.key, one.p, one.choices["estimator"])).encode())
    mark.update(one.sums.tobytes())
    if one.occasion_sums is not None:
        mark.update(one.occasion_sums.tobytes())
    return mark.digest()
