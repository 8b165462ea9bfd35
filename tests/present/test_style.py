import pytest

from analysis.present.style import THEME, house_style, measure_text, plain_text, wrap_text


def test_the_theme_is_seaborns_whitegrid():
    import seaborn

    theirs = seaborn.axes_style("whitegrid")
    assert {name: theirs[name] for name in THEME if name in theirs} == {
        name: value for name, value in THEME.items() if name in theirs
    }
    assert len(set(THEME) & set(theirs)) == len(THEME)


def test_the_style_does_not_leak_and_takes_nothing_from_outside():
    import matplotlib

    with matplotlib.rc_context({"axes.linewidth": 7.0, "svg.fonttype": "path"}):
        with house_style():
            assert matplotlib.rcParams["axes.linewidth"] == 0.8
            assert matplotlib.rcParams["svg.fonttype"] == "none"
        assert matplotlib.rcParams["axes.linewidth"] == 7.0


@pytest.mark.parametrize(
    "text", ["a plain label of several words", "W" * 200, "word " * 60, "漢字" * 50, "😀 שלום $x$"]
)
def test_every_wrapped_line_fits_and_no_character_is_lost(text):
    lines = wrap_text(text, 150, 9, "bold")
    assert all(measure_text(line, 9, "bold") <= 150 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_wide_letters_need_more_lines_than_narrow_ones():
    assert len(wrap_text("W" * 60, 150, 9)) > len(wrap_text("i" * 60, 150, 9))


def test_control_characters_and_line_breaks_do_not_reach_a_figure():
    assert (
        plain_text("goal\x00 \x1b[31mattainment\nat\tthe end") == "goal [31mattainment at the end"
    )
