"""The tests of claims by name; a new test is one function and one entry here."""

from __future__ import annotations

from analysis.evidence.claims.estimands.advisors import advisor_retention
from analysis.evidence.claims.estimands.course import (
    buffer,
    lag_against_reverse,
    lag_to_event,
    matched_action,
    rapport_first,
)
from analysis.evidence.claims.estimands.decisions import decisions
from analysis.evidence.claims.estimands.designs import schedule, therapy_contrast
from analysis.evidence.claims.estimands.earlier import (
    across_settings,
    early_discrepancy,
    early_warning,
    rater_difference,
    rater_gap,
)
from analysis.evidence.claims.estimands.paths import indirect
from analysis.evidence.claims.estimands.repair import (
    matched_repair,
    progress_after_rupture,
    repair_acts,
    repair_growth,
)
from analysis.evidence.claims.estimands.reports import cause_rates, cause_share, outcome_trend
from analysis.evidence.claims.estimands.rivals import dominance_over_rivals, three_components
from analysis.evidence.claims.estimands.ruptures import rupture_forms, rupture_share
from analysis.evidence.claims.estimands.slopes import (
    harm,
    interaction,
    lasting,
    partial_slopes,
    slope,
)
from analysis.evidence.claims.ledger import Test

TESTS: dict[str, Test] = {
    function.__name__: function
    for function in (
        across_settings,
        advisor_retention,
        buffer,
        cause_rates,
        cause_share,
        decisions,
        dominance_over_rivals,
        early_discrepancy,
        early_warning,
        harm,
        indirect,
        interaction,
        lag_against_reverse,
        lag_to_event,
        lasting,
        matched_action,
        matched_repair,
        outcome_trend,
        partial_slopes,
        progress_after_rupture,
        rapport_first,
        rater_difference,
        rater_gap,
        repair_acts,
        repair_growth,
        rupture_forms,
        rupture_share,
        schedule,
        slope,
        therapy_contrast,
        three_components,
    )
}
