"""The report: one HTML file that needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from analysis.contract.plan import Plan
from analysis.present.bidi import isolate, isolate_plain
from analysis.present.captions import caption_datasets, tell_datasets
from analysis.present.claims import ClaimsPage
from analysis.present.methods import describe_methods
from analysis.present.order import SECTIONS, Section, parts_in
from analysis.present.panels import ReportDataset, Shown, make_parts, sample_of
from analysis.present.parts import Figure, Part
from analysis.present.sections import tabulate_plan, tabulate_provenance
from analysis.present.tables import SIGNS, VERDICTS

__all__ = ["ReportContext", "ReportDataset", "render_report"]


@dataclass(frozen=True)
class ReportContext:
    """The whole report: datasets in order, the figure across them, the plan, what it rests on.

    ``across`` are the parts on all datasets together or on none, each with its place in
    ``analysis.present.order``; ``claims`` is the wall of claims.
    """

    datasets: Sequence[ReportDataset]
    overview_svg: str
    plan: Plan
    provenance: Mapping[str, object]
    across: Sequence[Part] = ()
    claims: ClaimsPage | None = None


def render_report(context: ReportContext) -> str:
    """The report as one HTML page that asks nothing of a network and holds no time of day.

    Its sections stand in the order of ``analysis.present.order``; within each, what is said of all
    datasets together comes first, then each dataset. All text is escaped; figures are data URIs;
    the page's policy lets no style and no script run but its own.
    """
    plan = context.plan.comparison
    shown = [Shown.of(dataset) for dataset in context.datasets]
    return render_page(
        "report.html.j2",
        style=_switch(len(shown)),
        sections=_sections(context, shown),
        datasets=shown,
        several=len(shown) > 1,
        counted=_count_verdicts(shown),
        overview=Figure(
            context.overview_svg,
            tell_datasets({one.title: one.primary for one in shown if one.primary}),
            caption_datasets(plan.sesoi, confidence=plan.confidence),
        ),
        claims=context.claims,
        places={one.title: place for place, one in enumerate(shown, start=1)},
        verdicts=VERDICTS,
        signs=SIGNS,
    )


def render_page(template: str, style: str = "", **content: object) -> str:
    """A page of ``templates/`` with the house's style and script within it.

    ``style`` stands behind the house's own. The template gets ``page``, whose ``style_hash`` and
    ``script_hash`` are for its content security policy.
    """
    return _environment().get_template(template).render(page=_Page.with_style(style), **content)


@dataclass(frozen=True)
class _Page:
    """A page's style and script, and the hashes by which its policy knows them."""

    style: Markup
    script: Markup
    style_hash: Markup
    script_hash: Markup

    @classmethod
    def with_style(cls, further: str) -> _Page:
        folder = files("analysis.present") / "templates"
        style, script = (
            (folder / name).read_text(encoding="utf-8") for name in ("report.css", "report.js")
        )
        style = f"\n{style}{further}"
        return cls(Markup(style), Markup(script), _policy_hash(style), _policy_hash(script))


def _policy_hash(text: str) -> Markup:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return Markup(f"'sha256-{digest}'")


def _switch(datasets: int) -> str:
    """Style by which a chosen dataset hides the others: it works without script."""
    return "".join(
        f"body:has(#show-{place}:checked) [data-dataset]:not([data-dataset='{place}']) "
        "{ display: none; }\n"
        for place in range(1, datasets + 1)
    )


@dataclass(frozen=True)
class _Panel:
    """A dataset's parts within a section, and which of the datasets it is."""

    place: int
    dataset: Shown
    parts: list[Part]


@dataclass(frozen=True)
class _Filled:
    """A section with what stands in it."""

    section: Section
    across: list[Part]
    panels: list[_Panel]


def _sections(context: ReportContext, shown: list[Shown]) -> list[_Filled]:
    """All sections that hold something, in order."""
    across = [*context.across, *_across(context, shown)]
    parts = [make_parts(one, context.plan) for one in shown]
    filled = []
    for section in SECTIONS:
        panels = [
            _Panel(place, one, own)
            for place, (one, all_parts) in enumerate(zip(shown, parts, strict=True), start=1)
            if (own := parts_in(section.anchor, all_parts))
        ]
        together = parts_in(section.anchor, across)
        whole = section.anchor == "answer" or (section.anchor == "claims" and context.claims)
        if whole or together or panels:
            filled.append(_Filled(section, together, panels))
    return filled


def _across(context: ReportContext, shown: list[Shown]) -> list[Part]:
    """The parts that every report has."""
    return [
        describe_methods(context.plan, map(sample_of, shown)),
        Part("choices", "Every choice of this run", tables=(tabulate_plan(context.plan),)),
        Part(
            "record",
            "Hashes, versions and seeds",
            ("The commit stands in provenance.json beside this report.",),
            tables=(tabulate_provenance(context.provenance),),
        ),
    ]


def _count_verdicts(shown: list[Shown]) -> str:
    """How many datasets came to which verdict, in a sentence."""
    counted = Counter(one.verdict for one in shown)
    said = [f"{word} in {counted[name]}" for name, word in VERDICTS.items() if counted[name]]
    return (
        f"That the advisee’s rating does better is, among these {len(shown)} datasets, "
        f"{', '.join(said)}."
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("analysis.present"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"isolate": isolate, "isolate_plain": isolate_plain}
    return environment
