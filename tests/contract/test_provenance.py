import json
import subprocess
from pathlib import Path

import pytest

from analysis.contract.closure import file_hash
from analysis.contract.layout import Dataset
from analysis.contract.plan import ComparisonPlan, Plan, ScoringPlan
from analysis.contract.provenance import PACKAGES, collect_provenance, describe_commit

PLAN = Plan(datasets=("mine",), scoring=ScoringPlan(), comparison=ComparisonPlan(seed=7))
MAPPING = """
name: mine
title: A programme of mine
provenance: {description: ours, licence: CC0, consent: given}
instruments: {advisee: pulse_of_mine}
sources: {ratings: {file: ratings.csv}}
tables:
  engagements:
    - source: ratings
      columns: {engagement_id: id, advisee_id: id, advisor_id: coach, setting: {value: other}}
  checkins:
    - source: ratings
      columns: {engagement_id: id, rater: {value: advisee}, occasion: {value: 1}}
      items: [q1, q2]
"""
KEY = """
name: pulse_of_mine
title: Pulse
responses: {minimum: 1, maximum: 5}
subscales: {bond: [1, 2]}
status: user_supplied
source: ours
"""


@pytest.fixture
def dataset(tmp_path):
    (tmp_path / "mine.yaml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "pulse_of_mine.yaml").write_text(KEY, encoding="utf-8")
    (tmp_path / "ratings.csv").write_text("id,coach,q1,q2\n1,a,3,4\n", encoding="utf-8")
    return tmp_path / "mine.yaml"


def record_of(mapping: Path, plan: Plan = PLAN) -> dict:
    return collect_provenance(plan, {"mine": Dataset(mapping)})


def test_the_record_names_data_keys_versions_and_seed(dataset):
    record = json.loads(json.dumps(record_of(dataset)))
    mine = record["datasets"]["mine"]
    assert mine["data"]["ratings"] == {
        "file": "ratings.csv",
        "hash": file_hash(dataset.with_name("ratings.csv")),
    }
    assert mine["instruments"]["advisee"]["status"] == "user_supplied"
    assert record["seeds"]["comparison"] == 7
    assert {"multiverse", "ruptures", "warning", "calibration"} <= set(record["seeds"])
    assert set(record["versions"]) == {"python", *PACKAGES}
    assert all(record["versions"].values())


@pytest.mark.parametrize(
    ("file", "old", "new", "part"),
    [
        ("ratings.csv", "3,4", "3,5", "data"),
        ("mine.yaml", "CC0", "CC BY 4.0", "mapping_hash"),
        ("pulse_of_mine.yaml", "maximum: 5", "maximum: 7", "instruments"),
    ],
)
def test_an_edit_changes_its_own_hash_and_no_other(dataset, file, old, new, part):
    before = record_of(dataset)["datasets"]["mine"]
    path = dataset.with_name(file)
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    after = record_of(dataset)["datasets"]["mine"]
    assert [name for name in before if before[name] != after[name]] == [part]


def test_a_comment_changes_nothing(dataset):
    before = record_of(dataset)
    with dataset.open("a", encoding="utf-8") as stream:
        stream.write("# a remark\n")
    assert record_of(dataset) == before


def test_another_plan_has_another_hash(dataset):
    other = PLAN.model_copy(update={"comparison": ComparisonPlan(seed=8)})
    assert record_of(dataset)["plan_hash"] != record_of(dataset, other)["plan_hash"]


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_the_commit_and_later_changes_are_told(tmp_path):
    git(tmp_path, "init")
    assert describe_commit(tmp_path) == {"commit": None, "uncommitted_changes": False}
    (tmp_path / "file").write_text("1")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-m", "first")
    told = describe_commit(tmp_path)
    assert len(told["commit"]) == 40 and told["uncommitted_changes"] is False
    (tmp_path / "file").write_text("2")
    assert describe_commit(tmp_path) == {**told, "uncommitted_changes": True}


def test_without_a_repository_of_its_own_a_folder_has_no_commit(tmp_path, monkeypatch):
    nothing = {"commit": None, "uncommitted_changes": None}
    assert describe_commit(tmp_path) == nothing
    git(tmp_path, "init")
    (tmp_path / "inner").mkdir()
    assert describe_commit(tmp_path / "inner") == nothing
    monkeypatch.setenv("PATH", "")
    assert describe_commit(tmp_path) == nothing
