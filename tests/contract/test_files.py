import csv

import pandas as pd
import pytest

from analysis.contract.files import replacing, write_csv


def test_a_failure_leaves_the_earlier_file_and_no_other(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("earlier")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("stopped")
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_counts_are_written_whole_and_floats_in_full(tmp_path):
    frame = pd.DataFrame({"estimate": [1 / 3], "n_engagements": [12.0], "n_advisors": [None]})
    write_csv(frame, tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text() == (
        "estimate,n_engagements,n_advisors\n0.333333333333,12,\n"
    )


@pytest.mark.parametrize(
    "label", ["=1+1", '=HYPERLINK("http://a.example","x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1",
              "\n=1", " =1+1", "-", "--", "\uff1d1+1"],
)  # fmt: skip
def test_a_label_that_begins_like_a_formula_is_written_as_text(tmp_path, label):
    frame = pd.DataFrame({"term": [label, "goal", label], label: [1, 2, 3]})
    write_csv(frame, tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert [row[0] for row in rows] == ["term", "'" + label, "goal", "'" + label]
    assert rows[0][1] == "'" + label
    assert frame["term"].tolist() == [label, "goal", label]


def test_a_carriage_return_neither_ends_a_row_nor_hides_a_formula(tmp_path):
    write_csv(pd.DataFrame({"term": ["\r=1+1", "a\r=1+1", "a\r\n=1"]}), tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as stream:
        assert list(csv.reader(stream)) == [["term"], ["'\n=1+1"], ["a\n=1+1"], ["a\n=1"]]


def test_numbers_stay_numbers_and_other_labels_are_as_they_were(tmp_path):
    cells = ["-0.25", "+3", "-1e-05", "-12%", "goal - task", "a=b", "x@y", "'=1", "", None, "−0.1"]
    frame = pd.DataFrame({"term": cells, "estimate": -0.25})
    write_csv(frame, tmp_path / "table.csv")
    found = pd.read_csv(tmp_path / "table.csv", dtype=str, keep_default_na=False)
    assert found["term"].tolist() == [cell or "" for cell in cells]
    assert set(found["estimate"]) == {"-0.25"}
