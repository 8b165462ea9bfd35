import numpy as np
import pytest

from analysis.contract.claims import Claim
from analysis.evidence.claims.answers import Answer, decide_claim, refuse, weakest_of


def claim(tier="exploratory", **further):
    return Claim(
        id="a-claim",
        tier=tier,
        statement="the alliance goes with effort",
        needs=({"rating": "advisee"},),
        estimand="slope",
        test="slope",
        rule="above 0",
        smallest=0.1,
        against="0 or below",
        **further,
    )


def answer(low, high, low90=None, high90=None, **further):
    narrow = (low if low90 is None else low90, high if high90 is None else high90)
    return Answer((low + high) / 2, 0.1, conf_low=low, conf_high=high,
                  low_equivalence=narrow[0], high_equivalence=narrow[1],
                  n_engagements=100, **further)  # fmt: skip


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (answer(0.02, 0.4), "supported"),
        (answer(-0.4, -0.02), "opposed"),
        (answer(-0.11, 0.11, -0.09, 0.09), "equivalent"),
        (answer(-0.2, 0.2), "inconclusive"),
        (answer(0.02, 0.4, holds=False), "inconclusive"),
        (answer(-0.4, -0.02, either_sign=True), "supported"),
        (answer(np.nan, np.nan), "inconclusive"),
        (refuse("no effort"), "not_testable"),
        (answer(0.02, 0.4, verdict="equivalent", note="decided before"), "equivalent"),
    ],
)
def test_the_rule_reads_intervals(given, verdict):
    said, reason = decide_claim(claim(), given, 0.05)
    assert said == verdict
    assert reason


@pytest.mark.parametrize(("p", "verdict"), [(0.049, "supported"), (0.051, "inconclusive")])
def test_a_secondary_claim_must_survive_holm(p, verdict):
    assert decide_claim(claim("secondary"), answer(0.02, 0.4), 0.05, p)[0] == verdict


def test_without_holms_p_a_secondary_claim_names_no_winner():
    assert decide_claim(claim("secondary"), answer(0.02, 0.4), 0.05)[0] == "inconclusive"


def test_a_verdict_of_an_earlier_stage_needs_holm_in_the_secondary_tier():
    given = answer(0.02, 0.4, verdict="supported", note="decided before")
    assert decide_claim(claim("secondary"), given, 0.05, 0.01)[0] == "supported"
    verdict, reason = decide_claim(claim("secondary"), given, 0.05, 0.40)
    assert verdict == "inconclusive" and "Holm" in reason
    assert decide_claim(claim("primary"), given, 0.05)[0] == "supported"


def test_of_several_answers_the_smallest_estimate_and_the_largest_p_count():
    wide = answer(0.10, 0.90, p_value=0.02)
    narrow = answer(0.12, 0.18, p_value=0.0001)
    both = weakest_of([wide, narrow])
    assert both.estimate == pytest.approx(0.15)
    assert (both.conf_low, both.conf_high) == (0.10, 0.18)
    assert both.p_value == 0.02
    below = answer(-0.5, -0.1, p_value=0.003)
    assert weakest_of([wide, below]).p_value == 0.003
    assert weakest_of([wide, refuse("nothing")]).refusal == "nothing"
