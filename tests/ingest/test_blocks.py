"""A large raw table made block by block gives what it gives in one piece, faults included."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.faults import UserFault
from analysis.contract.mapping import Mapping
from analysis.ingest import blocks
from analysis.ingest.blocks import rows_in_blocks
from analysis.ingest.dates import Beginnings
from analysis.ingest.flow import Flow
from analysis.ingest.parts import make_rows
from analysis.ingest.sources import Raw

MAPPING = {
    "name": "one",
    "title": "One",
    "provenance": {"description": "made", "licence": "none", "consent": "none"},
    "duplicates": "last",
    "out_of_range": "set_missing",
    "instruments": {"advisee": "pulse"},
    "sources": {"raw": {"file": "raw.csv"}},
    "tables": {
        "engagements": [
            {
                "source": "raw",
                "columns": {
                    "engagement_id": "E",
                    "advisee_id": "E",
                    "advisor_id": "E",
                    "setting": {"value": "other"},
                },
            }
        ],
        "checkins": [
            {"source": "raw", "columns": {"engagement_id": "E", "rater": {"value": "advisee"}}}
        ],
        "outcomes": [
            {
                "source": "raw",
                "columns": {
                    "engagement_id": "E",
                    "outcome": {"value": "worth"},
                    "source": "By",
                    "phase": {"value": "end"},
                    "value": "Worth",
                },
            }
        ],
    },
    "outcomes": {"worth": {"timing": "prospective", "higher_is": "better"}},
}
MAPPING["tables"]["checkins"][0]["columns"]["occasion"] = {"value": 1}
MAPPING["tables"]["checkins"][0]["items"] = ["A", "B", "C"]


def make_raw(rows=600, seed=1):
    """Outcomes in no order, some submitted twice, with spaces, gaps and stray engagements."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"e{number:03d}" for number in rng.integers(0, 150, rows)], dtype=object)
    ids[::7] = np.char.upper(ids[::7].astype(str))
    ids[::11] = [f" {one}" for one in ids[::11]]
    worth = rng.integers(1, 6, rows).astype(str).astype(object)
    worth[::13] = ""
    worth[::17] = "NA"
    cells = pd.DataFrame(
        {"E": ids, "By": rng.choice(["record", "advisee"], rows), "Worth": worth}, dtype="str"
    )
    return Raw(cells, np.arange(2, rows + 2), "raw.csv", np.full(rows, "", dtype=object))


def made(function, raw, **more):
    mapping = Mapping.model_validate(MAPPING)
    parts = list(mapping.parts()["outcomes"])
    known = pd.Index([f"e{number:03d}" for number in range(140)])
    flow = Flow("one")
    rows = function("outcomes", parts, raw, mapping, {}, known, Beginnings(), flow, **more)
    key = ["engagement_id", "source"]
    return rows.sort_values(key, ignore_index=True), flow.as_frame()


@pytest.mark.parametrize("block", [1, 40, 599])
def test_blocks_give_the_same_rows_and_the_same_account(block):
    raw = make_raw()
    whole, by_blocks = made(make_rows, raw), made(rows_in_blocks, raw, block=block)
    assert len(whole[0]) > 100
    assert (whole[1]["reason"] == "duplicated submission (the last was kept)").any()
    for one, other in zip(whole, by_blocks, strict=True):
        order = list(one.columns)
        pd.testing.assert_frame_equal(
            one.sort_values(order, ignore_index=True), other.sort_values(order, ignore_index=True)
        )


def test_all_rows_of_an_engagement_are_in_one_block():
    raw = make_raw()
    parts = list(Mapping.model_validate(MAPPING).parts()["outcomes"])
    numbers = blocks._number_blocks(parts, raw, 40)
    names = raw.cells["E"].str.strip().str.casefold()
    assert numbers.max() > 5
    assert (pd.Series(numbers).groupby(names).nunique() == 1).all()


def test_a_fault_is_told_of_the_whole_table():
    raw = make_raw()
    raw.cells.loc[[10, 300, 599], "Worth"] = "much"
    with pytest.raises(UserFault) as whole:
        made(make_rows, raw)
    with pytest.raises(UserFault) as by_blocks:
        made(rows_in_blocks, raw, block=40)
    assert str(by_blocks.value) == str(whole.value)
    assert "and 2 more rows" in str(whole.value)
