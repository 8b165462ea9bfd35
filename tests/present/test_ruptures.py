"""The report's part on ruptures says what the rows say, and says why where they say nothing."""

import io
import re

import numpy as np
import pandas as pd
import pytest

from analysis.contract.plan import RupturePlan
from analysis.evidence.ruptures.ruptures import describe_ruptures
from analysis.present.drawing import as_svg
from analysis.present.rupture_timeline import draw_ruptures, headline_rule
from analysis.present.ruptures import describe_ruptures_part


@pytest.fixture(scope="module")
def rows():
    """Rows of 80 engagements of noise with some ruptures, as read back from CSV."""
    rng = np.random.default_rng(3)
    scores = rng.normal(5, 0.6, (80, 1)) + rng.normal(0, 0.4, (80, 6))
    scores[:20, 3:] -= 1.2
    n, times = scores.shape
    engagements = pd.DataFrame(
        {
            "engagement_id": [f"e{i:02d}" for i in range(n)],
            "advisor_id": [f"a{i % 16:02d}" for i in range(n)],
            "status": np.where(np.arange(n) % 5, "completed", "ended_early"),
            "stakes": np.where(np.arange(n) % 2, "high", "low"),
        }
    )
    alliance = pd.DataFrame(
        {
            "engagement_id": np.repeat(engagements["engagement_id"].to_numpy(), times),
            "rater": "advisee",
            "occasion": np.tile(np.arange(1, times + 1), n),
            "total": scores.ravel(),
            "bond": scores.ravel() + rng.normal(0, 0.2, scores.size),
        }
    )
    events = pd.DataFrame(
        {
            "engagement_id": engagements["engagement_id"][:30],
            "occasion": 4,
            "event": ["complaint", "late_reply", "acknowledgement"] * 10,
        }
    )
    plan = RupturePlan(surrogates=20)
    made = describe_ruptures(alliance, engagements, events, {}, plan)
    return pd.read_csv(io.StringIO(made.to_csv(index=False)))


def value(rows, term, column="estimate", method="2s_previous"):
    found = rows[(rows["term"] == term) & (rows["method"] == method)]
    return found[column].iloc[0]


def test_the_sentence_has_the_rows_numbers_and_no_causal_verb(rows):
    part = describe_ruptures_part(rows, "Some programme")
    first = part.paragraphs[0]
    assert first.startswith("Advisees: ")
    assert f"{100 * value(rows, 'ruptured'):.0f} % of 80 engagements" in first
    assert f"{100 * value(rows, 'ruptured_by_chance'):.0f} % would by chance" in first
    assert "Advisors: not testable; no rating by the advisor." in part.paragraphs
    text = " ".join([*part.paragraphs, *(table.caption for table in (*part.tables, *part.further))])
    assert not re.search(r"\b(cause|causes|leads? to|because of|makes?|improves?)\b", text)


def test_every_table_has_rows_as_long_as_its_head(rows):
    part = describe_ruptures_part(rows, "Some programme")
    assert len(part.tables) == 2 and len(part.further) == 6
    for table in (*part.tables, *part.further):
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.columns)}
        assert not any("nan" in cell.lower().split() for row in table.rows for cell in row)


def test_rows_of_other_analyses_are_left(rows):
    other = rows.iloc[:1].assign(analysis="gap", term="ruptured", rater="advisee")
    both = pd.concat([other, rows], ignore_index=True)
    assert (
        describe_ruptures_part(both, "X").paragraphs == describe_ruptures_part(rows, "X").paragraphs
    )
    assert describe_ruptures_part(other, "X").empty


def test_the_timeline_names_rule_and_raters_and_is_the_same_every_time(rows):
    assert headline_rule(rows) == "2s_previous"
    drawn = as_svg(draw_ruptures(rows, "Some programme", notes=["Simulated data."]))
    for words in ("Some programme: ruptures and repair", "Advisees", "Begin a drop", "Simulated"):
        assert words in drawn
    assert "Advisors" not in drawn
    assert as_svg(draw_ruptures(rows, "Some programme", notes=["Simulated data."])) == drawn


def test_the_figures_points_lie_where_the_rows_say(rows):
    figure = draw_ruptures(rows, "Some programme")
    seen = rows[(rows["term"] == "beginning") & rows["estimate"].notna()]
    points = [line.get_ydata()[0] for line in figure.axes[0].lines if line.get_marker() == "o"][
        : len(seen)
    ]
    # Points run down the sheet, so that heights fall as shares rise, in proportion.
    assert np.corrcoef(points, seen["estimate"])[0, 1] == pytest.approx(-1)


def test_where_nothing_can_be_said_a_plate_gives_the_reason(rows):
    refused = rows[rows["rater"] == "advisor"]
    drawn = as_svg(draw_ruptures(refused, "Some programme"))
    assert "Not shown: no rating by the advisor" in drawn
    part = describe_ruptures_part(refused, "Some programme")
    assert part.paragraphs == ("Advisors: not testable; no rating by the advisor.",)
    assert not part.tables and not part.figures
