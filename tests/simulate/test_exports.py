"""The files are the same bytes every time, and hold the dirt that the truth counts."""

import csv
import json
import re
import zipfile

import numpy as np
import pandas as pd
import pytest

from analysis.simulate.dirt import (
    BLANK,
    CODES,
    DUPLICATE,
    KINDS,
    MARK,
    MARKS,
    OUT_OF_RANGE,
    SPACES,
    RawTable,
    soil,
)
from analysis.simulate.exports import write_programme
from analysis.simulate.offices import OFFICES
from analysis.simulate.programmes import PROGRAMMES

NAMES = tuple(PROGRAMMES)
ANSWER = re.compile(r"C\d_Q\d+|[Qq]\d+|aa\d|goal|task|bond")
TABLES = ("engagements", "checkins", "outcomes", "events")


def responses_of(name: str) -> set[str]:
    form = PROGRAMMES[name].form
    codes = {str(code) for code in range(form.minimum, form.maximum + 1)}
    return set(OFFICES[name].responses) or codes


def key_columns(name: str, header: list[str]) -> list[int]:
    if OFFICES[name].wide:
        return [header.index("Engagement"), header.index("Role")]
    columns = OFFICES[name].columns["checkins"]
    wanted = [columns[clean] for clean in columns if clean != "week"]
    return [header.index(raw) for raw in wanted]


def dirt_of(
    name: str, header: list[str], rows: list[list[str]], checkins: bool
) -> dict[str, set[int]]:
    """Which rows hold which kind of dirt, found by looking at the cells alone."""
    allowed = responses_of(name)
    answers = [place for place, raw in enumerate(header) if ANSWER.fullmatch(raw)]
    found: dict[str, set[int]] = {kind: set() for kind in KINDS}
    last: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(rows):
        if not any(row):
            found[BLANK].add(number)
            continue
        if any(cell != cell.strip() for cell in row):
            found[SPACES].add(number)
        if any(cell in MARKS for cell in row):
            found[MARK].add(number)
        if not checkins:
            continue
        given = {row[place].strip() for place in answers} - {"", *MARKS}
        if given - allowed:
            found[OUT_OF_RANGE].add(number)
        key = tuple(row[place].strip() for place in key_columns(name, header))
        if key in last:
            found[DUPLICATE].add(last[key])
        last[key] = number
    return found


@pytest.mark.parametrize("name", NAMES)
def test_writing_again_gives_the_same_bytes(name, written, tmp_path):
    again = tmp_path / "again"
    truth = tmp_path / "truth.json"
    # 20,000 as in the fixture, so that the truth must repeat as well
    write_programme(name, again, truth, truth_engagements=20_000)
    first = written(name)
    assert [path.name for path in sorted(again.iterdir())] == [path.name for path in first.paths]
    for path in first.paths:
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name
    assert f'"seed": {PROGRAMMES[name].seed}' in truth.read_text()


def test_another_seed_gives_other_data_and_the_same_truth(written, tmp_path):
    name = "technical_support"
    write_programme(name, tmp_path / "x", tmp_path / "t.json", seed=5, truth_engagements=20_000)
    first = written(name)
    assert (tmp_path / "x/contacts.tsv").read_bytes() != (
        first.folder / "contacts.tsv"
    ).read_bytes()

    truth = json.loads((tmp_path / "t.json").read_text())
    assert truth["observed"] == first.truth["observed"]
    assert truth["seed"] == 5


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("table", TABLES)
def test_dirt_read_back_is_the_dirt_counted(name, table, written, raw_rows):
    file, sheet = OFFICES[name].files[table]
    counted = dict(written(name).truth["files"][f"{file} [{sheet}]" if sheet else file])
    header, rows = raw_rows(name, table)
    assert len(rows) == counted.pop("rows")
    found = dirt_of(name, header, rows, table == "checkins")
    assert {kind: len(places) for kind, places in found.items() if places} == counted
    if table == "checkins":
        assert set(counted) == set(KINDS)
        assert min(counted.values()) >= 0.01 * len(rows)
    places = [place for kind in found.values() for place in kind]
    assert len(places) == len(set(places)), "a row holds two kinds of dirt"


@pytest.mark.parametrize("name", ["management_consulting", "mentoring", "performance_review"])
def test_plain_mending_gives_back_the_clean_checkins(name, tables, raw_rows):
    header, rows = raw_rows(name, "checkins")
    allowed = responses_of(name)
    answers = [place for place, raw in enumerate(header) if ANSWER.fullmatch(raw)]
    key = key_columns(name, header)
    sheets = {}
    for row in rows:
        if any(row):
            bare = [cell.strip() for cell in row]
            given = [bare[place] if bare[place] in allowed else "" for place in answers]
            sheets[tuple(bare[place] for place in key)] = given  # the last submission stays
    office, form = OFFICES[name], PROGRAMMES[name].form
    codes = range(form.minimum, form.maximum + 1)
    spoken = dict(zip(codes, office.responses or map(str, codes), strict=True)) | {"": ""}
    clean = tables(name)["checkins"]
    expected = {
        (row["engagement_id"], office.people[row["rater"]], str(row["occasion"])): [
            spoken["" if pd.isna(row[column]) else int(row[column])] for column in form.columns
        ]
        for row in clean.to_dict("records")
    }
    assert sheets == expected


@pytest.mark.parametrize("name", NAMES)
def test_nothing_tells_who_when_or_in_what_words(name, raw_rows):
    person_or_time = re.compile(r"@|\d{4}-\d\d-\d\d|\d\d?[./]\d\d?[./]\d{2,4}|\d\d:\d\d")
    for table in TABLES:
        header, rows = raw_rows(name, table)
        for row in (header, *rows):
            for cell in row:
                assert not person_or_time.search(cell), cell
                assert len(cell.split()) <= 4, f"free text: {cell}"


def test_the_survey_export_has_three_header_rows_without_item_wording(written):
    path = written("executive_coaching").folder / "ratings.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        names, texts, imports = (next(csv.reader(stream)) for _ in range(3))
    assert names[:5] == ["ResponseId", "Engagement", "Role", "C1_Week", "C1_Q1"]
    assert len(names) == 3 + 8 * 13 == len(set(names))
    neutral = re.compile(r"Check-in \d, (week|question \d+)")
    assert all(neutral.fullmatch(text) for text in texts[3:])
    assert imports[4] == '{"ImportId":"QID1_1"}'
    assert b"\r" not in path.read_bytes()


def test_response_numbers_do_not_repeat(raw_rows):
    _, rows = raw_rows("executive_coaching", "checkins")
    numbers = [row[0] for row in rows if row[0]]
    assert len(set(numbers)) == len(numbers)


def test_a_workbook_does_not_tell_when_it_was_made(written):
    with zipfile.ZipFile(written("management_consulting").folder / "engagement_records.xlsx") as zf:
        assert {member.date_time for member in zf.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        properties = zf.read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", properties)) == {"2000-01-01T00:00:00Z"}


def test_mentoring_has_words_semicolons_and_decimal_commas(written):
    folder = written("mentoring").folder
    assert ";Strongly agree" in (folder / "surveys.csv").read_text(encoding="utf-8")
    values = [line.rsplit(";", 1)[1] for line in (folder / "outcomes.csv").read_text().splitlines()]
    assert any(re.fullmatch(r"\d,\d", value) for value in values)
    assert not any("." in value for value in values)


def test_all_six_stay_within_eight_megabytes(written):
    sizes = [path.stat().st_size for name in NAMES for path in written(name).paths]
    assert sum(sizes) <= 8_000_000


def test_a_table_without_vacant_cells_cannot_take_marks():
    cells = np.full((50, 2), "3", dtype=object)
    table = RawTable([["id", "q"]], cells, (0,), (1,), ("1", "2", "3"), np.zeros((50, 2), bool))
    with pytest.raises(ValueError, match="0 rows have a vacant cell"):
        soil(table, 0.02, (MARK,), np.random.default_rng(1))


def test_stray_codes_lie_outside_every_range():
    for programme in PROGRAMMES.values():
        codes = [int(code) for code in CODES]
        assert not any(programme.form.minimum <= c <= programme.form.maximum for c in codes)
