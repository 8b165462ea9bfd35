"""RO-Crate metadata by the rules of its specification, and what may not be in a bundle."""

import hashlib
import json
from urllib.parse import unquote

import pytest

from analysis.contract.archives import pack, unpack
from analysis.contract.crate import (
    CONTEXT,
    METADATA,
    VERSION,
    Described,
    describe_crate,
    name_authors,
    refuse_row_level,
)
from analysis.contract.faults import UserFault

HOSTILE = '<b>T</b> "q" برنامج 🌱'
MEMBERS = {
    "LICENSE": b"MIT",
    "plan.yaml": b"a: 1\n",
    "tables/flow.csv": b"dataset,rows\nown,12\n",
    "figures/a b.svg": b"<svg/>",
}
CITATION = {
    "title": "software",
    "version": "0.1",
    "authors": [{"name": "The authors"}, {"family-names": "Doe", "given-names": "Ann"}],
}


def crate(terms=None, authors=()):
    described = Described(
        HOSTILE, "D", "2026-01-31", terms or {"Ours": "CC0"}, CITATION, name_authors(authors)
    )
    return describe_crate(MEMBERS, described, ["plan.yaml"])


def entities(document) -> dict:
    return {one["@id"]: one for one in document["@graph"]}


def references(value):
    if isinstance(value, dict):
        if set(value) == {"@id"}:
            yield value["@id"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def check_crate(document: dict, members: dict[str, bytes]) -> None:
    """What the specification says MUST be, and that the files and their descriptions agree."""
    assert document["@context"] == CONTEXT
    assert set(document) == {"@context", "@graph"}
    named = [one["@id"] for one in document["@graph"]]
    assert len(named) == len(set(named))
    found = entities(document)
    descriptor = found[METADATA]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["conformsTo"] == {"@id": VERSION}
    root = found[descriptor["about"]["@id"]]
    assert root["@id"] == "./" and root["@type"] == "Dataset"
    for name in ("name", "description", "datePublished", "license"):
        assert root[name]
    for one in document["@graph"]:
        assert one["@type"]
        for value in one.values():
            assert not isinstance(value, dict) or set(value) == {"@id"}  # flattened
            assert not (isinstance(value, list) and len(value) == 1)  # compacted
    pointed = set(references([list(one.values()) for one in document["@graph"]]))
    assert {one for one in pointed if not one.startswith("https://")} <= set(named)
    assert set(named) - pointed == {METADATA}
    files = {one["@id"]: one for one in document["@graph"] if one["@type"] == "File"}
    assert set(references(root["hasPart"])) == set(files)
    assert {unquote(name) for name in files} == set(members)
    for name, one in files.items():
        content = members[unquote(name)]
        assert one["contentSize"] == str(len(content))
        assert one["sha256"] == hashlib.sha256(content).hexdigest()
        assert "/" in one["encodingFormat"]


@pytest.mark.parametrize("terms", [{"Ours": "CC0"}, {"A": "CC0", HOSTILE: "CC0"}])
@pytest.mark.parametrize("authors", [(), ("Ann Doe",), ("Ann Doe", "Bo Li")])
def test_the_metadata_keeps_to_the_specification(terms, authors):
    check_crate(crate(terms, authors), MEMBERS)


def test_the_run_names_its_software_what_it_was_made_from_and_what_came_of_it():
    found = entities(crate())
    run = found["#run"]
    assert run["@type"] == "CreateAction"
    software = found[run["instrument"]["@id"]]
    assert (software["@type"], software["softwareVersion"]) == ("SoftwareApplication", "0.1")
    assert software["license"] == {"@id": "LICENSE"}
    assert [found[one["@id"]]["@type"] for one in software["author"]] == ["Organization", "Person"]
    assert {"@id": "plan.yaml"} in run["object"]
    assert {"@id": "figures/a%20b.svg"} in run["result"]
    assert {"@id": "plan.yaml"} not in run["result"]


def test_labels_are_text_in_json():
    document = crate()
    assert json.loads(json.dumps(document, ensure_ascii=False)) == document
    assert entities(document)["./"]["name"] == HOSTILE


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("interim/own/comparison.csv", b"dataset\n", "folder of rows"),
        ("tables/raw/x.csv", b"dataset\n", "folder of rows"),
        ("tables/alliance.parquet", b"PAR1", "no .parquet files"),
        ("tables/x.xlsx", b"PK", "no .xlsx files"),
        ("tables/x.csv", b"engagement_id,total\ne1,3\n", "'engagement_id'"),
        ("tables/x.csv", b"\xef\xbb\xbfadvisor_id,total\na1,3\n", "'advisor_id'"),
        ("tables/x.csv", b'total,"item_04"\n3,2\n', "'item_04'"),
    ],
)
def test_what_could_hold_rows_of_single_people_is_refused(name, content, word):
    with pytest.raises(UserFault, match=word):
        refuse_row_level(name, content)


def test_released_tables_are_not_refused():
    refuse_row_level("tables/comparison.csv", b"dataset,term,n_engagements\nown,item_04,12\n")
    refuse_row_level("LICENSE", b"MIT")


def test_an_archive_is_the_same_bytes_whatever_the_order_and_the_time():
    turned = dict(reversed(MEMBERS.items()))
    assert pack(MEMBERS, first=("LICENSE",)) == pack(turned, first=("LICENSE",))
    assert unpack(pack(MEMBERS)) == MEMBERS
    assert next(iter(unpack(pack(MEMBERS, first=("plan.yaml",))))) == "plan.yaml"
