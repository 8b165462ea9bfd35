"""What the lines of evidence must achieve where the truth is known, fixed beforehand."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.contract.plan import CalibrationPlan

#: Scenarios without a winner in which nothing misleads the lines the verdict rests on.
FAIR_NULLS = ("independent", "clustered_60", "clustered_18", "clustered_12", "equivalence")


@dataclass(frozen=True)
class Bar:
    """Where one rate of one line must lie in some scenarios.

    ``band`` is ``rejection`` or ``coverage``, whose limits are the plan's, or two limits.
    """

    scenarios: tuple[str, ...]
    line: tuple[str, str]
    term: str
    band: str | tuple[float, float]

    def holds(self, scenario: str, line: tuple[str, str], term: str) -> bool:
        """Whether this bar is for that rate."""
        return scenario in self.scenarios and line == self.line and term == self.term

    def limits(self, plan: CalibrationPlan) -> tuple[float, float]:
        """Lowest and highest value that passes."""
        if isinstance(self.band, str):
            return getattr(plan, self.band)
        return self.band


RECORD, CORRECTED, VERDICT = (
    ("clustered", "jackknife"),
    ("disattenuated", "jackknife"),
    ("verdict", "verdict"),
)

BARS = (
    Bar(FAIR_NULLS, RECORD, "rejection", "rejection"),
    Bar((*FAIR_NULLS, "unequal_reliability", "true_difference"), RECORD, "coverage", "coverage"),
    Bar((*FAIR_NULLS, "unequal_reliability"), CORRECTED, "rejection", "rejection"),
    Bar((*FAIR_NULLS, "unequal_reliability", "true_difference"), CORRECTED, "coverage", "coverage"),
    # The other lines must be seen to fail where they should: a scenario in which nobody errs would
    # prove nothing.
    Bar(
        ("clustered_60", "clustered_18", "clustered_12"),
        ("naive", "steiger"),
        "rejection",
        (0.12, 0.25),
    ),
    Bar(("unequal_reliability",), RECORD, "rejection", (0.40, 0.60)),
    Bar((*FAIR_NULLS, "unequal_reliability"), VERDICT, "winner", (0.0, 0.07)),
    # Complete engagements mislead here, and the imputed line must keep the verdict from it.
    Bar(("missing",), ("imputed", "rubin"), "rejection", "rejection"),
    Bar(("missing",), ("imputed", "rubin"), "coverage", "coverage"),
    Bar(("missing",), ("verdict", "verdict_imputed"), "winner", (0.0, 0.07)),
    Bar(("same_source",), VERDICT, "winner", (0.0, 0.0)),
    Bar(("equivalence",), VERDICT, "equivalent", (0.90, 1.0)),
    Bar(("true_difference",), VERDICT, "right", (0.95, 1.0)),
    Bar(("true_difference",), VERDICT, "wrong", (0.0, 0.005)),
)
