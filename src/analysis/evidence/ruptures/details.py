"""What goes with ruptures under the plan's own rule: course, types, conditions, acts, sequels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.evidence.ruptures.conditions import find_conditions, find_groups
from analysis.evidence.ruptures.occurrence import share_rows
from analysis.evidence.ruptures.study import (
    Study,
    Threshold,
    contrast,
    interval_of,
    slopes_of,
)
from analysis.models.cluster_sums import leave_one_out
from analysis.models.intervals import Row, jackknife_interval, no_interval
from analysis.models.ruptures.events import (
    TYPES,
    flag_events,
    type_flags,
    types_of_beginnings,
)
from analysis.models.ruptures.exposures import (
    after_missed,
    after_repair,
    by_exposure,
    left_out_before,
    log_excess_ratio,
    log_rate_ratio,
    missed_after,
)
from analysis.models.ruptures.growth import (
    difference_in_growth,
    find_cells,
    growth,
    pairs_by_cluster,
    pairs_compared,
)
from analysis.models.ruptures.hazard import fit_hazard, person_periods
from analysis.models.ruptures.statistics import (
    Courses,
    Parts,
    Sums,
    divide,
    occurrence_among,
    timeline,
)

#: Conditions that are always compared, and what their ratios are called.
_RATIOS = {
    "after_missed": "rate_after_missed_checkin",
    "missed_after": "missed_checkin_after_drop",
}
#: Kept per check-in by ``timeline``, and what each is a share of.
_TIMELINE = {"beginning": (0, 1), "in_rupture": (2, 4), "repaired": (3, 4)}


def detail_rows(
    study: Study, threshold: Threshold, engagements: pd.DataFrame, events: pd.DataFrame | None
) -> list[Row]:
    """All further rows of one rater under one rule.

    Parameters
    ----------
    events : as ``place_events`` gives them, or None: then nothing is said of types and acts.
    """
    courses = study.observed(threshold)
    ratings = study.ratings
    conditions = find_conditions(ratings, engagements, events)
    groups = find_groups(ratings, engagements)
    cells = find_cells(courses)
    grown = [name for name in ("total", "bond") if name in {"total", *(study.companions or {})}]
    parts: dict[str, Parts] = {
        "timeline": timeline,
        "after_missed": after_missed,
        "missed_after": missed_after,
        "after_repair": after_repair,
        **{name: by_exposure(*flags) for name, flags in conditions.items()},
        **{f"among_{name}": occurrence_among(flags) for name, flags in groups.items()},
    }
    if cells:
        parts |= {f"growth_{name}": growth(cells, name) for name in grown}
    flags = type_flags(ratings, events) if events is not None else None
    if flags is not None:
        parts["types"] = types_of_beginnings(flags)
    sums = study.sums(threshold, courses, parts)
    rows = _timeline_rows(study, sums["timeline"])
    rows += _type_rows(study, sums.get("types"), courses)
    exposed = _exposed_engagements(courses, conditions)
    for name, term in _RATIOS.items():
        rows += _ratio_rows(study, term, sums[name], exposed[name])
    rows.append(_begun_after_missed(study, sums["after_missed"], courses))
    slopes = slopes_of(study, [threshold])[threshold.name] if groups else None
    for name in groups:
        rows += share_rows(study, f"ruptured_among_{name}", sums[f"among_{name}"], slopes)
    for name in conditions:
        rows += _ratio_rows(study, f"rate_{name}", sums[name], exposed[name], corrected=True)
    rows = [{"analysis": "rupture", **row} for row in rows]
    again = "later_rupture_after_repair"
    after = _ratio_rows(study, again, sums["after_repair"], exposed["after_repair"])
    for name in grown:
        after += _growth_rows(study, name, sums.get(f"growth_{name}"))
    after += _act_rows(study, courses, events)
    rows += [{"analysis": "repair", **row} for row in after]
    return [row | {"method": threshold.name} for row in rows]


def _timeline_rows(study: Study, sums: Sums) -> list[Row]:
    """Per check-in: beginning a rupture (of those at risk), in one, past one (of answers)."""
    rows: list[Row] = []
    for place, occasion in enumerate(study.ratings.occasions):
        for term, (upper, lower) in _TIMELINE.items():

            def share(totals: np.ndarray, a: int = upper, b: int = lower, at: int = place):
                return divide(totals[..., 5 * at + a], totals[..., 5 * at + b])

            found = contrast(sums, share, study.confidence)
            n = float(sums.observed[:, 5 * place + lower].sum())
            if n == 0:
                continue
            counts = {"occasion": int(occasion), "n_engagements": n}
            counts["n_advisors"] = int((sums.observed[:, 5 * place + lower] > 0).sum())
            known = found.replicates[~np.isnan(found.replicates)]
            interval = jackknife_interval(found.observed, known, study.confidence)
            rows.append({"term": term, "estimate": found.observed, **interval, **counts})
            chance = {
                **no_interval("surrogates; interval: where 95 % of sets lie"),
                "std_error": found.monte_carlo,
                "conf_low": found.band[0],
                "conf_high": found.band[1],
            }
            name = f"{term}_by_chance"
            rows.append({"term": name, "estimate": found.expected, **chance, **counts})
    return rows


def _exposed_engagements(
    courses: Courses, conditions: dict[str, tuple[np.ndarray, np.ndarray]]
) -> dict[str, int]:
    """How many engagements are exposed at all, by condition."""
    episodes, answered = courses.episodes, courses.ratings.answered
    return {
        "after_missed": int(left_out_before(answered).any(axis=1).sum()),
        "missed_after": len(np.unique(episodes.course)),
        "after_repair": int((episodes.first & episodes.repaired).sum()),
        **{name: int(flags[0].any(axis=1).sum()) for name, flags in conditions.items()},
    }


def _ratio_rows(
    study: Study, term: str, sums: Sums, engagements: int, corrected: bool = False
) -> list[Row]:
    """A log rate ratio, and how far it lies from the one that surrogates show.

    ``engagements`` counts those exposed, which is what the ratio rests on.
    """
    found = contrast(sums, log_rate_ratio, study.confidence)
    total = sums.observed.sum(axis=0)
    counted = {"n_engagements": engagements, "n_advisors": study.ratings.n_clusters}
    exposed, begun = total[1::4].sum(), total[0::4].sum() + total[2::4].sum()
    note = f"{exposed:.0f} check-ins exposed, {begun:.0f} events in all"
    interval = jackknife_interval(found.observed, found.replicates, study.confidence)
    told = "; ".join(filter(None, [interval["note"], note]))
    rows = [{"term": f"log_ratio_{term}", "estimate": found.observed, **interval, "note": told}]
    beyond = found.observed - found.expected
    replicates = found.replicates - found.expected_replicates
    interval = interval_of(beyond, replicates, study.confidence, found.monte_carlo)
    rows.append({"term": f"log_ratio_{term}_excess", "estimate": beyond, **interval})
    if corrected:
        expected = sums.expected.sum(axis=0)
        estimate = float(log_excess_ratio(total, expected))
        without = log_excess_ratio(leave_one_out(sums.observed), leave_one_out(sums.expected))
        interval = jackknife_interval(estimate, without, study.confidence)
        if np.isnan(estimate):
            interval = no_interval("no excess over chance on one of the sides")
        rows.append({"term": f"log_ratio_{term}_corrected", "estimate": estimate, **interval})
    return [row | counted for row in rows]


def _begun_after_missed(study: Study, sums: Sums, courses: Courses) -> Row:
    """Share of the episodes that begin after a check-in left out."""

    def share(totals: np.ndarray) -> np.ndarray:
        a, b = totals[..., 0::4].sum(axis=-1), totals[..., 2::4].sum(axis=-1)
        return divide(a, a + b)

    estimate = float(share(sums.observed.sum(axis=0)))
    interval = jackknife_interval(estimate, share(leave_one_out(sums.observed)), study.confidence)
    row = {"term": "begun_after_missed_checkin", "estimate": estimate, **interval}
    return row | _engaged(study, courses)


def _engaged(study: Study, courses: Courses) -> Row:
    """Engagements with an episode, and their clusters."""
    engaged = np.unique(courses.episodes.course)
    caseloads = np.bincount(study.ratings.codes[engaged], minlength=1)
    return {
        "n_engagements": len(engaged),
        "n_advisors": int((caseloads > 0).sum()),
        "n_largest": caseloads.max(),
    }


def _type_rows(study: Study, sums: Sums | None, courses: Courses) -> list[Row]:
    """Share of episodes of each type: observed, by chance, and among the excess."""
    if sums is None:
        row = {"term": "untyped", "estimate": np.nan, "verdict": "not_testable"}
        return [row | {"note": "no events: ruptures cannot be typed"}]
    counts = _engaged(study, courses)
    rows: list[Row] = []
    for place, name in enumerate(TYPES):

        def share(totals: np.ndarray, place: int = place) -> np.ndarray:
            return divide(totals[..., place], totals[..., -1])

        found = contrast(sums, share, study.confidence)
        interval = jackknife_interval(found.observed, found.replicates, study.confidence)
        rows.append({"term": name, "estimate": found.observed, **interval, **counts})
        chance = no_interval("surrogates, with the events as they were")
        chance |= {"conf_low": found.band[0], "conf_high": found.band[1]}
        rows.append({"term": f"{name}_by_chance", "estimate": found.expected, **chance, **counts})
        rows.append(_of_excess(study, name, place, sums, counts))
    return rows


def _of_excess(study: Study, name: str, place: int, sums: Sums, counts: Row) -> Row:
    """Share of a type among the episodes beyond chance, if these are clearly more than none."""

    def excess(totals: np.ndarray, expected: np.ndarray, at: int) -> np.ndarray:
        return totals[..., at] - expected[..., at]

    observed, expected = sums.observed.sum(axis=0), sums.expected.sum(axis=0)
    without = leave_one_out(sums.observed), leave_one_out(sums.expected)
    whole = float(excess(observed, expected, -1))
    error = float(sums.by_set[:, -1].std(ddof=1) / np.sqrt(len(sums.by_set)))
    sure = interval_of(whole, excess(*without, -1), study.confidence, error)
    if not sure["conf_low"] > 0:
        note = "no clear excess of episodes that could be typed"
        return {"term": f"{name}_excess", "estimate": np.nan, **no_interval(note), **counts}
    estimate = float(excess(observed, expected, place)) / whole
    replicates = excess(*without, place) / excess(*without, -1)
    interval = jackknife_interval(estimate, replicates, study.confidence)
    return {"term": f"{name}_excess", "estimate": estimate, **interval, **counts}


def _growth_rows(study: Study, subscale: str, sums: Sums | None) -> list[Row]:
    """Change after repair against engagements without rupture, in SDs between engagements."""
    if sums is None:
        note = "no repaired rupture with check-ins before and after it"
        row = {"term": "change_after_repair", "subscale": subscale, "estimate": np.nan}
        return [row | no_interval(note)]
    scores = study.ratings.scores[subscale]
    unit = float(np.sqrt(np.nanmean(np.nanvar(scores, axis=0))))
    pairs = float(pairs_compared(sums.observed.sum(axis=0)))
    counts = {
        "subscale": subscale,
        "n_engagements": pairs,
        "n_advisors": int((pairs_by_cluster(sums.observed) > 0).sum()),
        "n_largest": float(pairs_by_cluster(sums.observed).max()),
    }
    rows: list[Row] = []
    for suffix, adjusted in (("", False), ("_adjusted", True)):

        def difference(totals: np.ndarray, adjusted: bool = adjusted) -> np.ndarray:
            return difference_in_growth(totals, adjusted) / unit

        found = contrast(sums, difference, study.confidence)
        interval = jackknife_interval(found.observed, found.replicates, study.confidence)
        term = f"change_after_repair{suffix}"
        rows.append({"term": term, "estimate": found.observed, **interval, **counts})
        beyond = found.observed - found.expected
        replicates = found.replicates - found.expected_replicates
        interval = interval_of(beyond, replicates, study.confidence, found.monte_carlo)
        note = "in SDs between engagements, over what surrogates without ruptures show"
        told = "; ".join(filter(None, [interval["note"], note]))
        rows.append(
            {"term": f"{term}_excess", "estimate": beyond, **interval, **counts, "note": told}
        )
    return rows


def _act_rows(study: Study, courses: Courses, events: pd.DataFrame | None) -> list[Row]:
    """Log odds of repair, and of ending early, at a check-in after an act of repair."""
    acts = study.plan.acts
    if events is None:
        row = {"term": "log_odds_repair", "estimate": np.nan, "verdict": "not_testable"}
        return [row | {"note": "no events: no acts of repair are known"}]
    flags = {name: flag_events(study.ratings, events, [name]) for name in acts}
    periods = person_periods(study.ratings, courses.episodes, flags, max(study.plan.windows))
    rows: list[Row] = []
    for event, term in (("repaired", "log_odds_repair"), ("ended", "log_odds_ending")):
        for row in fit_hazard(periods, acts, event, study.confidence):
            rows.append(row | {"term": f"{term}_after_{row['term']}"})
    return rows
