import re

import openpyxl
import pandas as pd
import pytest

from analysis.contract.faults import UserFault
from analysis.contract.mapping import Mapping
from analysis.ingest.checks import AFTER_END
from analysis.ingest.parts import BLANK, MARKED, NOT_CHOSEN, OUT_OF_RANGE, TRIMMED, TWICE, UNKNOWN


def test_clean_tables_keep_identifiers_as_text_and_labels_as_meant(small):
    tables, _ = small.ingest()
    assert tables["engagements"]["engagement_id"].tolist() == ["007", "8", "9"]
    assert tables["engagements"]["status"].tolist()[:2] == ["completed", "completed"]
    checkins = tables["checkins"].set_index(["engagement_id", "rater"])
    assert checkins.loc[("007", "advisee"), ["item_01", "item_02"]].tolist() == [4, 5]
    assert checkins["instrument"].unique().tolist() == ["pair"]
    assert tables["outcomes"].set_index("engagement_id")["value"].to_dict() == {"007": 1, "8": 0}
    assert tables["events"].empty


def test_every_raw_row_is_kept_or_set_aside(small):
    small.files["ratings.csv"] += "\n,,,,\n77,Client,1,2,2\n8,Client,2,,\n"
    _, flow = small.ingest()
    steps = flow[flow["table"] == "checkins"].groupby("step")["rows"].sum()
    assert steps["read"] == 9
    assert steps["kept"] == 5
    assert steps["set aside"] == 4
    assert small.rows("checkins", "set aside", BLANK) == 2
    assert small.rows("checkins", "set aside", UNKNOWN) == 1
    assert small.rows("checkins", "set aside", "no answer given") == 1
    assert small.rows("outcomes", "set aside", "no value given") == 1


def test_dirt_is_mended_and_counted(small):
    small.files["ratings.csv"] = (
        "Case,Role,Time,Q1,Q2\n"
        "007,Client ,1,4,5\n007,Coach,1,77,3\n8,Client,1,-99,2\n8,Coach,1,1,n/a\n"
    )
    tables, _ = small.ingest()
    assert small.rows("checkins", "mended", TRIMMED) == 1
    assert small.rows("checkins", "mended", OUT_OF_RANGE) == 1
    assert small.rows("checkins", "mended", MARKED) == 2
    assert tables["checkins"]["item_01"].isna().sum() == 2


@pytest.mark.parametrize(("policy", "kept"), [("first", 2), ("last", 5)])
def test_of_two_submissions_the_mapping_says_which_counts(small, policy, kept):
    small.mapping["duplicates"] = policy
    small.files["ratings.csv"] += "8,Client,1,5,5\n"
    tables, _ = small.ingest()
    checkins = tables["checkins"].set_index(["engagement_id", "rater"])
    assert checkins.loc[("8", "advisee"), "item_01"] == kept
    assert small.rows("checkins", "set aside", TWICE[policy]) == 1


def test_two_submissions_are_refused_unless_the_mapping_has_a_policy(small):
    small.mapping["duplicates"] = "refuse"
    small.files["ratings.csv"] += "8,Client,1,5,5\n"
    with pytest.raises(UserFault, match=r"ratings\.csv, column 'Case, Role, Time', row 7.*before"):
        small.ingest()


def test_a_wide_table_becomes_long(small):
    small.files["ratings.csv"] = (
        "Case,Role,T1_Q1,T1_Q2,T2_Q1,T2_Q2\n007,Client,1,2,3,4\n8,Coach,,,5,5\n"
    )
    part = small.mapping["tables"]["checkins"][0]
    part["each"] = {"time": [1, 2]}
    part["columns"]["occasion"] = {"value": "{time}"}
    part["items"] = "T{time}_Q{item}"
    tables, _ = small.ingest()
    found = tables["checkins"][["engagement_id", "rater", "occasion", "item_01", "item_02"]]
    expected = pd.DataFrame(
        {
            "engagement_id": ["007", "007", "8"],
            "rater": ["advisee", "advisee", "advisor"],
            "occasion": [1, 2, 2],
            "item_01": [1.0, 3, 5],
            "item_02": [2.0, 4, 5],
        }
    )
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    assert small.rows("checkins", "kept", "rows kept") == 2


def test_several_header_rows_semicolons_and_decimal_commas(small):
    small.files["outcomes.csv"] = "Case;Rate\nCase number;Rate in %\nid;id\n007;12,5\n8;3\n"
    small.mapping["sources"]["outcomes"] |= {"header_rows": 3, "delimiter": ";", "decimal": ","}
    small.mapping["tables"]["outcomes"][0]["columns"]["value"] = "Rate"
    tables, _ = small.ingest()
    assert tables["outcomes"]["value"].tolist() == [12.5, 3.0]


def test_a_workbooks_sheets_and_a_parquet_file_read_alike(small, tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Cases"
    for row in [
        ["Case", "Client", "Coach", "Status"],
        ["007", "a", "x", "Done"],
        [8, "b", "x", None],
    ]:
        sheet.append(row)
    book.save(tmp_path / "office.xlsx")
    small.mapping["sources"]["engagements"] = {"file": "office.xlsx", "sheet": "Cases"}
    pd.DataFrame({"Case": ["007", "8"], "Renewed": ["Yes", "No"]}).to_parquet(
        tmp_path / "outcomes.parquet"
    )
    small.mapping["sources"]["outcomes"] = {"file": "outcomes.parquet"}
    small.files["ratings.csv"] = small.files["ratings.csv"].replace("9,Client,1,3,NA\n", "")
    tables, _ = small.ingest()
    assert tables["engagements"]["engagement_id"].tolist() == ["007", "8"]
    assert len(tables["outcomes"]) == 2


def faults(small) -> str:
    with pytest.raises(UserFault) as fault:
        small.ingest()
    return str(fault.value)


def test_a_missing_file_says_what_is_there(small):
    small.mapping["sources"]["ratings"]["file"] = "rating.csv"
    assert "did you mean 'ratings.csv'" in faults(small)


def test_a_missing_column_says_which_exist(small):
    small.mapping["tables"]["checkins"][0]["columns"]["occasion"] = "Tme"
    message = faults(small)
    assert "column 'Tme' (for checkins.occasion) is not in ratings.csv" in message
    assert "did you mean 'Time'? There are: Case, Role, Time, Q1, Q2" in message


def test_a_key_that_names_an_item_the_data_lack_is_told(small):
    small.files["ratings.csv"] = small.files["ratings.csv"].replace("Q2", "Q3")
    message = faults(small)
    assert "column 'Q2' (for checkins.item_02) is not in ratings.csv" in message


def test_an_unknown_label_names_file_column_row_and_remedy(small):
    small.files["ratings.csv"] += "9,Boss,2,3,3\n"
    message = faults(small)
    assert "ratings.csv, column 'Role', row 7: its label is not known" in message
    assert "There are: Client, Coach" in message


def test_a_value_out_of_range_stops_the_run_unless_told_otherwise(small):
    small.mapping["out_of_range"] = "refuse"
    small.files["ratings.csv"] += "9,Coach,1,6,3\n9,Coach,2,3,0\n"
    message = faults(small)
    assert "column 'Q1', row 7: answer 6 is outside 1 to 5" in message
    assert "column 'Q2', row 8: answer 0 is outside 1 to 5" in message


def test_a_code_among_answers_in_words_is_out_of_range_or_a_fault(small):
    part = small.mapping["tables"]["checkins"][0]
    part["answers"] = {"No": 1, "Yes": 5}
    small.files["ratings.csv"] = "Case,Role,Time,Q1,Q2\n007,Client,1,Yes,77\n8,Client,1,no,Yes\n"
    tables, _ = small.ingest()
    assert tables["checkins"]["item_01"].tolist() == [5, 1]
    assert small.rows("checkins", "mended", OUT_OF_RANGE) == 1
    small.files["ratings.csv"] += "9,Client,1,3,Yes\n"
    assert "column 'Q1', row 4: its label is not known" in faults(small)


def test_all_faults_of_a_file_come_at_once(small):
    small.files["ratings.csv"] += "9,Boss,2,3,3\n9,Coach,x,3,3\n9,Coach,1.5,a,3\n"
    message = faults(small)
    assert "column 'Role', row 7: its label is not known" in message
    for place in (
        "'Time', row 8: what stands there is not",
        "'Q1', row 9: what stands there is not",
    ):
        assert place in message
    assert "1.5 is no whole number" in message


def test_no_fault_says_what_a_cell_says(small):
    small.files["ratings.csv"] += "9,Erika Musterfrau,2,3,3\n9,Coach,0171 234567,a@b.org,3\n"
    small.files["engagements.csv"] += "Zacharias,9,9,Erika\n"
    message = faults(small)
    for said in ("Erika", "Muster", "0171", "a@b", "Zacharias"):
        assert said not in message


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "has no header"),
        ("Case,Role,Time,Q1,Q2\n", "no usable row is left in checkins"),
        ("Case,Role,Time,Q1,Q2\n007,Client,1,2\n", "row 2: 4 cells where the header names 5"),
        ("Case,Role,Time,Q1,Q2\n007,Client,1,2,3,4\n", "row 2: 6 cells where the header names 5"),
        ("Case,Role,Time,Q1,Q1\n007,Client,1,2,3\n", "column 'Q1' occurs twice"),
        ("Case;Role;Time;Q1;Q2\n007;Client;1;2;3\n", "Set `delimiter` to ';'"),
        ("Case,Role,Time,Q1,Q2\n1000,Client,1,2,3\n", "1 engagement not among the engagements"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(small, text, word):
    small.files["ratings.csv"] = text
    assert word in faults(small)


def test_a_file_that_is_no_workbook_is_named(small, tmp_path):
    small.files["office.xlsx"] = b"not a workbook"
    small.mapping["sources"]["engagements"] = {"file": "office.xlsx"}
    assert "cannot be read as an Excel workbook" in faults(small)


def test_an_outcome_outside_its_declared_range_is_refused(small):
    small.mapping["outcomes"]["renewal"] |= {"minimum": 0, "maximum": 0.5}
    assert "outcome 'renewal' by record at end is 1, outside 0 to 0.5" in faults(small)
    assert "(1 such values)" in faults(small)


def test_an_outcome_that_is_not_declared_is_told_without_what_stands_there(small):
    small.files["outcomes.csv"] = "Case,Kind,Renewed\n007,renewal,Yes\n8,sweetpea,No\n"
    small.mapping["tables"]["outcomes"][0]["columns"]["outcome"] = "Kind"
    message = faults(small)
    assert "an outcome occurs in the data that is not declared (rows: 1)" in message
    assert "There are: renewal" in message
    assert "sweetpea" not in message


def test_two_values_of_one_outcome_are_refused(small):
    small.mapping["tables"]["outcomes"].append(small.mapping["tables"]["outcomes"][0])
    message = faults(small)
    assert "has two values of renewal by record at end" in message
    assert "007" not in message


def test_a_table_of_persons_gives_each_pair_once(small):
    small.files["people.csv"] = "Pair,Who\n1,wife\n1,husband\n2,Wife\n2,Husband\n"
    small.files["ratings.csv"] = "Case,Role,Time,Q1,Q2\n1,Client,1,2,3\n"
    small.mapping["sources"]["engagements"] = {"file": "people.csv"}
    small.mapping["tables"]["engagements"][0] = {
        "source": "engagements",
        "where": {"Who": ["Wife"]},
        "columns": {
            "engagement_id": "Pair",
            "advisee_id": "Pair",
            "advisor_id": "Pair",
            "setting": {"value": "other"},
        },
    }
    small.mapping["duplicates"] = "refuse"
    tables, _ = small.ingest()
    assert tables["engagements"]["engagement_id"].tolist() == ["1", "2"]
    assert small.rows("engagements", "set aside", NOT_CHOSEN) == 2


def with_weeks(small, weeks: list[str], ended: str = "") -> None:
    small.files["engagements.csv"] = f"Case,Client,Coach,Status,End\n007,a,x,Done,{ended}\n"
    rows = [f"007,Client,{number + 1},4,5,{week}" for number, week in enumerate(weeks)]
    small.files["ratings.csv"] = "\n".join(["Case,Role,Time,Q1,Q2,Week", *rows]) + "\n"
    small.mapping["tables"]["engagements"][0]["columns"]["ended_week"] = "End"
    small.mapping["tables"]["checkins"][0]["columns"]["week"] = "Week"


def test_a_check_in_after_the_end_is_left_out_and_counted(small):
    with_weeks(small, ["2", "4", "9"], ended="4")
    tables, _ = small.ingest()
    assert tables["checkins"]["occasion"].tolist() == [1, 2]
    assert small.rows("checkins", "left out", AFTER_END) == 1


def test_check_ins_out_of_order_stop_the_run(small):
    with_weeks(small, ["2", "1", "9"])
    message = faults(small)
    assert "advisee, check-in 2: 1 is of an earlier week than the one before" in message
    assert "007" not in message


def test_a_negative_week_names_its_row(small):
    with_weeks(small, ["-2", "1"])
    assert "column 'Week', row 2: -2 is below 0, the lowest week" in faults(small)


def test_labels_in_two_spellings_are_one_label(small):
    small.files["ratings.csv"] = small.files["ratings.csv"].replace("007,Client", "007, CLIENT")
    tables, _ = small.ingest()
    assert (tables["checkins"]["rater"] == "advisee").sum() == 3


def test_the_fault_of_the_most_rows_comes_first(small):
    small.files["ratings.csv"] += "9,Boss,2,3,3\n9,Coach,x,3,3\n9,Coach,y,3,3\n"
    message = faults(small)
    assert message.index("is not a number") < message.index("label is not known")
    assert "(and 1 more rows)" in message


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda m: m["tables"]["checkins"][0].update(source="rating"), "is no source"),
        (lambda m: m["tables"]["checkins"][0]["columns"].pop("rater"), "rater must be given"),
        (lambda m: m["tables"]["outcomes"][0]["columns"].update(mood="M"), "mood is no column"),
        (lambda m: m["tables"]["checkins"][0].pop("items"), "needs items or subscales"),
        (lambda m: m["tables"]["checkins"][0].update(items="Q{itm}"), "which `each` does not list"),
        (lambda m: m.update(primary_outcome="sales"), "'sales' is not among outcomes"),
        (lambda m: m.update(primary_source=None), "go together"),
        (lambda m: m.update(name="../up"), "pattern"),
        (lambda m: m["tables"]["checkins"][0].update(items=["Q1", "Q1"]), "stands for two answers"),
        (
            lambda m: m["tables"]["outcomes"][0].update(
                source="ratings",
                columns=m["tables"]["outcomes"][0]["columns"] | {"value": "Q{item}"},
            ),
            "uses {item}|alliance answer",
        ),
    ],
)
def test_a_mapping_that_contradicts_itself_is_refused(small, change, word):
    change(small.mapping)
    with pytest.raises(ValueError, match=word):
        Mapping.model_validate(small.mapping)


@pytest.mark.parametrize(
    ("rater", "word"),
    [
        ("{}", "uses {}, which `each` does not list"),
        ("{0}", "uses {0}"),
        ("{side.__class__}", "uses {side.__class__}"),
        ("{side:>9999999999}", "a placeholder is a name alone"),
        ("{side!r}", "a placeholder is a name alone"),
        ({"value": "{}"}, "uses {}"),
        ({"column": ""}, "at least 1 character"),
        ("  ", "at least 1 character"),
    ],
)
def test_a_placeholder_is_a_name_that_each_lists(small, rater, word):
    part = small.mapping["tables"]["checkins"][0]
    part["each"] = {"side": ["Role"]}
    part["columns"]["rater"] = "{side}"
    Mapping.model_validate(small.mapping)
    part["columns"]["rater"] = rater
    with pytest.raises(ValueError, match=re.escape(word)):
        Mapping.model_validate(small.mapping)


def test_placeholders_of_weeks_and_measures_are_looked_at_too(small):
    part = small.mapping["tables"]["outcomes"][0]
    part["columns"]["week"] = {"date": "Day", "since": "{}"}
    with pytest.raises(ValueError, match=re.escape("uses {}")):
        Mapping.model_validate(small.mapping)
    part["columns"] = {"engagement_id": "Case"}
    part["measures"] = [{"outcome": "renewal", "source": "record", "phase": "end", "value": "R{x}"}]
    with pytest.raises(ValueError, match=re.escape("uses {x}")):
        Mapping.model_validate(small.mapping)
