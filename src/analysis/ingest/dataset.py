"""A dataset's raw tables into the four clean tables and the account of every row."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Lookup
from pathlib import Path

import pandas as pd

from analysis.contract.dictionary import TABLES
from analysis.contract.faults import Gathered
from analysis.contract.instruments import Instrument
from analysis.contract.mapping import Mapping
from analysis.contract.parts import Part
from analysis.contract.tables import check_table, dtype_of, rises
from analysis.ingest.account import Left, note_left
from analysis.ingest.blocks import rows_in_blocks
from analysis.ingest.checks import check_outcomes, in_time
from analysis.ingest.dates import Beginnings, check_starts, find_beginnings
from analysis.ingest.flow import Flow
from analysis.ingest.privacy import leave_behind, refuse_personal, refuse_personal_clean
from analysis.ingest.sources import Raw, read_raw


def ingest_dataset(
    mapping: Mapping,
    folder: Path,
    instruments: Lookup[str, Instrument],
    left: list[Left] | None = None,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The four clean tables by name, and the flow of rows.

    Parameters
    ----------
    mapping : what the raw tables mean
    folder : where they lie
    instruments : rater to the key of the instrument that rater answered
    left : takes, if given, what became of columns that are not taken in as they are

    Raises
    ------
    UserFault
        where going on would make the answer wrong, naming all that is wrong in all files; what can
        be set aside is set aside and counted
    """
    check_starts(mapping)
    flow = Flow(mapping.name)
    faults = Gathered()
    raws: dict[str, Raw] = {}
    for name, source in mapping.sources.items():
        with faults:
            whole = read_raw(source, folder)
            raws[name] = leave_behind(name, whole, mapping)
            if left is not None:
                left += note_left(name, whole, mapping)
            del whole
    unread = set(mapping.sources) - set(raws)
    before = len(faults.told)
    with faults:
        refuse_personal(mapping, raws)
    if len(faults.told) > before:  # what is wrong with a cell could repeat what is in it
        faults.tell()
    begun = Beginnings()
    with faults:
        begun = find_beginnings(mapping, raws)
    tables: dict[str, pd.DataFrame] = {}
    last_use = {part.source: table for table, parts in mapping.parts().items() for part in parts}
    for table, parts in mapping.parts().items():
        # Engagements that could not be read make none of the others unknown.
        known = None
        if "engagements" in tables:
            known = pd.Index(tables["engagements"]["engagement_id"].unique())
        made, before = [], len(faults.told)
        for source in dict.fromkeys(part.source for part in parts if part.source in raws):
            of_source = [part for part in parts if part.source == source]
            # A large raw table is as much again as what is made of it: let go with its last use.
            keep = last_use[source] != table
            with faults:
                made.append(
                    rows_in_blocks(
                        table,
                        of_source,
                        raws[source] if keep else raws.pop(source),
                        mapping,
                        instruments,
                        known,
                        begun,
                        flow,
                    )
                )
        if len(faults.told) > before or not _sources(parts) <= set(mapping.sources) - unread:
            continue
        tables[table] = _in_contract(table, made)
        if table in ("engagements", "checkins") and tables[table].empty:
            faults.told.append(
                f"{mapping.name}: no usable row is left in {table}. "
                f"{_why_empty(flow, table)} Look at the raw table and the mapping's columns."
            )
            del tables[table]
    if "outcomes" in tables:
        with faults:
            check_outcomes(mapping, tables["outcomes"])
    if {"checkins", "engagements"} <= set(tables):
        with faults:
            tables["checkins"] = in_time(mapping, tables["checkins"], tables["engagements"], flow)
    faults.tell()
    for table, frame in tables.items():
        check_table(table, frame, mapping.name)
    refuse_personal_clean(mapping.name, tables)
    return tables, flow.as_frame()


def _in_contract(table: str, made: list[pd.DataFrame]) -> pd.DataFrame:
    """The clean table with its columns in order and in their kinds, rows sorted by key."""
    declared = TABLES[table]
    if not made:
        return pd.DataFrame(
            {column.name: pd.Series(dtype=dtype_of(column)) for column in declared.columns}
        )
    frame = pd.concat(made, ignore_index=True) if len(made) > 1 else made.pop()
    for column in declared.columns:
        if column.name in frame and frame[column.name].dtype != dtype_of(column):
            frame[column.name] = frame[column.name].astype(dtype_of(column))
    first = [name for name in declared.names if name in frame]
    rest = [name for name in frame.columns if name not in first]
    key = [name for name in (declared.key or first) if name in frame]
    if [*first, *rest] != list(frame.columns):
        frame = frame[first + rest]
    if rises(frame, key):
        return frame.reset_index(drop=True)
    return frame.sort_values(key, kind="stable").reset_index(drop=True)


def _sources(parts: Iterable[Part]) -> set[str]:
    return {part.source for part in parts}


def _why_empty(flow: Flow, table: str) -> str:
    told = [
        f"{row['rows']} {row['reason']}"
        for row in flow.rows
        if row["table"] == table and row["step"] == "set aside" and row["rows"]
    ]
    return f"Set aside: {', '.join(told)}." if told else "The raw table has no rows."
