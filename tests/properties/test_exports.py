"""Damaged exports by the hundred: refused, or cleaned with every row counted, and never a crash."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings

from analysis.contract.layout import Dataset
from analysis.simulate.exports import write_programme
from analysis.simulate.pilot import COACHING_PILOT
from analysis.simulate.survey_tools import LAYOUTS, write_layout
from pilot import PLAIN
from properties.damage import damages
from properties.exports import Export, Sheet, take_apart, write_workbook
from properties.judge import judge

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
