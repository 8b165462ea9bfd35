"""Do the two ratings carry the same information? R2 that each adds, alone and beside the other."""

from __future__ import annotations

import numpy as np

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cases import Cases
from analysis.evidence.covariates import Joint, join_covariates, too_few
from analysis.evidence.lines.observed import NAMES, counts
from analysis.models.cluster_sums import covariances, leave_one_out
from analysis.models.dominance import general_dominance, subset_r_squared
from analysis.models.intervals import Row, jackknife_interval, no_interval
from analysis.models.resampling import difference_with_reason

#: Why the verdict never counts this line.
NOT_COUNTED = (
    "not counted among the agreeing lines: with two ratings the differences of general dominance, "
    "of unique R2 and of the change in R2 are one number, without a baseline r1^2 - r2^2"
)
IN_SAMPLE = "in the sample; R2 cannot be negative, so it has no interval of its own"


def incremental_rows(cases: Cases, baseline: np.ndarray | None, plan: ComparisonPlan) -> list[Row]:
    """Change in R2, unique and shared R2 and general dominance of each rating over the baseline.

    Parameters
    ----------
    cases : engagements with outcome and both ratings.
    baseline : (n, k) covariates aligned with ``cases.values``, NaN where unknown, or None.
    plan : the level of the interval.

    Returns
    -------
    Rows of ``incremental``, on the engagements that have every covariate:

    - ``method`` ``r_squared``: ``r2_baseline`` (given a baseline), ``r2_both``: what both ratings
      add to it, and ``r2_shared``: what either would add (negative where one rating suppresses
      noise in the other); by ``rater`` ``r2_added`` over the baseline and ``r2_unique`` over the
      baseline and the other rating
    - ``method`` ``general_dominance``: each rating's ``general_dominance``
    - ``method`` ``jackknife``: ``difference`` of general dominance, advisee's less advisor's, with
      its cluster-jackknife t interval. The same number is the difference of unique R2 and of
      change in R2: (a + (ab - b)) / 2 - (b + (ab - a)) / 2 = a - b = (ab - b) - (ab - a).

    What cannot be given is one row of NaN with the reason.

    Notes
    -----
    Unique and shared variance: Newton and Spurrell (1967), Applied Statistics 16, 51; general
    dominance: ``analysis.models.dominance``. Replicates come from clusters' sums.
    """
    joint = join_covariates(cases, baseline)
    estimate = difference_with_reason(joint.cases.sums, NAMES)
    problem = estimate[1] or too_few(joint)
    if problem:
        return [_row(joint, "difference", "jackknife", np.nan, no_interval(problem))]
    whole = covariances(joint.sums.sum(axis=0), joint.n_variables)
    without, advisee, advisor, both = subset_r_squared(whole, 0, [1, 2], joint.places)
    told = no_interval(_said(IN_SAMPLE, joint.note))
    rows = [
        *([_row(joint, "r2_baseline", "r_squared", without, told)] if joint.places else []),
        _row(joint, "r2_both", "r_squared", both - without, told),
        _row(joint, "r2_shared", "r_squared", advisee + advisor - both - without, told),
    ]
    shares = general_dominance(whole, 0, [1, 2], joint.places)
    added = {"advisee": advisee - without, "advisor": advisor - without}
    unique = {"advisee": both - advisor, "advisor": both - advisee}
    for place, rater in enumerate(added):
        rows += [
            {**_row(joint, "r2_added", "r_squared", added[rater], told), "rater": rater},
            {**_row(joint, "r2_unique", "r_squared", unique[rater], told), "rater": rater},
            {
                **_row(joint, "general_dominance", "general_dominance", shares[place], told),
                "rater": rater,
            },
        ]
    replicates = covariances(leave_one_out(joint.sums), joint.n_variables)
    dominances = general_dominance(replicates, 0, [1, 2], joint.places)
    value = float(shares[0] - shares[1])
    interval = jackknife_interval(value, dominances[:, 0] - dominances[:, 1], plan.confidence)
    interval["note"] = _said(interval["note"], NOT_COUNTED, joint.note)
    return [*rows, _row(joint, "difference", "jackknife", value, interval)]


def _said(*notes: object) -> str:
    return "; ".join(str(note) for note in notes if note)


def _row(joint: Joint, term: str, method: str, estimate: float, interval: Row) -> Row:
    return {
        "analysis": "incremental",
        "term": term,
        "estimate": float(estimate),
        **interval,
        **counts(joint.cases),
        "method": method,
    }
