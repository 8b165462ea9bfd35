"""Where things are: the settings of a run, and the files each dataset and the run leave behind."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from analysis.contract.closure import digest, file_hash, settings_hash
from analysis.contract.faults import UserFault, nearest
from analysis.contract.forms import Forms, align_forms
from analysis.contract.instruments import Instrument, find_instrument, read_instrument
from analysis.contract.mapping import Mapping, read_mapping
from analysis.contract.plan import Plan
from analysis.contract.secret import FILE_VARIABLE, VARIABLE
from analysis.contract.strict import read_settings

PLAN = Path("config/config.yaml")
LEDGER = Path("config/claims.yaml")
BENCHMARKS = Path("config/benchmarks.yaml")
MAPPINGS = Path("config/datasets")
INSTRUMENTS = Path("config/instruments")
LOCK = Path("requirements.lock")
RESULTS = Path("results")
RUNS = RESULTS / "runs"
#: The outcome of the last whole calibration, which runs do not repeat.
CALIBRATION = Path("docs/calibration.csv")

#: What a run leaves in its results folder; `make clean` removes these and nothing else.
GENERATED = (
    "interim",
    "tables",
    "figures",
    "logs",
    "benchmarks",
    "manuscript",
    "audit.html",
    "codebook.csv",
    "codebook.html",
    "bundle.zip",
    "notebooks",
    "report.html",
    "provenance.json",
)


def read_plan(path: Path = PLAN) -> Plan:
    """The analysis plan. Raises UserFault listing all that is wrong with it."""
    if path == PLAN and not path.exists():
        raise UserFault(f"{path}: there is no such file here. Run this in the project's folder.")
    return read_settings(path, Plan)


@dataclass(frozen=True)
class Dataset:
    """A dataset's mapping with the files it leads to."""

    path: Path

    @cached_property
    def mapping(self) -> Mapping:
        """What its raw tables mean."""
        return read_mapping(self.path)

    @cached_property
    def instrument_files(self) -> dict[str, Path]:
        """Rater to key file; keys beside the mapping come before the shipped ones."""
        folders = (self.path.parent, INSTRUMENTS)
        return {
            rater: find_instrument(name, folders)
            for rater, name in self.mapping.instruments.items()
        }

    @cached_property
    def instruments(self) -> dict[str, Instrument]:
        """Rater to the key of the instrument that rater answered."""
        keys = {rater: read_instrument(path) for rater, path in self.instrument_files.items()}
        for rater, key in keys.items():
            if rater not in key.raters:
                raise UserFault(
                    f"{self.path}: instruments.{rater}: {key.name} is a form for "
                    f"{', '.join(key.raters)}. Name the {rater}'s own form."
                )
        return keys

    @cached_property
    def forms(self) -> Forms:
        """The raters' instruments as they are scored: only what both answered is compared."""
        return align_forms(self.instruments)

    @property
    def scored(self) -> dict[str, Instrument]:
        """Rater to the key that rater's scores are made by."""
        return dict(self.forms.instruments)

    @cached_property
    def folder(self) -> Path:
        """Where the raw tables lie. Raises UserFault for an unset environment variable."""
        if any(name in self.mapping.folder for name in (VARIABLE, FILE_VARIABLE)):
            raise UserFault(f"{self.path}: folder: the secret is no folder. Take another variable.")
        folder = os.path.expandvars(self.mapping.folder)
        if unset := re.search(r"\$\{?(\w+)", folder):
            raise UserFault(
                f"{self.path}: folder: the environment variable {unset[1]} is not set. "
                "Set it to where the raw tables lie."
            )
        return self.path.parent / folder

    @cached_property
    def raw_files(self) -> dict[str, Path]:
        """Source name to raw file."""
        return {name: self.folder / raw.file for name, raw in self.mapping.sources.items()}

    def data_hash(self) -> str:
        """Hash of the raw files' content."""
        return digest(f"{name}:{file_hash(path)}" for name, path in self.raw_files.items())

    def keys_hash(self, *keys: str) -> str:
        """Hash of some of the mapping's keys; of all if none is given."""
        return settings_hash(self.mapping.model_dump(include=set(keys) or None, mode="json"))

    def instruments_hash(self) -> str:
        """Hash of the instruments' keys."""
        return settings_hash(
            {r: key.model_dump(mode="json") for r, key in self.instruments.items()}
        )


def find_datasets(plan: Plan) -> dict[str, Dataset]:
    """The plan's datasets by name. Raises UserFault for one without a mapping of its name."""
    known = sorted(path.stem for path in MAPPINGS.glob("*.yaml"))
    found = {}
    for name in plan.datasets:
        if name not in known:
            raise UserFault(
                f"{PLAN}: datasets: there is no {MAPPINGS / name}.yaml. {nearest(name, known)}"
            )
        dataset = Dataset(MAPPINGS / f"{name}.yaml")
        if dataset.mapping.name != name:
            raise UserFault(
                f"{dataset.path}: name: it says '{dataset.mapping.name}', but the file is called "
                f"'{dataset.path.name}'. Rename one of them."
            )
        found[name] = dataset
    return found


def plan_hash(plan: Plan, *keys: str) -> str:
    """Hash of some of the plan's keys, given as ``part`` or ``part.key``; of all if none is."""
    content = plan.model_dump(mode="json")
    chosen = {}
    for key in keys or content:
        value: object = content
        for step in key.split("."):
            value = value[step]
        chosen[key] = value
    return settings_hash(chosen)
