"""What does not stop a run and should be known before it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.contract.forms import Forms
from analysis.contract.instruments import Instrument


def list_cautions(
    instruments: Mapping[str, Instrument],
    forms: Forms,
    engagements: pd.DataFrame,
    checkins: pd.DataFrame,
    frame: pd.DataFrame,
) -> list[str]:
    """Cautions in words: keys that are not verified, forms that differ, ratings that say nothing.

    Parameters
    ----------
    instruments : rater to the key of that rater's form; ``forms`` as both are scored
    engagements, checkins : the clean tables
    frame : a row per engagement with ``advisee_total`` and ``advisor_total`` over the window
    """
    cautions = [
        f"the key of {key.title} ({rater}) is {key.status.replace('_', ' ')}"
        for rater, key in instruments.items()
        if key.status != "verified"
    ]
    cautions += forms.left_out
    if len({key.name for key in instruments.values()}) > 1 and forms.reason:
        cautions.append(f"{forms.reason}: each score rests on its rater's own form")
    if not forms.same_range:
        cautions.append("the two forms' ranges differ: levels cannot be compared")
    for rater in ("advisee", "advisor"):
        column = f"{rater}_total"
        if column not in frame or frame[column].notna().sum() == 0:
            cautions.append(f"no usable rating by the {rater} within the window")
        elif frame[column].nunique() == 1:
            cautions.append(f"the {rater}'s rating never varies: it can go with nothing")
    silent = (~engagements["engagement_id"].isin(set(checkins["engagement_id"]))).sum()
    if silent:
        cautions.append(f"{silent} engagements have no check-in at all")
    return cautions
