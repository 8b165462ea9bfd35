"""Dates become whole weeks since the engagement began, and nothing repeats a date."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.faults import UserFault
from analysis.contract.mapping import Mapping
from analysis.ingest.columns import Faults
from analysis.ingest.dates import NO_START, TURNED, read_days


def days(*texts: str, order: str | None = None) -> tuple[list[float], list[str]]:
    cells = pd.Series(list(texts), dtype="str")
    faults = Faults("a.csv", np.arange(2, 2 + len(cells)))
    read = read_days(cells, order, "Day", faults)
    return [day - 17600 for day in read], faults.worst_first()


@pytest.mark.parametrize(
    "texts",
    [
        ("2018-03-10", "2018-03-13"),
        ("2018-03-10 23:59:59", "2018-03-13T00:00:01Z"),
        ("2018/03/10 11:59:59 PM GMT+1", "2018/03/13 1:02:03 AM GMT+1"),
        ("10.03.2018", "13.3.2018"),
        ("3/10/2018 23:10:11", "3/13/2018 1:02"),
        ("10-Mar-2018", "13 March 2018"),
    ],
)
def test_a_day_is_read_however_it_is_written(texts):
    assert days(*texts) == ([0.0, 3.0], [])


def test_day_and_month_that_cannot_be_told_apart_are_asked_for():
    _, faults = days("10/03/2018", "11/03/2018")
    assert "the order of day and month cannot be told" in faults[0]
    assert "2018" not in faults[0]
    assert days("10/03/2018", order="day first")[0] == [0.0]
    assert days("03/10/2018", order="month first")[0] == [0.0]
    assert "cannot be told" in days("13/03/2018", "03/13/2018")[1][0]


def test_no_date_is_a_fault_that_does_not_repeat_it():
    read, faults = days("2018-03-10", "2018-02-30", "10/03/18", "soon")
    assert read[0] == 0 and np.isnan(read[1:]).all()
    assert "column 'Day', row 3 (and 2 more rows): this is no date" in faults[0]
    assert "2018" not in faults[0]


@pytest.fixture
def dated(small):
    small.files["engagements.csv"] = (
        "Case,Client,Coach,Status,Begin,End\n"
        "007,a,x,Done,2018-03-10,2018-04-20\n8,b,x,done,2018-03-12,\n9,c,y,,,\n"
    )
    small.files["ratings.csv"] = (
        "Case,Role,Time,Q1,Q2,At\n"
        "007,Client,1,4,5,2018-03-16 08:00:00\n007,Coach,1,3,3,2018-03-17 08:00:00\n"
        "8,Client,1,2,2,2018-03-12 08:00:00\n8,Coach,1,1,5,2018-04-10 08:00:00\n"
        "9,Client,1,3,NA,2018-03-12 08:00:00\n"
    )
    part = small.mapping["tables"]["engagements"][0]
    part["start"] = "Begin"
    part["columns"]["ended_week"] = {"date": "End", "since": "Begin"}
    small.mapping["tables"]["checkins"][0]["columns"]["week"] = {"date": "At"}
    return small


def test_weeks_count_from_the_engagements_start(dated):
    tables, _ = dated.ingest()
    assert tables["checkins"]["week"].tolist()[:4] == [0, 1, 0, 4]
    assert np.isnan(tables["checkins"]["week"].iloc[4])
    assert tables["engagements"]["ended_week"].tolist()[0] == 5
    assert dated.rows("checkins", "mended", TURNED) == 4
    assert dated.rows("checkins", "mended", NO_START) == 1
    assert not [name for table in tables.values() for name in table if name in ("At", "Begin")]


def test_weeks_count_from_the_first_date_of_either_rater(dated):
    dated.mapping["tables"]["checkins"][0]["columns"]["week"]["since"] = "first"
    tables, _ = dated.ingest()
    assert tables["checkins"]["week"].tolist() == [0, 0, 0, 4, 0]


def test_the_first_date_is_sought_in_all_columns_of_a_wide_table(small):
    small.files["ratings.csv"] = (
        "Case,Role,T1_Q1,T1_Q2,T1_At,T2_Q1,T2_Q2,T2_At\n"
        "007,Client,1,2,2018-03-12,3,4,2018-03-26\n007,Coach,,,,5,5,2018-03-21\n"
    )
    part = small.mapping["tables"]["checkins"][0]
    part["each"] = {"time": [1, 2]}
    part["columns"] |= {
        "occasion": {"value": "{time}"},
        "week": {"date": "T{time}_At", "since": "first"},
    }
    part["items"] = "T{time}_Q{item}"
    tables, _ = small.ingest()
    assert tables["checkins"]["week"].tolist() == [0, 2, 1]


def faults(small) -> str:
    with pytest.raises(UserFault) as fault:
        small.ingest()
    return str(fault.value)


def test_a_date_before_the_start_is_a_fault(dated):
    dated.files["ratings.csv"] = dated.files["ratings.csv"].replace("2018-03-16", "2018-03-09")
    message = faults(dated)
    assert "column 'At', row 2: this date lies before the engagement began" in message
    assert "2018" not in message


def test_two_starts_of_one_engagement_are_a_fault(dated):
    dated.files["engagements.csv"] += "007,a,x,Done,2018-03-11,\n"
    assert "column 'Begin', row 5: this engagement has another start" in faults(dated)


def test_weeks_since_a_start_that_no_part_names_are_refused(dated):
    del dated.mapping["tables"]["engagements"][0]["start"]
    assert "no part of tables.engagements has `start`" in faults(dated)


def test_repeated_outcomes_are_told_apart_by_their_dates(dated):
    dated.files["outcomes.csv"] = (
        "Case,Renewed,At\n007,Yes,2018-03-20\n007,No,2018-04-20\n8,No,2018-04-20\n"
    )
    part = dated.mapping["tables"]["outcomes"][0]
    part["columns"] |= {"phase": {"value": "during"}, "week": {"date": "At"}}
    tables, _ = dated.ingest()
    assert tables["outcomes"]["week"].tolist() == [1, 5, 5]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda c: c.update(occasion={"date": "At"}), "a date can only become a week"),
        (lambda c: c.update(week={"column": "At", "since": "first"}), "since goes with a date"),
        (lambda c: c.update(week={"column": "At", "date": "At"}), "a column, a value or a date"),
    ],
)
def test_a_date_anywhere_else_is_refused(small, change, word):
    change(small.mapping["tables"]["checkins"][0]["columns"])
    with pytest.raises(ValueError, match=word):
        Mapping.model_validate(small.mapping)


def test_dates_that_become_weeks_are_no_personal_data_unless_they_are_used_otherwise_too(dated):
    dated.ingest()
    dated.mapping["tables"]["engagements"][0]["columns"]["began"] = "Begin"
    assert "column 'Begin': exact dates" in faults(dated)


def test_a_date_of_birth_is_refused_even_as_a_week(dated):
    for name in ("engagements.csv", "ratings.csv"):
        dated.files[name] = dated.files[name].replace("Begin", "Date of birth")
    part = dated.mapping["tables"]["engagements"][0]
    part["start"] = "Date of birth"
    part["columns"]["ended_week"]["since"] = "Date of birth"
    assert "column 'Date of birth': dates of birth" in faults(dated)
