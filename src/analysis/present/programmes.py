"""A dataset's programmes read as what is shown of each: one object per programme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.evidence.measurement.programmes import ANALYSIS, IN
from analysis.present.lines import RATERS, Interval


@dataclass(frozen=True)
class Programme:
    """One programme, or the whole dataset where ``name`` is empty.

    ``answered``, ``mean`` and ``sd`` map a rater to the share of check-ins answered, the mean
    rating and its standard deviation between engagements; ``gap`` and ``gap_d`` are the advisor's
    rating less the advisee's, in points and in standard deviations. All are of the total.
    """

    name: str
    engagements: float = np.nan
    answered: Mapping[str, Interval] = field(default_factory=dict)
    mean: Mapping[str, Interval] = field(default_factory=dict)
    sd: Mapping[str, float] = field(default_factory=dict)
    gap: Interval = field(default_factory=Interval)
    gap_d: Interval = field(default_factory=Interval)

    @property
    def raters(self) -> tuple[str, ...]:
        """Who rated, the advisee first."""
        return tuple(rater for rater in RATERS if rater in self.answered)


def read_programmes(measured: pd.DataFrame) -> list[Programme]:
    """The whole dataset first, then its programmes by name; empty where none was described.

    ``measured``: one dataset's rows of measurement, with empty text as empty text.
    """
    own = measured[measured["analysis"] == ANALYSIS]
    if own.empty:
        return []
    parted = own["term"].str.partition(IN)
    names = list(dict.fromkeys(parted[2]))
    return [
        _read(name, own.assign(term=parted[0])[(parted[2] == name).to_numpy()]) for name in names
    ]


def _read(name: str, rows: pd.DataFrame) -> Programme:
    counted = rows.loc[rows["term"] == "engagements", "estimate"]
    raters = [rater for rater in RATERS if (rows["rater"] == rater).any()]
    total = rows[rows["subscale"].isin(["", "total"])]
    return Programme(
        name,
        float(counted.iloc[0]) if len(counted) else np.nan,
        {rater: _interval(total, "answered", rater) for rater in raters},
        {rater: _interval(total, "mean", rater) for rater in raters},
        {rater: _interval(total, "sd", rater).estimate for rater in raters},
        _interval(total, "gap", ""),
        _interval(total, "gap_d", ""),
    )


def _interval(rows: pd.DataFrame, term: str, rater: str) -> Interval:
    found = rows[(rows["term"] == term) & (rows["rater"] == rater)]
    if found.empty:
        return Interval()
    row = found.iloc[0]
    numbers = ("estimate", "conf_low", "conf_high", "n_engagements", "n_advisors")
    return Interval(*(float(row[name]) for name in numbers))
