"""Clean tables as a survey tool or an office keeps them: columns renamed, labels in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.simulate.dirt import RawTable
from analysis.simulate.parameters import Form, Programme

Labels = Mapping[str, Mapping[str, str]]


def as_text(values: pd.Series, decimal: str = ".") -> np.ndarray:
    """Cells as text, "" where missing; whole numbers without a point."""
    if pd.api.types.is_numeric_dtype(values):
        text = [f"{value:.10g}" if value == value else "" for value in values.to_numpy(float)]
        return np.array([cell.replace(".", decimal) for cell in text], dtype=object)
    return values.astype(object).where(values.notna(), "").to_numpy(dtype=object)


def lay_out(
    frame: pd.DataFrame,
    columns: Mapping[str, str],
    identifiers: Sequence[str],
    labels: Labels | None = None,
    decimal: str = ".",
) -> RawTable:
    """One raw table with these columns of a clean table under their raw names, in this order.

    ``labels`` maps a clean column's values to words; what it does not name stays as it is.
    """
    cells = np.empty((len(frame), len(columns)), dtype=object)
    for place, clean in enumerate(columns):
        text = as_text(frame[clean], decimal)
        words = (labels or {}).get(clean, {})
        cells[:, place] = [words.get(cell, cell) for cell in text] if words else text
    places = {clean: place for place, clean in enumerate(columns)}
    return RawTable(
        [list(columns.values())],
        cells,
        tuple(places[name] for name in identifiers),
        vacant=np.zeros(cells.shape, dtype=bool),
    )


def lay_out_checkins(
    checkins: pd.DataFrame,
    form: Form,
    columns: Mapping[str, str],
    answers: Mapping[str, str],
    labels: Labels | None = None,
    words: Sequence[str] = (),
) -> RawTable:
    """Check-ins one sheet a row: ``columns`` and then the ``answers`` under their raw names.

    ``words`` are the responses in words, lowest first; if none are given, codes are written.
    """
    every = {**columns, **answers}
    codes = [str(code) for code in range(form.minimum, form.maximum + 1)]
    spoken = dict(zip(codes, words or codes, strict=True))
    labels = {**(labels or {}), **dict.fromkeys(answers, spoken)}
    key = [name for name in ("engagement_id", "rater", "occasion") if name in columns]
    table = lay_out(checkins, every, key[:1], labels)
    own = tuple(range(len(columns), len(every)))
    vacant = np.zeros(table.cells.shape, dtype=bool)
    vacant[:, own] = table.cells[:, own] == ""
    return RawTable(
        table.header, table.cells, table.identifiers, own, tuple(spoken.values()), vacant
    )


def spread_out_checkins(
    checkins: pd.DataFrame,
    programme: Programme,
    roles: Mapping[str, str],
    rng: np.random.Generator,
) -> RawTable:
    """A survey tool's wide export: a row per engagement and respondent, three header rows.

    The question texts are neutral: item wordings are under copyright.
    """
    items = programme.form.columns
    planned = range(1, programme.course.checkins + 1)
    header: list[list[str]] = [
        ["ResponseId", "Engagement", "Role"],
        ["Response ID", "Engagement", "Role"],
        ['{"ImportId":"_recordId"}', '{"ImportId":"engagement"}', '{"ImportId":"role"}'],
    ]
    for c in planned:
        header[0] += [f"C{c}_Week", *(f"C{c}_Q{q}" for q in range(1, len(items) + 1))]
        header[1].append(f"Check-in {c}, week")
        header[1] += [f"Check-in {c}, question {q}" for q in range(1, len(items) + 1)]
        header[2] += [f'{{"ImportId":"QID{c}_{q}"}}' for q in range(len(items) + 1)]
    respondents = checkins[["engagement_id", "rater"]].drop_duplicates()
    respondents = respondents.iloc[rng.permutation(len(respondents))].reset_index(drop=True)
    place = pd.MultiIndex.from_frame(respondents).get_indexer(
        pd.MultiIndex.from_frame(checkins[["engagement_id", "rater"]])
    )
    width = 1 + len(items)
    cells = np.full((len(respondents), len(header[0])), "", dtype=object)
    cells[:, 0] = [f"R_{number:05d}" for number in rng.permutation(len(cells)) + 10_000]
    cells[:, 1] = respondents["engagement_id"]
    cells[:, 2] = respondents["rater"].map(roles)
    sheets = np.stack([as_text(checkins[name]) for name in ("week", *items)], axis=1)
    first = 3 + (checkins["occasion"].to_numpy() - 1) * width
    across = first[:, None] + np.arange(width)
    cells[place[:, None], across] = sheets
    vacant = np.zeros(cells.shape, dtype=bool)
    vacant[place[:, None], across[:, 1:]] = sheets[:, 1:] == ""
    answers = tuple(p for p in range(3, cells.shape[1]) if (p - 3) % width)
    responses = tuple(str(x) for x in range(programme.form.minimum, programme.form.maximum + 1))
    return RawTable(header, cells, (1, 2), answers, responses, vacant, own=(0,))


def spread_out_outcomes(
    engagements: pd.DataFrame,
    outcomes: pd.DataFrame,
    columns: Mapping[tuple[str, str, str], str],
    weeks: Mapping[str, str],
    binary: Sequence[str],
    vacant_in: Sequence[str],
    spacing: int,
) -> RawTable:
    """Outcomes one engagement a row: ``columns`` maps outcome, source and phase to a raw column.

    What was taken during the engagement has the check-in in its phase: ``during 2``. ``weeks`` maps
    a phase to the column of its week; ``binary`` columns say Yes or No; empty cells of the columns
    ``vacant_in`` may be filled with marks for missing values. ``spacing`` is the weeks between
    check-ins.
    """
    during = outcomes["phase"] == "during"
    checkin = (outcomes["week"] / spacing).round().astype(int).astype("str")
    outcomes = outcomes.assign(
        phase=outcomes["phase"].where(~during, outcomes["phase"] + " " + checkin)
    )
    ids = engagements["engagement_id"]
    header = ["Engagement", *weeks.values(), *columns.values()]
    cells = np.full((len(ids), len(header)), "", dtype=object)
    cells[:, 0] = ids
    row = pd.Index(ids)
    for phase, name in weeks.items():
        own = outcomes[outcomes["phase"] == phase].drop_duplicates("engagement_id")
        cells[row.get_indexer(own["engagement_id"]), header.index(name)] = as_text(own["week"])
    by_measure = outcomes.groupby(["outcome", "source", "phase"], sort=False)
    for key, name in columns.items():
        own = by_measure.get_group(key)
        text = as_text(own["value"])
        if name in binary:
            text = np.where(text == "1", "Yes", "No").astype(object)
        cells[row.get_indexer(own["engagement_id"]), header.index(name)] = text
    vacant = np.zeros(cells.shape, dtype=bool)
    for name in vacant_in:
        place = header.index(name)
        vacant[:, place] = cells[:, place] == ""
    return RawTable([header], cells, (0,), vacant=vacant)
