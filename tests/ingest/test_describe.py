"""What a proposal recognises in files of other shapes, and what it leaves to its user."""

import itertools
from pathlib import Path

import openpyxl
import pytest
import yaml

from analysis.contract.faults import UserFault
from analysis.contract.instruments import read_instrument
from analysis.ingest.describe.answers import find_blocks
from analysis.ingest.describe.columns import Look
from analysis.ingest.describe.proposal import propose
from analysis.ingest.describe.words import outcome_of, phase_of, role_of
from analysis.stages.describe import describe

KEYS = [
    read_instrument(path)
    for path in sorted((Path(__file__).parents[2] / "config/instruments").glob("*.yaml"))
    if path.stem != "template"
]
CASES = "Pair;Mentee;Mentor;Mentor name;Status;Begin\n" + "".join(
    f"P{n};M{n};T{n % 3}x{n};Ida Quillfeather;{'done' if n % 2 else 'running'};2018-03-0{n}\n"
    for n in range(1, 9)
)


def ratings(words: tuple[str, ...]) -> str:
    lines = ["Pair;Who;Survey;Q1;Q2;Q3;Comment"]
    for n, who in itertools.product(range(1, 9), ("Mentee", "Mentor")):
        answers = ";".join(words[(n + place) % len(words)] for place in range(3))
        lines.append(f"P{n};{who};1;{answers};{who} {n} said a word or two about the garden {n}")
    return "\n".join(lines) + "\n"


def proposed(folder: Path, **files: str) -> tuple[str, dict]:
    paths = []
    for name, text in files.items():
        path = folder / f"{name}.csv"
        path.write_text(text)
        paths.append(path)
    text = propose(paths, folder, ".", KEYS)
    return text, yaml.safe_load(text)


def test_semicolons_roles_and_a_short_form_are_recognised(tmp_path):
    text, found = proposed(tmp_path, cases=CASES, ratings=ratings(("1", "2", "5")))
    assert found["sources"]["cases"] == {
        "file": "cases.csv",
        "delimiter": ";",
        "drop": ["Mentor name", "Begin"],
    }
    assert found["sources"]["ratings"]["drop"] == ["Comment"]
    assert found["instruments"] == {"advisee": "pulse", "advisor": "pulse"}
    engagements, checkins = (found["tables"][name][0] for name in ("engagements", "checkins"))
    assert engagements["columns"]["engagement_id"] == "Pair"
    assert (engagements["columns"]["advisee_id"], engagements["columns"]["advisor_id"]) == (
        "Mentee",
        "Mentor",
    )
    assert engagements["columns"]["setting"] == {"value": "mentoring"}
    assert engagements["columns"]["status"]["labels"] == {"done": "completed", "running": "ongoing"}
    assert checkins["columns"]["rater"] == {
        "column": "Who",
        "labels": {"Mentee": "advisee", "Mentor": "advisor"},
    }
    assert (checkins["columns"]["occasion"], checkins["items"]) == ("Survey", "Q{item}")
    for private in ("Quillfeather", "garden", "P1", "M1", "2018"):
        assert private not in text


def test_words_of_a_known_scale_get_their_numbers_and_others_are_asked_for(tmp_path):
    _, found = proposed(tmp_path, ratings=ratings(("Agree", "Strongly agree", "Disagree")))
    assert found["tables"]["checkins"][0]["answers"] == {
        "Disagree": 2,
        "Agree": 4,
        "Strongly agree": 5,
    }
    _, found = proposed(tmp_path, ratings=ratings(("Hui", "Pfui", "Naja")))
    assert found["tables"]["checkins"][0]["answers"] == "DECIDE"


def test_items_without_a_key_are_named_and_the_instrument_is_asked_for(tmp_path):
    wide = "Pair;Who;" + ";".join(f"X{n}" for n in range(1, 8)) + "\n"
    wide += "".join(f"P{n};{who};{'3;' * 6}4\n" for n in range(9) for who in ("Mentee", "Mentor"))
    text, found = proposed(tmp_path, ratings=wide)
    assert found["instruments"] == {"advisee": "DECIDE"}
    assert "X{item} looks like 7 items, and no key of that size" in text


def test_sheets_of_a_workbook_are_tables(tmp_path):
    book = openpyxl.Workbook()
    for number, (title, text) in enumerate({"Pairs": CASES, "Sheets": ratings(("1", "3"))}.items()):
        page = book.active if number == 0 else book.create_sheet()
        page.title = title
        for line in text.splitlines():
            page.append(line.split(";"))
    path = tmp_path / "office.xlsx"
    book.save(path)
    found = yaml.safe_load(propose([path], tmp_path, ".", KEYS))
    assert found["sources"]["pairs"]["sheet"] == "Pairs"
    assert found["tables"]["checkins"][0]["source"] == "sheets"


def test_a_file_that_tells_nothing_still_gives_a_proposal(tmp_path):
    _, found = proposed(tmp_path, table="a,b\nx,1\ny,2\n")
    columns = found["tables"]["engagements"][0]["columns"]
    assert columns["engagement_id"] == columns["advisor_id"] == "DECIDE"
    assert columns["setting"] == {"value": "DECIDE"}


def looks(*names: str) -> dict[str, Look]:
    return {name: Look(name, "", {"1": 5, "4": 5}, {}) for name in names}


def test_check_ins_side_by_side_are_one_block():
    names = [f"2_Q{c}_{item}" for c in (3, 4) for item in (1, 2, 3)]
    (block,) = find_blocks(looks(*names))
    assert (block.pattern, block.items, block.checkins) == ("2_Q{checkin}_{item}", 3, (3, 4))
    assert {block.pattern.format(checkin=c, item=i) for c in (3, 4) for i in (1, 2, 3)} == set(
        names
    )


def test_braces_in_a_column_are_no_placeholders():
    names = [f"How {{often}}? {item}" for item in (1, 2, 3)]
    (block,) = find_blocks(looks(*names))
    assert [block.pattern.format(item=item) for item in (1, 2, 3)] == names


def test_numbers_that_do_not_count_from_one_are_no_items():
    assert find_blocks(looks("Q2", "Q3", "Q4")) == []


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("Coachee", "advisee"),
        ("Lead consultant", "advisor"),
        ("Line manager", "third_party"),
        ("Programme office", "record"),
        ("client_wai_", "advisee"),
        ("Blue", None),
    ],
)
def test_roles_are_told_by_whole_words(text, who):
    assert role_of(text) == who


def test_outcomes_and_phases_are_told_by_words():
    assert outcome_of("GoalAttainment_end") == "goal_attainment"
    assert outcome_of("How satisfied are you?") == "satisfaction"
    assert outcome_of("Engagement") is None
    assert phase_of("goal_start") == "baseline"
    assert phase_of("Half a year later") == "follow_up"
    assert phase_of("During") is None


def test_an_earlier_proposal_is_not_overwritten(tmp_path):
    (tmp_path / "table.csv").write_text("a,b\nx,1\n")
    mine = tmp_path / "my.yaml"
    mine.write_text("mine")
    with pytest.raises(UserFault, match="is there already"):
        describe([tmp_path / "table.csv"], mine)
    with pytest.raises(UserFault, match="there is no such file"):
        describe([tmp_path / "tabel.csv"])
    assert mine.read_text() == "mine"


def test_words_that_are_not_known_may_be_names_and_are_not_repeated(tmp_path):
    names = CASES.replace("done", "Oxenbridge").replace("running", "Zwickenpflug")
    sheets = ratings(("Quillfeather", "Fennimorley", "Untertaler"))
    text, found = proposed(tmp_path, cases=names, ratings=sheets)
    status = found["tables"]["engagements"][0]["columns"]["status"]
    assert status == {"column": "Status", "labels": "DECIDE"}
    for name in ("Oxenbridge", "Zwickenpflug", "Quillfeather", "Fennimorley", "Untertaler"):
        assert name not in text


def test_codes_without_words_are_listed_and_asked_for(tmp_path):
    coded = CASES.replace("done", "2").replace("running", "1")
    _, found = proposed(tmp_path, cases=coded, ratings=ratings(("1", "2", "5")))
    status = found["tables"]["engagements"][0]["columns"]["status"]
    assert status["labels"] == {"1": "DECIDE", "2": "DECIDE"}


def test_a_column_of_names_is_dropped_even_where_its_header_speaks_of_a_level(tmp_path):
    cases = CASES.replace("Status", "Mentee level")
    cases = cases.replace("done", "Thomas Oxenbridge").replace("running", "Julia Untertaler")
    text, found = proposed(tmp_path, cases=cases, ratings=ratings(("1", "2", "5")))
    assert "Mentee level" in found["sources"]["cases"]["drop"]
    assert "oxenbridge" not in text.casefold()
