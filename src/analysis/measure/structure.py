"""Confirmatory factor analysis of a set of items, in one group or several."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.measure.fit_indices import FIT, fit_indices
from analysis.measure.likelihood import (
    FACTOR,
    INTERCEPT,
    LOADING,
    MEAN,
    RESIDUAL,
    Entries,
    Moments,
    Solution,
    maximise_likelihood,
)

KINDS = ("loadings", "intercepts", "residuals")
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
    there is no fit. ``parameters``: a row per loading (``goal =~ item_04``), (co)variance
    (``goal ~~ task``), intercept (``item_04 ~1``) and latent mean (``goal ~1``), with the group in
    square brackets where there are several. ``note``: what went wrong or asks for caution, or ''.
    """

    fit: Mapping[str, float]
    parameters: pd.DataFrame
    converged: bool
    note: str


@dataclass
class _Plan:
    """Which entry of which group's matrices is which free parameter."""

    entries: list[list[tuple]] = field(default_factory=list)
    names: list[list[str]] = field(default_factory=list)
    index: dict[tuple, int] = field(default_factory=dict)
    starts: dict[int, list[float]] = field(default_factory=dict)

    def add_free(self, matrix: int, row: int, column: int, name: str, key: tuple, start: float):
        number = self.index.setdefault(key, len(self.index))
        self.starts.setdefault(number, []).append(start)
        self.entries[-1].append((matrix, row, column, number, 0.0))
        self.names[-1].append(name)

    def add_fixed(self, matrix: int, row: int, column: int, name: str, value: float):
        self.entries[-1].append((matrix, row, column, -1, value))
        self.names[-1].append(name)

    def tables(self) -> list[Entries]:
        return [Entries(*(np.array(one) for one in zip(*own, strict=True))) for own in self.entries]

    def start(self) -> np.ndarray:
        return np.array([np.mean(self.starts[number]) for number in range(len(self.index))])


@dataclass(frozen=True)
class _Model:
    """What was asked for, names resolved: ``twin`` maps an item to the one it is held equal to."""

    items: list[str]
    factors: dict[str, list[str]]
    lead: dict[str, str]
    twin: dict[str, str]
    equal: frozenset[str]
    residual_covariances: list[tuple[str, str]]
    free: dict[str, set[str]]
    correlated: bool
    means: bool


def fit_cfa(
    items: pd.DataFrame,
    factors: Mapping[str, Sequence[str]],
    groups: str | None = None,
    equal: Collection[str] = (),
    residual_covariances: Iterable[tuple[str, str]] = (),
    equal_across: Iterable[tuple[str, str]] = (),
    free: Mapping[str, Collection[str]] | None = None,
    correlated: bool = True,
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
    model = _resolve(
        items, factors, groups, equal, residual_covariances, equal_across, free or {}, correlated
    )
    kept = items[model.items + ([groups] if groups else [])].dropna()
    left_out = len(items) - len(kept)
    notes = [f"{left_out} rows with a missing answer left out"] if left_out else []
    labels = sorted(kept[groups].unique(), key=str) if groups else [None]
    parts = [kept[kept[groups] == label] if groups else kept for label in labels]
    moments, reason = _sample_moments(parts, labels, model.items)
    if reason:
        return _no_fit([*notes, reason], len(kept))
    plan = _lay_out(model, moments)
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
    return FactorFit(fit, _parameters(plan, tables, solution, labels), True, "; ".join(notes))


def _resolve(
    items, factors, groups, equal, residual_covariances, equal_across, free, correlated
) -> _Model:
    """The request with its names checked and its chains of equality followed to their start."""
    named = {name: list(own) for name, own in factors.items()}
    used = list(dict.fromkeys(item for own in named.values() for item in own))
    pairs = [tuple(pair) for pair in residual_covariances]
    wanted = used + ([groups] if groups else [])
    unknown = [name for name in wanted if name not in items.columns]
    unknown += [name for pair in pairs for name in pair if name not in used]
    unknown += [name for own in free.values() for name in own if name not in used]
    if unknown or not used:
        raise ValueError(f"not among the items: {sorted(set(map(str, unknown)))}")
    wrong = {*equal, *free} - set(KINDS)
    if wrong:
        raise ValueError(f"held equal or freed can be {KINDS}, not {sorted(wrong)}")
    lead = {name: name for name in named}
    twin = {item: item for item in used}
    for first, second in equal_across:
        if first not in named or second not in named or first == second:
            raise ValueError(f"no such pair of factors: {first!r}, {second!r}")
        if len(named[first]) != len(named[second]):
            raise ValueError(f"{first!r} and {second!r} differ in their number of items")
        lead[second] = lead[first]
        for one, other in zip(named[first], named[second], strict=True):
            twin[other] = twin[one]
    freed = {kind: {twin[item] for item in free.get(kind, ())} for kind in KINDS}
    means = groups is not None or "intercepts" in equal
    return _Model(used, named, lead, twin, frozenset(equal), pairs, freed, correlated, means)


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


def _lay_out(model: _Model, moments: list[Moments]) -> _Plan:
    """Every entry of every group's matrices, entries held equal sharing one parameter."""
    plan = _Plan()
    for group, own in enumerate(moments):
        plan.entries.append([])
        plan.names.append([])
        _lay_out_factors(plan, model, group, own)
        _lay_out_items(plan, model, group, own)
    return plan


def _lay_out_factors(plan: _Plan, model: _Model, group: int, own: Moments) -> None:
    """Loadings, factor variances and covariances, latent means."""
    place = {item: number for number, item in enumerate(model.items)}
    names = list(model.factors)
    for column, (name, members) in enumerate(model.factors.items()):
        rows = [place[item] for item in members]
        starts = _first_loadings(own.covariance[np.ix_(rows, rows)])
        for item, row, start in zip(members, rows, starts, strict=True):
            tied = model.twin[item] not in model.free["loadings"]
            across = group if "loadings" not in model.equal or not tied else -1
            key = (model.lead[name], model.twin[item]) if tied else (name, item)
            plan.add_free(LOADING, row, column, f"{name} =~ {item}", ("=~", *key, across), start)
        second = model.lead[name] != name
        if second or (group and "loadings" in model.equal):
            key = ("~~", name, name, group)
            plan.add_free(FACTOR, column, column, f"{name} ~~ {name}", key, 1.0)
        else:
            plan.add_fixed(FACTOR, column, column, f"{name} ~~ {name}", 1.0)
        for other in range(column if model.correlated else 0):
            label = f"{names[other]} ~~ {name}"
            plan.add_free(FACTOR, column, other, label, ("~~", names[other], name, group), 0.0)
        if not model.means:
            continue
        if "intercepts" in model.equal and (second or group):
            plan.add_free(MEAN, column, 0, f"{name} ~1", ("~1", name, group, "factor"), 0.0)
        else:
            plan.add_fixed(MEAN, column, 0, f"{name} ~1", 0.0)


def _lay_out_items(plan: _Plan, model: _Model, group: int, own: Moments) -> None:
    """Residual variances and covariances, intercepts."""
    place = {item: number for number, item in enumerate(model.items)}
    shared = {
        kind: {
            item: kind in model.equal and model.twin[item] not in model.free[kind]
            for item in model.items
        }
        for kind in ("residuals", "intercepts")
    }
    for item, row in place.items():
        one = shared["residuals"][item]
        key = ("theta", model.twin[item] if one else item, -1 if one else group)
        start = 0.5 * own.covariance[row, row]
        plan.add_free(RESIDUAL, row, row, f"{item} ~~ {item}", key, start)
        if model.means:
            one = shared["intercepts"][item]
            key = ("nu", model.twin[item] if one else item, -1 if one else group)
            plan.add_free(INTERCEPT, row, 0, f"{item} ~1", key, own.mean[row])
    for first, second in model.residual_covariances:
        key = ("theta", first, second, group)
        plan.add_free(RESIDUAL, place[first], place[second], f"{first} ~~ {second}", key, 0.0)


def _first_loadings(covariance: np.ndarray) -> np.ndarray:
    """Starting loadings: the first principal axis, less the others' mean share."""
    values, vectors = np.linalg.eigh(covariance)
    axis = vectors[:, -1] * (np.sign(vectors[:, -1].sum()) or 1.0)
    rest = values[:-1].mean() if len(values) > 1 else 0.0
    return axis * np.sqrt(max(values[-1] - rest, 0.3 * values[-1]))


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


def _parameters(plan, tables, solution: Solution, labels) -> pd.DataFrame:
    """A row per entry, fixed ones among them (without a standard error)."""
    from scipy.special import ndtr, ndtri

    rows = []
    errors = np.sqrt(np.maximum(np.diag(solution.covariance), 0))
    for own, names, label in zip(tables, plan.names, labels, strict=True):
        group = f" [{label}]" if label is not None else ""
        for name, number, value in zip(names, own.parameter, own.value, strict=True):
            estimate = solution.estimates[number] if number >= 0 else value
            error = errors[number] if number >= 0 else np.nan
            z = estimate / error if error > 0 else np.nan
            reach = ndtri(0.975) * error
            note = "" if number >= 0 else "fixed"
            limits = (estimate - reach, estimate + reach)
            rows.append((name + group, estimate, error, z, 2 * ndtr(-abs(z)), *limits, note))
    return pd.DataFrame(rows, columns=list(PARAMETERS))


def _no_fit(notes: list[str], n: int, converged: bool = False) -> FactorFit:
    """A fit that could not be had, with the reason."""
    fit = {**dict.fromkeys(FIT, np.nan), "n": float(n)}
    return FactorFit(fit, pd.DataFrame(columns=list(PARAMETERS)), converged, "; ".join(notes))
