"""Claims on what follows a rupture: acts of repair, what repair leaves behind, progress.

Nothing is counted before it has happened: an act counts from the check-in after it, a rupture as
unrepaired only once a further check-in has passed, and controls are those without a rupture *so
far*, whatever became of them later.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.contract.claims import Claim
from analysis.contract.dictionary import CAUSES, CONFRONTATION_EVENTS, WITHDRAWAL_EVENTS
from analysis.evidence.claims.answers import Answer, answer_from_row, answer_with, refuse
from analysis.evidence.claims.data import ClaimData
from analysis.evidence.claims.values import clusters, standardise

#: The act that answers what a rupture is about; causes that no act of the vocabulary answers are
#: left out.
MATCHING = {
    "goal": "goal_renegotiated",
    "expectations": "goal_renegotiated",
    "task": "task_renegotiated",
    "results": "task_renegotiated",
    "bond": "rapport_work",
    "support": "rapport_work",
    "transference": "rapport_work",
    "boundary": "rapport_work",
}
#: Engagements with an unrepaired rupture below which progress after one says nothing.
FEWEST_UNREPAIRED = 10


def repair_acts(data: ClaimData, claim: Claim) -> Answer:
    """Log odds of repair at a check-in after the first act, against ruptures without one so far.

    Settings: ``acts``. Discrete-time hazard of repair: an act counts from the check-in after its
    own (no immortal time), ending early is a competing event, base rates are free by check-ins
    since onset, and whether the fall was a deep one is held. Only ruptures whose onset an event of
    withdrawal or confrontation marks are taken: false alarms return by themselves and ask for no
    act, so that with them acts would seem to hinder.
    """
    from analysis.models.ruptures.events import flag_events, type_flags
    from analysis.models.ruptures.hazard import fit_hazard, person_periods

    study = data.study
    if study.refusal:
        return refuse(study.refusal)
    acted = {"acted": flag_events(study.ratings, data.placed, list(claim.settings["acts"]))}
    episodes = _courses(data).episodes
    periods = person_periods(study.ratings, episodes, acted, max(study.plan.windows))
    fall = episodes.reference - episodes.score
    untyped = type_flags(study.ratings, data.placed)["untyped"]
    onsets = _keys(data).assign(
        marked=~untyped[episodes.course, episodes.onset],
        deep=(fall > np.median(fall)).astype(int) if len(fall) else 0,
    )
    periods = periods.merge(onsets, on=["engagement_id", "onset"], how="left")
    periods = periods[periods["marked"].astype(bool)]
    if periods.empty:
        return refuse("missing: ruptures that events mark and a further check-in follows")
    confidence = data.plan.comparison.confidence
    repaired, ended = (
        fit_hazard(periods, ["acted", "deep"], event, confidence)[0]
        for event in ("repaired", "ended")
    )
    return _hazard_answer(data, repaired, f"log odds of ending early {_told(ended)}")


def matched_repair(data: ClaimData, claim: Claim) -> Answer:
    """Log odds of repair after an act that matches the rupture's cause against one that does not.

    Among ruptures whose onset has a coded cause, at check-ins after the first act of
    renegotiation or rapport: whether one of the acts so far matched (``MATCHING``); otherwise as
    ``repair_acts``.
    """
    from analysis.models.ruptures.events import flag_events, place_events, since_last_answer
    from analysis.models.ruptures.hazard import fit_hazard, person_periods

    study = data.study
    if study.refusal:
        return refuse(study.refusal)
    ratings, episodes = study.ratings, _courses(data).episodes
    acts = sorted(set(MATCHING.values()))
    flags = {name: flag_events(ratings, data.placed, [name]) for name in acts}
    periods = person_periods(ratings, episodes, flags, max(study.plan.windows))
    if periods.empty:
        return refuse("missing: ruptures that were followed by a further check-in")
    ruptures = data.events["event"].isin((*WITHDRAWAL_EVENTS, *CONFRONTATION_EVENTS))
    coded = data.events[ruptures & data.events["cause"].notna()]
    causes = place_events(coded.assign(event=coded["cause"]), data.alliance)
    onsets = _keys(data)
    for name in CAUSES:
        here = since_last_answer(flag_events(ratings, causes, [name]), ratings.answered)
        onsets[f"cause {name}"] = here[episodes.course, episodes.onset]
    periods = periods.merge(onsets, on=["engagement_id", "onset"], how="left")
    fitting = {
        act: np.logical_or.reduce(
            [periods[f"cause {cause}"] for cause, answer in MATCHING.items() if answer == act]
        )
        for act in acts
    }
    done = {act: periods[act].to_numpy(dtype=bool) for act in acts}
    periods["matched"] = np.logical_or.reduce([done[a] & fitting[a] for a in acts]).astype(int)
    known, acted = (np.logical_or.reduce(list(flags.values())) for flags in (fitting, done))
    periods = periods[known & acted]
    if periods.empty:
        return refuse("missing: acts that answer a rupture with a coded cause")
    row = fit_hazard(periods, ["matched"], "repaired", data.plan.comparison.confidence)[0]
    return _hazard_answer(data, row, "")


def repair_growth(data: ClaimData, claim: Claim) -> Answer:
    """A rating after a repair less that of matched engagements without rupture, beyond chance.

    Settings: ``rating``, a subscale of the advisee's. The change from before the fall to the
    check-in *after* the one that defines the repair, against engagements without rupture so far
    that answered the same check-ins, in SD between engagements; what surrogates show, which fell
    and rose by chance, is taken off (``analysis.models.ruptures.growth``). Whether a later rupture
    is rarer than where none was is told beside it.
    """
    from analysis.evidence.ruptures.study import contrast, interval_of
    from analysis.models.ruptures.exposures import after_repair, log_rate_ratio
    from analysis.models.ruptures.growth import (
        difference_in_growth,
        find_cells,
        growth,
        pairs_by_cluster,
        pairs_compared,
    )

    study, name = data.study, claim.settings["rating"]
    if study.refusal:
        return refuse(study.refusal)
    if name not in {"total", *(study.companions or {})}:
        return refuse(f"missing: ratings of the {name} that vary within engagements")
    courses = _courses(data)
    cells = find_cells(courses)
    if not cells:
        return refuse("missing: repaired ruptures with check-ins before and after them")
    parts = {"growth": growth(cells, name), "later": after_repair}
    sums = study.sums(_threshold(data), courses, parts)
    unit = float(np.sqrt(np.nanmean(np.nanvar(study.ratings.scores[name], axis=0))))
    confidence = data.plan.comparison.confidence
    found = contrast(sums["growth"], lambda s: difference_in_growth(s) / unit, confidence)
    estimate, replicates = found.observed, found.replicates
    if np.isfinite(found.expected):  # else chance repairs no fall: nothing to take off
        estimate, replicates = estimate - found.expected, replicates - found.expected_replicates
    row = interval_of(estimate, replicates, confidence, found.monte_carlo)
    row |= {
        "estimate": estimate,
        "n_engagements": float(pairs_compared(sums["growth"].observed.sum(axis=0))),
        "n_advisors": int((pairs_by_cluster(sums["growth"].observed) > 0).sum()),
        "n_largest": float(pairs_by_cluster(sums["growth"].observed).max()),
        "method": "change against matched controls over surrogates, cluster jackknife",
    }
    answer = answer_from_row(row, confidence, data.plan.comparison.equivalence_confidence)
    later = contrast(sums["later"], log_rate_ratio, confidence)
    beyond = later.observed - later.expected
    interval = interval_of(
        beyond, later.replicates - later.expected_replicates, confidence, later.monte_carlo
    )
    told = f"log rate ratio of a later rupture {_told(interval | {'estimate': beyond})}"
    return answer_with(answer, note="; ".join(filter(None, [told, answer.note])))


def progress_after_rupture(data: ClaimData, claim: Claim) -> Answer:
    """Progress after no rupture or a repaired one less that after an unrepaired one, in SD.

    Each report after an engagement's first, for engagements without a rupture up to the first: a
    rupture counts as unrepaired at a report if it began before the engagement's last check-in by
    then and was not repaired at it. Least squares with the first report and the report's number
    held, CR2 standard errors. Engagements that broke off have no later report and are not in it.
    """
    from analysis.models.multilevel import ols_cr2

    study = data.study
    if study.refusal:
        return refuse(study.refusal)
    reports, source = _reports(data)
    if reports.empty:
        return refuse("missing: reports of progress at several weeks, beside ratings with weeks")
    unrepaired = reports["state"] == "unrepaired"
    frame = pd.DataFrame(
        {
            "engagement_id": reports["engagement_id"],
            "cluster": reports["engagement_id"].map(clusters(data)),
            "progress": standardise(reports["value"]),
            "first": standardise(reports["first"]),
            "well": 1.0 - unrepaired.astype(float),
        }
    )
    numbers = pd.get_dummies(reports["number"], prefix="report", drop_first=True, dtype=float)
    frame = pd.concat([frame, numbers], axis=1)
    few = frame.loc[unrepaired, "engagement_id"].nunique()
    if few < FEWEST_UNREPAIRED:
        return refuse(
            f"missing: reports of progress after an unrepaired rupture of at least "
            f"{FEWEST_UNREPAIRED} engagements"
        )
    kept = [name for name in ("well", "first", *numbers) if frame[name].nunique() > 1]
    rows = ols_cr2(frame.reset_index(drop=True), "progress", kept, "cluster")
    plan = data.plan.comparison
    answer = answer_from_row(
        rows[rows["term"] == "well"].iloc[0], plan.confidence, plan.equivalence_confidence
    )
    same = "the advisee gave both ratings and progress" if source == "advisee" else ""
    return answer_with(
        answer,
        outcome="progress",
        outcome_source=source,
        timing="concurrent",
        n_engagements=float(frame["engagement_id"].nunique()),
        note="; ".join(
            filter(None, [f"{few} engagements after one unrepaired", same, answer.note])
        ),
    )


def _threshold(data: ClaimData):
    return data.study.threshold(data.study.plan.size, data.study.plan.reference)


def _courses(data: ClaimData):
    """The observed courses under the rule that the plan's headline rests on."""
    return data.study.observed(_threshold(data))


def _keys(data: ClaimData) -> pd.DataFrame:
    """Engagement and onset of each episode, as ``person_periods`` names them."""
    ratings, episodes = data.study.ratings, _courses(data).episodes
    return pd.DataFrame(
        {
            "engagement_id": ratings.engagement_ids[episodes.course],
            "onset": ratings.occasions[episodes.onset],
        }
    )


def _hazard_answer(data: ClaimData, row: Mapping[str, object], note: str) -> Answer:
    plan = data.plan.comparison
    answer = answer_from_row(row, plan.confidence, plan.equivalence_confidence)
    if answer.refusal:
        return refuse(f"missing: repairs enough to tell ({answer.refusal})")
    return answer_with(
        answer,
        method="discrete-time hazard, clustered errors",
        note="; ".join(filter(None, [note, answer.note])),
    )


def _told(row: Mapping[str, object]) -> str:
    if not np.isfinite(row["estimate"]):
        return "not estimable"
    if not np.isfinite(row["conf_low"]):
        return f"{row['estimate']:.2f}"
    return f"{row['estimate']:.2f} ({row['conf_low']:.2f} to {row['conf_high']:.2f})"


def _reports(data: ClaimData) -> tuple[pd.DataFrame, str]:
    """Later reports of progress with the first one and what had become of ruptures by then.

    ``engagement_id, value, first, number, state`` (none, repaired, unrepaired; reports while a
    rupture has only just shown are left out), and who reported.
    """
    from analysis.evidence.claims.values import PREFERRED

    rows = data.outcomes
    if "week" not in rows or "week" not in data.alliance:
        return pd.DataFrame(), ""
    rows = rows[(rows["outcome"] == "progress") & rows["value"].notna() & rows["week"].notna()]
    rows = rows[rows["phase"].isin(["during", "end"])]
    for source in PREFERRED:
        own = rows[rows["source"] == source]
        if (own.groupby("engagement_id")["week"].nunique() > 1).any():
            break
    else:
        return pd.DataFrame(), ""
    sign = -1.0 if data.declared["progress"].higher_is == "worse" else 1.0
    reports = own.groupby(["engagement_id", "week"])["value"].mean().mul(sign).reset_index()
    reports["number"] = reports.groupby("engagement_id").cumcount()
    reports["first"] = reports.groupby("engagement_id")["value"].transform("first")
    reports = _with_states(data, reports)
    begun = reports.loc[reports["number"] == 0].set_index("engagement_id")["state"]
    sound = begun.index[begun == "none"]
    later = reports[(reports["number"] > 0) & reports["engagement_id"].isin(sound)]
    return later[later["state"] != "new"].reset_index(drop=True), source


def _with_states(data: ClaimData, reports: pd.DataFrame) -> pd.DataFrame:
    """What had become of ruptures at the advisee's last answered check-in by each report."""
    ratings, traces = data.study.ratings, _courses(data).traces
    places = np.arange(len(ratings.occasions))
    began = np.maximum.accumulate(np.where(traces.begins, places, -1), axis=1)
    mended = np.maximum.accumulate(np.where(traces.repaired, places, -1), axis=1)
    state = np.select(
        [began < 0, mended > began, began == places], ["none", "repaired", "new"], "unrepaired"
    )
    course, place = np.nonzero(ratings.answered)
    known = pd.DataFrame(
        {
            "engagement_id": ratings.engagement_ids[course],
            "occasion": ratings.occasions[place],
            "state": state[course, place],
        }
    )
    own = data.alliance[data.alliance["rater"] == "advisee"]
    known = known.merge(
        own[["engagement_id", "occasion", "week"]], on=["engagement_id", "occasion"]
    )
    known = known.dropna(subset=["week"]).astype({"week": float}).sort_values("week", kind="stable")
    reports = reports.astype({"week": float}).sort_values(["week", "engagement_id"], kind="stable")
    joined = pd.merge_asof(
        reports, known[["engagement_id", "week", "state"]], on="week", by="engagement_id"
    )
    ordered = joined.dropna(subset=["state"]).sort_values(["engagement_id", "week"])
    return ordered.reset_index(drop=True)
