"""The hazard of repair, check-in by check-in, with acts as exposures that change in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.models.intervals import Row, no_interval
from analysis.models.ruptures.episodes import Episodes
from analysis.models.ruptures.ratings import Ratings

#: Check-ins since onset that have a base rate of their own; later ones share one.
OWN_RATES = 3
FEWEST_EVENTS = 10


def person_periods(
    ratings: Ratings, episodes: Episodes, acts: Mapping[str, np.ndarray], longest: int
) -> pd.DataFrame:
    """One row per episode and check-in at which it could be repaired.

    An act counts from the check-in **after** the one it belongs to, so that no episode is exposed
    at a check-in that came before the act (no immortal time) and none at the very check-in at which
    repair is read. An episode is at risk at every answered check-in after its onset until it is
    repaired or ``longest`` check-ins have passed; if its engagement ended early first there is one
    more row, on which it leaves by the competing event.

    Parameters
    ----------
    acts : name to flags (n, T), see ``flag_events``.

    Returns
    -------
    ``engagement_id, cluster, onset, occasion, since`` (check-ins since onset), ``repaired, ended``
    (0 or 1) and a 0/1 column per act.
    """
    occasions = ratings.occasions
    times = len(occasions)
    rows = []
    for e in range(len(episodes)):
        course, onset = episodes.course[e], episodes.onset[e]
        start = occasions[onset]
        repair = episodes.repaired_at[e]
        stop = repair if repair >= 0 else times - 1
        places = np.arange(onset + 1, stop + 1)
        places = places[ratings.answered[course, places] & (occasions[places] - start <= longest)]
        exposed = {
            name: np.logical_or.accumulate(flags[course, onset:]) for name, flags in acts.items()
        }
        for place in places:
            done = {name: int(flags[place - onset - 1]) for name, flags in exposed.items()}
            rows.append((course, start, occasions[place], int(place == repair), 0, done))
        since = episodes.followed[e] + 1
        if repair < 0 and ratings.ended_early[course] and since <= longest:
            last = onset + int(np.flatnonzero(ratings.answered[course, onset:]).max())
            done = {name: int(flags[last - onset]) for name, flags in exposed.items()}
            rows.append((course, start, start + since, 0, 1, done))
    courses = np.array([row[0] for row in rows], dtype=int)
    frame = pd.DataFrame(
        {
            "engagement_id": ratings.engagement_ids[courses],
            "cluster": ratings.codes[courses],
            "onset": [int(row[1]) for row in rows],
            "occasion": [int(row[2]) for row in rows],
            "since": [int(row[2] - row[1]) for row in rows],
            "repaired": [row[3] for row in rows],
            "ended": [row[4] for row in rows],
        }
    )
    for name in acts:
        frame[name] = [row[5][name] for row in rows]
    return frame


def fit_hazard(
    periods: pd.DataFrame,
    exposures: Sequence[str],
    event: str = "repaired",
    confidence: float = 0.95,
) -> list[Row]:
    """Log odds of the event at a check-in by exposure, a row each: discrete-time logit.

    logit P(event at check-in k | none before) = a_k + sum over exposures of b x, a_k free for each
    of the first ``OWN_RATES`` check-ins since onset and common after (Allison, 1982, Sociological
    Methodology 13, 61). With the competing event's rows at risk the hazards are cause-specific.
    Variance: sandwich over clusters times G / (G - 1); t with G - 1 degrees of freedom.

    Returns
    -------
    rows of ``term`` (the exposure), ``estimate, std_error, statistic, df, p_value, conf_low,
    conf_high, n_engagements, n_advisors, n_largest, note``; NaN with a note where an exposure does
    not vary, events are fewer than ten, or the likelihood has no maximum.
    """
    caseloads = periods.drop_duplicates("engagement_id")["cluster"].value_counts()
    counts = {
        "n_engagements": int(caseloads.sum()),
        "n_advisors": len(caseloads),
        "n_largest": caseloads.max(),
    }
    y = periods[event].to_numpy(dtype=float)
    if y.sum() < FEWEST_EVENTS or (1 - y).sum() < FEWEST_EVENTS:
        note = f"fewer than {FEWEST_EVENTS} check-ins with or without the event"
        empty = {"estimate": np.nan, **no_interval(note), **counts}
        return [{"term": name, **empty} for name in exposures]
    since = np.minimum(periods["since"].to_numpy(), OWN_RATES)
    base = np.stack([(since == k) for k in np.unique(since)], axis=1).astype(float)
    kept, refused = [], {}
    for name in exposures:
        exposed = periods[name].to_numpy(dtype=bool)
        cells = [(exposed == x) & (y == z) for x in (False, True) for z in (0, 1)]
        if min(cell.sum() for cell in cells) == 0:
            refused[name] = "no check-in of some combination of exposure and event"
        else:
            kept.append(name)
    x = np.hstack([base, periods[kept].to_numpy(dtype=float).reshape(len(y), len(kept))])
    fitted = _fit_logit(x, y, periods["cluster"].to_numpy())
    rows = []
    for name in exposures:
        if name in refused or fitted is None:
            note = refused.get(name, "the likelihood has no maximum")
            rows.append({"term": name, "estimate": np.nan, **no_interval(note), **counts})
            continue
        place = base.shape[1] + kept.index(name)
        coefficient, error = fitted[0][place], float(np.sqrt(fitted[1][place, place]))
        rows.append({"term": name, **_wald(coefficient, error, counts, confidence), **counts})
    return rows


def _wald(estimate: float, error: float, counts: Mapping[str, int], confidence: float) -> Row:
    from scipy.special import stdtr, stdtrit

    df = counts["n_advisors"] - 1
    if df < 1:
        return {"estimate": estimate, **no_interval("one cluster: no interval can be given")}
    half = float(stdtrit(df, (1 + confidence) / 2)) * error
    return {
        "estimate": float(estimate),
        "std_error": error,
        "statistic": float(estimate / error),
        "df": df,
        "p_value": float(2 * stdtr(df, -abs(estimate / error))),
        "conf_low": float(estimate - half),
        "conf_high": float(estimate + half),
        "note": "",
    }


def _fit_logit(
    x: np.ndarray, y: np.ndarray, cluster: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Coefficients and their clustered covariance by Newton's method; None if it diverges."""
    beta = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-(x @ beta)))
        information = (x * (p * (1 - p))[:, None]).T @ x
        score = x.T @ (y - p)
        if np.linalg.matrix_rank(information) < len(beta):
            return None
        step = np.linalg.solve(information, score)
        beta = beta + step
        if np.abs(beta).max() > 15:
            return None
        if np.abs(step).max() < 1e-10:
            break
    p = 1 / (1 + np.exp(-(x @ beta)))
    inverse = np.linalg.inv((x * (p * (1 - p))[:, None]).T @ x)
    scores = x * (y - p)[:, None]
    labels, codes = np.unique(cluster, return_inverse=True)
    sums = np.stack([np.bincount(codes, column, len(labels)) for column in scores.T], axis=1)
    g = len(labels)
    middle = sums.T @ sums * (g / max(g - 1, 1))
    return beta, inverse @ middle @ inverse
