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
