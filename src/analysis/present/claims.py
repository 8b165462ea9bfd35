"""The claims page: a wall of claims by dataset, and what stands behind each of its places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Drawing

from analysis.contract.claims import Claim
from analysis.present.drawing import as_svg
from analysis.present.key import Entry, draw_key, key_height, level_entry
from analysis.present.lines import Interval
from analysis.present.parts import Figure
from analysis.present.sheet import (
    INNER,
    INSET,
    LANE,
    LEADING,
    MARGIN,
    SMALL,
    UNDER_SCALE,
    Scale,
    Sheet,
)
from analysis.present.style import FAINT, VERDICT_COLOURS, house_style, wrap_text
from analysis.present.tables import (
    SIGNS,
    VERDICTS,
    begin_large,
    show_count,
    show_note,
    show_number,
    show_text,
)

#: A column that is no dataset: claims that are decided across all of them.
ACROSS = "across datasets"
#: With more datasets than these a figure's alternative text says how they came out together.
TOLD_ONE_BY_ONE = 3


@dataclass(frozen=True)
class Place:
    """One claim in one dataset: its verdict as sign and word, its sentence, and the reason."""

    dataset: str
    verdict: str
    sentence: str
    note: str

    @property
    def sign(self) -> str:
        """The verdict's sign, which never stands for colour alone."""
        return SIGNS[self.verdict]

    @property
    def word(self) -> str:
        """The verdict in a word or two."""
        return VERDICTS[self.verdict]


@dataclass(frozen=True)
class ClaimRow:
    """One claim: its words, its place in every dataset, and its figure if any estimate is there."""

    claim: Claim
    places: tuple[Place, ...]
    figure: Figure | None

    @property
    def statement(self) -> str:
        """The claim as a sentence begins."""
        return begin_large(self.claim.statement)

    def at(self, dataset: str) -> Place | None:
        """The claim's place in a dataset (by title), if it has one there."""
        return next((place for place in self.places if place.dataset == dataset), None)


@dataclass(frozen=True)
class ClaimsPage:
    """The wall: the datasets across, the claims down; ``counts`` says how many of each verdict."""

    datasets: tuple[str, ...]
    rows: tuple[ClaimRow, ...]
    counts: str


def describe_claims(
    table: pd.DataFrame, claims: Sequence[Claim], titles: Mapping[str, str], confidence: float
) -> ClaimsPage | None:
    """The claims page; None without any row.

    Parameters
    ----------
    table : rows of ``answer_claims`` of all datasets, and of the claims decided across them
        (``dataset`` empty), as made or as read back from CSV.
    claims : the ledger's claims, in order.
    titles : a dataset's name -> its title, in order.
    confidence : level of the intervals.
    """
    if table.empty:
        return None
    named = {**titles, "": begin_large(ACROSS)}
    rows = table.assign(dataset=table["dataset"].map(show_text))
    names = [name for name in named if (rows["dataset"] == name).any()]
    made = []
    for claim in claims:
        own = rows[rows["claim"] == claim.id].set_index("dataset")
        places = tuple(_place(own, name, named[name]) for name in names if name in own.index)
        drawn = own.loc[[name for name in names if name in own.index]]
        made.append(ClaimRow(claim, places, _figure(claim, drawn, named, confidence)))
    counted = rows["verdict"].value_counts()
    counts = ", ".join(
        f"{word} {counted[verdict]}" for verdict, word in VERDICTS.items() if verdict in counted
    )
    return ClaimsPage(tuple(named[name] for name in names), tuple(made), counts)


def _place(rows: pd.DataFrame, name: str, title: str) -> Place:
    row = rows.loc[name]
    sentence, note = show_text(row["sentence"]), show_note(row["note"])
    told = note if note.lower().rstrip(".") not in sentence.lower() else ""
    return Place(title, row["verdict"], sentence, begin_large(told))


def _figure(
    claim: Claim, rows: pd.DataFrame, titles: Mapping[str, str], confidence: float
) -> Figure | None:
    known = rows[np.isfinite(rows["estimate"].astype(float))]
    if known.empty:
        return None
    told = _tell(known, titles)
    drawing = draw_claim(known, titles, claim.smallest, confidence)
    caption = f"Estimated: {claim.estimand}."
    return Figure(as_svg(drawing), f"{begin_large(claim.statement)}. {told}.", caption)


def _tell(known: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The estimates in words; of many datasets how they came out, as the list has the numbers."""
    if len(known) <= TOLD_ONE_BY_ONE:
        return "; ".join(
            f"{titles[name]}: {VERDICTS[row['verdict']]}, {_told(_interval(row))}"
            for name, row in known.iterrows()
        )
    counted = known["verdict"].value_counts()
    said = [f"{word} in {counted[name]}" for name, word in VERDICTS.items() if name in counted]
    low, high = (show_number(value) for value in (known["estimate"].min(), known["estimate"].max()))
    return f"Of {len(known)} datasets {', '.join(said)}; estimates from {low} to {high}"


def draw_claim(
    rows: pd.DataFrame, titles: Mapping[str, str], smallest: float, confidence: float
) -> Drawing:
    """One claim's estimate with its interval in each dataset (index) that has one."""
    with house_style():
        intervals = {name: _interval(row) for name, row in rows.iterrows()}
        scale = _scale(intervals.values(), smallest)
        entries = [
            [
                Entry("estimate", "D"),
                Entry(f"within ±{show_number(smallest)}", "zone"),
                level_entry(confidence),
            ]
        ]
        labels = {name: wrap_text(titles[name], INNER, SMALL, "bold") for name in intervals}
        lines = sum(len(label) for label in labels.values())
        height = lines * SMALL * LEADING + len(labels) * (LANE * 0.6 + SMALL * LEADING + 6)
        top = MARGIN + key_height(entries)
        sheet = Sheet(top + height + UNDER_SCALE + MARGIN)
        draw_key(sheet, MARGIN, entries)
        for name, interval in intervals.items():
            verdict = rows.loc[name, "verdict"]
            colour = VERDICT_COLOURS[verdict]
            top = sheet.write(MARGIN, top, labels[name], SMALL, weight="bold")
            said = f"{SIGNS[verdict]} {VERDICTS[verdict]}: {_told(interval)}"
            counted = f", n = {show_count(interval.n)}" if np.isfinite(interval.n) else ""
            top = sheet.write(MARGIN, top, [said + counted], SMALL, FAINT)
            sheet.lane(scale, top, LANE * 0.6, zone=smallest)
            sheet.mark(scale, top + LANE * 0.3, interval, colour, "D")
            top += LANE * 0.6 + 6
        sheet.label_scale(scale, top - 4)
    return sheet.figure


def _interval(row: pd.Series) -> Interval:
    names = ("estimate", "conf_low", "conf_high", "n_engagements", "n_advisors")
    return Interval(*(float(row.get(name, np.nan)) for name in names))


def _told(interval: Interval) -> str:
    estimate = show_number(interval.estimate)
    if not interval.has_limits:
        return estimate
    return f"{estimate} [{show_number(interval.low)}, {show_number(interval.high)}]"


def _scale(intervals: Sequence[Interval], smallest: float) -> Scale:
    """A scale that holds 0, the zone and every interval; a far wider one ends in an arrow."""
    shown = [one for one in intervals if one.has_limits]
    widths = sorted(one.high - one.low for one in shown)
    widest = 4 * widths[len(widths) // 2] if widths else 0.0
    values = [-1.5 * smallest, 1.5 * smallest, *(one.estimate for one in intervals)]
    for one in shown:
        if one.high - one.low <= widest:
            values += [one.low, one.high]
    low, high = min(values), max(values)
    margin = 0.04 * (high - low)
    return Scale(MARGIN + INSET, INNER - 2 * INSET, low - margin, high + margin)
