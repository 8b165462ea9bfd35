"""The course in the report: words, tables and figures from tidy rows, as read back from CSV."""

import io
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.contract.instruments import Instrument
from analysis.contract.plan import Plan
from analysis.evidence.course.course import describe_course as make_rows
from analysis.measure.window import assemble_frame
from analysis.present.course import describe_course
from analysis.present.surface import draw_surface, read_surface
from analysis.present.trajectories import draw_trajectories

KEY = Instrument(
    name="seven",
    title="Seven",
    responses={"minimum": 1, "maximum": 7},
    subscales={"goal": (), "task": (), "bond": ()},
    status="user_supplied",
    source="made for a test",
)
PLAN = Plan(datasets=("one",), scoring={}, comparison={})


def rows_of(checkins=5, raters=("advisee", "advisor"), n=300, ended=None):
    """Rows of a simulated programme, written and read back."""
    rng = np.random.default_rng(1)
    names = [f"e{i:03d}" for i in range(n)]
    level = rng.normal(size=(n, 2)) * 0.7 + rng.normal(size=(n, 1)) * 0.5
    parts = []
    for place, rater in enumerate(("advisee", "advisor")):
        scores = 4.4 + 0.5 * place + level[:, [place], None]
        scores = scores + 0.4 * rng.normal(size=(n, checkins, 3))
        frame = pd.DataFrame(scores.reshape(-1, 3), columns=["goal", "task", "bond"])
        frame = frame.assign(engagement_id=np.repeat(names, checkins), rater=rater)
        frame["occasion"] = np.tile(np.arange(1, checkins + 1), n)
        frame["week"] = frame["occasion"] * 2.0
        frame["total"] = frame[["goal", "task", "bond"]].mean(axis=1)
        parts.append(frame)
    alliance = pd.concat([part for part in parts if part["rater"].iloc[0] in raters])
    engagements = pd.DataFrame(
        {"engagement_id": names, "advisor_id": [f"a{i % 30:02d}" for i in range(n)]}
    ).assign(setting="mentoring", status="completed", ended_week=ended or 99.0)
    outcomes = pd.DataFrame({"engagement_id": names, "value": level.sum(axis=1)}).assign(
        outcome="goal_attainment", source="third_party", phase="end"
    )
    outcomes["value"] += rng.normal(size=n)
    tables = {
        "engagements": engagements,
        "alliance": alliance,
        "events": pd.DataFrame({"engagement_id": [], "occasion": [], "event": []}),
        "outcomes": outcomes,
        "frame": assemble_frame(engagements, alliance, (1, 2, 3)),
        "measurement": pd.DataFrame(columns=["analysis", "rater", "term", "estimate", "note"]),
    }
    declared = {"goal_attainment": SimpleNamespace(timing="prospective", higher_is="better")}
    rows = make_rows(
        tables,
        dict.fromkeys(raters, KEY),
        declared,
        "advisor_id",
        ("goal_attainment", "third_party", "end"),
        PLAN,
    )
    return pd.read_csv(io.StringIO(rows.to_csv(index=False)))


@pytest.fixture(scope="module")
def rows():
    return rows_of()


@pytest.fixture(scope="module")
def part(rows):
    return describe_course(
        rows, "A programme", outcome_titles={"goal_attainment": "reaching the goals"}
    )


def test_verdicts_stand_in_words_with_their_numbers(part):
    said = " ".join(part.paragraphs)
    assert "Advisors rate the alliance higher than advisees do: supported." in said
    assert "30 advisors" in said and "300 engagements" in said
    assert "psychotherapy, 53 studies: d = −0.630" in said
    assert "without an external criterion" in said
    assert "Curvature of reaching the goals along disagreement (a4)" in said
    assert "causes" not in said and "because of" not in said


def test_every_table_holds_its_rows_and_only_rounded_numbers(part):
    captions = [table.caption for table in (*part.tables, *part.further)]
    assert len(captions) == 6
    gap = part.tables[0]
    assert [row[0] for row in gap.rows] == ["Total", "Goal", "Task", "Bond"]
    growth = part.tables[1]
    assert len(growth.rows) == 8
    lags = part.tables[2]
    assert any(row[0] == "Advisee, goal → total" for row in lags.rows)
    for table in (*part.tables, *part.further):
        for row in table.rows:
            assert len(row) == len(table.columns)
            assert not any("nan" in cell.lower() for cell in row)
            assert not any(len(cell.split(".")[-1].rstrip("]")) > 4 for cell in row[1:2])


def test_figures_are_told_in_words_and_are_the_same_bytes_every_time(part, rows):
    assert len(part.figures) == 2
    for figure in part.figures:
        ElementTree.fromstring(figure.svg)
        assert figure.alt and figure.caption
    assert "advisee’s total" in part.figures[0].alt
    assert "lowest (" in part.figures[1].alt
    again = describe_course(
        rows, "A programme", outcome_titles={"goal_attainment": "reaching the goals"}
    )
    assert [one.svg for one in again.figures] == [one.svg for one in part.figures]


def test_text_stays_on_the_sheet(rows):
    for figure in (
        draw_trajectories(rows, "A programme with a rather long name of its own"),
        draw_surface(rows, "A programme", "reaching the goals"),
    ):
        width, height = figure.get_size_inches() * 72
        renderer = figure.canvas.get_renderer()
        for text in figure.axes[0].texts:
            box = text.get_window_extent(renderer)
            scale = 72 / figure.dpi
            assert box.x0 * scale >= 0 and box.x1 * scale <= width + 0.5, text.get_text()
            assert box.y0 * scale >= 0 and box.y1 * scale <= height + 0.5, text.get_text()


def test_the_region_is_that_of_cells_with_enough_engagements(rows):
    surface = read_surface(rows)
    assert surface.width == pytest.approx(0.5) and surface.low == 1.0 and surface.high == 7.0
    assert len(surface.places) == len(surface.cells) < 60
    assert surface.n == 300


def test_one_rater_has_trajectories_and_no_surface():
    rows = rows_of(raters=("advisee",))
    part = describe_course(rows, "A programme")
    assert len(part.figures) == 1
    said = " ".join(part.paragraphs)
    assert said.count("not testable") == 2
    assert draw_surface(rows, "A programme", "goals") is None


def test_one_check_in_has_no_course_and_says_so():
    rows = rows_of(checkins=1)
    assert draw_trajectories(rows, "A programme") is None
    part = describe_course(rows, "A programme")
    shown = [cell for table in part.tables for row in table.rows for cell in row]
    assert any("needs repeated ratings" in cell for cell in shown)


def test_check_ins_after_the_end_are_told():
    part = describe_course(rows_of(ended=8.0), "A programme")
    assert part.paragraphs[0].startswith("600 check-ins later than their engagement")


def test_nothing_to_tell_is_an_empty_part():
    assert describe_course(pd.DataFrame({"analysis": ["rupture"]}), "A programme").empty
