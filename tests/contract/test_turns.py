import os
import subprocess
import sys
from contextlib import suppress

import pytest

from analysis.contract.faults import UserFault
from analysis.contract.turns import NAME, SHARED, join_turn, take_turn

#: Runs that hold the folder named first, say so, and then do as the rest says.
RUN = """
import subprocess, sys, time
from pathlib import Path
from analysis.contract.turns import take_turn
with take_turn(Path(sys.argv[1])):
    step = [sys.executable, "-c", sys.argv[2]]
    if sys.argv[2]:
        subprocess.Popen(step, stdout=sys.stdout).stdout
    print("held", flush=True)
    time.sleep(60)
"""
STEP = """
import time
from analysis.contract.turns import join_turn
join_turn()
print("joined", flush=True)
time.sleep(60)
"""


@pytest.fixture
def run_elsewhere(tmp_path):
    """Starts a run in a process group of its own that holds the folder, with a step if asked."""
    started = []

    def start(step: str = "") -> subprocess.Popen:
        told = subprocess.Popen(
            [sys.executable, "-c", RUN, str(tmp_path), step],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(told)
        awaited = {"held\n", "joined\n"} if step else {"held\n"}
        while awaited:
            awaited.discard(told.stdout.readline())
        return told

    yield start
    for told in started:
        with suppress(ProcessLookupError):
            os.killpg(told.pid, 9)
        told.wait()
        told.stdout.close()


def test_a_turn_leaves_nothing_behind_and_can_be_taken_again(tmp_path):
    for _ in range(2):
        with take_turn(tmp_path / "results"):
            assert SHARED in os.environ
        assert SHARED not in os.environ
        assert list((tmp_path / "results").iterdir()) == []


def test_a_second_run_is_told_which_is_at_work(tmp_path, run_elsewhere):
    first = run_elsewhere()
    with pytest.raises(UserFault, match=f"another run is at work here .process {first.pid} "):
        take_turn(tmp_path).__enter__()
    assert (tmp_path / NAME).read_text().startswith(f"{first.pid} ")


def test_a_killed_run_stands_in_nobodys_way(tmp_path, run_elsewhere):
    first = run_elsewhere()
    first.kill()
    first.wait()
    assert (tmp_path / NAME).exists()
    with take_turn(tmp_path):
        assert (tmp_path / NAME).read_text().startswith(f"{os.getpid()} ")


def test_a_step_that_outlives_its_run_keeps_the_next_one_out(tmp_path, run_elsewhere):
    first = run_elsewhere(STEP)
    first.kill()
    first.wait()
    with pytest.raises(UserFault, match="steps of a run that was killed are still at work"):
        take_turn(tmp_path).__enter__()


def test_a_step_of_a_run_whose_place_was_taken_does_not_begin(tmp_path, monkeypatch):
    # The turn puts the environment back itself: what is set meanwhile must not be restored after.
    with take_turn(tmp_path), pytest.MonkeyPatch.context() as meanwhile:
        join_turn()
        meanwhile.setenv(SHARED, f"1 elsewhere:{tmp_path / NAME}")
        with pytest.raises(UserFault, match="has ended"):
            join_turn()
    monkeypatch.setenv(SHARED, f"1 elsewhere:{tmp_path / NAME}")
    with pytest.raises(UserFault, match="has ended"):
        join_turn()


def test_whoever_is_no_step_has_nothing_to_join(monkeypatch):
    monkeypatch.delenv(SHARED, raising=False)
    join_turn()
