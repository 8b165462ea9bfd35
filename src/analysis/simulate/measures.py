"""Outcomes that programmes record, in short: ratings, rates of record, decisions.

All weights are assumptions, chosen so that the claims of the field are testable and mostly true;
the truth file gives the correlations that come of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from analysis.simulate.parameters import Measure


def rating(
    outcome: str,
    source: str,
    phase: str,
    weights: Mapping[str, float],
    noise: float,
    *,
    checkin: int | None = None,
    known: float = 1.0,
    known_if_ended: float | None = None,
) -> Measure:
    """A rating from 1 to 5: whole steps, tenths where it is the mean of several third parties."""
    several = source == "third_party"
    return Measure(
        outcome,
        source,
        phase,
        MappingProxyType(dict(weights)),
        noise,
        centre=3.4,
        spread=0.6 if several else 0.8,
        decimals=1 if several else 0,
        minimum=1,
        maximum=5,
        checkin=checkin,
        known=known,
        known_if_ended=known_if_ended,
    )


def rate(
    outcome: str,
    phase: str,
    weights: Mapping[str, float],
    noise: float,
    *,
    checkin: int | None = None,
    known: float = 1.0,
    centre: float = 62.0,
    spread: float = 17.0,
) -> Measure:
    """A percentage of record, 0 to 100: centre and spread keep the ends rare."""
    return Measure(
        outcome,
        "record",
        phase,
        MappingProxyType(dict(weights)),
        noise,
        centre=centre,
        spread=spread,
        minimum=0,
        maximum=100,
        checkin=checkin,
        known=known,
    )


def decision(
    outcome: str, phase: str, weights: Mapping[str, float], noise: float, centre: float = 0.0
) -> Measure:
    """A yes (1) or no (0) of record; the higher the centre the more often yes."""
    return Measure(
        outcome, "record", phase, MappingProxyType(dict(weights)), noise, centre, binary=True
    )
