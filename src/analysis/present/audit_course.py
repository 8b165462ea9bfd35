"""The audit's parts on the course: ruptures and repair beside chance, and early warning."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.present.audit_words import NOTES, spread
from analysis.present.lines import RATERS, Interval
from analysis.present.parts import Part
from analysis.present.rupture_tables import REFERENCES, find_row, read_rows
from analysis.present.rupture_timeline import headline_rule
from analysis.present.sections import Table, make_table
from analysis.present.tables import (
    DASH,
    begin_large,
    show_count,
    show_fixed,
    show_level,
    show_note,
    show_percent,
    show_text,
)

RUPTURES, WARNING = "Ruptures and repair", "Early warning"


def tell_ruptures(process: pd.DataFrame, confidence: float, clusters: str) -> Part:
    """How many engagements show a drop, how many by chance alone, and how many were repaired."""
    own = read_rows(process)
    rule = headline_rule(own)
    told = [
        _rupture_sentence(own[own["rater"] == rater], rater, rule, confidence) for rater in RATERS
    ]
    told = [sentence for sentence in told if sentence]
    if not told:
        refused = own.loc[own["verdict"] == "not_testable", "note"]
        reason = show_note(refused.iloc[0]) if len(refused) else "there are too few check-ins"
        return Part("ruptures", RUPTURES, (f"They cannot be looked for: {reason}.",))
    size, _, reference = rule.partition("s_")
    caption = (
        f"Drops of {size} standard deviations below {REFERENCES.get(reference, reference)}, and "
        f"their repair, with {show_level(confidence)} intervals that allow for engagements sharing "
        f"one of the {clusters}"
    )
    rows = [
        row for rater in RATERS for row in _rupture_rows(own[own["rater"] == rater], rater, rule)
    ]
    table = make_table(
        caption,
        ("What", "Seen", "By chance alone", "Beyond chance", "Engagements"),
        rows,
        numeric=range(1, 5),
    )
    return Part("ruptures", RUPTURES, (" ".join(told),), tables=(table,), terms=NOTES["ruptures"])


def _rupture_sentence(mine: pd.DataFrame, rater: str, rule: str, confidence: float) -> str:
    seen, chance, excess = (
        find_row(mine, f"ruptured{suffix}", rule) for suffix in ("", "_by_chance", "_excess")
    )
    if seen is None or chance is None or not np.isfinite(seen["estimate"]):
        return ""
    told = (
        f"In {rater}s’ ratings {show_percent(seen['estimate'])} of engagements show at least one "
        f"clear drop, where chance alone would show {show_percent(chance['estimate'])}"
    )
    beyond = _interval(excess)
    if not beyond.has_limits:
        return f"{told}."
    if beyond.low > 0:
        low, more, high = (
            show_fixed(100 * one, 1) for one in (beyond.low, beyond.estimate, beyond.high)
        )
        level = show_level(confidence)
        return f"{told}: {more} in 100 more than chance ({level} interval {low} to {high})."
    return f"{told}: no clear difference from chance."


def _rupture_rows(mine: pd.DataFrame, rater: str, rule: str) -> list[list[str]]:
    terms = mine["term"][mine["term"].str.fullmatch(r"repaired_within_\d+")].unique()
    wanted = [("ruptured", "at least one drop")]
    wanted += [
        (term, f"drops repaired within {_checkins(term.rsplit('_', 1)[1])}") for term in terms
    ]
    rows = []
    for term, words in wanted:
        seen, chance, excess = (
            find_row(mine, f"{term}{suffix}", rule) for suffix in ("", "_by_chance", "_excess")
        )
        if seen is None:
            continue
        rows.append(
            [
                f"{begin_large(rater)}s: {words}",
                spread(_interval(seen), show_percent),
                DASH if chance is None else show_percent(chance["estimate"]),
                spread(_interval(excess), show_percent),
                show_count(seen["n_engagements"]),
            ]
        )
    return rows


def _checkins(count: str) -> str:
    return "one check-in" if count == "1" else f"{count} check-ins"


def _interval(row: dict | None) -> Interval:
    if row is None:
        return Interval()
    numbers = ("estimate", "conf_low", "conf_high", "n_engagements")
    return Interval(*(float(row[name]) for name in numbers))


def tell_warning(warning: pd.DataFrame, horizon: int, confidence: float) -> Part:
    """Whether it can be told early on who will end early, beside the practitioners' rule."""
    own = warning[warning["outcome"].map(show_text) == "ended_early"]
    occasions = sorted(own["occasion"].dropna().unique())
    found = {
        occasion: part
        for occasion in occasions
        if _row(part := own[own["occasion"] == occasion], "auc", "model").given
    }
    if not found:
        notes = warning["note"].map(show_text)
        refused = notes[warning["verdict"].map(show_text).eq("not_testable") & notes.ne("")]
        reason = show_note(refused.iloc[0]) if len(refused) else "too few engagements ended early"
        return Part("warning", WARNING, (f"It cannot be tried out: {reason}.",))
    first = next(iter(found))
    told = _warning_sentence(found[first], int(first), horizon, confidence)
    return Part(
        "warning",
        WARNING,
        (told,),
        tables=(_warning_table(found, confidence),),
        terms=NOTES["warning"],
    )


def _row(rows: pd.DataFrame, term: str, method: str) -> Interval:
    wanted = (rows["term"] == term) & (rows["method"].map(show_text) == method)
    found = rows[wanted].to_dict("records")
    return _interval(found[0]) if found else Interval()


def _warning_sentence(rows: pd.DataFrame, occasion: int, horizon: int, confidence: float) -> str:
    auc, base = _row(rows, "auc", "model"), _row(rows, "base_rate", "")
    told = ""
    if base.given:
        told = (
            f"Of the engagements rated at check-in {occasion}, {show_percent(base.estimate)} ended "
            f"early within the next {horizon} check-ins. "
        )
    told += (
        f"From what is known at check-in {occasion}, "
        f"{show_fixed(100 * auc.estimate)} of 100 pairs of one who left and one who stayed are "
        "told apart rightly"
    )
    if auc.has_limits:
        low, high = (show_fixed(100 * limit) for limit in (auc.low, auc.high))
        told += f" ({show_level(confidence)} interval {low} to {high})"
    if not auc.has_limits:
        told += ": whether that is better than a coin cannot be told"
    elif auc.low <= 0.5 <= auc.high:
        told += ": not clearly better than a coin"
    else:
        told += f": {'better' if auc.estimate > 0.5 else 'worse'} than a coin"
    return f"{told}."


def _warning_table(found: dict[float, pd.DataFrame], confidence: float) -> Table:
    rows = []
    for occasion, part in found.items():
        for method, words in (("model", "the model"), ("rule", "the rule of thumb")):
            if not _row(part, "auc", method).given:
                continue
            cells = [
                spread(_row(part, term, method), show_percent)
                for term in ("auc", "alarms", "sensitivity", "specificity")
            ]
            rows.append([f"Check-in {occasion:.0f}: {words}", *cells])
    return make_table(
        "Early warning of ending early on advisors not seen before, with "
        f"{show_level(confidence)} intervals; the rule of thumb: a rating well below the last, or "
        "in the lower half of the scale",
        (
            "From",
            "Pairs told apart",
            "Share alarmed about",
            "Of those who left: alarmed",
            "Of those who stayed: not alarmed",
        ),
        rows,
        numeric=range(1, 5),
    )
