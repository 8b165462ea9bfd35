"""Copies of the project to run in, and one finished run of the examples for all tests."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

# One thread for each process, as the command has it: several wait for each other on few cores.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
os.environ["OPENPYXL_LXML"] = "False"  # as the command has it

ROOT = Path(__file__).parents[1]
COPIED = ("config", "workflow", "src", "data/raw", "requirements.lock")

#: For the identifiers of data that are not simulated.
SECRET = "tests-only-7Qw2Lr9Xk4Vn8Tb3Zd6Hf"

#: What may differ between two runs on the same inputs.
EXEMPT = ("logs", "benchmarks", "interim")


@dataclass
class Project:
    """A copy of the project's files; its own code is the one that runs."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which a process runs the project's own code."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        own = {"PYTHONPATH": str(self.folder / "src"), "PATH": path, "ALLIANCE_SECRET": SECRET}
        return os.environ | own

    def alliance(self, *arguments: object, **environment: str) -> subprocess.CompletedProcess:
        """Run the command there."""
        return subprocess.run(
            [sys.executable, "-m", "analysis.cli", *map(str, arguments)],
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def planned(self, *arguments: object) -> set[str]:
        """The rules that another run would run."""
        told = self.alliance("run", *arguments, "--snakemake=--dry-run")
        assert told.returncode == 0, told.stderr
        words = [line.split() for line in told.stdout.splitlines() if line.startswith("would ")]
        return {" ".join(line[1:]) for line in words}

    def digests(self, folder: str) -> dict[str, str]:
        """Content hashes of all files that must be the same whenever inputs are."""
        base = self.folder / folder
        return {
            str(path.relative_to(base)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(base.rglob("*"))
            if path.is_file() and path.relative_to(base).parts[0] not in EXEMPT
        }


def copy_project(folder: Path) -> Project:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    return Project(folder)


@pytest.fixture(scope="session")
def copy_of_project(tmp_path_factory):
    """Makes a fresh copy of the project each time it is called."""
    return lambda: copy_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def finished_examples(tmp_path_factory) -> Project:
    """A copy of the project in which the examples have run: made once, only to be read.

    Test processes side by side share it. Where the repository itself holds a run, only what has
    changed since runs again.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, done = shared / "finished", shared / "finished.done"
    with (shared / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            copy_project(folder)
            # Results without Snakemake's records of them would count as up to date whatever has
            # changed since.
            if (ROOT / ".snakemake/metadata").exists() and (ROOT / "results/tables").exists():
                ignored = shutil.ignore_patterns("runs", "log", "locks", "notebooks", "README.md")
                for name in ("results", ".snakemake"):
                    shutil.copytree(ROOT / name, folder / name, ignore=ignored)
            told = Project(folder).alliance("run")
            assert told.returncode == 0, told.stderr
            done.touch()
    return Project(folder)


@pytest.fixture(scope="session")
def working_copy(tmp_path_factory, finished_examples) -> Project:
    """A clone of the repository as it stands, edits included, where the examples have run.

    Its ``.venv`` is this environment and looks installed to ``make``.
    """
    folder = tmp_path_factory.mktemp("clone") / "project"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    tracked = {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}
    for path in [one for one in folder.rglob("*") if one.is_file()]:
        name = str(path.relative_to(folder))
        if not name.startswith(".git/") and name not in tracked:
            path.unlink()
    for name in tracked:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    for name in ("results", ".snakemake", "data/raw"):
        shutil.copytree(finished_examples.folder / name, folder / name, dirs_exist_ok=True)
    environment = folder / ".venv"
    environment.mkdir()
    for path in Path(sys.prefix).iterdir():
        if path.name != "stamps":
            (environment / path.name).symlink_to(path)
    (environment / "stamps").mkdir()
    for stamp in ("venv", "run", "dev", "data"):
        (environment / "stamps" / stamp).touch()
    return Project(folder)
