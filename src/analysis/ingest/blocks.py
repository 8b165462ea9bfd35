"""Large raw tables, made into rows of a clean table one block of engagements after another."""

from __future__ import annotations

from collections.abc import Mapping as Lookup

import numpy as np
import pandas as pd

from analysis.contract.dictionary import TABLES
from analysis.contract.faults import UserFault
from analysis.contract.instruments import Instrument
from analysis.contract.mapping import Mapping
from analysis.contract.parts import Part
from analysis.ingest.dates import Beginnings
from analysis.ingest.flow import Flow
from analysis.ingest.parts import make_rows
from analysis.ingest.sources import Raw

#: Raw rows in a block: as text they take several times the memory of what is made of them.
BLOCK = 400_000


def rows_in_blocks(
    table: str,
    parts: list[Part],
    raw: Raw,
    mapping: Mapping,
    instruments: Lookup[str, Instrument],
    known: pd.Index | None,
    begun: Beginnings,
    flow: Flow,
    block: int = BLOCK,
) -> pd.DataFrame:
    """What ``make_rows`` makes of one raw table, in the memory that a block takes.

    All rows of an engagement are in one block, so that what was submitted twice is found; each
    block's rows are sorted, and so are the blocks. A fault in any block is told of the whole table,
    as ``make_rows`` words it.
    """
    given = (table, parts, raw, mapping, instruments, known, begun, flow)
    if len(raw.lines) <= block or not TABLES[table].key:
        return make_rows(*given)
    numbers = _number_blocks(parts, raw, block)
    if numbers is None:
        return make_rows(*given)
    own = Flow(flow.dataset)
    made = []
    try:
        for number in range(numbers.max() + 1):
            rows = make_rows(
                table, parts, raw.rows(numbers == number), mapping, instruments, known, begun, own
            )
            key = [name for name in TABLES[table].key if name in rows]
            # Of its own memory each, so that a column can be let go by itself.
            rows = rows.sort_values(key, kind="stable")
            made.append(pd.DataFrame({name: rows[name].copy() for name in rows}, copy=False))
    except UserFault:
        return make_rows(*given)
    del raw, given  # whoever calls may have let the raw table go: then it is gone
    for row in own.rows:
        flow.count(*(row[name] for name in ("table", "source", "step", "reason", "rows")))
    return _below_one_another(made)


def _below_one_another(made: list[pd.DataFrame]) -> pd.DataFrame:
    """The blocks in one table, a column at a time: each is let go before the next is made."""
    blocks = [dict(rows.items()) for rows in made]
    names = list(made[0])
    made.clear()
    columns = {
        name: pd.concat([block.pop(name) for block in blocks], ignore_index=True) for name in names
    }
    return pd.DataFrame(columns, copy=False)


def _number_blocks(parts: list[Part], raw: Raw, block: int) -> np.ndarray | None:
    """Each row's block; None where the parts do not find an engagement in one and the same column.

    Identifiers that differ only in case or in outer space are in one block.
    """
    columns = {part.fields["engagement_id"].column for part in parts}
    column = columns.pop() if len(columns) == 1 else None
    if column is None or column not in raw.cells:
        return None
    codes, distinct = pd.factorize(raw.cells[column])
    folded = pd.Series(distinct, dtype="str").str.strip().str.casefold()
    folded_codes, names = pd.factorize(folded, sort=True)
    codes = folded_codes[codes]
    upto = np.bincount(codes, minlength=len(names)).cumsum()
    return ((upto - 1) // block)[codes]
