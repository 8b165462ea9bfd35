"""What else is known of engagements, to help impute the ratings of those who did not reply."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.cells import last_values

#: Auxiliaries at most: each further one costs precision where advisors are few.
MOST_AUXILIARIES = 5

#: One that goes less closely than this with a rating, or with its absence, is not worth its cost.
SMALLEST_R = 0.1

#: One that fewer of the engagements have must itself be imputed too often.
SMALLEST_COVERAGE = 0.5

#: Engagements that a correlation must rest on to choose an auxiliary by.
FEWEST_PAIRS = 20

#: Categories that fewer engagements have get no indicator.
FEWEST_IN_CATEGORY = 10

#: How the columns of ratings after the window end.
LATER = "_later"

_ORDERED = {"low": 0.0, "medium": 1.0, "high": 2.0}
_NOT_AUXILIARY = {
    "engagement_id",
    "advisee_id",
    "advisor_id",
    "organisation_id",
    "setting",
    "occasions",
    "window_start_week",
    "window_end_week",
}


def fill_ratings(frame: pd.DataFrame, replies: pd.DataFrame) -> pd.DataFrame:
    """Both sides' ratings as far as anybody replied, in place of those that both gave.

    Parameters
    ----------
    frame : one row per engagement with ``advisee_total``, ``advisor_total``, ``advisee_goal``, ...:
        means over the window's occasions that both answered.
    replies : from ``analysis.measure.window.reply_means``: means over the occasions that the rater
        alone answered.

    Returns
    -------
    ``frame`` with gaps in ratings filled from ``replies``: an engagement whose advisor never
    replied keeps its advisee's rating. What is still missing, nobody gave.
    """
    filled = frame.copy()
    own = replies.set_index("engagement_id").reindex(frame["engagement_id"])
    for name in own.columns:
        if name.endswith(LATER):
            continue
        known = frame[name].to_numpy(dtype=float) if name in frame else np.full(len(frame), np.nan)
        filled[name] = np.where(np.isnan(known), own[name].to_numpy(dtype=float), known)
    return filled


def name_of_outcome(key: tuple[str, str, str]) -> str:
    """What an outcome, source and phase is called among the auxiliaries."""
    return "{} by {} ({})".format(*key)


def gather_auxiliaries(
    frame: pd.DataFrame, replies: pd.DataFrame, outcomes: pd.DataFrame
) -> pd.DataFrame:
    """Everything that is known of engagements beside the ratings in the window, as numbers.

    Parameters
    ----------
    frame : one row per engagement with its stakes, status and declared covariates.
    replies : from ``analysis.measure.window.reply_means``; later check-ins' totals are used.
    outcomes : the clean table; every outcome, source and phase is an auxiliary of the others.

    Returns
    -------
    One row per engagement of ``frame``, indexed by ``engagement_id``: numbers, ordered stakes as
    0 to 2, and an indicator of each category that at least ten engagements have but the commonest.
    """
    ids = pd.Index(frame["engagement_id"], name="engagement_id")
    columns: dict[str, pd.Series] = {}
    for name in frame.columns:
        if name in _NOT_AUXILIARY or name in replies:
            continue
        values = frame.set_index("engagement_id")[name]
        if name == "stakes":
            values = values.astype(object).map(_ORDERED)
        if pd.api.types.is_numeric_dtype(values):
            columns[name] = values.astype(float)
        else:
            columns |= _indicators(name, values)
    late = replies.set_index("engagement_id").reindex(ids)
    columns |= {name: late[name].astype(float) for name in late if name.endswith(LATER)}
    known = outcomes[outcomes["value"].notna() & outcomes["engagement_id"].isin(ids)]
    known = known.assign(week=known["week"].astype(float) if "week" in known else np.nan)
    for key, rows in known.groupby(["outcome", "source", "phase"], sort=True, observed=True):
        values = last_values(rows).set_index("engagement_id")["value"]
        columns[name_of_outcome(key)] = values.reindex(ids)
    return pd.DataFrame(columns, index=ids)


def choose_auxiliaries(
    auxiliaries: pd.DataFrame, ratings: np.ndarray, most: int = MOST_AUXILIARIES
) -> list[str]:
    """Names of the auxiliaries that go most closely with the ratings, or with their absence.

    Parameters
    ----------
    auxiliaries : (n, q) numbers.
    ratings : (n, 2), NaN where missing, rows as in ``auxiliaries``.
    most : how many at most.

    Returns
    -------
    Those known of at least half of the engagements whose |r| with a rating, or with whether it is
    missing, reaches .10 (van Buuren, 2018, Flexible Imputation of Missing Data, section 6.3.2),
    strongest first, a tie in the order of their names.
    """
    targets = np.column_stack([ratings, np.isnan(ratings).astype(float)])
    strength = {}
    for name in sorted(auxiliaries.columns):
        values = auxiliaries[name].to_numpy(dtype=float)
        if np.isfinite(values).mean() < SMALLEST_COVERAGE:
            continue
        found = [_absolute_r(values, target) for target in targets.T]
        if max(found) >= SMALLEST_R:
            strength[name] = max(found)
    return sorted(strength, key=lambda name: (-round(strength[name], 9), name))[:most]


def _absolute_r(first: np.ndarray, second: np.ndarray) -> float:
    """|r| where both are known; 0 where it rests on too little or one does not vary."""
    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < FEWEST_PAIRS:
        return 0.0
    x, y = first[both] - first[both].mean(), second[both] - second[both].mean()
    product = float(np.sqrt((x @ x) * (y @ y)))
    return abs(float(x @ y)) / product if product > 1e-12 * len(x) else 0.0


def _indicators(name: str, values: pd.Series) -> dict[str, pd.Series]:
    """An indicator of each category but the commonest; NaN where the category is unknown."""
    text = values.astype(object).where(values.notna(), None)
    counted = text.value_counts()
    counted = counted[counted >= FEWEST_IN_CATEGORY]
    order = sorted(counted.index, key=lambda one: (-counted[one], str(one)))
    return {f"{name}={one}": (text == one).astype(float).where(values.notna()) for one in order[1:]}
