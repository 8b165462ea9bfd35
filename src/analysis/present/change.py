"""What would change the answer, for the report: D under each doubt, and the study it would take."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.doubts import (
    ON_ANOTHER_SCALE,
    Needed,
    clusters_needed,
    read_doubts,
)
from analysis.present.choices import read_multiverse
from analysis.present.lines import is_primary, of_subscale
from analysis.present.parts import Part
from analysis.present.sections import Table, make_table
from analysis.present.tables import (
    DASH,
    show_correlation,
    show_count,
    show_interval,
    show_level,
    show_note,
)

HEADING = "What would change it?"

#: A line's doubt as a reader would put it.
DOUBTS = {
    "clustered": "As recorded: the interval of record",
    "disattenuated": "One rating may only be measured more reliably than the other",
    "imputed": "Those who did not reply may differ, as far as their other answers tell",
    "adjusted": "The ratings may only echo progress already made",
    "multilevel": "It may be the {cluster}, not the pair: difference of slopes within {clusters}",
    "out_of_sample": "It may only fit these {clusters}: gain on {clusters} not seen",
}
SHIFTED = "They may differ beyond that: the least favourable shift"
READINGS = {
    "supported": "advisee ahead",
    "opposed": "advisor ahead",
    "equivalent": "equal within ±{sesoi}",
    "inconclusive": "not settled",
}


def describe_change(
    comparison: pd.DataFrame,
    multiverse: pd.DataFrame,
    plan: ComparisonPlan,
    clusters: str = "advisors",
) -> Part:
    """The part of a dataset on what would change its answer.

    Parameters
    ----------
    comparison, multiverse : the dataset's rows of these tables, as read back from CSV.
    plan : the smallest difference of interest and the intervals' levels.
    clusters : what engagements are nested in, in the plural.
    """
    primary = of_subscale(comparison[is_primary(comparison)])
    decided = primary[primary["analysis"] == "verdict"]
    if decided.empty or decided["verdict"].iloc[0] == "not_testable":
        reason = show_note(decided["note"].iloc[0]) if len(decided) else "no primary outcome"
        return Part("change", HEADING, (f"The question could not be put to these data: {reason}.",))
    doubts = read_doubts(primary, plan.sesoi, plan.equivalence_confidence)
    if doubts.empty:
        return Part("change", HEADING, ("There is no interval to hold against any doubt.",))
    said = [_sum_up(doubts), *_tell_needed(doubts, plan, clusters)]
    table = _tabulate(doubts, _choices(multiverse), plan, clusters)
    return Part("change", HEADING, tuple(said), tables=(table,))


def _sum_up(doubts: pd.DataFrame) -> str:
    """Whether any line reads otherwise than the interval of record."""
    record, others = doubts.iloc[0], doubts.iloc[1:]
    if others.empty:
        return "No line but the interval of record is given: nothing is known of any doubt."
    own = others[~others["analysis"].isin(ON_ANOTHER_SCALE)]
    # A line on another scale cannot show equivalence: it agrees unless it names a rater.
    elsewhere = others[others["analysis"].isin(ON_ANOTHER_SCALE)]
    same = {record["verdict"]} | ({"inconclusive"} if record["verdict"] == "equivalent" else set())
    turned = [*own.loc[own["verdict"] != record["verdict"], "analysis"]]
    turned += [*elsewhere.loc[~elsewhere["verdict"].isin(same), "analysis"]]
    if not turned:
        n = "The one line" if len(others) == 1 else f"All {len(others)} lines"
        does = "reads" if len(others) == 1 else "read"
        return (
            f"{n} that could be given against a doubt {does} as the interval of record does; a "
            "doubt that is not in the table could not be answered."
        )
    n = "One line" if len(turned) == 1 else f"{len(turned)} lines"
    return (
        f"{n} of {len(others)} that answer a doubt would read otherwise than the interval of "
        "record: see the last column."
    )


def _tell_needed(doubts: pd.DataFrame, plan: ComparisonPlan, clusters: str) -> list[str]:
    """How large a study would have to be, by the wider of the two intervals of the verdict."""
    decisive = doubts[doubts["analysis"].isin(["clustered", "disattenuated"])]
    widest = decisive.loc[decisive["std_error"].idxmax()]
    here = widest["n_advisors"]
    if not widest["std_error"] > 0 or here < 2:
        return []
    needed = clusters_needed(
        widest["std_error"], here, plan.sesoi, plan.confidence, plan.equivalence_confidence
    )
    size = show_correlation(plan.sesoi, 2)
    each = show_count(widest["n_engagements"] / here)
    return [
        f"This study has {show_count(here)} {clusters} with about {each} engagements each. If "
        f"others are as precise for each of theirs, it takes {_count(needed.to_find)} {clusters} "
        f"to find a true difference of {size} with a probability of {_power(needed)}, and "
        f"{_count(needed.to_equate)} to show that two ratings which do equally well lie within "
        f"±{size}. With its own {show_count(here)} it would find a true difference of "
        f"{show_correlation(needed.findable, 2)} that often. These are extrapolations from the "
        "wider of the two intervals of the verdict; alliance power answers by simulation."
    ]


def _power(needed: Needed) -> str:
    return f"{needed.power * 100:.0f} %"


def _count(clusters: float) -> str:
    return show_count(clusters) if np.isfinite(clusters) else "more than 100,000"


def _choices(multiverse: pd.DataFrame) -> pd.DataFrame:
    """The primary question's specifications; empty where there are none."""
    if multiverse.empty:
        return multiverse
    shown = read_multiverse(multiverse)
    return multiverse.iloc[:0] if shown.reason else shown.specifications


def _tabulate(
    doubts: pd.DataFrame, choices: pd.DataFrame, plan: ComparisonPlan, clusters: str
) -> Table:
    words: Mapping[str, str] = {"cluster": clusters.removesuffix("s"), "clusters": clusters}
    rows = []
    for row in doubts.to_dict("records"):
        shifted = row["method"] == "rubin_shifted"
        doubt = SHIFTED if shifted else DOUBTS[row["analysis"]].format(**words)
        rows.append(
            [
                doubt,
                show_correlation(row["estimate"]),
                show_interval(row["conf_low"], row["conf_high"]),
                show_count(row["n_engagements"]),
                READINGS[row["verdict"]].format(sesoi=show_correlation(plan.sesoi, 2)),
            ]
        )
    if len(choices):
        rows.append(_choices_row(choices))
    return make_table(
        f"D of the primary outcome under each doubt, with {show_level(plan.confidence)} intervals; "
        "the last two doubts are answered on scales of their own, the choices by their range",
        ("Doubt", "D", "Interval", "n", "Reads by itself"),
        rows,
        numeric=[1, 2, 3],
        wide=[4],
        marked=[0],
    )


def _choices_row(choices: pd.DataFrame) -> list[str]:
    """All reasonable choices: the median, the range, and how many exclude 0 on either side."""
    ahead = int((choices["conf_low"] > 0).sum())
    behind = int((choices["conf_high"] < 0).sum())
    estimates, counts = choices["estimate"], choices["n_engagements"].dropna()
    n = f"{show_count(counts.min())} to {show_count(counts.max())}" if len(counts) else DASH
    return [
        f"Other choices would have been as reasonable: {show_count(len(choices))} combinations",
        show_correlation(estimates.median()),
        f"{show_correlation(estimates.min())} to {show_correlation(estimates.max())}",
        n,
        f"advisee ahead in {show_count(ahead)}, advisor in {show_count(behind)}",
    ]
