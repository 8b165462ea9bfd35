"""Claims on what people report along the way: how it changes, and what events are about."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.contract.claims import Claim
from analysis.contract.dictionary import CAUSES, CONFRONTATION_EVENTS, WITHDRAWAL_EVENTS
from analysis.evidence.claims.answers import Answer, answer_from_row, answer_with, refuse
from analysis.evidence.claims.data import ClaimData
from analysis.evidence.claims.values import clusters
from analysis.evidence.grid import FEWEST_ENGAGEMENTS
from analysis.models.cluster_sums import add_by_cluster, code_clusters, leave_one_out
from analysis.models.intervals import jackknife_interval


def outcome_trend(data: ClaimData, claim: Claim) -> Answer:
    """Mean change of an outcome from an engagement's first report to its last, in SD of the first.

    Settings: ``outcome``. Each source's change is standardised by that source's first reports and
    an engagement's changes are averaged; cluster jackknife.
    """
    name = claim.settings["outcome"]
    rows = data.outcomes[
        (data.outcomes["outcome"] == name)
        & data.outcomes["value"].notna()
        & data.outcomes["week"].notna()
    ].sort_values(["engagement_id", "source", "week", "value"])
    # Reports of one week are averaged: their order within it tells of no change.
    rows = rows.groupby(["engagement_id", "source", "week"], as_index=False)["value"].mean()
    reports = rows.groupby(["engagement_id", "source"])
    ends = reports.agg(first=("value", "first"), last=("value", "last"), weeks=("week", "nunique"))
    ends = ends[ends["weeks"] > 1].astype(float)
    spread = ends.groupby("source")["first"].std(ddof=1)
    sign = -1.0 if data.declared[name].higher_is == "worse" else 1.0
    per_source = ends.index.get_level_values("source").map(spread.where(spread > 0))
    change = (sign * (ends["last"] - ends["first"]) / per_source.to_numpy(dtype=float)).dropna()
    if change.empty:
        return refuse(f"missing: several reports of {name} that differ at the first")
    mean = change.groupby("engagement_id").mean()
    answer = _mean(data, mean, mean * 0 + 1)
    grouped = change.groupby("source")
    by_source = grouped.mean()[grouped.size() >= FEWEST_ENGAGEMENTS]
    told = ", ".join(f"{source} {value:.3f}" for source, value in by_source.items())
    return answer_with(answer, outcome=name, note=f"change by who reported it: {told}")


def cause_share(data: ClaimData, claim: Claim) -> Answer:
    """Share of ruptures' causes that are among those named, less one half; by engagement.

    Settings: ``causes``. Events of withdrawal and confrontation with a coded cause; an engagement
    counts each of its causes once, so that one long rupture is not many.
    """
    coded = _coded(data)
    if coded.empty:
        return refuse("missing: a coded cause of events of withdrawal or confrontation")
    wanted = coded["cause"].isin(claim.settings["causes"])
    grouped = wanted.groupby(coded["engagement_id"])
    answer = _mean(data, grouped.sum().astype(float), grouped.size().astype(float), less=0.5)
    return answer_with(answer, note=f"{len(coded)} causes coded")


def cause_rates(data: ClaimData, claim: Claim) -> Answer:
    """Logarithm of how much more often the named causes are coded than the others, per cause.

    Settings: ``causes``. The rate of the named causes (their count by their number) over the rate
    of all others in the vocabulary; cluster jackknife on the logarithm.
    """
    coded = _coded(data)
    if coded.empty:
        return refuse("missing: a coded cause of events of withdrawal or confrontation")
    others = [cause for cause in CAUSES if cause not in (*claim.settings["causes"], "other")]
    named = coded["cause"].isin(claim.settings["causes"]).astype(float)
    rest = coded["cause"].isin(others).astype(float)
    columns = pd.DataFrame({"named": named, "rest": rest}).groupby(coded["engagement_id"]).sum()
    ratio = np.log(len(others) / len(claim.settings["causes"]))

    def log_rate(totals: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.log(totals[..., 0] / totals[..., 1]) + ratio
        return np.where(np.isfinite(value), value, np.nan)

    return _by_clusters(data, columns, log_rate, "log rate ratio, cluster jackknife")


def _coded(data: ClaimData) -> pd.DataFrame:
    """Engagements and the causes coded for their ruptures, each once."""
    events = data.events
    if "cause" not in events:
        return events.iloc[:0].assign(cause=None)
    ruptures = events["event"].isin((*WITHDRAWAL_EVENTS, *CONFRONTATION_EVENTS))
    coded = events[ruptures & events["cause"].notna()]
    return coded[["engagement_id", "cause"]].drop_duplicates()


def _mean(data: ClaimData, sums: pd.Series, counts: pd.Series, less: float = 0.0) -> Answer:
    """The ratio of two sums over engagements less a constant, with a cluster jackknife."""

    def ratio(totals: np.ndarray) -> np.ndarray:
        known = totals[..., 1] > 0
        return np.where(known, totals[..., 0] / np.where(known, totals[..., 1], 1), np.nan) - less

    columns = pd.DataFrame({"sum": sums, "count": counts})
    return _by_clusters(data, columns, ratio, "mean, cluster jackknife")


def _by_clusters(data: ClaimData, columns: pd.DataFrame, statistic, method: str) -> Answer:
    """A statistic of sums over engagements (index), with a delete-one-cluster jackknife."""
    kept = columns.sort_index()
    codes, labels = code_clusters(clusters(data).reindex(kept.index))
    totals = add_by_cluster(kept.to_numpy(dtype=float), codes, len(labels))
    estimate = float(statistic(totals.sum(axis=0)))
    plan = data.plan.comparison
    row = jackknife_interval(estimate, statistic(leave_one_out(totals)), plan.confidence)
    row |= {
        "estimate": estimate,
        "n_engagements": len(kept),
        "n_advisors": len(labels),
        "n_largest": int(np.bincount(codes).max()),
        "method": method,
    }
    return answer_from_row(row, plan.confidence, plan.equivalence_confidence)
