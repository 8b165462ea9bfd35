"""What a factor model asks for, and which entry of its matrices is which free parameter."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from analysis.measure.likelihood import (
    FACTOR,
    INTERCEPT,
    LOADING,
    MEAN,
    RESIDUAL,
    Entries,
    Moments,
)

KINDS = ("loadings", "intercepts", "residuals")


@dataclass
class Plan:
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
class Model:
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


def resolve(
    items, factors, groups, equal, residual_covariances, equal_across, free, correlated
) -> Model:
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
    return Model(used, named, lead, twin, frozenset(equal), pairs, freed, correlated, means)


def lay_out(model: Model, moments: list[Moments]) -> Plan:
    """Every entry of every group's matrices, entries held equal sharing one parameter."""
    plan = Plan()
    for group, own in enumerate(moments):
        plan.entries.append([])
        plan.names.append([])
        _lay_out_factors(plan, model, group, own)
        _lay_out_items(plan, model, group, own)
    return plan


def _lay_out_factors(plan: Plan, model: Model, group: int, own: Moments) -> None:
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


def _lay_out_items(plan: Plan, model: Model, group: int, own: Moments) -> None:
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
