"""A user's own dataset from file to report, and what happens when something is wrong with it."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from analysis.contract.archives import unpack
from analysis.contract.crate import METADATA
from analysis.contract.products import FIGURES, FIGURES_ACROSS, REPORTED

ROOT = Path(__file__).parents[2]
RUN = "results/runs/own"


@pytest.fixture(scope="module")
def finished(project, own_dataset):
    """The project with a finished run of the user's own dataset, and what it said."""
    mapping = own_dataset(project.folder / "mine")
    told = project.alliance("run", mapping)
    assert told.returncode == 0, told.stderr
    return project, mapping, told.stdout


def test_the_run_shows_its_steps_and_ends_with_the_answer(finished):
    project, _, told = finished
    steps = int(re.search(r"(\d+) steps to do", told)[1])
    assert f"[ 1/{steps}] ingest dataset own" in told
    assert re.search(rf"\[{steps}/{steps}\] write (?:report|audit)", told)
    sentence = json.loads((project.folder / RUN / "metrics.json").read_text())["own"]["sentence"]
    assert sentence in told
    assert "the advisee's rating of the alliance predicts goal attainment better" in sentence
    assert f"Report: {RUN}/report.html" in told


def test_it_leaves_the_layout_of_the_examples(finished):
    project, _, _ = finished
    made = project.digests(RUN)
    for name in (
        "report.html",
        "audit.html",
        "codebook.csv",
        "codebook.html",
        "manuscript/own.docx",
        "manuscript/own.html",
        "metrics.json",
        "provenance.json",
        *(f"tables/{table}.csv" for table in REPORTED),
        *(f"figures/own_{figure}.{ending}" for figure in FIGURES for ending in ("svg", "png")),
        *(f"figures/{figure}.svg" for figure in FIGURES_ACROSS),
    ):
        assert name in made
    assert not (project.folder / "results/tables").exists()


@pytest.fixture
def depositing(finished, tmp_path):
    """A copy of the project with all that a bundle needs, and its mapping."""
    project, mapping, _ = finished
    copy = type(project)(tmp_path / "copy")
    shutil.copytree(project.folder, copy.folder)
    for name in ("LICENSE", "CITATION.cff", "docs/data-dictionary.md", "results/README.md"):
        (copy.folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, copy.folder / name)
    return copy, copy.folder / mapping.relative_to(project.folder)


def bundled(project, mapping, *more) -> bytes:
    told = project.alliance("bundle", mapping, "--date", "2026-01-31", *more)
    assert told.returncode == 0, told.stderr
    return (project.folder / RUN / "bundle.zip").read_bytes()


def test_a_bundle_holds_all_that_people_look_at_described_and_no_row(depositing):
    project, mapping = depositing
    packed = bundled(project, mapping)
    members = unpack(packed)
    files = {
        one["@id"]: one for one in json.loads(members[METADATA])["@graph"] if one["@type"] == "File"
    }
    assert set(files) == set(members) - {METADATA}
    for name, one in files.items():
        assert one["sha256"] == hashlib.sha256(members[name]).hexdigest(), name
    assert {"report.html", "audit.html", "plan.yaml", "mappings/own.yaml", "codebook.csv"} <= set(
        files
    )
    assert {"LICENSE", "CITATION.cff", "provenance.json", "data-dictionary.md"} <= set(files)
    assert not any(name.endswith((".parquet", ".xlsx")) or "interim" in name for name in files)
    for ident in ("E000", "C000", "A00"):  # the raw identifiers
        for name, content in members.items():
            assert not re.search(rf"\b{ident}\b".encode(), content), name
    assert b"cases.csv" in members["mappings/own.yaml"]
    assert b"folder" not in members["mappings/own.yaml"]
    assert packed == bundled(project, mapping)


def test_a_bundle_names_those_whose_it_is_only_if_told(depositing):
    project, mapping = depositing
    root = json.loads(unpack(bundled(project, mapping))[METADATA])["@graph"][1]
    assert "author" not in root
    assert root["datePublished"] == "2026-01-31"
    document = json.loads(unpack(bundled(project, mapping, "--author", "Ann Doe"))[METADATA])
    named = {one["@id"]: one for one in document["@graph"]}
    assert named[document["@graph"][1]["author"]["@id"]]["name"] == "Ann Doe"


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("tables/comparison.csv", "engagement_id,total\nE000,3\n", "'engagement_id'"),
        ("tables/comparison.csv", None, "Missing:"),
    ],
)
def test_a_bundle_with_rows_in_it_or_without_a_run_is_refused(depositing, name, content, word):
    project, mapping = depositing
    path = project.folder / RUN / name
    path.write_text(content) if content else path.unlink()
    told = project.alliance("bundle", mapping, "--date", "2026-01-31")
    assert told.returncode == 1
    assert word in told.stderr and name in told.stderr
    assert "Traceback" not in told.stderr
    assert not (project.folder / RUN / "bundle.zip").exists()


@pytest.mark.parametrize("linked", ["tables/flow.csv", "tables"])
def test_a_link_to_the_rows_does_not_get_into_a_bundle(depositing, linked):
    project, mapping = depositing
    path, rows = project.folder / RUN / linked, project.folder / RUN / "interim/own"
    if path.is_dir():
        for table in path.iterdir():  # so that nothing is missing there
            if not (rows / table.name).exists():
                shutil.copy(table, rows)
        path.rename(path.with_name("elsewhere"))
    else:
        path.unlink()
    path.symlink_to(rows if linked == "tables" else rows / "flow.csv")
    told = project.alliance("bundle", mapping, "--date", "2026-01-31")
    assert told.returncode == 1
    assert "leads to a folder of rows" in told.stderr


def test_a_bundle_has_a_day_and_never_todays(depositing):
    project, mapping = depositing
    told = project.alliance("bundle", mapping)
    assert told.returncode == 1
    assert "give --date" in told.stderr


def test_a_second_run_has_nothing_to_do_says_so_and_answers_again(finished):
    project, mapping, told = finished
    again = project.alliance("run", mapping)
    assert again.returncode == 0
    assert "Nothing to do" in again.stdout
    assert again.stdout.splitlines()[-1] == told.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("ratings.csv", ",Client,", ",Patient,", ["column 'Role'", "label is not known", "row 2"]),
        ("ratings.csv", "Case,Role", "Case,Rolle", ["column 'Role'", "did you mean 'Rolle'"]),
        ("cases.csv", "E000,", "E000,E000,", ["cases.csv", "row 2", "5 cells"]),
        ("own.yaml", "instruments:", "instrumens:", ["instrumens", "did you mean 'instruments'"]),
        ("own.yaml", "cases.csv", "case.csv", ["case.csv", "there is no file"]),
    ],
)
def test_a_fault_is_one_message_and_leaves_earlier_results(finished, name, old, new, words):
    project, mapping, _ = finished
    before = project.digests(RUN)
    interim = sorted((project.folder / RUN / "interim/own").iterdir())
    file = mapping.parent / name
    kept = file.read_text()
    try:
        file.write_text(kept.replace(old, new, 1))
        told = project.alliance("run", mapping)
    finally:
        file.write_text(kept)
    assert told.returncode == 1
    for word in words:
        assert word in told.stderr
    assert "Traceback" not in told.stderr + told.stdout
    assert project.digests(RUN) == before
    assert sorted((project.folder / RUN / "interim/own").iterdir()) == interim


def test_check_tells_rows_cautions_and_what_can_be_answered_and_writes_nothing(finished):
    project, mapping, _ = finished
    before = sorted(project.folder.rglob("*"))
    told = project.alliance("check", mapping)
    assert told.returncode == 0, told.stderr
    assert "checkins from ratings.csv: 540 read, 540 kept, 540 rows made" in told.stdout
    assert "the key of Pulse" in told.stdout
    assert "yes  advisee against advisor on goal_attainment by third_party" in told.stdout
    assert "no   advisee's rating with outcomes by record: no outcome is given" in told.stdout
    assert [path for path in sorted(project.folder.rglob("*")) if path not in before] == []


def test_check_points_out_a_rating_that_never_varies(finished):
    project, mapping, _ = finished
    file = mapping.parent / "ratings.csv"
    kept = file.read_text()
    try:
        file.write_text(re.sub(r"^\d,\d,\d,(E\d+,Coach)", r"3,3,3,\1", kept, flags=re.MULTILINE))
        told = project.alliance("check", mapping)
    finally:
        file.write_text(kept)
    assert told.returncode == 0
    assert "the advisor's rating never varies" in told.stdout


def test_check_lists_the_faults_before_anything_runs(finished):
    project, mapping, _ = finished
    file = mapping.parent / "ratings.csv"
    kept = file.read_text()
    try:
        file.write_text(kept + "9,E001,3,3,Coach,4\n")
        told = project.alliance("check", mapping)
    finally:
        file.write_text(kept)
    assert told.returncode == 1
    assert "column 'Q1', row 542: answer 9 is outside 1 to 5" in told.stderr
    assert "Traceback" not in told.stderr


def test_an_instruments_key_is_checked_and_all_its_faults_told(finished):
    project, _, _ = finished
    told = project.alliance("instrument", "check", "config/instruments/wai_s.yaml")
    assert told.returncode == 0, told.stderr
    assert "goal: 4 (reversed), 6, 10 (reversed), 11" in told.stdout
    assert "status: unverified" in told.stdout
    own = project.folder / "mine/own_key.yaml"
    own.write_text("name: own_key\nitems: 3\nresponses: {minimum: 1, maximum: five}\n")
    told = project.alliance("instrument", "check", own)
    assert told.returncode == 1
    for fault in (
        "items: this key is not known",
        "responses.maximum",
        "subscales: this key is req",
    ):
        assert fault in told.stderr
    assert "Traceback" not in told.stderr


def test_a_name_that_is_taken_is_refused(finished):
    project, mapping, _ = finished
    taken = mapping.with_name("taken.yaml")
    taken.write_text(mapping.read_text().replace("name: own", "name: executive_coaching"))
    told = project.alliance("run", taken)
    assert told.returncode == 1
    assert "is taken by config/datasets/executive_coaching.yaml" in told.stderr


def test_cleaning_removes_what_was_generated_and_nothing_else(finished, tmp_path):
    project, _, _ = finished
    copy = type(project)(tmp_path / "copy")
    shutil.copytree(project.folder, copy.folder)
    (copy.folder / "results/notes.txt").write_text("mine")
    (copy.folder / RUN / "notes.txt").write_text("mine")
    assert copy.alliance("clean").returncode == 0
    left = {
        str(path.relative_to(copy.folder / "results"))
        for path in (copy.folder / "results").rglob("*")
        if path.is_file()
    }
    assert left == {"notes.txt", "runs/own/notes.txt"}
    assert (copy.folder / "mine/ratings.csv").exists()
