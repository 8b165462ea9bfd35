"""A dataset's effects for a synthesis: one cell each, on the scale that effects are pooled on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.verdict import INDEPENDENT_SOURCES
from analysis.models.intervals import Row

#: Of several cells the first in this order stands for a dataset without a usable primary one.
PHASES = ("end", "follow_up", "during")


@dataclass(frozen=True)
class Quantity:
    """A line of the comparison that is put together: its name, whose rating, and its scale."""

    analysis: str
    rater: str | None = None

    @property
    def on_z(self) -> bool:
        """Whether it is pooled on Fisher's z."""
        return self.analysis == "correlation"

    def turned_back(self, value: float, std_error: float, low: float, high: float) -> Row:
        """Estimate, standard error (by the delta method) and limits in the quantity's own units."""
        numbers = [value, std_error, low, high]
        if self.on_z:
            r = float(np.tanh(value))
            numbers = [r, (1 - r**2) * std_error, float(np.tanh(low)), float(np.tanh(high))]
        names = ("estimate", "std_error", "conf_low", "conf_high")
        return dict(zip(names, map(float, numbers), strict=True))


LINES = (
    Quantity("correlation", "advisee"),
    Quantity("correlation", "advisor"),
    Quantity("clustered"),
    Quantity("disattenuated"),
)


@dataclass(frozen=True)
class Effect:
    """One dataset's estimate on the pooled scale, or why there is none (``note``)."""

    dataset: str
    setting: str
    note: str = ""
    outcome: str | None = None
    source: str | None = None
    phase: str | None = None
    timing: str | None = None
    primary: bool = False
    value: float = np.nan
    std_error: float = np.nan
    n_engagements: float = np.nan
    n_advisors: float = np.nan

    @property
    def used(self) -> bool:
        """Whether it takes part in the synthesis."""
        return bool(np.isfinite(self.value) and self.std_error > 0)


def collect_effects(
    comparison: pd.DataFrame, settings: Mapping[str, str], line: Quantity, plan: ComparisonPlan
) -> list[Effect]:
    """Each dataset's effect, datasets in alphabetical order.

    The primary cell stands for a dataset if its outcome comes from a third party or a record and
    it has the line; else the first cell that does, by phase (end, follow-up, during), source and
    name, never by its result. Fewer clusters than the plan's minimum leave a dataset out, as no
    standard error can be relied on.
    """
    if "subscale" in comparison:
        comparison = comparison[
            comparison["subscale"].isin(["total"]) | comparison["subscale"].isna()
        ]
    return [
        _effect(own, str(name), settings.get(str(name), str(name)), line, plan)
        for name, own in comparison.groupby("dataset", sort=True)
    ]


def _effect(
    own: pd.DataFrame, dataset: str, setting: str, line: Quantity, plan: ComparisonPlan
) -> Effect:
    if line.on_z:
        rows = own[(own["analysis"] == "grid") & (own["rater"] == line.rater)]
    else:
        rows = own[(own["analysis"] == line.analysis) & (own["method"] == "jackknife")]
    rows = rows[rows["outcome"].notna()]
    independent = rows[rows["outcome_source"].isin(INDEPENDENT_SOURCES)]
    if independent.empty:
        return Effect(dataset, setting, f"left out: {_why_none(own, line)}")
    given = independent[independent["estimate"].notna() & (independent["std_error"] > 0)]
    enough = given[given["n_advisors"] >= plan.minimum_clusters]
    if enough.empty:
        if given.empty:
            reason = _first_note(independent)
        else:
            most = int(given["n_advisors"].max())
            reason = f"{most} clusters, fewer than {plan.minimum_clusters}"
        return Effect(dataset, setting, f"left out: {reason}")
    chosen = min(enough.to_dict("records"), key=_precedence)
    value, std_error = float(chosen["estimate"]), float(chosen["std_error"])
    if line.on_z:
        value, std_error = float(np.arctanh(value)), std_error / (1 - value**2)
    primary = bool(chosen["primary"])
    return Effect(
        dataset,
        setting,
        "" if primary else "not the primary outcome",
        *(_text(chosen.get(name)) for name in ("outcome", "outcome_source", "phase", "timing")),
        primary,
        value,
        std_error,
        float(chosen["n_engagements"]),
        float(chosen["n_advisors"]),
    )


def _precedence(row: Mapping[str, object]) -> tuple:
    source = INDEPENDENT_SOURCES.index(row["outcome_source"])
    return not row["primary"], PHASES.index(row["phase"]), source, row["outcome"]


def _why_none(own: pd.DataFrame, line: Quantity) -> str:
    held = own[own["outcome"].notna() & (own["analysis"] != "verdict")]
    if not held["outcome_source"].isin(INDEPENDENT_SOURCES).any():
        return "no outcome from a third party or a record"
    whose = f"the {line.rater}'s rating" if line.rater else "this line"
    return f"no outcome from a third party or a record has {whose}"


def _first_note(rows: pd.DataFrame) -> str:
    first = min(rows.to_dict("records"), key=_precedence)
    return _text(first.get("note")) or "no interval"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def as_numbers(used: Iterable[Effect]) -> tuple[np.ndarray, np.ndarray]:
    """Values (k,) and sampling variances (k,) of the effects."""
    pairs = np.array([(one.value, one.std_error**2) for one in used])
    return pairs[:, 0], pairs[:, 1]


def count_of(number: int, what: str) -> str:
    """A number with its noun: ``1 dataset``, ``3 datasets``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
