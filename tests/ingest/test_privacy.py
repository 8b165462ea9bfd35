"""Personal data at the door."""

import os
import time
from pathlib import Path

import pytest
import yaml

from analysis.contract.faults import UserFault
from analysis.contract.layout import Dataset
from analysis.contract.mapping import Mapping
from analysis.ingest.privacy import leave_behind, refuse_personal, refuse_personal_clean
from analysis.ingest.sources import read_raw

MAPPINGS = Path(__file__).parents[2] / "config/datasets"


def refusal(small) -> str:
    with pytest.raises(UserFault) as fault:
        small.ingest()
    return str(fault.value)


@pytest.fixture
def personal(small):
    """The small dataset with a person's particulars in columns that no part of it uses."""
    small.files["engagements.csv"] = (
        "Case,Client,Coach,Status,Client name,E-mail\n"
        "007,a,x,Done,Ann Archer,\n8,b,x,done,Bo Brewer,bo.brewer@example.org\n9,c,y,,,\n"
    )
    small.files["outcomes.csv"] = (
        'Case,Renewed,Seen from,Born,When\n007,Yes,192.168.4.20,3.4.1971,"2024-03-02 10:15"\n'
        "8,No,,,\n9,,,,\n"
    )
    return small


def test_all_that_is_personal_is_told_at_once_by_file_column_number_and_row(personal):
    told = refusal(personal)
    for line in (
        "engagements.csv, column 'Client name': personal names in 2 cells, first in row 2",
        "engagements.csv, column 'E-mail': e-mail addresses in 1 cell, first in row 3",
        "outcomes.csv, column 'Seen from': network addresses in 1 cell, first in row 2",
        "outcomes.csv, column 'Born': dates of birth in 1 cell, first in row 2",
        "outcomes.csv, column 'When': time stamps in 1 cell, first in row 2",
    ):
        assert line in told


def test_the_refusal_holds_no_value(personal):
    told = refusal(personal)
    for value in ("Archer", "Brewer", "example.org", "192.168", "1971", "2024"):
        assert value not in told


def test_the_lines_that_the_refusal_gives_are_the_remedy(personal):
    told = refusal(personal)
    lines = told[told.index("  sources:") :].splitlines()
    lines = [line for line in lines if line.startswith("  ")]
    for name, source in yaml.safe_load("\n".join(lines))["sources"].items():
        personal.mapping["sources"][name] |= source
    tables, _ = personal.ingest()
    assert len(tables["engagements"]) == 3


def test_a_dropped_column_is_searched_no_more_and_used_nowhere(personal):
    personal.mapping["sources"]["engagements"]["drop"] = ["Client name", "E-mail"]
    told = refusal(personal)
    assert "engagements.csv" not in told
    assert "outcomes.csv" in told


def test_a_drop_or_a_clearance_of_a_column_that_is_not_there_is_told(small):
    for key, value in (("drop", ["Staus"]), ("cleared", {"Staus": "a name misspelled"})):
        small.mapping["sources"]["engagements"][key] = value
        told = refusal(small)
        assert f"`sources.engagements.{key}` names the column 'Staus'" in told
        assert "did you mean 'Status'" in told
        del small.mapping["sources"]["engagements"][key]


def test_a_column_cannot_be_both_dropped_and_used_or_cleared(small):
    small.mapping["sources"]["engagements"]["drop"] = ["Coach"]
    assert "which the mapping uses for engagements.advisor_id" in refusal(small)
    small.mapping["sources"]["engagements"]["cleared"] = {"Coach": "these are codes"}
    with pytest.raises(ValueError, match="both dropped and cleared"):
        Mapping.model_validate(small.mapping)


def test_columns_that_the_mapping_uses_are_searched_too(small):
    small.files["engagements.csv"] = (
        "Case,Client,Coach,Status\n007,ann@example.org,Zoe Zimmer,Done\n"
        "8,bo@example.org,Zoe Zimmer,done\n9,cy@example.org,Yves York,\n"
    )
    told = refusal(small)
    assert "column 'Client': e-mail addresses in 3 cells, first in row 2" in told
    assert "column 'Coach': personal names in 3 cells, first in row 2" in told
    assert "uses 'Client' of engagements.csv for engagements.advisee_id: give everybody a" in told
    assert "drop:" not in told


def test_a_date_that_a_week_is_read_from_is_refused_with_its_remedy(small):
    small.files["ratings.csv"] = "Case,Role,Time,Q1,Q2,Day\n007,Client,1,4,5,2024-03-02\n"
    small.mapping["tables"]["checkins"][0]["columns"]["week"] = "Day"
    told = refusal(small)
    assert "column 'Day': exact dates in 1 cell, first in row 2" in told
    assert "let it be turned into weeks, `{date: Day}`" in told
    small.mapping["tables"]["checkins"][0]["columns"]["week"] = {"date": "Day", "since": "first"}
    tables, _ = small.ingest()
    assert tables["checkins"]["week"].tolist() == [0]
    small.mapping["tables"]["engagements"][0]["columns"]["begun"] = "Day"
    small.files["engagements.csv"] = "Case,Client,Coach,Status,Day\n007,a,x,Done,2024-03-01\n"
    assert "give weeks since the engagement began in place of dates" in refusal(small)
    assert "ratings.csv" not in refusal(small)


def test_a_date_of_birth_is_no_beginning(small):
    small.files["engagements.csv"] = "Case,Client,Coach,Status,Born\n007,a,x,Done,1984-03-01\n"
    small.mapping["tables"]["engagements"][0]["start"] = "Born"
    assert "column 'Born': dates of birth in 1 cell" in refusal(small)


def test_what_only_looks_personal_can_be_cleared_with_a_reason_and_the_certain_cannot(personal):
    personal.mapping["sources"]["engagements"]["cleared"] = {
        "Client name": "names of ships, not of people",
        "E-mail": "not in use any more",
    }
    told = refusal(personal)
    assert "'Client name'" not in told
    assert "column 'E-mail': e-mail addresses in 1 cell, first in row 3 (no reason clears" in told


def test_missing_marks_and_labels_that_the_mapping_spells_out_are_not_personal(small):
    labels = {
        f"I agree with statement number {word} of this list": n for n, word in enumerate("abc")
    }
    small.files["outcomes.csv"] = "Case,Renewed\n" + "".join(
        f"{case},{label}\n" for case, label in zip(["007", "8", "9"], labels, strict=True)
    )
    assert "column 'Renewed': free text" in refusal(small)
    small.mapping["tables"]["outcomes"][0]["columns"]["value"]["labels"] = labels
    tables, _ = small.ingest()
    assert tables["outcomes"]["value"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("2024-03-02", "exact dates"),
        ("see jo@example.org", "e-mail addresses"),
        ("+49 151 23456789", "telephone numbers"),
    ],
)
def test_a_clean_table_is_looked_at_before_it_is_written(small, value, kind):
    small.mapping["tables"]["engagements"][0]["columns"]["cohort"] = {"value": value}
    told = refusal(small)
    assert f"engagements, column 'cohort': {kind} in 3 cells" in told
    assert value not in told


def test_identifiers_are_not_looked_at_again_in_clean_tables(small):
    tables, _ = small.ingest()
    refuse_personal_clean(
        "small", tables | {"engagements": tables["engagements"].assign(engagement_id="2024-03-02")}
    )


@pytest.mark.parametrize("path", sorted(MAPPINGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_nothing_in_the_shipped_datasets_is_taken_for_personal_and_the_search_is_quick(path):
    dataset = Dataset(path)
    if "$" in dataset.mapping.folder and not os.environ.get("ALLIANCE_REAL_DATA"):
        pytest.skip("ALLIANCE_REAL_DATA names no folder")
    mapping = dataset.mapping
    raws = {
        name: leave_behind(name, read_raw(source, dataset.folder), mapping)
        for name, source in mapping.sources.items()
    }
    began = time.process_time()
    refuse_personal(mapping, raws)
    assert time.process_time() - began < 1


def test_a_mark_of_a_missing_value_is_nothing_personal(small):
    small.mapping["missing_marks"] = ["NA", "1900-01-01"]
    small.files["engagements.csv"] = "Case,Client,Coach,Status,Ended\n007,a,x,Done,1900-01-01\n"
    small.ingest()
    small.mapping["missing_marks"] = ["NA"]
    assert "column 'Ended': exact dates in 1 cell" in refusal(small)
