"""The ledger's rows: tiers, shared tests, few clusters, small cells, and claims across datasets."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.claims import Claim, Ledger
from analysis.evidence.claims.across import answer_across
from analysis.evidence.claims.answers import Answer, refuse
from analysis.evidence.claims.ledger import answer_claims
from analysis.evidence.synthesis import synthesise


def claim(name, tier="secondary", **further):
    return Claim(
        id=name,
        tier=tier,
        statement="the alliance goes with effort",
        needs=({"rating": "advisee"},),
        estimand="slope",
        test=name,
        rule="above 0",
        smallest=0.1,
        against="0 or below",
        **further,
    )


def answer(p, estimate=0.3, **further):
    shown = {"n_engagements": 100.0, "n_advisors": 20.0} | further
    half = 0.2 if p < 0.05 else 0.4
    limits = {"conf_low": estimate - half, "conf_high": estimate + half}
    narrow = {"low_equivalence": estimate - half, "high_equivalence": estimate + half}
    return Answer(estimate, 0.1, p_value=p, **limits, **narrow, **shown)


@pytest.fixture
def rows(made):
    def answered(claims, answers):
        tests = {name: lambda data, claim, one=one: one for name, one in answers.items()}
        table = answer_claims(Ledger(claims=claims), made(n=30, advisors=12).data(), tests)
        return table.set_index("claim")

    return answered


def test_holm_runs_over_the_testable_secondary_claims_alone(rows):
    claims = (claim("one"), claim("two"), claim("three"), claim("p", "primary"), claim("gone"))
    found = rows(
        claims,
        {"one": answer(0.01), "two": answer(0.02), "three": answer(0.04), "p": answer(0.04),
         "gone": refuse("missing: all")},
    )  # fmt: skip
    assert found["p_adjusted"].round(10).tolist()[:3] == [0.03, 0.04, 0.04]
    assert np.isnan(found.loc[["p", "gone"], "p_adjusted"]).all()
    assert found.loc["p", "verdict"] == "supported"


def test_what_holm_takes_away_is_inconclusive(rows):
    claims = tuple(claim(f"c{place}") for place in range(5))
    found = rows(claims, {one.id: answer(0.02) for one in claims})
    assert set(found["verdict"]) == {"inconclusive"}
    assert found["note"].str.contains("not after Holm").all()


def test_a_shared_test_counts_once_and_shares_its_p(rows):
    claims = (claim("one"), claim("two"), claim("again", shares="one"))
    found = rows(claims, {"one": answer(0.02), "two": answer(0.04), "again": answer(0.02)})
    assert found["p_adjusted"].tolist() == [0.04, 0.04, 0.04]
    assert set(found["verdict"]) == {"supported"}


def test_few_clusters_are_inconclusive_whatever_the_interval_or_an_earlier_verdict(rows):
    few = answer(0.001, n_advisors=9.0)
    decided = Answer(**{**vars(few), "verdict": "supported", "note": "so it was decided"})
    found = rows((claim("one"), claim("two")), {"one": few, "two": decided})
    assert set(found["verdict"]) == {"inconclusive"}
    assert found["note"].str.contains("only 9 clusters").all()
    assert found["estimate"].notna().all()


def test_an_effect_too_small_to_matter_settles_nothing(rows):
    small = answer(0.001, estimate=0.07)
    small = Answer(**{**vars(small), "conf_low": 0.01, "conf_high": 0.13})
    found = rows((claim("one", "exploratory"),), {"one": small})
    assert found.loc["one", "verdict"] == "inconclusive"
    assert "too small to matter" in found.loc["one", "note"]
    narrow = Answer(**{**vars(small), "low_equivalence": 0.02, "high_equivalence": 0.09})
    assert rows((claim("one"),), {"one": narrow}).loc["one", "verdict"] == "equivalent"


def test_answers_on_fewer_than_ten_engagements_are_not_given(rows):
    found = rows((claim("one"),), {"one": answer(0.001, n_engagements=9.0)})
    assert found.loc["one", "verdict"] == "not_testable"
    assert found[[c for c in ("estimate", "n_engagements") if c in found]].isna().all().all()


def comparison(correlations):
    return pd.DataFrame(
        [
            {
                "dataset": name, "analysis": "grid", "term": "correlation", "rater": "advisee",
                "outcome": "goal", "outcome_source": "third_party", "phase": "end",
                "timing": "prospective", "estimate": r, "std_error": 0.05, "n_engagements": 300,
                "n_advisors": 40, "method": "jackknife_fisher_z", "primary": True,
                "verdict": None, "note": None,
            }
            for name, r in correlations.items()
        ]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("correlations", "verdict"),
    [
        ({"a": 0.40, "b": 0.42, "c": 0.38, "d": 0.41}, "supported"),
        ({"a": 0.40, "b": 0.05, "c": 0.02, "d": 0.45}, "inconclusive"),
        ({"a": 0.40, "b": -0.40, "c": 0.41, "d": 0.39}, "opposed"),
        ({"a": 0.40}, "not_testable"),
    ],
)
def test_a_claim_across_datasets_rests_on_where_a_further_one_may_lie(
    correlations, verdict, ledger, made
):
    settings = dict(zip("abcd", ("mentoring", "other", "mentoring", "other"), strict=True))
    plan = made().data().plan.comparison
    table = synthesise(comparison(correlations), settings, plan)
    rows = answer_across(ledger, table, settings)
    assert rows["claim"].tolist() == ["generalises-across-settings"]
    row = rows.iloc[0]
    assert row["verdict"] == verdict, row["note"]
    assert pd.isna(row["dataset"])
    if verdict == "not_testable":
        assert row["note"].startswith("missing: ")
    else:
        assert row["conf_low"] < row["estimate"] < row["conf_high"]
        assert row["n_engagements"] == 1200
    if verdict == "opposed":
        assert "the directions conflict" in row["note"]
