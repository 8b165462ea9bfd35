"""Whether goal, task and bond are distinct, and whether both raters use the items alike."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates, in_order
from analysis.contract.instruments import Instrument
from analysis.measure.dimensionality import compare_structures
from analysis.measure.invariance import rater_invariance
from analysis.measure.scoring import turn_reversed
from analysis.measure.window import PAIR


def describe_dimensions(
    checkins: pd.DataFrame, instruments: Mapping[str, Instrument]
) -> pd.DataFrame:
    """Factor models of each rater's items, and the invariance ladder across the two raters.

    At the first check-in, where most engagements still answer.

    Parameters
    ----------
    checkins : the clean table of check-ins
    instruments : rater to the instrument that rater answered

    Returns
    -------
    DataFrame
        rows in the vocabulary, ``analysis`` being ``structure`` (see ``compare_structures``) or
        ``invariance`` (see ``rater_invariance``); what cannot be had is one row with the reason
    """
    first = checkins[checkins["occasion"] == checkins["occasion"].min()]
    sides = {
        rater: _turned(first, rater, key) for rater, key in instruments.items() if _has_items(key)
    }
    frames = []
    for rater in instruments:
        if rater not in sides:
            reason = "a factor model needs several items for each subscale"
            frames.append(_refused("structure", reason).assign(rater=rater))
            continue
        found = compare_structures(sides[rater], _factors(instruments[rater]))
        frames.append(found.assign(rater=rater))
    frames.append(_invariance(sides, instruments))
    occasion = int(first["occasion"].iloc[0]) if len(first) else np.nan
    return in_order([frame.assign(occasion=occasion) for frame in frames])


def _has_items(instrument: Instrument) -> bool:
    return not instrument.ready_made and any(len(own) > 1 for own in instrument.subscales.values())


def _factors(instrument: Instrument, prefix: str = "") -> dict[str, list[str]]:
    named = instrument.item_names
    return {
        name: [f"{prefix}{named[item]}" for item in own]
        for name, own in instrument.subscales.items()
    }


def _turned(first: pd.DataFrame, rater: str, instrument: Instrument) -> pd.DataFrame:
    """One rater's items at the first check-in, reversed ones turned, a row per engagement."""
    own = first[first["rater"] == rater].set_index("engagement_id")
    return turn_reversed(own, instrument)[list(instrument.item_names.values())]


def _invariance(
    sides: Mapping[str, pd.DataFrame], instruments: Mapping[str, Instrument]
) -> pd.DataFrame:
    """The ladder across advisee and advisor, or why there is none."""
    if not set(PAIR) <= set(instruments):
        return _refused("invariance", "only one rater answered")
    if not set(PAIR) <= set(sides):
        return _refused("invariance", "a factor model needs several items for each subscale")
    advisee, advisor = (instruments[rater] for rater in PAIR)
    if advisee.name != advisor.name:
        reason = f"{advisee.title} and {advisor.title} are different forms: no items to match"
        return _refused("invariance", reason)
    both = (
        sides["advisee"]
        .add_prefix("advisee_")
        .join(sides["advisor"].add_prefix("advisor_"), how="inner")
    )
    return rater_invariance(both, _factors(advisee, "advisee_"), _factors(advisor, "advisor_"))


def _refused(analysis: str, reason: str) -> pd.DataFrame:
    return as_estimates([{"analysis": analysis, "estimate": np.nan, "note": reason}])
