"""Who did not reply, by what else is known of them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.contract.estimates import in_order
from analysis.contract.forms import PAIR
from analysis.evidence.small_cells import FEWEST, small_cells
from analysis.measure.missing import describe_missingness

_NOT_TOLD = {"engagement_id", "advisee_id", "advisor_id", "organisation_id", "ended_week"}
#: A text with more categories than this tells single engagements apart.
MOST_CATEGORIES = 8


def describe_nonresponse(
    engagements: pd.DataFrame,
    alliance: pd.DataFrame,
    outcomes: pd.DataFrame,
    primary: tuple[str, str, str],
    window: Iterable[int],
    confidence: float = 0.95,
) -> pd.DataFrame:
    """How engagements that lack ratings in the window differ from those that have them.

    Once for each rater who gave no rating there at all, and once for each who left out any of its
    check-ins; in the declared covariates, how the engagement ended, the raters' mean ratings as far
    as they are known, and the primary outcome. Rows are taken as independent.

    Parameters
    ----------
    engagements, outcomes : the clean tables
    alliance : scores per engagement, rater and occasion
    primary : outcome, source and phase of the primary outcome
    window : the plan's check-ins
    confidence : level of the intervals

    Returns
    -------
    DataFrame
        rows of ``describe_missingness``, ``outcome`` being ``advisee_rating`` or
        ``advisee_every_checkin`` (the advisor's likewise); where fewer than ten lack it, or have
        it, nothing more is told
    """
    frame = engagements.set_index("engagement_id")
    inside = alliance[alliance["occasion"].isin(list(window))]
    raters = [rater for rater in PAIR if (inside["rater"] == rater).any()]
    due = len(set(window) & set(alliance["occasion"]))
    ratings, complete = {}, {}
    for rater in raters:
        own = inside[inside["rater"] == rater].groupby("engagement_id")["total"]
        ratings[f"{rater}_rating"] = own.mean().reindex(frame.index)
        given = own.count().reindex(frame.index)
        complete[f"{rater}_every_checkin"] = given.where(given == due)
    frame = frame.assign(**ratings)
    wanted = (outcomes[["outcome", "source", "phase"]] == list(primary)).all(axis=1)
    own = outcomes[wanted].groupby("engagement_id")["value"].mean()
    if len(own):
        frame["primary_outcome"] = own.reindex(frame.index)
    by = [name for name in frame.columns if name not in _NOT_TOLD and _tells(frame[name])]
    frame = frame.assign(**complete)
    return in_order(
        _told(frame, column, [name for name in by if name != column], confidence)
        for column in (*ratings, *complete)
    )


def _tells(known: pd.Series) -> bool:
    """Whether a characteristic can tell engagements apart, and not single ones."""
    if pd.api.types.is_numeric_dtype(known):
        return known.nunique() > 1
    return 1 < known.nunique() <= MOST_CATEGORIES


def _told(frame: pd.DataFrame, column: str, by: list[str], confidence: float) -> pd.DataFrame:
    """The rows of one rater, small cells withheld."""
    missing = frame[column].isna()
    if min(missing.sum(), (~missing).sum()) < FEWEST:
        rows = describe_missingness(frame, [column], [], confidence)
        note = f"fewer than {FEWEST} lack it, or have it: not described"
        return rows.assign(estimate=np.nan, n_engagements=np.nan, note=note)
    rows = describe_missingness(frame, [column], by, confidence)
    hidden = {term for name in by for term in _small(frame[name], missing)}
    small = rows["term"].isin(hidden)
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "n_engagements"]
    rows.loc[small, numbers] = np.nan
    rows.loc[small, "note"] = f"a cell has fewer than {FEWEST} engagements: not given"
    return rows


def _small(known: pd.Series, missing: pd.Series) -> list[str]:
    """Terms of one characteristic that rest on, or would tell, a cell that is too small."""
    given = known.notna()
    if pd.api.types.is_numeric_dtype(known) and not pd.api.types.is_bool_dtype(known):
        few = min((given & missing).sum(), (given & ~missing).sum()) < FEWEST
        return [str(known.name)] if few else []
    categories = sorted(set(known[given].astype(str)))
    counts = [
        [int((known[given & side].astype(str) == one).sum()) for one in categories]
        for side in (missing, ~missing)
    ]
    hidden = small_cells(counts[0]) | small_cells(counts[1])
    if hidden.sum() == 1:  # one alone could be worked out from the others
        hidden = small_cells(np.where(hidden, 0, np.minimum(*map(np.array, counts))))
    return [f"{known.name}={one}" for one, gone in zip(categories, hidden, strict=True) if gone]
