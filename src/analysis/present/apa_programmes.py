"""Two tables for a manuscript: programmes and the gap between raters; ruptures and repair."""

from __future__ import annotations

import pandas as pd

from analysis.present.apa import ApaTable, bounded, interval, italic, number, raised, say
from analysis.present.lines import RATERS, Interval
from analysis.present.programmes import Programme, read_programmes
from analysis.present.rupture_tables import REFERENCES, find_row, read_rows
from analysis.present.tables import DASH, begin_large, show_count, show_level


def tabulate_programmes(
    measured: pd.DataFrame, confidence: float, clusters: str
) -> ApaTable | None:
    """Replies, mean ratings and the gap, over all and by programme; None without any rating."""
    programmes = read_programmes(measured)
    if not programmes or not programmes[0].raters:
        return None
    raters = programmes[0].raters
    level = show_level(confidence)
    columns = [
        "Programme",
        italic("N"),
        *(f"{begin_large(rater)}s’ replies (%)" for rater in raters),
        *(f"{begin_large(rater)}s {italic(symbol)}" for rater in raters for symbol in ("M", "SD")),
    ]
    if len(raters) == len(RATERS):
        columns += ["Gap", f"{level} CI", f"Gap in {italic('SD')}", f"{level} CI"]
    rows = [_programme_row(one, len(raters) == len(RATERS)) for one in programmes]
    return ApaTable(
        0,
        "Replies, Ratings of the Alliance and the Gap Between Raters",
        tuple(columns),
        tuple(rows),
        "Replies are check-ins answered of those due. Ratings are over engagements, each the mean "
        "of what that rater answered in the window. Gap = advisor’s less advisee’s rating of the "
        f"same check-ins. CI = confidence interval that allows for {clusters}. What rests on fewer "
        "than 10 engagements is not given.",
    )


def _programme_row(programme: Programme, paired: bool) -> tuple[str, ...]:
    cells = [say(programme.name) or "All", show_count(programme.engagements)]
    cells += [_percent(programme.answered[rater]) for rater in programme.raters]
    for rater in programme.raters:
        cells += [number(programme.mean[rater].estimate), number(programme.sd[rater])]
    if paired:
        for gap in (programme.gap, programme.gap_d):
            cells += [number(gap.estimate), interval(gap.low, gap.high, within_one=False)]
    return tuple(cells)


def _percent(share: Interval) -> str:
    return number(100 * share.estimate, 1) if share.given else DASH


def tabulate_ruptures(process: pd.DataFrame, confidence: float, clusters: str) -> ApaTable | None:
    """Drops and repairs, observed and by chance; None where none could be looked for."""
    own = read_rows(process)
    rows: list[tuple[str, ...]] = []
    for rater in RATERS:
        mine = own[own["rater"] == rater]
        lines = []
        for rule in mine.loc[mine["term"] == "ruptured", "method"]:
            size, _, reference = rule.partition("s_")
            words = f"{size} {italic('SD')} below {REFERENCES.get(reference, reference)}"
            lines.append(_rupture_row(f"Drop of {words}", mine, "ruptured", rule))
            for term in mine.loc[
                mine["term"].str.fullmatch(r"repaired_within_\d+"), "term"
            ].unique():
                within = term.rsplit("_", 1)[1]
                name = f"Repaired within {within}{raised('a')}, {words}"
                lines.append(_rupture_row(name, mine, term, rule))
        given = [line for line in lines if line]
        if given:
            rows += [(f"{begin_large(rater)}s’ ratings",), *given]
    if not rows:
        return None
    level = show_level(confidence)
    return ApaTable(
        0,
        "Drops in the Ratings and Their Repair, Observed and by Chance",
        ("Share", "Observed", f"{level} CI", "By chance", "Excess", f"{level} CI", italic("n")),
        tuple(rows),
        "Shares of engagements with at least one drop, and of drops repaired. By chance: in "
        "simulated courses with the same noise, trend and check-ins answered, but no ruptures. "
        f"CI = confidence interval that allows for {clusters}. Single drops cannot be told from "
        "noise; only the excess speaks of ruptures.",
        (
            "Check-ins after the drop. The excess is among drops beyond chance, where these are "
            "clearly more than none.",
        ),
    )


def _rupture_row(name: str, mine: pd.DataFrame, term: str, rule: str) -> tuple[str, ...] | None:
    seen, chance, excess = (
        find_row(mine, f"{term}{suffix}", rule) for suffix in ("", "_by_chance", "_excess")
    )
    if seen is None or chance is None or excess is None:
        return None
    return (
        name,
        bounded(seen["estimate"]),
        interval(seen["conf_low"], seen["conf_high"]),
        bounded(chance["estimate"]),
        bounded(excess["estimate"]),
        interval(excess["conf_low"], excess["conf_high"]),
        show_count(seen["n_engagements"]),
    )
