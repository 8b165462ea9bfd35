"""Confirmatory factor analysis of a set of items, in one group or several."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from analysis.measure.clustering import (
    Clusters,
    baseline_directions,
    cluster_contributions,
    parameter_directions,
    robust_covariance,
    saturate_means,
    scaling_factor,
)
from analysis.measure.fit_indices import FIT, SCALED, fit_indices, scaled_indices
from analysis.measure.likelihood import (
    FACTOR,
    RESIDUAL,
    Entries,
    Moments,
    Solution,
    maximise_likelihood,
)
from analysis.measure.specification import Plan, lay_out, resolve

PARAMETERS = (
    "term",
    "estimate",
    "std_error",
    "statistic",
    "p_value",
    "conf_low",
    "conf_high",
    "note",
)


@dataclass(frozen=True)
class FactorFit:
    """A fitted factor model.

    ``fit``: chisq, df, p_value, cfi, tli, rmsea, srmr, logl, aic, bic, n, all NaN (but n) where
    there is no fit; with clusters also ``scaling, chisq_scaled, p_value_scaled, cfi_scaled,
    tli_scaled, rmsea_scaled`` (NaN without). ``parameters``: a row per loading (``goal =~
    item_04``), (co)variance (``goal ~~ task``), intercept (``item_04 ~1``) and latent mean (``goal
    ~1``), with the group in square brackets where there are several. ``note``: what went wrong or
    asks for caution, or ''. ``solved``: what other estimates are made from; None without a fit.
    """

    fit: Mapping[str, float]
    parameters: pd.DataFrame
    converged: bool
    note: str
    solved: Solved | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Solved:
    """A solution with the layout of its parameters, the sample, and its clusters if there are."""

    solution: Solution
    plan: Plan
    tables: list[Entries]
    moments: list[Moments]
    means: bool
    clusters: Clusters | None
    covariance: np.ndarray  # of the estimates, robust where there are clusters

    @property
    def df(self) -> float:
        """Degrees of freedom of t for one estimate: G - 1 with clusters, else infinite."""
        return self.clusters.count - 1 if self.clusters else np.inf

    def directions(self, theta: np.ndarray, implied, means: bool) -> np.ndarray:
        """See ``parameter_directions``; means the model leaves saturated each get a direction."""
        sizes = [one.n for one in self.moments]
        found = parameter_directions(theta, self.tables, implied, sizes, means)
        return (
            saturate_means(found, [len(mu) for _, mu in implied]) if means > self.means else found
        )

    def values_by_name(self) -> dict[str, float]:
        """Every entry's value by its name."""
        named = {}
        for own, names in zip(self.tables, self.plan.names, strict=True):
            values = np.where(own.parameter >= 0, self.solution.estimates[own.parameter], own.value)
            named |= dict(zip(names, values.tolist(), strict=True))
        return named


def fit_cfa(
    items: pd.DataFrame,
    factors: Mapping[str, Sequence[str]],
    groups: str | None = None,
    equal: Collection[str] = (),
    residual_covariances: Iterable[tuple[str, str]] = (),
    equal_across: Iterable[tuple[str, str]] = (),
    free: Mapping[str, Collection[str]] | None = None,
    correlated: bool = True,
    clusters: str | None = None,
) -> FactorFit:
    """A confirmatory factor model fitted by maximum likelihood, its fit and its parameters.

    Normal theory, covariances with divisor n, expected information (Joreskog 1969, Psychometrika
    34, 183-202; 1971, Psychometrika 36, 409-426; the conventions are those of lavaan: Rosseel 2012,
    Journal of Statistical Software 48(2)). The chi-square assumes normal items and independent
    rows. Factor variances are 1, and free again wherever loadings are held equal to others';
    latent means are 0, and free again wherever intercepts are. Means are modelled with several
    groups or equal intercepts, and are else saturated.

    Parameters
    ----------
    items : one row per answer sheet, a column per item; rows with a missing answer are left out
    factors : factor -> its items; an item may belong to several
    groups : column of ``items`` that names each row's group
    equal : of "loadings", "intercepts", "residuals": held equal across groups, and the last two
        across the pairs in ``equal_across`` too
    residual_covariances : pairs of items whose residuals covary
    equal_across : pairs of factors (two raters in one dyad, two occasions) whose items match in
        order and whose loadings are equal; the second's variance is free
    free : "loadings", "intercepts" or "residuals" -> items left out of that equality
    correlated : whether factors covary (False: all uncorrelated, as in a bifactor model)
    clusters : column of ``items`` that names the cluster each row belongs to: the chi-square and
        its indices are then given scaled too, and standard errors are robust, with t(G - 1)

    Returns
    -------
    FactorFit
        see there; Heywood cases, non-convergence, a singular covariance and too few rows are told
        in ``note``

    Raises
    ------
    ValueError
        for names that are not in ``items`` or ``factors``, or pairs of factors that do not match

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> common = rng.normal(size=(200, 1))
    >>> items = pd.DataFrame(common + rng.normal(size=(200, 4)), columns=list("abcd"))
    >>> int(fit_cfa(items, {"bond": list("abcd")}).fit["df"])
    2
    """
    model = resolve(
        items, factors, groups, equal, residual_covariances, equal_across, free or {}, correlated
    )
    kept = items[model.items + [name for name in (groups, clusters) if name]]
    kept = kept.dropna(subset=[name for name in kept.columns if name != clusters])
    left_out = len(items) - len(kept)
    notes = [f"{left_out} rows with a missing answer left out"] if left_out else []
    labels = sorted(kept[groups].unique(), key=str) if groups else [None]
    parts = [kept[kept[groups] == label] if groups else kept for label in labels]
    moments, reason = _sample_moments(parts, labels, model.items)
    if reason:
        return _no_fit([*notes, reason], len(kept))
    plan = lay_out(model, moments)
    p = len(model.items)
    if len(plan.index) > len(moments) * (p * (p + 1) // 2 + (p if model.means else 0)):
        return _no_fit([*notes, "not identified: more parameters than sample moments"], len(kept))
    tables = plan.tables()
    solution = maximise_likelihood(moments, tables, plan.start(), model.means)
    if not solution.converged:
        return _no_fit([*notes, "the likelihood did not converge"], len(kept))
    if not solution.identified:
        reason = "not identified: the information matrix is singular"
        return _no_fit([*notes, reason], len(kept), converged=True)
    fit = fit_indices(moments, solution.implied, solution.chisq, len(plan.index), model.means)
    notes += _improper(model, plan, tables, solution, labels)
    shared = _number_clusters(parts, model.items, clusters) if clusters else None
    if shared and shared.count < 2:
        notes.append("one cluster: nothing can be scaled for it")
        shared = None
    solved = Solved(solution, plan, tables, moments, model.means, shared, solution.covariance)
    scaled = dict.fromkeys(SCALED, np.nan)
    if shared:
        scaled, covariance = _scale(solved, fit)
        solved = replace(solved, covariance=covariance)
    parameters = _parameters(solved, labels)
    return FactorFit({**fit, **scaled}, parameters, True, "; ".join(notes), solved)


def _number_clusters(parts, names, clusters: str) -> Clusters:
    """Clusters numbered in the order of their labels as text; ValueError where one is missing."""
    together = pd.concat([part[clusters] for part in parts])
    if together.isna().any():
        raise ValueError(f"the column '{clusters}' is missing in {int(together.isna().sum())} rows")
    labels = np.unique(together.astype(str).to_numpy(dtype=str))
    codes = [
        np.searchsorted(labels, part[clusters].astype(str).to_numpy(dtype=str)) for part in parts
    ]
    return Clusters([part[names].to_numpy(float) for part in parts], codes, len(labels))


def _scale(solved: Solved, fit: Mapping[str, float]) -> tuple[dict[str, float], np.ndarray]:
    """The indices scaled for clusters, and the estimates' robust covariance."""
    implied, means = solved.solution.implied, solved.means
    contributions = cluster_contributions(solved.clusters, implied, means)
    directions = solved.directions(solved.solution.estimates, implied, means)
    factor = scaling_factor(directions, contributions, fit["df"])
    samples = [one.covariance for one in solved.moments]
    apart, own = baseline_directions(samples, [one.n for one in solved.moments], means)
    base = scaling_factor(
        own, cluster_contributions(solved.clusters, apart, means), fit["baseline_df"]
    )
    scaled = scaled_indices(fit, factor, base, len(solved.moments))
    return scaled, robust_covariance(directions, contributions)


def _sample_moments(parts, labels, names) -> tuple[list[Moments], str]:
    """Each group's moments, or the reason why a model cannot be fitted to them."""
    moments = []
    for part, label in zip(parts, labels, strict=True):
        where = f" in group {label}" if label is not None else ""
        values = part[names].to_numpy(float)
        if len(values) <= len(names):
            return [], f"too few rows{where}: {len(values)} for {len(names)} items"
        if not np.isfinite(values).all():
            return [], f"answers that are not finite{where}"
        flat = [
            name for name, spread in zip(names, np.ptp(values, axis=0), strict=True) if not spread
        ]
        if flat:
            return [], f"no variance{where}: {', '.join(map(str, flat))}"
        covariance = np.cov(values, rowvar=False, bias=True).reshape(len(names), len(names))
        deviation = np.sqrt(np.diag(covariance))
        if np.linalg.eigvalsh(covariance / np.outer(deviation, deviation))[0] < 1e-10:
            return [], f"the covariance matrix is singular{where}"
        moments.append(Moments(covariance, values.mean(axis=0), len(values)))
    return moments, "" if moments else "too few rows: none is complete"


def _improper(model, plan, tables, solution: Solution, labels) -> list[str]:
    """Heywood cases: negative residual variances, factors correlated beyond 1."""
    notes = []
    k = len(model.factors)
    for own, names, label in zip(tables, plan.names, labels, strict=True):
        where = f" in group {label}" if label is not None else ""
        values = np.where(own.parameter >= 0, solution.estimates[own.parameter], own.value)
        for number in np.flatnonzero((own.matrix == RESIDUAL) & (own.row == own.column)):
            if values[number] < 0:
                item = names[number].split(" ~~ ")[0]
                notes.append(f"Heywood case: negative residual variance of {item}{where}")
        psi = np.zeros((k, k))
        one = own.matrix == FACTOR
        psi[own.row[one], own.column[one]] = psi[own.column[one], own.row[one]] = values[one]
        if np.linalg.eigvalsh(psi)[0] < 0:
            notes.append(f"Heywood case: the factors' covariance is not positive definite{where}")
    return notes


def _parameters(solved: Solved, labels) -> pd.DataFrame:
    """A row per entry, fixed ones among them (without a standard error)."""
    from scipy.special import stdtr, stdtrit

    rows, df, estimates = [], solved.df, solved.solution.estimates
    errors = np.sqrt(np.maximum(np.diag(solved.covariance), 0))
    reach = stdtrit(df, 0.975)
    for own, names, label in zip(solved.tables, solved.plan.names, labels, strict=True):
        group = f" [{label}]" if label is not None else ""
        for name, number, value in zip(names, own.parameter, own.value, strict=True):
            estimate = estimates[number] if number >= 0 else value
            error = errors[number] if number >= 0 else np.nan
            t = estimate / error if error > 0 else np.nan
            note = "" if number >= 0 else "fixed"
            limits = (estimate - reach * error, estimate + reach * error)
            rows.append((name + group, estimate, error, t, 2 * stdtr(df, -abs(t)), *limits, note))
    return pd.DataFrame(rows, columns=list(PARAMETERS))


def _no_fit(notes: list[str], n: int, converged: bool = False) -> FactorFit:
    """A fit that could not be had, with the reason."""
    fit = {**dict.fromkeys((*FIT, *SCALED), np.nan), "n": float(n)}
    return FactorFit(fit, pd.DataFrame(columns=list(PARAMETERS)), converged, "; ".join(notes))
