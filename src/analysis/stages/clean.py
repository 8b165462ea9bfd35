"""Removal of what runs have generated, and of nothing else."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

from analysis.contract.layout import GENERATED, RESULTS, RUNS
from analysis.contract.turns import take_turn


def clean() -> None:
    """Remove generated results, those of users' own runs too, and Snakemake's records of them.

    ``results/metrics.json`` stays: it is the recorded answer, under version control. Raises
    UserFault, and removes nothing, while a run is at work.
    """
    own = [path for path in RUNS.glob("*") if path.is_dir()]
    with ExitStack() as turns:
        for results in [RESULTS, *own]:
            turns.enter_context(take_turn(results))
        for results in [RESULTS, *own]:
            for name in GENERATED:
                _remove(results / name)
        for results in own:
            _remove(results / "metrics.json")
        _remove(Path(".snakemake"))
    for folder in (*own, RUNS):
        _remove_if_empty(folder)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
