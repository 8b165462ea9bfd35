"""D under every combination of reasonable choices: the curve, its joint test, what moves it.

Specifications rest on the same engagements. They are no independent replications, and the share of
significant ones is no probability that a claim is true; the joint test says what share would be
found if D were 0 under all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.contract.plan import ComparisonPlan, Plan
from analysis.evidence.cells import Cell
from analysis.evidence.grid import FEWEST_ENGAGEMENTS
from analysis.evidence.lines.window_reliability import window_reliability
from analysis.evidence.multiverse.choices import CHOICES, Skipped, Sources
from analysis.evidence.multiverse.specifications import Specification, list_specifications
from analysis.evidence.verdict import refuse
from analysis.measure.window import PAIR
from analysis.models.cluster_sums import BLOCK, correlations, leave_one_out, resampled
from analysis.models.intervals import UNDEFINED_SHARE, Row, jackknife_interval, no_interval
from analysis.models.joint import JointTest, joint_tests, variance_shares
from analysis.models.resampling import draw_cluster_weights

#: Columns of choices beside the vocabulary; ``subscale`` and ``method`` hold the other two.
CHOICE_COLUMNS = ("window", "minimum_answered", "adjustment", "minimum_caseload")


def explore_multiverse(
    sources: Sources, plan: Plan, replicates: pd.DataFrame | None = None
) -> pd.DataFrame:
    """D under every combination of the plan's choices, jointly tested.

    Parameters
    ----------
    sources : the dataset's clean tables and its mapping's words.
    plan : ``multiverse`` lists the choices; ``comparison`` and ``scoring`` the plan's own.
    replicates : all parts of ``resample_multiverse`` side by side, where they were made beforehand;
        the outcome is the same.

    Returns
    -------
    Rows in the vocabulary and the columns ``CHOICE_COLUMNS``. Rows of one outcome, source and phase
    are one estimand. ``analysis``:

    - ``specification``: ``estimate`` is D with its jackknife t interval, ``subscale`` and
      ``method`` (the estimator) and the choice columns say under which choices; ``primary`` is True
      for the plan's own combination
    - ``joint_test``: ``share_significant`` and ``median`` with their p values, ``null`` rows with
      the mean and the middle 95 % of each under the null, ``p`` rows with the Monte Carlo error as
      standard error; the median's interval turns its test round; ``primary`` is True for the
      primary estimand
    - ``variance_share``: how much of the variance of D goes with each choice (primary estimand)
    - ``skipped``: combinations left out, counted by reason

    One ``not_testable`` row where the primary cell cannot decide.
    """
    raters = [one for one in PAIR if (sources.checkins["rater"] == one).any()]
    if sources.primary.outcome is None:
        return _finish([_not_testable(sources, "the mapping names no primary_outcome")])
    reason = refuse(sources.primary.source, raters, FEWEST_ENGAGEMENTS, FEWEST_ENGAGEMENTS)
    if reason:
        return _finish([_not_testable(sources, reason)])
    specifications, skipped = list_specifications(sources, plan)
    if not any(one.cell.key == sources.key for one in specifications):
        return _finish([_not_testable(sources, _why_none(skipped))])
    estimated = _estimate_all(specifications, plan, replicates)
    rows = [one.row for one in estimated]
    rows += _joint_rows(estimated, sources.key, plan)
    rows += _variance_rows([one for one in estimated if one.specification.cell.key == sources.key])
    rows += [
        {"analysis": "skipped", "term": "combinations", "estimate": number, "note": why}
        for why, number in sorted(skipped.reasons.items())
    ]
    return _finish(rows)


def resample_multiverse(sources: Sources, plan: Plan, part: int, parts: int) -> pd.DataFrame:
    """The replicates of every ``parts``-th specification from the ``part``-th (1, 2, ...) on.

    A row per resample, and a column per specification, named by its place in the list of all. The
    parts share no work but the draws, so that they can be made on different machines; together they
    are what ``explore_multiverse`` would make itself.
    """
    if not 1 <= part <= parts:
        raise ValueError(f"part {part} of {parts}")
    if sources.primary.outcome is None:
        return pd.DataFrame()
    specifications, _ = list_specifications(sources, plan)
    chosen = range(part - 1, len(specifications), parts)
    made = _estimate_all([specifications[place] for place in chosen], plan)
    return pd.DataFrame(
        {
            str(place): one.replicates
            for place, one in zip(chosen, made, strict=True)
            if one.replicates.size
        }
    )


@dataclass(frozen=True)
class _Estimated:
    """A specification with its row and, where it is given, its replicates (B,)."""

    specification: Specification
    row: Row
    replicates: np.ndarray

    @property
    def testable(self) -> bool:
        """Whether it can take part in a joint test."""
        undefined = np.isnan(self.replicates).mean() if self.replicates.size else 1.0
        return bool(np.isfinite(self.row["std_error"]) and undefined <= UNDEFINED_SHARE)


def _estimate_all(
    specifications: Sequence[Specification], plan: Plan, made: pd.DataFrame | None = None
) -> list[_Estimated]:
    """Each specification's row and its replicates in resamples that all share."""
    if not specifications:
        return []
    if made is not None:
        return [
            _estimate(one, lambda place=place: made[str(place)].to_numpy(), plan.comparison)
            for place, one in enumerate(specifications)
        ]
    n_clusters = len(specifications[0].sums)
    rng = np.random.default_rng(plan.multiverse.seed)
    weights = draw_cluster_weights(n_clusters, plan.multiverse.resamples, rng)
    if weights.size <= BLOCK:
        weights = weights.astype(float)  # once, and not for every specification
    least = plan.comparison.minimum_reliability

    def replicate(one: Specification) -> np.ndarray:
        parts = [one.sums] if one.occasion_sums is None else [one.sums, one.occasion_sums]
        return difference_of(one, *(resampled(part, weights) for part in parts), least=least)

    return [_estimate(one, partial(replicate, one), plan.comparison) for one in specifications]


def _estimate(
    one: Specification, replicate: Callable[[], np.ndarray], plan: ComparisonPlan
) -> _Estimated:
    parts = [one.sums] if one.occasion_sums is None else [one.sums, one.occasion_sums]
    totals = [np.vstack([part.sum(axis=0), leave_one_out(part[one.present])]) for part in parts]
    full, *without = difference_of(one, *totals)
    full, interval = (
        float(full),
        jackknife_interval(float(full), np.array(without), plan.confidence),
    )
    replicates = np.array([])
    if one.occasion_sums is not None:
        reason = _too_unreliable(one, plan.minimum_reliability)
        if reason:
            full, interval = np.nan, no_interval(f"not given: {reason}")
    if np.isfinite(interval["std_error"]):
        replicates = replicate()
    return _Estimated(one, _row(one, full, interval), replicates)


def difference_of(
    one: Specification,
    totals: np.ndarray,
    occasion_totals: np.ndarray | None = None,
    least: float = 0.0,
) -> np.ndarray:
    """D of a specification from totals (..., m) of its sums; NaN where it is not defined.

    With occasions, each correlation with a rating is divided by the root of the rating's
    reliability, NaN where that does not exceed ``least``. With a baseline c, partial correlations:
    (r_yx - r_yc r_xc) / sqrt((1 - r_yc^2) (1 - r_xc^2)), of the corrected ones if they are.
    """
    pairs = [(0, 1), (0, 2), *([(0, 3), (1, 3), (2, 3)] if one.p > 3 else [])]
    found = correlations(totals, one.p, pairs)
    scale = (1.0, 1.0)
    if occasion_totals is not None:
        reliability = window_reliability(occasion_totals, one.n_occasions, 2)
        usable = np.where(reliability > max(least, 0.0), reliability, np.nan)
        scale = (np.sqrt(usable[..., 0]), np.sqrt(usable[..., 1]))
    sides = []
    for place in (0, 1):
        r = found[place] / scale[place]
        if one.p > 3:
            with_outcome = found[2]
            with_rating = found[3 + place] / scale[place]
            left = (1 - with_outcome**2) * (1 - with_rating**2)
            left = np.where(left > 0, left, np.nan)
            r = (r - with_outcome * with_rating) / np.sqrt(left)
        sides.append(r)
    return sides[0] - sides[1]


def _too_unreliable(one: Specification, least: float) -> str:
    """Why no correction for reliability can be made, or ''."""
    full = window_reliability(one.occasion_sums.sum(axis=0), one.n_occasions, 2)
    without = window_reliability(leave_one_out(one.occasion_sums[one.present]), one.n_occasions, 2)
    if np.isnan(full).any() or np.isnan(without).any():
        return "a reliability cannot be estimated"
    if min(full.min(), without.min()) < least:
        return f"a reliability is below {least:.2f}, in the sample or without one cluster"
    return ""


def _row(one: Specification, estimate: float, interval: Row) -> Row:
    choices = one.choices
    return {
        "analysis": "specification",
        **_named(one.cell),
        "subscale": choices["subscale"],
        "term": "difference",
        "estimate": estimate,
        **interval,
        "n_engagements": one.n,
        "n_advisors": int(one.present.sum()),
        "method": choices["estimator"],
        "primary": one.primary,
        **{name: choices[name] for name in CHOICE_COLUMNS},
    }


def _named(cell: Cell) -> Row:
    return {
        "outcome": cell.outcome,
        "outcome_source": cell.source,
        "phase": cell.phase,
        "timing": cell.timing,
    }


def _joint_rows(
    estimated: Sequence[_Estimated], primary: tuple[str, str, str], plan: Plan
) -> list[Row]:
    """The joint test of every estimand that has more than one specification to test."""
    rows = []
    for key in dict.fromkeys(one.specification.cell.key for one in estimated):
        given = [
            one
            for one in estimated
            if one.specification.cell.key == key and np.isfinite(one.row["estimate"])
        ]
        own = [one for one in given if one.testable]
        if len(own) < 2:
            continue
        note = f"{len(own)} specifications, {plan.multiverse.resamples} resamples"
        if left_out := len(given) - len(own):
            note += f"; {left_out} more are not defined in over {UNDEFINED_SHARE:.0%} of resamples"
        tests = joint_tests(
            *(np.array([one.row[name] for one in own]) for name in ("estimate", "std_error", "df")),
            np.column_stack([one.replicates for one in own]),
            np.random.default_rng([plan.multiverse.seed, 1]),
            plan.comparison.confidence,
        )
        base = {
            "analysis": "joint_test",
            **_named(own[0].specification.cell),
            "method": "recentred_bootstrap",
            "primary": key == primary,
            "note": note,
        }
        rows += [base | row for row in _test_rows(tests, plan.comparison.confidence)]
    return rows


def _test_rows(tests: dict[str, JointTest], confidence: float) -> list[Row]:
    rows = []
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    for term, test in tests.items():
        low, high = np.quantile(test.null, tails)
        rows.append({"term": term, "estimate": test.value, "p_value": test.p_value})
        if term == "median_difference":
            rows[-1] |= {"conf_low": test.value - high, "conf_high": test.value - low}
        null = {"estimate": float(test.null.mean()), "conf_low": low, "conf_high": high}
        rows.append({"term": f"{term}: null"} | null)
        p = {"estimate": test.p_value, "std_error": test.monte_carlo_error}
        rows.append({"term": f"{term}: p"} | p)
    return rows


def _variance_rows(estimated: Sequence[_Estimated]) -> list[Row]:
    """Shares of the variance of D over the primary estimand's specifications."""
    own = [one for one in estimated if np.isfinite(one.row["estimate"])]
    choices = pd.DataFrame([one.specification.choices for one in own], columns=list(CHOICES))
    shares = variance_shares([one.row["estimate"] for one in own], choices)
    note = "" if len(own) > 1 else "one specification only"
    base = {"analysis": "variance_share", "method": "shapley", "primary": True, "note": note}
    base |= _named(estimated[0].specification.cell)
    return [base | {"term": term, "estimate": share} for term, share in shares.items()]


def _finish(rows: list[Row]) -> pd.DataFrame:
    """Rows in the vocabulary, the choices in columns of their own behind it."""
    choices = pd.DataFrame(rows).reindex(columns=list(CHOICE_COLUMNS))
    plain = [{k: v for k, v in row.items() if k not in CHOICE_COLUMNS} for row in rows]
    return pd.concat([as_estimates(plain), choices], axis=1)


def _not_testable(sources: Sources, reason: str) -> Row:
    outcome, source, phase = sources.key
    return {
        "analysis": "specification",
        "outcome": outcome,
        "outcome_source": source,
        "phase": phase,
        "term": "difference",
        "estimate": np.nan,
        "primary": True,
        "verdict": "not_testable",
        "note": reason,
    }


def _why_none(skipped: Skipped) -> str:
    told = ", ".join(sorted(skipped.reasons))
    return f"no combination of choices can be estimated: {told or 'there is no such outcome'}"
