import pandas as pd
import pytest

from analysis.contract.faults import UserFault
from analysis.contract.plan import CalibrationPlan, ComparisonPlan, Plan
from analysis.evidence.calibration.calibrated_lines import LINES
from analysis.evidence.calibration.calibration import calibrate
from analysis.present.calibration import describe_calibration, tell_bars
from analysis.present.calibration_page import write_calibration_page
from analysis.present.drawing import as_svg
from analysis.present.lies import draw_calibration
from analysis.simulate.scenarios import SCENARIOS
from analysis.stages import calibrate as stage
from analysis.stages import report as report_stage


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """A small calibration, as read back from CSV."""
    plan = Plan(
        datasets=("any",),
        scoring={},
        comparison=ComparisonPlan(),
        calibration=CalibrationPlan(closed_form=50),
    )
    lines = [line for line in LINES if line.name == "closed_form"]
    path = tmp_path_factory.mktemp("calibration") / "calibration.csv"
    calibrate(plan, lines=lines).to_csv(path, index=False)
    return pd.read_csv(path)


def test_the_part_says_which_test_lies_and_how_many_bars_hold(rows):
    part = describe_calibration(rows)
    said = " ".join(part.paragraphs)
    naive = rows.set_index(["scenario", "analysis", "method", "term"]).loc[
        ("unequal_reliability", "clustered", "jackknife", "rejection"), "estimate"
    ]
    assert f"alike in {100 * naive:.0f} % of data sets" in said
    assert "bars hold" in said
    assert len(part.tables[0].rows) == rows["passes"].notna().sum()
    assert len(part.further) == 1 + rows["scenario"].nunique()
    assert "<svg" in part.figures[0].svg


def test_a_failed_bar_is_named_in_words_in_the_table_and_on_the_figure(rows):
    wrong = rows.copy()
    place = wrong.index[
        (wrong["scenario"] == "clustered_18")
        & (wrong["analysis"] == "clustered")
        & (wrong["term"] == "rejection")
        & (wrong["method"] == "jackknife")
    ][0]
    wrong["passes"] = wrong["passes"].astype(object)
    wrong.loc[place, ["estimate", "conf_low", "conf_high", "passes"]] = [0.2, 0.17, 0.23, False]
    part = describe_calibration(wrong)
    assert (
        "Not held: Clustered: jackknife over clusters, finds a difference (18 advisors): .200"
        in (part.paragraphs[-1])
    )
    assert part.tables[0].marked
    assert "FAILS  Clustered" in tell_bars(wrong)
    assert as_svg(draw_calibration(wrong)) != as_svg(draw_calibration(rows))


def test_the_figure_shows_the_rates_of_the_table(rows):
    svg = as_svg(draw_calibration(rows))
    for title in ("Independent", "12 advisors", "Unequal reliability", "True D = .24"):
        assert title in svg
    found = rows[(rows["term"] == "rejection") & (rows["scenario"] == "same_source")]
    naive = found[found["method"] == "steiger"]["estimate"].iloc[0]
    assert f">{100 * naive:.0f}<" in svg


def test_a_table_without_some_lines_and_scenarios_can_be_shown(rows):
    some = rows[rows["scenario"].isin(["independent"]) & (rows["analysis"] == "naive")]
    part = describe_calibration(some)
    assert part.paragraphs
    assert part.figures


def test_the_page_holds_every_table_and_names_its_figure(rows):
    page = write_calibration_page(rows, "calibration.svg")
    assert page.startswith("# Which test lies when\n")
    assert "(calibration.svg)" in page
    assert page.count("| Line |") >= rows["scenario"].nunique()


def made_of(rows):
    """Stands for the simulations: the rows of the scenarios asked for."""

    def calibrate(_plan, _share, _processes, scenarios):
        return rows[rows["scenario"].isin([one.name for one in scenarios])]

    return calibrate


class TestStage:
    """The command's edge: what is written where, and the exit code."""

    @pytest.fixture
    def made(self, rows, tmp_path, monkeypatch):
        monkeypatch.setattr(stage, "calibrate_lines", made_of(rows))
        monkeypatch.setattr(stage, "CALIBRATION", tmp_path / "docs/calibration.csv")
        return tmp_path

    def test_a_whole_calibration_is_recorded(self, made, rows, capsys):
        code = stage.calibrate("config/config.yaml", made / "results", 1.0, 1)
        assert code == int((rows["passes"].map(str) == "False").any())
        table = (made / "results/tables/calibration.csv").read_text()
        assert (made / "docs/calibration.csv").read_text() == table
        assert (made / "results/figures/calibration.png").exists()
        assert "bars hold" in capsys.readouterr().out

    def test_a_share_of_it_is_not_recorded(self, made):
        stage.calibrate("config/config.yaml", made / "results", 0.5, 1)
        assert not (made / "docs/calibration.csv").exists()

    def test_a_failed_bar_is_exit_code_1(self, made, rows, monkeypatch, capsys):
        wrong = rows.copy()
        wrong.loc[wrong["passes"].notna(), "passes"] = False
        monkeypatch.setattr(stage, "calibrate_lines", made_of(wrong))
        assert stage.calibrate("config/config.yaml", made / "results", 1.0, 1) == 1
        assert "FAILS" in capsys.readouterr().out

    def test_scenarios_made_one_by_one_give_the_same_table(self, made):
        stage.calibrate("config/config.yaml", made / "results", 0.5, 1)
        for one in reversed(SCENARIOS):
            with pytest.raises(UserFault, match=f"not calibrated yet: .*{one.name}"):
                stage.gather_calibration(made / "apart", whole=False)
            stage.calibrate_scenario("config/config.yaml", made / "apart", 0.5, 1, one.name)
        stage.gather_calibration(made / "apart", whole=False)
        together = (made / "results/tables/calibration.csv").read_bytes()
        assert (made / "apart/tables/calibration.csv").read_bytes() == together

    def test_an_unknown_scenario_is_refused(self, made):
        with pytest.raises(
            UserFault, match=r"there is no scenario 'sunny'\. There are: independent"
        ):
            stage.calibrate_scenario("config/config.yaml", made / "results", 1.0, 1, "sunny")

    @pytest.mark.parametrize("share", [0.0, -1.0, 1.5, float("nan")])
    def test_a_share_that_is_none_is_refused(self, made, share):
        with pytest.raises(UserFault, match="--replicates-share"):
            stage.calibrate("config/config.yaml", made / "results", share, 1)


def test_the_report_shows_the_recorded_calibration_and_does_without_one(
    rows, tmp_path, monkeypatch
):
    recorded = tmp_path / "calibration.csv"
    monkeypatch.setattr(report_stage, "CALIBRATION", recorded)
    assert report_stage._calibration() == ()
    rows.to_csv(recorded, index=False)
    assert [part.anchor for part in report_stage._calibration()] == ["calibration"]
