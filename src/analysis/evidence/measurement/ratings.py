"""How well each rating was measured: internal consistency, items, ends of the scale."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.contract.instruments import Instrument
from analysis.evidence.lines.reliability_rows import caution_if_low
from analysis.measure.reliability import (
    FEWEST_ITEMS,
    cronbach_alpha,
    fit_one_factor,
    mcdonald_omega,
    omegas_near,
)
from analysis.measure.scoring import turn_reversed
from analysis.models.cluster_sums import code_clusters, covariances, leave_one_out, sum_products
from analysis.models.intervals import Row, no_interval, reliability_interval

TOTAL = "total"
#: Below it an item may have been turned already, or belong elsewhere.
STRONGLY_NEGATIVE = -0.30


def describe_measurement(
    checkins: pd.DataFrame,
    clusters: pd.Series,
    instruments: Mapping[str, Instrument],
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Reliability by rater, subscale and occasion, and how each item stands to its subscale.

    Parameters
    ----------
    checkins : the clean table of check-ins
    clusters : engagement's identifier (index) to its cluster, so that intervals allow for
        engagements that share an advisor
    instruments : rater to the instrument that rater answered
    confidence : level of the intervals

    Returns
    -------
    DataFrame
        rows in the vocabulary, ``analysis`` being ``measurement``; ``term`` is

        - ``reliability``: methods ``cronbach_alpha`` and ``mcdonald_omega`` of complete answer
          sheets, interval by the cluster jackknife with t(G - 1) on log(1 - value)
        - ``item_total <item>``: correlation of an item with the mean of its subscale's others
        - ``alpha_without <item>``: alpha of the subscale without the item
        - ``ceiling`` and ``floor``: share of answers at the end of the range

        What cannot be had is NaN with the reason in ``note``.
    """
    rows: list[Row] = []
    for rater, instrument in instruments.items():
        own = checkins[checkins["rater"] == rater]
        if instrument.ready_made:
            rows.append(_not_given(rater, TOTAL, np.nan, "scores arrive ready made: no items"))
            continue
        if single := all(len(items) == 1 for items in instrument.subscales.values()):
            reason = "one question each: no internal consistency, only stability over check-ins"
            rows.append(_not_given(rater, TOTAL, np.nan, reason))
        turned = turn_reversed(own, instrument)
        cluster = own["engagement_id"].map(clusters)
        for occasion in sorted(own["occasion"].unique()):
            here = (own["occasion"] == occasion).to_numpy()
            for subscale, names in _sets(instrument).items():
                place = {"rater": rater, "subscale": subscale, "occasion": int(occasion)}
                items, codes = turned.loc[here, names], cluster[here]
                if not single:
                    rows += [place | row for row in _reliability(items, codes, confidence)]
                if subscale != TOTAL:
                    rows += [place | row for row in _items(items, instrument)]
    return as_estimates({"analysis": "measurement", **row} for row in rows)


def _sets(instrument: Instrument) -> dict[str, list[str]]:
    """The items of each subscale, and all of them."""
    named = instrument.item_names
    sets = {name: [named[item] for item in items] for name, items in instrument.subscales.items()}
    return sets | {TOTAL: list(named.values())}


def _not_given(rater: str, subscale: str, occasion: float, reason: str) -> Row:
    place = {"rater": rater, "subscale": subscale, "occasion": occasion}
    return {**place, "term": "reliability", "estimate": np.nan, **no_interval(reason)}


def _reliability(items: pd.DataFrame, cluster: pd.Series, confidence: float) -> list[Row]:
    """Alpha and omega of one set of items with intervals that allow for clusters."""
    complete = items.dropna()
    rows = []
    for method, estimator in (
        ("cronbach_alpha", cronbach_alpha),
        ("mcdonald_omega", mcdonald_omega),
    ):
        whole = estimator(complete).iloc[0]
        row: Row = {"term": "reliability", "method": method, "estimate": float(whole["estimate"])}
        row |= {"n_engagements": len(complete)}
        if np.isnan(whole["estimate"]):
            rows.append(row | no_interval(whole["note"]))
            continue
        codes, labels = code_clusters(cluster[complete.index])
        row["n_advisors"] = len(labels)
        without = without_each(complete.to_numpy(), codes, len(labels), method)
        interval = reliability_interval(row["estimate"], without, confidence)
        notes = [caution_if_low(row["estimate"]), whole["note"], interval["note"]]
        rows.append(row | interval | {"note": "; ".join(filter(None, notes))})
    return rows


def without_each(values: np.ndarray, codes: np.ndarray, n_clusters: int, method: str) -> np.ndarray:
    """Alpha or omega of (n, k) complete answers without each cluster in turn, (G,)."""
    k = values.shape[1]
    sums = sum_products(values - values.mean(axis=0), codes, n_clusters)
    matrices = covariances(leave_one_out(sums), k)
    if method == "cronbach_alpha":
        diagonal = np.trace(matrices, axis1=1, axis2=2)
        with np.errstate(divide="ignore", invalid="ignore"):
            return k / (k - 1) * (1 - diagonal / matrices.sum(axis=(1, 2)))
    whole = fit_one_factor(covariances(sums.sum(axis=0)[None], k)[0])
    return omegas_near(matrices, whole)


def _items(items: pd.DataFrame, instrument: Instrument) -> list[Row]:
    """How each item stands to the others of its subscale, and the ends of the range."""
    complete = items.dropna()
    n = len(complete)
    reversed_names = {instrument.item_names[item] for item in instrument.reversed}
    rows: list[Row] = []
    for name in items.columns:
        rest = complete.drop(columns=name)
        r, note = np.nan, "a subscale of one item"
        if rest.shape[1]:
            r, note = _correlation(complete[name], rest.mean(axis=1))
        if r < STRONGLY_NEGATIVE:
            also = " (turned although the data had it turned already?)"
            note = f"runs against its subscale{also if name in reversed_names else ''}"
        rows.append({"term": f"item_total {name}", "estimate": r, "n_engagements": n, "note": note})
        if rest.shape[1] >= FEWEST_ITEMS - 1:
            alpha = cronbach_alpha(rest).iloc[0]
            rows.append(
                {
                    "term": f"alpha_without {name}",
                    "estimate": float(alpha["estimate"]),
                    "n_engagements": n,
                    "note": alpha["note"],
                }
            )
    answers = items.to_numpy(dtype=float)
    answers = answers[np.isfinite(answers)]
    ends = {"ceiling": instrument.responses.maximum, "floor": instrument.responses.minimum}
    for term, end in ends.items():
        share = float((answers == end).mean()) if len(answers) else np.nan
        rows.append({"term": term, "estimate": share, "n_engagements": n, "note": ""})
    return rows


def _correlation(one: pd.Series, other: pd.Series) -> tuple[float, str]:
    if len(one) < 3 or one.nunique() < 2 or other.nunique() < 2:
        return np.nan, "too few answer sheets, or no variance"
    return float(np.corrcoef(one, other)[0, 1]), ""
