"""The tables on ruptures and repair, from tidy rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.present.sections import Table, make_table
from analysis.present.tables import (
    DASH,
    begin_large,
    show_correlation,
    show_count,
    show_fixed,
    show_level,
    show_note,
    show_p,
    show_percent,
    show_text,
)

RATERS = ("advisee", "advisor")
REFERENCES = {"previous": "the last score", "best_of_three": "the best of the last three"}
TYPES = ("withdrawal", "confrontation", "both", "untyped")
KINDS = {
    "full": "full",
    "partial": "partial",
    "none": "none",
    "ended_early": "ended early first",
    "censored": "not followed so far",
}
#: Terms of rates under conditions, in words; those of the plan's acts follow their own names.
RATIOS = {
    "log_ratio_rate_after_missed_checkin": "A drop after a check-in left out",
    "log_ratio_missed_checkin_after_drop": "A check-in left out after a drop",
    "log_ratio_rate_stakes_high_to_low": "A drop under high stakes, against low",
    "log_ratio_rate_critical_feedback": "A drop where criticism was given",
    "log_ratio_later_rupture_after_repair": "Another drop after a repair, against none so far",
}


def read_rows(rows: pd.DataFrame) -> pd.DataFrame:
    own = rows[rows["analysis"].isin(["rupture", "repair"])].copy()
    for name in ("term", "method", "note", "verdict", "rater", "subscale"):
        own[name] = own[name].map(show_text) if name in own else ""
    for name in ("estimate", "conf_low", "conf_high", "p_value", "n_engagements", "occasion"):
        own[name] = own[name].astype(float) if name in own else np.nan
    return own


def tabulate_shares(own: pd.DataFrame, confidence: float) -> Table | None:
    rows = []
    for rater in RATERS:
        mine = own[own["rater"] == rater]
        for rule in _rules(mine):
            found = {
                suffix: find_row(mine, f"ruptured{suffix}", rule)
                for suffix in ("", "_by_chance", "_excess", "_corrected")
            }
            least = find_row(mine, "threshold", rule)
            rows.append(
                [
                    f"{begin_large(rater)}, {_rule_in_words(rule)}",
                    f"{least['estimate']:.2f}",
                    _share(found[""]),
                    show_percent(found["_by_chance"]["estimate"]),
                    _share(found["_excess"]),
                    _share(found["_corrected"]),
                    show_count(found[""]["n_engagements"]),
                    begin_large(show_note(least["note"])),
                ]
            )
    if not rows:
        return None
    return make_table(
        f"Engagements with at least one drop, and by chance, with {show_level(confidence)} "
        "intervals that allow for clustering. Corrected: the excess among "
        "those who show no drop by chance",
        ("Drop", "Least fall", "Observed", "By chance", "Excess", "Corrected", "n", "Note"),
        rows,
        numeric=range(1, 7),
        wide=[7],
    )


def tabulate_repair(own: pd.DataFrame, confidence: float) -> Table | None:
    rows = []
    for rater in RATERS:
        mine = own[own["rater"] == rater]
        for rule in _rules(mine):
            for window in _windows(mine):
                name = f"repaired_within_{window}"
                seen, chance, excess = (
                    find_row(mine, name + suffix, rule) for suffix in ("", "_by_chance", "_excess")
                )
                rows.append(
                    [
                        f"{begin_large(rater)}, {_rule_in_words(rule)}: within {window}",
                        _share(seen),
                        show_percent(chance["estimate"]),
                        _share(excess),
                        show_count(seen["n_engagements"]),
                    ]
                )
    if not rows:
        return None
    return make_table(
        f"Drops repaired within so many check-ins (back to within half an SD), ending early being "
        f"the competing event, with {show_level(confidence)} intervals. Among the excess: of the "
        "drops beyond chance, where these are clearly more than none",
        ("Drop and window", "Repaired", "By chance", "Among the excess", "n"),
        rows,
        numeric=range(1, 5),
    )


def tabulate_kinds(own: pd.DataFrame) -> Table | None:
    rows = []
    for rater in RATERS:
        mine = own[own["rater"] == rater]
        for rule in _rules(mine):
            for window in _windows(mine):
                found = [find_row(mine, f"{kind}_within_{window}", rule) for kind in KINDS]
                shown = [DASH if one is None else show_percent(one["estimate"]) for one in found]
                head = f"{begin_large(rater)}, {_rule_in_words(rule)}: within {window}"
                rows.append([head, *shown])
    if not rows:
        return None
    return make_table(
        "What had become of the drops",
        ("Drop and window", *(begin_large(word) for word in KINDS.values())),
        rows,
        numeric=range(1, 1 + len(KINDS)),
    )


def tabulate_types(own: pd.DataFrame, rule: str) -> Table | None:
    rows = []
    for rater in RATERS:
        mine = own[own["rater"] == rater]
        for name in TYPES:
            found = [
                find_row(mine, name + suffix, rule) for suffix in ("", "_by_chance", "_excess")
            ]
            if found[0] is None or not np.isfinite(found[0]["estimate"]) or found[1] is None:
                continue
            seen, chance, excess = found
            rows.append(
                [
                    f"{begin_large(rater)}, {name}",
                    _share(seen),
                    show_percent(chance["estimate"]),
                    _share(excess),
                    show_count(seen["n_engagements"]),
                ]
            )
    if not rows:
        return None
    return make_table(
        "Which type events give the drops: events since the last check-in answered. By chance: the "
        "same events around simulated drops",
        ("Rating and type", "Observed", "By chance", "Among the excess", "n"),
        rows,
        numeric=range(1, 5),
    )


def tabulate_groups(own: pd.DataFrame, rule: str, confidence: float) -> Table | None:
    wanted = own[
        own["term"].str.startswith("ruptured_among_")
        & ~own["term"].str.contains("_by_chance$|_excess$|_corrected$")
        & (own["method"] == rule)
    ]
    rows = []
    for row in wanted.to_dict("records"):
        mine = own[own["rater"] == row["rater"]]
        chance, excess, corrected = (
            find_row(mine, row["term"] + suffix, rule)
            for suffix in ("_by_chance", "_excess", "_corrected")
        )
        group = row["term"].removeprefix("ruptured_among_").replace("_", " ")
        rows.append(
            [
                f"{begin_large(row['rater'])}, {group}",
                _share(row),
                show_percent(chance["estimate"]),
                _share(excess),
                _share(corrected),
                show_count(row["n_engagements"]),
            ]
        )
    if not rows:
        return None
    return make_table(
        f"Engagements with at least one drop in some groups, with {show_level(confidence)} "
        "intervals. Complex: high stakes or large change",
        ("Rating and group", "Observed", "By chance", "Excess", "Corrected", "n"),
        rows,
        numeric=range(1, 6),
    )


def tabulate_ratios(own: pd.DataFrame, rule: str, confidence: float) -> Table | None:
    suffixes = ("", "_excess", "_corrected")
    rows = []
    for rater in RATERS:
        mine = own[(own["rater"] == rater) & (own["method"] == rule)]
        plain = mine[mine["term"].str.startswith("log_ratio_")]
        plain = plain[~plain["term"].str.contains("_excess$|_corrected$")]
        for term in plain["term"]:
            seen, beyond, corrected = (find_row(mine, term + suffix, rule) for suffix in suffixes)
            notes = [seen["note"], corrected["note"] if corrected is not None else ""]
            rows.append(
                [
                    f"{begin_large(rater)}: {_ratio_in_words(term)}",
                    _ratio(seen),
                    _ratio(beyond),
                    _ratio(corrected),
                    begin_large(show_note("; ".join(filter(None, notes)))),
                ]
            )
    if not rows:
        return None
    return make_table(
        f"Ratios of rates, check-in by check-in, with {show_level(confidence)} intervals: as "
        "observed, over what simulated courses without ruptures show, and of the excess alone",
        ("Compared", "Ratio", "Over chance", "Of the excess", "Note"),
        rows,
        numeric=range(1, 4),
        wide=[4],
    )


def tabulate_sequels(own: pd.DataFrame, rule: str, confidence: float) -> Table | None:
    rows = []
    for rater in RATERS:
        mine = own[(own["rater"] == rater) & (own["method"] == rule)]
        for row in mine.to_dict("records"):
            term = row["term"]
            if term.startswith("change_after_repair"):
                words = f"change of {row['subscale']} after repair"
                words += ", adjusted for the level before" if "_adjusted" in term else ""
                words += ", over chance" if term.endswith("_excess") else ""
                shown = f"{show_correlation(row['estimate'], 2)} {_limits(row)}".strip()
            elif term.startswith("log_odds_"):
                event, _, act = term.removeprefix("log_odds_").partition("_after_")
                words = {"repair": "repair", "ending": "ending early"}.get(event, event)
                words += f" after {act.replace('_', ' ')}, odds ratio" if act else ""
                shown = _ratio(row)
            else:
                continue
            rows.append(
                [
                    f"{begin_large(rater)}: {words}",
                    shown,
                    show_p(row["p_value"]),
                    show_count(row["n_engagements"]),
                    begin_large(show_note(row["note"])),
                ]
            )
    if not rows:
        return None
    return make_table(
        "After repair, against engagements without a drop so far at the same check-ins, in SDs "
        "between engagements; and what goes with repair and with ending early, at the check-ins "
        f"after an act; {show_level(confidence)} intervals",
        ("Compared", "Estimate", "p", "n", "Note"),
        rows,
        numeric=range(1, 4),
        wide=[4],
    )


def tabulate_scale(own: pd.DataFrame) -> Table | None:
    words = {
        "scale": "SD within engagements",
        "error_of_measurement": "error of measurement",
        "innovation_sd": "SD of the noise’s innovations",
        "autocorrelation": "autocorrelation of the noise",
        "chart_signal": "control charts with a score below the limit, as a share",
        "chart_insufficient": "engagements too short for a control chart, as a share",
        "answers_after_end": "answers after the engagement’s end",
        "answers_out_of_order": "answers whose weeks run backward",
    }
    rows = [
        [
            f"{begin_large(row['rater'])}: {words[row['term']]}",
            show_count(row["estimate"])
            if row["term"].startswith("answers")
            else show_correlation(row["estimate"], 2),
            begin_large(show_note(row["note"])),
        ]
        for row in own.to_dict("records")
        if row["term"] in words
    ]
    if not rows:
        return None
    return make_table(
        "What drops and noise are measured on, in the units of the scores",
        ("What", "Value", "Note"),
        rows,
        numeric=[1],
        wide=[2],
    )


def find_row(rows: pd.DataFrame, term: str, rule: str) -> dict | None:
    found = rows[(rows["term"] == term) & (rows["method"] == rule)]
    return found.iloc[0].to_dict() if len(found) else None


def _rules(rows: pd.DataFrame) -> Sequence[str]:
    return list(rows.loc[rows["term"] == "ruptured", "method"])


def _windows(rows: pd.DataFrame) -> Sequence[int]:
    named = rows.loc[rows["term"].str.fullmatch(r"repaired_within_\d+"), "term"]
    return sorted({int(term.rsplit("_", 1)[1]) for term in named})


def _rule_in_words(rule: str) -> str:
    size, _, reference = rule.partition("s_")
    return f"{size} SD below {REFERENCES.get(reference, reference)}"


def _ratio_in_words(term: str) -> str:
    if term in RATIOS:
        return RATIOS[term][0].lower() + RATIOS[term][1:]
    if term.startswith("log_ratio_rate_change_size_"):
        level = term.removeprefix("log_ratio_rate_change_size_")
        return f"a drop where the change is {level.lower()}, against others"
    return term.removeprefix("log_ratio_").replace("_", " ")


def _share(row: dict | None) -> str:
    """A share in per cent with its limits in brackets."""
    if row is None or not np.isfinite(row["estimate"]):
        return DASH
    text = show_percent(row["estimate"])
    if np.isfinite([row["conf_low"], row["conf_high"]]).all():
        low, high = (show_fixed(100 * row[name]) for name in ("conf_low", "conf_high"))
        text += f" [{low}, {high}]"
    return text


def _ratio(row: dict | None) -> str:
    """A log ratio as a ratio with its limits in brackets."""
    if row is None or not np.isfinite(row["estimate"]):
        return DASH
    text = f"{np.exp(row['estimate']):.2f}"
    if np.isfinite([row["conf_low"], row["conf_high"]]).all():
        text += f" [{np.exp(row['conf_low']):.2f}, {np.exp(row['conf_high']):.2f}]"
    return text


def _limits(row: dict) -> str:
    if not np.isfinite([row["conf_low"], row["conf_high"]]).all():
        return ""
    low, high = (show_correlation(row[name], 2) for name in ("conf_low", "conf_high"))
    return f"[{low}, {high}]"
