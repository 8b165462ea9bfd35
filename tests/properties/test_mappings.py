"""Damaged mappings by the hundred: refused, or read as what they still say, and never a crash."""

from __future__ import annotations

import copy
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.contract.faults import UserFault
from analysis.contract.layout import Dataset
from analysis.ingest.dataset import ingest_dataset
from analysis.simulate.exports import write_programme
from analysis.simulate.pilot import COACHING_PILOT
from pilot import PLAIN
from properties.exports import in_one_order

ROOT = Path(__file__).parents[2]
HOSTILE = (
    *(None, True, -1, 0, 1e308, float("nan"), float("inf"), 10**400),
    *("", " ", "../../etc/passwd", "/etc/passwd", "..", "C:\\x", "con", "a\nb", "\u202e", "\0"),
    *("{}", "{0}", "{item}", "{item.__class__}", "{item!r:>9999999999}", "{", "$HOME", "${x}"),
    *("=1+1", "<script>alert(1)</script>", "x" * 5000, "DECIDE", "!!python/object:os.system"),
    *([], {}, ["x"], {"x": 1}, [["x"]], {"column": "x", "value": 1}),
)
#: What the tables do not rest on: words about the dataset, and what the analysis is to do.
FREE = {
    *("title", "provenance", "outcomes", "cluster", "programme", "quasi_identifiers"),
    *("primary_outcome", "primary_source", "primary_phase"),
}
#: Where words, marks and constants of the data themselves stand: another one is another word.
WORDS = {"value", "labels", "missing_marks", "kind"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("mappings")
    write_programme(COACHING_PILOT.name, made, None)
    return made


def ingested(folder: Path, text: str) -> dict[str, pd.DataFrame]:
    path = folder / "my.yaml"
    path.write_text(text)
    dataset = Dataset(path)
    return ingest_dataset(dataset.mapping, dataset.folder, dataset.instruments)[0]


@pytest.fixture(scope="module")
def expected(folder) -> dict[str, pd.DataFrame]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return ingested(folder, yaml.safe_dump(PLAIN, sort_keys=False))


def places(node: object, path: tuple = ()) -> list[tuple]:
    """Every key and list position of a tree."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    found = []
    for key, below in pairs:
        found.append((*path, key))
        if isinstance(below, dict | list):
            found += places(below, (*path, key))
    return found


PLACES = places(PLAIN)


def check_refusal(told: str) -> None:
    """A refusal names the mapping, the dataset or a raw file, and is not the code's own words."""
    files = [source["file"] for source in PLAIN["sources"].values()]
    named = ("my.yaml", COACHING_PILOT.name, "there is no such file", *files)
    assert any(name in told for name in named), told
    assert "Error" not in told, told
    assert len(told) < 20_000


def damaged(path: tuple, how: str, value: object) -> dict:
    tree = copy.deepcopy(PLAIN)
    node = tree
    for key in path[:-1]:
        node = node[key]
    if how == "replaced":
        node[path[-1]] = value
    elif how == "gone":
        del node[path[-1]]
    elif isinstance(node, dict):
        node[f"{path[-1]}x" if how == "more" else str(value)] = node.pop(path[-1])
    return tree


@settings(max_examples=200)
@given(
    st.sampled_from(PLACES),
    st.sampled_from(("replaced", "replaced", "replaced", "gone", "more", "renamed")),
    st.sampled_from(HOSTILE),
)
def test_a_damaged_mapping_is_refused_or_says_less(folder, expected, path, how, value):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        try:
            found = ingested(folder, yaml.safe_dump(damaged(path, how, value), sort_keys=False))
        except UserFault as fault:
            check_refusal(str(fault))
            return
    if WORDS & set(path):
        return
    for table, frame in found.items():
        if frame.empty:
            assert path[:2] == ("tables", table)
            continue
        # A column, or a table, that the mapping no longer names is not there; one that it calls
        # otherwise is another column of engagements.
        assert table == "engagements" or set(frame) <= set(expected[table])
        assert path[0] not in FREE or set(frame) == set(expected[table])
        columns = [name for name in frame if name in expected[table]]
        pd.testing.assert_frame_equal(
            in_one_order(frame[columns]), in_one_order(expected[table][columns]), check_exact=True
        )


@settings(max_examples=100)
@given(st.integers(0, 10**6), st.sampled_from(("cut", "line gone", "line twice", "tab", "byte")))
def test_damaged_yaml_is_refused_or_read(folder, at, how):
    text = yaml.safe_dump(PLAIN, sort_keys=False)
    lines = text.splitlines(keepends=True)
    line, place = at % len(lines), at % len(text)
    changed = {
        "cut": text[:place],
        "line gone": "".join([*lines[:line], *lines[line + 1 :]]),
        "line twice": "".join([*lines[: line + 1], *lines[line:]]),
        "tab": "".join([*lines[:line], "\t", *lines[line:]]),
        "byte": text[:place] + "\x07{[&*!|>'\"%@`"[at % 13] + text[place:],
    }[how]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        try:
            ingested(folder, changed)
        except UserFault as fault:
            check_refusal(str(fault))
