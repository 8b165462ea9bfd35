"""The benchmarks run, and no ratio is printed before the answers agree."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(HERE))

import against_r  # noqa: E402
from works import WORKS  # noqa: E402


@pytest.mark.parametrize("name", sorted(set(WORKS) - {"multiverse"}))
def test_our_side_of_every_work_runs_and_answers(name, tmp_path):
    work = WORKS[name]
    work.write(tmp_path, work.small)
    answers = work.ours(tmp_path, 99)()
    assert answers
    assert all(float(value) == float(value) for value in answers.values())


def test_a_timed_run_is_a_process_of_its_own_that_prints_seconds_and_answers(tmp_path):
    work = WORKS["intercept"]
    work.write(tmp_path, work.small)
    script = [sys.executable, str(HERE / "ours.py"), "intercept", *[str(tmp_path)] * 2, "0"]
    printed = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    run = json.loads(printed)
    assert run["seconds"] > 0
    assert run["answers"] == pytest.approx(work.ours(tmp_path, 0)())


def test_answers_that_differ_are_named():
    ours, theirs = {"chisq": 1.0, "std_error_a": 1.0}, {"chisq": 1.1, "std_error_a": 1.01}
    told = against_r.disagreements(ours, theirs, {"": 1e-9, "std_error": 0.05})
    assert told == ["chisq: 1 here, 1.1 there"]
    assert against_r.disagreements({"a": 1}, {"b": 1}, {"": 1}) == ["no answer is given by both"]


def test_without_r_it_says_so_and_times_our_side_alone(monkeypatch, capsys):
    monkeypatch.setattr(against_r.shutil, "which", lambda name: None)
    assert against_r.main(["--tiny", "--runs", "1", "--only", "factors"]) == 0
    printed = capsys.readouterr().out
    assert "R's side is skipped: R is not installed" in printed
    assert "times faster" not in printed


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
@pytest.mark.parametrize("name", WORKS)
def test_both_sides_give_the_same_answers(name):
    row = against_r.compare(name, WORKS[name], 1, True, True)
    assert len(row["ours"]) == len(row["theirs"]) == 1
