"""The part on what would change the answer."""

import pandas as pd
import pytest

from analysis.contract.estimates import COLUMNS
from analysis.present.change import describe_change

NO_CHOICES = pd.DataFrame(columns=list(COLUMNS))


def test_every_doubt_has_its_number_and_the_study_it_takes(tables, plan):
    part = describe_change(tables["coaching"], NO_CHOICES, plan.comparison, "organisations")
    (table,) = part.tables
    doubts = [row[0] for row in table.rows]
    assert doubts[0] == "As recorded: the interval of record"
    assert any("measured more reliably" in doubt for doubt in doubts)
    assert any("within organisations" in doubt for doubt in doubts)
    assert not any("advisor" in doubt for doubt in doubts)
    assert table.rows[0][4] == "advisee ahead"
    said = " ".join(part.paragraphs)
    assert "This study has 20 organisations with about 8 engagements each" in said
    assert "±.10" in said and "80 %" in said


@pytest.mark.parametrize("name", ["advising", "support", "mentoring"])
def test_without_an_answer_the_reason_is_said(tables, plan, name):
    part = describe_change(tables[name], NO_CHOICES, plan.comparison)
    assert part.paragraphs[0].startswith("The question could not be put to these data: ")
    assert not part.tables


def test_a_line_that_reads_otherwise_is_counted(tables, plan):
    table = tables["coaching"].copy()
    turned = (table["analysis"] == "disattenuated") & table["estimate"].notna()
    table.loc[turned, ["estimate", "conf_low", "conf_high"]] *= -1
    table.loc[turned, ["conf_low", "conf_high"]] = table.loc[
        turned, ["conf_high", "conf_low"]
    ].to_numpy()
    # With so few folds the out-of-sample line settles nothing by itself.
    before, after = (
        describe_change(one, NO_CHOICES, plan.comparison).paragraphs[0]
        for one in (tables["coaching"], table)
    )
    assert before.startswith("One line of 3 that answer a doubt would read otherwise")
    assert after.startswith("2 lines of 3 that answer a doubt would read otherwise")
    own = table[~table["analysis"].isin(["out_of_sample", "multilevel"])]
    agreeing = own[own["analysis"] != "disattenuated"]
    told = describe_change(agreeing, NO_CHOICES, plan.comparison).paragraphs[0]
    assert told == "No line but the interval of record is given: nothing is known of any doubt."
