"""The four clean tables, read and written only as the data dictionary says."""

from __future__ import annotations

import re
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
    import pandera.errors

    table = TABLES[name]
    title = f"{origin or name}: the table '{name}' does not keep to the data dictionary."
    try:
        schema(table).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        raise several(title, map(_in_words, cases.to_dict("records"))) from None
    key = [column for column in table.key if column in frame]
    if key and (twice := frame.duplicated(key)).any():
        row = int(np.flatnonzero(twice)[0]) + 1
        raise UserFault(f"{title} The key {key} occurs twice, first in row {row}.")
    return frame


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


def read_table(name: str, path: Path) -> pd.DataFrame:
    """Read a clean table. Raises UserFault if it is missing or breaks the dictionary."""
    if not Path(path).exists():
        raise UserFault(f"{path}: there is no such file; `make run` makes it.")
    return check_table(name, pd.read_parquet(path), str(path))


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
