"""Survey tools' exports from file to report: described, corrected, checked, run, and nothing told.

What a person corrects in a proposal is written down below: the answers to its DECIDEs, in their
order, and the name. Everything else of the proposal stands as it was made.
"""

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from analysis.contract.dictionary import CAUSES, EVENTS
from analysis.contract.faults import UserFault
from analysis.contract.layout import Dataset
from analysis.ingest.dataset import ingest_dataset
from analysis.ingest.dates import TURNED
from analysis.ingest.tools import TEST_RESPONSE
from analysis.simulate.exports import write_programme
from analysis.simulate.pilot import COACHING_PILOT
from analysis.simulate.programmes import PROGRAMMES
from analysis.simulate.survey_tools import LAYOUTS, PLANTED, write_layout
from analysis.stages.describe import describe
from pilot import PLAIN
from properties.exports import in_one_order

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "docs/exports"
NAME = COACHING_PILOT.name

ABOUT = [
    "Coaching pilot (simulated)",
    "120 simulated coaching engagements, made to try exports of survey tools.",
    "CC0",
    "nobody is in it",
]
HEADLINE = ["goal_attainment", "third_party"]
#: The code book of the REDCap project: what stakes, status, level, events, sources, causes and
#: answered events stand for.
CODE_BOOK = [
    *("low", "medium", "high"),
    *("completed", "ended_early", "ongoing"),
    *("manager", "director", "executive"),
    *EVENTS,
    *("advisee", "advisor", "record"),
    *CAUSES,
    *(EVENTS[code - 1] for code in (2, 3, 5, 6, 14)),
]
ANSWERS = {
    "qualtrics": [*ABOUT, "record", *["prospective"] * 3, *HEADLINE],
    "redcap": [*ABOUT, *CODE_BOOK, *["prospective"] * 3, *HEADLINE],
    "spss": [*ABOUT, *["prospective"] * 3, *HEADLINE],
    "google_forms": [*ABOUT, *["prospective"] * 3, *HEADLINE],
}


def correct(proposal: str, layout: str) -> str:
    """The proposal with its name and its DECIDEs answered, one after another."""
    answers = iter(ANSWERS[layout])
    text = re.sub(r"^name: .*", f"name: {NAME}", proposal, count=1, flags=re.MULTILINE)
    head, body = text[: text.index("\nname:")], text[text.index("\nname:") :]
    body = re.sub(r"\bDECIDE\b(  # \?: .*)?", lambda _: next(answers), body)
    assert next(answers, None) is None
    return head + body.replace("nobody is in it", "nobody is in it\n  simulated: true")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Each tool's export of the programme in a folder, and the proposal made for it."""
    made = {}
    for layout in LAYOUTS:
        folder = tmp_path_factory.mktemp(layout) / "my_data"
        write_layout(COACHING_PILOT, layout, folder)
        output = folder / "my.yaml"
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(ROOT)
            describe(sorted(folder.iterdir()), output)
        made[layout] = folder, output.read_text()
        output.unlink()
    return made


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Path:
    """The mapping of the programme's plain files."""
    folder = tmp_path_factory.mktemp("plain") / "my_data"
    write_programme(NAME, folder, None)
    path = folder / "my.yaml"
    path.write_text(yaml.safe_dump(PLAIN, sort_keys=False))
    return path


def ingested(mapping: Path) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        dataset = Dataset(mapping)
        return ingest_dataset(dataset.mapping, dataset.folder, dataset.instruments)


@pytest.fixture(scope="module")
def clean(plain) -> dict[str, pd.DataFrame]:
    return ingested(plain)[0]


@pytest.fixture(scope="module")
def read_back(exported) -> dict[str, tuple[dict[str, pd.DataFrame], pd.DataFrame]]:
    """Each export read with the corrected proposal: clean tables and the flow of rows."""
    made = {}
    for layout, (folder, proposal) in exported.items():
        mapping = folder / "my.yaml"
        mapping.write_text(correct(proposal, layout))
        made[layout] = ingested(mapping)
        mapping.unlink()
    return made


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("table", ["engagements", "checkins", "outcomes", "events"])
def test_every_layout_read_back_is_the_same_clean_table(layout, table, read_back, clean):
    found, expected = in_one_order(read_back[layout][0][table]), in_one_order(clean[table])
    pd.testing.assert_frame_equal(
        found[list(expected.columns)], expected, check_exact=True, check_like=False
    )
    assert set(found) == set(expected)


def rows(flow: pd.DataFrame, table: str, reason: str) -> int:
    chosen = flow[(flow["table"] == table) & flow["reason"].str.startswith(reason)]
    return int(chosen["rows"].sum())


def test_what_the_tools_put_in_is_counted(read_back):
    assert rows(read_back["qualtrics"][1], "checkins", TEST_RESPONSE) == 5
    assert rows(read_back["spss"][1], "checkins", "user-missing code 99 (No answer)") > 20
    assert rows(read_back["spss"][1], "checkins", "user-missing code 98 (Does not apply)") > 5
    for layout in ("redcap", "google_forms"):
        answered = len(read_back[layout][0]["checkins"])
        assert rows(read_back[layout][1], "checkins", TURNED) == answered


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_shipped_mapping_is_the_proposal_with_its_questions_answered(layout, exported):
    shipped = SHIPPED / f"{layout}.yaml"
    assert shipped.read_text() == correct(exported[layout][1], layout)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_proposal_is_refused_until_every_question_is_answered(layout, exported, tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text(exported[layout][1])
    with pytest.raises(UserFault) as fault:
        _ = Dataset(path).mapping
    told = str(fault.value)
    assert told.count("still to be decided") == len(ANSWERS[layout])
    assert "provenance.consent (line 13): still to be decided: what the people" in told
    for line in re.findall(r"\(line (\d+)\)", told):
        assert "DECIDE" in path.read_text().splitlines()[int(line) - 1]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_proposal_holds_column_names_and_labels_and_nobody(layout, exported):
    _, proposal = exported[layout]
    for planted in PLANTED:
        assert planted.casefold() not in proposal.casefold()
    # nor a code of a person or engagement
    assert not re.search(r"\b(C\d{4}|A\d{3}|0\d{3})\b", proposal)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_export_holds_what_must_not_get_through_and_is_the_same_every_time(
    layout, exported, tmp_path
):
    folder, _ = exported[layout]
    write_layout(COACHING_PILOT, layout, tmp_path)
    held = b""
    for path in sorted(folder.iterdir()):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
        held += path.read_bytes()
    found = [text for text in PLANTED if text.encode() in held]
    assert {"Quillfeather", "Zephyrine", "planted-mail.example"} <= set(found)
    assert any(text in found for text in ("zinnia", "marmalade"))


def test_a_programme_without_a_layout_is_told():
    with pytest.raises(ValueError, match="repeated outcomes"):
        write_layout(PROGRAMMES["executive_coaching"], "redcap", Path("nowhere"))


#: Fewer resamples than the plan's: the runs are compared with one another, not with the truth.
QUICK = {
    "comparison": {"resamples": 200, "permutations": 20, "imputations": 5},
    "multiverse": {"resamples": 99},
    "ruptures": {"surrogates": 20},
}
RUN = f"results/runs/{NAME}"
#: What tells of the files themselves: rows, columns, hashes; and how the report's tables of these
#: begin.
OF_FILES = re.compile(
    r"provenance\.json|codebook\..*|tables/(flow|privacy)\.csv|.*_flow\.(svg|png)"
)
TABLES_OF_FILES = ("Rows read are", "Columns that were not taken in", "Hashes are")


@pytest.fixture(scope="module")
def quick(copy_of_project):
    """A project with few resamples."""
    project = copy_of_project()
    path = project.folder / "config/config.yaml"
    plan = yaml.safe_load(path.read_text())
    for part, keys in QUICK.items():
        plan[part] |= keys
    path.write_text(yaml.safe_dump(plan, sort_keys=False))
    return project


@pytest.fixture(scope="module")
def finished_plain(quick, plain):
    """The results of the programme's plain files."""
    told = quick.alliance("run", plain)
    assert told.returncode == 0, told.stderr
    (quick.folder / RUN).rename(quick.folder / "plain")
    return quick.folder / "plain"


def without_files(report: bytes) -> str:
    """The report without pictures (compared as files) and without the tables that tell of files."""
    text = re.sub(r"<img[^>]*>", "", report.decode())
    tables = re.findall(r"<table.*?</table>", text, re.DOTALL)
    own = [one for one in tables if any(f"<span>{start}" in one for start in TABLES_OF_FILES)]
    assert len(own) == len(TABLES_OF_FILES) < len(tables)
    for table in own:
        text = text.replace(table, "")
    return text


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_from_export_to_report(layout, quick, finished_plain):
    data = quick.folder / layout
    said = [quick.alliance("simulate", NAME, "--layout", layout, "--output", data)]
    mapping = data / "my.yaml"
    said.append(quick.alliance("describe", *sorted(data.iterdir()), "--output", mapping))
    waiting = quick.alliance("check", mapping)
    assert waiting.returncode == 1
    assert "still to be decided" in waiting.stderr
    mapping.write_text(correct(mapping.read_text(), layout))
    said += [quick.alliance("check", mapping), quick.alliance("run", mapping)]
    for one in said:
        assert one.returncode == 0, one.stderr
    assert "yes  advisee against advisor on goal_attainment by third_party" in said[2].stdout

    results = quick.folder / RUN
    made, expected = everything(results), everything(finished_plain)
    exempt = ("logs/", "benchmarks/", "interim/")
    compared = {name for name in expected if not name.startswith(exempt)}
    compared = {name for name in compared if not OF_FILES.fullmatch(name)} - {"report.html"}
    assert {"metrics.json", "tables/comparison.csv", "tables/claims.csv"} <= compared
    assert set(made) == set(expected)
    differing = [name for name in sorted(compared) if made[name] != expected[name]]
    assert differing == []
    assert without_files(made["report.html"]) == without_files(expected["report.html"])

    leaves = {f"what `{' '.join(map(str, one.args[3:5]))}` says": one for one in said}
    texts = {name: (one.stdout + one.stderr).encode() for name, one in leaves.items()}
    for name, content in (made | texts).items():
        for planted in PLANTED:
            assert planted.encode() not in content, f"{planted} in {name}"
            assert planted.lower().encode() not in content, f"{planted} in {name}"
    results.rename(quick.folder / f"done_{layout}")
