"""The example run as a whole: verdicts, counts, bytes, and versions under DVC."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from analysis.contract.layout import read_plan

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DVC = [str(Path(sys.executable).with_name("dvc"))]
NAMES = read_plan(ROOT / "config/config.yaml").datasets
#: What the flow calls each kind of dirt that a truth file counts.
DIRT = {
    "blank_rows": ("set aside", "blank row"),
    "duplicated_submissions": ("set aside", "duplicated submission (the last was kept)"),
    "trailing_spaces": ("mended", "spaces trimmed"),
    "missing_marks": ("mended", "missing-value mark read as missing"),
    "out_of_range": ("mended", "answer out of range set to missing"),
}


def truth_of(name: str) -> dict:
    return json.loads((ROOT / f"data/raw/{name}.truth.json").read_text())


@pytest.fixture(scope="module")
def finished(copy_of_project, finished_examples):
    """The examples run on one core, in a copy of its own, and on two, as all tests share it."""
    project = copy_of_project()
    told = project.alliance("run", "--cores", 1)
    assert told.returncode == 0, told.stderr
    return [project, finished_examples]


@pytest.fixture(scope="module")
def metrics(finished) -> dict:
    return json.loads((finished[0].folder / "results/metrics.json").read_text())


def test_one_core_and_two_leave_the_same_bytes(finished):
    one, two = (project.digests("results") for project in finished)
    assert one == two
    assert any(name.endswith(".svg") for name in one)


def test_the_pages_of_a_whole_run_hold_in_a_browser(finished):
    pages = sorted((finished[0].folder / "results").glob("*.html"))
    assert "report.html" in [page.name for page in pages]
    told = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-rs",
            "tests/present/browser/test_pages.py",
            "-k",
            "html",
        ],
        cwd=ROOT,
        env=os.environ | {"ALLIANCE_PAGES": ":".join(map(str, pages))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout
    if " skipped" in told.stdout and " passed" not in told.stdout:
        pytest.skip("no browser, or no axe-core: see tests/present/browser")


@pytest.mark.parametrize("name", NAMES)
def test_verdicts_are_those_the_truth_implies(metrics, name):
    truth = truth_of(name)["verdict"]
    assert metrics[name]["verdict"] not in truth["wrong"]
    assert metrics[name]["verdict"] == truth["expected"]


def test_the_recorded_metrics_are_those_of_a_run(metrics):
    recorded = json.loads((ROOT / "results/metrics.json").read_text())
    assert recorded.keys() == metrics.keys()
    for name, numbers in recorded.items():
        assert numbers == pytest.approx(metrics[name], abs=1e-8), "run `make record`"


@pytest.mark.parametrize("name", NAMES)
def test_the_flow_counts_exactly_the_dirt_that_was_put_in(finished, name):
    flow = pd.read_csv(finished[0].folder / f"results/interim/{name}/flow.csv")
    for file, counts in truth_of(name)["files"].items():
        own = flow[flow["source"] == file].set_index(["step", "reason"])["rows"]
        read = own.xs("read").iloc[0]
        assert read == counts["rows"]
        for kind, count in counts.items():
            if kind != "rows":
                assert own.get(DIRT[kind], 0) == count, (file, kind)
    (ratings,) = [one for one in truth_of(name)["files"].values() if "out_of_range" in one]
    for kind in DIRT:
        assert ratings[kind] >= 0.01 * ratings["rows"], kind


@pytest.mark.parametrize("name", NAMES)
def test_simulating_again_gives_the_same_bytes(copy_of_project, name):
    project = copy_of_project()
    told = project.alliance("simulate", name, "--output", "again", "--truth", "again.truth.json")
    assert told.returncode == 0, told.stderr
    assert project.digests("again") == project.digests(f"data/raw/{name}")
    assert (project.folder / "again.truth.json").read_text() == (
        ROOT / f"data/raw/{name}.truth.json"
    ).read_text()


@pytest.fixture
def clone(tmp_path) -> Path:
    """A fresh clone of the repository."""
    folder = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


def run_in(folder: Path, *command: str) -> subprocess.CompletedProcess:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    home = folder.with_name("home")
    home.mkdir(exist_ok=True)
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PATH": path, "HOME": str(home), "PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def pull(clone: Path) -> list[str]:
    """Pull the examples; their pointers."""
    pointers = [f"data/raw/{path.stem}.dvc" for path in sorted((ROOT / "data/raw").glob("*.dvc"))]
    pulled = run_in(clone, *DVC, "pull", *pointers)
    assert pulled.returncode == 0, pulled.stderr
    return pointers


def test_a_fresh_clone_pulls_the_examples_without_network(clone):
    pointers = pull(clone)
    for name in NAMES:
        assert (clone / "data/raw" / name).is_dir()
    status = run_in(clone, *DVC, "status", *pointers)
    assert "up to date" in status.stdout


def test_pushing_ones_own_data_without_a_remote_of_ones_own_fails(clone):
    own = clone / "data/raw/clients"
    own.mkdir(parents=True)
    (own / "clients.csv").write_text("Case,Client\n1,Somebody\n")
    before = sorted(str(path) for path in (clone / "data/remote").rglob("*"))
    assert run_in(clone, *DVC, "add", "data/raw/clients").returncode == 0
    pushed = run_in(clone, *DVC, "push", "data/raw/clients.dvc")
    assert pushed.returncode != 0
    assert "no remote" in (pushed.stderr + pushed.stdout).lower()
    assert sorted(str(path) for path in (clone / "data/remote").rglob("*")) == before
    tracked = run_in(clone, "git", "status", "--porcelain", "--untracked-files=all").stdout
    assert "clients.csv" not in tracked


def test_recording_in_a_fresh_clone_leaves_git_clean(clone):
    """On the machine that recorded; on another, results may differ beyond the ninth digit."""
    pull(clone)
    recorded = yaml.safe_load((clone / "dvc.lock").read_text())["stages"]["analyse"]
    metrics = json.loads((clone / "results/metrics.json").read_text())
    told = run_in(clone, *DVC, "repro")
    assert told.returncode == 0, told.stderr
    made = yaml.safe_load((clone / "dvc.lock").read_text())["stages"]["analyse"]
    for part in ("cmd", "deps", "params"):
        assert made[part] == recorded[part], "run `make record`"
    changed = run_in(clone, "git", "status", "--porcelain").stdout.splitlines()
    if made["outs"] == recorded["outs"]:
        assert changed == []
        difference = run_in(clone, *DVC, "metrics", "diff", "HEAD")
        assert difference.returncode == 0
        assert difference.stdout.strip() == ""
    else:
        assert {line.split()[-1] for line in changed} <= {"dvc.lock", "results/metrics.json"}
        for name, numbers in json.loads((clone / "results/metrics.json").read_text()).items():
            assert numbers == pytest.approx(metrics[name], abs=1e-8)
