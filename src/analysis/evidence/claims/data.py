"""What a dataset offers to the tests of claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.contract.instruments import Instrument
from analysis.contract.plan import Plan
from analysis.evidence.cells import Cell, DeclaredOutcome, collect_cells
from analysis.evidence.grid import PrimaryCell

if TYPE_CHECKING:
    from analysis.evidence.ruptures.study import Study


@dataclass(frozen=True)
class ClaimData:
    """One dataset as the tests of claims read it.

    ``frame`` is the analysis frame (a row per engagement, each rating the mean over its window);
    ``alliance`` the scores per engagement, rater and occasion (those from after an engagement's end
    left out); ``engagements``, ``checkins``, ``outcomes`` and ``events`` the clean tables;
    ``comparison``, ``measurement``, ``process`` and ``warning`` the estimates of the stages before,
    empty where there are none.
    """

    name: str
    frame: pd.DataFrame
    alliance: pd.DataFrame
    engagements: pd.DataFrame
    checkins: pd.DataFrame
    outcomes: pd.DataFrame
    events: pd.DataFrame
    instruments: Mapping[str, Instrument]
    declared: Mapping[str, DeclaredOutcome]
    primary: PrimaryCell
    cluster: str
    plan: Plan
    comparison: pd.DataFrame = field(default_factory=pd.DataFrame)
    measurement: pd.DataFrame = field(default_factory=pd.DataFrame)
    process: pd.DataFrame = field(default_factory=pd.DataFrame)
    warning: pd.DataFrame = field(default_factory=pd.DataFrame)

    @cached_property
    def cells(self) -> list[Cell]:
        """Every outcome by source and phase, oriented so that higher is better, placed in time."""
        return collect_cells(self.frame, self.outcomes, self.declared)

    @cached_property
    def placed(self) -> pd.DataFrame:
        """Events at the check-in they belong to: ``engagement_id, occasion, event``."""
        from analysis.models.ruptures.events import place_events

        return place_events(self.events, self.alliance)

    @cached_property
    def study(self) -> Study:
        """The advisee's courses with what chance would show, as the table of ruptures has them."""
        from analysis.evidence.ruptures.ruptures import RATERS, omega_by_occasion
        from analysis.evidence.ruptures.study import prepare_study, traits_of

        plan = self.plan.ruptures
        streams = np.random.default_rng(plan.seed).spawn(len(RATERS))
        return prepare_study(
            self.alliance,
            self.engagements,
            "advisee",
            omega_by_occasion(self.measurement).get("advisee"),
            plan,
            streams[RATERS.index("advisee")],
            self.cluster,
            self.plan.comparison.confidence,
            traits_of(self.engagements, self.placed if len(self.events) else None),
        )

    @property
    def raters(self) -> frozenset[str]:
        """Who rated the alliance at least once."""
        rated = self.alliance[self.alliance["total"].notna()]
        return frozenset(rated["rater"].unique())
