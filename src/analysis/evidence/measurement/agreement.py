"""How far the two raters agree, and where each rating's variance lies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.contract.forms import PAIR, Forms
from analysis.contract.instruments import item_name
from analysis.measure.agreement import (
    FEWEST_ELEMENTS,
    ICCS,
    icc_from_moments,
    profile_correlations,
    spearman_brown,
)
from analysis.measure.variance import NestedSums, fit_nested
from analysis.models.cluster_sums import (
    add_by_cluster,
    code_clusters,
    correlation,
    covariances,
    leave_one_out,
    sum_products,
)
from analysis.models.intervals import (
    Row,
    correlation_interval,
    jackknife_interval,
    no_interval,
    reliability_interval,
)

JACKKNIFE = "jackknife over clusters"
ON_Z = f"{JACKKNIFE}, on Fisher's z"
REML = f"REML, dyads within advisors, occasion means removed; {JACKKNIFE}"


def describe_agreement(
    frame: pd.DataFrame,
    items: Mapping[str, pd.DataFrame],
    forms: Forms,
    cluster: str,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Agreement of the two raters on the same engagements, of window means.

    Parameters
    ----------
    frame : one row per engagement with ``advisee_total, advisor_total, advisee_goal, ...`` and the
        column ``cluster``
    items : ``advisee_total`` and ``advisor_total`` to ``engagement_id`` and the rater's items,
        reversed ones turned, averaged over the window (see ``window_items``); may be empty
    forms : the raters' instruments, aligned
    cluster : whose engagements are not independent
    confidence : level of the intervals

    Returns
    -------
    DataFrame
        rows in the vocabulary, ``analysis`` being ``agreement``; ``term`` is ``correlation`` (of
        the two raters over dyads), ``ICC(1)`` and the rest of ``ICCS`` (for each subscale and the
        total), ``profile agreement`` and ``distinctive profile agreement`` (mean over dyads of the
        correlation between their profiles; items' means are held fixed in the jackknife). Intervals
        are those of the jackknife over clusters; what cannot be had is NaN with the reason
    """
    if not {f"{rater}_total" for rater in PAIR} <= set(frame.columns):
        reason = "only one rater answered: nobody to agree with"
        return as_estimates([{"analysis": "agreement", "estimate": np.nan, "note": reason}])
    subscales = [*forms.instruments["advisee"].subscales, "total"]
    rows: list[Row] = []
    for name in subscales:
        columns = [f"{rater}_{name}" for rater in PAIR]
        if set(columns) <= set(frame.columns):
            known = frame[[*columns, cluster]].dropna(subset=columns)
            found = _of_scores(known[columns].to_numpy(float), known[cluster], forms, confidence)
            rows += [{"subscale": name, **row} for row in found]
    sides, kind = _profiles(frame, items, forms, subscales[:-1])
    rows += [
        {"subscale": "total", **row}
        for row in _of_profiles(frame, sides, kind, cluster, confidence)
    ]
    return as_estimates({"analysis": "agreement", **row} for row in rows)


def _of_scores(
    values: np.ndarray, cluster: pd.Series, forms: Forms, confidence: float
) -> list[Row]:
    """Correlation and intraclass correlations of two columns of scores."""
    n = len(values)
    size = {"n_engagements": n, "n_advisors": cluster.nunique()}
    terms = ("correlation", *ICCS)
    if n < 3 or np.ptp(values, axis=0).min() == 0:
        reason = f"{n} engagements rated by both" if n < 3 else "a rating never varies"
        return [{"term": term, "estimate": np.nan, **no_interval(reason), **size} for term in terms]
    codes, labels = code_clusters(cluster)
    centre = values.mean()
    sums = sum_products(values - centre, codes, len(labels))
    rows = []
    every = np.vstack([sums.sum(axis=0, keepdims=True), leave_one_out(sums)])
    with np.errstate(divide="ignore", invalid="ignore"):
        spread, mean = covariances(every, 2), every[:, 1:3] / every[:, :1]
        single = np.column_stack(
            [correlation(spread, 0, 1), icc_from_moments(mean, spread, every[:, 0])]
        )
    for place, term in enumerate(terms):
        level = term in ("ICC(1)", "ICC(A,1)", "ICC(k)", "ICC(A,k)")
        if level and not forms.same_range:
            row = {"estimate": np.nan, **no_interval("the two forms' ranges of answers differ")}
        elif term in ICCS[3:]:
            row = dict(rows[place - 3])
            for name in ("estimate", "conf_low", "conf_high"):
                row[name] = spearman_brown(row[name], 2)
            row |= {"std_error": np.nan, "statistic": np.nan, "p_value": np.nan}
        else:
            estimate, without = float(single[0, place]), single[1:, place]
            row = {"estimate": estimate, **correlation_interval(estimate, without, confidence)}
        rows.append({**row, "term": term, "method": ON_Z, **size})
    return rows


def _profiles(
    frame: pd.DataFrame, items: Mapping[str, pd.DataFrame], forms: Forms, subscales: list[str]
) -> tuple[list[pd.DataFrame], str]:
    """Both raters' elements side by side, matched, and what they are: items, else subscales."""
    pairs = [pair for own in forms.matched.values() for pair in own]
    if len(pairs) >= FEWEST_ELEMENTS and {f"{rater}_total" for rater in PAIR} <= set(items):
        sides = [
            items[f"{rater}_total"].set_index("engagement_id")[
                [item_name(pair[place]) for pair in pairs]
            ]
            for place, rater in enumerate(PAIR)
        ]
        return sides, "items"
    sides = [
        frame.set_index("engagement_id")[[f"{rater}_{name}" for name in subscales]]
        for rater in PAIR
        if all(f"{rater}_{name}" in frame for name in subscales)
    ]
    return sides, "subscales"


def _of_profiles(
    frame: pd.DataFrame, sides: list[pd.DataFrame], kind: str, cluster: str, confidence: float
) -> list[Row]:
    """Mean agreement of profiles within dyads, as it is and without what is usual."""
    terms = ("profile agreement", "distinctive profile agreement")
    if len(sides) < 2 or sides[0].shape[1] < FEWEST_ELEMENTS:
        reason = f"a profile needs {FEWEST_ELEMENTS} matched items or subscales"
        return [{"term": term, "estimate": np.nan, **no_interval(reason)} for term in terms]
    first, second = (side.dropna() for side in sides)
    both = first.index.intersection(second.index).sort_values()
    profiles = [side.loc[both].to_numpy(float) for side in (first, second)]
    of_dyad = pd.Series(frame[cluster].to_numpy(), index=frame["engagement_id"]).loc[both]
    rows = []
    for term in terms:
        found = profile_correlations(*profiles, distinctive=term.startswith("distinctive"))
        kept = ~np.isnan(found)
        row: Row = {"term": term, "method": f"mean over dyads, of {kind}; {JACKKNIFE}"}
        row |= {"n_engagements": kept.sum(), "n_advisors": of_dyad[kept].nunique()}
        if kept.sum() < 3:
            rows.append(row | {"estimate": np.nan, **no_interval("too few dyads with a profile")})
            continue
        codes, labels = code_clusters(of_dyad[kept])
        sums = add_by_cluster(
            np.column_stack([np.ones(kept.sum()), found[kept]]), codes, len(labels)
        )
        left = leave_one_out(sums)
        with np.errstate(divide="ignore", invalid="ignore"):
            without = left[:, 1] / left[:, 0]
        estimate = float(found[kept].mean())
        interval = jackknife_interval(estimate, without, confidence)
        flat = (~kept).sum()
        told = "dyads with a flat profile left out" if flat else ""
        note = "; ".join(filter(None, [interval["note"], told]))
        rows.append(row | {"estimate": estimate, **interval, "note": note})
    return rows


def describe_variance(
    alliance: pd.DataFrame,
    engagements: pd.DataFrame,
    cluster: str,
    window: Iterable[int],
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Where the variance of each rater's total lies within the window, and how reliable that is.

    Parameters
    ----------
    alliance : scores per engagement, rater and occasion
    engagements : with ``advisor_id`` and the column ``cluster``
    cluster : left out one at a time for the intervals
    window : the plan's check-ins
    confidence : level of the intervals

    Returns
    -------
    DataFrame
        rows in the vocabulary, ``analysis`` being ``variance``, ``subscale`` total; ``term`` is
        ``share between advisors``, ``share between dyads`` (of one advisor), ``share within dyads``
        (over time), ``reliability of one check-in`` and ``reliability of the window mean`` (of as
        many check-ins as the window has); a share that cannot be told from the next has the reason
    """
    window = sorted(set(window))
    own = alliance[alliance["occasion"].isin(window) & alliance["total"].notna()]
    place = engagements.set_index("engagement_id")
    rows: list[Row] = []
    for rater in (name for name in PAIR if (own["rater"] == name).any()):
        ratings = own[own["rater"] == rater].sort_values(["engagement_id", "occasion"])
        ids = ratings["engagement_id"]
        dyads, labels = pd.factorize(ids)
        occasions = pd.get_dummies(ratings["occasion"]).to_numpy(float)
        sums = NestedSums(
            ratings["total"].to_numpy(float), occasions, dyads, ids.map(place["advisor_id"])
        )
        of_dyad = place[cluster].loc[labels[sums.labels]]
        found = _shares(sums, of_dyad, len(window), confidence)
        size = {"n_engagements": len(labels), "n_advisors": of_dyad.nunique()}
        rows += [{"rater": rater, "subscale": "total", **row, **size} for row in found]
    return as_estimates({"analysis": "variance", "method": REML, **row} for row in rows)


TERMS = (
    "share between advisors",
    "share between dyads",
    "share within dyads",
    "reliability of one check-in",
    "reliability of the window mean",
)


def _shares(sums: NestedSums, cluster: pd.Series, k: int, confidence: float) -> list[Row]:
    """Each share and reliability with its jackknife interval."""
    whole = fit_nested(sums)
    estimates = _estimates(whole, k)
    if np.isnan(whole.known.sum()) or whole.known.sum() == 0:
        reason = whole.note
        return [{"term": term, "estimate": np.nan, **no_interval(reason)} for term in TERMS]
    codes, labels = code_clusters(cluster)
    ratios = whole.known / (whole.known[2] or whole.known[1])
    start = (ratios[1], ratios[0]) if whole.known[2] else (0.0, ratios[0])
    without = np.array(
        [
            _estimates(fit_nested(sums.without(codes == code), start), k)
            for code in range(len(labels))
        ]
        if len(labels) > 1
        else [np.full(len(TERMS), np.nan)]
    )
    rows = []
    for place, term in enumerate(TERMS):
        value, replicates = estimates[place], without[:, place]
        row: Row = {"term": term, "estimate": value}
        if np.isnan(value):
            rows.append(row | no_interval(whole.note))
        elif term.startswith("share"):
            interval = jackknife_interval(value, replicates, confidence)
            # a share lies between 0 and 1, which the interval of a small one would leave
            limits = np.clip([interval["conf_low"], interval["conf_high"]], 0.0, 1.0)
            interval |= {"conf_low": limits[0], "conf_high": limits[1]}
            note = "; ".join(filter(None, [interval["note"], whole.note]))
            rows.append(row | interval | {"statistic": np.nan, "p_value": np.nan, "note": note})
        else:
            rows.append(row | reliability_interval(value, replicates, confidence))
    return rows


def _estimates(found, k: int) -> np.ndarray:
    return np.array([*found.shares(), found.reliability(1), found.reliability(k)])
