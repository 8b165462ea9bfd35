"""What if those who did not reply had replied? D in completed data sets: the imputed line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtr

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cases import complete_cases
from analysis.evidence.cells import Cell
from analysis.evidence.lines.auxiliaries import choose_auxiliaries, name_of_outcome
from analysis.evidence.lines.disattenuated import RATERS
from analysis.evidence.lines.observed import NAMES
from analysis.measure.missing import pool_rubin
from analysis.measure.multilevel_imputation import impute_two_level
from analysis.models.cluster_sums import code_clusters, leave_one_out, standardise, sum_products
from analysis.models.folds import order_by_content
from analysis.models.intervals import Row, jackknife_variance, no_interval
from analysis.models.resampling import difference, difference_with_reason

#: Engagements with both ratings that an imputation must learn from, for each variable in it.
FEWEST_PER_VARIABLE = 10

UNCORRECTED = (
    "uncorrected for reliability: imputed ratings carry the same measurement error as observed ones"
)


@dataclass(frozen=True)
class _Eligible:
    """Engagements with the outcome, in an order of their own: values (n, p), gaps as NaN."""

    values: np.ndarray
    codes: np.ndarray
    n_clusters: int
    auxiliaries: tuple[str, ...]

    @property
    def gaps(self) -> np.ndarray:
        """(n, 2) which ratings are missing."""
        return np.isnan(self.values[:, 1:3])


def imputed_rows(
    frame: pd.DataFrame,
    outcome: str,
    advisee: str,
    advisor: str,
    cluster: str,
    plan: ComparisonPlan,
    rng: np.random.Generator,
    auxiliaries: pd.DataFrame | None = None,
) -> list[Row]:
    """D on all engagements with the outcome, missing ratings multiply imputed, by Rubin's rules.

    Parameters
    ----------
    frame : one row per engagement: ``engagement_id`` (needed with auxiliaries), the columns
        ``outcome`` (NaN unless it was taken in time), ``advisee`` and ``advisor`` (NaN where that
        rater never replied; see ``fill_ratings``) and ``cluster``.
    plan : imputations, shifts and levels of the intervals.
    rng : draws the imputations; neither the order of rows nor any identifier has a part in them.
    auxiliaries : numbers indexed by ``engagement_id`` (see ``gather_auxiliaries``), of which the
        closest are used (``choose_auxiliaries``).

    Returns
    -------
    Rows of ``imputed``:

    - ``difference``, ``rubin`` and ``rubin_90`` (at the equivalence confidence): missing at random
      given outcome, ratings, auxiliaries and advisor
    - ``difference_shifted_-0.2``, ``difference_shifted_+0.2``, ..., ``rubin_shifted``, for each
      ``rater`` with gaps and each of the plan's shifts: not at random, that rater's imputed
      ratings moved by so many standard deviations of the observed ones (a pattern-mixture model:
      Little, 1993, Journal of the American Statistical Association 88, 125)

    Where nothing is missing, or nothing can be imputed from, one row with the reason.

    Notes
    -----
    Each completed data set gives D and its cluster-jackknife variance; these are pooled by
    ``analysis.measure.missing.pool_rubin`` with G - 1 degrees of freedom for complete data.
    Imputation: ``analysis.measure.multilevel_imputation``, which keeps dependence between the
    engagements of an advisor. As in the clustered line, ratings are not corrected for reliability.

    Raises ValueError for an absent column, a missing cluster label, or an engagement given twice.
    """
    eligible = frame[pd.notna(frame[outcome])] if outcome in frame else frame
    cases = complete_cases(eligible, outcome, advisee, advisor, cluster)
    data = _eligible(eligible, [outcome, advisee, advisor], cluster, auxiliaries)
    problem = _problem(data, cases.n) or difference_with_reason(cases.sums, NAMES)[1]
    if problem:
        return [_row(data, "rubin", np.nan, no_interval(f"line not given: {problem}"))]
    completed = impute_two_level(data.values, data.codes, data.n_clusters, plan.imputations, rng)
    completed = completed[..., :3]
    told = _told(data, plan)
    rows = [
        _pooled(data, completed, "rubin", plan.confidence, told),
        _pooled(data, completed, "rubin_90", plan.equivalence_confidence, told),
    ]
    for place, rater in enumerate(RATERS, start=1):
        gap = data.gaps[:, place - 1]
        if not gap.any():
            continue
        spread = float(np.nanstd(data.values[:, place], ddof=1))
        for size in plan.shifts:
            for word, sign in (("lowered", -1), ("raised", 1)):
                moved = completed.copy()
                moved[:, gap, place] += sign * size * spread
                said = f"imputed ratings of the {rater} {word} by {size:g} standard deviations"
                row = _pooled(data, moved, "rubin_shifted", plan.confidence, said)
                row["term"] = f"difference_shifted_{sign * size:+g}"
                rows.append({**row, "rater": rater})
    return rows


def impute_cell(
    cell: Cell,
    subscale: str,
    filled: pd.DataFrame,
    auxiliaries: pd.DataFrame,
    cluster: str,
    plan: ComparisonPlan,
    rng: np.random.Generator,
) -> list[Row]:
    """The imputed line of one cell and subscale: ``imputed_rows`` on the cell's engagements.

    Parameters
    ----------
    cell, subscale : the outcome, and which ratings of it.
    filled : from ``fill_ratings``, once for a dataset.
    auxiliaries : from ``gather_auxiliaries``, once for a dataset; the cell's own outcome is left
        out here.
    cluster, plan, rng : as ``imputed_rows``.
    """
    ratings = [f"{rater}_{subscale}" for rater in RATERS]
    values = cell.values.rename(columns={"value": cell.outcome})
    frame = filled[["engagement_id", cluster, *ratings]].merge(
        values, on="engagement_id", how="left", validate="one_to_one"
    )
    others = auxiliaries.drop(columns=name_of_outcome(cell.key), errors="ignore")
    return imputed_rows(frame, cell.outcome, *ratings, cluster, plan, rng, others)


def _eligible(
    frame: pd.DataFrame, names: list[str], cluster: str, auxiliaries: pd.DataFrame | None
) -> _Eligible:
    codes, labels = code_clusters(frame[cluster])
    values = frame[names].to_numpy(dtype=float, na_value=np.nan)
    chosen: list[str] = []
    if auxiliaries is not None and len(frame):
        beside = auxiliaries.reindex(frame["engagement_id"])
        both = int((~np.isnan(values[:, 1:])).all(axis=1).sum())
        room = max(both // FEWEST_PER_VARIABLE - len(names), 0)
        chosen = choose_auxiliaries(beside, values[:, 1:])[:room]
        values = np.column_stack([values, beside[chosen].to_numpy(dtype=float)])
    if len(frame):
        order, codes = order_by_content(values, codes, len(labels))
        values = values[order]
    return _Eligible(values, codes, len(labels), tuple(chosen))


def _problem(data: _Eligible, n_complete: int) -> str:
    """Why there is nothing to impute, or nothing to impute from, or ''."""
    if not data.gaps.any():
        return "no engagement with the outcome lacks a rating: nothing to impute"
    needed = FEWEST_PER_VARIABLE * 3
    if n_complete < needed:
        return (
            f"only {n_complete} engagements have the outcome and both ratings; at least {needed} "
            "are needed to impute from"
        )
    if data.n_clusters < 2:
        return "one cluster: no interval can be given"
    return ""


def _told(data: _Eligible, plan: ComparisonPlan) -> str:
    shares = [
        f"{share:.1%} of the ratings by the {rater}"
        for rater, share in zip(RATERS, data.gaps.mean(axis=0), strict=True)
        if share
    ]
    said = f"{plan.imputations} imputations of {' and '.join(shares)}"
    used = f", auxiliaries {', '.join(data.auxiliaries)}" if data.auxiliaries else ""
    return f"{said}, from outcome, the other rating, advisor{used}; {UNCORRECTED}"


def _pooled(
    data: _Eligible, completed: np.ndarray, method: str, confidence: float, told: str
) -> Row:
    """D of completed data sets (m, n, 3), pooled."""
    m, n, _ = completed.shape
    places = data.codes + data.n_clusters * np.arange(m)[:, None]
    stacked = standardise(completed.reshape(m * n, 3))[0]
    sums = sum_products(stacked, places.ravel(), m * data.n_clusters)
    sums = sums.reshape(m, data.n_clusters, -1).swapaxes(0, 1)
    estimates = difference(sums.sum(axis=0))
    without = difference(leave_one_out(sums))
    variances = [jackknife_variance(own) for own in without.T]
    row = pool_rubin(estimates, variances, data.n_clusters, 1, confidence).iloc[0]
    interval = no_interval("; ".join(filter(None, [row["note"], told])))
    if np.isfinite(row["std_error"]):
        statistic = row["estimate"] / row["std_error"]
        interval.update(
            std_error=row["std_error"],
            statistic=statistic,
            df=row["df"],
            p_value=float(2 * stdtr(row["df"], -abs(statistic))),
            conf_low=row["conf_low"],
            conf_high=row["conf_high"],
            note=f"{told}; fraction of missing information {row['fmi']:.2f}",
        )
    return _row(data, method, row["estimate"], interval)


def _row(data: _Eligible, method: str, estimate: float, interval: Row) -> Row:
    return {
        "analysis": "imputed",
        "term": "difference",
        "estimate": float(estimate),
        **interval,
        "n_engagements": len(data.values),
        "n_advisors": data.n_clusters,
        "method": method,
    }
