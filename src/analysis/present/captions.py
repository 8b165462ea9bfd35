"""What figures show, in words: labels, captions and texts for those who cannot see them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from analysis.present.lines import Interval, OutcomeCell
from analysis.present.tables import (
    GIVEN_BY,
    PHASES,
    TIMINGS,
    VERDICTS,
    begin_large,
    put_in_words,
    show_correlation,
    show_count,
    show_interval,
    show_level,
)


def name_outcome(cell: OutcomeCell, titles: Mapping[str, str]) -> str:
    """An outcome's name in words."""
    return begin_large(titles.get(cell.outcome) or cell.outcome.replace("_", " ")) or "No outcome"


def describe_cell(cell: OutcomeCell) -> str:
    """Who gave an outcome and when: ``given by a third party, at the end, after the ratings``."""
    words = [
        put_in_words(cell.source, GIVEN_BY),
        put_in_words(cell.phase, PHASES),
        put_in_words(cell.timing, TIMINGS),
    ]
    return ", ".join(filter(None, words))


def describe_counts(cell: OutcomeCell, clusters: str) -> str:
    """How many engagements and clusters a cell rests on: ``n = 420, 60 advisors``."""
    by_rater = {rater: one.n for rater, one in cell.correlations.items()}
    if not cell.difference.given and len(set(by_rater.values())) > 1:
        return ", ".join(f"n = {show_count(n)} ({rater})" for rater, n in by_rater.items())
    if not math.isfinite(cell.n):
        return ""
    return f"n = {show_count(cell.n)}, {show_count(cell.n_clusters)} {clusters}"


def describe_interval(interval: Interval, decimals: int = 2) -> str:
    """An estimate and its limits, if there are any: ``.36 [.25, .47]``."""
    estimate = show_correlation(interval.estimate, decimals)
    if not interval.has_limits:
        return estimate
    return f"{estimate} {show_interval(interval.low, interval.high, decimals)}"


def describe_difference(cell: OutcomeCell) -> str:
    """D as it is and corrected, or that it is not: ``D = .36 [.25, .47]; corrected ... .38``."""
    said = f"D = {describe_interval(cell.difference)}"
    if cell.corrected.given:
        return f"{said}; corrected for reliability {describe_interval(cell.corrected)}"
    return f"{said}, uncorrected for reliability"


def shorten_reason(reason: str) -> str:
    """The first clause of a reason; what follows a colon or semicolon explains it."""
    return reason.replace(";", ":").split(":")[0].strip()


def caption_comparison(
    cells: list[OutcomeCell], sesoi: float, *, confidence: float = 0.95, clusters: str = "advisors"
) -> str:
    """The caption of a dataset's figure."""
    same = ""
    if any(cell.same_source for cell in cells):
        same = (
            " Hollow marks: whoever rated the alliance gave the outcome too, which enlarges a "
            "correlation."
        )
    return (
        "Left: correlation of each rating of the alliance with the outcome. Right: their "
        "difference D, advisee’s minus advisor’s, on the same engagements (black), and corrected "
        f"for the ratings’ reliability (grey). Lines are {show_level(confidence)} intervals, "
        f"clustered by {clusters}. The shaded zone holds differences within "
        f"±{show_correlation(sesoi, 2)}, too small to be of interest.{same}"
    )


def tell_comparison(cells: list[OutcomeCell], titles: Mapping[str, str]) -> str:
    """A dataset's figure for those who cannot see it; the other outcomes are left to the table."""
    told = [f"{_tell(cell, titles)}." for cell in cells if cell.primary]
    others = len(cells) - len(told)
    if others:
        told.append(f"The table of outcomes below holds this and {others} more.")
    return " ".join(["Correlations of both ratings with the outcome, and their difference.", *told])


def _tell(cell: OutcomeCell, titles: Mapping[str, str]) -> str:
    """A cell in a sentence that one can listen to: the numbers, and the verdict or its reason."""
    told = [name_outcome(cell, titles) + (" (primary outcome)" if cell.primary else "")]
    told += [f"{rater} r = {describe_interval(r)}" for rater, r in cell.correlations.items()]
    if cell.difference.given:
        told.append(f"D = {describe_interval(cell.difference)}")
    if cell.verdict:
        told.append(VERDICTS[cell.verdict])
    if cell.reason and not cell.difference.given:
        told.append(shorten_reason(cell.reason))
    return "; ".join(told)


def caption_datasets(sesoi: float, *, confidence: float = 0.95) -> str:
    """The caption of the figure across datasets."""
    return (
        "The primary outcome’s difference D between the advisee’s and the advisor’s correlation "
        f"with it, with its {show_level(confidence)} interval; grey: corrected for reliability. "
        f"Shaded: within ±{show_correlation(sesoi, 2)}, too small to be of interest. A dataset "
        "that cannot answer stands there with the reason."
    )


def tell_datasets(cells: Mapping[str, OutcomeCell]) -> str:
    """The figure across datasets for those who cannot see it: title to primary cell."""
    told = []
    for title, cell in cells.items():
        words = VERDICTS.get(cell.verdict, "")
        if cell.verdict != "not_testable" and cell.difference.given:
            words += f", D = {describe_interval(cell.difference)}"
        told.append(f"{title}: {words}.")
    return " ".join(told)
