"""A finished run to one zip archive that can be deposited: no row-level data, and described."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import yaml

from analysis.contract.archives import pack
from analysis.contract.crate import (
    METADATA,
    ROW_LEVEL_FOLDERS,
    Described,
    describe_crate,
    name_authors,
    refuse_row_level,
)
from analysis.contract.dictionary import IDENTIFIERS
from analysis.contract.faults import UserFault, several
from analysis.contract.files import replacing
from analysis.contract.freeze import FROZEN
from analysis.contract.layout import (
    BENCHMARKS,
    LEDGER,
    LOCK,
    PLAN,
    RESULTS,
    RUNS,
    Dataset,
    find_datasets,
    read_plan,
)
from analysis.contract.mapping import Mapping
from analysis.contract.products import FIGURES, FIGURES_ACROSS, REPORTED

CITATION, LICENCE = Path("CITATION.cff"), Path("LICENSE")
DICTIONARY = Path("docs/data-dictionary.md")


def bundle(mapping: Path | None, output: Path | None, date: str, authors: list[str]) -> Path:
    """Write a run's bundle; where it lies.

    Parameters
    ----------
    mapping : a mapping of the user's own; the plan's datasets without.
    output : where the archive goes; ``bundle.zip`` in the run's results folder without.
    date : the day it is published on (ISO 8601); the newest commit's where none is given.
    authors : whose the results are; the project's own for its own datasets where none is given.

    Raises UserFault listing what a finished run would have left, and for any file that could hold
    rows of single people.
    """
    choices = read_plan()
    found = find_datasets(choices) if mapping is None else {"": Dataset(mapping)}
    datasets = {dataset.mapping.name: dataset for dataset in found.values()}
    results = RESULTS if mapping is None else RUNS / next(iter(datasets))
    inputs = _settings(datasets)
    members = inputs | _results(results, list(datasets)) | _about()
    for name, content in members.items():
        refuse_row_level(name, content)
    citation = yaml.safe_load(CITATION.read_text(encoding="utf-8"))
    whose = name_authors(authors or (citation["authors"] if mapping is None else ()))
    described = Described(
        _name(datasets),
        "Tables, figures, report and audit of the working alliance as advisees and advisors rated "
        "it, with the plan, the mappings and the record of the run. No row of data is in it.",
        _day(date),
        {one.mapping.title: one.mapping.provenance.licence for one in datasets.values()},
        citation,
        whose,
    )
    metadata = describe_crate(members, described, inputs)
    text = json.dumps(metadata, indent=2, ensure_ascii=False) + "\n"
    path = output or results / "bundle.zip"
    with replacing(path) as temporary:
        packed = pack(members | {METADATA: text.encode("utf-8")}, first=(METADATA,))
        temporary.write_bytes(packed)
    return path


def _name(datasets: dict[str, Dataset]) -> str:
    titles = [one.mapping.title for one in datasets.values()]
    return f"Working alliance: {', '.join(titles)}"


def _settings(datasets: dict[str, Dataset]) -> dict[str, bytes]:
    """Plan, ledger, benchmarks, mappings and keys: what the run was made from."""
    members = {
        "plan.yaml": PLAN.read_bytes(),
        "claims.yaml": LEDGER.read_bytes(),
        "benchmarks.yaml": BENCHMARKS.read_bytes(),
        "requirements.lock": LOCK.read_bytes(),
    }
    if FROZEN.exists():
        members[FROZEN.name] = FROZEN.read_bytes()
    for name, dataset in datasets.items():
        text = yaml.safe_dump(share(dataset.mapping), sort_keys=False, allow_unicode=True)
        members[f"mappings/{name}.yaml"] = text.encode("utf-8")
        for path in dataset.instrument_files.values():
            members[f"instruments/{path.name}"] = path.read_bytes()
    return members


def share(mapping: Mapping) -> dict[str, object]:
    """A mapping as it may be shared, without what could name somebody.

    That is where the raw tables lie, the columns that looked personal, and labels of identifiers.
    """
    shown = mapping.model_dump(mode="json", exclude_defaults=True)
    shown.pop("folder", None)
    for source in shown["sources"].values():
        source.pop("drop", None)
        source.pop("cleared", None)
    for parts in shown["tables"].values():
        for part in parts:
            for name, field in part["columns"].items():
                if name in IDENTIFIERS and isinstance(field, dict):
                    field.pop("labels", None)
    return shown


def _results(results: Path, names: list[str]) -> dict[str, bytes]:
    """All that the run left for people to look at. Raises UserFault listing what it did not."""
    figures = [*FIGURES_ACROSS, *(f"{name}_{figure}" for name in names for figure in FIGURES)]
    needed = [
        "report.html",
        "audit.html",
        "codebook.csv",
        "codebook.html",
        "metrics.json",
        "provenance.json",
        *(f"tables/{name}.csv" for name in REPORTED),
        *(f"figures/{name}{ending}" for name in figures for ending in (".svg", ".png")),
        *(f"manuscript/{name}{ending}" for name in names for ending in (".docx", ".html")),
    ]
    if missing := [name for name in needed if not (results / name).is_file()]:
        raise several(
            f"{results}: a finished run is needed for a bundle; run `make run` first. Missing:",
            missing,
        )
    for name in needed:
        _refuse_elsewhere(results, name)
    return {name: (results / name).read_bytes() for name in needed}


def _refuse_elsewhere(results: Path, name: str) -> None:
    """Refuse a file that a link, of its own or of its folder, leads elsewhere for."""
    path = results / name
    if path.resolve() == results.resolve() / name:
        return
    where = "to a folder of rows" if set(path.resolve().parts) & set(ROW_LEVEL_FOLDERS) else "away"
    raise UserFault(f"{path}: it leads {where}, which a bundle does not hold.")


def _about() -> dict[str, bytes]:
    """What the files are, on what terms, and how to cite the software."""
    about = {
        "README.md": RESULTS / "README.md",
        "data-dictionary.md": DICTIONARY,
        "LICENSE": LICENCE,
        "CITATION.cff": CITATION,
    }
    if missing := [str(path) for path in about.values() if not path.is_file()]:
        raise several("A bundle needs the project's own files. Missing:", missing)
    return {name: path.read_bytes() for name, path in about.items()}


def _day(date: str) -> str:
    """The day given, or the newest commit's: never today's, which would change the bytes."""
    if date:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", date):
            raise UserFault(f"--date: '{date}' is no day. Give it as 2026-01-31.")
        return date
    git = shutil.which("git")
    if git and Path(".git").exists():
        told = subprocess.run(
            [git, "--no-optional-locks", "log", "-1", "--format=%cs"],
            capture_output=True,
            text=True,
            timeout=30,
        )
        if told.returncode == 0 and told.stdout.strip():
            return told.stdout.strip()
    raise UserFault("a bundle has a day of publication: there is no commit, so give --date.")
