"""What of a mapping may be shared, and the day a bundle bears."""

import pytest
import yaml

from analysis.contract.faults import UserFault
from analysis.contract.layout import MAPPINGS
from analysis.contract.mapping import Mapping
from analysis.stages.bundle import _day, share


def test_a_shared_mapping_says_neither_where_the_rows_lie_nor_who_somebody_is():
    given = yaml.safe_load((MAPPINGS / "executive_coaching.yaml").read_text(encoding="utf-8"))
    columns = given["tables"]["engagements"][0]["columns"]
    columns["advisor_id"] = {"column": "Coach", "labels": {"Ann Example": "a1"}}
    given["folder"] = "/home/somebody/secret"
    given["sources"]["ratings"]["drop"] = ["Bea Example rates"]
    given["sources"]["outcomes"]["cleared"] = {"Cem Example": "a cohort and nobody's name"}
    shown = yaml.safe_dump(share(Mapping.model_validate(given)))
    assert "secret" not in shown
    assert "Example" not in shown
    assert "Ended early" in shown
    again = Mapping.model_validate(yaml.safe_load(shown))
    assert again.outcomes.keys() == given["outcomes"].keys()


def test_a_day_is_a_day(tmp_path, monkeypatch):
    assert _day("2026-01-31") == "2026-01-31"
    with pytest.raises(UserFault, match="no day"):
        _day("yesterday")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserFault, match="give --date"):
        _day("")
