"""Every claim against one dataset: a verdict, or what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from analysis.contract.claims import Claim, Ledger
from analysis.contract.estimates import as_estimates
from analysis.contract.multiplicity import adjust_holm
from analysis.evidence.claims.answers import Answer, decide_claim, refuse
from analysis.evidence.claims.data import ClaimData
from analysis.evidence.claims.needs import list_missing
from analysis.evidence.grid import FEWEST_ENGAGEMENTS
from analysis.evidence.sentence import tell_number

#: A test of a claim: the data and the claim's settings in, an answer out.
Test = Callable[[ClaimData, Claim], Answer]

_SHOWN = (
    "outcome",
    "outcome_source",
    "timing",
    "estimate",
    "std_error",
    "statistic",
    "df",
    "p_value",
    "conf_low",
    "conf_high",
    "n_engagements",
    "n_advisors",
    "n_largest",
    "method",
    "rests_on",
)


def answer_claims(ledger: Ledger, data: ClaimData, tests: Mapping[str, Test]) -> pd.DataFrame:
    """One row per claim: verdict, estimate with interval, the sentence that says it, what it needs.

    Parameters
    ----------
    ledger : the claims.
    data : one dataset with the estimates of the stages before.
    tests : the tests by name.

    Returns
    -------
    DataFrame
        rows in the vocabulary, in the ledger's order; ``claim`` is the id, ``term`` what is
        estimated, ``p_adjusted`` Holm's p over the secondary claims that could be tested here
        (claims that share a test count once), ``note`` the reason of the verdict; with fewer
        clusters than the plan's ``minimum_clusters`` nothing is more than ``inconclusive``; a claim
        decided across datasets is ``not_testable`` here and says so
    """
    answers = {claim.id: _answer(claim, data, tests) for claim in ledger.claims}
    adjusted = _adjust(ledger, answers)
    alpha, fewest = 1 - data.plan.comparison.confidence, data.plan.comparison.minimum_clusters
    rows = []
    for claim in ledger.claims:
        answer = answers[claim.id]
        verdict, reason = decide_claim(claim, answer, alpha, adjusted.get(claim.id, np.nan))
        if verdict != "not_testable" and answer.n_advisors < fewest:
            verdict = "inconclusive"
            reason = f"only {answer.n_advisors:.0f} clusters: no interval can be relied on"
        given = {} if answer.refusal else {name: getattr(answer, name) for name in _SHOWN}
        note = reason if reason == answer.note else "; ".join(filter(None, [reason, answer.note]))
        rows.append(
            {
                "dataset": data.name,
                "analysis": "claim",
                "claim": claim.id,
                "tier": claim.tier,
                "term": claim.estimand,
                **given,
                "p_adjusted": adjusted.get(claim.id, np.nan),
                "verdict": verdict,
                "sentence": word_claim(claim, answer, verdict),
                "note": note,
            }
        )
    return as_estimates(rows)


def _answer(claim: Claim, data: ClaimData, tests: Mapping[str, Test]) -> Answer:
    if claim.across:
        return refuse("decided across datasets, not within one")
    missing = list_missing(claim, data)
    if missing:
        return refuse("missing: " + "; ".join(missing))
    answer = tests[claim.test](data, claim)
    if not answer.refusal and answer.n_engagements < FEWEST_ENGAGEMENTS:
        return refuse(
            f"only {answer.n_engagements:.0f} engagements have all that is needed; "
            f"at least {FEWEST_ENGAGEMENTS} are needed"
        )
    return answer


def _adjust(ledger: Ledger, answers: Mapping[str, Answer]) -> dict[str, float]:
    """Holm's p for the testable claims of the secondary tier; a shared test counts once."""
    tier = {
        claim.id: answers[claim.id].p_value
        for claim in ledger.claims
        if claim.tier == "secondary" and not answers[claim.id].refusal
    }
    sharing = {
        claim.id: claim.shares
        for claim in ledger.claims
        # In a dataset of several settings the two tests differ, and each counts.
        if claim.id in tier
        and claim.shares in tier
        and np.isclose(tier[claim.id], tier[claim.shares], rtol=1e-9, atol=0, equal_nan=True)
    }
    adjusted = adjust_holm({name: p for name, p in tier.items() if name not in sharing})
    return adjusted | {name: adjusted[other] for name, other in sharing.items()}


_VERDICTS = {
    "supported": "Supported",
    "opposed": "Opposed",
    "equivalent": "Too small to matter, if there is anything",
    "inconclusive": "Not settled",
    "not_testable": "Not testable with these data",
}


#: Nothing is said to predict what was not taken after the ratings.
_MILDER = {
    "predicts the outcome better than": "goes with the outcome more closely than",
    "is the chief predictor of": "goes more closely than its rivals with",
}


def _stated(claim: Claim, answer: Answer) -> str:
    """The claim's statement, in milder words where the outcome is not shown to come later."""
    statement = claim.statement
    if answer.timing == "concurrent":
        for strong, mild in _MILDER.items():
            statement = statement.replace(strong, mild)
    return statement


def word_claim(claim: Claim, answer: Answer, verdict: str) -> str:
    """The verdict on a claim as a sentence, and the numbers where there are any."""
    said = f"{_VERDICTS[verdict]}: {_stated(claim, answer)}"
    said += " (implied by the literature rather than stated)" if claim.implied else ""
    if verdict == "not_testable":
        return f"{said}. {answer.refusal[:1].upper()}{answer.refusal[1:]}."
    said += "."
    if np.isfinite(answer.estimate):
        numbers = tell_number(answer.estimate)
        if np.isfinite([answer.conf_low, answer.conf_high]).all():
            numbers += f" ({tell_number(answer.conf_low)} to {tell_number(answer.conf_high)})"
        what = claim.estimand[:1].upper() + claim.estimand[1:]
        said += f" {what}: {numbers}; {answer.n_engagements:,.0f} engagements."
    if claim.causal:
        said += " The claim is causal; what is tested is the association it implies."
    if claim.tier == "exploratory":
        said += " Exploratory."
    return said
