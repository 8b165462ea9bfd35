"""How a raw table is read: its file, the tool it comes from, what its cells are written in."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from analysis.contract.strict import Strict

Format = Literal["csv", "tsv", "excel", "parquet", "spss", "qualtrics", "redcap", "google_forms"]


def _as_cell(given: object) -> object:
    """A code written as a whole number is the text of the cell."""
    if isinstance(given, bool):
        raise ValueError("put quotation marks around words such as Yes and No, on and off")
    return str(given) if isinstance(given, int) else given


#: A raw cell as text; whole numbers may be written without quotation marks.
Cell = Annotated[str, BeforeValidator(_as_cell)]


def _stay_below(file: str) -> str:
    """A file's path as it is. Raises ValueError where it could lead out of its folder."""
    parts = [part for path in (PurePosixPath(file), PureWindowsPath(file)) for part in path.parts]
    if not file or not file.isprintable() or ".." in parts or PureWindowsPath(file).anchor:
        raise ValueError(
            "it leaves the folder of the raw tables. Name a file below it, and set `folder`"
        )
    return file


RelativePath = Annotated[str, AfterValidator(_stay_below)]
Reason = Annotated[str, Field(min_length=10, max_length=300)]


class RawTable(Strict):
    """One raw table: a file, or one sheet of a workbook."""

    file: RelativePath = Field(description="file name, below the mapping's folder")
    format: Format | None = Field(
        None,
        description="kind of file, or the tool it comes from; told from its ending when absent",
    )
    sheet: str | None = Field(None, description="the workbook's sheet; the first when absent")
    header_rows: int | None = Field(
        None,
        ge=1,
        le=10,
        description="rows before the data, the first of which names the columns; when absent three "
        "for qualtrics, else one",
    )
    delimiter: str | None = Field(None, min_length=1, max_length=1, description="CSV separator")
    decimal: Literal[".", ","] = Field(".", description="decimal mark")
    encoding: str | None = Field(
        None, description="text encoding; UTF-8, UTF-16 and Windows-1252 are told when absent"
    )
    dates: Literal["day first", "month first"] | None = Field(
        None, description="order of day and month where dates do not begin with the year"
    )
    set_aside: dict[str, tuple[Cell, ...]] | None = Field(
        None,
        description="raw column to the values of rows that do not count; when absent, for "
        "qualtrics, previews, test responses and spam by their Status",
    )
    drop: tuple[Cell, ...] = Field(
        (), description="columns with personal data, which are left behind before anything is read"
    )
    cleared: dict[Cell, Reason] = Field(
        default_factory=dict,
        description="column that only looks personal to why it is not: names, dates, places, "
        "telephone numbers and free text can be cleared, addresses and time stamps cannot",
    )

    @model_validator(mode="after")
    def _check_columns(self) -> RawTable:
        if both := sorted(set(self.drop) & set(self.cleared)):
            raise ValueError(f"column '{both[0]}' is both dropped and cleared")
        return self

    @property
    def headers(self) -> int:
        """Rows before the data."""
        return self.header_rows or (3 if self.format == "qualtrics" else 1)
