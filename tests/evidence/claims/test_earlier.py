"""Claims that a stage has decided already say what that stage said."""

import numpy as np
import pandas as pd
import pytest

from analysis.evidence.claims.answers import decide_claim


def row(**given):
    base = {
        "estimate": 0.3, "std_error": 0.1, "df": 30.0, "statistic": 3.0, "p_value": 0.005,
        "conf_low": 0.1, "conf_high": 0.5, "n_engagements": 200.0, "n_advisors": 31.0,
        "method": "jackknife", "primary": True, "verdict": "supported", "note": "as decided",
        "outcome": None, "occasion": np.nan,
    }  # fmt: skip
    return base | given


GAP = {"analysis": "gap", "term": "advisors rate higher"}
SURFACE = {"analysis": "surface", "term": "early discrepancy goes with worse"}
WARNING = {"analysis": "warning", "term": "auc_above_chance", "outcome": "ended_early",
           "occasion": 2.0}  # fmt: skip


def test_the_gap_keeps_its_sign_and_verdict(made, ask, claim_of):
    data = made(further={"process": pd.DataFrame([row(**GAP), row(**SURFACE)])}).data()
    answer = ask("advisors-rate-higher", data)
    assert (answer.estimate, answer.n_advisors) == (0.3, 31)
    assert answer.low_equivalence > answer.conf_low
    assert decide_claim(claim_of("advisors-rate-higher"), answer, 0.05) == (
        "supported",
        "as decided",
    )


def test_loss_away_from_agreement_is_curvature_turned(made, ask):
    loss = row(**SURFACE, estimate=-0.3, conf_low=-0.5, conf_high=-0.1, statistic=-3.0)
    loss["note"] = "the outcome falls away on both sides of agreement"
    answer = ask("early-discrepancy-warns", made(further={"process": pd.DataFrame([loss])}).data())
    assert answer.estimate == 0.3
    assert 0 < answer.conf_low < answer.low_equivalence < answer.estimate < answer.conf_high
    assert answer.verdict == "supported"


def test_a_warnings_intervals_are_those_of_its_rows(made, ask):
    rows = [
        row(**WARNING, conf_low=0.12, conf_high=0.41),
        row(**WARNING, conf_low=0.15, conf_high=0.39, method="jackknife_90", primary=False,
            verdict=None),
        row(**{**WARNING, "occasion": 3.0}, primary=False, verdict="opposed"),
    ]  # fmt: skip
    answer = ask("diagnoses-before-breakdown", made(further={"warning": pd.DataFrame(rows)}).data())
    assert (answer.conf_low, answer.conf_high) == (0.12, 0.41)
    assert (answer.low_equivalence, answer.high_equivalence) == (0.15, 0.39)
    assert answer.verdict == "supported"


@pytest.mark.parametrize(
    ("claim_id", "table", "given"),
    [
        ("advisors-rate-higher", "process", GAP),
        ("early-discrepancy-warns", "process", SURFACE),
        ("diagnoses-before-breakdown", "warning", WARNING),
        ("advisee-predicts-better", "comparison", {"analysis": "verdict", "term": None}),
    ],
)
def test_what_a_stage_could_not_test_is_refused_with_its_reason(claim_id, table, given, made, ask):
    why = row(**given, verdict="not_testable", note="the advisor never rated", estimate=np.nan)
    data = made(further={table: pd.DataFrame([why])}).data()
    assert ask(claim_id, data).refusal == "the advisor never rated"
    assert ask(claim_id, made().data()).refusal.startswith(f"missing: the rows of {table}")
    unsure = row(**given, verdict="inconclusive", note="singular", estimate=np.nan)
    answer = ask(claim_id, made(further={table: pd.DataFrame([unsure])}).data())
    assert (answer.verdict, answer.note) == ("inconclusive", "singular")


def test_no_dataset_answers_for_all(made, ask):
    assert "across datasets" in ask("generalises-across-settings", made().data()).refusal
