"""The programme audit: one page for people who run programmes and are no statisticians.

It says of each number what it means, what it does not show, and what one may do about it. It reads
released tables only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from analysis.contract.benchmarks import Benchmark
from analysis.contract.instruments import Instrument
from analysis.present.audit_course import tell_ruptures, tell_warning
from analysis.present.audit_words import NOTES, about, hedge, spread
from analysis.present.drawing import as_svg
from analysis.present.lines import Interval
from analysis.present.measurement_tables import read_rows
from analysis.present.parts import Figure, Part
from analysis.present.programme_figure import draw_programmes, tell_programmes
from analysis.present.programmes import Programme, read_programmes
from analysis.present.report import render_page
from analysis.present.sections import Table, make_table
from analysis.present.tables import (
    DASH,
    begin_large,
    show_correlation,
    show_count,
    show_fixed,
    show_level,
    show_note,
    show_percent,
    show_text,
)


@dataclass(frozen=True)
class Audited:
    """One dataset as the audit tells of it.

    ``measurement``, ``process`` and ``warning`` are its own rows of those released tables;
    ``instruments`` maps a rater to the key of the form answered; ``benchmarks`` are the published
    values; ``horizon`` is how many check-ins ahead the early warning looks; ``notes`` are cautions.
    """

    name: str
    title: str
    measurement: pd.DataFrame
    process: pd.DataFrame
    warning: pd.DataFrame
    instruments: Mapping[str, Instrument]
    benchmarks: Sequence[Benchmark] = ()
    clusters: str = "advisors"
    confidence: float = 0.95
    horizon: int = 3
    notes: Sequence[str] = field(default_factory=tuple)


def render_audit(datasets: Sequence[Audited]) -> str:
    """The audit as one HTML page. All text is escaped; nothing is loaded from anywhere."""
    shown = [(one, make_audit(one)) for one in datasets]
    return render_page("audit.html.j2", datasets=shown)


def make_audit(audited: Audited) -> list[Part]:
    """A dataset's parts in order, the glance first."""
    measured = read_rows(audited.measurement)
    programmes = read_programmes(measured)
    parts = [
        _replies(audited, measured, programmes),
        _ratings(audited, programmes),
        _gap(audited, measured, programmes),
        tell_ruptures(audited.process, audited.confidence, audited.clusters),
        tell_warning(audited.warning, audited.horizon, audited.confidence),
    ]
    return [_glance(parts), *parts]


def _glance(parts: Sequence[Part]) -> Part:
    """Each part's first sentence, so that the page is understood from its top."""
    told = tuple((part.heading, part.paragraphs[0]) for part in parts)
    return Part("glance", "At a glance", terms=told)


def _replies(audited: Audited, measured: pd.DataFrame, programmes: list[Programme]) -> Part:
    """Who replied: by rater, by check-in and by programme."""
    heading = "Who replied"
    whole = programmes[0] if programmes else Programme("")
    given = {rater: whole.answered[rater] for rater in whole.raters if whole.answered[rater].given}
    if not given:
        return Part("replies", heading, ("How many replied is not given.",))
    level = show_level(audited.confidence)
    told = [
        f"{begin_large(rater)}s answered {about(share)} of the check-ins that were due"
        f"{hedge(share, level)}."
        for rater, share in given.items()
    ]
    tables = [_by_checkin(measured, given)]
    if len(programmes) > 1:
        tables.append(_replies_by_programme(programmes, level))
    return Part(
        "replies",
        heading,
        (" ".join(told),),
        tables=tuple(table for table in tables if table),
        terms=NOTES["replies"],
    )


def _by_checkin(measured: pd.DataFrame, raters: Mapping[str, Interval]) -> Table | None:
    own = measured[(measured["analysis"] == "replies") & (measured["term"] == "answered")]
    occasions = sorted(own["occasion"].dropna().unique())
    if not occasions:
        return None
    rows = []
    for rater in raters:
        mine = own[own["rater"] == rater].drop_duplicates("occasion").set_index("occasion")
        shares = [mine["estimate"].get(occasion, float("nan")) for occasion in occasions]
        rows.append([f"{begin_large(rater)}s", *map(show_percent, shares)])
    return make_table(
        "Share of engagements with a usable answer, by check-in; a dash where it is not given",
        ("Who", *(f"Check-in {occasion:.0f}" for occasion in occasions)),
        rows,
        numeric=range(1, 1 + len(occasions)),
    )


def _replies_by_programme(programmes: Sequence[Programme], level: str) -> Table:
    raters = programmes[0].raters
    rows = [
        [
            one.name or "All together",
            show_count(one.engagements),
            *(spread(one.answered[rater], show_percent) for rater in raters),
        ]
        for one in programmes
    ]
    return make_table(
        f"Share of the check-ins due that were answered, by programme, with {level} intervals",
        ("Programme", "Engagements", *(f"{begin_large(rater)}s" for rater in raters)),
        rows,
        numeric=range(1, 2 + len(raters)),
        marked=[0],
    )


def _ratings(audited: Audited, programmes: list[Programme]) -> Part:
    """How the alliance was rated, by programme and beside published means."""
    heading = "How the alliance was rated"
    whole = programmes[0] if programmes else Programme("")
    given = {rater: whole.mean[rater] for rater in whole.raters if whole.mean[rater].given}
    if not given:
        return Part("ratings", heading, ("The mean ratings are not given.",))
    level = show_level(audited.confidence)
    told = []
    for rater, mean in given.items():
        ends = audited.instruments[rater].responses
        told.append(
            f"{begin_large(rater)}s rated the alliance {show_fixed(mean.estimate, 2)} on a scale "
            f"from {ends.minimum:g} to {ends.maximum:g}{hedge(mean, level, 2)}."
        )
    ends = {
        rater: (audited.instruments[rater].responses.minimum,
                audited.instruments[rater].responses.maximum)
        for rater in given
    }  # fmt: skip
    drawing = draw_programmes(
        programmes, audited.title, ends, confidence=audited.confidence, notes=audited.notes
    )
    caption = (
        "Mean ratings in the first check-ins, of all engagements and by programme; lines are "
        f"{level} intervals that allow for engagements sharing one of the {audited.clusters}."
    )
    figures = (Figure(as_svg(drawing), tell_programmes(programmes), caption),) if drawing else ()
    published, sentence = _published_means(audited, given)
    return Part(
        "ratings",
        heading,
        (" ".join(told), sentence),
        figures=figures,
        tables=tuple(filter(None, [_means_by_programme(programmes, level), published])),
        terms=NOTES["ratings"],
    )


def _means_by_programme(programmes: Sequence[Programme], level: str) -> Table:
    raters = programmes[0].raters
    rows = [
        [
            one.name or "All together",
            show_count(one.engagements),
            *(
                cell
                for rater in raters
                for cell in (
                    spread(one.mean[rater], lambda value: show_fixed(value, 2)),
                    DASH if pd.isna(one.sd[rater]) else show_fixed(one.sd[rater], 2),
                )
            ),
        ]
        for one in programmes
    ]
    heads = [word for rater in raters for word in (f"{begin_large(rater)}s’ mean", "Spread (SD)")]
    return make_table(
        f"Mean ratings by programme with {level} intervals; the spread is the standard deviation "
        "between engagements",
        ("Programme", "Engagements", *heads),
        rows,
        numeric=range(1, 2 + len(heads)),
        marked=[0],
    )


def _published_means(audited: Audited, given: Mapping[str, Interval]) -> tuple[Table | None, str]:
    """Published means of the same instrument and rater, and what is said of them."""
    rows = []
    for rater, mean in given.items():
        key = audited.instruments[rater]
        for one in audited.benchmarks:
            if (one.quantity, one.instrument, one.rater) != ("mean", key.name, rater):
                continue
            apart = (mean.estimate - one.value) / one.sd if one.sd else float("nan")
            rows.append(
                [
                    f"{begin_large(rater)}s",
                    show_fixed(mean.estimate, 2),
                    show_fixed(one.value, 2) + (f" (SD {show_fixed(one.sd, 2)})" if one.sd else ""),
                    DASH if pd.isna(apart) else f"{show_fixed(apart, 2)} SD",
                    _source(one),
                ]
            )
    if not rows:
        names = " and ".join(dict.fromkeys(audited.instruments[one].title for one in given))
        return None, (
            f"No published mean of {names} that was checked against its source is on file, so the "
            "ratings stand beside one another and not beside a norm."
        )
    table = make_table(
        "Beside published means of the same instrument",
        ("Who", "Here", "Published", "Apart", "Where and how sure"),
        rows,
        numeric=[1, 2, 3],
        wide=[4],
    )
    return table, (
        "Published means come from other people, services and languages: they show whether a value "
        "is unusual, not whether it is good."
    )


def _source(one: Benchmark) -> str:
    sure = "" if one.status == "verified" else f" ({one.status.replace('_', ' ')})"
    return f"{begin_large(one.title)}: {one.source}{sure}"


def _gap(audited: Audited, measured: pd.DataFrame, programmes: list[Programme]) -> Part:
    """How far the raters part, by programme and beside what is published."""
    heading = "Do both sides see it alike"
    whole = programmes[0] if programmes else Programme("")
    if not whole.gap_d.given:
        reason = "only one side rated" if len(whole.raters) == 1 else "it is not given"
        return Part("gap", heading, (f"The gap between both sides’ ratings: {reason}.",))
    level = show_level(audited.confidence)
    gap, d = whole.gap, whole.gap_d
    side = "higher" if gap.estimate > 0 else "lower"
    clear = d.has_limits and (d.low > 0 or d.high < 0)
    told = (
        f"Rating the same check-ins, advisors are {show_fixed(abs(gap.estimate), 2)} points {side} "
        f"than advisees, which is {show_fixed(abs(d.estimate), 2)} standard deviations"
        f"{hedge(_size(gap) if clear else gap, level, 2)}"
        f"{'' if clear else ': no clear gap either way'}."
    )
    together = _agreement(measured)
    if together.given:
        told += (
            f" Both sides’ ratings go together with a correlation of "
            f"{show_correlation(together.estimate, 2)} (1 would be the same order throughout, "
            "0 none at all)."
        )
    tables = [_gap_by_programme(programmes, level)] if len(programmes) > 1 else []
    tables.append(_published_gap(audited, d, together))
    return Part(
        "gap",
        heading,
        tuple(filter(None, [told, _alike(audited.process)])),
        tables=tuple(table for table in tables if table),
        terms=NOTES["gap"],
    )


def _size(gap: Interval) -> Interval:
    """A gap that is clear either way, by its size alone."""
    return gap if gap.estimate > 0 else Interval(-gap.estimate, -gap.high, -gap.low)


def _agreement(measured: pd.DataFrame) -> Interval:
    own = measured[
        (measured["analysis"] == "agreement")
        & (measured["term"] == "correlation")
        & (measured["subscale"] == "total")
    ]
    if own.empty:
        return Interval()
    row = own.iloc[0]
    return Interval(float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"]))


def _alike(process: pd.DataFrame) -> str:
    """Whether the gap is one of the alliance, or only of how the items are used."""
    own = process[process["term"].map(show_text) == "advisors rate higher"]
    note = show_note(own["note"].iloc[0]) if len(own) else ""
    told = next((one for one in note.split("; ") if "items alike" in one), "")
    return f"{begin_large(told)}." if told else ""


def _gap_by_programme(programmes: Sequence[Programme], level: str) -> Table:
    rows = [
        [
            one.name or "All together",
            spread(one.gap, lambda value: show_fixed(value, 2)),
            spread(one.gap_d, lambda value: show_fixed(value, 2)),
            show_count(one.gap.n),
        ]
        for one in programmes
    ]
    return make_table(
        f"Advisors’ less advisees’ rating of the same check-ins, by programme, with {level} "
        "intervals; above 0 advisors rate higher",
        ("Programme", "Gap in points", "Gap in SD", "Engagements"),
        rows,
        numeric=[1, 2, 3],
        marked=[0],
    )


def _published_gap(audited: Audited, d: Interval, together: Interval) -> Table | None:
    """Published gaps and correlations beside those here."""
    here = {"gap_d": d, "agreement": together}
    words = {
        "gap_d": "Gap in SD (advisor less advisee)",
        "agreement": "Correlation of both ratings",
    }
    shows = {
        "gap_d": lambda value: show_fixed(value, 2),
        "agreement": lambda value: show_correlation(value, 2),
    }
    rows = []
    for one in audited.benchmarks:
        if one.quantity not in here:
            continue
        show = shows[one.quantity]
        limits = Interval(
            one.value,
            float("nan") if one.conf_low is None else one.conf_low,
            float("nan") if one.conf_high is None else one.conf_high,
        )
        rows.append(
            [
                words[one.quantity],
                spread(here[one.quantity], show),
                spread(limits, show),
                _source(one),
            ]
        )
    if not rows:
        return None
    return make_table(
        "Beside published values, which come from other relations than yours",
        ("What", "Here", "Published", "Where and how sure"),
        rows,
        numeric=[1, 2],
        wide=[3],
    )
