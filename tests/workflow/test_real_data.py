"""Real ratings from two sides, where their folder is known (ALLIANCE_REAL_DATA)."""

import json
import os

import pandas as pd
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.environ.get("ALLIANCE_REAL_DATA"), reason="ALLIANCE_REAL_DATA names no folder"
    ),
]


@pytest.fixture(scope="module")
def answer(copy_of_project):
    """Runs a shipped mapping of real data; its results folder and headline."""

    def run(name: str) -> tuple:
        project = copy_of_project()
        told = project.alliance("run", f"config/datasets/{name}.yaml")
        assert told.returncode == 0, told.stderr
        folder = project.folder / "results/runs" / name
        return folder, json.loads((folder / "metrics.json").read_text())[name]

    return run


def test_negotiations_give_the_known_correlations_and_never_predict(answer):
    folder, headline = answer("casino")
    assert headline["verdict"] == "supported"
    assert round(headline["r_advisee"], 4) == 0.3354
    assert round(headline["r_advisor"], 4) == 0.1195
    assert round(headline["difference"], 4) == 0.2158  # .21585: .2159 from rounded correlations
    assert (round(headline["conf_low"], 3), round(headline["conf_high"], 3)) == (0.128, 0.303)
    assert headline["n_engagements"] == headline["n_advisors"] == 1030
    assert "uncorrected for reliability" in headline["sentence"]
    assert "predict" not in headline["sentence"]
    flow = pd.read_csv(folder / "tables/flow.csv")
    for _, part in flow.groupby("table"):
        rows = part.groupby("step")["rows"].sum()
        assert rows["read"] == rows["kept"] == 1030
    comparison = pd.read_csv(folder / "tables/comparison.csv")
    assert (comparison["timing"].dropna() == "concurrent").all()
    assert headline["sentence"].split(":")[0] in (folder / "report.html").read_text()


def test_couples_rated_their_own_outcome_so_nothing_is_decided(answer):
    folder, headline = answer("acipair")
    assert headline["verdict"] == "not_testable"
    assert "given by the advisee" in headline["sentence"]
    comparison = pd.read_csv(folder / "tables/comparison.csv")
    grid = comparison[
        (comparison["analysis"] == "grid") & (comparison["outcome_source"] == "advisee")
    ]
    marked = grid.set_index("rater")["note"].fillna("")
    assert "same source" in marked["advisee"]
    assert "same source" not in marked["advisor"]
    assert grid["estimate"].notna().all()
