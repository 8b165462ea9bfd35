"""The gap between the raters: its verdicts, what invariance allows, and bad input."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.plan import ComparisonPlan, ProcessPlan
from analysis.evidence.course.gap import VERDICT, describe_gap, read_invariance

CHOICES = ComparisonPlan(), ProcessPlan()


def describe(tables, instruments, **changes):
    tables = {**tables, **changes}
    return describe_gap(
        tables["alliance"],
        tables["engagements"],
        instruments,
        tables["measurement"],
        "advisor_id",
        *CHOICES,
    )


def verdict_of(rows):
    row = rows[rows["term"] == VERDICT]
    assert len(row) == 1
    return row.iloc[0]


def invariance(note, estimate):
    return pd.DataFrame(
        {
            "analysis": "invariance",
            "rater": None,
            "occasion": 1.0,
            "term": ["latent mean gap: goal", "latent mean gap: bond"],
            "estimate": estimate,
            "note": note,
        }
    )


@pytest.mark.parametrize(
    ("gap", "verdict"), [(0.6, "supported"), (-0.6, "opposed"), (0.0, "equivalent")]
)
def test_verdict_follows_the_gap_that_was_made(make_course, instruments, gap, verdict):
    tables = make_course(np.random.default_rng(1), advisors=60, caseload=12, gap=gap)
    rows = describe(tables, instruments)
    row = verdict_of(rows)
    assert row["verdict"] == verdict and bool(row["primary"])
    whole = rows[(rows["term"] == "gap") & rows["occasion"].isna()]
    assert set(whole["subscale"]) == {"total", "goal", "task", "bond"}
    assert (abs(whole["estimate"] - gap) < 4 * whole["std_error"]).all()


def test_gap_is_given_by_check_in_and_the_mixed_model_stands_beside_it(make_course, instruments):
    tables = make_course(np.random.default_rng(2), gap=0.3)
    rows = describe(tables, instruments)
    total = rows[rows["subscale"] == "total"]
    assert total.loc[total["term"] == "role", "occasion"].isna().sum() == 1
    assert set(total.loc[total["term"] == "role", "occasion"].dropna()) == {1, 2, 3, 4, 5, 6}
    whole = total[total["occasion"].isna()].drop_duplicates("term").set_index("term")
    # On dyads with both ratings the mixed model's role is the mean difference.
    assert whole.loc["role", "estimate"] == pytest.approx(whole.loc["gap", "estimate"])
    assert whole.loc["role", "n_engagements"] == whole.loc["gap", "n_engagements"]
    assert np.isnan(whole.loc["role", "n_advisors"])


def test_settings_are_told_apart_where_there_are_several(make_course, instruments):
    tables = make_course(np.random.default_rng(3))
    engagements = tables["engagements"].assign(
        setting=lambda f: np.where(f.index % 2 == 0, "mentoring", "executive_coaching")
    )
    rows = describe(tables, instruments, engagements=engagements)
    assert {"gap in mentoring", "gap_d in executive_coaching"} <= set(rows["term"])


def test_few_check_ins_are_not_given(make_course, instruments):
    tables = make_course(np.random.default_rng(4))
    alliance = tables["alliance"]
    few = (alliance["occasion"] == 6) & (alliance["engagement_id"] > "e0008")
    rows = describe(tables, instruments, alliance=alliance[~few])
    last = rows[(rows["occasion"] == 6) & (rows["subscale"] == "total")]
    assert last["estimate"].isna().all() and last["n_engagements"].isna().all()
    assert last["note"].str.contains("not given").all()


def test_few_clusters_or_one_are_inconclusive(make_course, instruments):
    tables = make_course(np.random.default_rng(5), advisors=8, gap=1.0)
    assert "only 8 clusters" in verdict_of(describe(tables, instruments))["note"]
    engagements = tables["engagements"].assign(advisor_id="one")
    row = verdict_of(describe(tables, instruments, engagements=engagements))
    assert row["verdict"] == "inconclusive" and "one cluster" in row["note"]


def test_what_has_no_gap_is_not_testable_with_its_reason(make_course, instruments):
    tables = make_course(np.random.default_rng(6))
    alone = tables["alliance"][tables["alliance"]["rater"] == "advisee"]
    row = verdict_of(describe(tables, instruments, alliance=alone))
    assert row["verdict"] == "not_testable" and "advisor never rated" in row["note"]
    five = instruments["advisor"].model_copy(
        update={"responses": type(instruments["advisor"].responses)(minimum=1, maximum=5)}
    )
    row = verdict_of(describe(tables, {**instruments, "advisor": five}))
    assert (
        row["verdict"] == "not_testable" and "different scales (1 to 7 and 1 to 5)" in row["note"]
    )
    apart = tables["alliance"].copy()
    apart.loc[apart["rater"] == "advisor", "occasion"] += 10
    row = verdict_of(describe(tables, instruments, alliance=apart))
    assert row["verdict"] == "not_testable" and "fewer than 10" in row["note"]


def test_ratings_that_never_vary_are_no_crash(make_course, instruments):
    tables = make_course(np.random.default_rng(7))
    flat = tables["alliance"].assign(goal=4.0, task=4.0, bond=4.0, total=4.0)
    row = verdict_of(describe(tables, instruments, alliance=flat))
    assert row["verdict"] == "inconclusive" and "does not vary" in row["note"]


@pytest.mark.parametrize(
    ("note", "estimate", "state"),
    [
        ("in the latent standard deviations of the advisee", 0.2, "held"),
        ("in the latent standard deviations of the advisee; partial: item_01 free", 0.2, "partial"),
        ("not comparable: the scalar step does not hold", np.nan, "not"),
        ("not comparable: fewer rows than variables", np.nan, "unknown"),
    ],
)
def test_what_invariance_allows_stands_beside_the_verdict(
    make_course, instruments, note, estimate, state
):
    measurement = invariance(note, estimate)
    found, told = read_invariance(measurement)
    assert found == state
    tables = make_course(np.random.default_rng(8))
    rows = describe(tables, instruments, measurement=measurement)
    assert told in verdict_of(rows)["note"]
    latent = rows[rows["term"] == "latent gap"]
    assert list(latent["subscale"]) == ([] if np.isnan(estimate) else ["goal", "bond"])
    assert latent["note"].str.startswith("at check-in 1").all()


def test_without_any_invariance_row_nothing_is_known(make_course):
    assert read_invariance(pd.DataFrame())[0] == "unknown"
    refused = invariance("only one rater answered", np.nan).assign(term=None)
    assert read_invariance(refused)[0] == "unknown"
