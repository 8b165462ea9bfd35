import numpy as np
import pandas as pd
import pytest

from analysis.contract.dictionary import TABLES, as_markdown
from analysis.contract.faults import UserFault
from analysis.contract.tables import check_table, keeps_to, read_table, rises, write_table


@pytest.fixture
def engagements() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "engagement_id": ["1", "02"],
            "advisee_id": ["a", "b"],
            "advisor_id": ["x", "x"],
            "setting": ["mentoring", "other"],
            "ended_week": [12.0, float("nan")],
            "years": [1.5, 2.0],
        }
    )


def test_a_table_comes_back_as_it_was_written(engagements, tmp_path):
    write_table("engagements", engagements, tmp_path / "engagements.parquet")
    back = read_table("engagements", tmp_path / "engagements.parquet")
    pd.testing.assert_frame_equal(back, engagements)
    assert back["engagement_id"].tolist() == ["1", "02"]


@pytest.mark.parametrize(
    ("column", "values", "word"),
    [
        ("setting", ["coaching", "other"], "column 'setting' in row 1"),
        ("ended_week", [-1.0, 2.0], "column 'ended_week' in row 1"),
        ("advisor_id", ["x", None], "column 'advisor_id' in row 2"),
        ("engagement_id", [1, 2], "column 'engagement_id'"),
        ("engagement_id", ["1", "1"], "occurs twice"),
    ],
)
def test_a_breach_is_named_by_column_and_row_and_nothing_is_written(
    engagements, tmp_path, column, values, word
):
    engagements[column] = values
    with pytest.raises(UserFault, match=word):
        write_table("engagements", engagements, tmp_path / "engagements.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_table_without_further_columns_refuses_a_stray_one():
    events = pd.DataFrame({"engagement_id": ["1"], "event": ["complaint"], "source": ["record"]})
    check_table("events", events)
    with pytest.raises(UserFault, match="mood"):
        check_table("events", events.assign(mood="bad"))


def test_a_breach_names_the_row_and_not_what_the_cell_says():
    events = pd.DataFrame({"engagement_id": ["1"], "event": ["complaint"], "source": ["Erika M."]})
    with pytest.raises(UserFault, match="'source' in row 1") as told:
        check_table("events", events)
    assert "Erika" not in str(told.value)
    people = pd.DataFrame(
        {"engagement_id": ["Erika"] * 2, "advisee_id": "a", "advisor_id": "b", "setting": "other"}
    )
    with pytest.raises(UserFault, match="occurs twice, first in row 2") as told:
        check_table("engagements", people)
    assert "Erika" not in str(told.value)


def test_the_page_names_every_table_and_column():
    page = as_markdown()
    for table in TABLES.values():
        assert f"## {table.name}" in page
        for column in table.columns:
            assert f"| `{column.name}` |" in page


class TestQuickLook:
    """A frame that the quick look lets pass keeps to the schema; each breach goes to the schema."""

    GOOD = pd.DataFrame(
        {
            "engagement_id": ["a", "b"],
            "rater": ["advisee", "advisor"],
            "occasion": [1, 2],
            "week": [1.0, np.nan],
            "instrument": ["wai_s", "wai_s"],
            "item_01": [1.0, np.nan],
        }
    ).astype({"engagement_id": "str", "rater": "str", "instrument": "str"})

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda frame: frame.drop(columns="rater"),
            lambda frame: frame.assign(rater=["advisee", "boss"]),
            lambda frame: frame.assign(engagement_id=pd.Series(["a", None], dtype="str")),
            lambda frame: frame.assign(engagement_id=pd.Series(["a", ""], dtype="str")),
            lambda frame: frame.assign(occasion=[0, 1]),
            lambda frame: frame.assign(occasion=[1.0, 2.0]),
            lambda frame: frame.assign(week=[-1.0, 1.0]),
            lambda frame: frame.assign(item_01=[1, 2]),
            lambda frame: frame.assign(instrument=[1, 2]),
        ],
    )
    def test_every_breach_is_told(self, spoil):
        assert keeps_to(TABLES["checkins"], self.GOOD)
        spoiled = spoil(self.GOOD)
        assert not keeps_to(TABLES["checkins"], spoiled)
        with pytest.raises(UserFault):
            check_table("checkins", spoiled)

    def test_further_columns_go_by_the_table(self):
        events = pd.DataFrame({"engagement_id": ["a"], "week": [1.0], "event": ["x"]})
        events = events.assign(source="record", stray=1.0).astype(
            dict.fromkeys(["engagement_id", "event", "source"], "str")
        )
        assert keeps_to(TABLES["events"], events.drop(columns="stray"))
        assert not keeps_to(TABLES["events"], events)

    def test_keys_that_rise_are_sorted_and_once_each(self):
        frame = pd.DataFrame({"a": ["x", "x", "y"], "b": [1.0, 2.0, 1.0]}).astype({"a": "str"})
        assert rises(frame, ["a", "b"])
        assert rises(frame.iloc[:0], ["a"])
        assert not rises(frame, ["a"])
        assert not rises(frame.iloc[::-1], ["a", "b"])
        assert not rises(frame.assign(b=[1.0, np.nan, 1.0]), ["a", "b"])
