"""Claims that an earlier stage has decided by a rule of its own: read from that stage's rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.contract.claims import Claim
from analysis.evidence.claims.answers import Answer, answer_from_row, answer_with, refuse
from analysis.evidence.claims.data import ClaimData


def rater_difference(data: ClaimData, claim: Claim) -> Answer:
    """D with the interval of record, and the comparison's own verdict with its reason."""
    return _decided(data, data.comparison, "verdict", "", "comparison: clustered, disattenuated")


def rater_gap(data: ClaimData, claim: Claim) -> Answer:
    """Mean gap, advisor minus advisee, in pooled SD, with the verdict of the gap's own rows.

    Its interval decides on the gap in the scale's units, of which this is the standardised form;
    the note says what invariance allows.
    """
    term = "advisors rate higher"
    return _decided(data, data.process, "gap", term, "process: gap, latent gap")


def early_discrepancy(data: ClaimData, claim: Claim) -> Answer:
    """Minus the curvature along disagreement (a4, standardised), with the surface's own verdict.

    Loss away from agreement is claimed, so that a4 below 0 counts as positive.
    """
    term = "early discrepancy goes with worse"
    answer = _decided(data, data.process, "surface", term, "process: b3 to b5, b4, a4")
    return answer_with(
        answer,
        estimate=-answer.estimate,
        statistic=-answer.statistic,
        conf_low=-answer.conf_high,
        conf_high=-answer.conf_low,
        low_equivalence=-answer.high_equivalence,
        high_equivalence=-answer.low_equivalence,
    )


def early_warning(data: ClaimData, claim: Claim) -> Answer:
    """AUC of ending early at the first landmark, advisors held out, less one half, as decided.

    The interval is formed on logits, so that it is read from the rows and not from its error.
    """
    term, lines = "auc_above_chance", "warning: auc, net benefit at the first landmark"
    answer = _decided(data, data.warning, "warning", term, lines)
    if answer.refusal:
        return answer
    rows = data.warning[data.warning["term"] == term]
    row = rows[rows["primary"].isin([True, "True"])].iloc[0]
    limits = {"conf_low": float(row["conf_low"]), "conf_high": float(row["conf_high"])}
    level = f"{data.plan.comparison.equivalence_confidence * 100:g}"
    same = (rows["outcome"] == row["outcome"]) & (rows["occasion"] == row["occasion"])
    for _, narrow in rows[same & (rows["method"] == f"jackknife_{level}")].iterrows():
        limits["low_equivalence"] = float(narrow["conf_low"])
        limits["high_equivalence"] = float(narrow["conf_high"])
    return answer_with(
        answer, statistic=float(row["statistic"]), p_value=float(row["p_value"]), **limits
    )


def across_settings(data: ClaimData, claim: Claim) -> Answer:
    """Never answered within a dataset: see ``analysis.evidence.claims.across``."""
    return refuse("decided across datasets, not within one")


def _decided(
    data: ClaimData, table: pd.DataFrame, analysis: str, term: str, rests_on: str
) -> Answer:
    """The primary row of one analysis as an answer that has its verdict already."""
    own = table
    if len(table):
        own = table[table["primary"].isin([True, "True"]) & (table["analysis"] == analysis)]
        own = own[own["term"] == term] if term else own
    if own.empty:
        return refuse(f"missing: the rows of {rests_on.split(':')[0]} that decide this claim")
    row = own.iloc[0]
    reason = row["note"] if isinstance(row["note"], str) else "no reason given"
    if row["verdict"] == "not_testable":
        return refuse(reason)
    plan = data.plan.comparison
    answer = answer_from_row(row, plan.confidence, plan.equivalence_confidence)
    if answer.refusal:  # decided without an estimate: inconclusive, with the reason
        counts = {name: float(row.get(name, np.nan)) for name in ("n_engagements", "n_advisors")}
        answer = Answer(**counts)
    words = {
        name: value if isinstance(value := row.get(name), str) else ""
        for name in ("outcome", "outcome_source", "timing", "method")
    }
    return answer_with(
        answer,
        **words | {"method": words["method"] or "jackknife"},
        rests_on=rests_on,
        verdict=str(row["verdict"]),
        note=reason,
    )
