"""Who did not reply, by what else is known of them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.contract.estimates import in_order
from analysis.contract.forms import PAIR
from analysis.contract.plan import DisclosurePlan
from analysis.contract.suppression import suppress
from analysis.measure.missing import describe_missingness

_NOT_TOLD = {"engagement_id", "advisee_id", "advisor_id", "organisation_id", "ended_week"}
#: A text with more categories than this tells single engagements apart.
MOST_CATEGORIES = 8
#: How many must stand behind a figure, unless the plan says otherwise.
RULE = DisclosurePlan()
#: What categories of too few engagements are called together: a name of their own could be known.
RARE = "(rare)"


def describe_nonresponse(
    engagements: pd.DataFrame,
    alliance: pd.DataFrame,
    outcomes: pd.DataFrame,
    primary: tuple[str, str, str],
    window: Iterable[int],
    confidence: float = 0.95,
    rule: DisclosurePlan = RULE,
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
    rule : the plan's threshold

    Returns
    -------
    DataFrame
        rows of ``describe_missingness``, ``outcome`` being ``advisee_rating`` or
        ``advisee_every_checkin`` (the advisor's likewise); where fewer than the threshold lack it,
        or have it, nothing more is told; categories of fewer are told of together, without name
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
    frame = frame.assign(**complete, **{name: _pool_rare(frame[name], rule) for name in by})
    return in_order(
        _told(frame, column, [name for name in by if name != column], confidence, rule)
        for column in (*ratings, *complete)
    )


def _tells(known: pd.Series) -> bool:
    """Whether a characteristic can tell engagements apart, and not single ones."""
    if pd.api.types.is_numeric_dtype(known):
        return known.nunique() > 1
    return 1 < known.nunique() <= MOST_CATEGORIES


def _pool_rare(known: pd.Series, rule: DisclosurePlan) -> pd.Series:
    """A characteristic whose categories of too few engagements have lost their names."""
    if pd.api.types.is_numeric_dtype(known):
        return known
    counts = known.map(known.value_counts())
    return known.mask(counts < rule.threshold, RARE)


def _told(
    frame: pd.DataFrame, column: str, by: list[str], confidence: float, rule: DisclosurePlan
) -> pd.DataFrame:
    """The rows of one rater, small cells withheld."""
    missing = frame[column].isna()
    if min(missing.sum(), (~missing).sum()) < rule.threshold:
        rows = describe_missingness(frame, [column], [], confidence)
        note = f"fewer than {rule.threshold} lack it, or have it: not described"
        return rows.assign(estimate=np.nan, n_engagements=np.nan, note=note)
    rows = describe_missingness(frame, [column], by, confidence)
    hidden = {term for name in by for term in _small(frame[name], missing, rule)}
    small = rows["term"].isin(hidden)
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "n_engagements"]
    rows.loc[small, numbers] = np.nan
    rows.loc[small, "note"] = f"a cell has fewer than {rule.threshold} engagements: not given"
    return rows


def _small(known: pd.Series, missing: pd.Series, rule: DisclosurePlan) -> list[str]:
    """Terms of one characteristic that rest on, or would tell, a cell that is too small.

    Categories by who lacks it are a table with two rows. How many lack it is told; how large the
    categories are counts as known unless one of them is too small itself.
    """
    given = known.notna()
    if pd.api.types.is_numeric_dtype(known) and not pd.api.types.is_bool_dtype(known):
        few = min((given & missing).sum(), (given & ~missing).sum()) < rule.threshold
        return [str(known.name)] if few else []
    categories = sorted(set(known[given].astype(str)))
    inner = [
        [int((known[given & side].astype(str) == one).sum()) for one in categories]
        for side in (missing, ~missing)
    ]
    table = np.vstack([inner, np.sum(inner, axis=0)])
    table = np.column_stack([table, table.sum(axis=1)])
    place = np.arange(table.size).reshape(table.shape)
    sums = [(line[-1], tuple(line[:-1])) for line in (*place, *place.T)]
    sizes = place[-1, :-1] if table[-1].min() >= rule.threshold else ()
    margins = [*place[:, -1], *sizes]
    hidden = suppress(table.ravel(), sums, rule.threshold, fixed=margins, empty=True)
    gone = hidden.reshape(table.shape)[:2, :-1].any(axis=0)
    return [f"{known.name}={one}" for one, out in zip(categories, gone, strict=True) if out]
