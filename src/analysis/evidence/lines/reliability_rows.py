"""Rows for how reliably each rating was measured, shown beside every comparison."""

from __future__ import annotations

import numpy as np

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cases import Cases
from analysis.evidence.lines.disattenuated import RATERS, Correction
from analysis.models.intervals import Row, no_interval, reliability_interval

#: A reliability below this carries a caution.
CAUTION = 0.70


def reliability_rows(cases: Cases, correction: Correction, plan: ComparisonPlan) -> list[Row]:
    """Each rater's reliability with its cluster-jackknife t interval, formed on log(1 - value).

    Dyads that share an advisor are not independent, so that Feldt's and the delta interval, which
    take them to be, would be too short here. Standard error by the delta method.
    """
    return [
        {
            "analysis": "reliability",
            "rater": rater,
            "term": "reliability",
            "estimate": float(correction.reliability[place]),
            **_interval(correction, place, plan.confidence),
            "n_engagements": float(correction.n_engagements[place]),
            "n_advisors": cases.n_clusters,
            "method": correction.method,
        }
        for place, rater in enumerate(RATERS)
    ]


def _interval(correction: Correction, place: int, confidence: float) -> Row:
    value, without = correction.reliability[place], correction.replicates[:, place]
    if np.isnan(value):
        return no_interval(correction.unknown[place])
    interval = reliability_interval(value, without, confidence)
    notes = [caution_if_low(value), interval["note"], correction.note]
    return interval | {"note": "; ".join(filter(None, notes))}


def caution_if_low(value: float) -> str:
    """The caution that a low reliability carries, or ''."""
    return f"low: below {CAUTION:.2f}" if value < CAUTION else ""
