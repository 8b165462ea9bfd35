import csv
import errno
import os

import pandas as pd
import pytest

from analysis.contract.faults import UserFault
from analysis.contract.files import UNFINISHED, remove_unfinished, replacing, write_csv, write_text


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


def test_a_full_disk_is_a_fault_that_names_the_file_and_leaves_the_earlier_one(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("earlier")
    with pytest.raises(UserFault, match=r"table\.csv: the disk is full"), replacing(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_other_errors_of_the_system_are_not_explained_away(tmp_path):
    with pytest.raises(OSError, match="hung up"), replacing(tmp_path / "table.csv"):
        raise OSError(errno.EPIPE, "hung up")


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    synced = []

    def sync(descriptor):
        synced.append(os.fstat(descriptor).st_size)
        assert not (tmp_path / "page.txt").exists()

    monkeypatch.setattr(os, "fsync", sync)
    write_text("whole", tmp_path / "page.txt")
    assert synced == [len("whole")]


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / f"{UNFINISHED}table.csv.x1.csv").write_text("ha")
    (tmp_path / "tables/table.csv").write_text("whole")
    remove_unfinished(tmp_path)
    assert [path.name for path in (tmp_path / "tables").iterdir()] == ["table.csv"]
