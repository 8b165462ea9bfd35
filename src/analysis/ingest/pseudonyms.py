"""Identifiers replaced by keyed hashes, in an order that no name has a part in.

Whoever holds the clean tables and not the secret cannot tell which engagement, person or
organisation a row is, not by hashing all names there are either. One person has another pseudonym
in each dataset and in each role, so that datasets cannot be joined.

Resamples, folds and imputations go through engagements and clusters in the order of their labels.
If names decided that order, renaming a coach or changing the secret would move results by Monte
Carlo error. Each pseudonym therefore begins with a number that comes from what the data say.
"""

from __future__ import annotations

import hmac

import numpy as np
import pandas as pd

from analysis.contract.dictionary import IDENTIFIERS, TABLES
from analysis.contract.faults import UserFault
from analysis.contract.secret import Key
from analysis.ingest.order import canonical_places

#: Hexadecimal digits of a pseudonym: 64 bits. Among a million names two collide with a chance of
#: one in forty million, and that is noticed.
DIGITS = 16


def hide_identifiers(
    tables: dict[str, pd.DataFrame], dataset: str, key: Key
) -> dict[str, pd.DataFrame]:
    """The clean tables with every identifier replaced, rows sorted anew.

    Parameters
    ----------
    tables : ``engagements, checkins, outcomes, events``, identifiers as in the raw files
    dataset : its name, which has a part in every hash
    key : what identifiers are hashed with

    Returns
    -------
    The same tables. An identifier reads ``0042-9f86d081884c7d65``: its place in an order that the
    content decides (of its kind, the first being 1), then the hash. Missing identifiers stay
    missing.

    Raises UserFault if two names have one hash.
    """
    places = canonical_places(tables)
    columns = [name for name in IDENTIFIERS if name in tables["engagements"]]
    labels = {
        name: _labels(name, tables["engagements"][name], places[name], dataset, key)
        for name in columns
    }
    hidden = {}
    for table, frame in tables.items():
        replaced = {name: _relabel(frame[name], labels[name]) for name in columns if name in frame}
        if TABLES[table].key:
            by = [column for column in TABLES[table].key if column in frame]
            order = np.lexsort([_rank(frame[name], places.get(name)) for name in reversed(by)])
            # A column at a time: no second copy of a large table beside the new one.
            taken = {name: replaced.get(name, frame[name]).take(order).array for name in frame}
            hidden[table] = pd.DataFrame(taken, copy=False)
            continue
        # By all columns: rows without a key would keep the order of the raw file.
        named = frame.assign(**replaced)
        first = [column for column in TABLES[table].names if column in named]
        by = [*first, *sorted(set(named) - set(first))]
        hidden[table] = named.sort_values(by, kind="stable").reset_index(drop=True)
    return hidden


def _relabel(column: pd.Series, labels: dict[str, str]) -> pd.Series:
    """Each name's pseudonym in its place, missing ones missing."""
    codes, names = pd.factorize(column)
    told = pd.array([labels[name] for name in names], dtype="str")
    return pd.Series(told.take(codes, allow_fill=True), index=column.index)


def _rank(column: pd.Series, places: dict[str, int] | None) -> np.ndarray:
    """Numbers that sort as the column does, an identifier by its pseudonym's place."""
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy()
    if places is None:
        return pd.factorize(column, sort=True)[0]
    codes, names = pd.factorize(column)
    return np.array([places[name] for name in names])[codes]


def pseudonym(kind: str, name: str, dataset: str, key: Key) -> str:
    """The keyed hash of one identifier: HMAC-SHA-256 of kind, dataset and name, 16 digits.

    >>> from analysis.contract.secret import PUBLIC
    >>> pseudonym("advisor_id", "A001", "example", PUBLIC) == pseudonym(
    ...     "advisee_id", "A001", "example", PUBLIC
    ... )
    False
    """
    parts = [part.encode() for part in (kind, dataset, name)]
    told = b"".join(len(content).to_bytes(8, "big") + content for content in parts)
    return hmac.digest(key.content, told, "sha256").hex()[:DIGITS]


def _labels(
    kind: str, names: pd.Series, places: dict[str, int], dataset: str, key: Key
) -> dict[str, str]:
    """Each name's pseudonym with its place before it."""
    distinct = names.dropna().unique()
    hashes = {name: pseudonym(kind, name, dataset, key) for name in distinct}
    if len(set(hashes.values())) < len(hashes):
        raise UserFault(
            f"{dataset}: two values of {kind} have the same pseudonym. Take another secret."
        )
    width = max(4, len(str(len(distinct))))
    return {name: f"{places[name]:0{width}d}-{told}" for name, told in hashes.items()}
