"""What a rating goes with among the events of the next check-in, within engagements.

An event can take its check-in's rating with it (a missed check-in is not rated) and change later
ratings. Centring on an engagement's mean would bring what comes after an event into the ratings
before it, and leaving out check-ins without a rating would choose rows by their outcome. Here the
rating is the last one given; the outcome is seen against its own future, the rating against its own
past.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.models.cluster_sums import add_by_cluster, code_clusters, leave_one_out
from analysis.models.intervals import Row, jackknife_interval, no_interval
from analysis.models.lagged import FEWEST_ENGAGEMENTS, spread_out

METHOD = "forward_deviations"
#: Fewer events, or check-ins without, than this among the steps say nothing.
FEWEST_EVENTS = 10


def lagged_event(
    frame: pd.DataFrame,
    event: str,
    predictor: str,
    engagement: str,
    occasion: str,
    cluster: str,
    *,
    scale: str = "predictor",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Difference in the probability of the next check-in's event per SD of the predictor.

    Parameters
    ----------
    frame : one row per engagement and check-in up to its last, in any order: ``event`` 0 or 1,
        ``predictor`` NaN where there was no rating: the last one given before stands in its place;
        ``occasion`` a whole number, the next check-in being numbered one higher.
    event, predictor, engagement, occasion, cluster : names of columns.
    scale : ``predictor``: per standard deviation of the predictor within engagements; ``none``: per
        unit.
    confidence : level of the cluster-jackknife t(G - 1) intervals.

    Returns
    -------
    DataFrame
        ``term, estimate, std_error, statistic, df, p_value, conf_low, conf_high, n_engagements,
        n_advisors, method`` ("forward_deviations")``, note``:

        - ``p -> e``: change in the event's probability with the predictor, the event at the same
          check-in held
        - ``e -> e``: change in the probability after an event

    Notes
    -----
    event_i,t+1 = level_i + occasion_t + r event_it + b predictor_it + e_i,t+1, in probability.
    Each variable is turned to sqrt(m / (m + 1)) x (its value less the mean of its m later values),
    which takes the level out (Arellano and Bover 1995, Journal of Econometrics 68, 29-51). Event
    and predictor are instrumented by their deviation from the mean of their own earlier values
    (Hayakawa 2009, Econometric Theory 25, 863-890), which nothing later can have changed.
    Occasions' means are taken out beforehand. A step needs a check-in before it and a step after
    it: four occasions. Consistent for any number of check-ins, also when events feed back on later
    ratings; a rating's own error of measurement makes b smaller.
    """
    if scale not in ("predictor", "none"):
        raise ValueError(f"scale must be 'predictor' or 'none', not '{scale}'")
    values, _, clusters = spread_out(frame, event, predictor, engagement, occasion, cluster, False)
    values[..., 1] = _last_given(values[..., 1])
    term = f"{predictor} -> {event}"
    steps = np.isfinite(values[:, :-1]).all(axis=2) & np.isfinite(values[:, 1:, 0])
    turned = _turn(values, steps)
    used = turned["used"]
    n = int(used.any(axis=1).sum())
    common = {"method": METHOD, "n_engagements": n}
    if reason := _why_not(n, turned, predictor):
        row = {"term": term, "estimate": np.nan, **no_interval(reason)}
        return as_estimates([row | common])
    which = np.nonzero(used)[0]
    codes, labels = code_clusters(pd.Series(clusters[which], name=cluster))
    slopes = _solve(turned, codes, len(labels), scale == "predictor")
    rows = []
    for place, name in ((1, term), (0, f"{event} -> {event}")):
        estimate = float(slopes[0, place])
        row: Row = {"term": name, "estimate": estimate}
        if np.isnan(estimate):
            row |= no_interval("the earlier ratings tell nothing of the later ones' deviations")
        else:
            row |= jackknife_interval(estimate, slopes[1:, place], confidence)
        rows.append(row | common | {"n_advisors": len(labels)})
    return as_estimates(rows)


def _last_given(ratings: np.ndarray) -> np.ndarray:
    """(n, T) the latest rating up to each check-in; NaN before the first."""
    known = np.isfinite(ratings)
    place = np.where(known, np.arange(ratings.shape[1]), -1)
    latest = np.maximum.accumulate(place, axis=1)
    carried = np.take_along_axis(ratings, np.maximum(latest, 0), axis=1)
    return np.where(latest >= 0, carried, np.nan)


def _turn(values: np.ndarray, steps: np.ndarray) -> dict[str, np.ndarray]:
    """Outcome and regressors against their future, instruments against their past, by step."""
    outcome = values[:, 1:, 0]
    columns = np.stack([outcome, values[:, :-1, 0], values[:, :-1, 1]], axis=2)
    columns = np.where(steps[..., None], columns, 0.0)
    count = np.maximum(steps.sum(axis=0), 1)
    columns = np.where(steps[..., None], columns - columns.sum(axis=0) / count[:, None], 0.0)
    later = steps[:, ::-1].cumsum(axis=1)[:, ::-1] - steps
    future = columns[:, ::-1].cumsum(axis=1)[:, ::-1] - columns
    weight = np.sqrt(later / (later + 1))[..., None]
    forward = weight * (columns - future / np.maximum(later, 1)[..., None])
    past = [_against_past(values[:, :-1, place]) for place in (0, 1)]
    known = steps & (later > 0) & np.isfinite(past[0]) & np.isfinite(past[1])
    size = np.maximum(known.sum(axis=0), 1)
    instruments = np.where(known[..., None], np.stack(past, axis=2), 0.0)
    instruments = instruments - instruments.sum(axis=0) / size[:, None]
    return {
        "used": known,
        "outcome": forward[known][:, 0],
        "regressors": forward[known][:, 1:],
        "instruments": instruments[known],
        "happened": outcome[known],
    }


def _against_past(values: np.ndarray) -> np.ndarray:
    """(n, K) values less the mean of the engagement's earlier ones; NaN without any."""
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    earlier = known.cumsum(axis=1) - known
    total = filled.cumsum(axis=1) - filled
    deviation = values - total / np.maximum(earlier, 1)
    return np.where(earlier > 0, deviation, np.nan)


def _why_not(n: int, turned: dict[str, np.ndarray], predictor: str) -> str:
    if n < FEWEST_ENGAGEMENTS:
        return (
            f"only {n} engagements have a check-in before and two steps after with all that is "
            f"needed; at least {FEWEST_ENGAGEMENTS} are needed"
        )
    happened = int((turned["happened"] > turned["happened"].min()).sum())
    if min(happened, len(turned["happened"]) - happened) < FEWEST_EVENTS:
        return f"fewer than {FEWEST_EVENTS} steps with, or without, the event"
    spread = (turned["regressors"][:, 1] ** 2).sum()
    if spread <= 1e-12 or (turned["instruments"][:, 1] ** 2).sum() <= 1e-12:
        return f"{predictor} never varies within an engagement"
    return ""


def _solve(
    turned: dict[str, np.ndarray], codes: np.ndarray, n_clusters: int, scaled: bool
) -> np.ndarray:
    """(G + 1, 2) slopes: the event's own, and the predictor's, per standard deviation or unit."""
    z, w, y = turned["instruments"], turned["regressors"], turned["outcome"]
    products = [
        (z[:, :, None] * w[:, None, :]).reshape(len(y), 4),
        z * y[:, None],
        w[:, [1]] ** 2,
        np.ones((len(y), 1)),
    ]
    sums = add_by_cluster(np.hstack(products), codes, n_clusters)
    totals = np.vstack([sums.sum(axis=0), leave_one_out(sums)])
    inner, right = totals[:, :4].reshape(-1, 2, 2), totals[:, 4:6]
    # Without any event among the rated check-ins its own lag is left out.
    lacking = np.abs(inner[:, 0, 0]) <= 1e-10 * np.abs(inner[:, 1, 1])
    inner[lacking, 0, 0], inner[lacking, 0, 1], inner[lacking, 1, 0] = 1.0, 0.0, 0.0
    determinant = inner[:, 0, 0] * inner[:, 1, 1] - inner[:, 0, 1] * inner[:, 1, 0]
    sound = np.abs(determinant) > 1e-10 * np.abs(inner[:, 0, 0] * inner[:, 1, 1])
    safe = np.where(sound, determinant, np.nan)
    own = (inner[:, 1, 1] * right[:, 0] - inner[:, 0, 1] * right[:, 1]) / safe
    slope = (inner[:, 0, 0] * right[:, 1] - inner[:, 1, 0] * right[:, 0]) / safe
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(totals[:, 6] / totals[:, 7]) if scaled else 1.0
    return np.stack([np.where(lacking, np.nan, own), slope * spread], axis=1)
