"""Each programme of a dataset: how many replied, how they rated, how far the raters part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.contract.instruments import Instrument
from analysis.contract.suppression import suppress_parts
from analysis.contract.tabulated import IN
from analysis.measure.window import PAIR, reply_means, shared_subscales
from analysis.models.gap import mean_gap
from analysis.models.intervals import Row
from analysis.models.ratio import clustered_ratio

ANALYSIS = "programme"
#: What is told of a programme. Of the whole dataset the term stands alone; of a programme its name
#: follows behind `IN`.
TERMS = ("engagements", "answered", "mean", "sd", "gap", "gap_d")
NOT_STATED = "(not stated)"


def describe_programmes(
    engagements: pd.DataFrame,
    alliance: pd.DataFrame,
    frame: pd.DataFrame,
    instruments: Mapping[str, Instrument],
    cluster: str,
    programme: str,
    window: Sequence[int],
    threshold: int = 10,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Rate of reply, mean rating and gap between the raters, over all and by programme.

    Programmes of fewer engagements than the threshold are told of together, without their names.

    Parameters
    ----------
    engagements : the clean table.
    alliance : scores per engagement, rater and occasion.
    frame : the analysis frame, whose ratings rest on check-ins that both raters answered.
    instruments : rater to the key that the rater's scores are made by.
    cluster, programme : columns of ``engagements``.
    window : the plan's check-ins.
    threshold : fewest engagements of a programme that is named.

    Returns
    -------
    DataFrame
        rows in the vocabulary, ``analysis`` being ``programme``; ``term`` is, alone for the whole
        dataset and followed by ``in <name>`` for a programme:

        - ``engagements``: how many there are
        - ``answered``, by rater: check-ins answered over check-ins due, of engagements that have
          ended (all that were planned, or all there were where that is not known; those who ended
          early are not taken out)
        - ``mean`` and ``sd``, by rater and subscale: over engagements, each the mean of what that
          rater answered in the window, in points of the scale
        - ``gap`` and ``gap_d``, by subscale: the advisor's less the advisee's rating of the same
          check-ins, in points and in standard deviations (``models.gap.mean_gap``)
    """
    ids = pd.Index(engagements["engagement_id"])
    label = pd.Series(NOT_STATED, index=ids)
    if programme in engagements:
        label = engagements.set_index("engagement_id")[programme].fillna(NOT_STATED).astype(str)
    groups = name_groups(label, threshold)
    due, answered = _replies(engagements, alliance)
    ratings = reply_means(alliance, window).set_index("engagement_id")
    clusters = engagements.set_index("engagement_id")[cluster]
    paired = frame.set_index("engagement_id")
    raters = [rater for rater in PAIR if rater in instruments]
    rows: list[Row] = []
    for name, ids in _wholes(groups):
        behind = f"{IN}{name}" if name else ""
        counts = {"n_engagements": len(ids), "n_advisors": clusters[ids].nunique()}
        rows.append({"term": f"engagements{behind}", "estimate": len(ids), **counts})
        for rater in raters:
            ended = ids[ids.isin(due.index)]
            if len(ended):
                sums = answered[rater][ended], due[ended], clusters[ended]
                own = clustered_ratio(*sums, confidence)
                rows.append({"rater": rater, "term": f"answered{behind}", **own})
            for subscale in shared_subscales({rater: instruments[rater]}):
                known = ratings[f"{rater}_{subscale}"].reindex(ids).dropna()
                place = {"rater": rater, "subscale": subscale}
                rows += [
                    place | row | {"term": f"{row['term']}{behind}"}
                    for row in _level(known, clusters, confidence)
                ]
        if len(raters) == len(PAIR):
            shared = [f"{rater}_total" in paired for rater in PAIR]
            for subscale in shared_subscales(instruments) if all(shared) else ():
                own = paired.loc[ids, [f"{rater}_{subscale}" for rater in PAIR]].dropna()
                own = own.set_axis(list(PAIR), axis=1).assign(cluster=clusters[own.index])
                rows += [
                    {**row, "subscale": subscale, "term": f"{row['term']}{behind}"}
                    for row in _gap(own, confidence)
                ]
    return as_estimates({"analysis": ANALYSIS, **row} for row in rows)


def name_groups(label: pd.Series, threshold: int = 10) -> pd.Series:
    """Each engagement's programme, the small ones (and what would give them away) together."""
    counts = label.value_counts().sort_index()
    small = list(counts.index[suppress_parts(counts.to_numpy(dtype=float), threshold)])
    if not small or len(counts) == 1:
        return label
    return label.where(~label.isin(small), f"smaller programmes together ({len(small)})")


def _wholes(groups: pd.Series) -> Iterator[tuple[str, pd.Index]]:
    """All engagements under no name, then each programme's if there are several."""
    yield "", groups.index
    if groups.nunique() > 1:
        for name in sorted(groups.unique()):
            yield name, groups.index[groups == name]


def _replies(
    engagements: pd.DataFrame, alliance: pd.DataFrame
) -> tuple[pd.Series, dict[str, pd.Series]]:
    """Check-ins due of each engagement that has ended, and how many of these each rater answered.

    Due are those planned, or as many as anybody has, and no more than that. Of an engagement that
    goes on nobody knows how many were due so far.
    """
    if "status" in engagements:
        engagements = engagements[engagements["status"] != "ongoing"]
    ids = engagements["engagement_id"]
    most = float(alliance["occasion"].max()) if len(alliance) else 0.0
    due = pd.Series(most, index=pd.Index(ids))
    if "planned_checkins" in engagements:
        planned = engagements.set_index("engagement_id")["planned_checkins"].fillna(most)
        due = planned.clip(upper=most).astype(float)
    usable = alliance[alliance["total"].notna()]
    usable = usable[usable["occasion"] <= usable["engagement_id"].map(due)]
    answered = {
        rater: usable[usable["rater"] == rater]
        .groupby("engagement_id")
        .size()
        .reindex(due.index)
        .fillna(0.0)
        for rater in PAIR
    }
    return due, answered


def _level(known: pd.Series, clusters: pd.Series, confidence: float) -> list[Row]:
    """The mean with its interval, and the standard deviation, of one rating."""
    values = known.to_numpy(dtype=float)
    if len(values) < 2:
        note = "fewer than two engagements have the rating"
        empty = {"estimate": np.nan, "n_engagements": len(values), "note": note}
        return [empty | {"term": term} for term in ("mean", "sd")]
    row = clustered_ratio(values, np.ones(len(values)), clusters[known.index], confidence)
    counts = {name: row[name] for name in ("n_engagements", "n_advisors")}
    spread = {"estimate": float(np.std(np.sort(values), ddof=1)), **counts}
    return [{"term": "mean", **row}, {"term": "sd", **spread}]


def _gap(own: pd.DataFrame, confidence: float) -> list[Row]:
    """The gap in points and in d."""
    rows = mean_gap(own, "advisee", "advisor", "cluster", confidence)
    return rows[rows["method"] == "jackknife"].to_dict("records")
