"""What a claim needs and a dataset lacks, in words that say what to add."""

from __future__ import annotations

import pandas as pd

from analysis.contract.claims import PRIMARY_OUTCOME, Claim, Ledger, Need
from analysis.evidence.claims.data import ClaimData
from analysis.evidence.verdict import INDEPENDENT_SOURCES


def list_missing(claim: Claim, data: ClaimData) -> list[str]:
    """Each need of a claim that the data do not meet; empty when the claim can be tested."""
    return [told for need in claim.needs if (told := _CHECKS[need.kind](need, data))]


def list_answerable(ledger: Ledger, data: ClaimData) -> pd.DataFrame:
    """Each claim of the ledger, whether the data hold all that it needs, and what they lack.

    Returns
    -------
    DataFrame
        ``question`` (the claim's id), ``testable`` (bool; its test may still find too few
        engagements) and ``reason``: the statement, or what is missing
    """
    rows = []
    for claim in ledger.claims:
        missing = list_missing(claim, data)
        if claim.across:
            reason = "decided across datasets, not within one"
        elif missing:
            reason = "missing: " + "; ".join(missing)
        else:
            reason = claim.statement
        rows.append((claim.id, not missing and not claim.across, reason))
    return pd.DataFrame(rows, columns=["question", "testable", "reason"])


def _rating(need: Need, data: ClaimData) -> str:
    return "" if need.rating in data.raters else f"ratings of the alliance by the {need.rating}"


def _outcome(need: Need, data: ClaimData) -> str:
    primary = data.primary.outcome
    if need.names == (PRIMARY_OUTCOME,) and primary is None:
        return "a primary outcome (the mapping names none)"
    names = [primary if name == PRIMARY_OUTCOME else name for name in need.names]
    values = data.outcomes[data.outcomes["outcome"].isin(names) & data.outcomes["value"].notna()]
    if need.phase:
        values = values[values["phase"] == need.phase]
    if need.source == "independent":
        values = values[values["source"].isin(INDEPENDENT_SOURCES)]
        if need.names == (PRIMARY_OUTCOME,) and need.phase is None:
            values = values[values["source"] == data.primary.source]
    elif need.source:
        values = values[values["source"] == need.source]
    if need.times and not _repeats(values, need.times):
        values = values.iloc[:0]
    return "" if len(values) else f"the outcome {' or '.join(names)}{_qualified(need)}"


def _repeats(values: pd.DataFrame, times: int) -> bool:
    """Whether engagements have the outcome from one source at several weeks of one phase."""
    if "week" not in values:
        return False
    kept = values[values["week"].notna()]
    weeks = kept.groupby(["engagement_id", "outcome", "source", "phase"])["week"].nunique()
    return bool((weeks >= times).any())


def _qualified(need: Need) -> str:
    source = {"independent": "a third party or a record", "third_party": "a third party"}
    words = [
        f"by {source.get(need.source, f'the {need.source}')}" if need.source else "",
        f"at {need.phase.replace('_', '-')}" if need.phase else "",
        f"at {need.times} different weeks or more" if need.times else "",
    ]
    return "".join(f" {word}" for word in words if word)


def _event(need: Need, data: ClaimData) -> str:
    held = set(data.events["event"]) if len(data.events) else set()
    return "" if held & set(need.names) else f"events of the kind {' or '.join(need.names)}"


def _column(need: Need, data: ClaimData) -> str:
    for table in (data.engagements, data.events):
        for name in need.names:
            if name in table and table[name].nunique() > 1:
                return ""
    return f"the column {' or '.join(need.names)} with more than one value"


def _setting(need: Need, data: ClaimData) -> str:
    held = set(data.engagements["setting"])
    words = " or ".join(name.replace("_", " ") for name in need.names)
    return "" if held & set(need.names) else f"engagements in the setting {words}"


def _occasions(need: Need, data: ClaimData) -> str:
    rated = data.alliance[data.alliance["total"].notna()]
    counts = rated.groupby(["engagement_id", "rater"])["occasion"].nunique()
    longest = int(counts.max()) if len(counts) else 0
    if longest >= need.occasions:
        return ""
    return f"at least {need.occasions} check-ins of one engagement (the longest has {longest})"


def _subscales(need: Need, data: ClaimData) -> str:
    absent = [
        name
        for name in need.subscales
        if name not in data.alliance or data.alliance[name].isna().all()
    ]
    return f"ratings on the subscale {' and '.join(absent)}" if absent else ""


def _items(need: Need, data: ClaimData) -> str:
    with_items = [key for key in data.instruments.values() if not key.ready_made]
    several = any(len(items) > 2 for key in with_items for items in key.subscales.values())
    return "" if several else "answers to the single items of each subscale, at least three each"


_CHECKS = {
    "rating": _rating,
    "outcome": _outcome,
    "event": _event,
    "column": _column,
    "setting": _setting,
    "occasions": _occasions,
    "subscales": _subscales,
    "items": _items,
}
