"""SPSS data files: codes as text, value labels beside them, user-missing codes as what they are."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.contract.faults import UserFault


def read_spss(
    path: Path,
) -> tuple[pd.DataFrame, dict[str, dict[str, str]], dict[str, pd.Series], dict[str, str]]:
    """An SPSS file's cells and what its dictionary says of them.

    Returns
    -------
    tuple
        cells : frame of text, "" where empty or declared missing; dates as YYYY-MM-DD
        value labels : variable to code to label, of codes that are not declared missing
        declared missing : variable to a series of text: which code was declared missing, else ""
        questions : variable to its label

    Raises UserFault if the file cannot be read.
    """
    import pyreadstat

    try:
        frame, about = pyreadstat.read_sav(str(path), user_missing=True)
    except (pyreadstat.ReadstatError, UnicodeDecodeError, OSError) as error:
        raise UserFault(
            f"{path}: cannot be read as an SPSS data file ({error}). Save it again as .sav."
        ) from None
    cells, labels, declared = {}, {}, {}
    for name in frame.columns:
        text = frame[name].map(_as_text, na_action="ignore").astype(object).fillna("").astype("str")
        words = {_as_text(code): str(label).strip() for code, label in _labels(about, name).items()}
        ranges = about.missing_ranges.get(name, [])
        missing = frame[name].map(lambda cell, ranges=ranges: _within(cell, ranges)).astype(bool)
        if missing.any():
            told = {code: _in_words(code, words) for code in text[missing].unique()}
            declared[name] = text.map(told).where(missing, "").astype("str")
        cells[name] = text.mask(missing, "")
        kept = {code: label for code, label in words.items() if not _within_text(code, ranges)}
        if kept:
            labels[name] = kept
    questions = {
        name: text for name, text in about.column_names_to_labels.items() if text is not None
    }
    return pd.DataFrame(cells).reset_index(drop=True), labels, declared, questions


def _labels(about: object, name: str) -> dict:
    return about.variable_value_labels.get(name, {})


def _as_text(cell: object) -> str:
    """Whole numbers without a point; dates and times as ISO writes them."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell)


def _within(cell: object, ranges: list) -> bool:
    """Whether a cell is one of a variable's user-missing codes."""
    for one in ranges:
        low, high = (one["lo"], one["hi"]) if isinstance(one, dict) else (one, one)
        if isinstance(cell, str) == isinstance(low, str) and pd.notna(cell):
            cell = cell.strip() if isinstance(cell, str) else cell
            low, high = (end.strip() if isinstance(end, str) else end for end in (low, high))
            if low <= cell <= high:
                return True
    return False


def _within_text(code: str, ranges: list) -> bool:
    number = pd.to_numeric(code, errors="coerce")
    return _within(code, ranges) or (pd.notna(number) and _within(float(number), ranges))


def _in_words(code: str, labels: dict[str, str]) -> str:
    label = f" ({labels[code]})" if code in labels else ""
    return f"user-missing code {code}{label} read as missing"
