"""The alliance within the plan's window: occasions that both raters answered, and their means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from analysis.contract.instruments import Instrument
from analysis.contract.tables import item_columns
from analysis.measure.scoring import KEY, turn_reversed

_NOT_SCORES = {*KEY, "week", "instrument", "prorated"}
PAIR = ("advisee", "advisor")


def score_columns(alliance: pd.DataFrame) -> list[str]:
    """The subscales and the total in a table of alliance scores."""
    return [name for name in alliance.columns if name not in _NOT_SCORES]


def shared_subscales(instruments: Mapping[str, Instrument]) -> tuple[str, ...]:
    """The total and the subscales that all raters' instruments have, in the first one's order."""
    keys = [instruments[rater] for rater in PAIR if rater in instruments]
    common = [name for name in keys[0].subscales if all(name in key.subscales for key in keys)]
    # With one subscale the total is that subscale.
    return ("total", *common) if len(common) > 1 else ("total",)


def window_occasions(alliance: pd.DataFrame, window: Iterable[int]) -> pd.DataFrame:
    """Scores of the window's occasions side by side, where every rater there is gave a total.

    Parameters
    ----------
    alliance : scores per engagement, rater and occasion
    window : the plan's check-ins

    Returns
    -------
    DataFrame
        one row per engagement and occasion: ``engagement_id, occasion, week`` (the later of the two
        raters'), and ``advisee_total, advisor_total, advisee_goal, ...`` for the raters who rated
        at all; an occasion that one of two raters left out is not in it
    """
    inside = alliance[alliance["occasion"].isin(list(window)) & alliance["total"].notna()]
    raters = [rater for rater in PAIR if (alliance["rater"] == rater).any()]
    sides = []
    for rater in raters:
        own = inside[inside["rater"] == rater].set_index(["engagement_id", "occasion"])
        sides.append(own[["week", *score_columns(alliance)]].add_prefix(f"{rater}_"))
    both = pd.concat(sides, axis=1, join="inner").sort_index()
    weeks = both[[f"{rater}_week" for rater in raters]]
    both.insert(0, "week", weeks.max(axis=1))
    return both.drop(columns=weeks.columns).reset_index()


def assemble_frame(
    engagements: pd.DataFrame, alliance: pd.DataFrame, window: Iterable[int]
) -> pd.DataFrame:
    """The analysis frame: one row per engagement, each rating the mean over its window.

    See ``frame_of_occasions``, which makes it from the ``window_occasions`` that count.
    """
    return frame_of_occasions(engagements, window_occasions(alliance, window))


def frame_of_occasions(engagements: pd.DataFrame, occasions: pd.DataFrame) -> pd.DataFrame:
    """The engagements with the means of the occasions that count.

    Returns
    -------
    DataFrame
        the engagements' columns, ``advisee_total, advisor_total, advisee_goal, ...`` (missing where
        no occasion counts; a rater who never rated has no column), ``occasions`` (how many count),
        ``window_start_week`` and ``window_end_week``
    """
    grouped = occasions.groupby("engagement_id")
    means = grouped.mean().drop(columns=["occasion", "week"])
    means["occasions"] = grouped.size()
    means["window_start_week"] = grouped["week"].min()
    means["window_end_week"] = grouped["week"].max()
    frame = engagements.merge(means, how="left", left_on="engagement_id", right_index=True)
    frame["occasions"] = frame["occasions"].fillna(0).astype("int64")
    return frame


def reply_means(alliance: pd.DataFrame, window: Iterable[int]) -> pd.DataFrame:
    """Means of whatever each rater answered, whether or not the other did.

    Parameters
    ----------
    alliance : scores per engagement, rater and occasion
    window : the plan's check-ins

    Returns
    -------
    DataFrame
        one row per engagement that anybody rated: ``engagement_id``; ``advisee_total,
        advisor_total, advisee_goal, ...`` over the window's occasions; ``advisee_later`` and
        ``advisor_later``, the totals of all later occasions; NaN where the rater answered none
    """
    ids = pd.Index(sorted(alliance["engagement_id"].unique()), name="engagement_id")
    within = list(window)
    columns = {}
    for rater in PAIR:
        own = alliance[alliance["rater"] == rater]
        now, later = own[own["occasion"].isin(within)], own[own["occasion"] > max(within)]
        means = now.groupby("engagement_id")[score_columns(alliance)].mean().reindex(ids)
        columns |= {f"{rater}_{name}": means[name] for name in means}
        columns[f"{rater}_later"] = later.groupby("engagement_id")["total"].mean().reindex(ids)
    return pd.DataFrame(columns, index=ids).reset_index()


def window_items(
    checkins: pd.DataFrame,
    occasions: pd.DataFrame,
    instruments: Mapping[str, Instrument],
) -> dict[str, pd.DataFrame]:
    """Means of each item over the occasions that count, reversed items turned.

    Returns
    -------
    dict
        ``advisee_total``, ``advisee_goal``, ... to a frame of ``engagement_id`` and the rater's
        items of that subscale, all of them for the total; a rater whose instrument has ready-made
        subscales is not in it
    """
    counted = occasions[["engagement_id", "occasion"]]
    means = {}
    for rater in PAIR:
        instrument = instruments.get(rater)
        if instrument is None or instrument.ready_made or f"{rater}_total" not in occasions:
            continue
        own = checkins[checkins["rater"] == rater].merge(counted, on=["engagement_id", "occasion"])
        turned = turn_reversed(own[item_columns(own)], instrument)
        turned = turned[list(instrument.item_names.values())]
        turned.insert(0, "engagement_id", own["engagement_id"])
        whole = turned.groupby("engagement_id", as_index=False).mean()
        means[f"{rater}_total"] = whole
        for subscale, numbers in instrument.subscales.items():
            own_items = [instrument.item_names[number] for number in numbers]
            means[f"{rater}_{subscale}"] = whole[["engagement_id", *own_items]]
    return means
