"""Programmes as raw files with dirt, and their truth beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.contract.files import write_json
from analysis.simulate.dirt import BLANK, KINDS, MARK, SPACES, RawTable, soil
from analysis.simulate.layouts import (
    lay_out,
    lay_out_checkins,
    spread_out_checkins,
    spread_out_outcomes,
)
from analysis.simulate.offices import OFFICES, Office
from analysis.simulate.parameters import Programme
from analysis.simulate.programme import simulate_tables
from analysis.simulate.programmes import EVERY_PROGRAMME
from analysis.simulate.truth import truth_of
from analysis.simulate.writers import write_delimited, write_parquet, write_workbook

#: Share of a table's rows that each kind of dirt concerns.
DIRT = 0.012
#: Kinds of dirt in tables other than the check-ins; wide outcomes have marks besides.
PLAIN_DIRT = (BLANK, SPACES)
#: Wide outcome columns whose empty cells may hold a mark for a missing value.
MARKED_COLUMNS = ("GoalSelf", "Goal360FollowUp")
#: Wide outcome columns that say Yes or No.
DECISIONS = ("Renewed", "Referred")
#: Streams of the programme's seed; the truth's draw has 1.
_DATA, _DIRT = 0, 2


def write_programme(
    name: str,
    folder: Path,
    truth_path: Path | None,
    seed: int | None = None,
    truth_engagements: int = 1_000_000,
) -> None:
    """Write a programme's raw files to a folder and its truth as JSON; the same bytes every time.

    Parameters
    ----------
    name : a key of EVERY_PROGRAMME
    folder : where the raw files go; made if need be
    truth_path : where the truth goes, if anywhere: the numbers of ``truth_of``; ``seed``; and under
        ``files`` each file's (``file [sheet]`` in a workbook) ``rows`` below the header and the
        rows that each kind of dirt concerns, no row being concerned by two
    seed : of the data; the programme's own by default
    truth_engagements : size of the draw behind the truth
    """
    programme = EVERY_PROGRAMME[name]
    seed = programme.seed if seed is None else seed
    tables = simulate_tables(programme, np.random.default_rng([seed, _DATA]))
    rng = np.random.default_rng([seed, _DIRT])
    files: dict[str, dict[str, RawTable]] = {}
    counts: dict[str, dict[str, int]] = {}
    for table, raw in raw_tables(programme, tables, rng).items():
        file, sheet = OFFICES[name].files[table]
        soiled, dirt = soil(raw, DIRT, _kinds(table, raw), rng)
        files.setdefault(file, {})[sheet] = soiled
        label = f"{file} [{sheet}]" if sheet else file
        counts[label] = {"rows": len(soiled.cells), **dirt}
    for file, sheets in files.items():
        _write(Path(folder) / file, sheets, OFFICES[name].delimiter)
    if truth_path is None:
        return
    truth = truth_of(programme, truth_engagements) | {"files": counts, "seed": seed}
    write_json(_rounded(truth), truth_path)


def raw_tables(
    programme: Programme, tables: Mapping[str, pd.DataFrame], rng: np.random.Generator
) -> dict[str, RawTable]:
    """Clean tables as the programme's office keeps them, still without dirt, by clean name."""
    office = OFFICES[programme.name]
    raw = {
        name: lay_out(
            tables[name],
            office.columns[name],
            [column for column in office.columns[name] if column.endswith("_id")],
            office.words(),
            office.decimal,
        )
        for name in ("engagements", "outcomes", "events")
        if name in office.columns
    }
    if office.wide:
        people = {rater: office.people[rater] for rater in programme.rated_by}
        raw["checkins"] = spread_out_checkins(tables["checkins"], programme, people, rng)
        raw["outcomes"] = spread_out_outcomes(
            tables["engagements"],
            tables["outcomes"],
            office.wide,
            office.wide_weeks,
            DECISIONS,
            MARKED_COLUMNS,
            programme.course.spacing,
        )
    else:
        raw["checkins"] = _long_checkins(programme, tables["checkins"], office)
    return {name: raw[name] for name in tables}


def _long_checkins(programme: Programme, checkins: pd.DataFrame, office: Office) -> RawTable:
    answers = {
        name: office.question.format(number=number, name=name)
        for number, name in enumerate(programme.form.columns, 1)
    }
    return lay_out_checkins(
        checkins,
        programme.form,
        office.columns["checkins"],
        answers,
        office.words(),
        office.responses,
    )


def _kinds(table: str, raw: RawTable) -> tuple[str, ...]:
    if table == "checkins":
        return KINDS
    return (*PLAIN_DIRT, MARK) if raw.vacant.any() else PLAIN_DIRT


def _write(path: Path, sheets: Mapping[str, RawTable], delimiter: str) -> None:
    """Write one file of the kind that its name's ending says."""
    if path.suffix == ".xlsx":
        write_workbook(sheets, path)
    elif path.suffix == ".parquet":
        write_parquet(sheets[""], path)
    else:
        write_delimited(sheets[""], path, "\t" if path.suffix == ".tsv" else delimiter)


def _rounded(value: object) -> object:
    """Numbers to six digits after the point; a negative zero is zero, what is not known null."""
    if isinstance(value, Mapping):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, float | np.floating):
        return round(float(value), 6) + 0.0 if np.isfinite(value) else None
    return value
