"""A dataset's tables of estimates as they may leave the interim folder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from analysis.contract.disclosure import check_rule, release, release_flow, release_privacy
from analysis.contract.layout import Dataset
from analysis.contract.plan import DisclosurePlan, Plan
from analysis.contract.tables import read_made, read_table


@dataclass(frozen=True)
class Released:
    """One dataset's tables, each through the one function that decides what may leave."""

    dataset: Dataset
    plan: Plan
    results: Path

    @property
    def folder(self) -> Path:
        """The dataset's interim folder."""
        return self.results / "interim" / self.dataset.mapping.name

    @cached_property
    def rule(self) -> DisclosurePlan:
        """The plan's rule, refused where it is too lax for data that are not simulated."""
        simulated = self.dataset.mapping.provenance.simulated
        return check_rule(self.plan.disclosure, simulated)

    @cached_property
    def largest_caseload(self) -> int:
        """Most engagements that one advisor has, or one of the clusters that rows count."""
        engagements = read_table("engagements", self.folder / "engagements.parquet")
        clusters = {"advisor_id", self.dataset.mapping.cluster} & set(engagements.columns)
        return max(int(engagements[one].value_counts().max()) for one in clusters)

    def table(self, name: str) -> pd.DataFrame:
        """One of the dataset's tables, such as ``process``, ``flow`` or ``privacy``."""
        rows = read_made(self.folder / f"{name}.csv")
        if name == "flow":
            return release_flow(rows, self.rule)
        if name == "privacy":
            return release_privacy(rows, self.rule)
        return release(rows, name, self.rule, largest_caseload=self.largest_caseload)
