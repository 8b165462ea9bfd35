"""What a run rests on: hashes of data, settings, code and lock; versions; seeds; the commit."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from analysis.contract.closure import code_hash, file_hash, settings_hash
from analysis.contract.layout import LOCK, Dataset, plan_hash
from analysis.contract.plan import Plan

#: Packages whose versions can move a number, a figure or the order of work.
PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "statsmodels",
    "scikit-learn",
    "matplotlib",
    "snakemake",
    "dvc",
)


def collect_provenance(plan: Plan, datasets: Mapping[str, Dataset]) -> dict[str, object]:
    """A record of everything that could change an answer, ready to be written as JSON.

    Parameters
    ----------
    plan : the analysis plan.
    datasets : a dataset's name -> its mapping and files.

    Returns
    -------
    ``plan_hash``, ``code_hash`` (all that the command imports) and ``lock_hash``; ``seeds``;
    ``versions`` of Python and packages; per dataset the hash of each raw file (the first 16
    hexadecimal digits of its SHA-256), of the mapping's and of each instrument's settings (so that
    a comment changes nothing); and ``git``: ``commit`` and ``uncommitted_changes``, both None
    where there is no git or no repository. Only ``git`` may differ between two runs on
    the same inputs.
    """
    return {
        "plan_hash": plan_hash(plan),
        "code_hash": code_hash("analysis.cli"),
        "lock_hash": file_hash(LOCK),
        "seeds": {
            name: part["seed"]
            for name, part in plan.model_dump().items()
            if isinstance(part, dict) and "seed" in part
        },
        "versions": {"python": platform.python_version(), **_versions()},
        "datasets": {name: _rests_on(dataset) for name, dataset in datasets.items()},
        "git": describe_commit(),
    }


def _versions() -> dict[str, str | None]:
    """Each package's version; None for one that is not installed."""
    found: dict[str, str | None] = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def _rests_on(dataset: Dataset) -> dict[str, object]:
    return {
        "data": {
            source: {"file": path.name, "hash": file_hash(path)}
            for source, path in dataset.raw_files.items()
        },
        "mapping_hash": dataset.keys_hash(),
        "instruments": {
            rater: {
                "name": key.name,
                "status": key.status,
                "hash": settings_hash(key.model_dump(mode="json")),
            }
            for rater, key in dataset.instruments.items()
        },
    }


def describe_commit(folder: Path = Path()) -> dict[str, object]:
    """The commit checked out in a folder, and whether anything has changed since.

    A repository further up, in which the folder merely lies, says nothing of it.
    """
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != Path(folder).resolve():
        return {"commit": None, "uncommitted_changes": None}
    changes = _git(folder, "status", "--porcelain")
    return {
        "commit": _git(folder, "rev-parse", "--verify", "HEAD"),
        "uncommitted_changes": None if changes is None else bool(changes),
    }


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says, or None where there is no git or it has nothing to say."""
    if (git := shutil.which("git")) is None:
        return None
    try:
        told = subprocess.run(
            # Status may not take the index's lock while somebody else is at work.
            [git, "--no-optional-locks", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return told.stdout.strip() if told.returncode == 0 else None
