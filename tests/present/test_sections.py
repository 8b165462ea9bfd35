import pandas as pd

from analysis.present.lines import read_cells
from analysis.present.sections import (
    tabulate_grid,
    tabulate_lines,
    tabulate_outcomes,
    tabulate_provenance,
    tabulate_subscales,
)


def test_the_grid_fills_every_place_with_a_correlation_or_a_reason(tables):
    grid = tabulate_grid(tables["support"], {})
    assert grid.columns == ("Alliance rated by", "Advisee", "Advisor", "Third party", "Records")
    (rater, own, advisor, third, record), absent = grid.rows
    assert rater == "Advisee"
    assert own.startswith("Satisfaction (at the end, concurrent with the ratings): .")
    assert own.endswith("n = 160; same source: the rater also gave the outcome")
    assert advisor == "not testable: no outcome was given by source 'advisor'"
    assert third.startswith("not testable") and record.startswith("Resolution")
    assert set(absent[1:]) == {"not testable: the advisor never rated the alliance"}


def test_several_outcomes_of_one_source_stand_on_lines_of_their_own(tables):
    table = tables["coaching"].copy()
    table.loc[table["outcome_source"] == "advisor", "outcome_source"] = "advisee"
    lines = tabulate_grid(table, {"goal_attainment": "Goals"}).rows[0][1].splitlines()
    named = [line for line in lines if not line.startswith("not testable")]
    assert [line.split(" (")[0] for line in named] == ["Goals", "Satisfaction"]


def test_lines_of_evidence_name_the_level_of_each_interval(tables, plan):
    cells = read_cells(tables["coaching"])
    table = tabulate_lines(tables["coaching"], cells[0], {}, plan.comparison, "advisors")
    by_line = {(row[0], row[1]): row for row in table.rows}
    record = by_line["Difference, clustered", "jackknife over clusters (of record)"]
    assert record[3].endswith("(95 %)") and record[5:7] == ("160", "20")
    narrow = "jackknife over clusters, interval for equivalence"
    assert by_line["Difference, clustered", narrow][3].endswith("(90 %)")
    steiger = by_line["Difference, naive", "Steiger's z"]
    assert steiger[3] == "–" and steiger[7].startswith("assumes independent dyads")
    assert ("Correlation of the two ratings", "jackknife over clusters, on Fisher's z") in by_line
    assert [table.rows[place] for place in table.marked] == [record]


def test_lines_are_those_of_one_outcome_only(tables, plan):
    counts = [
        len(tabulate_lines(tables["coaching"], cell, {}, plan.comparison, "advisors").rows)
        for cell in read_cells(tables["coaching"])
    ]
    own = tables["coaching"]
    lines = own[~own["analysis"].isin(["grid", "verdict"])]
    assert sum(counts) == len(lines)
    assert min(counts) > 10


def test_outcomes_are_marked_by_source_and_told_why_they_were_not_compared(tables, plan):
    table = tabulate_outcomes(read_cells(tables["support"]), {}, plan.comparison, "advisors")
    primary, other = table.rows
    assert primary[1].endswith("; primary outcome") and table.marked == {0}
    assert other[1].endswith("; same source as the advisee’s rating")
    assert primary[3:6] == ("–", "–", "–")
    assert primary[6] == "160 (20)"
    assert primary[7].startswith("ratings of the alliance by the advisor are missing")


def test_provenance_is_in_a_stable_order_whatever_the_mappings():
    first = tabulate_provenance({"b_hash": "2", "a": {"y": None, "x": 1}, "git": {"commit": "f"}})
    assert first.rows == (("a: x", "1"), ("a: y", "–"), ("b hash", "2"))


def test_subscales_stand_beside_the_total_for_the_primary_outcome(tables, plan):
    total = tables["coaching"]
    assert tabulate_subscales(total, plan.comparison, "advisors") is None
    bond = total[total["analysis"] != "grid"].assign(subscale="bond", primary=False)
    bond["estimate"] = bond["estimate"] / 2
    table = tabulate_subscales(pd.concat([total, bond]), plan.comparison, "advisors")
    assert [row[0] for row in table.rows] == ["Total", "Bond"]
    assert all(cell not in ("", "–") for row in table.rows for cell in row)
    assert table.rows[0][1:4] != table.rows[1][1:4]


def test_lines_with_several_terms_say_which_a_row_is(tables, plan):
    table = tables["coaching"]
    cell = read_cells(table)[0]
    one = table[(table["analysis"] == "clustered") & (table["outcome_source"] == cell.source)]
    slopes = one.head(1).assign(analysis="multilevel", method="reml")
    added = pd.concat(
        [
            table[table["analysis"] != "multilevel"],
            slopes.assign(term="within_difference"),
            slopes.assign(term="between_advisor", rater="advisor"),
        ],
        ignore_index=True,
    )
    rows = tabulate_lines(added, cell, {}, plan.comparison, "advisors").rows
    named = {(row[0], row[1]) for row in rows if row[0].startswith("Slopes")}
    method = "mixed model, restricted likelihood"
    assert named == {
        ("Slopes within and between clusters: difference within", method),
        ("Slopes within and between clusters, advisor’s rating: between", method),
    }
