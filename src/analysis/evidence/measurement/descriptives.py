"""What a first table gives: means, spreads and correlations of what was compared, and of whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.contract.instruments import Instrument
from analysis.measure.window import PAIR, shared_subscales
from analysis.models.cluster_sums import (
    code_clusters,
    correlation,
    covariances,
    leave_one_out,
    standardise,
    sum_products,
)
from analysis.models.intervals import Row, correlation_interval
from analysis.models.ratio import clustered_ratio

DESCRIPTIVES, PARTICIPANTS = "descriptives", "participants"


def describe_variables(
    frame: pd.DataFrame,
    outcome: pd.Series,
    outcome_name: str | None,
    instruments: Mapping[str, Instrument],
    cluster: str,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Means, standard deviations and correlations of both raters' scales and the outcome.

    All rest on the same engagements: those with every rating and the outcome.

    Parameters
    ----------
    frame : the analysis frame.
    outcome : the primary outcome by engagement; empty where there is none.
    outcome_name : what it is called.
    instruments : rater to the key that the rater's scores are made by.
    cluster : column of ``frame``.

    Returns
    -------
    DataFrame
        rows in the vocabulary, ``analysis`` being ``descriptives``; each names its variable by
        ``rater`` and ``subscale``, or by ``outcome``; ``term`` is ``mean`` (with a jackknife
        interval), ``sd``, or ``correlation with <rater> <subscale>`` (or ``with the outcome``;
        interval on Fisher's z) for each variable behind it
    """
    values = {
        (rater, subscale): frame[f"{rater}_{subscale}"]
        for rater in PAIR
        if rater in instruments
        for subscale in shared_subscales({rater: instruments[rater]})
        if f"{rater}_{subscale}" in frame
    }
    if outcome_name and len(outcome):
        values["outcome", outcome_name] = frame["engagement_id"].map(outcome)
    if not values:
        return as_estimates([])
    table = pd.DataFrame(list(values.values())).T.set_axis(range(len(values)), axis=1)
    known = table.notna().all(axis=1).to_numpy()
    if known.sum() < 2:
        note = "fewer than two engagements have every rating and the outcome"
        return as_estimates(
            [{"analysis": DESCRIPTIVES, "term": "mean", "estimate": np.nan, "note": note}]
        )
    clusters, numbers = frame.loc[known, cluster], table[known].to_numpy(dtype=float)
    names = list(values)
    rows: list[Row] = []
    for place, name in enumerate(names):
        own = numbers[:, place]
        level = clustered_ratio(own, np.ones(len(own)), clusters, confidence)
        counts = {key: level[key] for key in ("n_engagements", "n_advisors")}
        spread = {"estimate": float(np.std(np.sort(own), ddof=1)), **counts}
        rows += [_of(name) | {"term": "mean"} | level, _of(name) | {"term": "sd"} | spread]
    return as_estimates(
        {"analysis": DESCRIPTIVES, **row}
        for row in [*rows, *_correlations(numbers, clusters, names, confidence)]
    )


def _of(name: tuple[str, str]) -> Row:
    """The columns that name a variable."""
    kind, what = name
    return {"outcome": what} if kind == "outcome" else {"rater": kind, "subscale": what}


def _correlations(
    numbers: np.ndarray, clusters: pd.Series, names: list[tuple[str, str]], confidence: float
) -> list[Row]:
    """A row for each pair, with the interval of the delete-one-cluster jackknife."""
    codes, labels = code_clusters(clusters)
    # In an order of their own, so that sums do not hang on the order of the rows.
    order = np.lexsort((*numbers.T, codes))
    scaled, _, _ = standardise(numbers[order])
    sums = sum_products(scaled, codes[order], len(labels))
    p = numbers.shape[1]
    whole = covariances(sums.sum(axis=0), p)
    without = covariances(leave_one_out(sums), p)
    counts = {"n_engagements": len(numbers), "n_advisors": len(labels)}
    rows: list[Row] = []
    for i in range(p):
        for j in range(i + 1, p):
            r = float(correlation(whole, i, j))
            row = correlation_interval(r, correlation(without, i, j), confidence)
            kind, what = names[j]
            other = "the outcome" if kind == "outcome" else f"{kind} {what}"
            rows.append(
                _of(names[i])
                | {"term": f"correlation with {other}", "estimate": r, **row, **counts}
                | {"method": "jackknife_fisher_z"}
            )
    return rows


def count_participants(
    engagements: pd.DataFrame,
    alliance: pd.DataFrame,
    outcome: pd.Series,
    window: Sequence[int],
    threshold: int = 10,
) -> pd.DataFrame:
    """How many engagements are left at each step towards the comparison.

    Parameters
    ----------
    engagements : the clean table.
    alliance : scores per engagement, rater and occasion.
    outcome : the primary outcome by engagement; empty where there is none.
    window : the plan's check-ins.
    threshold : fewest engagements that a step must lose to be told by itself.

    Returns
    -------
    DataFrame
        rows in the vocabulary, ``analysis`` being ``participants``; ``term`` is ``all
        engagements``, then those ``rated by the advisee``, ``rated by both at the same check-in``,
        and ``with the primary outcome``; ``estimate`` the engagements left, ``note`` why others are
        not. A step that loses fewer than the threshold is told together with the next, so that its
        few cannot be counted; what is left in the end is what every estimate names anyhow
    """
    ids = engagements["engagement_id"]
    rated = alliance[alliance["occasion"].isin(list(window)) & alliance["total"].notna()]
    sides = {rater: rated[rated["rater"] == rater] for rater in PAIR}
    raters = [rater for rater in PAIR if len(sides[rater])]
    left, steps = ids, [("all engagements", len(ids), "")]
    for rater in raters[:1]:
        left = left[left.isin(sides[rater]["engagement_id"])]
        steps.append((f"rated by the {rater}", len(left), f"no rating by the {rater}"))
    if len(raters) == len(PAIR):
        keys = ["engagement_id", "occasion"]
        both = sides["advisee"].merge(sides["advisor"], on=keys)["engagement_id"]
        left = left[left.isin(both)]
        steps.append(
            ("rated by both at the same check-in", len(left), "no check-in that both rated")
        )
    if len(outcome):
        left = left[left.isin(outcome.dropna().index)]
        steps.append(("with the primary outcome", len(left), "no primary outcome"))
    return as_estimates(_told_together(steps, threshold))


def _told_together(steps: list[tuple[str, int, str]], threshold: int) -> list[Row]:
    """Rows of the steps; one whose loss is small waits for the next."""
    (first, before, _), *others = steps
    rows, reasons = [_step(first, before, "")], []
    for place, (step, count, reason) in enumerate(others, start=1):
        reasons.append(reason)
        if 0 < before - count < threshold and place < len(others):
            continue
        rows.append(_step(step, count, " or ".join(reasons)))
        before, reasons = count, []
    return rows


def _step(step: str, count: int, note: str) -> Row:
    return {
        "analysis": PARTICIPANTS,
        "term": step,
        "estimate": float(count),
        "n_engagements": count,
        "note": note,
    }
