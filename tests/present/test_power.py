import pandas as pd
import pytest

from analysis import cli
from analysis.contract.faults import UserFault
from analysis.contract.plan import ComparisonPlan
from analysis.evidence.calibration.power import find_power, study_design
from analysis.present.drawing import as_svg
from analysis.present.power import Asked, draw_power, tell_power
from analysis.stages.power import power as power_stage

STUDY = {
    "advisors": 30,
    "engagements_per_advisor": 5,
    "reliability": (0.9, 0.8),
    "difference": 0.3,
}


@pytest.fixture(scope="module")
def found():
    design = study_design(**STUDY)
    asked = Asked(30, 150, design.validity, design.reliability, 50, 0.8)
    return find_power(design, ComparisonPlan(), 50, seed=1), asked


def test_the_text_has_a_line_per_size_and_the_smallest_study(found):
    power, asked = found
    text = tell_power(power.curve, power.smallest, asked)
    assert text.startswith("D = .30 (advisee’s alliance .450, advisor’s .150)")
    assert "*30" in text
    assert len([line for line in text.splitlines() if "(." in line and "advis" not in line]) == (
        power.curve["n_advisors"].nunique()
    )
    assert "the verdict: .80 is reached with" in text


def test_the_figure_marks_the_target_and_the_study_asked_about(found):
    power, asked = found
    svg = as_svg(draw_power(power.curve, asked))
    assert "target .80" in svg
    assert svg == as_svg(draw_power(power.curve, asked))


def test_the_command_writes_the_curve_and_the_figure(tmp_path, capsys):
    plan = "config/config.yaml"
    power_stage(plan, tmp_path, 0.8, 50, None, **STUDY)
    assert "is reached with" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "power.csv")
    assert {"power", "smallest"} == set(table["term"])
    assert (tmp_path / "power.svg").exists()
    assert (tmp_path / "power.png").exists()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"target": 1.2}, "--target is 1.2"),
        ({"replicates": 3}, "--replicates is 3"),
        ({"seed": -1}, "--seed is -1"),
        ({"reliability": (1.5, 0.8)}, "No such study: the reliability of the advisee's rating"),
    ],
)
def test_bad_input_is_one_line(arguments, word):
    given = {"target": 0.8, "replicates": 50, "seed": 1, **STUDY, **arguments}
    with pytest.raises(UserFault, match=word) as fault:
        power_stage("config/config.yaml", None, **given)
    assert "\n" not in str(fault.value)


def test_the_command_line_ends_with_its_message_and_exit_code_1(monkeypatch, capsys):
    words = "alliance power --advisors 60 --engagements-per-advisor 7 --reliability-advisee 0"
    words += " --reliability-advisor .7 --difference .15"
    monkeypatch.setattr("sys.argv", words.split())
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    assert capsys.readouterr().err == (
        "alliance: No such study: the reliability of the advisee's rating is 0: "
        "it must be above 0 and at most 1.\n"
    )
