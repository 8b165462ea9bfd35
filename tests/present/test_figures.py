import re
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from analysis.present.figures import draw_comparison, draw_datasets, save_figure
from analysis.present.lines import Interval
from analysis.present.sheet import WIDTH, Scale, Sheet, extent, round_scale

HOSTILE = [
    '<script>alert("1")</script> & more',
    "costs $5 to $9, or $\\frac{1}{2}$ \\alpha_1^2",
    'it\'s "quoted" ]]> --> {{ 7 * 7 }} {% raw %}',
    "satisfaction 😀 with the programme",
    "שביעות רצון ورضا",
]
TITLES = {"coaching": "Executive coaching", "advising": "Advising", "support": "Support"}


def texts_of(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def said_by(figure):
    return " ".join(texts_of(figure))


def test_every_outcome_stands_there_with_source_phase_timing_and_n(tables):
    said = said_by(draw_comparison(tables["coaching"], "Executive coaching", 0.10))
    for part in (
        "Executive coaching",
        "Goal attainment (primary outcome)",
        "Given by a third party, at the end, after the ratings",
        "n = 160, 20 advisors",
        "concurrent with the ratings",
        "Same source: the advisee rated the alliance and the outcome",
        "corrected for reliability",
        "within ±.10",
        "95 % intervals",
    ):
        assert part in said


def test_the_numbers_are_those_of_the_table(tables):
    table = tables["coaching"]
    row = table[table["primary"] & (table["analysis"] == "verdict")].iloc[0]
    said = said_by(draw_comparison(table, "Coaching", 0.10))
    assert f"D = .{round(row['estimate'] * 100):02d} [" in said


def test_the_primary_outcome_comes_first(tables):
    texts = texts_of(draw_comparison(tables["coaching"], "Coaching", 0.10))
    labels = [text for text in texts if text.startswith(("Goal", "Satisfaction"))]
    assert labels == ["Goal attainment (primary outcome)", "Goal attainment", "Satisfaction"]


def test_marks_stand_where_the_estimates_are(tables):
    """The primary row's difference and its limits, read back from the drawing."""
    table = tables["coaching"]
    row = table[table["primary"] & (table["analysis"] == "verdict")].iloc[0]
    sheet = draw_comparison(table, "Coaching", 0.10).axes[0]
    ticks = {t.get_text(): t.get_position()[0] for t in sheet.texts if t.get_position()[0] > 170}
    per_unit = (ticks[".2"] - ticks["0"]) / 0.2
    black = [line for line in sheet.lines if line.get_color() == "#262626"]
    values = [(np.array(line.get_xdata()) - ticks["0"]) / per_unit for line in black]
    limits = [value for value in values if len(value) == 2]
    np.testing.assert_allclose(limits[0], [row["conf_low"], row["conf_high"]], atol=1e-6)


def test_a_rater_who_gave_the_outcome_is_drawn_hollow(tables):
    figure = draw_comparison(tables["advising"], "Advising", 0.10)
    marks = {line.get_marker(): line for line in figure.axes[0].lines if line.get_marker() in "os"}
    assert marks["o"].get_markerfacecolor() != marks["o"].get_markeredgecolor()
    assert marks["s"].get_markerfacecolor() == marks["s"].get_markeredgecolor()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("advising", "the outcome was given by the advisee"),
        ("support", "ratings of the alliance by the advisor are missing"),
        ("mentoring", "no values of retention by record"),
    ],
)
def test_a_primary_outcome_that_cannot_be_tested_stands_there_with_its_reason(tables, name, reason):
    said = said_by(draw_comparison(tables[name], "A programme", 0.10))
    assert "(primary outcome) × Not testable: " in said
    assert reason in said


def test_one_rater_alone_is_shown_and_not_compared(tables):
    figure = draw_comparison(tables["support"], "Support", 0.10)
    said = said_by(figure)
    assert "not compared" in said
    assert "Not compared: the reason given above" in said
    assert "n = 160, 20 advisors" in said
    assert "D =" not in said
    assert "Difference D" not in said


def test_titles_and_cautions_are_shown(tables):
    figure = draw_comparison(
        tables["coaching"],
        "Coaching",
        0.10,
        {"goal_attainment": "360-degree goal attainment"},
        notes=["The key of WAI-S is unverified."],
        clusters="organisations",
        confidence=0.9,
    )
    said = said_by(figure)
    assert "360-degree goal attainment (primary outcome)" in said
    assert "The key of WAI-S is unverified." in said
    assert "20 organisations" in said
    assert "90 % intervals" in said


def test_every_dataset_has_its_verdict_in_words_or_the_reason(tables):
    together = pd.concat(tables[name] for name in TITLES)
    texts = texts_of(draw_datasets(together, TITLES, 0.10))
    said = " ".join(texts)
    assert [text for text in texts if text in TITLES.values()] == list(TITLES.values())
    assert "+ Supported the advisee’s rating does better" in said
    assert "× Not testable: the outcome was given by the advisee" in said
    assert "× Not testable: ratings of the alliance by the advisor are missing" in said
    # A difference that answers nothing is not drawn as if it did.
    assert said.count("D =") == 1


def test_an_unsettled_dataset_says_why(tables):
    table = tables["coaching"].copy()
    decided = table["analysis"] == "verdict"
    table.loc[decided, "verdict"] = "inconclusive"
    table.loc[decided, "note"] = "neither interval lies within +-0.10; concurrent: not after"
    said = said_by(draw_datasets(table, {"coaching": "C"}, 0.10))
    assert "? Inconclusive not settled: neither interval lies within ±.10" in said
    assert "concurrent: not after" not in said


def test_datasets_without_any_answer_are_no_fault(tables):
    together = pd.concat([tables["support"], tables["mentoring"]])
    texts = texts_of(draw_datasets(together, {"support": "S", "mentoring": "M"}, 0.10))
    assert sum("Not testable" in text for text in texts) == 2
    assert "advisee ahead →" not in texts


@pytest.mark.parametrize("label", HOSTILE)
def test_labels_are_drawn_as_plain_text(tables, tmp_path, label):
    figure = draw_comparison(tables["advising"], label, 0.10, {"progress": label})
    save_figure(figure, tmp_path / "figure.svg")
    tree = ElementTree.parse(tmp_path / "figure.svg")
    drawn = "".join(
        "".join(element.itertext()) for element in tree.iter("{http://www.w3.org/2000/svg}text")
    )
    assert label.replace(" ", "") in drawn.replace(" ", "")
    assert not list(tree.iter("{http://www.w3.org/2000/svg}script"))


def test_no_text_reaches_beyond_the_figure(tables):
    titles = {"goal_attainment": "Attainment of goals " * 12, "satisfaction": "W" * 130}
    figure = draw_comparison(tables["coaching"], "Programme " * 30, 0.10, titles)
    renderer = figure.canvas.get_renderer()
    width, height = figure.bbox.width, figure.bbox.height
    for text in figure.axes[0].texts:
        box = text.get_window_extent(renderer)
        assert box.x0 >= 0 and box.x1 <= width, text.get_text()
        assert box.y0 >= 0 and box.y1 <= height, text.get_text()


def test_files_have_the_same_bytes_on_every_run(tables, tmp_path):
    save_figure(draw_comparison(tables["coaching"], "C", 0.10), tmp_path / "first.svg")
    # Settings of the user's own must not matter either.
    with matplotlib.rc_context({"svg.hashsalt": None, "font.size": 20, "savefig.dpi": 50}):
        save_figure(draw_comparison(tables["coaching"], "C", 0.10), tmp_path / "again.svg")
    for ending in ("svg", "png"):
        first, again = (tmp_path / f"{name}.{ending}" for name in ("first", "again"))
        assert first.read_bytes() == again.read_bytes()


def test_files_name_neither_date_nor_software_and_ask_for_fonts_that_exist(tables, tmp_path):
    save_figure(draw_datasets(tables["coaching"], {"coaching": "C"}, 0.10), tmp_path / "d.svg")
    svg = (tmp_path / "d.svg").read_text(encoding="utf-8")
    png = (tmp_path / "d.png").read_bytes()
    assert not re.search("matplotlib|<dc:|<metadata", svg, re.IGNORECASE)
    assert b"tEXt" not in png
    fonts = set(re.findall(r"<text style=\"[^\"]*", svg))
    assert fonts and all("'DejaVu Sans', Verdana" in font for font in fonts)


def test_a_figure_is_saved_as_svg_only(tables, tmp_path):
    figure = draw_datasets(tables["coaching"], {"coaching": "C"}, 0.10)
    with pytest.raises(ValueError, match=r"saved as \.svg"):
        save_figure(figure, tmp_path / "figure.pdf")
    assert list(tmp_path.iterdir()) == []


def test_a_scale_holds_its_values_and_ends_at_one():
    scale = round_scale([0.05, 0.63, np.nan], 10, 100, (0.0, 0.5))
    assert (scale.low, scale.high) == (0.0, 0.7)
    wide = round_scale([-1.8, 2.4], 10, 100, (-0.3, 0.3))
    assert (wide.low, wide.high) == (-1.0, 1.0)
    assert wide.place(-1.0) == 10 and wide.place(0) == 60 and wide.place(1.0) == 110
    assert any(abs(tick) < 1e-9 for tick in wide.ticks())


def test_a_limit_beyond_the_scale_ends_in_an_arrow():
    sheet = Sheet(100)
    scale = Scale(0, WIDTH, -1.0, 1.0)
    sheet.mark(scale, 50, Interval(0.2, -0.5, 1.7), "black", "D")
    arrows = [line for line in sheet.axes.lines if line.get_marker() == ">"]
    assert len(arrows) == 1
    assert arrows[0].get_xdata()[0] == WIDTH
    assert not [line for line in sheet.axes.lines if line.get_marker() == "<"]


def test_an_interval_far_wider_than_the_rest_does_not_set_the_scale():
    narrow = [(False, Interval(0.2 + step, 0.1 + step, 0.3 + step)) for step in (0, 0.1, 0.2)]
    wide = Interval(0.35, -0.8, 0.99)
    assert max(extent([*narrow, (False, wide)])) == pytest.approx(0.5)
    assert min(extent([*narrow, (False, wide)])) == pytest.approx(0.1)
    # The primary answer is always seen whole, as far as correlations go.
    assert min(extent([*narrow, (True, wide)])) == -0.8


def test_the_key_speaks_of_arrows_only_where_there_are_any(tables):
    table = tables["coaching"].copy()
    assert "arrow" not in said_by(draw_comparison(table, "C", 0.10))
    table.loc[table["primary"] & (table["method"] == "jackknife"), "conf_high"] = 1.4
    assert "95 % intervals; arrow: beyond the scale" in said_by(draw_comparison(table, "C", 0.10))


def test_outcomes_taken_on_the_way_stay_in_the_table_and_are_counted():
    table = pd.DataFrame(
        [
            {
                "analysis": "clustered",
                "term": "difference",
                "method": "jackknife",
                "outcome": outcome,
                "outcome_source": "third_party",
                "phase": phase,
                "timing": "prospective",
                "estimate": 0.2,
                "conf_low": 0.1,
                "conf_high": 0.3,
                "n_engagements": 100.0,
                "n_advisors": 20.0,
                "primary": phase == "end",
            }
            for outcome, phase in (("goals", "end"), ("effort", "during"))
        ]
    )
    figure = draw_comparison(table, "A programme", 0.1)
    told = " ".join(text.get_text() for text in figure.findobj(Text))
    assert "Goals" in told
    assert "Effort" not in told
    assert "1 further outcome stands in the table" in told
