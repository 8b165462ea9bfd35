"""What the notebooks stand on, on a small finished run."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from analysis.contract.faults import UserFault
from analysis.present.lessons import (
    ROW_LEVEL,
    TABLES,
    mark_intervals,
    open_examples,
    show,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with two datasets, of which one is of people, and the tables of a finished run."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    plan = tmp_path / "config/config.yaml"
    whole = plan.read_text()
    listed = whole.partition("datasets:\n")[2].partition("\n\n")[0]
    plan.write_text(whole.replace(listed, "  - mentoring\n  - casino"))
    results = tmp_path / "results"
    (results / "tables").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    answer = {"verdict": "supported", "n_engagements": 30.0, "n_advisors": float("nan")}
    (results / "metrics.json").write_text(json.dumps({"mentoring": answer, "casino": answer}))
    rows = pd.DataFrame(
        {
            "dataset": ["mentoring", "mentoring", "casino"],
            "occasion": [1.0, None, 2.0],
            "primary": [True, False, None],
            "estimate": [0.2, 0.3, 0.4],
            "note": [None, None, None],
        }
    )
    for name in TABLES:
        rows.to_csv(results / f"tables/{name}.csv", index=False)
    for dataset in ("mentoring", "casino"):
        folder = results / "interim" / dataset
        folder.mkdir(parents=True)
        for table in ROW_LEVEL:
            pd.DataFrame({"engagement_id": ["1"]}).to_parquet(folder / f"{table}.parquet")
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


def test_it_opens_from_the_notebooks_folder_and_works_in_the_projects(project):
    run = open_examples()
    assert Path.cwd() == project
    assert run.names == ["mentoring", "casino"]
    assert run.titles["mentoring"] == "Mentoring"
    assert list(run.answers().index) == run.names
    assert run.answers()["n_engagements"].tolist() == [30, 30]


@pytest.mark.parametrize(
    "missing", ["results/tables/claims.csv", "results/interim/casino", "results/metrics.json"]
)
def test_without_a_whole_run_it_says_what_to_do(project, missing):
    path = project / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(UserFault, match="Run `make run` first"):
        open_examples()


def test_outside_the_project_it_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserFault, match="is not in the project"):
        open_examples()


def test_a_table_is_read_by_the_values_of_its_columns(project):
    run = open_examples()
    assert len(run.table("claims")) == 3
    assert run.table("claims", dataset="mentoring", occasion=1)["estimate"].tolist() == [0.2]
    assert run.table("claims", primary=True)["estimate"].tolist() == [0.2]
    assert run.table("claims", primary=False)["estimate"].tolist() == [0.3]
    assert str(run.table("claims")["occasion"].dtype) == "Int64"
    with pytest.raises(UserFault, match="did you mean 'claims'"):
        run.table("claim")
    with pytest.raises(UserFault, match="did you mean 'estimate'"):
        run.table("claims", estimat=0.2)


def test_rows_of_people_are_refused(project):
    run = open_examples()
    assert run.rows("mentoring", "frame")["engagement_id"].tolist() == ["1"]
    with pytest.raises(UserFault, match="simulated data only"):
        run.rows("casino", "frame")
    with pytest.raises(UserFault, match="did you mean 'mentoring'"):
        run.rows("mentor", "frame")
    with pytest.raises(UserFault, match="did you mean 'frame'"):
        run.rows("mentoring", "frames")


def test_a_truth_that_nobody_knows_is_a_fault(project):
    with pytest.raises(UserFault, match="its truth is not known"):
        open_examples().truth("casino")


def test_a_fault_shows_in_a_notebook_as_its_message_alone():
    assert UserFault("two\nlines")._render_traceback_() == ["alliance: two", "lines"]


def test_a_figure_is_shown_once_and_its_words_are_escaped():
    from matplotlib import pyplot

    figure, axes = pyplot.subplots()
    rows = pd.DataFrame({"estimate": [0.2], "conf_low": [0.1], "conf_high": [0.4]})
    mark_intervals(axes, rows, [3])
    (line,) = [one.get_segments() for one in axes.collections]
    assert line[0].tolist() == [[0.1, 3.0], [0.4, 3.0]]
    page = show(figure, 'advisees\' <b> & "others"').data
    assert "advisees&#x27; &lt;b&gt; &amp; &quot;others&quot;" in page
    assert page.startswith('<img src="data:image/svg+xml;base64,')
    assert not pyplot.fignum_exists(figure.number)


def test_upright_intervals_stand_at_their_places():
    from matplotlib import pyplot

    figure, axes = pyplot.subplots()
    rows = pd.DataFrame({"estimate": [0.2], "conf_low": [0.1], "conf_high": [0.4]})
    mark_intervals(axes, rows, [3], upright=True)
    (line,) = [one.get_segments() for one in axes.collections]
    assert line[0].tolist() == [[3.0, 0.1], [3.0, 0.4]]
    pyplot.close(figure)
