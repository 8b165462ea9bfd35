"""Items to subscale scores and their total, per engagement, rater and occasion."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.contract.instruments import Instrument

KEY = ["engagement_id", "rater", "occasion"]


def turn_reversed(items: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Items with the reversed ones turned: response x becomes minimum + maximum - x."""
    turned = items.copy()
    names = [instrument.item_names[item] for item in instrument.reversed]
    turned[names] = instrument.responses.minimum + instrument.responses.maximum - items[names]
    return turned


def score_items(
    items: pd.DataFrame, instrument: Instrument, minimum_answered: float
) -> pd.DataFrame:
    """Subscale means, their total, and the share of subscales that were prorated.

    A subscale is the mean of its answered items when at least ``minimum_answered`` of them are
    answered (person-mean proration), else missing; the total is the mean of all the instrument's
    subscales, missing if any is.

    Parameters
    ----------
    items : one row per answer sheet, columns ``item_01``, ..., as answered
    instrument : the key; its own ``minimum_answered`` overrides the plan's
    minimum_answered : share between 0 and 1

    Returns
    -------
    DataFrame
        a column per subscale, ``total``, and ``prorated``: the share of the subscales that rest on
        fewer than all their items
    """
    if instrument.minimum_answered is not None:
        minimum_answered = instrument.minimum_answered
    turned = turn_reversed(items, instrument)
    scores: dict[str, pd.Series] = {}
    prorated = np.zeros(len(items))
    for subscale, numbers in instrument.subscales.items():
        own = turned[[instrument.item_names[item] for item in numbers]]
        answered = own.notna().sum(axis=1)
        enough = (answered > 0) & (answered >= minimum_answered * len(numbers) - 1e-9)
        scores[subscale] = own.mean(axis=1).where(enough)
        prorated += (enough & (answered < len(numbers))).to_numpy()
    frame = pd.DataFrame(scores, index=items.index)
    frame["total"] = frame.mean(axis=1, skipna=False)
    frame["prorated"] = prorated / len(instrument.subscales)
    return frame


def score_alliance(
    checkins: pd.DataFrame, instruments: Mapping[str, Instrument], minimum_answered: float = 0.75
) -> pd.DataFrame:
    """The alliance as each rater rated it: one row per engagement, rater and occasion.

    Parameters
    ----------
    checkins : the clean table of check-ins
    instruments : rater to the instrument that rater answered
    minimum_answered : share of a subscale's items that must be answered, 0 to 1

    Returns
    -------
    DataFrame
        ``engagement_id, rater, occasion, week, instrument``, a column per subscale, ``total`` and
        ``prorated`` (share of subscales that rest on fewer than all their items)
    """
    scored = []
    for rater, instrument in instruments.items():
        own = checkins[checkins["rater"] == rater]
        if instrument.ready_made:
            scores = own[list(instrument.subscales)].copy()
            scores["total"] = scores.mean(axis=1, skipna=False)
            scores["prorated"] = 0.0
        else:
            scores = score_items(own, instrument, minimum_answered)
        keep = [name for name in (*KEY, "week", "instrument") if name in own]
        scored.append(pd.concat([own[keep], scores], axis=1))
    alliance = pd.concat(scored, ignore_index=True)
    if "week" not in alliance:
        alliance.insert(3, "week", np.nan)
    return alliance.sort_values(KEY, kind="stable").reset_index(drop=True)
