"""The way to a verdict is timed by the commands that users run, and its page says what came out."""

import sys
from pathlib import Path

import pandas as pd
import pytest

HERE = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(HERE))

import page  # noqa: E402
import reading  # noqa: E402
import scale  # noqa: E402


def test_a_small_programme_goes_all_the_way(tmp_path, capsys):
    rows = scale.time_size(100, tmp_path, further=False)
    assert [row["step"] for row in rows] == ["ingest", "score", "compare"]
    assert all(row["processor"] > 0 and 0 < row["peak_gb"] < 2 for row in rows)
    assert "verdict: " in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_reading_and_scoring_are_timed_beside_reading(capsys):
    assert reading.main(["--rows", "3000", "--runs", "1"]) == 0
    assert capsys.readouterr().out.count("goal at most 3") == 2


def test_growth_is_that_of_processor_time_from_the_smallest_to_the_largest_size():
    rows = [
        {"engagements": size, "step": step, "seconds": 1.0, "processor": size**1.2, "peak_gb": 1.0}
        for size in (100, 1_000, 10_000)
        for step in ("ingest", "score", "compare", "warn")
    ]
    table = pd.DataFrame(rows)
    assert page.growth(table) == pytest.approx(1.2)
    assert "power 1.20 of their number, above the 1.1" in page.describe_growth(table)


def test_the_page_is_in_step_with_what_was_recorded():
    recorded = [
        pd.read_csv(path) if path.exists() else None
        for path in (page.SPEED, page.READING, page.SCALE)
    ]
    if any(one is not None for one in recorded):
        assert page.PAGE.read_text(encoding="utf-8") == page.page_of(*recorded)
