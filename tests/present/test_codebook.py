"""The codebook: every variable of a mapping, as text, and nothing of the data."""

import pandas as pd
import pytest
import yaml

from analysis.contract.files import write_csv
from analysis.contract.layout import Dataset, find_datasets, read_plan
from analysis.contract.mapping import Mapping
from analysis.present.codebook import COLUMNS, describe_codebook, render_codebook

HOSTILE = '<img src=x onerror=alert(1)> & "q" برنامج 🌱 ' + "W" * 150


@pytest.fixture(scope="module")
def datasets():
    return find_datasets(read_plan())


def codebook_of(dataset: Dataset, mapping: Mapping | None = None) -> pd.DataFrame:
    return describe_codebook(
        mapping or dataset.mapping, dataset.instruments, dataset.forms, read_plan()
    )


def test_every_example_has_every_score_item_and_outcome(datasets):
    for name, dataset in datasets.items():
        rows = codebook_of(dataset)
        assert list(rows.columns) == list(COLUMNS)
        assert set(rows["dataset"]) == {name}
        outcomes = set(rows.loc[rows["table"] == "outcomes", "variable"])
        assert set(dataset.mapping.outcomes) <= outcomes
        for rater, key in dataset.forms.instruments.items():
            scores = set(rows.loc[rows["table"] == "scores", "variable"])
            assert {f"{rater}_{one}" for one in (*key.subscales, "total")} <= scores
        assert rows.map(lambda cell: isinstance(cell, str)).all().all()


def test_reversed_items_labels_ranges_and_marks_are_told(datasets):
    rows = codebook_of(datasets["executive_coaching"])
    item = rows[rows["variable"] == "item_04"].iloc[0]
    assert "turned (8 less it)" in item["made_of_it"]
    assert (item["minimum"], item["maximum"]) == ("1", "7")
    assert item["missing"] == "NA, n/a, -99, ."
    assert item["raw_column"] == "C{checkin}_Q4"
    assert not rows[rows["variable"] == "item_05"]["made_of_it"].str.contains("turned").any()
    score = rows[rows["variable"] == "advisee_goal"].iloc[0]
    assert "4 (reversed)" in score["meaning"]
    assert "unverified" in score["made_of_it"]
    renewal = rows[rows["variable"] == "renewal"].iloc[0]
    assert renewal["labels"] == "Yes = 1; No = 0"
    primary = rows[rows["made_of_it"].str.contains("the primary outcome")]
    assert list(primary["variable"]) == ["goal_attainment"]
    programme = rows[rows["made_of_it"].str.contains("programmes apart")]
    assert list(programme["variable"]) == ["advisee_level"]


def test_no_label_of_an_identifier_is_told(datasets):
    dataset = datasets["executive_coaching"]
    given = yaml.safe_load(dataset.path.read_text())
    columns = given["tables"]["engagements"][0]["columns"]
    columns["advisor_id"] = {"column": "Coach", "labels": {"Ann Example": "a1"}}
    rows = codebook_of(dataset, Mapping.model_validate(given))
    assert not rows.map(lambda cell: "Ann" in cell).any().any()


def test_labels_of_a_dataset_come_out_as_text(datasets):
    dataset = datasets["executive_coaching"]
    given = yaml.safe_load(dataset.path.read_text())
    given["title"] = "<b>T</b>"
    given["tables"]["engagements"][0]["columns"]["status"]["labels"] = {HOSTILE: "completed"}
    given["outcomes"]["renewal"]["title"] = HOSTILE[:60]
    mapping = Mapping.model_validate(given)
    rows = codebook_of(dataset, mapping)
    page = render_codebook(rows, {"executive_coaching": mapping.title})
    assert "<img" not in page and "<b>T" not in page
    assert "&lt;img src=x onerror" in page
    assert "<bdi>برنامج</bdi> 🌱" in page
    assert "http:" not in page and "https:" not in page


def test_no_cell_of_the_file_begins_as_a_formula(datasets, tmp_path):
    dataset = datasets["executive_coaching"]
    given = yaml.safe_load(dataset.path.read_text())
    columns = given["tables"]["engagements"][0]["columns"]
    columns["status"] = {"column": "=HYPERLINK(1)", "labels": {"+1": "completed"}}
    given["missing_marks"] = ["-99"]
    write_csv(codebook_of(dataset, Mapping.model_validate(given)), tmp_path / "codebook.csv")
    rows = pd.read_csv(tmp_path / "codebook.csv", dtype=str, keep_default_na=False)
    begins = rows.map(lambda cell: cell[:1] in ("=", "+", "-", "@"))
    assert set(rows.to_numpy()[begins.to_numpy()]) <= {"-99"}  # a number
    assert "'=HYPERLINK(1)" in set(rows["raw_column"])
