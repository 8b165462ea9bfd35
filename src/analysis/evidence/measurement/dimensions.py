"""Whether goal, task and bond are distinct, and whether items are used alike by both raters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates, in_order
from analysis.contract.forms import PAIR, Forms
from analysis.contract.instruments import Instrument, item_name
from analysis.measure.dimensionality import compare_structures
from analysis.measure.invariance import rater_invariance
from analysis.measure.scoring import turn_reversed

CLUSTER = "cluster"
NO_ITEMS = "a factor model needs several items for each subscale"


def describe_dimensions(
    checkins: pd.DataFrame, forms: Forms, clusters: pd.Series, window: Iterable[int]
) -> pd.DataFrame:
    """Factor models of each rater's items, and invariance across raters and across check-ins.

    At the first check-in, where most engagements still answer; across check-ins, the window's first
    against its last. All allow for engagements that share a cluster.

    Parameters
    ----------
    checkins : the clean table of check-ins
    forms : the raters' instruments, aligned
    clusters : engagement's identifier (index) to its cluster
    window : the plan's check-ins

    Returns
    -------
    DataFrame
        rows in the vocabulary, ``analysis`` being ``structure`` (see ``compare_structures``),
        ``invariance`` (across raters, see ``rater_invariance``) or ``invariance_occasions`` (the
        same ladder for one rater's check-ins, the ``latent mean gap`` being a ``latent mean
        change``); what cannot be had is one row with the reason
    """
    start = checkins["occasion"].min()
    sides = {
        rater: _turned(checkins, rater, key, start)
        for rater, key in forms.instruments.items()
        if _has_items(key)
    }
    frames = []
    for rater, key in forms.instruments.items():
        if rater not in sides:
            frames.append(_refused("structure", NO_ITEMS).assign(rater=rater))
            continue
        items = _with_clusters(sides[rater], clusters)
        found = compare_structures(items, _factors(key), clusters=CLUSTER)
        frames.append(found.assign(rater=rater))
    frames.append(_across_raters(sides, forms, clusters))
    at_start = [frame.assign(occasion=start) for frame in frames]
    over_time = [
        _across_occasions(checkins, rater, key, clusters, sorted(set(window)))
        for rater, key in forms.instruments.items()
    ]
    return in_order([*at_start, *over_time])


def _has_items(instrument: Instrument) -> bool:
    return not instrument.ready_made and any(len(own) > 1 for own in instrument.subscales.values())


def _factors(instrument: Instrument, prefix: str = "") -> dict[str, list[str]]:
    return {
        name: [f"{prefix}{item_name(item)}" for item in own]
        for name, own in instrument.subscales.items()
    }


def _turned(
    checkins: pd.DataFrame, rater: str, instrument: Instrument, occasion: int
) -> pd.DataFrame:
    """One rater's items at a check-in, reversed ones turned, a row per engagement."""
    own = checkins[(checkins["rater"] == rater) & (checkins["occasion"] == occasion)]
    turned = turn_reversed(own.set_index("engagement_id"), instrument)
    return turned[list(instrument.item_names.values())]


def _with_clusters(items: pd.DataFrame, clusters: pd.Series) -> pd.DataFrame:
    return items.assign(**{CLUSTER: items.index.map(clusters)})


def _across_raters(
    sides: Mapping[str, pd.DataFrame], forms: Forms, clusters: pd.Series
) -> pd.DataFrame:
    """The ladder across advisee and advisor, or why there is none."""
    if not set(PAIR) <= set(forms.instruments):
        return _refused("invariance", "only one rater answered")
    if forms.reason or not set(PAIR) <= set(sides):
        return _refused("invariance", forms.reason or NO_ITEMS)
    if not forms.same_range:
        return _refused("invariance", "the two forms' ranges of answers differ")
    matched = {name: pairs for name, pairs in forms.matched.items() if len(pairs) > 1}
    if not any(len(pairs) > 2 for pairs in matched.values()):
        return _refused("invariance", "fewer than three matched items in every subscale")
    first, second = (
        {
            name: [f"{rater}_{item_name(pair[place])}" for pair in pairs]
            for name, pairs in matched.items()
        }
        for place, rater in enumerate(PAIR)
    )
    both = (
        sides["advisee"]
        .add_prefix("advisee_")
        .join(sides["advisor"].add_prefix("advisor_"), how="inner")
    )
    used = [item for own in (*first.values(), *second.values()) for item in own]
    found = rater_invariance(_with_clusters(both[used], clusters), first, second, clusters=CLUSTER)
    single = sorted(set(forms.matched) - set(matched))
    if single:
        reason = f"{', '.join(single)}: one matched item each, left out"
        found = in_order([found, _refused("invariance", reason)])
    return found


def _across_occasions(
    checkins: pd.DataFrame,
    rater: str,
    instrument: Instrument,
    clusters: pd.Series,
    window: list[int],
) -> pd.DataFrame:
    """The ladder across the window's first and last check-in of one rater, or why there is none."""
    analysis = "invariance_occasions"
    held = checkins.loc[checkins["rater"] == rater, "occasion"]
    inside = [occasion for occasion in window if (held == occasion).any()]
    if not _has_items(instrument):
        return _refused(analysis, NO_ITEMS).assign(rater=rater)
    if len(inside) < 2:
        return _refused(analysis, "only one check-in in the window").assign(rater=rater)
    first, last = inside[0], inside[-1]
    both = (
        _turned(checkins, rater, instrument, first)
        .add_prefix("first_")
        .join(_turned(checkins, rater, instrument, last).add_prefix("last_"), how="inner")
    )
    factors = [
        {name: own for name, own in _factors(instrument, prefix).items() if len(own) > 1}
        for prefix in ("first_", "last_")
    ]
    used = [item for side in factors for own in side.values() for item in own]
    found = rater_invariance(
        _with_clusters(both[used], clusters),
        *factors,
        raters=(f"check-in {first}", f"check-in {last}"),
        clusters=CLUSTER,
    )
    terms = found["term"].str.replace("latent mean gap", "latent mean change", regex=False)
    return found.assign(analysis=analysis, rater=rater, occasion=last, term=terms)


def _refused(analysis: str, reason: str) -> pd.DataFrame:
    return as_estimates([{"analysis": analysis, "estimate": np.nan, "note": reason}])
