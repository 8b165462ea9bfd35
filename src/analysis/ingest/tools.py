"""What survey tools put into their exports: header rows, test responses, headers in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.contract.faults import UserFault
from analysis.contract.raw_tables import RawTable
from analysis.ingest.columns import fold

TEST_RESPONSE = "preview, test or spam response"
#: Qualtrics' column of a response's kind, and the kinds that are no answers, in words and as codes.
STATUS = "Status"
NO_ANSWERS = (
    *("Survey Preview", "Survey Test", "Spam", "Survey Preview Spam", "Imported Spam"),
    *("Offline Survey Preview", "EX Spam"),
    *("1", "2", "8", "9", "12", "17", "40"),
)
#: What Qualtrics records by itself about every response: nothing that anybody answered.
RECORDED = (
    *("StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)"),
    *("Finished", "RecordedDate", "ResponseId", "RecipientLastName", "RecipientFirstName"),
    *("RecipientEmail", "ExternalReference", "LocationLatitude", "LocationLongitude"),
    *("DistributionChannel", "UserLanguage"),
)
#: REDCap's column names when labels instead of raw data were exported.
_REDCAP_LABELS = {"Event Name", "Repeat Instrument", "Repeat Instance", "Record ID", "Complete?"}


def check_header(source: RawTable, rows: list[list[str]], place: str) -> list[list[str]]:
    """The rows of a tool's export, its header as the mapping can name it.

    Raises UserFault where it is not what the tool writes.
    """
    if source.format == "qualtrics" and source.headers == 3:
        third = rows[2] if len(rows) > 2 else []
        if not third or not all('"ImportId"' in cell for cell in third if cell.strip()):
            raise UserFault(
                f"{place}, row 3: not the import identifiers that Qualtrics writes there. Export "
                "the responses again as CSV, or set `header_rows` to the rows before the data."
            )
    if source.format == "redcap" and (found := _REDCAP_LABELS & set(rows[0] if rows else ())):
        raise UserFault(
            f"{place}, column '{sorted(found)[0]}': these are labels. Export again as raw data "
            "(CSV, raw), so that columns have their variable names."
        )
    if source.format == "google_forms" and rows:
        # A question may run over several lines.
        return [[" ".join(cell.split()) for cell in rows[0]], *rows[1:]]
    return rows


def set_aside(source: RawTable, cells: pd.DataFrame, label: str) -> np.ndarray:
    """Per row why it does not count, "" where it does. Raises UserFault for an unknown column."""
    reasons = np.full(len(cells), "", dtype=object)
    chosen = source.set_aside
    if chosen is None:
        if source.format == "qualtrics" and STATUS in cells:
            reasons[_among(cells[STATUS], NO_ANSWERS)] = TEST_RESPONSE
        return reasons
    for column, values in chosen.items():
        if column not in cells:
            raise UserFault(f"{label}: set_aside names the column '{column}', which is not there.")
        reasons[_among(cells[column], values) & (reasons == "")] = (
            f"set aside by the mapping, by '{column}'"
        )
    return reasons


def _among(cells: pd.Series, values: tuple[str, ...]) -> np.ndarray:
    wanted = {fold(value) for value in values}
    return cells.map(lambda cell: fold(cell) in wanted).to_numpy(dtype=bool)
