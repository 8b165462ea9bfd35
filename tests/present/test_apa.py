"""APA tables: numbers as the manual prints them, notes in order, hostile labels as text."""

import io
import re
import zipfile

import numpy as np
import pandas as pd
import pytest

from analysis.contract.claims import read_ledger
from analysis.contract.layout import LEDGER
from analysis.present import apa
from analysis.present.apa import ApaTable, Run, italic, raised, say
from analysis.present.apa_html import render_tables
from analysis.present.apa_tables import Manuscript, tabulate
from analysis.present.apa_word import write_word

#: What a label of somebody's may hold.
HOSTILE = (
    "<script>alert('x')</script>",
    'a "quoted" & <b>bold</b> \\label{x} =1+1',
    "W" * 200,
    "برنامج الإرشاد",
    "growth 🌱🚀 \x00\x0b\ue000it\ue002alic",
)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (apa.bounded(0.4447), ".44"),
        (apa.bounded(-0.0481), "−.05"),
        (apa.bounded(-0.001), ".00"),
        (apa.bounded(1.0), "1.00"),
        (apa.number(-1.456), "−1.46"),
        (apa.number(-0.001), "0.00"),
        (apa.number(1234.5), "1,234.50"),
        (apa.number(np.nan), "–"),
        (apa.interval(-0.05, 0.2), "[−.05, .20]"),
        (apa.interval(-0.5, 1.2, within_one=False), "[−0.50, 1.20]"),
        (apa.interval(np.nan, 0.2), "–"),
        (apa.degrees(59.0), "59"),
        (apa.degrees(26.4559), "26.46"),
        (apa.probability(0.00004), "< .001"),
        (apa.probability(0.04312), ".043"),
        (apa.probability(1.0), "> .999"),
        (apa.stars(0.2), ""),
        (apa.stars(0.009), "**"),
        (apa.stars(0.0009), "***"),
    ],
)
def test_numbers_are_set_as_the_manual_asks(shown, expected):
    assert shown == expected


def test_notes_stand_in_the_order_general_specific_probability():
    table = ApaTable(1, "T", ("A",), (("x",),), "All.", ("First.", "Second."), apa.star_note())
    general, specific, probability = map(apa.plain, table.notes)
    assert general == "Note. All."
    assert specific == "a First. b Second."
    assert probability == "*p < .05. **p < .01. ***p < .001."


def test_marks_come_apart_and_never_out_of_somebody_elses_words():
    marked = f"{italic('t')}(59) = 4.6{raised('a')}"
    assert list(apa.runs(marked)) == [
        Run("t", "italic"),
        Run("(59) = 4.6"),
        Run("a", "raised"),
    ]
    assert list(apa.runs(say(HOSTILE[-1]))) == [Run("growth 🌱🚀 italic")]


def hostile_tables() -> list[ApaTable]:
    rows = (("Group of rows",), *((say(label), ".12", say(label)) for label in HOSTILE))
    columns = ("Name", italic("r"), "Words")
    return [
        ApaTable(
            1, f"Title: {say(HOSTILE[0])}", columns, rows, say(HOSTILE[1]), words=frozenset({0, 2})
        )
    ]


def test_labels_come_out_of_html_as_text():
    page = render_tables(hostile_tables(), HOSTILE[0])
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page
    assert "برنامج الإرشاد" in page
    assert "🌱🚀" in page
    assert "http:" not in page and "https:" not in page


def read_word(made: bytes):
    import docx

    return docx.Document(io.BytesIO(made))


def test_labels_come_out_of_word_as_text_in_a_real_table():
    document = read_word(write_word(hostile_tables(), HOSTILE[0], "somebody"))
    (table,) = document.tables
    cells = [row.cells[0].text for row in table.rows]
    assert cells[1] == "Group of rows"
    assert cells[2] == HOSTILE[0]
    assert cells[4] == "W" * 200
    assert cells[5] == "برنامج الإرشاد"
    assert document.paragraphs[0].text == "Table 1"
    assert document.paragraphs[1].runs[0].italic


def test_word_marks_the_header_row_and_draws_three_rules_only():
    made = write_word(hostile_tables(), "T", "A")
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        xml = archive.read("word/document.xml").decode()
    assert xml.count("<w:tblHeader/>") == 1
    borders = re.search(r"<w:tblBorders>(.*?)</w:tblBorders>", xml)[1]
    assert re.findall(r"<w:(\w+) ", borders) == ["top", "bottom"]
    assert set(re.findall(r"<w:tcBorders><w:(\w+)", xml)) == {"bottom"}
    assert "w:insideV" not in xml
    fonts = read_word(made).styles["Normal"].element.rPr.rFonts
    assert set(fonts.attrib.values()) == {"Times New Roman"}


def test_word_is_the_same_bytes_and_knows_no_day():
    made = write_word(hostile_tables(), "T", "A")
    assert made == write_word(hostile_tables(), "T", "A")
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert {member.date_time[:3] for member in archive.infolist()} == {(1980, 1, 1)}
    about = read_word(made).core_properties
    assert (about.author, about.created.year, about.modified.year) == ("A", 1980, 1980)
    assert "python-docx" not in (about.comments or "")


def estimates(rows, **common) -> pd.DataFrame:
    return pd.DataFrame([common | row for row in rows])


@pytest.fixture
def clear(tables) -> pd.DataFrame:
    """A comparison whose primary outcome is there."""
    return tables["coaching"]


@pytest.fixture
def manuscript(clear) -> Manuscript:
    """A dataset with a small table of everything."""
    names = [("advisee", "total", None), ("advisor", "total", None), (None, None, "points")]
    described = [
        {"rater": rater, "subscale": subscale, "outcome": outcome, "term": term, "estimate": value}
        for rater, subscale, outcome in names
        for term, value in (("mean", 3.456), ("sd", 0.789))
    ]
    described += [
        {"rater": "advisee", "subscale": "total", "term": "correlation with advisor total",
         "estimate": 0.38, "p_value": 0.03},
        {"rater": "advisor", "subscale": "total", "term": "correlation with the outcome",
         "estimate": -0.2, "p_value": 0.0004},
    ]  # fmt: skip
    measurement = estimates(described, analysis="descriptives", n_engagements=80, n_advisors=20)
    programmes = [
        {"term": f"{term}{behind}", "rater": rater, "subscale": None, "estimate": value}
        for behind in ("", f" in {HOSTILE[0]}")
        for term, rater, value in (
            ("engagements", None, 80), ("answered", "advisee", 0.756), ("mean", "advisee", 3.4),
            ("sd", "advisee", 0.6), ("answered", "advisor", 0.5), ("mean", "advisor", 3.9),
            ("sd", "advisor", 0.7), ("gap", None, 0.5), ("gap_d", None, 0.77),
        )
    ]  # fmt: skip
    measurement = pd.concat(
        [measurement, estimates(programmes, analysis="programme", conf_low=0.1, conf_high=0.9)]
    )
    claims = pd.DataFrame(
        [
            {"claim": "advisee-predicts-better", "verdict": "supported", "term": "D",
             "estimate": 0.24, "conf_low": 0.1, "conf_high": 0.4, "p_value": 0.0001,
             "p_adjusted": np.nan, "n_engagements": 80, "note": ""},
            {"claim": "adherence", "verdict": "not_testable", "term": None, "estimate": np.nan,
             "conf_low": np.nan, "conf_high": np.nan, "p_value": np.nan, "p_adjusted": np.nan,
             "n_engagements": np.nan, "note": "missing: an outcome"},
        ]
    )  # fmt: skip
    process = pd.DataFrame(columns=["analysis", "term", "rater", "method", "estimate"])
    return Manuscript(
        HOSTILE[0], clear, measurement, process, claims, read_ledger(LEDGER).claims, notes=("N.",)
    )


def test_a_manuscripts_tables_are_numbered_and_leave_out_what_is_not_there(manuscript):
    tables = tabulate(manuscript)
    assert [table.number for table in tables] == [1, 2, 3, 4]
    assert all(table.general.endswith("N.") for table in tables)
    assert all(len(row) in (1, len(table.columns)) for table in tables for row in table.rows)


def test_the_first_table_has_its_correlations_below_the_diagonal(manuscript):
    first = tabulate(manuscript)[0]
    assert [row[3:] for row in first.rows] == [
        ("–", "", ""),
        ("–", ".38*", ""),
        ("–", "", "−.20***"),
    ]
    assert first.rows[0][:3] == ("1. Advisee’s total", "3.46", "0.79")


def test_the_second_table_prints_the_clustered_line_of_the_comparison(manuscript, clear):
    second = tabulate(manuscript)[1]
    row = next(row for row in second.rows if row[0].startswith("Clustered"))
    wanted = (clear["analysis"] == "clustered") & (clear["method"] == "jackknife")
    wanted &= (clear["primary"] == True) & (clear["subscale"] == "total")  # noqa: E712
    expected = clear[wanted].iloc[0]
    assert row[1] == apa.bounded(expected["estimate"], 3)
    assert row[2] == apa.interval(expected["conf_low"], expected["conf_high"], 3)


def test_claims_stand_under_their_tier_and_those_not_testable_say_what_is_missing(manuscript):
    third = tabulate(manuscript)[2]
    headings = [row[0] for row in third.rows if len(row) == 1]
    assert headings[0].startswith("Primary") and headings[-1].startswith("Not testable")
    assert third.rows[-1][1] == "An outcome"


def test_programmes_are_named_as_text(manuscript):
    fourth = tabulate(manuscript)[3]
    assert fourth.rows[0][:4] == ("All", "80", "75.6", "50.0")
    assert fourth.rows[1][0] == HOSTILE[0]
    assert "<script" not in render_tables(tabulate(manuscript), "t")
