"""One rater's scores as a grid of engagements by check-ins, and the scale drops are measured on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.models.cluster_sums import code_clusters

#: The standard error of measurement times this is the least change beyond error (95 %).
LEAST_CHANGE = 1.96 * np.sqrt(2)


@dataclass(frozen=True)
class Ratings:
    """n engagements by T check-ins as one rater answered them, in an order of the scores' own.

    Neither the order of the rows nor the identifiers' names decide the order of engagements, so
    that a seed means the same surrogates for the same scores.

    engagement_ids : (n,); codes : (n,) cluster numbers; n_clusters : clusters
    occasions : (T,) numbers of the check-ins that anyone answered, rising
    scores : name to (n, T), NaN where not answered; ``total`` is what drops are read from
    ended_early : (n,) whether the engagement is known to have ended early
    after_end : answers set aside because they came after the engagement had ended
    out_of_order : answers whose week lies before that of an earlier check-in; kept in place
    """

    engagement_ids: np.ndarray
    codes: np.ndarray
    n_clusters: int
    occasions: np.ndarray
    scores: dict[str, np.ndarray]
    ended_early: np.ndarray
    after_end: int = 0
    out_of_order: int = 0

    @property
    def total(self) -> np.ndarray:
        """The scores that drops are read from, (n, T)."""
        return self.scores["total"]

    @property
    def answered(self) -> np.ndarray:
        """Where a score is known, (n, T)."""
        return ~np.isnan(self.total)

    @property
    def comparable(self) -> np.ndarray:
        """Engagements with two answered check-ins at least: only these can show a drop."""
        return self.answered.sum(axis=1) >= 2


def lay_out_ratings(
    alliance: pd.DataFrame,
    engagements: pd.DataFrame,
    rater: str,
    cluster: str = "advisor_id",
    subscales: tuple[str, ...] = ("total",),
    traits: pd.Series | None = None,
) -> Ratings:
    """One rater's scores as a grid; check-ins after the engagement's end are left out and counted.

    Parameters
    ----------
    alliance : scores per ``engagement_id, rater, occasion``, perhaps with ``week``, and the
        ``subscales``; rows in any order.
    engagements : ``engagement_id``, the column ``cluster``, perhaps ``status``, ``ended_week``.
    subscales : columns of scores, ``total`` among them.
    traits : by engagement, what else is known of it as text: orders those with the same scores.

    Raises ValueError for a check-in given twice or an engagement that is not in the table.
    """
    own = alliance[(alliance["rater"] == rater) & alliance["total"].notna()]
    if own.duplicated(["engagement_id", "occasion"]).any():
        raise ValueError(f"a check-in of the {rater} is given twice")
    facts = engagements.set_index("engagement_id")
    unknown = set(own["engagement_id"]) - set(facts.index)
    if unknown:
        raise ValueError(f"{len(unknown)} engagements with ratings are not among the engagements")
    own = own.sort_values(["engagement_id", "occasion"], kind="stable")
    late = _after_end(own, facts)
    own = own[~late]
    wide = own.pivot(index="engagement_id", columns="occasion", values="total")
    grids = {
        name: own.pivot(index="engagement_id", columns="occasion", values=name).to_numpy(float)
        for name in subscales
    }
    ids = wide.index.to_numpy()
    codes, names = code_clusters(facts.loc[ids, cluster]) if len(ids) else (np.arange(0), [])
    order = _order_by_content(grids, codes, None if traits is None else traits.loc[ids])
    ids, codes = ids[order], codes[order]
    status = facts["status"] if "status" in facts else pd.Series(None, index=facts.index)
    return Ratings(
        engagement_ids=ids,
        codes=codes,
        n_clusters=len(names),
        occasions=wide.columns.to_numpy(dtype=int),
        scores={name: grid[order] for name, grid in grids.items()},
        ended_early=(status.loc[ids] == "ended_early").to_numpy(dtype=bool),
        after_end=int(late.sum()),
        out_of_order=_out_of_order(own),
    )


def _order_by_content(
    grids: dict[str, np.ndarray], codes: np.ndarray, traits: pd.Series | None
) -> np.ndarray:
    """An order of engagements by their scores, then traits, then their cluster's size and mean.

    What is alike in all of these is so in whatever is counted, and may stand in any order.
    """
    total = grids["total"]
    if not len(total):
        return np.arange(0)
    sizes = np.bincount(codes)
    answers = [total[codes == code] for code in range(len(sizes))]
    level = np.array([round(float(np.nanmean(np.sort(one, axis=None))), 9) for one in answers])
    keys = [level[codes], sizes[codes]]
    if traits is not None:
        keys.append(np.unique(traits.to_numpy(dtype=str), return_inverse=True)[1].reshape(-1))
    for grid in (*(grids[name] for name in grids if name != "total"), total):
        keys += list(np.nan_to_num(grid, nan=-np.inf).T[::-1])
    return np.lexsort(keys)


def _after_end(rows: pd.DataFrame, facts: pd.DataFrame) -> np.ndarray:
    """Whether an answer's week lies after the week in which the engagement ended."""
    if "week" not in rows or "ended_week" not in facts:
        return np.zeros(len(rows), dtype=bool)
    ended = rows["engagement_id"].map(facts["ended_week"]).to_numpy(dtype=float)
    return rows["week"].to_numpy(dtype=float) > ended


def _out_of_order(rows: pd.DataFrame) -> int:
    """Answers whose week lies before the latest week of the same engagement's earlier check-ins."""
    if "week" not in rows or rows.empty:
        return 0
    latest = rows.groupby("engagement_id")["week"].cummax()
    return int((rows["week"] < latest).sum())


def scale_of_drops(ratings: Ratings) -> tuple[float, int, str]:
    """The rater's scale s, the engagements it rests on, and how it was found.

    s is the pooled standard deviation within engagements around each engagement's own straight
    line over check-ins,

        s^2 = sum over i of SSE_i / sum over i of (T_i - 2),    T_i >= 3 check-ins answered.

    The line is each engagement's own, as a course that rises or falls evenly is no rupture; the
    variance is pooled, as an engagement's own would hide its own rupture. Where nobody answered
    three check-ins the check-ins' means are removed instead: s^2 = SSE / (N - n - T + 1), of an
    additive model of engagements and check-ins. NaN if neither leaves degrees of freedom.
    """
    x, seen = ratings.total, ratings.answered
    counted = seen.sum(axis=1)
    three = counted >= 3
    if three.any():
        y, mask = np.where(seen, x, 0.0)[three], seen[three]
        n = counted[three][:, None]
        time = np.where(mask, ratings.occasions.astype(float), 0.0)
        time = np.where(mask, time - time.sum(axis=1, keepdims=True) / n, 0.0)
        centred = np.where(mask, y - y.sum(axis=1, keepdims=True) / n, 0.0)
        slope = (time * centred).sum(axis=1) / (time**2).sum(axis=1)
        left = centred - slope[:, None] * time
        variance = (left**2).sum() / (n - 2).sum()
        return _root(variance, x), int(three.sum()), "around each engagement's own line"
    two = counted == 2
    both = x[two]
    pairs = np.array([row[~np.isnan(row)] for row in both]).reshape(-1, 2)
    places = np.array([np.flatnonzero(~np.isnan(row)) for row in both]).reshape(-1, 2)
    change = pairs[:, 1] - pairs[:, 0]
    cells, cell = np.unique(places, axis=0, return_inverse=True)
    df = len(change) - len(cells)
    if df < 1:
        return np.nan, int(two.sum()), "no engagement answered three check-ins"
    means = np.bincount(cell.reshape(-1), change) / np.bincount(cell.reshape(-1))
    variance = ((change - means[cell.reshape(-1)]) ** 2).sum() / df / 2
    return _root(variance, x), int(two.sum()), "around the means of the check-ins"


def _root(variance: float, x: np.ndarray) -> float:
    """The root of a variance; 0 where it is no more than rounding of the numbers."""
    size = np.nanmax(np.abs(x)) if x.size else 0.0
    return float(np.sqrt(variance)) if variance > (1e-9 * max(size, 1e-300)) ** 2 else 0.0


def error_of_measurement(ratings: Ratings, omega: pd.Series | float | None) -> float:
    """Standard error of measurement of one check-in's total, NaN without omega.

    SEM^2 = sum over t of (n_t - 1) S_t^2 (1 - omega_t) / sum over t of (n_t - 1), S_t the standard
    deviation between engagements at check-in t and omega_t that check-in's (Lord and Novick, 1968,
    Statistical Theories of Mental Test Scores, section 3.4, pooled over check-ins). Omega is that
    of the items at one check-in: stability over check-ins would count real change as error.

    Parameters
    ----------
    omega : by occasion, or one for all; None or NaN where there are no items.
    """
    if omega is None:
        return np.nan
    if not isinstance(omega, pd.Series):
        omega = pd.Series(float(omega), index=ratings.occasions)
    known = omega.reindex(ratings.occasions).to_numpy(dtype=float)
    x, counted = ratings.total, ratings.answered.sum(axis=0)
    usable = ~np.isnan(known) & (counted >= 2)
    if not usable.any():
        return np.nan
    means = np.nansum(x[:, usable], axis=0) / counted[usable]
    squares = np.nansum((x[:, usable] - means) ** 2, axis=0)
    weights = counted[usable] - 1
    error = squares * np.clip(1 - known[usable], 0.0, 1.0)
    return float(np.sqrt(error.sum() / weights.sum()))
