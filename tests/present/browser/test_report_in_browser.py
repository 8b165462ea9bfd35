"""What the report does when somebody uses it."""

from xml.etree import ElementTree

import pandas as pd
import pytest

from analysis.present.drawing import as_svg
from analysis.present.figures import draw_datasets

SHOWN = """[...document.querySelectorAll("details.dataset")].filter((one) => one.checkVisibility())
    .map((one) => one.dataset.dataset)"""


def column(table, place):
    """The texts of a table's column, from above."""
    return table.locator(f"tbody tr > :nth-child({place})").all_inner_texts()


@pytest.fixture
def report(open_page, report_page):
    return open_page(report_page)


@pytest.fixture
def table(report):
    return report.locator("#sure table", has_text="Gap at the start").first


def test_a_column_of_numbers_sorts_by_value_up_down_and_back(report, table):
    button = table.get_by_role("button", name="Estimate")
    written = [".20 [.10, .30]", "−.05 [−.10, .00]", "–", "1.12 [.90, 1.40]"]
    assert column(table, 2) == written
    button.click()
    assert column(table, 2) == [written[1], written[0], written[3], written[2]]
    heading = button.locator("xpath=..")
    assert heading.get_attribute("aria-sort") == "ascending"
    button.press("Enter")
    # What has no value comes last either way.
    assert column(table, 2) == [written[3], written[0], written[1], written[2]]
    assert heading.get_attribute("aria-sort") == "descending"
    assert table.locator("[aria-sort]").count() == 1
    button.press(" ")
    assert column(table, 2) == written
    assert table.locator("[aria-sort]").count() == 0


def test_thousands_sort_as_numbers_and_words_as_words(table):
    table.get_by_role("button", name="n", exact=True).click()
    assert column(table, 3) == ["88", "412", "1,030", "–"]
    table.get_by_role("button", name="What").click()
    words = ["Gap at the end", "Gap at the start", "Gap between", "Gap throughout"]
    assert column(table, 1) == words
    # A row keeps together, and so does what marks it.
    assert column(table, 2)[1] == ".20 [.10, .30]"
    assert table.locator("tr.marked th").inner_text() == "Gap at the start"


@pytest.mark.parametrize("script", [True, False])
def test_the_switch_shows_one_dataset_with_script_and_without(open_page, report_page, script):
    page = open_page(report_page, script=script)
    everything = page.locator("details.dataset").count()
    page.get_by_role("radio", name="The advising programme").check()
    panels = page.locator("details.dataset")
    shown = [panels.nth(place).is_visible() for place in range(everything)]
    owner = [panels.nth(place).get_attribute("data-dataset") for place in range(everything)]
    assert [place for place, seen in zip(owner, shown, strict=True) if seen]
    assert shown == [place == "2" for place in owner]
    assert page.locator("article.answer:visible").count() == 1
    assert page.locator(".wall thead th:visible").count() == 2
    if script:
        assert page.locator("details.dataset:visible:not([open])").count() == 0
    page.get_by_role("radio", name="All datasets").check()
    assert page.locator("details.dataset:visible").count() == everything


def test_a_link_into_another_dataset_brings_it_back(report):
    report.get_by_role("radio", name="The advising programme").check()
    report.evaluate("location.hash = '#measurement-coaching'")
    report.wait_for_function(
        "document.getElementById('measurement-coaching').checkVisibility()", timeout=3000
    )
    assert report.get_by_role("radio", name="All datasets").is_checked()
    assert report.locator("details.dataset:has(#measurement-coaching)").get_attribute("open") == ""


def test_sections_and_datasets_fold(report):
    summary = report.locator("#sure > details > summary")
    inside = report.locator("#sure p.about")
    assert inside.is_visible()
    summary.press("Enter")
    assert not inside.is_visible()
    summary.click()
    assert inside.is_visible()
    # What matters is open at first, what goes into depth is not.
    assert report.locator("#sure details.dataset:not([open])").count() == 0
    assert report.locator("#measurement details.dataset[open]").count() == 0


def test_printing_unfolds_and_folds_again(report):
    folded = report.locator("main details:not([open])").count()
    assert folded
    report.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert report.locator("main details:not([open])").count() == 0
    report.evaluate("dispatchEvent(new Event('afterprint'))")
    assert report.locator("main details:not([open])").count() == folded


def test_a_chosen_dataset_is_what_is_printed(report):
    report.get_by_role("radio", name="The advising programme").check()
    report.emulate_media(media="print")
    assert set(report.evaluate(SHOWN)) == {"2"}


def test_on_a_phone_the_contents_are_folded_until_asked_for(open_page, report_page):
    page = open_page(report_page, width=390)
    link = page.get_by_role("link", name="What would change it?")
    assert not link.is_visible()
    page.locator("nav.contents summary").click()
    link.click()
    assert not link.is_visible()
    assert page.locator("#change").is_visible()


def test_the_page_lets_no_script_in_but_its_own(browser, report_page):
    page = browser.new_page()
    page.goto(report_page.as_uri())
    refused = page.evaluate(
        """async () => {
            const told = new Promise((tell) => {
                document.addEventListener(
                    "securitypolicyviolation", (event) => tell(event.effectiveDirective));
                setTimeout(() => tell("nothing was refused"), 2000);
            });
            const script = document.createElement("script");
            script.textContent = "window.taken = true";
            document.body.append(script);
            return [window.taken === true, await told];
        }"""
    )
    page.close()
    assert refused == [False, "script-src-elem"]


def test_labels_of_every_kind_come_out_as_text(open_page, hostile_report_page, labels):
    page = open_page(hostile_report_page)
    assert page.title() == "The advisee’s and the advisor’s alliance compared"
    text = " ".join(page.locator("body").text_content().split())
    for label in labels.values():
        assert " ".join(label.split()) in text
    assert page.locator("img:not([src^='data:'])").count() == 0
    assert page.locator("main script, main b").count() == 0
    alternatives = page.evaluate("[...document.images].map((one) => one.alt)")
    assert any("<script>" in alt for alt in alternatives)
    # Hebrew stands apart, so that the words after it do not change places with it.
    turned = page.locator("h3 bdi").first
    assert page.evaluate("(one) => getComputedStyle(one).unicodeBidi", turned.element_handle()) == (
        "isolate"
    )


def test_figures_hold_such_labels_as_text_too(labels, tables):
    drawn = as_svg(draw_datasets(pd.concat(tables.values()), labels, 0.10))
    whole = "".join(one.text for one in ElementTree.fromstring(drawn).iter() if one.text)
    for label in labels.values():
        assert label.split()[0][:30] in whole
