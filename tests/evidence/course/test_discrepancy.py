"""Early discrepancy: verdicts on simulated truth, and where there is no surface."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.contract.plan import ComparisonPlan, ProcessPlan
from analysis.evidence.cells import collect_cells
from analysis.evidence.course.discrepancy import VERDICT, describe_discrepancy

PRIMARY = ("goal_attainment", "third_party", "end")
DECLARED = {"goal_attainment": SimpleNamespace(timing="prospective", higher_is="better")}


def describe(tables, instruments, primary=PRIMARY, declared=DECLARED, **changes):
    tables = {**tables, **changes}
    return describe_discrepancy(
        tables["frame"],
        tables["alliance"],
        collect_cells(tables["frame"], tables["outcomes"], declared),
        instruments,
        "advisor_id",
        primary,
        ComparisonPlan(),
        ProcessPlan(),
    )


def verdict_of(rows):
    row = rows[rows["term"] == VERDICT]
    assert len(row) == 1
    return row.iloc[0]


@pytest.mark.parametrize(("loss", "verdict"), [(0.5, "supported"), (-0.5, "opposed")])
def test_loss_and_gain_away_from_agreement_are_found(make_course, instruments, loss, verdict):
    tables = make_course(np.random.default_rng(1), advisors=60, caseload=12, discrepancy=loss)
    rows = describe(tables, instruments)
    row = verdict_of(rows)
    assert row["verdict"] == verdict and bool(row["primary"])
    assert np.sign(row["estimate"]) == -np.sign(loss)
    centre = rows[rows["term"] == "centre"].iloc[0]
    assert centre["estimate"] == 4.0


def test_no_curvature_in_many_engagements_is_equivalent_and_in_few_inconclusive(
    make_course, instruments
):
    many = make_course(np.random.default_rng(2), advisors=150, caseload=30)
    assert verdict_of(describe(many, instruments))["verdict"] == "equivalent"
    few = make_course(np.random.default_rng(2), advisors=20, caseload=6)
    assert verdict_of(describe(few, instruments))["verdict"] == "inconclusive"


def test_an_outcome_that_is_better_when_low_is_turned(make_course, instruments):
    tables = make_course(np.random.default_rng(3), advisors=60, caseload=12, discrepancy=0.5)
    outcomes = tables["outcomes"].assign(value=lambda f: -f["value"])
    declared = {"goal_attainment": SimpleNamespace(timing="prospective", higher_is="worse")}
    rows = describe(tables, instruments, declared=declared, outcomes=outcomes)
    assert verdict_of(rows)["verdict"] == "supported"


def test_region_holds_only_cells_with_enough_and_no_counts(make_course, instruments):
    tables = make_course(np.random.default_rng(4))
    rows = describe(tables, instruments)
    cells = rows[rows["term"] == "surface"]
    assert 3 < len(cells) < 60
    assert cells["n_engagements"].nunique() == 1
    assert cells["method"].str.fullmatch(r"advisee [\d.]+, advisor [\d.]+").all()


def test_early_against_late_is_given_or_said_to_be_missing(make_course, instruments):
    tables = make_course(np.random.default_rng(5), discrepancy=0.5)
    rows = describe(tables, instruments).set_index("term")
    assert np.isfinite(rows.loc["a4 early minus late", "conf_low"])
    early = tables["alliance"][tables["alliance"]["occasion"] <= 3]
    rows = describe(tables, instruments, alliance=early).set_index("term")
    assert (
        "0 engagements have ratings by both after the window"
        in (rows.loc["a4 early minus late", "note"])
    )


def test_same_source_is_marked_and_decides_nothing(make_course, instruments):
    tables = make_course(np.random.default_rng(6))
    own = tables["outcomes"].assign(source="advisee")
    both = pd.concat([tables["outcomes"], own], ignore_index=True)
    rows = describe(tables, instruments, outcomes=both)
    marked = rows[rows["outcome_source"] == "advisee"]
    assert len(marked) and marked["note"].str.startswith("same source").all()
    assert not marked["primary"].any()
    refused = describe(tables, instruments, ("goal_attainment", "advisee", "end"), outcomes=both)
    assert verdict_of(refused)["verdict"] == "not_testable"
    assert "given by the advisee" in verdict_of(refused)["note"]


def test_what_has_no_surface_is_not_testable_with_its_reason(make_course, instruments):
    tables = make_course(np.random.default_rng(7))
    alone = tables["frame"].drop(columns=["advisor_total"])
    row = verdict_of(describe(tables, instruments, frame=alone))
    assert row["verdict"] == "not_testable" and "the advisor never rated" in row["note"]
    row = verdict_of(describe(tables, instruments, (None, None, "end")))
    assert "names no primary outcome" in row["note"]
    row = verdict_of(describe(tables, instruments, ("goal_attainment", "record", "end")))
    assert "no value of goal_attainment by record" in row["note"]
    few = tables["outcomes"].head(40)
    row = verdict_of(describe(tables, instruments, outcomes=few))
    assert row["verdict"] == "not_testable" and "a surface needs 60" in row["note"]
    early = tables["outcomes"].assign(week=1.0)
    row = verdict_of(describe(tables, instruments, outcomes=early))
    assert row["verdict"] == "not_testable" and "order in time is wrong" in row["note"]


def test_ratings_or_outcomes_that_never_vary_are_inconclusive(make_course, instruments):
    tables = make_course(np.random.default_rng(8))
    flat = tables["frame"].assign(advisee_total=4.0)
    row = verdict_of(describe(tables, instruments, frame=flat))
    assert row["verdict"] == "inconclusive" and "no variance" in row["note"]
    same = tables["outcomes"].assign(value=1.0)
    row = verdict_of(describe(tables, instruments, outcomes=same))
    assert row["verdict"] == "inconclusive" and "no variance in the outcome" in row["note"]


def test_few_clusters_are_inconclusive(make_course, instruments):
    tables = make_course(np.random.default_rng(9), advisors=8, caseload=40, discrepancy=0.8)
    row = verdict_of(describe(tables, instruments))
    assert row["verdict"] == "inconclusive" and "only 8 clusters" in row["note"]
