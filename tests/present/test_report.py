import base64
import dataclasses
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from analysis.present.parts import Figure, Part
from analysis.present.report import render_report
from analysis.present.sections import make_table


class Page(HTMLParser):
    """A page's elements with their attributes, its text, and the elements left open."""

    VOID = ("meta", "img", "link", "br", "input")

    def __init__(self, html):
        super().__init__()
        self.elements, self.text, self.open = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def said(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def context(report_context):
    return report_context


@pytest.fixture(scope="module")
def page(context):
    return Page(render_report(context))


def test_the_answers_come_first_then_figures_then_plan_and_provenance(page, context):
    said = page.said
    places = [said.index(one.sentence) for one in context.datasets]
    assert places == sorted(places)
    assert places[-1] < said.index("Every outcome")
    headings = [one["aria-labelledby"] for one in page.all("section")]
    # Nothing was measured in this report, and there are neither claims nor a course.
    order = ["answer", "sure", "methods", "rows", "provenance"]
    assert headings == [f"{name}-heading" for name in order]


def test_an_answer_says_which_lines_of_evidence_point_where(page):
    told = page.said.split("Lines of evidence: ", 1)[1]
    assert told.startswith("advisee ahead: ")
    assert "clustered" in told.split(";", 1)[0]


def test_a_verdict_is_a_word_and_a_sign(page):
    assert "+ supported" in page.said
    # Three datasets: each in its answer and above its part of three sections.
    assert page.said.count("× not testable") == 3 * (1 + 3)


def test_two_renders_are_the_same_bytes(context):
    assert render_report(context) == render_report(context)


def test_nothing_is_asked_of_a_network(context):
    html = render_report(context)
    for tag, attributes in Page(html).elements:
        for name in ("src", "href", "data", "action", "srcset", "poster"):
            target = attributes.get(name) or ""
            assert not target or target.startswith(("#", "data:image/svg+xml;base64,"))
        assert tag not in ("link", "iframe", "object", "form")
        assert not [name for name in attributes if name.startswith("on")]
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style and "@import" not in style
    assert len(html.encode()) < 15e6


def test_figures_are_whole_drawings_that_ask_nothing_of_a_network_either(page):
    images = page.all("img")
    assert len(images) == 5
    for image in images:
        drawing = base64.b64decode(image["src"].split(",")[1]).decode()
        assert drawing.startswith("<svg") and drawing.rstrip().endswith("</svg>")
        assert not re.search(r"(href|src)=\"(?!#)|url\((?!#)|<script|DOCTYPE", drawing)


def test_every_figure_is_told_in_words_with_its_numbers(page, tables):
    row = tables["coaching"].query("primary and analysis == 'verdict'").iloc[0]
    alternatives = [image["alt"] for image in page.all("img")]
    assert all(len(text) > 40 for text in alternatives)
    shown = f"D = .{round(row['estimate'] * 100):02d} ["
    assert shown in alternatives[0] and shown in alternatives[1]
    assert "Attainment of goals" in alternatives[1]
    assert "the advisor are missing" in alternatives[3]


def test_captions_carry_the_plans_numbers_and_the_cautions(context):
    choices = context.plan.comparison.model_copy(update={"sesoi": 0.15, "confidence": 0.99})
    plan = context.plan.model_copy(update={"comparison": choices})
    said = Page(render_report(dataclasses.replace(context, plan=plan))).said
    assert "Lines are 99 % intervals" in said
    assert "within ±.15, too small to be of interest" in said
    assert "correlation. The key of WAI-S is unverified." in said


def test_headings_are_in_order_and_every_link_leads_somewhere(page):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link["href"].removeprefix("#") for link in page.all("a")} <= set(ids)
    assert page.all("html")[0]["lang"] == "en-GB"
    assert not page.open


def test_tables_have_captions_heads_and_their_own_scrolling(page):
    n_tables = len(page.all("table"))
    assert len(page.all("caption")) == n_tables > 12
    assert sum(box.get("class") == "scroll" for box in page.all("div")) >= n_tables - 1
    assert all(cell["scope"] in ("row", "col") for cell in page.all("th"))


def test_whatever_people_wrote_is_shown_as_text(context, hostile):
    written = dataclasses.replace(
        context.datasets[0],
        title=hostile,
        sentence=f"{hostile}: a sentence.",
        reason=f"because {hostile}",
        notes=[hostile],
        provenance={hostile: hostile},
        outcome_titles={"goal_attainment": hostile},
    )
    page = Page(render_report(dataclasses.replace(context, datasets=[written])))
    assert page.said.count(hostile) > 10
    assert all(image["src"].startswith("data:") for image in page.all("img"))


def test_the_commit_and_local_changes_stay_out_of_the_report(context):
    html = render_report(context)
    other = {**context.provenance, "git": {"commit": None, "uncommitted_changes": None}}
    assert "0123456789abcdef" in html
    assert "versions: numpy" in html
    assert render_report(dataclasses.replace(context, provenance=other)) == html


def test_a_report_on_concurrent_outcomes_speaks_of_no_prediction(context):
    dataset = dataclasses.replace(context.datasets[0], sentence="The rating goes with goals.")
    page = Page(render_report(dataclasses.replace(context, datasets=[dataset])))
    assert not re.search(r"\bpredict(s|ed)?\b", page.said.lower())


def test_rows_of_the_flow_and_choices_of_the_plan_are_all_there(page, plan):
    assert "engagements export.csv read rows in the raw table 1,445" in page.said
    for name in type(plan.comparison).model_fields:
        assert f"comparison.{name} " in page.said
    assert "comparison.window 1, 2, 3 " in page.said


def test_further_parts_stand_under_their_headings_and_empty_ones_do_not(context):
    table = make_table("How it went", ("What", "How much"), [("<b>Gap</b>", ".20")], numeric=[1])
    drawn = Figure(context.overview_svg, "A line that rises & falls", "What the line is.")
    course = Part("course", "The course", ("It <i>rose</i>.",), (drawn,), (table,), (table, table))
    dataset = dataclasses.replace(
        context.datasets[0], parts=(course, Part("measurement", "Nothing here"))
    )
    across = (Part("synthesis", "Taken together", ("One dataset only.",)),)
    across += (Part("calibration", "Which test lies when", tables=(table,)),)
    html = render_report(dataclasses.replace(context, datasets=[dataset], across=across))
    said = Page(html).said
    for text in ("The course", "It <i>rose</i>.", "<b>Gap</b>", "Further tables (2)"):
        assert text in said
    assert "Nothing here" not in said
    assert said.index("Taken together") < said.index("Every outcome") < said.index("It <i>rose")
    assert said.index("It <i>rose") < said.index("Which test lies when") < said.rindex("Provenance")
    assert 'alt="A line that rises &amp; falls"' in html
