"""The ledger rehearsed on simulated programmes, of which it is known what is true.

Only what the claims read is built, in process and without files: the rows of earlier stages that
decide a claim, few resamples, one division into folds. None of this changes what a verdict is.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd

from analysis.contract.estimates import in_order
from analysis.contract.forms import Forms
from analysis.contract.layout import Dataset
from analysis.contract.plan import Plan
from analysis.evidence.cells import collect_cells
from analysis.evidence.claims.data import ClaimData
from analysis.evidence.course.discrepancy import describe_discrepancy
from analysis.evidence.course.gap import describe_gap
from analysis.evidence.course.held import keep_held
from analysis.evidence.grid import compare_all_cells
from analysis.evidence.measurement.dimensions import describe_dimensions
from analysis.evidence.warning.warning import describe_warning
from analysis.measure.scoring import score_alliance
from analysis.measure.window import assemble_frame, window_occasions
from analysis.simulate.parameters import Programme
from analysis.simulate.programme import simulate_tables

#: Resamples and surrogate sets that are enough for a verdict's level.
RESAMPLES, SURROGATES = 99, 40


def thin(plan: Plan) -> Plan:
    """The plan with only as much resampling as a rehearsal needs."""
    warning = plan.warning.model_copy(
        update={"landmarks": plan.warning.landmarks[:1], "repeats": 1}
    )
    return plan.model_copy(
        update={
            "comparison": plan.comparison.model_copy(update={"resamples": RESAMPLES}),
            "ruptures": plan.ruptures.model_copy(update={"surrogates": SURROGATES}),
            "warning": warning,
        }
    )


def enlarge(programme: Programme, engagements: int) -> Programme:
    """The programme with many more engagements, and advisors in proportion."""
    advisors = round(programme.advisors * engagements / programme.engagements)
    return replace(programme, engagements=engagements, advisors=advisors)


def draw_claim_data(
    programme: Programme,
    dataset: Dataset,
    plan: Plan,
    rng: np.random.Generator,
    warns: bool = True,
) -> ClaimData:
    """One draw of a programme as the tests of claims read it.

    ``warns`` False leaves the early warning out, whose leave-one-advisor-out models a very large
    draw has no memory for.
    """
    settings, tables = dataset.mapping, simulate_tables(programme, rng)
    engagements = tables["engagements"]
    scored = dataset.forms.instruments
    scores = score_alliance(tables["checkins"], scored, plan.scoring.minimum_answered)
    frame = assemble_frame(engagements, scores, plan.comparison.window)
    alliance = keep_held(scores, engagements)
    primary = SimpleNamespace(
        outcome=settings.primary_outcome,
        source=settings.primary_source,
        phase=settings.primary_phase,
    )
    key = primary.outcome, primary.source, primary.phase
    clusters = engagements.set_index("engagement_id")[settings.cluster]
    only = {"advisee": scored["advisee"]} if "advisee" in scored else scored
    measurement = describe_dimensions(tables["checkins"], Forms(only), clusters, (1,))
    outcomes = tables["outcomes"]
    deciding = outcomes[(outcomes[["outcome", "source", "phase"]] == list(key)).all(axis=1)]
    comparison = compare_all_cells(
        frame,
        deciding,
        window_occasions(scores, plan.comparison.window),
        {},
        settings.outcomes,
        plan.comparison,
        settings.cluster,
        primary,
        lines=(),
    )
    cells = collect_cells(frame, deciding, settings.outcomes)
    choices = plan.comparison, plan.process
    means = _mean_of_shared(alliance)
    process = in_order(
        [
            describe_gap(means, engagements, scored, measurement, settings.cluster, *choices),
            describe_discrepancy(frame, alliance, cells, scored, settings.cluster, key, *choices),
        ]
    )
    warning = {}
    if warns:
        ranges = {rater: one.responses for rater, one in dataset.instruments.items()}
        warning["warning"] = describe_warning(
            engagements,
            alliance,
            tables["events"],
            {rater: (one.minimum, one.maximum) for rater, one in ranges.items()},
            settings.cluster,
            plan.warning,
            plan.comparison,
            np.random.default_rng(plan.warning.seed),
        )
    return ClaimData(
        name=programme.name,
        frame=frame,
        alliance=alliance,
        instruments=scored,
        declared=settings.outcomes,
        primary=primary,
        cluster=settings.cluster,
        plan=plan,
        comparison=comparison,
        measurement=measurement,
        process=process,
        **{name: tables[name] for name in ("engagements", "checkins", "outcomes", "events")},
        **warning,
    )


def _mean_of_shared(alliance: pd.DataFrame) -> pd.DataFrame:
    """Each rater's mean total over the check-ins that both answered, as if it were one check-in:
    the gap over all check-ins rests on these, and there is no other to describe."""
    counts = alliance.dropna(subset=["total"]).groupby(["engagement_id", "occasion"])["rater"]
    both = alliance.set_index(["engagement_id", "occasion"])
    both = both[both.index.isin(counts.nunique()[lambda n: n > 1].index)].reset_index()
    means = both.groupby(["engagement_id", "rater"], as_index=False)[["total"]].mean()
    return means.assign(occasion=1, **dict.fromkeys(("goal", "task", "bond"), np.nan))
