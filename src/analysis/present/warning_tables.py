"""The tables on early warning: worth, alarms, the gap, both curves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.present.sections import Table, make_table
from analysis.present.tables import (
    DASH,
    MINUS,
    VERDICTS,
    begin_large,
    show_correlation,
    show_count,
    show_interval,
    show_level,
    show_note,
)

OUTCOMES = {"ended_early": "ending early", "unrepaired_rupture": "unrepaired rupture"}
METHODS = {
    "model": "model",
    "rule": "practitioners’ rule",
    "treat_all": "warning everybody",
    "levels": "levels alone",
    "levels_and_gap": "levels and gap",
    "gap_over_levels": "gained by the gap",
}


_LIMITS = ("conf_low", "conf_high")


def find_row(
    rows: pd.DataFrame, term: str, method: str | None, outcome: str, occasion: float | None = None
) -> pd.Series | None:
    """The row of a term, at the first landmark that has it unless one is named; None without."""
    found = rows[(rows["term"] == term) & (rows["outcome"] == outcome)]
    if method is not None:
        found = found[found["method"] == method]
    if occasion is not None:
        found = found[found["occasion"] == occasion]
    return None if found.empty else found.sort_values("occasion", kind="stable").iloc[0]


def _places(own: pd.DataFrame) -> list[tuple[str, int]]:
    """Each outcome and landmark, in order."""
    pairs = own[["outcome", "occasion"]].drop_duplicates()
    return [(outcome, int(occasion)) for outcome, occasion in pairs.itertuples(index=False)]


def _name(outcome: str, occasion: int) -> str:
    return begin_large(f"{OUTCOMES.get(outcome, outcome)}, from check-in {occasion}")


def _with_interval(row: pd.Series | None, decimals: int = 2) -> str:
    if row is None or not np.isfinite(row["estimate"]):
        return DASH
    limits = show_interval(row["conf_low"], row["conf_high"], decimals)
    shown = show_correlation(row["estimate"], decimals)
    return shown if limits == DASH else f"{shown} {limits}"


def tabulate_worth(own: pd.DataFrame, confidence: float, clusters: str) -> Table:
    """Every outcome and landmark: who is at risk, how well the model does, the verdict."""
    rows, marked = [], []
    for outcome, occasion in _places(own):
        place = (outcome, occasion)
        decided = find_row(own, "auc_above_chance", "jackknife", *place)
        rate = find_row(own, "base_rate", None, *place)
        counted = DASH
        if rate is not None and np.isfinite(rate["n_engagements"]):
            n, share = show_count(rate["n_engagements"]), show_correlation(rate["estimate"], 2)
            counted = f"{n} ({show_count(rate['n_advisors'])}); {share}"
        verdict = VERDICTS[decided["verdict"]]
        rows.append(
            [
                _name(*place),
                counted,
                *(
                    _with_interval(find_row(own, term, "model", *place), decimals)
                    for term, decimals in (
                        ("auc", 2),
                        ("brier_skill", 3),
                        ("calibration_slope", 2),
                        ("net_benefit_over_treat_all", 3),
                        ("net_benefit_over_rule", 3),
                    )
                ),
                f"{begin_large(verdict)}: {show_note(decided['note'])}",
            ]
        )
        if str(decided["primary"]) == "True":
            marked.append(len(rows) - 1)
    return make_table(
        "What the models are worth where they were not trained, with "
        f"{show_level(confidence)} intervals; net benefit at the plan’s threshold, over warning "
        "everybody and over the practitioners’ rule",
        (
            "Outcome",
            f"n ({clusters}); share",
            "AUC",
            "Brier skill",
            "Calibration slope",
            "Over everybody",
            "Over the rule",
            "Verdict",
        ),
        rows,
        numeric=range(1, 7),
        wide=[7],
        marked=marked,
    )


def tabulate_alarms(own: pd.DataFrame, confidence: float) -> Table | None:
    """Alarms of the model and of the rule: how many, whom they catch, how long before."""
    terms = ("alarms", "sensitivity", "specificity")
    rows = []
    for outcome, occasion in _places(own):
        for method in ("model", "rule"):
            found = [find_row(own, term, method, outcome, occasion) for term in terms]
            if found[0] is None:
                continue
            lead = find_row(own, "lead_time", method, outcome, occasion)
            shown = f"{lead['estimate']:.1f}" if np.isfinite(lead["estimate"]) else DASH
            if np.isfinite([lead["conf_low"], lead["conf_high"]]).all():
                low, high = (f"{lead[name]:.1f}".replace("-", MINUS) for name in _LIMITS)
                shown += f" [{low}, {high}]"
            rows.append(
                [
                    f"{_name(outcome, occasion)}, {METHODS[method]}",
                    *(_with_interval(row) for row in found),
                    shown,
                    show_note(lead["note"]) if shown == DASH else "",
                ]
            )
    if not rows:
        return None
    return make_table(
        "Alarms at a threshold fixed in training, with "
        f"{show_level(confidence)} intervals; lead: check-ins still held between a true alarm and "
        "what it warned of",
        ("Alarms of", "Share alarmed", "Sensitivity", "Specificity", "Lead", "Note"),
        rows,
        numeric=range(1, 5),
        wide=[5],
    )


def tabulate_gap(own: pd.DataFrame, confidence: float) -> Table | None:
    """The raters' levels alone, with the gap, and the difference."""
    rows = []
    for outcome, occasion in _places(own):
        gained = find_row(own, "auc_gained", "gap_over_levels", outcome, occasion)
        if gained is None:
            continue
        cells = []
        for term in ("auc", "brier"):
            for method in ("levels", "levels_and_gap"):
                row = find_row(own, term, method, outcome, occasion)
                cells.append(DASH if row is None else show_correlation(row["estimate"], 3))
            row = find_row(own, f"{term}_gained", "gap_over_levels", outcome, occasion)
            cells.append(_with_interval(row, 3))
        rows.append([_name(outcome, occasion), *cells, show_note(gained["note"])])
    if not rows:
        return None
    return make_table(
        "Does the gap between the raters add to their levels? Gains are positive where it does, "
        f"with {show_level(confidence)} intervals",
        ("Outcome", "AUC, levels", "with gap", "Gain", "Brier, levels", "with gap", "Gain", "Note"),
        rows,
        numeric=range(1, 7),
        wide=[7],
    )


def tabulate_calibration(own: pd.DataFrame, confidence: float) -> Table | None:
    """The calibration curve's bins."""
    curve = own[own["term"] == "calibration_curve"]
    if curve.empty:
        return None
    rows = [
        [
            _name(row["outcome"], int(row["occasion"])),
            show_correlation(row["statistic"], 3),
            _with_interval(row, 3),
            show_count(row["n_engagements"]),
        ]
        for _, row in curve.iterrows()
    ]
    return make_table(
        f"Calibration: share with the outcome by predicted probability, {show_level(confidence)} "
        "intervals",
        ("Outcome", "Predicted", "Seen", "n"),
        rows,
        numeric=range(1, 4),
    )


def tabulate_decisions(own: pd.DataFrame, confidence: float) -> Table | None:
    """The decision curves, a row for each threshold."""
    curve = own[own["term"] == "net_benefit"]
    if curve.empty:
        return None
    rows = []
    for (outcome, occasion, threshold), part in curve.groupby(
        ["outcome", "occasion", "statistic"], sort=False
    ):
        by_method = part.set_index("method")
        cells = [_with_interval(by_method.loc[name], 3) for name in ("model", "rule", "treat_all")]
        rows.append([_name(outcome, int(occasion)), show_correlation(threshold, 2), *cells])
    return make_table(
        f"Decision curve: net benefit by threshold, {show_level(confidence)} intervals; warning "
        "nobody is worth 0",
        (
            "Outcome",
            "Threshold",
            *(begin_large(METHODS[m]) for m in ("model", "rule", "treat_all")),
        ),
        rows,
        numeric=range(1, 5),
    )
