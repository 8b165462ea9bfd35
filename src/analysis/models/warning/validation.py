"""Predictions for engagements whose advisor the model has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from analysis.models.cluster_sums import add_by_cluster, code_clusters
from analysis.models.logistic import fit_logistic

#: Keeps the intercept within reach where a training part holds one class only.
INTERCEPT_PENALTY = 1e-6
#: Stands for an unknown value where rows are put in order.
ABSENT = -1e4
#: Groups of advisors that the jackknife leaves out, at most: more would not change an interval.
MOST_GROUPS = 100
#: Beyond these, digits depend on the processor; ties must not.
PREDICTED_DECIMALS, ROUNDING = 11, 1e-10


def draw_grouped_folds(groups: np.ndarray, folds: int, rng: np.random.Generator) -> np.ndarray:
    """(n,) the fold of each row: groups in random order, each to the fold with the fewest rows.

    Raises ValueError with fewer groups than folds.
    """
    n_groups = int(groups.max()) + 1
    if n_groups < folds:
        raise ValueError(f"{n_groups} groups cannot fill {folds} folds")
    sizes = np.bincount(groups, minlength=n_groups)
    fold_of, filled = np.zeros(n_groups, dtype=int), np.zeros(folds, dtype=int)
    for group in rng.permutation(n_groups):
        fold_of[group] = np.argmin(filled)
        filled[fold_of[group]] += sizes[group]
    return fold_of[groups]


def put_in_own_order(values: np.ndarray, cluster: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """An order of rows that neither their arrival nor anybody's name has a part in.

    Clusters are ordered by how many rows they have and by their sums, rows within them by their
    values: a seed thereby means the same folds whatever identifiers are called.

    Parameters
    ----------
    values : (n, m) all that tells engagements apart; NaN where unknown.
    cluster : (n,) labels.

    Returns
    -------
    order (n,) of the rows, and the clusters' numbers (n,) from 0 in that order.
    """
    codes, labels = code_clusters(cluster)
    keys = np.round(np.where(np.isnan(values), ABSENT, values), 9)
    by_value = np.lexsort(keys.T[::-1])
    columns = np.column_stack([np.ones(len(keys)), keys])
    sums = add_by_cluster(columns[by_value], codes[by_value], len(labels))
    rank = np.empty(len(labels), dtype=int)
    rank[np.lexsort(np.round(sums, 6).T[::-1])] = np.arange(len(labels))
    place = np.empty(len(keys), dtype=int)
    place[by_value] = np.arange(len(keys))
    order = np.lexsort((place, rank[codes]))
    return order, rank[codes][order]


def check_folds(fold: np.ndarray, groups: np.ndarray) -> None:
    """Raises ValueError if any group has rows in two folds: test rows would then not be unseen."""
    pairs = np.unique(np.stack([groups, fold]), axis=1)
    shared = pairs.shape[1] - len(np.unique(groups))
    if shared:
        raise ValueError(
            "advisors stand in more than one fold: what is learnt of them in training would be "
            "tested on them"
        )


class RidgeLogistic(ClassifierMixin, BaseEstimator):
    """Logistic regression with an L2 penalty chosen within the training rows.

    The penalty (sum of squared coefficients times ``penalty / 2``, intercept free) is the one of
    ``penalties`` with the smallest deviance on inner folds, which keep groups together; the model
    is then fitted to all training rows. As scikit-learn's LogisticRegression with C = 1 / penalty,
    with all inner fits in one call.

    Parameters
    ----------
    penalties : candidates, ascending; the larger wins a tie.
    folds : inner folds, fewer where there are fewer groups.
    seed : of the inner folds.
    """

    def __init__(self, penalties: Sequence[float] = (1.0,), folds: int = 5, seed: int = 0) -> None:
        self.penalties = penalties
        self.folds = folds
        self.seed = seed

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        groups: np.ndarray | None = None,
    ) -> RidgeLogistic:
        """Choose the penalty and fit; ``groups`` (n,) are whole numbers."""
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
        groups = np.arange(len(y)) if groups is None else groups
        design = np.column_stack([np.ones(len(X)), X])
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = X.shape[1]
        self.penalty_ = self._choose(design, np.asarray(y, float), weight, groups)
        fitted = fit_logistic(design, y, weight, self._penalise([self.penalty_]))[0]
        self.intercept_, self.coef_ = fitted[:1], fitted[None, 1:]
        return self

    def _penalise(self, penalties: Sequence[float]) -> np.ndarray:
        free = np.full(len(penalties), INTERCEPT_PENALTY)
        return np.column_stack([free, *[np.asarray(penalties)] * self.n_features_in_])

    def _choose(
        self, design: np.ndarray, y: np.ndarray, weight: np.ndarray, groups: np.ndarray
    ) -> float:
        codes = np.unique(groups, return_inverse=True)[1].reshape(-1)
        folds = min(self.folds, int(codes.max()) + 1)
        if len(self.penalties) == 1 or folds < 2:
            return float(self.penalties[-1])
        fold = draw_grouped_folds(codes, folds, np.random.default_rng(self.seed))
        held = fold == np.arange(folds)[:, None]
        weights = np.repeat(np.where(held, 0.0, weight), len(self.penalties), axis=0)
        penalties = np.tile(self._penalise(self.penalties), (folds, 1))
        eta = fit_logistic(design, y, weights, penalties) @ design.T
        deviance = weight * (np.logaddexp(0.0, eta) - y * eta)
        deviance = deviance.reshape(folds, len(self.penalties), -1)
        # A penalty under which some inner fit has no maximum is not chosen.
        lost = np.where(held[:, None, :], deviance, 0.0).sum(axis=(0, 2))
        lost = np.where(np.isnan(lost), np.inf, lost)
        tied = lost <= lost.min() * (1 + 1e-9)
        return float(np.asarray(self.penalties)[tied][-1])

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n, 2) probabilities of 0 and 1."""
        share = expit(X @ self.coef_[0] + self.intercept_)
        return np.column_stack([1 - share, share])

    def predict_without(
        self, X: np.ndarray, y: np.ndarray, weights: np.ndarray, other: np.ndarray
    ) -> np.ndarray:
        """(J, m) probabilities for ``other`` (m, p) by fits under J sets of weights (J, n).

        The penalty is the one chosen before.
        """
        design = np.column_stack([np.ones(len(X)), X])
        start = np.append(self.intercept_, self.coef_[0])
        fitted = fit_logistic(design, y, weights, self._penalise([self.penalty_]), start=start)
        eta = fitted[:, 1:] @ other.T + fitted[:, :1]
        return np.round(expit(eta), PREDICTED_DECIMALS)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """(n,) the likelier class."""
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(int)


def make_model(penalties: Sequence[float], folds: int = 5, seed: int = 0) -> Pipeline:
    """Median imputation, scaling and the penalised logistic regression, learnt together."""
    return make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        RidgeLogistic(penalties, folds, seed),
    )


def fit_model(
    model: Pipeline, X: np.ndarray, y: np.ndarray, weight: np.ndarray, groups: np.ndarray
) -> Pipeline:
    """Fit the whole pipeline on training rows."""
    return model.fit(X, y, ridgelogistic__sample_weight=weight, ridgelogistic__groups=groups)


def _predict(model: Pipeline, values: np.ndarray) -> np.ndarray:
    """Probabilities of the outcome, rounded so that engagements that are alike tie."""
    return np.round(model.predict_proba(values)[:, 1], PREDICTED_DECIMALS)


@dataclass(frozen=True)
class HeldOut:
    """What R repeats of validation predict for n engagements from other advisors' engagements.

    predicted : (R, n) probabilities; base : (R, n) the training parts' share with the outcome;
    alarm : (R, n) whether the probability exceeds the threshold set in the training part;
    fold : (R, n) which part each engagement was held out with.
    predicted_without, base_without : (J, R, n) the same had each of J groups of advisors been
    absent from training too, for intervals that hold the models' own uncertainty.
    """

    predicted: np.ndarray
    base: np.ndarray
    alarm: np.ndarray
    fold: np.ndarray
    predicted_without: np.ndarray
    base_without: np.ndarray


def draw_all_folds(
    groups: np.ndarray, folds: int, repeats: int, rng: np.random.Generator
) -> np.ndarray:
    """(R, n) folds of several repeats."""
    return np.stack([draw_grouped_folds(groups, folds, rng) for _ in range(repeats)])


def group_for_jackknife(codes: np.ndarray) -> tuple[np.ndarray, int]:
    """Advisors dealt to at most ``MOST_GROUPS`` groups, which the jackknife leaves out in turn.

    One group per advisor where there are no more than that. ``codes`` come from
    ``put_in_own_order``, so that neighbours are alike and the groups even. Source: Kott (2001),
    Journal of Official Statistics 17, 521 (delete-a-group jackknife).
    """
    groups = codes % MOST_GROUPS
    return groups, int(groups.max()) + 1


def hold_out(
    features: pd.DataFrame,
    target: np.ndarray,
    weight: np.ndarray,
    groups: np.ndarray,
    fold: np.ndarray,
    penalties: Sequence[float],
    false_alarms: float,
) -> HeldOut:
    """Predict each engagement by models fitted without its advisor's engagements.

    Imputation, scaling, penalty and the threshold of alarm are all learnt in the training part.
    The threshold is the training part's quantile that ``false_alarms`` of those without the outcome
    exceed. Without each group of advisors the coefficients are fitted anew, with the imputation,
    scaling and penalty of the whole training part.

    Parameters
    ----------
    features : (n, p) predictors, NaN where unknown.
    target, weight, groups : (n,) zeros and ones; weights; advisors numbered from 0.
    fold : (R, n) from ``draw_all_folds``; raises ValueError if it splits an advisor.
    """
    values = features.to_numpy(dtype=float)
    out, n_out = group_for_jackknife(groups)
    kept = weight * (out != np.arange(n_out)[:, None])
    predicted, base = np.zeros(fold.shape), np.zeros(fold.shape)
    alarm = np.zeros(fold.shape, dtype=bool)
    predicted_without, base_without = np.zeros((2, n_out, *fold.shape))
    with config_context(assume_finite=True, skip_parameter_validation=True):
        for repeat, own in enumerate(fold):
            check_folds(own, groups)
            for part in np.unique(own):
                test, train = own == part, own != part
                model = make_model(penalties, seed=repeat)
                fit_model(model, values[train], target[train], weight[train], groups[train])
                shares = _predict(model, values)
                among = shares[train & (target == 0)]
                threshold = np.quantile(among, 1 - false_alarms) if len(among) else 1.0
                predicted[repeat, test] = shares[test]
                alarm[repeat, test] = shares[test] > threshold + ROUNDING
                base[repeat, test] = np.average(target[train], weights=weight[train])
                inner = model[:-1].transform(values)
                predicted_without[:, repeat, test] = model[-1].predict_without(
                    inner[train], target[train], kept[:, train], inner[test]
                )
                came = kept[:, train] @ target[train] / kept[:, train].sum(axis=1)
                base_without[:, repeat, test] = came[:, None]
    return HeldOut(predicted, base, alarm, fold, predicted_without, base_without)
