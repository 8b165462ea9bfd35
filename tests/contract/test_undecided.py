"""A proposed mapping is refused until every marked place is filled, and all else is told too."""

import pytest

from analysis.contract.faults import UserFault
from analysis.contract.mapping import read_mapping

TEXT = """\
name: own
title: DECIDE  # ?: DECIDE what it is called
provenance: {description: DECIDE, licence: CC0, consent: DECIDE}
instruments: {advisee: pulse}
sources: {a: {file: a.csv}}
tables:
  engagements:
    - source: a
      columns: {engagement_id: Case, advisee_id: C, advisor_id: A, setting: {value: DECIDE}}
  checkins:
    - source: a
      columns: {engagement_id: Case, rater: {value: advisee}, occasion: {value: 1}}
      items: Q{item}
outcomes:
  goal: {timing: DECIDE, higher_is: better}
"""


def told(tmp_path, text: str) -> list[str]:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(UserFault) as fault:
        read_mapping(path)
    return str(fault.value).splitlines()


def test_every_place_is_named_with_its_line_and_question(tmp_path):
    lines = told(tmp_path, TEXT)
    assert "this proposal waits for you" in lines[0]
    assert [line.split(":")[0].strip(" -") for line in lines[1:]] == [
        "title (line 2)",
        "provenance.description (line 3)",
        "provenance.consent (line 3)",
        "tables.engagements.0.columns.setting.value (line 9)",
        "outcomes.goal.timing (line 15)",
    ]
    assert lines[-1].endswith("concurrent if at about the same time.")


def test_what_else_is_wrong_is_told_beside_it(tmp_path):
    lines = told(tmp_path, TEXT.replace("higher_is: better", "higher_is: good"))
    assert any("outcomes.goal.higher_is" in line for line in lines)
    assert sum("outcomes.goal.timing" in line for line in lines) == 1
