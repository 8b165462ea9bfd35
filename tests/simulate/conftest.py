"""Programmes drawn and written once, and files read back without the pipeline's help."""

import csv
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from analysis.simulate.exports import write_programme
from analysis.simulate.offices import OFFICES
from analysis.simulate.programme import simulate_tables
from analysis.simulate.programmes import PROGRAMMES

#: Engagements behind the truth of a written programme: enough for its layout, quick to draw.
DRAWN = 20_000


@dataclass(frozen=True)
class Written:
    """One programme's files, and its truth."""

    folder: Path
    truth: dict

    @property
    def paths(self) -> list[Path]:
        return sorted(self.folder.iterdir())


@cache
def clean_tables(name: str) -> dict[str, pd.DataFrame]:
    programme = PROGRAMMES[name]
    return simulate_tables(programme, np.random.default_rng([programme.seed, 0]))


@pytest.fixture(scope="session")
def tables():
    """A function: the clean tables behind a programme's files."""
    return clean_tables


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """A function: a programme as written to a folder of its own."""

    @cache
    def write(name: str) -> Written:
        folder = tmp_path_factory.mktemp(name)
        truth = tmp_path_factory.mktemp("truth") / "truth.json"
        write_programme(name, folder, truth, truth_engagements=DRAWN)
        return Written(folder, json.loads(truth.read_text(encoding="utf-8")))

    return write


open_book = cache(openpyxl.load_workbook)


def read_plainly(path: Path, sheet: str, name: str) -> list[list[str]]:
    """All rows of a raw table as text, headers among them."""
    if path.suffix == ".xlsx":
        rows = open_book(path)[sheet].iter_rows(values_only=True)
        return [["" if cell is None else str(cell) for cell in row] for row in rows]
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
        cells = frame.astype(object).where(frame.notna(), "").to_numpy()
        return [list(frame.columns), *(list(row) for row in cells)]
    delimiter = "\t" if path.suffix == ".tsv" else OFFICES[name].delimiter
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream, delimiter=delimiter))


@pytest.fixture(scope="session")
def raw_rows(written):
    """A function: header and rows of the raw table that holds a clean table of a programme."""

    @cache
    def read(name: str, table: str) -> tuple[list[str], list[list[str]]]:
        file, sheet = OFFICES[name].files[table]
        rows = read_plainly(written(name).folder / file, sheet, name)
        headers = 3 if OFFICES[name].wide and table == "checkins" else 1
        return rows[0], rows[headers:]

    return read
