"""Whether two raters of the same dyads (or two occasions) use the items alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.measure.structure import FactorFit, fit_cfa

LARGEST_FALL_IN_CFI = 0.010
LARGEST_RISE_IN_RMSEA = 0.015
METHOD = "maximum likelihood, twin residuals covary"
ITEM_METHOD = "likelihood ratio of one item freed, Holm over items"
MARKS = {"metric": ("loadings", "=~"), "scalar": ("intercepts", "~1")}


def rater_invariance(
    items: pd.DataFrame,
    first_factors: Mapping[str, Sequence[str]],
    second_factors: Mapping[str, Sequence[str]],
    raters: tuple[str, str] = ("advisee", "advisor"),
    level: float = 0.05,
) -> pd.DataFrame:
    """The invariance ladder across two raters in the same dyads, its items, the latent mean gap.

    Both raters' factors are in one model, residuals of the same item covary across raters.
    Configural: the same pattern; metric: equal loadings; scalar: equal intercepts too. A step holds
    with a fall in CFI of at most .010 and a rise in RMSEA of at most .015 against the step before
    (Chen 2007, Structural Equation Modeling 14, 464-504). Items are tested whether or not the step
    holds: each is freed alone, the one that improves the fit most is at fault if its
    likelihood-ratio test is significant after Holm (1979, Scandinavian Journal of Statistics 6,
    65-70), it then stays free, and the others are tested again. Where a step fails, the ladder goes
    on from the model with those items free ("metric, partial"). The chi-square assumes normal items
    and independent dyads.

    Parameters
    ----------
    items : one row per dyad, both raters' items side by side; rows with a missing answer left out
    first_factors, second_factors : factor -> that rater's items, the same factors, items matching
        in order; two occasions of one rater will do as well
    raters : names of the two, set before the factors' names
    level : of the tests of single items, over all items of a step

    Returns
    -------
    DataFrame
        the vocabulary, ``analysis`` "invariance". ``term``: ``<step>: chisq`` (``cfi``, ``rmsea``,
        ``srmr``) and ``<step>: change in chisq`` (``cfi``, ``rmsea``); ``metric: <item>``
        (``scalar: <item>``): difference of loadings (intercepts), second rater less first, with
        chi-square, Holm's p and the first rater's name of the item; ``latent mean gap: <factor>``:
        second less first, in the first rater's latent standard deviations, only where a scalar step
        holds

    Raises
    ------
    ValueError
        if the factors of the two raters do not match
    """
    ladder = _Ladder(items, first_factors, second_factors, raters)
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
    n = configural.fit["n"]
    return as_estimates({"analysis": "invariance", **row, "n_engagements": n} for row in rows)


class _Ladder:
    """The models of the ladder, fitted to one set of dyads."""

    def __init__(self, items, first_factors, second_factors, raters):
        if list(first_factors) != list(second_factors):
            raise ValueError("the two raters' factors differ in name or order")
        self.items = items
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
        )

    def candidates(self, kind: str, free: Mapping[str, list[str]]) -> list[str]:
        """Items that can be let go: not free yet, and two others at least still hold the scale."""
        found = []
        for first, _ in self.pairs:
            tied = [item for item in self.factors[first] if item not in free[kind]]
            found += tied if len(tied) > 2 else []
        return found

    def difference(self, fit: FactorFit, kind: str, item: str) -> float:
        """An item's loading (or intercept), the second rater's less the first's."""
        found = fit.parameters.set_index("term")["estimate"]
        twin = self.twins[item]
        if kind == "intercepts":
            return found[f"{twin} ~1"] - found[f"{item} ~1"]
        pair = next(pair for pair in self.pairs if item in self.factors[pair[0]])
        return found[f"{pair[1]} =~ {twin}"] - found[f"{pair[0]} =~ {item}"]


def _holds(now: FactorFit, before: FactorFit) -> bool:
    """Whether a step's loss of fit is small; False where either has none."""
    fall = before.fit["cfi"] - now.fit["cfi"]
    rise = now.fit["rmsea"] - before.fit["rmsea"]
    return bool(fall <= LARGEST_FALL_IN_CFI and rise <= LARGEST_RISE_IN_RMSEA)


def _step_rows(step: str, now: FactorFit, before: FactorFit | None, freed=()) -> list[dict]:
    """Fit of one step, and what it lost against the step before."""
    fit = now.fit
    remarks = [f"free: {', '.join(freed)}" if freed else "", now.note]
    if before is not None and not np.isnan(fit["chisq"]):
        remarks.insert(0, "holds" if _holds(now, before) else "does not hold")
    note = "; ".join(remark for remark in remarks if remark)
    common = {"method": METHOD, "note": note}
    chisq = {"estimate": fit["chisq"], "statistic": fit["chisq"], "df": fit["df"]}
    rows = [{"term": f"{step}: chisq", **chisq, "p_value": fit["p_value"], **common}]
    for name in ("cfi", "rmsea", "srmr"):
        rows.append({"term": f"{step}: {name}", "estimate": fit[name], **common})
    if before is None:
        return rows
    change = {name: fit[name] - before.fit[name] for name in ("chisq", "df", "cfi", "rmsea")}
    p_value = _tail(change["chisq"], change["df"])
    chisq = {"estimate": change["chisq"], "statistic": change["chisq"], "df": change["df"]}
    rows.append({"term": f"{step}: change in chisq", **chisq, "p_value": p_value, **common})
    for name in ("cfi", "rmsea"):
        rows.append({"term": f"{step}: change in {name}", "estimate": change[name], **common})
    return rows


def _test_items(ladder, step, fitted, free, level) -> tuple[list[str], list[dict]]:
    """Items at fault in a step, largest first, and a row per item tested."""
    kind = MARKS[step][0]
    faulty, rows, current = [], {}, fitted
    while True:
        let_go = {**free, kind: free[kind] + faulty}
        tested = ladder.candidates(kind, let_go)
        fits = {item: ladder.fit(step, {**let_go, kind: [*let_go[kind], item]}) for item in tested}
        drops = {
            item: max(current.fit["chisq"] - fits[item].fit["chisq"], 0.0)
            for item in tested
            if not np.isnan(fits[item].fit["chisq"])
        }
        adjusted = _holm({item: _tail(drop, 1) for item, drop in drops.items()})
        for item in tested:
            known = item in drops
            rows[item] = {
                "term": f"{step}: {item}",
                "estimate": ladder.difference(fits[item], kind, item) if known else np.nan,
                "statistic": drops.get(item, np.nan),
                "df": 1,
                "p_value": adjusted.get(item, np.nan),
                "method": ITEM_METHOD,
                "note": "" if known else fits[item].note,
            }
        worst = max(drops, key=drops.get, default=None)
        if worst is None or adjusted[worst] >= level:
            return faulty, list(rows.values())
        rows[worst]["note"] = f"at fault: {kind} differ between the raters"
        faulty, current = [*faulty, worst], fits[worst]


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
        note = f"in the latent standard deviations of the {ladder.raters[0]}"
        note += f"; partial: {', '.join(freed)} free" if freed else ""
        rows.append({**row, **{key: found[key] for key in known}, "note": note})
    return rows


def _holm(values: Mapping[str, float]) -> dict[str, float]:
    """Holm's adjusted p values."""
    adjusted, largest = {}, 0.0
    for rank, name in enumerate(sorted(values, key=values.get)):
        largest = max(largest, min(1.0, (len(values) - rank) * values[name]))
        adjusted[name] = largest
    return adjusted


def _tail(chisq: float, df: float) -> float:
    """Upper tail of the chi-square distribution; NaN without degrees of freedom."""
    from scipy.special import gammaincc

    return float(gammaincc(df / 2, max(chisq, 0.0) / 2)) if df > 0 else np.nan
