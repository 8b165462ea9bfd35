"""What another rule for missing items would make of the alliance: all answered, or imputed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.contract.instruments import Instrument
from analysis.evidence.measurement.ratings import without_each
from analysis.measure.missing import impute, pool_rubin
from analysis.measure.reliability import cronbach_alpha
from analysis.measure.scoring import turn_reversed
from analysis.models.cluster_sums import add_by_cluster, code_clusters, leave_one_out
from analysis.models.intervals import Row, jackknife_interval, no_interval, reliability_interval

#: Little is missing and nothing is decided by it: more sets would change the third digit.
IMPUTATIONS, ITERATIONS = 10, 5
#: An auxiliary known of fewer than half would have to be imputed too often itself.
SMALLEST_COVERAGE = 0.5
IMPUTED = "multiple imputation"
TERMS = ("mean of the total", "alpha of the total")


def compare_missing_rules(
    checkins: pd.DataFrame,
    alliance: pd.DataFrame,
    instruments: Mapping[str, Instrument],
    clusters: pd.Series,
    outcome: pd.Series,
    minimum_answered: float,
    rng: np.random.Generator,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Mean and reliability of each rater's total at the first check-in under three rules.

    Prorated (the plan's rule), only sheets answered in full, and multiple imputation of the items
    of everybody, those who did not reply among them. Imputed from both raters' items, their later
    means, their advisors' other engagements and the primary outcome, pooled by Rubin's rules with
    G - 1 degrees of freedom for complete data.

    Parameters
    ----------
    checkins : the clean table of check-ins
    alliance : scores per engagement, rater and occasion
    instruments : rater to the instrument that rater answered
    clusters : engagement's identifier (index) to its cluster, of every engagement
    outcome : engagement's identifier (index) to the primary outcome; may be empty
    minimum_answered : the plan's share of a subscale's items that must be answered
    rng : generator
    confidence : level of the intervals

    Returns
    -------
    DataFrame
        rows in the vocabulary, ``analysis`` being ``missing_rule``, ``term`` those of ``TERMS``,
        ``method`` the rule; a rule that cannot be applied is NaN with the reason
    """
    first = checkins["occasion"].min()
    sides = {}
    for rater, instrument in instruments.items():
        if instrument.ready_made:
            continue
        here = (checkins["rater"] == rater) & (checkins["occasion"] == first)
        own = checkins[here].set_index("engagement_id")
        turned = turn_reversed(own, instrument)[list(instrument.item_names.values())]
        sides[rater] = turned.reindex(clusters.index.sort_values())
    if not sides:
        reason = "scores arrive ready made: no items of which one could be missing"
        return as_estimates([{"analysis": "missing_rule", "estimate": np.nan, "note": reason}])
    completed, reason = _impute(sides, alliance, clusters, outcome, first, rng)
    rows: list[Row] = []
    for rater, items in sides.items():
        key = instruments[rater]
        places = {
            name: [key.item_names[item] for item in own] for name, own in key.subscales.items()
        }
        least = key.minimum_answered if key.minimum_answered is not None else minimum_answered
        rules = {
            f"prorated at {least:.0%} answered": _prorate(items, places, least),
            "all items answered": items.dropna(),
        }
        for rule, kept in rules.items():
            found = _summaries(kept, places, clusters, confidence)
            rows += [{"rater": rater, "method": rule, **row} for row in found]
        if reason:
            found = [{"term": term, "estimate": np.nan, **no_interval(reason)} for term in TERMS]
        else:
            found = _pooled([one[rater] for one in completed], places, clusters, confidence)
        rows += [{"rater": rater, "method": IMPUTED, **row} for row in found]
    place = {"analysis": "missing_rule", "subscale": "total", "occasion": first}
    return as_estimates({**place, **row} for row in rows)


def _prorate(items: pd.DataFrame, places: Mapping[str, list[str]], least: float) -> pd.DataFrame:
    """Items with gaps filled by the mean of the subscale's others, where enough are answered."""
    filled = items.copy()
    for names in places.values():
        own = items[names]
        answered = own.notna().sum(axis=1)
        enough = (answered > 0) & (answered >= least * len(names) - 1e-9)
        mean = own.mean(axis=1)
        filled[names] = own.apply(lambda column, mean=mean: column.fillna(mean)).where(
            enough, axis=0
        )
    return filled.dropna()


def _summaries(
    items: pd.DataFrame, places: Mapping[str, list[str]], clusters: pd.Series, confidence: float
) -> list[Row]:
    """Mean of the total and its alpha, of complete items, with jackknife intervals."""
    size = {"n_engagements": len(items)}
    if len(items) < 3:
        reason = f"{len(items)} such answer sheets"
        return [{"term": term, "estimate": np.nan, **no_interval(reason), **size} for term in TERMS]
    codes, labels = code_clusters(clusters[items.index])
    size["n_advisors"] = len(labels)
    total = np.mean([items[names].mean(axis=1) for names in places.values()], axis=0)
    sums = add_by_cluster(np.column_stack([np.ones(len(items)), total]), codes, len(labels))
    left = leave_one_out(sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = left[:, 1] / left[:, 0]
    interval = jackknife_interval(float(total.mean()), means, confidence)
    rows = [{"term": TERMS[0], "estimate": float(total.mean()), **interval, **size}]
    rows[0] |= {"statistic": np.nan, "p_value": np.nan}
    alpha = cronbach_alpha(items).iloc[0]
    if all(len(names) == 1 for names in places.values()):
        alpha = {"estimate": np.nan, "note": "one question each: no internal consistency"}
    if np.isnan(alpha["estimate"]):
        interval = no_interval(alpha["note"])
    else:
        without = without_each(items.to_numpy(), codes, len(labels), "cronbach_alpha")
        interval = reliability_interval(float(alpha["estimate"]), without, confidence)
    rows.append({"term": TERMS[1], "estimate": float(alpha["estimate"]), **interval, **size})
    return rows


def _impute(
    sides: Mapping[str, pd.DataFrame],
    alliance: pd.DataFrame,
    clusters: pd.Series,
    outcome: pd.Series,
    first: int,
    rng: np.random.Generator,
) -> tuple[list[dict[str, pd.DataFrame]], str]:
    """Completed items of each rater, or the reason why there are none."""
    together = pd.concat(dict(sides), axis=1)
    names = {pair: f"{pair[0]} {pair[1]}" for pair in together.columns}
    together.columns = list(names.values())
    known = _auxiliaries(alliance, clusters, outcome, first).reindex(together.index)
    kept = [
        name
        for name in known
        if known[name].notna().mean() >= SMALLEST_COVERAGE and known[name].nunique() > 1
    ]
    frame = together.join(known[kept])
    # in the order of their values, so that draws do not go by what engagements are called
    frame = frame.sort_values(list(frame.columns), kind="stable")
    try:
        copies = impute(
            frame, list(together.columns), kept, IMPUTATIONS, rng, iterations=ITERATIONS
        )
    except ValueError as error:
        return [], f"no imputation: {error}"
    return [
        {
            rater: copy[[f"{rater} {name}" for name in items]].set_axis(items.columns, axis=1)
            for rater, items in sides.items()
        }
        for copy in copies
    ], ""


def _auxiliaries(
    alliance: pd.DataFrame, clusters: pd.Series, outcome: pd.Series, first: int
) -> pd.DataFrame:
    """Each rater's later mean, the advisor's other engagements' mean, and the outcome."""
    columns = {}
    for rater, own in alliance.groupby("rater"):
        later = own[own["occasion"] > first].groupby("engagement_id")["total"].mean()
        columns[f"{rater} later"] = later.reindex(clusters.index)
        level = own.groupby("engagement_id")["total"].mean().reindex(clusters.index)
        grouped = level.groupby(clusters)
        others = grouped.transform("sum") - level.fillna(0)
        count = grouped.transform("count") - level.notna()
        columns[f"{rater} of the advisor's others"] = others / count.where(count > 0)
    if len(outcome):
        columns["outcome"] = outcome.reindex(clusters.index)
    return pd.DataFrame(columns)


def _pooled(
    copies: list[pd.DataFrame],
    places: Mapping[str, list[str]],
    clusters: pd.Series,
    confidence: float,
) -> list[Row]:
    """Rubin's rules over the completed copies; alpha is pooled as log(1 - alpha)."""
    found = [_summaries(copy, places, clusters, confidence) for copy in copies]
    n_clusters = found[0][0].get("n_advisors", 1)
    rows = []
    for place, term in enumerate(TERMS):
        size = {name: found[0][place].get(name) for name in ("n_engagements", "n_advisors")}
        values = np.array([one[place]["estimate"] for one in found])
        errors = np.array([one[place]["std_error"] for one in found])
        if np.isnan(values).any() or np.isnan(errors).any() or n_clusters < 2:
            told = [one[place]["note"] for one in found if one[place]["note"]]
            reason = told[0] if told else "no standard error in some completed data set"
            rows.append({"term": term, "estimate": np.nan, **no_interval(reason), **size})
            continue
        log = term == TERMS[1]
        q = np.log1p(-values) if log else values
        u = (errors / (1 - values)) ** 2 if log else errors**2
        row = pool_rubin(q, u, n_clusters, 1, confidence).iloc[0]
        told = f"{len(copies)} data sets, fraction of information missing {row['fmi']:.2f}"
        made = {
            name: float(row[name]) for name in ("estimate", "std_error", "conf_low", "conf_high")
        }
        if log:
            value = -np.expm1(made["estimate"])
            made = {
                "estimate": value,
                "std_error": (1 - value) * made["std_error"],
                "conf_low": -np.expm1(made["conf_high"]),
                "conf_high": -np.expm1(made["conf_low"]),
            }
        note = row["note"] or told
        rows.append({"term": term, **made, "df": float(row["df"]), "note": note, **size})
    return rows
