"""The account of privacy: what was left behind, what was hashed, and how many look alike.

It stays in the interim folder: ``analysis.contract.disclosure.release_privacy`` makes of it what
may leave.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping as Lookup
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.contract.dictionary import IDENTIFIERS
from analysis.contract.mapping import ORGANISATION_SIZE, Mapping
from analysis.contract.privacy import (
    CLASS,
    CLEARED,
    DROPPED,
    HASHED,
    PRIVACY_COLUMNS,
    QUASI_IDENTIFIER,
    WEEKS,
)
from analysis.contract.secret import Key
from analysis.ingest.personal.addresses import find_addresses
from analysis.ingest.personal.column import Column
from analysis.ingest.personal.moments import find_moments
from analysis.ingest.personal.names import names_somebody
from analysis.ingest.privacy import search_table, uses
from analysis.ingest.sources import Raw

NOTHING = "nothing personal was found in it"
UNKNOWN = "not given"


@dataclass(frozen=True)
class Left:
    """A raw column that was dropped, cleared or turned into weeks.

    item : file and column; cells : how many hold something personal; note : what, or why not
    """

    subject: str
    item: str
    cells: int
    note: str


def note_left(name: str, raw: Raw, mapping: Mapping) -> list[Left]:
    """What became of one source's columns that are not taken in as they are.

    ``raw`` still holds the columns that the mapping drops.
    """
    source, used = mapping.sources[name], uses(mapping, name)
    dated = [column for column, use in used.items() if use.dated and column in raw.cells]
    chosen = [*source.drop, *source.cleared, *dated]
    some = replace(raw, cells=raw.cells[list(dict.fromkeys(chosen))])
    found = {one.column: one for one in search_table(name, some, {}, mapping.missing_marks)}
    places = {column: place for place, column in enumerate(raw.cells, start=1)}

    def left(subject: str, column: str, note: str = "") -> Left:
        one = found.get(column)
        kinds = " and ".join(one.kinds) if one else NOTHING
        item = f"{raw.label}: {_safe_header(column, places[column])}"
        told = kinds if not note else f"{kinds}: {note}" if one else note
        return Left(subject, item, one.cells if one else 0, told)

    return [
        *(left(DROPPED, column) for column in source.drop),
        *(left(CLEARED, column, reason) for column, reason in source.cleared.items()),
        *(left(WEEKS, column) for column in dated),
    ]


def _safe_header(header: str, place: int) -> str:
    """A column's name, or its place in the table where the name itself tells of somebody."""
    alone = Column("", {header: 1})
    personal = names_somebody(header) or find_addresses(alone) or find_moments(alone)
    return f"column {place}" if personal else header


def account_for_privacy(
    mapping: Mapping,
    tables: Lookup[str, pd.DataFrame],
    left: Sequence[Left],
    key: Key,
) -> pd.DataFrame:
    """What became of personal data, one row for each thing that can be said.

    Parameters
    ----------
    mapping : what was declared
    tables : clean tables
    left : what the columns held that were dropped, cleared or turned into weeks
    key : what identifiers were hashed with

    Returns
    -------
    ``dataset, subject, item, count, note``. Counts are cells (dropped, cleared, weeks), names
    (hashed) or engagements (class); the item of a class is the number of engagements in it.
    """
    rows = [(one.subject, one.item, one.cells, one.note) for one in left]
    engagements = tables["engagements"]
    with_what = "a key that everybody knows" if key.public else "a secret key"
    rows += [
        (HASHED, name, engagements[name].nunique(), f"HMAC-SHA-256 with {with_what}")
        for name in IDENTIFIERS
        if name in engagements
    ]
    rows += [
        (QUASI_IDENTIFIER, name, np.nan, _bands_in_words(bounds))
        for name, bounds in mapping.quasi_identifiers.items()
    ]
    if mapping.quasi_identifiers:
        sizes = class_sizes(engagements, mapping.quasi_identifiers)
        for size, classes in sizes.value_counts().sort_index().items():
            rows.append((CLASS, str(size), size * classes, ""))
    frame = pd.DataFrame(rows, columns=list(PRIVACY_COLUMNS[1:]))
    return frame.assign(dataset=mapping.name)[list(PRIVACY_COLUMNS)]


def class_sizes(engagements: pd.DataFrame, declared: Lookup[str, Sequence[float]]) -> pd.Series:
    """How many engagements are alike in all quasi-identifiers, for each class of such (k >= 1).

    A missing value is a value of its own: that it is missing can be known as well.
    Source: Samarati (2001), Protecting respondents' identities in microdata release, IEEE TKDE 13.
    """
    seen = {}
    for name, bounds in declared.items():
        known = _organisation_sizes(engagements) if name == ORGANISATION_SIZE else engagements[name]
        if bounds:
            known = pd.Series(np.digitize(known.astype(float), bounds), known.index).where(
                known.notna()
            )
        seen[name] = known.astype(object).where(known.notna(), UNKNOWN).astype(str)
    return pd.DataFrame(seen).value_counts()


def _organisation_sizes(engagements: pd.DataFrame) -> pd.Series:
    organisations = engagements["organisation_id"]
    return organisations.map(organisations.value_counts())


def _bands_in_words(bounds: Sequence[float]) -> str:
    """Where the bands are cut, such as ``below 5, 5 to below 10, 10 and more``."""
    if not bounds:
        return "as it is"
    between = [f"{low:g} to below {high:g}" for low, high in itertools.pairwise(bounds)]
    return ", ".join([f"below {bounds[0]:g}", *between, f"{bounds[-1]:g} and more"])
