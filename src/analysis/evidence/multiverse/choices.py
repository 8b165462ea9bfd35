"""The choices a multiverse combines, what it starts from, and what it leaves out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from analysis.contract.instruments import Instrument
from analysis.contract.plan import Plan
from analysis.evidence.cells import DeclaredOutcome
from analysis.evidence.grid import TOTAL, PrimaryCell

#: The choices, in the order in which tables and figures show them.
CHOICES = (
    "subscale",
    "window",
    "minimum_answered",
    "adjustment",
    "estimator",
    "minimum_caseload",
)

Choice = dict[str, object]


@dataclass
class Skipped:
    """Combinations left out, counted by reason."""

    reasons: Counter = field(default_factory=Counter)

    def count(self, reason: str, number: int = 1) -> None:
        """Add combinations that are left out for one reason."""
        self.reasons[reason] += number


@dataclass(frozen=True)
class Sources:
    """A dataset's clean tables and what its mapping says of them."""

    engagements: pd.DataFrame
    checkins: pd.DataFrame
    outcomes: pd.DataFrame
    instruments: Mapping[str, Instrument]
    declared: Mapping[str, DeclaredOutcome]
    cluster: str
    primary: PrimaryCell

    @property
    def key(self) -> tuple[str, str, str]:
        """The primary outcome, source and phase."""
        return self.primary.outcome, self.primary.source, self.primary.phase


def count_combinations(plan: Plan) -> int:
    """Combinations within one cell, window and scoring rule."""
    choices = plan.multiverse
    return (
        len(with_own(TOTAL, choices.subscales))
        * len(choices.adjustments)
        * len(choices.minimum_caseload)
        * len(choices.estimators)
    )


def own_choices(plan: Plan) -> Choice:
    """The plan's own combination."""
    return {
        "subscale": TOTAL,
        "window": " ".join(map(str, plan.comparison.window)),
        "minimum_answered": plan.scoring.minimum_answered,
        "adjustment": "none",
        "estimator": "pearson",
        "minimum_caseload": 1,
    }


def with_own(own: object, declared: Iterable) -> list:
    """The plan's own choice first, so that it is kept where another is the same in effect."""
    return list(dict.fromkeys([own, *declared]))
