"""An edit reruns only what rests on it."""

import os

import pytest

pytestmark = pytest.mark.slow

SHOWN = {"draw figures own", "write report", "write audit"}
#: What follows from the clean tables and the scores.
ESTIMATES = {
    "measure alliance own",
    "compare raters own",
    "describe process own",
    "warn early own",
    "multiverse choices own",
    "answer claims own",
}
ACROSS = {"synthesise datasets", "gather tables", "gather claims"}
FROM_SCORES = {"score alliance own"} | ESTIMATES | ACROSS | SHOWN
EVERYTHING = {"ingest dataset own"} | FROM_SCORES
#: Neither measurement nor early warning compares correlations.
FROM_CORRELATIONS = FROM_SCORES - {
    "score alliance own",
    "measure alliance own",
    "warn early own",
}


@pytest.fixture(scope="module")
def finished(project, own_dataset):
    mapping = own_dataset(project.folder / "mine")
    told = project.alliance("run", mapping)
    assert told.returncode == 0, told.stderr
    assert project.planned(mapping) == set()
    return project, mapping


@pytest.mark.parametrize(
    ("file", "old", "new", "rerun"),
    [
        ("src/analysis/ingest/parts.py", '"""One raw', '"""A raw', EVERYTHING),
        ("src/analysis/measure/scoring.py", '"""Items to', '"""Answers to', FROM_SCORES),
        ("src/analysis/models/correlation.py", '"""Two', '"""A pair of', FROM_CORRELATIONS),
        (
            "src/analysis/present/figures.py",
            '"""',
            '"""On ',
            {"draw figures own", "write report"},
        ),
        # The record beside the report holds the hash of all code.
        ("src/analysis/simulate/programme.py", '"""A pro', '"""One pro', {"write report"}),
        ("config/config.yaml", "minimum_answered: 0.75", "minimum_answered: 1", FROM_SCORES),
        ("config/config.yaml", "sesoi: 0.10", "sesoi: 0.05", FROM_CORRELATIONS),
        ("config/config.yaml", "window: [1, 2, 3]", "window: [1, 2]", FROM_SCORES),
        ("config/config.yaml", "# A difference of", "# Such a difference of", set()),
        ("config/instruments/pulse.yaml", "maximum: 5", "maximum: 6", EVERYTHING),
        (
            "mine/own.yaml",
            "title: Our own",
            "title: Our other",
            {"draw figures own", "gather tables", "write report", "write audit"},
        ),
        ("mine/cases.csv", "E000", "E900", EVERYTHING),
        ("requirements.lock", "numpy==", "numpy==0", EVERYTHING),
    ],
)
def test_an_edit_reruns_what_rests_on_it_and_its_descendants(finished, file, old, new, rerun):
    project, mapping = finished
    path = project.folder / file
    kept = path.read_text()
    assert old in kept
    stamp = path.stat()
    try:
        path.write_text(kept.replace(old, new, 1))
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # content decides, not the stamp
        planned = project.planned(mapping)
    finally:
        path.write_text(kept)
    assert planned == rerun


def test_a_mere_touch_reruns_nothing(finished):
    project, mapping = finished
    for path in [mapping, mapping.parent / "cases.csv", project.folder / "config/config.yaml"]:
        path.touch()
    assert project.planned(mapping) == set()
