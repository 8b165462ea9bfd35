"""An order of engagements, people and organisations that comes from what the data say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.contract.dictionary import IDENTIFIERS

ENGAGEMENT, *OTHERS = IDENTIFIERS


def canonical_places(tables: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, int]]:
    """Per kind of identifier: name to its place, 1, 2, ..., in an order that names do not change.

    Each engagement gets a number made of what its rows say, each advisor, advisee and organisation
    one made of its engagements' numbers, and so on in turn until no further two are told apart
    (Weisfeiler and Leman, 1968, "The reduction of a graph to canonical form"). The numbers are
    hashes, so that a place says nothing of how high a rating is. Those that share a number to the
    end have the same content and the same relations: which of them comes first changes nothing.
    They are told apart kind by kind, the largest unit first, each time with what follows from it.

    Parameters
    ----------
    tables : ``engagements, checkins, outcomes, events``; neither the order of rows and columns nor
        the identifiers' names have a part in the result
    """
    engagements = tables["engagements"]
    kinds = [name for name in IDENTIFIERS if name in engagements]
    codes, names = {}, {}
    for kind in kinds:
        codes[kind], names[kind] = pd.factorize(engagements[kind])
    numbers = {kind: np.zeros(len(names[kind]), dtype=np.uint64) for kind in kinds}
    numbers[ENGAGEMENT] = _contents(tables, pd.Index(names[ENGAGEMENT]))
    _refine(numbers, codes)
    for kind in reversed(kinds):
        order = np.argsort(numbers[kind], kind="stable")
        numbers[kind][order] = _scatter(np.arange(len(order), dtype=np.uint64))
        _refine(numbers, codes)
    return {
        kind: {name: place for place, name in enumerate(names[kind][np.argsort(own)], start=1)}
        for kind, own in numbers.items()
    }


def _refine(numbers: dict[str, np.ndarray], codes: dict[str, np.ndarray]) -> None:
    """Mix into each number those of what it is related to, until no further two differ."""
    before = -1
    while before < (now := sum(len(np.unique(own)) for own in numbers.values())):
        before = now
        together = numbers[ENGAGEMENT]
        for kind in numbers.keys() - {ENGAGEMENT}:
            held = codes[kind] >= 0
            added = np.zeros_like(numbers[kind])
            np.add.at(added, codes[kind][held], _scatter(numbers[ENGAGEMENT][held]))
            numbers[kind] = _scatter(numbers[kind] + _scatter(added))
            share = np.zeros_like(together)
            share[held] = _scatter(numbers[kind][codes[kind][held]] + _of_text(kind))
            together = together + share
        numbers[ENGAGEMENT] = _scatter(together)


def _contents(tables: Mapping[str, pd.DataFrame], engagements: pd.Index) -> np.ndarray:
    """A number for each engagement, made of all that its rows say but names."""
    total = np.zeros(len(engagements), dtype=np.uint64)
    for table, frame in tables.items():
        rows = np.full(len(frame), _of_text(table), dtype=np.uint64)
        for column in frame.columns.difference(IDENTIFIERS):
            rows += _scatter(_values(frame[column]) + _of_text(str(column)))
        np.add.at(total, engagements.get_indexer(frame[ENGAGEMENT]), _scatter(rows))
    return _scatter(total)


def _values(column: pd.Series) -> np.ndarray:
    """A number for each cell: the bits of a float, the hash of a text."""
    if pd.api.types.is_numeric_dtype(column):
        floats = column.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0  # -0 and 0 are one
        return np.where(np.isnan(floats), np.uint64(0), _scatter(floats.view(np.uint64)))
    codes, distinct = pd.factorize(column)
    return np.array([*map(_of_text, distinct), 0], dtype=np.uint64)[codes]


def _of_text(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.sha256(str(text).encode()).digest()[:8], "big"))


def _scatter(numbers: np.ndarray) -> np.ndarray:
    """Each number as another that looks random: the end of splitmix64 (Steele and others, 2014)."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
