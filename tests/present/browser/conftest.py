"""A real browser, and the pages that are opened in it."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from analysis.contract.benchmarks import read_benchmarks
from analysis.contract.claims import read_ledger
from analysis.contract.estimates import COLUMNS
from analysis.contract.layout import BENCHMARKS, find_datasets, read_plan
from analysis.present.apa import ApaTable, italic, say
from analysis.present.apa_html import render_tables
from analysis.present.audit import Audited, render_audit
from analysis.present.claims import describe_claims
from analysis.present.codebook import describe_codebook, render_codebook
from analysis.present.parts import Figure, Part
from analysis.present.report import render_report
from analysis.present.sections import make_table

HERE = Path(__file__).parent
CLAIMS = read_ledger(HERE.parents[2] / "config/claims.yaml").claims
#: Nothing that runs by itself and might ask something of a network.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def _need(found: object, missing: str, remedy: str) -> None:
    """Skip where something is missing; where all is checked, fail instead."""
    if found:
        return
    told = f"{missing}, so no page was opened in a browser: {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(told, pytrace=False)
    pytest.skip(told)


@pytest.fixture(scope="session")
def axe():
    """The accessibility checks of axe-core, as script."""
    path = HERE / "node_modules/axe-core/axe.min.js"
    remedy = "run `npm ci` in tests/present/browser"
    _need(path.exists(), "axe-core is not installed", remedy)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def browser():
    """Chromium, with a profile of its own that is thrown away."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    _need(found, "There is no chromium on this machine", "install your system's chromium package")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser):
    """What opens a page; afterwards it must neither have complained nor asked for anything."""
    opened = []

    def open_at(path, width=1280, scheme="light", script=True):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=script,
        )
        complaints, asked = [], []
        opened.append((context, complaints, asked))

        def route(handler):
            if handler.request.url.startswith(("file:", "data:")):
                return handler.continue_()
            asked.append(handler.request.url)
            return handler.abort()

        context.route("**/*", route)
        page = context.new_page()
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text) if message.type in ("error", "warning") else None
            ),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path.resolve().as_uri())
        return page

    yield open_at
    for context, complaints, asked in opened:
        context.close()
        assert not complaints
        assert not asked


@pytest.fixture(scope="session")
def write_page(tmp_path_factory):
    """What writes a page into a folder of its own."""

    def write(html):
        path = tmp_path_factory.mktemp("page") / "page.html"
        path.write_text(html, encoding="utf-8")
        return path

    return write


def furnish(context, make_claims, label="Gap"):
    """A report with something in every section."""
    numbers = [
        (f"{label} at the start", ".20 [.10, .30]", "1,030", "as it is"),
        (f"{label} at the end", "−.05 [−.10, .00]", "88", ""),
        (f"{label} between", "–", "–", "too few"),
        (f"{label} throughout", "1.12 [.90, 1.40]", "412", "a longer note " * 12),
    ]
    table = make_table(
        f"{label}, by time", ("What", "Estimate", "n", "Note"), numbers, [1, 2], [3], [0]
    )
    drawn = Figure(context.overview_svg, f"{label}: a line that rises", f"{label}, as a line.")

    def part(anchor):
        return Part(anchor, label, (f"{label} is told here.",), (drawn,), (table,), (table,))

    # The further outcomes' lines are long, and repeat what the first have shown.
    kept = ("grid", "clustered", "correlation", "verdict", "agreement")
    of_each = [part(name) for name in ("change", "measurement", "course", "warning", "multiverse")]
    datasets = [
        dataclasses.replace(
            one,
            parts=of_each if place < 2 else (),
            comparison=one.comparison[one.comparison["analysis"].isin(kept)],
        )
        for place, one in enumerate(context.datasets)
    ]
    titles = {one.name: one.title for one in datasets}
    claims = describe_claims(make_claims(titles), CLAIMS, titles, 0.95)
    return dataclasses.replace(
        context,
        datasets=datasets,
        claims=dataclasses.replace(claims, rows=claims.rows[:4]),
        across=(part("synthesis"), part("calibration"), part("planned")),
    )


@pytest.fixture(scope="session")
def report_page(report_context, make_claims, write_page):
    """The report on several datasets."""
    return write_page(render_report(furnish(report_context, make_claims)))


@pytest.fixture(scope="session")
def single_report_page(report_context, make_claims, write_page):
    """The report on a single dataset."""
    one = dataclasses.replace(report_context, datasets=report_context.datasets[:1])
    return write_page(render_report(furnish(one, make_claims)))


@pytest.fixture(scope="session")
def labels(hostile):
    """What people may call their datasets."""
    return {
        "coaching": hostile,
        "advising": "תוכנית החונכות 2024 (מחזור א)",
        "support": "Donaudampfschifffahrtsgesellschaft" * 6,
        "mentoring": "😀👩🏽‍🏫 <script>document.title = 'taken'</script> “quotes” & 'more'",
    }


@pytest.fixture(scope="session")
def hostile_report_page(tables, labels, make_report, make_claims, write_page):
    """The report on datasets with labels of every kind, outcomes among them."""
    context = make_report(tables, labels)
    datasets = [
        dataclasses.replace(one, outcome_titles={"goal_attainment": f"{labels[one.name]} reached"})
        for one in context.datasets
    ]
    context = dataclasses.replace(context, datasets=datasets)
    return write_page(render_report(furnish(context, make_claims, labels["mentoring"])))


@pytest.fixture(scope="session")
def audit_page(labels, write_page):
    """The audit of programmes with labels of every kind."""
    dataset = find_datasets(read_plan())["executive_coaching"]
    numbers = {
        "engagements": 120,
        "answered": 0.75,
        "mean": 5.2,
        "sd": 0.8,
        "gap": 0.3,
        "gap_d": 0.4,
    }
    rows = [
        {"analysis": "programme", "term": term + behind, "rater": rater, "subscale": "total",
         "estimate": numbers[term], "conf_low": 0.9 * numbers[term],
         "conf_high": 1.1 * numbers[term], "n_engagements": 120}
        for behind in ("", *(f" in {label}" for label in labels.values()))
        for term in numbers
        for rater in (("advisee", "advisor") if term in ("answered", "mean", "sd") else (None,))
    ]  # fmt: skip
    none = pd.DataFrame(columns=list(COLUMNS))
    audited = [
        Audited(
            name, label, pd.DataFrame(rows), none, none, dataset.instruments,
            read_benchmarks(BENCHMARKS), notes=(label,),
        )
        for name, label in labels.items()
    ]  # fmt: skip
    return write_page(render_audit(audited))


@pytest.fixture(scope="session")
def codebook_page(labels, write_page):
    """The codebook of a dataset that is called anything."""
    dataset = find_datasets(read_plan())["executive_coaching"]
    known = (dataset.mapping, dataset.instruments, dataset.forms, read_plan())
    codebook = describe_codebook(*known)
    shown = [
        codebook.assign(dataset=name, labels=label, meaning=label) for name, label in labels.items()
    ]
    return write_page(render_codebook(pd.concat(shown), labels))


@pytest.fixture(scope="session")
def manuscript_page(labels, write_page):
    """Tables for a manuscript with labels of every kind."""
    columns = ("Programme", *(italic(one) for one in "MNRP"), "Words")
    rows = [
        ("All of them",),
        *((say(one), *[".12 [.10, .14]"] * 4, say(one)) for one in labels.values()),
    ]
    tables = [
        ApaTable(place, say(label), columns, tuple(rows), say(label), words=frozenset({0, 5}))
        for place, label in enumerate(labels.values(), start=1)
    ]
    return write_page(render_tables(tables, labels["coaching"]))
