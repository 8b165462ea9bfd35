"""The flow diagram: its counts add up, small losses are not told apart, labels are text."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from analysis.contract.disclosure import release_flow
from analysis.contract.plan import DisclosurePlan
from analysis.present.drawing import as_svg
from analysis.present.flow_diagram import draw_flow, read_flow, tell_flow

RULE = DisclosurePlan()
HOSTILE = '<script>x</script> & "q" برنامج 🌱 ' + "W" * 120


def flow_rows(reason: str = "blank row") -> pd.DataFrame:
    rows = [
        ("engagements", "cases.csv", "read", "rows in the raw table", 115),
        ("engagements", "cases.csv", "set aside", reason, 15),
        ("engagements", "cases.csv", "kept", "rows kept", 100),
        ("engagements", "cases.csv", "made", "rows of engagements", 100),
        ("checkins", "r.csv", "read", "rows in the raw table", 320),
        ("checkins", "r.csv", "set aside", "blank row", 20),
        ("checkins", "r.csv", "kept", "rows kept", 300),
        ("checkins", "r.csv", "made", "rows of checkins", 600),
    ]
    return pd.DataFrame(rows, columns=["table", "source", "step", "reason", "rows"])


def measured(*counts: tuple[str, float, str]) -> pd.DataFrame:
    rows = [("participants", *count) for count in counts] + [("replies", "answered", 0.5, "")]
    return pd.DataFrame(rows, columns=["analysis", "term", "estimate", "note"])


PEOPLE = measured(
    ("all engagements", 100, ""),
    ("rated by the advisee", 88, "no rating by the advisee"),
    ("with the primary outcome", 60, "no check-in that both rated or no primary outcome"),
)


def test_each_step_is_the_one_before_less_those_left_out():
    flow = read_flow(flow_rows(), PEOPLE, RULE)
    counts = [step.count for step in flow.steps]
    assert counts == [115, 100, 88, 60]
    assert [step.reasons for step in flow.steps[:3]] == [
        (),
        ("blank row: 15",),
        ("no rating by the advisee: 12",),
    ]
    assert flow.steps[3].reasons == ("no check-in that both rated or no primary outcome: 28",)
    assert flow.tables == ("Check-ins: 320 rows read, 20 set aside, 600 made",)


def test_a_small_loss_is_not_counted_out():
    people = measured(("all engagements", 100, ""), ("with the primary outcome", 96, "no outcome"))
    told = tell_flow(read_flow(flow_rows(), people, RULE))
    assert "no outcome: fewer than 10" in told
    assert "no outcome: 4" not in told


def test_a_step_that_nobody_leaves_has_no_box_at_its_side():
    people = measured(("all engagements", 100, ""), ("with the primary outcome", 100, "no outcome"))
    assert read_flow(flow_rows(), people, RULE).steps[-1].reasons == ()


def test_the_diagram_shows_every_count_and_reason_as_text():
    flow = read_flow(flow_rows(), PEOPLE, RULE)
    svg = as_svg(draw_flow(flow, "Our programme"))
    for words in (">115<", ">100<", ">88<", ">60<", "Left out", "Blank row: 15"):
        assert words in svg
    assert svg == as_svg(draw_flow(flow, "Our programme"))


def test_labels_of_a_dataset_stay_text_and_within_the_sheet():
    flow = read_flow(flow_rows(HOSTILE), PEOPLE, RULE)
    drawing = draw_flow(flow, HOSTILE, [HOSTILE])
    svg = as_svg(drawing)
    assert "<script" not in svg
    assert "&lt;script&gt;" in svg
    assert "برنامج" in svg
    width = drawing.get_size_inches()[0] * 72
    renderer = FigureCanvasAgg(drawing).get_renderer()
    scale = 72 / drawing.dpi
    for text in drawing.axes[0].texts:
        box = text.get_window_extent(renderer)
        assert box.x1 * scale <= width + 1, text.get_text()
        assert box.y0 * scale >= -1, text.get_text()


@pytest.mark.parametrize("rows", [0, 1])
def test_without_any_row_there_is_still_a_sheet(rows):
    flow = read_flow(flow_rows().iloc[:rows], measured(), RULE)
    assert draw_flow(flow, "Nothing").get_size_inches()[1] > 0
    assert tell_flow(flow)


def test_losses_that_are_not_known_are_not_made_up():
    people = measured(("all engagements", 100, ""), ("with the primary outcome", np.nan, "none"))
    assert "none: number not given" in tell_flow(read_flow(flow_rows(), people, RULE))


def test_what_was_withheld_from_the_flow_is_not_told_here():
    rows = flow_rows("duplicate").assign(dataset="own")
    rows.loc[rows["table"] == "engagements", "rows"] = [105, 5, 100, 100]
    told = tell_flow(read_flow(release_flow(rows, RULE), PEOPLE, RULE))
    assert "105" not in told
    assert "duplicate: number not given" in told


def test_a_reason_with_a_withheld_part_has_no_number():
    rows = pd.concat([flow_rows("duplicate")] * 2, ignore_index=True).astype({"rows": float})
    lost = (rows["table"] == "engagements") & (rows["reason"] == "duplicate")
    rows.loc[lost, "rows"] = [40, np.nan]
    assert read_flow(rows, PEOPLE, RULE).steps[1].reasons == ("duplicate: number not given",)
