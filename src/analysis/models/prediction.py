"""How well ridge regressions predict the clusters they have not seen.

Training and test sets are unions of whole clusters, so that their means and covariances are sums
of clusters' sums of products: every fit, every choice of a penalty and every loss is an operation
on small matrices, all folds and repeats at once, and rows are never touched again.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from analysis.models.cluster_sums import standardise
from analysis.models.intervals import FLAT, Row, no_interval

#: Penalties to choose from, in scikit-learn's units: from none to speak of to nothing left.
PENALTIES = np.logspace(-2, 4, 13)

#: A predictor that varies less than this in a training set, its whole spread being 1, is constant.
FLAT_SPREAD = 1e-6

#: Of penalties whose losses differ by no more than this share, the largest is taken.
EQUAL_LOSS = 1e-9


@dataclass(frozen=True)
class FoldSums:
    """Sums over the rows of each fold: of p predictors, and of q outcomes beside them.

    ``n`` (...), ``x`` (..., p), ``xx`` (..., p, p), ``y`` and ``yy`` (..., q), ``xy`` (..., p, q).
    """

    n: np.ndarray
    x: np.ndarray
    xx: np.ndarray
    y: np.ndarray
    yy: np.ndarray
    xy: np.ndarray

    def of(self, predictors: Sequence[int]) -> FoldSums:
        """With some of the predictors only."""
        own = list(predictors)
        xx = self.xx[..., own, :][..., own]
        return FoldSums(self.n, self.x[..., own], xx, self.y, self.yy, self.xy[..., own, :])

    def plus(self, other: FoldSums, sign: int = 1) -> FoldSums:
        """Both together; with sign -1, without the other."""
        parts = zip(vars(self).values(), vars(other).values(), strict=True)
        return FoldSums(*(own + sign * its for own, its in parts))

    def at(self, places: tuple[object, ...]) -> FoldSums:
        """Those of the folds that an index of the leading axes picks."""
        return FoldSums(*(part[places] for part in vars(self).values()))


def sum_folds(
    predictors: np.ndarray, outcomes: np.ndarray, codes: np.ndarray, folds: np.ndarray
) -> FoldSums:
    """Each repeat's folds' sums, leading axes (repeats, folds).

    Parameters
    ----------
    predictors, outcomes : (n, p) and (n, q); they are standardised first, each outcome's losses
        therefore being in units of its variance.
    codes : (n,) cluster numbers.
    folds : (repeats, G) from ``draw_folds``.
    """
    x, y = standardise(predictors)[0], standardise(outcomes)[0]
    p, q = x.shape[1], y.shape[1]
    # A column at a time, each in one piece: all of them side by side are the table many times over.
    xs, ys = np.ascontiguousarray(x.T), np.ascontiguousarray(y.T)
    columns = itertools.chain(
        [np.ones(len(x))],
        xs,
        ys,
        (own**2 for own in ys),
        (one * other for one in xs for other in xs),
        (one * other for one in xs for other in ys),
    )
    n_clusters = folds.shape[1]
    sums = np.stack([np.bincount(codes, own, n_clusters) for own in columns], axis=1)
    member = (folds[:, None, :] == np.arange(folds.max() + 1)[:, None]).astype(float)
    together = member @ sums
    ends = np.cumsum([1, p, q, q, p * p, p * q])
    n, own, out, square, xx, xy = np.split(together, ends[:-1], axis=-1)
    shape = together.shape[:-1]
    return FoldSums(n[..., 0], own, xx.reshape(*shape, p, p), out, square, xy.reshape(*shape, p, q))


def ridge_losses(sums: FoldSums, predictors: Sequence[int]) -> np.ndarray:
    """Mean squared error of each fold when all others train a ridge: (repeats, folds, q).

    Parameters
    ----------
    sums : from ``sum_folds``, leading axes (repeats, folds).
    predictors : places of the predictors; without any, the mean of the training set predicts.

    Notes
    -----
    Hoerl and Kennard (1970), Technometrics 12, 55; predictors are standardised in the training
    set. The penalty is chosen there, for each fold and outcome: the other folds take turns in being
    left out, and the penalty with the least mean error is taken. scikit-learn's ``GridSearchCV``
    of ``StandardScaler`` and ``Ridge`` on the same folds gives the same losses.
    """
    own = sums.of(predictors)
    training = _others(own)
    if not len(predictors):
        return _losses(training, own, PENALTIES[:1])[..., 0, :]
    n_folds = own.n.shape[1]
    left_out, inner = np.nonzero(~np.eye(n_folds, dtype=bool))
    tested = own.at((slice(None), inner))
    among = _losses(training.at((slice(None), left_out)).plus(tested, -1), tested, PENALTIES)
    shape = (len(among), n_folds, n_folds - 1, *among.shape[2:])
    chosen = _largest_of_the_best(among.reshape(shape).mean(axis=2))
    losses = _losses(training, own, PENALTIES)
    return np.take_along_axis(losses, chosen[..., None, :], axis=-2)[..., 0, :]


def corrected_resampled_t(
    differences: np.ndarray, test_share: float, confidence: float = 0.95
) -> Row:
    """Test and interval of a mean difference between two models over repeated folds.

    Parameters
    ----------
    differences : (T, K) differences in loss, of T repeats with K folds.
    test_share : rows tested per row trained on, n_test / n_train.
    confidence : level of the interval.

    Returns
    -------
    ``std_error, statistic, df, p_value, conf_low, conf_high, note``.

    Notes
    -----
    t = mean(d) / sqrt((1 / TK + n_test / n_train) var(d)), df = TK - 1 (Nadeau and Bengio, 2003,
    Machine Learning 52, 239; for repeated folds Bouckaert and Frank, 2004, PAKDD, 3). Training sets
    overlap, so that var(d) / TK alone is far too small; the correction is a rule of thumb, and the
    test approximate.
    """
    d = np.asarray(differences, dtype=float).ravel()
    if not np.isfinite(d).all():
        return no_interval("no interval: a model's loss is not defined")
    if np.abs(d - d.mean()).max() <= 1e-12 * max(1.0, np.abs(d).max()):
        return no_interval(FLAT)
    estimate, df = float(d.mean()), len(d) - 1
    std_error = float(np.sqrt((1 / len(d) + test_share) * d.var(ddof=1)))
    statistic = estimate / std_error
    half = float(stdtrit(df, (1 + confidence) / 2)) * std_error
    return {
        "std_error": std_error,
        "statistic": statistic,
        "df": df,
        "p_value": float(2 * stdtr(df, -abs(statistic))),
        "conf_low": estimate - half,
        "conf_high": estimate + half,
        "note": "approximate: folds share what they are trained on",
    }


def _others(sums: FoldSums) -> FoldSums:
    """For each fold the sums of all others of its repeat."""
    whole = FoldSums(*(part.sum(axis=1, keepdims=True) for part in vars(sums).values()))
    return whole.plus(sums, -1)


def _losses(training: FoldSums, test: FoldSums, penalties: np.ndarray) -> np.ndarray:
    """Mean squared error on test rows for each penalty: (..., L, q)."""
    level = training.y / training.n[..., None]
    centre = training.x / training.n[..., None]
    spread = np.sqrt(np.diagonal(_about(training, centre, level)[0], axis1=-2, axis2=-1))
    # A predictor that does not vary in the training set has no say in the prediction.
    scale = 1 / np.where(spread > FLAT_SPREAD, spread, np.inf)
    learned, towards, _ = _about(training, centre, level, scale)
    values, vectors = np.linalg.eigh(learned)
    turn = vectors.swapaxes(-1, -2)
    total = training.n[..., None, None]
    weight = total / (total * np.maximum(values, 0.0)[..., None, :] + penalties[:, None])
    slopes = weight[..., None] * (turn @ towards)[..., None, :, :]
    xx, xy, yy = _about(test, centre, level, scale)
    crossed = (slopes * (turn @ xy)[..., None, :, :]).sum(axis=-2)
    squared = (slopes * ((turn @ xx @ vectors)[..., None, :, :] @ slopes)).sum(axis=-2)
    return yy[..., None, :] - 2 * crossed + squared


def _about(
    sums: FoldSums, centre: np.ndarray, level: np.ndarray, scale: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean products (..., p, p), (..., p, q), (..., q) about given means, predictors scaled."""
    n = sums.n[..., None]
    mean_x, mean_y = sums.x / n, sums.y / n
    off_x, off_y = mean_x - centre, mean_y - level
    xx = sums.xx / n[..., None] - _outer(mean_x, mean_x) + _outer(off_x, off_x)
    xy = sums.xy / n[..., None] - _outer(mean_x, mean_y) + _outer(off_x, off_y)
    yy = sums.yy / n - mean_y**2 + off_y**2
    if scale is None:
        return xx, xy, yy
    return xx * _outer(scale, scale), xy * scale[..., None], yy


def _outer(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return first[..., :, None] * second[..., None, :]


def _largest_of_the_best(losses: np.ndarray) -> np.ndarray:
    """Place of the largest penalty whose loss is the least, but for rounding: (..., L, q) in."""
    least = losses.min(axis=-2, keepdims=True)
    good = losses <= least * (1 + EQUAL_LOSS)
    return losses.shape[-2] - 1 - good[..., ::-1, :].argmax(axis=-2)
