"""Claims that no single dataset can decide: answered from what all of them say together."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.contract.claims import Ledger
from analysis.contract.estimates import as_estimates
from analysis.evidence.claims.answers import Answer, refuse
from analysis.evidence.claims.ledger import word_claim
from analysis.evidence.synthesis import decide_generalisation


def answer_across(
    ledger: Ledger, synthesis: pd.DataFrame, settings: Mapping[str, str]
) -> pd.DataFrame:
    """One row per claim that is decided across datasets, in the vocabulary; ``dataset`` is empty.

    Parameters
    ----------
    ledger : the claims; those with ``across`` are answered.
    synthesis : the table of ``synthesise``.
    settings : dataset -> its setting.

    Returns
    -------
    ``estimate`` is the mean correlation, ``conf_low`` and ``conf_high`` are the limits within which
    that of a further setting may lie; the verdict is ``decide_generalisation``'s
    """
    rows = []
    for claim in ledger.claims:
        if not claim.across:
            continue
        answer = _answer(synthesis, settings)
        verdict = answer.verdict or "not_testable"
        given = {} if answer.refusal else _shown(answer)
        rows.append(
            {
                "dataset": None,
                "analysis": "claim",
                "claim": claim.id,
                "tier": claim.tier,
                "term": claim.estimand,
                **given,
                "verdict": verdict,
                "sentence": word_claim(claim, answer, verdict),
                "note": answer.refusal or answer.note,
            }
        )
    return as_estimates(rows)


def _answer(synthesis: pd.DataFrame, settings: Mapping[str, str]) -> Answer:
    verdict, reason = decide_generalisation(synthesis, settings)
    if verdict == "not_testable":
        return refuse(f"missing: {reason}")
    own = synthesis[
        (synthesis["analysis"] == "correlation") & (synthesis["rater"] == "advisee")
    ].set_index("term")
    mean, further = own.loc["mean"], own.loc["prediction"]
    return Answer(
        estimate=float(mean["estimate"]),
        conf_low=float(further["conf_low"]),
        conf_high=float(further["conf_high"]),
        n_engagements=float(mean["n_engagements"]),
        n_advisors=float(mean["n_advisors"]),
        method="random effects, prediction interval",
        rests_on="synthesis: correlation",
        verdict=verdict,
        note=reason,
    )


def _shown(answer: Answer) -> dict[str, object]:
    names = ("estimate", "conf_low", "conf_high", "n_engagements", "n_advisors", "method")
    return {name: getattr(answer, name) for name in names} | {"rests_on": answer.rests_on}
