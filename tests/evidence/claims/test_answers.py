import numpy as np
import pytest

from analysis.contract.claims import Claim
from analysis.evidence.claims.answers import Answer, decide_claim, refuse


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
