"""Synthesis across datasets: hand-made tables with a known answer, and hard cases."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.synthesis import decide_generalisation, random_effects, synthesise

PLAN = ComparisonPlan()


def table(name, difference, r_advisee=0.4, *, std_error=0.05, source="record", advisors=40):
    """A dataset's comparison, cut down to what a synthesis reads."""
    shared = {
        "dataset": name,
        "outcome": "goal",
        "outcome_source": source,
        "phase": "end",
        "timing": "prospective",
        "n_engagements": 200,
        "n_advisors": advisors,
        "primary": True,
        "verdict": None,
        "note": None,
    }
    rows = [
        {"analysis": "clustered", "term": "difference", "estimate": difference},
        {"analysis": "disattenuated", "term": "difference", "estimate": difference},
    ]
    for row in rows:
        row |= {"std_error": std_error, "method": "jackknife", "rater": None}
    for rater, r in (("advisee", r_advisee), ("advisor", r_advisee - difference)):
        row = {"analysis": "grid", "term": "correlation", "rater": rater, "estimate": r}
        rows.append(row | {"std_error": std_error, "method": "jackknife_fisher_z"})
    return pd.DataFrame([shared | row for row in rows])


def together(*tables):
    whole = pd.concat(tables, ignore_index=True)
    return whole, {name: name for name in whole["dataset"].unique()}


def row_of(rows, analysis, term, rater=None):
    own = rows[(rows["analysis"] == analysis) & (rows["term"] == term)]
    if rater is not None:
        own = own[own["rater"] == rater]
    assert len(own) == 1
    return own.iloc[0]


def test_the_mean_is_that_of_random_effects():
    rows = synthesise(*together(table("a", 0.1), table("b", 0.3, 0.5), table("c", 0.25)), PLAN)
    told = random_effects([0.1, 0.3, 0.25], [0.05**2] * 3, knapp_hartung=True).iloc[0]
    mean = row_of(rows, "clustered", "mean")
    for name in ("estimate", "std_error", "conf_low", "conf_high"):
        assert mean[name] == pytest.approx(told[name])
    assert row_of(rows, "clustered", "tau2")["estimate"] == pytest.approx(told["tau2"])
    prediction = row_of(rows, "clustered", "prediction")
    assert prediction["conf_low"] == pytest.approx(told["pred_low"])
    assert "3 datasets" in mean["note"]
    without = rows[(rows["term"] == "without") & (rows["analysis"] == "clustered")]
    assert without.set_index("dataset").loc["a", "estimate"] == pytest.approx(0.275)


def test_correlations_are_pooled_on_fishers_z():
    rows = synthesise(*together(table("a", 0.1, 0.2), table("b", 0.1, 0.6)), PLAN)
    z = np.arctanh([0.2, 0.6])
    variances = (0.05 / (1 - np.array([0.2, 0.6]) ** 2)) ** 2
    told = random_effects(z, variances, knapp_hartung=True).iloc[0]
    mean = row_of(rows, "correlation", "mean", "advisee")
    assert mean["estimate"] == pytest.approx(np.tanh(told["estimate"]))
    assert mean["conf_high"] == pytest.approx(np.tanh(told["conf_high"]))


def test_a_clear_difference_is_supported_and_its_opposite_opposed():
    same = [table(name, d) for name, d in zip("abcde", (0.2, 0.22, 0.25, 0.18, 0.21), strict=True)]
    verdict = row_of(synthesise(*together(*same), PLAN), "verdict", "difference")
    assert verdict["verdict"] == "supported"
    turned = [table(name, -0.2 - 0.01 * i) for i, name in enumerate("abcde")]
    verdict = row_of(synthesise(*together(*turned), PLAN), "verdict", "difference")
    assert verdict["verdict"] == "opposed"


def test_small_differences_everywhere_are_equivalent():
    small = [table(n, d, std_error=0.02) for n, d in zip("abcd", (0.01, -0.01, 0, 0), strict=True)]
    verdict = row_of(synthesise(*together(*small), PLAN), "verdict", "difference")
    assert verdict["verdict"] == "equivalent"


def test_conflicting_directions_are_shown_and_not_averaged_away():
    apart = [table("a", 0.3), table("b", -0.3), table("c", 0.28), table("d", 0.31)]
    rows = synthesise(*together(*apart), PLAN)
    verdict = row_of(rows, "verdict", "difference")
    assert verdict["verdict"] == "inconclusive"
    assert "above 0 in a, c, d; below in b" in verdict["note"]
    assert "conflict" in row_of(rows, "clustered", "mean")["note"]


def test_a_single_dataset_says_so():
    rows = synthesise(*together(table("only", 0.2)), PLAN)
    assert "single dataset" in row_of(rows, "clustered", "mean")["note"]
    verdict = row_of(rows, "verdict", "difference")
    assert verdict["verdict"] == "not_testable"
    assert "only" in verdict["note"]
    assert row_of(rows, "verdict", "generalises")["verdict"] == "not_testable"


def test_no_dataset_at_all_is_an_answer_too():
    rows = synthesise(*together(table("a", 0.2, source="advisee")), PLAN)
    assert row_of(rows, "verdict", "difference")["verdict"] == "not_testable"
    left_out = row_of(rows, "clustered", "effect")
    assert np.isnan(left_out["estimate"])
    assert "no outcome from a third party or a record" in left_out["note"]


def test_too_few_clusters_leave_a_dataset_out():
    rows = synthesise(*together(table("a", 0.2, advisors=6), table("b", 0.2)), PLAN)
    own = rows[(rows["analysis"] == "clustered") & (rows["term"] == "effect")].set_index("dataset")
    assert "6 clusters, fewer than 10" in own.loc["a", "note"]
    assert own.loc["b", "estimate"] == pytest.approx(0.2)


def test_a_dataset_without_a_usable_primary_cell_gives_its_first_other():
    self_rated = table("a", 0.5, source="advisee")
    other = table("a", 0.1).assign(primary=False, outcome="renewal")
    rows = synthesise(*together(self_rated, other), PLAN)
    effect = row_of(rows, "clustered", "effect")
    assert effect["outcome"] == "renewal"
    assert "not the primary" in effect["note"]


def test_settings_are_compared_where_two_have_two_datasets_each():
    tables = [
        table(n, d) for n, d in zip("abcdef", (0.3, 0.28, 0.32, 0.0, 0.02, 0.01), strict=True)
    ]
    whole, _ = together(*tables)
    settings = dict(zip("abcdef", ["coaching"] * 3 + ["support"] * 3, strict=True))
    rows = synthesise(whole, settings, PLAN)
    coaching = row_of(rows, "clustered", "setting: coaching")
    assert coaching["estimate"] == pytest.approx(0.30)
    differ = row_of(rows, "clustered", "settings_differ")
    assert differ["p_value"] < 0.001
    rows = synthesise(whole, {name: name for name in "abcdef"}, PLAN)
    assert "not given" in row_of(rows, "clustered", "settings_differ")["note"]


@pytest.mark.parametrize(
    ("r", "verdict"),
    [
        ((0.4, 0.38, 0.42, 0.41), "supported"),
        ((-0.4, -0.38, -0.42, -0.41), "opposed"),
        ((0.4, -0.4, 0.42, 0.41), "opposed"),
        ((0.1, 0.0, 0.3, 0.0), "inconclusive"),
    ],
)
def test_generalising_is_decided_by_the_prediction_interval(r, verdict):
    whole, settings = together(*[table(n, 0.1, one) for n, one in zip("abcd", r, strict=True)])
    rows = synthesise(whole, settings, PLAN)
    assert decide_generalisation(rows, settings)[0] == verdict
    assert row_of(rows, "verdict", "generalises")["verdict"] == verdict


def test_one_setting_is_no_test_of_several():
    whole, _ = together(*[table(name, 0.1) for name in "abcd"])
    settings = dict.fromkeys("abcd", "coaching")
    verdict, reason = decide_generalisation(synthesise(whole, settings, PLAN), settings)
    assert verdict == "not_testable"
    assert "1 setting" in reason


def test_the_order_of_datasets_does_not_matter():
    tables = [table("a", 0.1), table("b", 0.3), table("c", 0.2)]
    one = synthesise(*together(*tables), PLAN)
    other = synthesise(*together(*tables[::-1]), PLAN)
    pd.testing.assert_frame_equal(one, other)
