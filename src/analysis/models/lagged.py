"""What one check-in goes with at the next, within engagements, in both directions.

An engagement's own level is taken out by centring, which with few check-ins biases the carry-over
from one to the next downwards by about (1 + rho) / T (Nickell 1981, Econometrica 49, 1417-1426)
and the other slopes with it. The bias of the moments is known exactly for any number and pattern of
check-ins, and is taken out.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.models.cluster_sums import add_by_cluster, code_clusters, leave_one_out
from analysis.models.intervals import Row, jackknife_interval, no_interval
from analysis.models.panel_moments import Moments, sum_transitions

#: Fewer engagements with two transitions or more say nothing, and are not given.
FEWEST_ENGAGEMENTS = 10
#: Two transitions each identify the corrected slopes so weakly that a third of samples have none.
TOO_SHORT = "at least four check-ins are needed to tell carry-over from an engagement's own level"
SCALES = ("both", "predictor", "none")
CORRECTED, UNCORRECTED, MEANS = "within_corrected", "within", "engagement_means"
#: A variance within engagements smaller than this, relative to the whole, is rounding.
FLAT = 1e-10

#: Where the corrected equations turn this slowly with the slopes, next to nothing fixes these.
WEAKEST = 0.05

_SHARES, _STEPS, _STILL, _NUDGE = 10, 40, 1e-10, 1e-6


def lagged_effect(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    engagement: str,
    occasion: str,
    cluster: str,
    *,
    scale: str = "both",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Slopes of the next check-in's outcome on the predictor, within and between engagements.

    Parameters
    ----------
    frame : one row per engagement and occasion, in any order; ``occasion`` is a whole number, and
        the next check-in is the one numbered one higher. Missing values are NaN; a transition
        counts where both variables are known before it and the target after it.
    outcome, predictor : numeric columns. For events, which can take the next rating with them, see
        ``analysis.models.lagged_event``.
    engagement, cluster : identifiers; every engagement lies in one cluster.
    scale : ``both``: standard deviations of the outcome per standard deviation of the predictor,
        both pooled within engagements (the jackknife re-estimates them); ``predictor``: units of
        the outcome per standard deviation of the predictor; ``none``: units per unit.
    confidence : level of the cluster-jackknife t(G - 1) intervals.

    Returns
    -------
    DataFrame
        ``term, estimate, std_error, statistic, df, p_value, conf_low, conf_high, n_engagements,
        n_advisors, method, note``. Terms, p being the predictor and o the outcome:

        - ``p -> o`` and ``o -> p``: the two directions, ``o -> o`` and ``p -> p``: the carry-over,
          each by the methods ``within_corrected`` (the one to read) and ``within`` (as it comes,
          so that the bias is seen)
        - ``p -> o minus o -> p``, ``within_corrected``, with ``scale`` "both"
        - ``p with o``, method ``engagement_means``: slope of the engagements' means, which says
          nothing about order in time

    Raises
    ------
    ValueError
        for an absent column, an occasion given twice, or an unknown scale

    Notes
    -----
    With w = (outcome, predictor) and an own level for each engagement i and each occasion t:
    w_it = level_i + occasion_t + Phi w_i,t-1 + e_it, the errors independent over time with
    covariance S. Let an engagement's n_i transitions end at the times t_1, t_2, ...; then
    E[sum over t of (w_t-1 - mean) e_t'] = -(1 / n_i) sum over pairs s < t of Phi^(t-1-s) S, whether
    or not check-ins between are missing. Phi solves the moment equations with this added, S being
    the pooled covariance of the centred residuals. For complete panels this is the bias-corrected
    estimator of Bun and Carree (2005, Journal of Business and Economic Statistics 23, 200-210) as
    a vector autoregression (Juodis 2013, Economics Letters 118, 435-438); the predictor may itself
    follow from earlier outcomes. Some engagements need four occasions. It assumes that errors have
    one variance over time and that check-ins are not missed because of the error just made. Error
    of measurement within an occasion is not taken out: it makes all slopes smaller.
    """
    if scale not in SCALES:
        raise ValueError(f"scale must be one of {SCALES}, not '{scale}'")
    panel = _Panel(frame, outcome, predictor, engagement, occasion, cluster)
    rows = panel.rows(scale, confidence)
    common = {"n_engagements": panel.n_engagements, "n_advisors": panel.n_clusters}
    return as_estimates(row | common for row in rows)


class _Panel:
    """The two variables by engagement and occasion, and what is estimated from them."""

    def __init__(self, frame, outcome, predictor, engagement, occasion, cluster):
        self.names = outcome, predictor
        spread = spread_out(frame, outcome, predictor, engagement, occasion, cluster)
        values, self.size, clusters = spread
        self.lagged, self.next = values[:, :-1], values[:, 1:]
        usable = np.isfinite(self.lagged).all(axis=2)
        transitions = usable[..., None] & np.isfinite(self.next)
        contributes = (transitions.sum(axis=1) >= 2).any(axis=1)
        self.lagged, self.next = self.lagged[contributes], self.next[contributes]
        self.n_engagements = int(contributes.sum())
        self.codes, labels = code_clusters(clusters[contributes])
        self.n_clusters = len(labels)

    def rows(self, scale: str, confidence: float) -> list[Row]:
        """All rows, or one that says why there are none."""
        forward, back = self._terms()[:2]
        if self.n_engagements < FEWEST_ENGAGEMENTS:
            return [_refused(forward, _too_few(self.n_engagements))]
        equations = [self._moments([0]), self._moments([1]), self._moments([0, 1])]
        if min(one.apart[0, 1:].sum() for one in equations[:2]) < FEWEST_ENGAGEMENTS / 3:
            return [_refused(forward, TOO_SHORT)]
        for place, name in enumerate(self.names):
            if _is_flat(equations[0].lagged[0, place, place], self.lagged[..., place]):
                return [_refused(forward, f"{name} never varies within an engagement")]
        naive, corrected = _solve_plain(equations), solve_corrected(equations)
        rows = []
        for method, solution in ((CORRECTED, corrected), (UNCORRECTED, naive)):
            scaled = solution * self._units(equations, scale)
            for term, (of, on) in zip(self._terms(), ((0, 1), (1, 0), (0, 0), (1, 1)), strict=True):
                rows.append(_row(term, method, scaled[:, on, of], confidence))
            if method == CORRECTED and scale == "both":
                gain = scaled[:, 1, 0] - scaled[:, 0, 1]
                rows.append(_row(f"{forward} minus {back}", method, gain, confidence))
        return [*rows, self._between(scale, confidence)]

    def _terms(self) -> list[str]:
        outcome, predictor = self.names
        return [
            f"{predictor} -> {outcome}",
            f"{outcome} -> {predictor}",
            f"{outcome} -> {outcome}",
            f"{predictor} -> {predictor}",
        ]

    def _moments(self, targets: list[int]) -> Moments:
        return sum_transitions(self.lagged, self.next[..., targets], self.codes, self.n_clusters)

    def _units(self, equations: list[Moments], scale: str) -> np.ndarray:
        """(R, 2, 2) factors that bring slopes (on, of) to their scale."""
        spread = np.stack(
            [np.sqrt(equations[of].lagged[:, of, of] / equations[of].df) for of in (0, 1)], axis=1
        )
        if scale != "both":
            spread = 1 / np.broadcast_to(self.size, spread.shape).copy()
        if scale == "predictor":
            spread[:, 1] = np.sqrt(equations[1].lagged[:, 1, 1] / equations[1].df)
        return spread[:, :, None] / spread[:, None, :]

    def _between(self, scale: str, confidence: float) -> Row:
        """Slope of the engagements' mean outcome on their mean predictor."""
        known = np.isfinite(self.lagged).all(axis=2) & np.isfinite(self.next[..., 0])
        count = known.sum(axis=1)
        kept = count > 0
        outcome = np.where(known, self.next[..., 0], 0).sum(axis=1)[kept] / count[kept]
        predictor = np.where(known, self.lagged[..., 1], 0).sum(axis=1)[kept] / count[kept]
        x, y = predictor - predictor.mean(), outcome - outcome.mean()
        columns = np.column_stack([np.ones(len(x)), x, y, x * x, x * y, y * y])
        sums = add_by_cluster(columns, self.codes[kept], self.n_clusters)
        n, sx, sy, sxx, sxy, syy = np.vstack([sums.sum(axis=0), leave_one_out(sums)]).T
        with np.errstate(divide="ignore", invalid="ignore"):
            variance, covariance = sxx - sx * sx / n, sxy - sx * sy / n
            slope = covariance / variance
            if scale == "both":
                slope = covariance / np.sqrt(variance * (syy - sy * sy / n))
            elif scale == "predictor":
                slope = self.size[0] * covariance / np.sqrt(variance * (n - 1))
            else:
                slope = slope * self.size[0] / self.size[1]
        outcome_name, predictor_name = self.names
        slope = np.where(np.isfinite(slope), slope, np.nan)
        return _row(f"{predictor_name} with {outcome_name}", MEANS, slope, confidence)


def spread_out(
    frame: pd.DataFrame,
    outcome: str,
    predictor: str,
    engagement: str,
    occasion: str,
    cluster: str,
    scaled: bool = True,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values (n, T, 2) by engagement and consecutive occasions, their units, and the clusters.

    ``scaled``: values are centred and divided by constants common to all, which keeps the digits
    and lets one tolerance fit all.

    Raises ValueError for an absent column or an occasion given twice.
    """
    needed = [outcome, predictor, engagement, occasion, cluster]
    absent = [name for name in dict.fromkeys(needed) if name not in frame]
    if absent:
        raise ValueError(f"the frame has no column {absent}; it has {list(frame.columns)}")
    if frame.duplicated([engagement, occasion]).any():
        raise ValueError("the frame holds an occasion of an engagement twice")
    labels, which = np.unique(frame[engagement].astype(str).to_numpy(str), return_inverse=True)
    when = frame[occasion].to_numpy(dtype=int)
    first = when.min() if len(when) else 0
    values = np.full((len(labels), (when.max() - first + 1) if len(when) else 1, 2), np.nan)
    pair = np.column_stack(
        [frame[name].to_numpy(dtype=float, na_value=np.nan) for name in (outcome, predictor)]
    )
    values[which, when - first] = pair
    clusters = np.empty(len(labels), dtype=object)
    clusters[which] = frame[cluster].to_numpy()
    centre, size = np.zeros(2), np.ones(2)
    for place, column in enumerate(pair.T if scaled else ()):
        known = np.sort(column[np.isfinite(column)])
        if len(known):
            centre[place] = known.mean()
            size[place] = known.std() or 1.0
    return (values - centre) / size, size, clusters


def _is_flat(within: float, values: np.ndarray) -> bool:
    known = values[np.isfinite(values)]
    return bool(within <= FLAT * max(float((known**2).sum()), FLAT))


def _solve_plain(equations: list[Moments]) -> np.ndarray:
    """Slopes (R, 2, 2), lagged by target, without correction."""
    return np.stack([_divide(one.lagged, one.crossed[..., 0]) for one in equations[:2]], axis=2)


def _divide(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve (R, 2, 2) systems; NaN where one is singular."""
    determinant = matrix[:, 0, 0] * matrix[:, 1, 1] - matrix[:, 0, 1] * matrix[:, 1, 0]
    size = matrix[:, 0, 0] * matrix[:, 1, 1]
    safe = np.where(determinant > 1e-10 * size, determinant, np.nan)
    first = matrix[:, 1, 1] * right[:, 0] - matrix[:, 0, 1] * right[:, 1]
    second = matrix[:, 0, 0] * right[:, 1] - matrix[:, 1, 0] * right[:, 0]
    return np.stack([first / safe, second / safe], axis=1)


def solve_corrected(equations: list[Moments]) -> np.ndarray:
    """Slopes (R, 2, 2), lagged by target, whose moments hold with the bias of centring added.

    Parameters
    ----------
    equations : the moments of the first target, of the second, and of both together.

    The equations can have several roots. The one taken is reached from the uncorrected slopes by
    adding the bias little by little, on the whole sample; the replicates start from it. NaN where
    there is none, or where a small change of the moments would move it far.
    """
    whole = [_first(one) for one in equations]
    slopes = _solve_plain(whole)
    for share in np.linspace(0, 1, _SHARES + 1)[1:]:
        slopes = _newton(slopes, whole, share)
    everywhere = np.broadcast_to(slopes, (len(equations[0].df), 2, 2)).copy()
    return _newton(everywhere, equations, 1.0)


def _first(moments: Moments) -> Moments:
    return Moments(*(getattr(moments, field.name)[:1] for field in fields(moments)))


def _newton(slopes: np.ndarray, equations: list[Moments], share: float) -> np.ndarray:
    """Newton's method for all replicates at once, this share of the bias being added."""
    directions = np.eye(4).reshape(4, 2, 2)
    # A replicate on its way to no root may run off the scale: it ends as NaN.
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(_STEPS):
            gap = _gap(slopes, equations, share)
            nudged = [_gap(slopes + _NUDGE * one, equations, share) for one in directions]
            jacobian = np.stack([((one - gap) / _NUDGE).reshape(-1, 4) for one in nudged], axis=2)
            step = np.full((len(gap), 4), np.nan)
            sound = np.isfinite(jacobian).all(axis=(1, 2)) & np.isfinite(gap).all(axis=(1, 2))
            # On the branch that starts at the uncorrected slopes all these roots are positive.
            sound[sound] = np.linalg.eigvals(-jacobian[sound]).real.min(axis=1) > WEAKEST
            step[sound] = np.linalg.solve(jacobian[sound], gap.reshape(-1, 4, 1)[sound])[..., 0]
            slopes = slopes - step.reshape(-1, 2, 2)
            if not (np.abs(step[sound]) > _STILL).any():
                break
    settled = np.abs(step).max(axis=1) <= _STILL
    return np.where(settled[:, None, None], slopes, np.nan)


def _gap(slopes: np.ndarray, equations: list[Moments], share: float) -> np.ndarray:
    """What is left of the corrected moment equations at these slopes, in units of slopes."""
    errors = share * _error_covariance(slopes, equations)
    phi = np.swapaxes(slopes, 1, 2)
    parts = []
    for target, one in enumerate(equations[:2]):
        power, bias = errors, np.zeros_like(errors)
        for apart in one.apart.T:
            bias = bias + apart[:, None, None] * power
            power = phi @ power
        moment = one.crossed[..., 0] - (one.lagged @ slopes[:, :, [target]])[..., 0]
        parts.append(_divide(one.lagged, moment + bias[:, :, target]))
    return np.stack(parts, axis=2)


def _error_covariance(slopes: np.ndarray, equations: list[Moments]) -> np.ndarray:
    """(R, 2, 2) covariance of the errors, from centred residuals."""
    first, second = slopes[:, :, 0], slopes[:, :, 1]
    both = equations[2]
    whole = np.empty((len(slopes), 2, 2))
    for place, (one, own) in enumerate(zip(equations[:2], (first, second), strict=True)):
        fitted = np.einsum("ra,rab,rb->r", own, one.lagged, own)
        crossed = np.einsum("ra,ra->r", own, one.crossed[..., 0])
        whole[:, place, place] = (one.targets[:, 0, 0] - 2 * crossed + fitted) / one.df
    fitted = np.einsum("ra,rab,rb->r", first, both.lagged, second)
    crossed = np.einsum("ra,ra->r", second, both.crossed[..., 0])
    crossed += np.einsum("ra,ra->r", first, both.crossed[..., 1])
    shared = (both.targets[:, 0, 1] - crossed + fitted) / both.df
    whole[:, 0, 1] = whole[:, 1, 0] = np.where(np.isnan(both.df), 0.0, shared)
    return whole


def _row(term: str, method: str, values: np.ndarray, confidence: float) -> Row:
    estimate = float(values[0])
    if np.isnan(estimate):
        interval = no_interval("the corrected equations have no root in this sample")
    else:
        interval = jackknife_interval(estimate, values[1:], confidence)
    return {"term": term, "estimate": estimate, "method": method, **interval}


def _too_few(n: int) -> str:
    return (
        f"only {n} engagements have two steps from one check-in to the next with all that is "
        f"needed; at least {FEWEST_ENGAGEMENTS} are needed"
    )


def _refused(term: str, reason: str) -> Row:
    return {"term": term, "estimate": np.nan, "method": CORRECTED, **no_interval(reason)}
