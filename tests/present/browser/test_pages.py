"""Every page in a real browser: at a phone's width and a desk's, light, dark and printed.

A page is one entry in PAGES: its name, and the fixture that writes it. Pages that are there already
are opened too: ALLIANCE_PAGES=results/report.html (several with colons between).
"""

import os
from itertools import pairwise
from pathlib import Path

import pytest

PAGES = {
    "report": "report_page",
    "report of one dataset": "single_report_page",
    "report with any label": "hostile_report_page",
    "audit with any label": "audit_page",
    "codebook with any label": "codebook_page",
    "tables for a manuscript with any label": "manuscript_page",
}
PRESENT = [Path(path) for path in os.environ.get("ALLIANCE_PAGES", "").split(":") if path]
WIDTHS = (390, 1280)
#: A phone by day and a desk by night show every colour and every width that differ.
LOOKED_AT = ((390, "light"), (1280, "dark"))
#: As many characters as are read out in some twenty seconds.
LISTENED_TO = 400
UNFOLD = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"


@pytest.fixture(params=[*PAGES, *PRESENT], ids=str)
def path(request):
    if isinstance(request.param, Path):
        return request.param
    return request.getfixturevalue(PAGES[request.param])


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(path, open_page, width):
    page = open_page(path, width)
    for unfolded in (False, True):
        if unfolded:
            page.evaluate(UNFOLD)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # What is drawn beyond the edge of the screen without a way to scroll there is lost.
        lost = page.evaluate(
            """(width) => [...document.querySelectorAll("main *")]
                .filter((one) => one.getClientRects().length && !one.closest(".scroll"))
                .filter((one) => one.getBoundingClientRect().right > width + 0.5)
                .map((one) => one.outerHTML.slice(0, 200))""",
            width,
        )
        assert not lost


def test_headings_are_in_order(path, open_page):
    page = open_page(path)
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((one) => Number(one.tagName[1]))"
    )
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels))


def test_every_image_is_there_and_told_in_words_that_one_can_listen_to(path, open_page):
    page = open_page(path)
    page.evaluate(UNFOLD)
    page.wait_for_function("[...document.images].every((one) => one.complete)")
    images = page.evaluate("[...document.images].map((one) => [one.alt, one.naturalWidth])")
    assert len(images) == page.evaluate("document.querySelectorAll('figure').length")
    for alt, drawn in images:
        assert alt.strip() and drawn > 0
        # Labels may be as long as people make them; here they are not counted.
        assert len(alt) <= LISTENED_TO or "Donaudampfschiff" in alt or "taken" in alt, alt
    told = page.evaluate(
        """[...document.querySelectorAll("svg")].map((one) => one.getAttribute("role") === "img"
            && (one.hasAttribute("aria-label") || !!one.querySelector("title, desc")))"""
    )
    assert all(told)


def test_every_link_leads_to_something_that_is_shown(path, open_page):
    page = open_page(path)
    targets = page.evaluate("[...document.links].map((one) => one.getAttribute('href'))")
    assert targets and all(target.startswith("#") for target in targets)
    for target in sorted(set(targets)):
        page.evaluate("(target) => { location.hash = target; }", target)
        page.wait_for_function(
            "(name) => document.getElementById(name)?.checkVisibility()", arg=target[1:]
        )


@pytest.mark.parametrize(("width", "scheme"), LOOKED_AT)
def test_axe_has_no_serious_finding(path, open_page, axe, width, scheme):
    page = open_page(path, width, scheme)
    if path in PRESENT and page.locator("#show-1").count():
        # One dataset of a whole run is enough: the others' parts are made alike, and are long.
        page.evaluate("document.getElementById('show-1').checked = true")
    page.evaluate(UNFOLD)
    # Through the protocol: the page's own policy lets no other script in.
    page.evaluate(axe)
    found = page.evaluate(
        """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
            .filter((one) => ["serious", "critical"].includes(one.impact))
            .map((one) => [one.id, one.help, one.nodes.slice(0, 3).map((n) => n.html)])"""
    )
    assert not found


def test_print_shows_everything(path, open_page):
    page = open_page(path)
    # Folded, as a reader may have left it, and without the script's help.
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = false; })")
    page.emulate_media(media="print")
    hidden = page.evaluate(
        """[...document.querySelectorAll("main :is(p, table, figure, h2, h3, h4, li)")]
            .filter((one) => !one.checkVisibility({contentVisibilityAuto: true}))
            .map((one) => one.outerHTML.slice(0, 200))"""
    )
    assert not hidden
    clipped = page.evaluate(
        """[...document.querySelectorAll(".scroll")]
            .filter((one) => getComputedStyle(one).overflowX !== "visible").length"""
    )
    assert clipped == 0


def test_print_leaves_no_table_beyond_the_edge_of_the_paper(path, open_page):
    page = open_page(path, width=680)  # A4 within margins of 15 mm
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
