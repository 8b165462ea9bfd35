"""The whole workflow, run by Snakemake, and its answer in one sentence per dataset."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import time
from pathlib import Path

from analysis.contract.faults import UserFault
from analysis.contract.files import remove_unfinished
from analysis.contract.layout import (
    GENERATED,
    MAPPINGS,
    RESULTS,
    RUNS,
    Dataset,
    find_datasets,
    read_plan,
)
from analysis.contract.secret import read_key
from analysis.contract.turns import take_turn

SNAKEFILE = Path("workflow/Snakefile")
FULL = 1_000_000  # bytes left on a disk on which the next file may not fit


def run(mapping: Path | None = None, cores: int = 2, more: tuple[str, ...] = ()) -> int:
    """Run the workflow on the plan's datasets, or on one of the user's own; the exit code.

    Settings and files are looked at first, so that most faults are told before anything is made.
    """
    plan = read_plan()
    datasets = find_datasets(plan) if mapping is None else _own(mapping)
    for dataset in datasets.values():
        _ready(dataset)
    results = RESULTS if mapping is None else RUNS / next(iter(datasets))
    arguments = ["--cores", str(cores)]
    if mapping is not None:
        chosen = {name: str(dataset.path) for name, dataset in datasets.items()}
        arguments += [
            "--config",
            f"mappings={json.dumps(chosen)}",
            f"pathvars={json.dumps({'results': str(results)})}",
        ]
    with take_turn(results):
        _tidy(results)
        code = _snakemake([*arguments, *more])
        if code != 0:
            _say_if_full(results)
        elif not more:
            print_headlines(results, list(datasets))
    return code


def _tidy(results: Path) -> None:
    """Remove what a killed run left half-written, and mend times that a wrong clock has set.

    The order of times tells what must run again. Files from the future, of a clock that was set
    back since, would pass for newer than what they rest on: all go back together, in their order.
    """
    made = [results / name for name in (*GENERATED, "metrics.json")]
    for folder in made:
        remove_unfinished(folder)
    files = [path for folder in made for path in (folder, *folder.rglob("*")) if path.is_file()]
    stamps = {path: path.stat().st_mtime_ns for path in files}
    ahead = max(stamps.values(), default=0) - time.time_ns()
    if ahead > 0:
        for path, stamp in stamps.items():
            os.utime(path, ns=(stamp - ahead, stamp - ahead))


def _say_if_full(results: Path) -> None:
    """A step on a full disk may be unable to say so itself."""
    for folder in (results, Path()):
        if shutil.disk_usage(folder).free < FULL:
            print(
                f"alliance: {folder.resolve()}: the disk is full. Make room and run again: what "
                "was finished is kept, and nothing is half-written.",
                file=sys.stderr,
            )
            return


def _own(mapping: Path) -> dict[str, Dataset]:
    """A user's own dataset, whose name must not be one of the examples'."""
    dataset = Dataset(mapping)
    refuse_taken_name(dataset)
    return {dataset.mapping.name: dataset}


def refuse_taken_name(dataset: Dataset) -> None:
    """Raise UserFault if another mapping already files its results under this name."""
    name = dataset.mapping.name
    taken = MAPPINGS / f"{name}.yaml"
    if taken.exists() and taken.resolve() != dataset.path.resolve():
        raise UserFault(f"{dataset.path}: name: '{name}' is taken by {taken}. Choose another.")


def _ready(dataset: Dataset) -> None:
    """Refuse a dataset whose keys, files or secret are not there."""
    _ = dataset.forms
    try:
        read_key(dataset.mapping.provenance)
    except UserFault as fault:
        raise UserFault(f"{dataset.path}: {fault}") from None
    for source, path in dataset.raw_files.items():
        if not path.is_file():
            pointer = dataset.folder.with_name(f"{dataset.folder.resolve().name}.dvc")
            remedy = (
                f"It is under DVC: `dvc pull {pointer}` brings it."
                if pointer.exists()
                else "Put it there, or correct `folder` and `file` in the mapping."
            )
            raise UserFault(f"{dataset.path}: sources.{source}: there is no file {path}. {remedy}")


def _snakemake(arguments: list[str]) -> int:
    """Run Snakemake in this process with our progress lines; its exit code."""
    _have_a_cache()
    from snakemake.cli import main

    from analysis.stages import progress

    progress.register()
    logging.raiseExceptions = False  # a log that cannot be written is no matter of its own
    os.environ["PYTHONUTF8"] = "1"  # steps write UTF-8 wherever they run
    here = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([here, os.environ.get("PATH", "")])
    try:
        main(["--snakefile", str(SNAKEFILE), "--logger", progress.NAME, "--nolock", *arguments])
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def _have_a_cache() -> None:
    """Where the home may not be written, what Snakemake and matplotlib keep there is kept here."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    while not cache.exists():
        cache = cache.parent
    if not (cache.is_dir() and os.access(cache, os.W_OK)):
        own = Path(".snakemake/cache").resolve()
        os.environ["XDG_CACHE_HOME"] = str(own)
        os.environ["MPLCONFIGDIR"] = str(own / "matplotlib")


def print_headlines(results: Path, names: list[str]) -> None:
    """Print each dataset's sentence, in this order, and where the report is."""
    metrics = json.loads((results / "metrics.json").read_text(encoding="utf-8"))
    print()
    for name in names:
        print(f"{metrics[name]['sentence']}\n")
    print(f"Report: {results / 'report.html'}")
