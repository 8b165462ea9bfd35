"""Damaged exports by the hundred: refused, or cleaned with every row counted, and never a crash."""

from __future__ import annotations

import csv
import io
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.contract.layout import Dataset
from analysis.simulate.exports import write_programme
from analysis.simulate.pilot import COACHING_PILOT
from analysis.simulate.survey_tools import LAYOUTS, write_layout
from analysis.stages.compare import compare
from analysis.stages.ingest import ingest
from analysis.stages.score import score
from pilot import PLAIN
from properties.damage import Damage, damages, in_another_order
from properties.exports import Export, Refused, Sheet, take_apart, write_workbook
from properties.judge import check_refusal, judge

ROOT = Path(__file__).parents[2]
KINDS = ("plain", "workbook", *LAYOUTS)
EACH = 170

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exports(tmp_path_factory) -> dict[str, Export]:
    """The pilot as each tool exports it, with the mapping that reads it."""
    made = {}
    for kind in KINDS:
        folder = tmp_path_factory.mktemp(kind)
        if kind in LAYOUTS:
            write_layout(COACHING_PILOT, kind, folder)
            mapping = (ROOT / f"docs/exports/{kind}.yaml").read_text()
        else:
            write_programme(COACHING_PILOT.name, folder, None)
            mapping = yaml.safe_dump(PLAIN, sort_keys=False)
        if kind == "workbook":
            sources = {name: {"file": "all.xlsx", "sheet": name} for name in PLAIN["sources"]}
            into_workbook(folder, sources)
            mapping = yaml.safe_dump(PLAIN | {"sources": sources}, sort_keys=False)
        (folder / "my.yaml").write_text(mapping)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(ROOT)
            dataset = Dataset(folder / "my.yaml")
            made[kind] = take_apart(kind, folder, dataset.mapping, dataset.instruments)
    return made


def into_workbook(folder: Path, sources: dict[str, dict[str, str]]) -> None:
    """The plain files as the sheets of one workbook."""
    sheets = {}
    for name in sources:
        path = folder / f"{name}.csv"
        sheets[name] = Sheet(list(csv.reader(io.StringIO(path.read_text(), newline=""))))
        path.unlink()
    write_workbook(sheets, folder / "all.xlsx")


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_put_together_again_is_the_same(exports, kind):
    export = exports[kind]
    assert export.read(export.sheets).flow.equals(export.undamaged.flow)


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_refused_or_cleaned_and_counted(exports, kind):
    export = exports[kind]
    answers = Counter()

    @settings(max_examples=EACH)
    @given(damages(export))
    def hold(damage):
        answers[judge(export, damage)] += 1

    hold()
    assert answers.total() >= EACH
    assert len(answers) >= 4, answers


#: A cell of the tenth row, what stands there now, and the one honest answer.
KNOWN = (
    ("plain", "checkins", "Q3", "nan", "refused"),
    ("plain", "checkins", "Q3", "-99", "blank"),
    ("plain", "checkins", "Q3", "7", "blank"),
    ("plain", "checkins", "Check-in", "2.5", "refused"),
    ("plain", "checkins", "Respondent", "Clientt", "refused"),
    ("plain", "outcomes", "Value", "1e308", "refused"),
    ("plain", "outcomes", "Value", "", "aside"),
    ("plain", "engagements", "Status", "<b>", "refused"),
    ("plain", "engagements", "Coach", "A\x00", "refused"),
    ("plain", "engagements", "Coach", "=1+1", "as given"),
    ("plain", "events", "Engagement", "9999", "aside"),
    ("workbook", "engagements", "Status", "=1+1", "refused"),
    ("spss", "programme", "client1_2", "98", "blank"),
    ("google_forms", "checkins", "Which check-in is this?", "0x1F", "refused"),
)


@pytest.mark.parametrize(("kind", "source", "column", "text", "answer"), KNOWN)
def test_damage_of_one_cell_has_this_answer(exports, kind, source, column, text, answer):
    export, row = exports[kind], 9
    sheet = export.sheets[source]
    place = sheet.names.index(column)
    changed = sheet.with_cell(row, place, text)
    honest = frozenset({"refused", answer})
    damage = Damage(source, text, changed, honest, frozenset({row}), place, text)
    assert judge(export, damage) == answer


def of_any(exports: dict[str, Export]) -> st.SearchStrategy[tuple[Export, Damage]]:
    """An export of any kind, and damage to it."""
    kinds = st.sampled_from([exports[kind] for kind in KINDS])
    return kinds.flatmap(lambda export: st.tuples(st.just(export), damages(export)))


def test_the_command_says_the_same_and_leaves_nothing_of_what_it_refused(exports, tmp_path):
    refused = Counter()

    @settings(max_examples=20)
    @given(of_any(exports))
    def hold(drawn):
        export, damage = drawn
        with tempfile.TemporaryDirectory(dir=tmp_path) as place:
            folder, made = Path(place) / "data", Path(place) / "made"
            folder.mkdir()
            export.write({damage.source: damage.content}, folder)
            mapping = shutil.copy(export.folder / "my.yaml", folder)
            answer = export.read({damage.source: damage.content})
            told = [
                alliance("ingest", "--mapping", mapping, "--output", made),
                alliance("check", mapping),
            ]
            for one in told:
                assert "Traceback" not in one.stderr, one.stderr
                assert one.returncode == int(isinstance(answer, Refused)), one.stderr
            if isinstance(answer, Refused):
                check_refusal(export, damage, told[0].stderr)
                assert not made.exists() or not any(made.iterdir())
            else:
                flow = pd.read_csv(made / "flow.csv")
                assert flow["rows"].tolist() == answer.flow["rows"].tolist()
            refused[isinstance(answer, Refused)] += 1

    hold()
    assert min(refused.values()) >= 5, refused


def alliance(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "analysis.cli", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def plan(tmp_path_factory) -> Path:
    """The plan with few resamples: results are compared with one another, not with the truth."""
    path = tmp_path_factory.mktemp("plan") / "config.yaml"
    plan = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    plan["comparison"] |= {"resamples": 199, "permutations": 20, "imputations": 3}
    path.write_text(yaml.safe_dump(plan))
    return path


def compared(export: Export, sheets: dict[str, Sheet], plan: Path) -> bytes:
    """An export's results, from its files to the lines of evidence."""
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        folder = Path(place)
        export.write(sheets, folder)
        mapping = Path(shutil.copy(export.folder / "my.yaml", folder))
        ingest(mapping, folder)
        score(mapping, plan, folder)
        compare(mapping, plan, folder)
        return (folder / "comparison.csv").read_bytes()


def renamed(export: Export, mixed: random.Random) -> dict[str, Sheet]:
    """Engagements and people called otherwise, each by one name wherever it stands."""
    names = [f"{'KQXZ'[place % 4]}{place:05d}" for place in range(9_999)]
    mixed.shuffle(names)
    called: dict[tuple[str, str], str] = {}
    sheets = {}
    for source, sheet in export.sheets.items():
        kinds = {
            sheet.names.index(column): clean
            for column, uses in export.fed_by(source).items()
            for _, clean, _ in uses
            if clean.endswith("_id")
        }
        body = [list(row) for row in sheet.body]
        for row in body:
            for place, kind in kinds.items():
                name = row[place].strip()
                if name:
                    new = called.setdefault((kind, name), names[len(called)])
                    row[place] = row[place].replace(name, new)
        sheets[source] = sheet.with_body(body)
    return sheets


def test_order_and_names_change_no_bit_of_a_result(exports, plan):
    export = exports["plain"]
    expected = compared(export, export.sheets, plan)
    assert expected.count(b"\n") > 50

    @settings(max_examples=8)
    @given(st.integers(0, 2**32 - 1))
    def hold(seed):
        mixed = random.Random(seed)
        sheets = renamed(export, mixed)
        for source, sheet in sheets.items():
            whole = replace(export, sheets=sheets)
            sheets[source] = in_another_order(whole, source, sheet, mixed)
        assert compared(export, sheets, plan) == expected

    hold()
