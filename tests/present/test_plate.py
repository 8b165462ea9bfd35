from analysis.present.plate import draw_plate
from analysis.present.sheet import WIDTH


def test_a_plate_says_in_whole_words_what_is_not_shown_and_why():
    reason = "one occasion only: nothing repeats, " * 6
    figure = draw_plate("The course of the alliance " * 4, reason)
    said = " ".join(text.get_text() for text in figure.axes[0].texts)
    assert said.startswith("The course of the alliance")
    assert f"Not shown: {reason}".strip() in said
    renderer = figure.canvas.get_renderer()
    for text in figure.axes[0].texts:
        box = text.get_window_extent(renderer)
        assert box.x1 <= figure.bbox.width and box.y0 >= 0
    assert figure.bbox.width == figure.dpi * WIDTH / 72
