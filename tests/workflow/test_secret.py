"""A whole run with a secret: it lands nowhere, its change is noticed, and it moves no result."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.mapping import Provenance
from analysis.contract.secret import read_key
from planted import find_planted

pytestmark = pytest.mark.slow

RUN = "results/runs/own"
SECRET = "first-Zq7Xk2Lw9Rt4Vb8Nd3Hf6Jm5Ps1"
OTHER = "other-Mv3Tc8Yh5Gk1Rp6Wd2Qb9Xn4Zs7"
#: What tells which bytes went in, and so differs where these do.
TOLD_BY_BYTES = ("provenance.json", "report.html")


@pytest.fixture(scope="module")
def finished(project, own_dataset):
    """The project after a run with the first secret, and the run's own words."""
    mapping = own_dataset(project.folder / "mine")
    told = project.alliance("run", mapping, ALLIANCE_SECRET=SECRET)
    assert told.returncode == 0, told.stderr
    return project, mapping, told


def planned(project, mapping, secret: str) -> str:
    told = project.alliance("run", mapping, "--snakemake=--dry-run", ALLIANCE_SECRET=secret)
    assert told.returncode == 0, told.stderr
    return told.stdout


def test_neither_the_secret_nor_the_key_is_in_any_byte_of_the_project(finished, monkeypatch):
    project, _, told = finished
    monkeypatch.setenv("ALLIANCE_SECRET", SECRET)
    key = read_key(Provenance(description="x", licence="x", consent="x")).content.hex()
    assert find_planted(project.folder, [SECRET, key]) == []
    assert SECRET not in told.stdout + told.stderr


def test_no_identifier_is_in_a_clean_table(finished):
    project, mapping, _ = finished
    raw = pd.read_csv(mapping.parent / "cases.csv", dtype=str)
    names = set(raw["Case"]) | set(raw["Client"]) | set(raw["Coach"])
    tables = sorted((project.folder / RUN / "interim/own").glob("*.parquet"))
    assert len(tables) >= 4
    for table in tables:
        for _, cells in pd.read_parquet(table).select_dtypes(["object", "string"]).items():
            assert not names & set(cells.dropna())


def test_another_secret_makes_everything_anew_and_the_same_nothing(finished):
    project, mapping, _ = finished
    assert "would ingest dataset own" in planned(project, mapping, OTHER)
    assert "would" not in planned(project, mapping, SECRET)


def test_without_a_secret_nothing_is_made_and_nothing_is_lost(finished):
    project, mapping, _ = finished
    before = project.digests(RUN)
    for secret, words in (("", "no secret is set"), ("x" * 40, "repeats itself")):
        told = project.alliance("run", mapping, ALLIANCE_SECRET=secret)
        assert told.returncode == 1
        assert "own.yaml" in told.stderr
        assert words in told.stderr
        assert "Traceback" not in told.stderr
    told = project.alliance("check", mapping, ALLIANCE_SECRET="")
    assert told.returncode == 1
    assert "no secret is set" in told.stderr
    assert project.digests(RUN) == before


def test_names_secret_and_the_order_of_rows_and_columns_move_no_result(
    finished, copy_of_project, own_dataset
):
    project, _, _ = finished
    second = copy_of_project()
    mapping = own_dataset(second.folder / "mine")
    rng = np.random.default_rng(11)
    new: dict[str, dict[str, str]] = {}
    for file in ("cases.csv", "ratings.csv"):
        path = mapping.parent / file
        table = pd.read_csv(path, dtype=str)
        for column in [name for name in ("Case", "Client", "Coach") if name in table]:
            names = sorted(table[column].unique())
            drawn = [f"Z{number:03d}" for number in rng.permutation(len(names))]
            new.setdefault(column, dict(zip(names, drawn, strict=True)))
            table[column] = table[column].map(new[column])
        shuffled = table.iloc[rng.permutation(len(table)), rng.permutation(table.shape[1])]
        shuffled.to_csv(path, index=False)
    told = second.alliance("run", mapping, ALLIANCE_SECRET=OTHER)
    assert told.returncode == 0, told.stderr
    before, after = project.digests(RUN), second.digests(RUN)
    assert set(before) == set(after)
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= set(TOLD_BY_BYTES)
