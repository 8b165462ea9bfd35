"""The four clean tables, read and written only as the data dictionary says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.contract.dictionary import INTEGER, NUMBER, TABLES, TEXT, Column, Table
from analysis.contract.faults import UserFault, several
from analysis.contract.files import replacing

if TYPE_CHECKING:
    import pandera.pandas as pa

ITEM = re.compile(r"item_\d{2}")
_DTYPES = {TEXT: "str", INTEGER: "int64", NUMBER: "float64"}


def item_columns(frame: pd.DataFrame) -> list[str]:
    """The names of a check-in table's item columns, in order."""
    return sorted(name for name in frame.columns if ITEM.fullmatch(str(name)))


def dtype_of(column: Column) -> str:
    """The pandas kind of a column; a whole number that may be missing is held as a float."""
    return _DTYPES[NUMBER if column.kind == INTEGER and column.nullable else column.kind]


def _pandera_column(column: Column) -> pa.Column:
    import pandera.pandas as pa

    checks = []
    if column.values:
        checks.append(pa.Check.isin(column.values))
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum))
    if column.kind == TEXT and not column.nullable:
        checks.append(pa.Check.str_length(min_value=1))
    return pa.Column(dtype_of(column), checks, nullable=column.nullable, required=column.required)


def schema(table: Table) -> pa.DataFrameSchema:
    """The dictionary's table as a pandera schema: kinds, ranges, values and a unique key."""
    import pandera.pandas as pa

    columns = {column.name: _pandera_column(column) for column in table.columns}
    if table.name == "checkins":
        columns[ITEM.pattern] = pa.Column("float64", nullable=True, required=False, regex=True)
    return pa.DataFrameSchema(columns, strict=not table.further, coerce=False)


def check_table(name: str, frame: pd.DataFrame, origin: str = "") -> pd.DataFrame:
    """The frame itself, once it keeps to the data dictionary.

    Raises UserFault listing every breach: the column, what should hold, the row's position. What
    the cell says stays where it is.
    """
    table = TABLES[name]
    title = f"{origin or name}: the table '{name}' does not keep to the data dictionary."
    if not keeps_to(table, frame):
        _tell_breaches(table, frame, title)
    key = [column for column in table.key if column in frame]
    if key and not rises(frame, key) and (twice := frame.duplicated(key)).any():
        row = int(np.flatnonzero(twice)[0]) + 1
        raise UserFault(f"{title} The key {key} occurs twice, first in row {row}.")
    return frame


def _tell_breaches(table: Table, frame: pd.DataFrame, title: str) -> None:
    """Raise UserFault listing every breach that the schema finds."""
    import pandera.errors

    try:
        schema(table).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        raise several(title, map(_in_words, cases.to_dict("records"))) from None


def keeps_to(table: Table, frame: pd.DataFrame) -> bool:
    """Whether a frame keeps to ``schema(table)``, its key aside: a quick look before the long one.

    Nearly every frame does, and pandera takes longer to load than most steps take to work. False
    where the schema must judge; never True where it would find a breach.
    """
    declared = {column.name: column for column in table.columns}
    if frame.columns.has_duplicates or any(
        column.required and column.name not in frame for column in table.columns
    ):
        return False
    for name in frame.columns:
        values, column = frame[name], declared.get(name)
        if column is not None:
            if not _holds(values, column):
                return False
        elif table.name == "checkins" and ITEM.match(str(name)):
            if values.dtype != "float64":
                return False
        elif not table.further:
            return False
    return True


def _holds(values: pd.Series, column: Column) -> bool:
    """Whether a column has its kind, and nothing in it that may not be there."""
    if values.dtype != dtype_of(column) or (not column.nullable and values.hasnans):
        return False
    if column.values and not (values.isin(column.values) | values.isna()).all():
        return False
    if column.minimum is not None and (values < column.minimum).any():
        return False
    return column.kind != TEXT or column.nullable or not (values == "").any()


def rises(frame: pd.DataFrame, key: Sequence[str]) -> bool:
    """Whether each row's key is greater than that of the row before it: sorted, and none twice.

    A missing value is greater than nothing, so that a key with one does not rise.
    """
    n = max(len(frame) - 1, 0)
    risen, level = np.zeros(n, dtype=bool), np.ones(n, dtype=bool)
    for name in key:
        before, after = frame[name].iloc[:-1].array, frame[name].iloc[1:].array
        risen |= level & np.asarray(before < after, dtype=bool)
        level &= np.asarray(before == after, dtype=bool)
        if not (risen | level).all():
            return False
    return bool(risen.all())


def _in_words(case: dict) -> str:
    where = f" in row {int(case['index']) + 1}" if pd.notna(case["index"]) else ""
    if case["check"] == "column_in_schema":
        return f"column '{case['failure_case']}' is not one of its columns"
    return f"column '{case['column']}'{where}: {case['check']} fails"


def write_table(name: str, frame: pd.DataFrame, path: Path) -> None:
    """Check a clean table and write it as Parquet, whole or not at all."""
    check_table(name, frame, str(path))
    with replacing(path) as temporary:
        frame.to_parquet(temporary, index=False)


def read_table(name: str, path: Path, occasions: Iterable[int] | None = None) -> pd.DataFrame:
    """Read a clean table, of check-ins those of some ``occasions`` alone if these are given.

    Raises UserFault if it is missing or breaks the dictionary.
    """
    if not Path(path).exists():
        raise UserFault(f"{path}: there is no such file; `make run` makes it.")
    filters = None if occasions is None else [("occasion", "in", list(occasions))]
    return check_table(name, pd.read_parquet(path, filters=filters), str(path))


def read_made(path: Path) -> pd.DataFrame:
    """A table that an earlier step of the run wrote, CSV or Parquet.

    Raises UserFault if it is not there.
    """
    path = Path(path)
    if not path.exists():
        raise UserFault(f"{path}: there is no such file; `make run` makes it.")
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    # The window of a specification, such as "1 2 3", is text even where all windows are single.
    return pd.read_csv(path, dtype={"window": str}, low_memory=False)
