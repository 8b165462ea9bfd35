"""Whether two raters of the same dyads (or two occasions) use the items alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.contract.multiplicity import adjust_holm
from analysis.measure.contrasts import let_go, scale_difference
from analysis.measure.fit_indices import upper_tail
from analysis.measure.structure import FactorFit, fit_cfa

LARGEST_FALL_IN_CFI = 0.010
LARGEST_RISE_IN_RMSEA = 0.015
METHOD = "maximum likelihood, twin residuals covary"
SCALED_METHOD = METHOD + ", scaled for clusters"
ITEM_METHOD = "score test of one item let go, Holm over items"
MARKS = {"metric": ("loadings", "=~"), "scalar": ("intercepts", "~1")}


def rater_invariance(
    items: pd.DataFrame,
    first_factors: Mapping[str, Sequence[str]],
    second_factors: Mapping[str, Sequence[str]],
    raters: tuple[str, str] = ("advisee", "advisor"),
    level: float = 0.05,
    clusters: str | None = None,
) -> pd.DataFrame:
    """The invariance ladder across two raters in the same dyads, its items, the latent mean gap.

    Both raters' factors are in one model, residuals of the same item covary across raters.
    Configural: the same pattern; metric: equal loadings; scalar: equal intercepts too. A step holds
    with a fall in CFI of at most .010 and a rise in RMSEA of at most .015 against the step before
    (Chen 2007, Structural Equation Modeling 14, 464-504). Items are tested whether or not the step
    holds: each is let go alone (see ``let_go``), the one with the largest statistic is at fault if
    it is significant after Holm's correction, it then stays free, and the others are tested again.
    Where a step fails, the ladder goes on from the model with those items free ("metric, partial").

    Where dyads share clusters (advisors), every chi-square, its change, CFI and RMSEA are those
    scaled for it (see ``scaled_indices`` and ``scale_difference``), the items' tests are robust
    with F(1, G - 1), and the latent gap has a robust standard error with t(G - 1). Without clusters
    dyads are taken as independent and items as normal.

    Parameters
    ----------
    items : one row per dyad, both raters' items side by side; rows with a missing answer left out
    first_factors, second_factors : factor -> that rater's items, the same factors, items matching
        in order; two occasions of one rater will do as well
    raters : names of the two, set before the factors' names
    level : of the tests of single items, over all items of a step
    clusters : column of ``items`` that names the dyad's cluster

    Returns
    -------
    DataFrame
        the vocabulary, ``analysis`` "invariance". ``term``: ``<step>: chisq`` (``cfi``, ``rmsea``,
        ``srmr``) and ``<step>: change in chisq`` (``cfi``, ``rmsea``), of which ``estimate`` is the
        plain chi-square and ``statistic`` the scaled one; ``metric: <item>``
        (``scalar: <item>``): difference of loadings (intercepts), second rater less first, with
        chi-square, Holm's p and the first rater's name of the item; ``latent mean gap: <factor>``:
        second less first, in the first rater's latent standard deviations, only where a scalar step
        holds

    Raises
    ------
    ValueError
        if the factors of the two raters do not match
    """
    ladder = _Ladder(items, first_factors, second_factors, raters, clusters)
    configural = ladder.fit(())
    rows = _step_rows("configural", configural, None)
    before, free, holds = configural, {"loadings": [], "intercepts": []}, True
    for step in MARKS:
        if np.isnan(before.fit["chisq"]):
            break
        kind = MARKS[step][0]
        now = ladder.fit(step, free)
        rows += _step_rows(step, now, before)
        if np.isnan(now.fit["chisq"]):
            before, holds = now, False
            break
        faulty, tested = _test_items(ladder, step, now, free, level)
        rows += tested
        holds = _holds(now, before)
        if not holds and faulty:
            # an item whose loadings differ has no common unit in which to compare intercepts
            free = {**free, kind: free[kind] + faulty}
            if step == "metric":
                free["intercepts"] = list(faulty)
            now = ladder.fit(step, free)
            rows += _step_rows(f"{step}, partial", now, before, free[kind])
            holds = _holds(now, before)
        before = now
        if not holds:
            break
    reason = before.note if np.isnan(before.fit["chisq"]) else f"the {step} step does not hold"
    holds = holds and not np.isnan(before.fit["chisq"])
    rows += _gap_rows(ladder, before, "" if holds else reason, free)
    size = {"n_engagements": configural.fit["n"]}
    if configural.solved and configural.solved.clusters:
        size["n_advisors"] = configural.solved.clusters.count
    return as_estimates({"analysis": "invariance", **row, **size} for row in rows)


class _Ladder:
    """The models of the ladder, fitted to one set of dyads."""

    def __init__(self, items, first_factors, second_factors, raters, clusters):
        if list(first_factors) != list(second_factors):
            raise ValueError("the two raters' factors differ in name or order")
        self.items = items
        self.clusters = clusters
        self.names = list(first_factors)
        self.raters = raters
        self.pairs = [tuple(f"{rater} {name}" for rater in raters) for name in self.names]
        sides = (first_factors, second_factors)
        self.factors = {
            f"{rater} {name}": list(side[name])
            for rater, side in zip(raters, sides, strict=True)
            for name in self.names
        }
        self.twins = {}
        for name in self.names:
            if len(first_factors[name]) != len(second_factors[name]):
                raise ValueError(f"{name}: the two raters differ in their number of items")
            self.twins |= dict(zip(first_factors[name], second_factors[name], strict=True))

    def fit(self, step, free=None) -> FactorFit:
        """One step's model; ``free``: kind -> items (the first rater's) let go."""
        return fit_cfa(
            self.items,
            self.factors,
            equal={"scalar": ("intercepts",)}.get(step, ()) if step else (),
            residual_covariances=self.twins.items(),
            equal_across=self.pairs if step else (),
            free=free,
            clusters=self.clusters,
        )

    def candidates(self, kind: str, free: Mapping[str, list[str]]) -> list[str]:
        """Items that can be let go: not free yet, and two others at least still hold the scale."""
        found = []
        for first, _ in self.pairs:
            tied = [item for item in self.factors[first] if item not in free[kind]]
            found += tied if len(tied) > 2 else []
        return found

    def entry(self, kind: str, item: str) -> str:
        """The entry of the second rater's that is let go when an item is."""
        twin = self.twins[item]
        if kind == "intercepts":
            return f"{twin} ~1"
        pair = next(pair for pair in self.pairs if item in self.factors[pair[0]])
        return f"{pair[1]} =~ {twin}"

    def difference(self, fit: FactorFit, kind: str, item: str) -> float:
        """An item's loading (or intercept), the second rater's less the first's."""
        found = fit.parameters.set_index("term")["estimate"]
        pair = next(pair for pair in self.pairs if item in self.factors[pair[0]])
        first = f"{item} ~1" if kind == "intercepts" else f"{pair[0]} =~ {item}"
        return found[self.entry(kind, item)] - found[first]


def _index(fit: FactorFit, name: str) -> float:
    """An index scaled for clusters where there are, else the plain one."""
    scaled = fit.fit[f"{name}_scaled"]
    return fit.fit[name] if np.isnan(scaled) else scaled


def _holds(now: FactorFit, before: FactorFit) -> bool:
    """Whether a step's loss of fit is small; False where either has none."""
    fall = _index(before, "cfi") - _index(now, "cfi")
    rise = _index(now, "rmsea") - _index(before, "rmsea")
    return bool(fall <= LARGEST_FALL_IN_CFI and rise <= LARGEST_RISE_IN_RMSEA)


def _step_rows(step: str, now: FactorFit, before: FactorFit | None, freed=()) -> list[dict]:
    """Fit of one step, and what it lost against the step before."""
    fit = now.fit
    factor = fit["scaling"]
    scaled = not np.isnan(factor)
    remarks = [
        f"free: {', '.join(freed)}" if freed else "",
        f"chi-square scaled by {factor:.2f} for clusters" if scaled else "",
        now.note,
    ]
    if before is not None and not np.isnan(fit["chisq"]):
        remarks.insert(0, "holds" if _holds(now, before) else "does not hold")
    note = "; ".join(remark for remark in remarks if remark)
    common = {"method": SCALED_METHOD if scaled else METHOD, "note": note}
    chisq = {"estimate": fit["chisq"], "statistic": _index(now, "chisq"), "df": fit["df"]}
    p_value = _index(now, "p_value")
    rows = [{"term": f"{step}: chisq", **chisq, "p_value": p_value, **common}]
    shown = {name: _index(now, name) for name in ("cfi", "rmsea")} | {"srmr": fit["srmr"]}
    for name, value in shown.items():
        rows.append({"term": f"{step}: {name}", "estimate": value, **common})
    if before is None:
        return rows
    plain, df = fit["chisq"] - before.fit["chisq"], fit["df"] - before.fit["df"]
    change, _ = scale_difference(now, before)
    chisq = {"estimate": plain, "statistic": change, "df": df, "p_value": upper_tail(change, df)}
    rows.append({"term": f"{step}: change in chisq", **chisq, **common})
    for name in ("cfi", "rmsea"):
        moved = _index(now, name) - _index(before, name)
        rows.append({"term": f"{step}: change in {name}", "estimate": moved, **common})
    return rows


def _test_items(ladder, step, fitted, free, level) -> tuple[list[str], list[dict]]:
    """Items at fault in a step, largest first, and a row per item tested."""
    kind = MARKS[step][0]
    faulty, rows, current = [], {}, fitted
    while True:
        let_free = {**free, kind: free[kind] + faulty}
        tested = ladder.candidates(kind, let_free)
        found = let_go(current, [ladder.entry(kind, item) for item in tested])
        adjusted = adjust_holm(dict(zip(tested, found["p_value"], strict=True)))
        for item, row in zip(tested, found.to_dict("records"), strict=True):
            rows[item] = {
                "term": f"{step}: {item}",
                "estimate": row["estimate"],
                "statistic": row["statistic"],
                "df": 1,
                "p_value": adjusted[item],
                "method": ITEM_METHOD,
                "note": "" if row["p_value"] == row["p_value"] else "not identified once free",
            }
        known = found.set_index(np.array(tested, dtype=object))["statistic"].dropna()
        worst = known.idxmax() if len(known) else None
        if worst is None or adjusted[worst] >= level:
            return faulty, list(rows.values())
        freed = ladder.fit(step, {**let_free, kind: [*let_free[kind], worst]})
        rows[worst]["note"] = f"at fault: {kind} differ between {' and '.join(ladder.raters)}"
        if freed.solved is None:
            rows[worst]["note"] += f"; no model without it: {freed.note}"
            return [*faulty, worst], list(rows.values())
        rows[worst]["estimate"] = ladder.difference(freed, kind, worst)
        faulty, current = [*faulty, worst], freed


def _gap_rows(ladder, fitted: FactorFit, reason: str, free) -> list[dict]:
    """The latent mean gap of each factor, or why there is none."""
    rows = []
    for name, (first, second) in zip(ladder.names, ladder.pairs, strict=True):
        row = {"term": f"latent mean gap: {name}", "estimate": np.nan, "method": METHOD}
        if reason:
            rows.append({**row, "note": f"not comparable: {reason}"})
            continue
        found = fitted.parameters.set_index("term").loc[f"{second} ~1"]
        known = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")
        freed = [item for item in free["intercepts"] if item in ladder.factors[first]]
        note = f"in latent standard deviations, {ladder.raters[0]} being 1"
        note += f"; partial: {', '.join(freed)} free" if freed else ""
        rows.append({**row, **{key: found[key] for key in known}, "note": note})
    return rows
