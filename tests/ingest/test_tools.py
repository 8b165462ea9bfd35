"""What survey tools put into their exports: header rows, test responses, declared missing codes."""

import datetime

import pandas as pd
import pyreadstat
import pytest

from analysis.contract.faults import UserFault
from analysis.ingest.tools import TEST_RESPONSE

SURVEY = (
    "Status,IPAddress,Case,Role,Time,Q1,Q2\n"
    'Response Type,IP Address,Case,Role,Time,"How often\ndoes it hold? - 1",- 2\n'
    '"{""ImportId"":""status""}","{""ImportId"":""ipAddress""}","{""ImportId"":""a""}",'
    '"{""ImportId"":""b""}","{""ImportId"":""c""}","{""ImportId"":""QID1_1""}",'
    '"{""ImportId"":""QID1_2""}"\n'
    "IP Address,203.0.113.1,007,Client,1,4,5\n"
    "IP Address,203.0.113.2,007,Coach,1,3,3\n"
    "Survey Preview,,007,Client,1,1,1\n"
    "Spam,203.0.113.9,007,Coach,1,1,1\n"
    "survey preview,,8,Client,1,1,1\n"
)


def faults(small) -> str:
    with pytest.raises(UserFault) as fault:
        small.ingest()
    return str(fault.value)


def survey(small, text: str = SURVEY, **source: object) -> None:
    small.files["ratings.csv"] = text
    own = {"file": "ratings.csv", "format": "qualtrics", "drop": ["IPAddress"]}
    small.mapping["sources"]["ratings"] = own | source


def test_previews_and_spam_are_set_aside_and_counted(small):
    survey(small)
    tables, _ = small.ingest()
    assert tables["checkins"]["item_01"].tolist() == [4, 3]
    assert small.rows("checkins", "set aside", TEST_RESPONSE) == 3
    assert small.rows("checkins", "read", "rows in the raw table") == 5


def test_previews_are_set_aside_by_their_codes_too(small):
    survey(small, SURVEY.replace("\nSurvey Preview,", "\n1,").replace("\nSpam,", "\n8,"))
    tables, _ = small.ingest()
    assert tables["checkins"]["item_01"].tolist() == [4, 3]


def test_a_mapping_may_say_itself_what_does_not_count(small):
    survey(small, set_aside={"Role": ["coach"]})
    tables, _ = small.ingest()
    assert tables["checkins"]["rater"].tolist() == ["advisee", "advisee"]
    assert small.rows("checkins", "set aside", "set aside by the mapping, by 'Role'") == 2
    survey(small, set_aside={})
    tables, _ = small.ingest()
    assert len(tables["checkins"]) == 3
    survey(small, set_aside={"Rolle": ["Coach"]})
    assert "set_aside names the column 'Rolle'" in faults(small)


def test_a_qualtrics_export_without_its_third_row_is_refused(small):
    rows = SURVEY.splitlines(keepends=True)
    survey(small, rows[0] + "".join(rows[-5:]))
    assert "row 3: not the import identifiers" in faults(small)


def test_labels_instead_of_redcaps_raw_data_are_refused(small):
    small.files["ratings.csv"] = "Record ID,Event Name,Role,Time,Q1,Q2\n1,Start,Client,1,2,3\n"
    small.mapping["sources"]["ratings"]["format"] = "redcap"
    assert "column 'Event Name': these are labels" in faults(small)


def test_a_question_over_several_lines_is_named_in_one(small):
    small.files["ratings.csv"] = 'Case,Role,Time,"How  often?\n[1]",How often? [2]\n8,Coach,1,2,3\n'
    small.mapping["sources"]["ratings"]["format"] = "google_forms"
    small.mapping["tables"]["checkins"][0]["items"] = "How often? [{item}]"
    tables, _ = small.ingest()
    assert tables["checkins"]["item_02"].tolist() == [3]


@pytest.fixture
def spss(small):
    frame = pd.DataFrame(
        {
            "Case": ["007", "007", "8"],
            "Role": [1.0, 2.0, 1.0],
            "Time": [1.0, 1.0, 1.0],
            "Q1": [4.0, 99.0, 2.0],
            "Q2": [98.0, 3.0, None],
            "Day": [datetime.date(2018, 1, 2)] * 3,
        }
    )
    pyreadstat.write_sav(
        frame,
        str(small.folder / "ratings.sav"),
        variable_value_labels={
            "Role": {1: "Client", 2: "Coach"},
            "Q1": {1: "Seldom", 5: "Always", 99: "No answer"},
            "Q2": {98: "Does not apply"},
        },
        missing_ranges={"Q1": [{"lo": 98, "hi": 99}], "Q2": [98, 99]},
    )
    small.mapping["sources"]["ratings"] = {"file": "ratings.sav", "drop": ["Day"]}
    del small.files["ratings.csv"]
    return small


def test_declared_missing_codes_are_counted_as_what_they_are(spss):
    tables, _ = spss.ingest()
    found = tables["checkins"][["rater", "item_01", "item_02"]]
    expected = pd.DataFrame(
        {
            "rater": ["advisee", "advisor", "advisee"],
            "item_01": [4.0, None, 2.0],
            "item_02": [None, 3.0, None],
        }
    )
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    told = "user-missing code 99 (No answer) read as missing"
    assert spss.rows("checkins", "mended", told) == 1
    told = "user-missing code 98 (Does not apply) read as missing"
    assert spss.rows("checkins", "mended", told) == 1


@pytest.mark.parametrize(
    "labels", [{"Client": "advisee", "Coach": "advisor"}, {1: "advisee", 2: "advisor"}]
)
def test_labels_may_be_value_labels_or_codes(spss, labels):
    spss.mapping["tables"]["checkins"][0]["columns"]["rater"]["labels"] = labels
    tables, _ = spss.ingest()
    assert tables["checkins"]["rater"].tolist() == ["advisee", "advisor", "advisee"]
    spss.mapping["tables"]["checkins"][0]["where"] = {"Role": ["Coach"]}
    tables, _ = spss.ingest()
    assert tables["checkins"]["rater"].tolist() == ["advisor"]


def test_a_file_that_is_no_spss_file_is_named(small):
    small.files["ratings.sav"] = b"not an SPSS file"
    small.mapping["sources"]["ratings"] = {"file": "ratings.sav", "drop": ["Day"]}
    assert "ratings.sav: cannot be read as an SPSS data file" in faults(small)


def test_words_of_rows_that_a_part_does_not_choose_are_no_faults(small):
    small.files["ratings.csv"] += "9,Colleague,1,lots,3\n"
    small.mapping["tables"]["checkins"][0]["where"] = {"Role": ["Client", "Coach"]}
    tables, _ = small.ingest()
    assert len(tables["checkins"]) == 5


def test_faults_of_all_files_are_told_at_once(small):
    small.files["engagements.csv"] = small.files["engagements.csv"].replace("Done", "Gone", 1)
    small.files["ratings.csv"] += "9,Boss,2,3,3\n"
    small.mapping["sources"]["outcomes"]["file"] = "outcome.csv"
    message = faults(small)
    for word in ("'Status', row 2: its label", "'Role', row 7: its label", "outcome.csv: there is"):
        assert word in message


def test_where_personal_data_are_found_no_other_fault_repeats_a_cell(small):
    small.files["engagements.csv"] = (
        "Case,Client,Coach,Status\n007,a,x,Ida Quillfeather\n8,b,x,Max Oxenbridge\n9,c,y,Done\n"
    )
    message = faults(small)
    assert "column 'Status': personal names" in message
    assert "Quillfeather" not in message
