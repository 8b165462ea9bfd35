"""Whatever stops a run, nothing is lost, nothing is half-written, and nothing stale is believed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.slow

RUN = Path("results/runs/own")
OUTCOMES, COMPARISON, MULTIVERSE = (
    Path("interim/own") / name for name in ("outcomes.parquet", "comparison.csv", "multiverse.csv")
)
#: Pairs of kills: the second hits a run that takes up where the first was killed.
PAIRS = 10
SEED = 20264


class World:
    """A project with a small dataset of a user's own in two versions, and what each leads to."""

    def __init__(self, project, mapping: Path) -> None:
        self.project, self.mapping = project, mapping
        self.folder = project.folder
        self.cases = mapping.parent / "cases.csv"
        first = self.cases.read_text()
        frame = pd.read_csv(self.cases)
        frame["Goals"] = frame["Goals"].to_numpy()[::-1]
        self.versions = {"first": first, "second": frame.to_csv(index=False)}
        self.expected: dict[str, dict[Path, bytes]] = {}
        self.at_hand = "first"
        self.killed = 0
        self.seconds = 0.0

    def use(self, version: str) -> None:
        self.cases.write_text(self.versions[version])
        self.at_hand = version

    def turn(self) -> tuple[str, str]:
        """Put the other version of the data in place; the one that was there, and this one."""
        before = self.at_hand
        self.use("second" if before == "first" else "first")
        return before, self.at_hand

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        return self.project.alliance("run", self.mapping, *arguments, **environment)

    def until(self, rule: str) -> subprocess.CompletedProcess:
        """Run as far as a rule."""
        return self.run(f"--snakemake=--until={rule}")

    @contextmanager
    def running(self, ends_with: int = 0) -> Iterator[subprocess.Popen]:
        """A run in a process group of its own, killed with all it started if it has not ended."""
        told = subprocess.Popen(
            [sys.executable, "-m", "analysis.cli", "run", str(self.mapping)],
            cwd=self.folder,
            env=self.project.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield told
        finally:
            if told.poll() is None:
                self.killed += 1
            else:
                assert told.returncode == ends_with
            _kill_group(told)

    def made(self) -> dict[Path, bytes]:
        """Every file under a final name in the run's folder, logs and benchmarks apart."""
        return _files(self.folder / RUN)

    def check_whole(self, made: dict[Path, bytes] | None = None) -> None:
        """Every file under a final name is one version's or the other's, to the byte."""
        for path, content in (self.made() if made is None else made).items():
            assert content in [files[path] for files in self.expected.values()], path


def _kill_group(told: subprocess.Popen) -> None:
    """Kill a process and all it started, and wait until the last of them is gone."""
    with suppress(ProcessLookupError):
        os.killpg(told.pid, signal.SIGKILL)
    told.wait()
    for _ in range(500):
        try:
            os.killpg(told.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise AssertionError("a killed run's steps are still there")


def _files(folder: Path) -> dict[Path, bytes]:
    exempt = ("logs", "benchmarks")
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.relative_to(folder).parts[0] not in exempt
        and not path.name.startswith((".unfinished-", ".at-work"))
    }


def _leftovers(folder: Path) -> list[Path]:
    return [path for name in (".unfinished-*", ".at-work") for path in folder.rglob(name)]


@pytest.fixture(scope="module")
def world(project, own_dataset) -> World:
    """Both versions run to the end undisturbed; the second is the one at hand."""
    world = World(project, own_dataset(project.folder / "mine", engagements=24, advisors=12))
    for version in world.versions:
        world.use(version)
        begun = time.monotonic()
        told = world.run()
        world.seconds = time.monotonic() - begun
        assert told.returncode == 0, told.stderr
        world.expected[version] = world.made()
    assert world.expected["first"].keys() == world.expected["second"].keys()
    assert Path("report.html") in world.expected["first"]
    return world


@pytest.mark.parametrize("pair", range(PAIRS))
def test_a_run_killed_at_any_time_is_taken_up_by_the_same_command(world, pair):
    """Twenty kills of the whole process group, at points in time drawn beforehand."""
    first, second = np.random.default_rng([SEED, pair]).uniform(0.03, 0.97, 2)
    world.turn()
    # The second run has less to do: the earlier its predecessor was killed, the more.
    for share in (first, second * (1.1 - first)):
        begun = time.monotonic()
        with world.running() as told, suppress(subprocess.TimeoutExpired):
            told.wait(timeout=share * world.seconds)
            if share == first:  # a whole run ended before its turn: this is how long one takes now
                world.seconds = time.monotonic() - begun
        world.check_whole()
    told = world.run()
    assert told.returncode == 0, told.stderr
    assert world.made() == world.expected[world.at_hand]
    assert _leftovers(world.folder / RUN) == []


def test_the_kills_met_runs_at_work(world):
    assert world.killed >= 0.7 * 2 * PAIRS


@pytest.fixture
def settled(world) -> World:
    """The results of the version at hand are whole."""
    if world.made() != world.expected[world.at_hand]:
        assert world.run().returncode == 0
    assert world.made() == world.expected[world.at_hand]
    return world


def test_a_step_that_was_killed_runs_again_and_its_earlier_file_stays(settled):
    """As the system kills the largest process when memory runs out."""
    before, now = settled.turn()
    with settled.running(ends_with=1) as told:
        _kill_step(settled.folder, "compare")
        told.wait()
    assert settled.made()[COMPARISON] == settled.expected[before][COMPARISON]
    settled.check_whole()
    told = settled.run()
    assert told.returncode == 0, told.stderr
    assert settled.made() == settled.expected[now]


def _kill_step(folder: Path, step: str) -> None:
    """Wait for a step of a run in a folder, and kill it."""
    for _ in range(6000):
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
                where = (process / "cwd").resolve()
            except OSError:
                continue
            if where == folder and step.encode() in words and b"python" in words[0]:
                os.kill(int(process.name), signal.SIGKILL)
                return
        time.sleep(0.01)
    raise AssertionError(f"{step} never ran")


def test_without_records_of_what_results_rest_on_they_are_made_again(settled):
    """Somebody removes `.snakemake` to be rid of a trouble, and the data change."""
    records = settled.folder / ".snakemake"
    records.rename(settled.folder / "aside")
    try:
        planned = settled.project.planned(settled.mapping)
    finally:
        shutil.rmtree(records, ignore_errors=True)
        (settled.folder / "aside").rename(records)
    assert {"ingest dataset own", "compare raters own", "write report"} <= planned


@pytest.mark.parametrize("days", [-20_000, 10_000])
def test_times_of_raw_files_are_no_matter(settled, days):
    files = (settled.cases, settled.mapping, settled.folder / "config/config.yaml")
    before, now = settled.turn()
    try:
        for path in files:
            os.utime(path, (time.time() + 86_400 * days,) * 2)
        told = settled.until("ingest_dataset")
        assert told.returncode == 0, told.stderr
        assert settled.made()[OUTCOMES] == settled.expected[now][OUTCOMES]
        settled.use(before)
        os.utime(settled.cases, (time.time() + 86_400 * days,) * 2)
        assert settled.until("ingest_dataset").returncode == 0
        assert settled.project.planned(settled.mapping) == set()
    finally:
        for path in files:
            path.touch()


def test_results_from_the_future_do_not_pass_for_newer_than_what_they_rest_on(settled):
    """A clock was a day ahead and is set back; then the data change, and a run gets half-way."""
    for path in (settled.folder / RUN).rglob("*"):
        stamp = path.stat().st_mtime + 86_400
        os.utime(path, (stamp, stamp))
    _, now = settled.turn()
    for rule in ("ingest_dataset", "multiverse_choices"):
        told = settled.until(rule)
        assert told.returncode == 0, told.stderr
    assert settled.made()[MULTIVERSE] == settled.expected[now][MULTIVERSE]


def test_a_second_run_in_one_directory_is_told_and_nothing_is_harmed(settled):
    before, _ = settled.turn()
    with settled.running() as first:
        at_work = settled.folder / RUN / ".at-work"
        while not at_work.exists() or not at_work.read_text():
            time.sleep(0.02)
        told = [settled.run(), settled.project.alliance("clean")]
        assert first.poll() is None
    for one in told:
        assert one.returncode == 1
        assert f"another run is at work here (process {first.pid} " in one.stderr
        assert "Traceback" not in one.stderr
    settled.check_whole()
    assert settled.made().keys() == settled.expected[before].keys()


def cannot(why: str) -> None:
    """Skip what this machine does not allow; where everything has to hold, that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """Mount something on a folder for a while; skips where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    for option in options:
        made = subprocess.run(
            ["mount", *option.split(), str(folder)], capture_output=True, text=True, check=False
        )
        if made.returncode != 0:
            if option is not options[0]:
                subprocess.run(["umount", "--lazy", str(folder)], check=True)
            cannot(f"mounting needs root's rights: {made.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_results_folder_that_may_not_be_written_is_told_at_once(settled):
    before, _ = settled.turn()
    folder = settled.folder / RUN
    with mounted(folder, f"--bind {folder}", "-o remount,bind,ro"):
        told = settled.run()
    assert told.returncode == 1
    assert f"{folder}: the disk can only be read" in told.stderr
    assert "Traceback" not in told.stdout + told.stderr
    assert settled.made() == settled.expected[before]
    settled.use(before)


@pytest.mark.parametrize("room", [0, 120])
def test_a_full_disk_is_told_nothing_is_lost_and_with_room_it_goes_on(settled, tmp_path, room):
    """The whole project lies on a disk with so many kilobytes left."""
    disk = tmp_path / "disk"
    with mounted(disk, "-t tmpfs -o size=64m tmpfs"):
        small = type(settled.project)(disk / "project")
        shutil.copytree(settled.folder, small.folder, symlinks=True)
        now = {"first": "second", "second": "first"}[settled.at_hand]
        (small.folder / "mine/cases.csv").write_text(settled.versions[now])
        filler = disk / "filler"
        with filler.open("wb") as stream:
            space = os.statvfs(disk)
            stream.write(bytes(space.f_bavail * space.f_frsize - 1024 * room))
        told = small.alliance("run", small.folder / "mine/own.yaml")
        assert told.returncode == 1
        assert "the disk is full. Make room" in told.stderr
        assert "Traceback" not in told.stdout + told.stderr
        settled.check_whole(_files(small.folder / RUN))
        filler.unlink()
        told = small.alliance(
            "run", small.folder / "mine/own.yaml", "--snakemake=--until=multiverse_choices"
        )
        assert told.returncode == 0, told.stderr
        assert _files(small.folder / RUN)[MULTIVERSE] == settled.expected[now][MULTIVERSE]


def test_place_home_language_and_time_zone_change_nothing(settled, tmp_path):
    """A folder with spaces and letters of another alphabet, Turkish, no home, far in the east."""
    home = tmp_path / "home"
    place = type(settled.project)(tmp_path / "Çağrı's Daten für İş, 50 % (neu)")
    ignored = shutil.ignore_patterns("results", ".snakemake")
    shutil.copytree(settled.folder, place.folder, ignore=ignored)
    (place.folder / "mine").rename(place.folder / "veri ağı")
    with mounted(home, "-t tmpfs -o ro,size=64k tmpfs"):
        told = place.alliance(
            "run",
            "veri ağı/own.yaml",
            HOME=str(home),
            LC_ALL=locale_of("tr_TR", tmp_path),
            LOCPATH=str(tmp_path / "locales"),
            TZ="Pacific/Kiritimati",
        )
    assert told.returncode == 0, told.stderr
    assert _files(place.folder / RUN) == settled.expected[settled.at_hand]


def test_an_old_encoding_and_decimal_commas_change_nothing(settled, tmp_path):
    """German in Latin-1, where the minus sign of the answer cannot even be printed."""
    place = type(settled.project)(tmp_path / "project")
    ignored = shutil.ignore_patterns("results", ".snakemake")
    shutil.copytree(settled.folder, place.folder, ignore=ignored)
    environment = {
        "LC_ALL": locale_of("de_DE", tmp_path, "ISO-8859-1"),
        "LOCPATH": str(tmp_path / "locales"),
        "TZ": "America/Adak",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }
    mapping = place.folder / "mine/own.yaml"
    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(text.replace("value: Goals", "value: Größe"), encoding="utf-8")
    refused = subprocess.run(
        [sys.executable, "-m", "analysis.cli", "run", str(mapping)],
        cwd=place.folder,
        env=place.environment | environment,
        capture_output=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "Größe" in refused.stderr.decode("latin-1")
    mapping.write_text(text, encoding="utf-8")
    told = place.alliance("run", mapping, **environment)
    assert told.returncode == 0, told.stderr
    assert r"advisor r = \N{MINUS SIGN}0." in told.stdout
    assert _files(place.folder / RUN) == settled.expected[settled.at_hand]


def locale_of(language: str, folder: Path, encoding: str = "UTF-8") -> str:
    """A locale made for the test; skips where its sources (Debian's `locales`) are not there."""
    (folder / "locales").mkdir(exist_ok=True)
    name = f"{language}.{encoding}"
    if shutil.which("localedef") is None:
        cannot("there is no localedef to make a locale with")
    made = subprocess.run(
        ["localedef", "-i", language, "-f", encoding, str(folder / "locales" / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        cannot(f"the sources of locales are not installed: {made.stderr.strip()}")
    return name
