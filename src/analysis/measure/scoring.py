"""Items to subscale scores and their total, per engagement, rater and occasion."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.contract.instruments import Instrument
from analysis.contract.tables import rises

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
    scores, prorated = _score(items, instrument, minimum_answered)
    return pd.DataFrame({**scores, "prorated": prorated}, index=items.index)


def _score(
    items: pd.DataFrame, instrument: Instrument, minimum_answered: float
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Subscales and total (n,), and the share prorated (n,), one item at a time.

    A column at a time takes the memory of a column; a table of a million rows is many of them.
    """
    both_ends = instrument.responses.minimum + instrument.responses.maximum
    scores: dict[str, np.ndarray] = {}
    total, prorated = np.zeros(len(items)), np.zeros(len(items))
    for subscale, numbers in instrument.subscales.items():
        added, answered = np.zeros(len(items)), np.zeros(len(items), dtype=np.int16)
        for number in numbers:
            answer = items[instrument.item_names[number]].to_numpy(dtype=float)
            if number in instrument.reversed:
                answer = both_ends - answer
            known = ~np.isnan(answer)
            answered += known
            np.add(added, answer, out=added, where=known)
        enough = (answered > 0) & (answered >= minimum_answered * len(numbers) - 1e-9)
        score = np.full(len(items), np.nan)
        np.divide(added, answered, out=score, where=enough)
        scores[subscale] = score
        total += score
        prorated += enough & (answered < len(numbers))
    scores["total"] = total / len(instrument.subscales)
    return scores, prorated / len(instrument.subscales)


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
    raters = checkins["rater"]
    scores: dict[str, np.ndarray] = {}
    kept = np.zeros(len(checkins), dtype=bool)
    for rater, instrument in instruments.items():
        rows = np.flatnonzero(raters == rater)
        kept[rows] = True
        if instrument.ready_made:
            own = checkins[list(instrument.subscales)].iloc[rows]
            found = {name: own[name].to_numpy() for name in own}
            found["total"] = own.mean(axis=1, skipna=False).to_numpy()
            found["prorated"] = np.zeros(len(rows))
        else:
            least = instrument.minimum_answered
            names = list(instrument.item_names.values())
            found, prorated = _score(
                checkins[names].iloc[rows],
                instrument,
                minimum_answered if least is None else least,
            )
            found["prorated"] = prorated
        for name, values in found.items():
            scores.setdefault(name, np.full(len(checkins), np.nan))[rows] = values
    named = [name for name in (*KEY, "week", "instrument") if name in checkins]
    alliance = checkins[named].assign(**scores)
    if not kept.all():
        alliance = alliance[kept]
    if "week" not in alliance:
        alliance.insert(3, "week", np.nan)
    if not rises(alliance, KEY):
        alliance = alliance.sort_values(KEY, kind="stable")
    return alliance.reset_index(drop=True)
