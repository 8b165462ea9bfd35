import pytest

from analysis.ingest.personal.column import Column
from analysis.ingest.personal.moments import BIRTH, DATE, STAMP, find_moments


def kinds(header: str, *values: str) -> list[str]:
    return [one.kind for one in find_moments(Column(header, dict.fromkeys(values, 1)))]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("2024-03-12", DATE),
        ("2024/03/12", DATE),
        ("12.3.2024", DATE),
        ("12. 03. 2024", DATE),
        ("3/12/2024", DATE),
        ("12-03-2024", DATE),
        ("12 March 2024", DATE),
        ("12. März 2024", DATE),
        ("12 mars 2024", DATE),
        ("Mar 12, 2024", DATE),
        ("12-Mar-24", DATE),
        ("Tuesday, March 12th, 2024", DATE),
        ("we met on 12.03.2024.", DATE),
        ("2024-03-12 00:00:00", STAMP),
        ("2024-03-12T09:15:22.123Z", STAMP),
        ("3/12/2024 9:15 AM", STAMP),
        ("12.03.2024, 09:15", STAMP),
        ("2024/03/12 9:15:22 am GMT+1", STAMP),
    ],
)
def test_a_date_is_found_in_a_single_cell(value, kind):
    assert kinds("x", "C-0412", "7", value) == [kind]


def test_dates_that_other_things_look_like_are_found_where_all_values_are_such():
    short = [f"{day}/3/24" for day in range(1, 9)]
    assert kinds("x", *short) == [DATE]
    assert kinds("x", *short, "C1", "C2") == []
    assert kinds("Date", "1/3/24") == [DATE]
    compact = [f"202403{day:02d}" for day in range(1, 9)]
    assert kinds("x", *compact) == [DATE]
    assert kinds("x", *compact, "20240001", "20240002") == []
    assert kinds("x", *compact[:4]) == []
    assert kinds("x", *(f"2024{number:04d}" for number in range(1, 30))) == []


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("StartDate", "45363"),
        ("Datum", "45363.5"),
        ("timestamp", "1710234922"),
        ("Timestamp", "1710234922123"),
    ],
)
def test_a_number_under_a_dates_header_is_a_date(header, value):
    assert kinds(header, value) == [DATE]
    assert kinds("Score", value) == []


@pytest.mark.parametrize("header", ["DateOfBirth", "DOB", "Geburtsdatum", "date de naissance"])
def test_a_date_of_birth_is_told_by_its_header(header):
    assert kinds(header, "12.3.1974") == [BIRTH]
    assert kinds(header, "27100") == [BIRTH]
    assert kinds(header, "1974", "1980") == []


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Case", ["C-0412", "E0001", "12-03", "2024-17", "2024-1-2", "3-12", "1.2.10"]),
        ("Case", ["20240001", "12345678", "99999999", "12.345.678", "1.2.2024.5"]),
        ("Week", ["1", "26", "2024", "52"]),
        ("Cohort", ["2023/24", "2024-03", "March 2024", "Q1 2024", "2024-W12", "may", "12 may"]),
        ("Date known", ["yes", "no"]),
        ("Time", ["12:30", "9.15", "1710"]),
        ("Answer", ["4.5", "3/5", "10/12", "1-5", "2.5.7"]),
        ("Score", ["45363", "1710234922"]),
    ],
)
def test_ordinary_columns_hold_no_date(header, values):
    assert kinds(header, *values) == []
