"""Every scoring rule and window of a multiverse: ratings, occasions, and outcomes in time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.contract.plan import Plan
from analysis.evidence.cells import Cell, group_outcomes, place_cells
from analysis.evidence.multiverse.choices import (
    Choice,
    Skipped,
    Sources,
    count_combinations,
    own_choices,
    with_own,
)
from analysis.measure.scoring import score_alliance
from analysis.measure.window import PAIR, frame_of_occasions, window_occasions
from analysis.models.cluster_sums import code_clusters


@dataclass(frozen=True)
class Prepared:
    """One scoring rule and window: ratings, occasions and the cells that can be used with them."""

    frame: pd.DataFrame
    occasions: pd.DataFrame
    codes: np.ndarray
    n_clusters: int
    cells: list[Cell]
    baselines: Mapping[tuple[str, str], pd.Series]
    minimum_answered: float
    window: tuple[int, ...]
    own: Choice
    key: tuple[str, str, str]

    @cached_property
    def ids(self) -> np.ndarray:
        """The engagements' identifiers, in the frame's order."""
        return self.frame["engagement_id"].to_numpy()

    @cached_property
    def ratings(self) -> dict[str, np.ndarray]:
        """Each rating over the window, ``advisee_total`` and so on, in the frame's order."""
        named = [name for name in self.frame if str(name).startswith(tuple(f"{r}_" for r in PAIR))]
        numeric = self.frame[named].select_dtypes("number")
        return {str(name): numeric[name].to_numpy(dtype=float) for name in numeric}

    def align(self, values: pd.Series) -> np.ndarray:
        """Values by engagement in the frame's order, NaN where there is none."""
        aligned = np.full(len(self.frame), np.nan)
        place = self._index.get_indexer(values.index)
        aligned[place[place >= 0]] = values.to_numpy(dtype=float)[place >= 0]
        return aligned

    @cached_property
    def _index(self) -> pd.Index:
        return pd.Index(self.frame["engagement_id"])


def prepare_all(sources: Sources, plan: Plan, skipped: Skipped) -> Iterator[Prepared]:
    """Each scoring rule and window that differs from those before it; the others are counted."""
    own = own_choices(plan)
    choices = plan.multiverse
    engagements = sources.engagements.sort_values("engagement_id", kind="stable")
    codes, labels = code_clusters(engagements[sources.cluster])
    baselines = _baselines(sources)
    wanted = _wanted_outcomes(sources, choices.other_phases)
    measured = group_outcomes(engagements["engagement_id"], wanted, sources.declared)
    windows = with_own(plan.comparison.window, choices.windows)
    scored: list[pd.DataFrame] = []
    per_window = count_combinations(plan) * _cells_at_most(wanted)
    for minimum in with_own(plan.scoring.minimum_answered, choices.minimum_answered):
        alliance = score_alliance(sources.checkins, sources.instruments, minimum)
        if any(alliance.equals(earlier) for earlier in scored):
            skipped.count("no answer sheet is scored differently", per_window * len(windows))
            continue
        scored.append(alliance)
        every = window_occasions(alliance, alliance["occasion"].unique())
        used: list[pd.DataFrame] = []
        for window in windows:
            occasions = every[every["occasion"].isin(list(window))].reset_index(drop=True)
            if occasions.empty:
                skipped.count("no check-in of the window was answered by both", per_window)
                continue
            if any(occasions.equals(earlier) for earlier in used):
                skipped.count("the window holds the same check-ins as another", per_window)
                continue
            used.append(occasions)
            frame = frame_of_occasions(engagements, occasions)
            cells = place_cells(frame, measured, sources.declared)
            yield Prepared(
                frame,
                occasions,
                codes,
                len(labels),
                cells,
                baselines,
                minimum,
                tuple(window),
                own,
                sources.key,
            )


def _baselines(sources: Sources) -> dict[tuple[str, str], pd.Series]:
    """Outcome and source -> each engagement's baseline (the mean of several)."""
    own = sources.outcomes[
        (sources.outcomes["phase"] == "baseline") & sources.outcomes["value"].notna()
    ]
    own = own.sort_values(["engagement_id", "value"])
    return {
        key: rows.groupby("engagement_id")["value"].mean()
        for key, rows in own.groupby(["outcome", "source"], observed=True)
    }


def _wanted_outcomes(sources: Sources, phases: Iterable[str]) -> pd.DataFrame:
    """Values of the primary cell and of all cells in the phases analysed too."""
    outcomes = sources.outcomes
    outcome, source, phase = sources.key
    primary = (
        (outcomes["outcome"] == outcome)
        & (outcomes["source"] == source)
        & (outcomes["phase"] == phase)
    )
    return outcomes[primary | outcomes["phase"].isin(list(phases))]


def _cells_at_most(outcomes: pd.DataFrame) -> int:
    return len(outcomes[["outcome", "source", "phase"]].drop_duplicates())
