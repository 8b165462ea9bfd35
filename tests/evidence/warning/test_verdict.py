"""The rule that turns an area and net benefits into a verdict."""

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import t

from analysis.contract.plan import ComparisonPlan, WarningPlan
from analysis.evidence.warning.verdict import decide_warning

PLAN, COMPARISON = WarningPlan(), ComparisonPlan()


def rows(area, spread, gained=(0.02, 0.03, 0.04), lows=(0.01, 0.01, 0.01), advisors=40):
    """``spread``: standard error of the area on logits."""
    df = advisors - 1
    half = t.ppf(0.975, df) * spread
    found = {
        "term": "auc",
        "method": "model",
        "estimate": area,
        "std_error": spread * area * (1 - area),
        "statistic": logit(area) / spread,
        "p_value": 0.01,
        "df": df,
        "conf_low": expit(logit(area) - half),
        "conf_high": expit(logit(area) + half),
        "n_engagements": 400,
        "n_advisors": advisors,
        "note": "",
    }
    others = ("treat_all", "treat_none", "rule")
    return [found] + [
        {"term": f"net_benefit_over_{other}", "method": "model", "estimate": value, "conf_low": low}
        for other, value, low in zip(others, gained, lows, strict=True)
    ]


def decide(*arguments, **settings):
    decided, narrow = decide_warning(rows(*arguments, **settings), PLAN, COMPARISON, True)
    return decided, narrow


@pytest.mark.parametrize(
    ("settings", "verdict", "words"),
    [
        ({"area": 0.70, "spread": 0.1}, "supported", "beats every alternative"),
        ({"area": 0.70, "spread": 0.1, "lows": (0.01, 0.01, -0.01)}, "supported", "holds 0"),
        (
            {"area": 0.70, "spread": 0.1, "gained": (-0.01, 0.03, 0.0)},
            "inconclusive",
            "warning about everybody and of the practitioners’ rule",
        ),
        ({"area": 0.40, "spread": 0.1}, "opposed", "wrong way"),
        ({"area": 0.51, "spread": 0.05}, "equivalent", "within 0.05 of chance"),
        ({"area": 0.51, "spread": 0.20}, "inconclusive", "holds .5"),
        ({"area": 0.90, "spread": 0.1, "advisors": 9}, "inconclusive", "9 clusters"),
    ],
)
def test_verdicts(settings, verdict, words):
    decided, _ = decide(**settings)
    assert decided["verdict"] == verdict
    assert words in decided["note"]


def test_the_rows_carry_the_area_less_one_half_and_both_intervals():
    decided, narrow = decide(0.7, 0.1)
    assert decided["estimate"] == pytest.approx(0.2) and decided["primary"]
    assert decided["conf_low"] == pytest.approx(expit(logit(0.7) - t.ppf(0.975, 39) * 0.1) - 0.5)
    assert narrow["conf_low"] == pytest.approx(expit(logit(0.7) - t.ppf(0.95, 39) * 0.1) - 0.5)
    assert narrow["method"] == "jackknife_90" and not narrow["primary"]


def test_an_area_without_an_interval_decides_nothing():
    given = rows(0.7, 0.1)
    given[0] |= {"conf_low": np.nan, "conf_high": np.nan, "note": "no interval: why"}
    decided, _ = decide_warning(given, PLAN, COMPARISON, False)
    assert decided["verdict"] == "inconclusive" and decided["note"] == "no interval: why"
