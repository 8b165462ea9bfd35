"""The whole workflow, run by Snakemake, and its answer in one sentence per dataset."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from analysis.contract.faults import UserFault
from analysis.contract.layout import (
    MAPPINGS,
    RESULTS,
    RUNS,
    Dataset,
    find_datasets,
    read_plan,
)
from analysis.contract.secret import read_key

SNAKEFILE = Path("workflow/Snakefile")


def run(mapping: Path | None = None, cores: int = 2, more: tuple[str, ...] = ()) -> int:
    """Run the workflow on the plan's datasets, or on one of the user's own; the exit code.

    Settings and files are looked at first, so that most faults are told before anything is made.
    """
    datasets = find_datasets(read_plan()) if mapping is None else _own(mapping)
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
    code = _snakemake([*arguments, *more])
    if code == 0 and not more:
        print_headlines(results, list(datasets))
    return code


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
    from snakemake.cli import main

    from analysis.stages import progress

    progress.register()
    here = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([here, os.environ.get("PATH", "")])
    try:
        main(["--snakefile", str(SNAKEFILE), "--logger", progress.NAME, *arguments])
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def print_headlines(results: Path, names: list[str]) -> None:
    """Print each dataset's sentence, in this order, and where the report is."""
    metrics = json.loads((results / "metrics.json").read_text(encoding="utf-8"))
    print()
    for name in names:
        print(f"{metrics[name]['sentence']}\n")
    print(f"Report: {results / 'report.html'}")
