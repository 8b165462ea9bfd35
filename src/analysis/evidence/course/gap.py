"""Do advisors rate the alliance higher than advisees? The gap, and what it may be taken for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates, in_order
from analysis.contract.instruments import Instrument
from analysis.contract.plan import ComparisonPlan, ProcessPlan
from analysis.measure.window import PAIR, shared_subscales
from analysis.models.gap import mean_gap
from analysis.models.intervals import Row
from analysis.models.multilevel import fit_two_level

#: Published gaps, advisor minus advisee, in standard deviations (Tryon, Blackwell and Hammel, 2007,
#: Psychotherapy Research 17, 629). They stand beside the result as context; nothing is weighed by
#: them. For coaching no published mean gap is known: that alliance and outcome go together alike by
#: either side's rating says nothing of one.
PUBLISHED = {"psychotherapy, 53 studies": -0.63}
VERDICT = "advisors rate higher"
#: Terms of the mixed model that are kept: with one row per rater, its role is the gap.
_KEPT = ("role", "var_intercept", "var_residual")


def describe_gap(
    scores: pd.DataFrame,
    engagements: pd.DataFrame,
    instruments: Mapping[str, Instrument],
    measurement: pd.DataFrame,
    cluster: str,
    comparison: ComparisonPlan,
    plan: ProcessPlan,
) -> pd.DataFrame:
    """The mean gap, advisor minus advisee, by subscale, check-in and setting, and the verdict.

    Parameters
    ----------
    scores : scores per engagement, rater and occasion (see ``held.keep_held``).
    engagements : the clean table.
    instruments : rater to the instrument that rater answered.
    measurement : the rows of ``measurement.csv``, for what invariance allows.
    cluster : the column of ``engagements`` that engagements are nested in.

    Returns
    -------
    DataFrame
        rows in the vocabulary, ``analysis`` "gap"; without ``occasion`` those of the mean over all
        check-ins that both raters answered. ``term``:

        - ``gap`` and ``gap_d``, as ``models.gap.mean_gap`` (``jackknife`` is the interval of
          record; ``gap in <setting>`` where there are several)
        - ``role``, ``var_intercept``, ``var_residual``, method ``reml``: the mixed model with a
          random intercept for the dyad, per check-in (of the total) also of dyads with one rating;
          it takes dyads of one advisor as independent
        - ``latent gap``: what the invariance models leave of it
        - ``advisors rate higher``: the verdict on the total, with d and its interval; ``note`` says
          why and what invariance allows

        ``supported`` or ``opposed`` when the gap's interval excludes 0; ``equivalent`` when it does
        not and the 90 % interval of d lies within the plan's bound; else ``inconclusive``.
    """
    reason = _why_not(scores, instruments)
    if reason:
        return as_estimates([_verdict_row({}, "not_testable", reason)])
    _, allows = read_invariance(measurement)
    clusters = engagements.set_index("engagement_id")[cluster]
    settings = engagements.set_index("engagement_id")["setting"]
    frames, primary = [], None
    for subscale in shared_subscales(instruments):
        sides = _side_by_side(scores, subscale).assign(
            cluster=lambda frame: frame["engagement_id"].map(clusters)
        )
        both = sides.dropna(subset=list(PAIR))
        whole = _means(both)
        rows = [in_order([_gap_rows(whole, comparison, plan), _mixed_rows(whole, comparison)])]
        if subscale == "total":
            primary = rows[0]
        for occasion, here in sides.groupby("occasion", sort=True):
            own = [_gap_rows(here, comparison, plan)]
            if subscale == "total" and len(here) >= plan.smallest_cell:
                own.append(_mixed_rows(here, comparison))
            rows.append(in_order(own).assign(occasion=occasion))
        if settings.nunique() > 1:
            rows += _by_setting(whole, settings, comparison, plan)
        frames.append(in_order(rows).assign(subscale=subscale))
    verdict = _decide(primary, comparison, plan, allows)
    latent = _latent_rows(measurement)
    together = in_order([*frames, latent, as_estimates([verdict])])
    return together.assign(analysis="gap")[["analysis", *_without(together, "analysis")]]


def _without(frame: pd.DataFrame, name: str) -> list[str]:
    return [column for column in frame.columns if column != name]


def _why_not(scores: pd.DataFrame, instruments: Mapping[str, Instrument]) -> str:
    rated = set(scores.loc[scores["total"].notna(), "rater"])
    if absent := [rater for rater in PAIR if rater not in rated]:
        return f"the {' and the '.join(absent)} never rated the alliance: a gap needs both"
    ranges = [instruments[rater].responses for rater in PAIR]
    if (ranges[0].minimum, ranges[0].maximum) != (ranges[1].minimum, ranges[1].maximum):
        shown = " and ".join(f"{one.minimum:g} to {one.maximum:g}" for one in ranges)
        return f"the raters answered on different scales ({shown}): no common unit for a gap"
    return ""


def _side_by_side(scores: pd.DataFrame, subscale: str) -> pd.DataFrame:
    """One row per engagement and occasion, a column per rater."""
    own = scores[scores["rater"].isin(PAIR)]
    wide = own.pivot(index=["engagement_id", "occasion"], columns="rater", values=subscale)
    return wide.reindex(columns=list(PAIR)).reset_index()


def _means(both: pd.DataFrame) -> pd.DataFrame:
    """Each engagement's mean over the check-ins that both answered."""
    grouped = both.groupby("engagement_id", sort=True)
    return grouped[list(PAIR)].mean().assign(cluster=grouped["cluster"].first()).reset_index()


def _gap_rows(pairs: pd.DataFrame, comparison: ComparisonPlan, plan: ProcessPlan) -> pd.DataFrame:
    """The gap of dyads with both ratings; one row that says why where they are few."""
    n = int(pairs[list(PAIR)].notna().all(axis=1).sum())
    if n < plan.smallest_cell:
        reason = f"fewer than {plan.smallest_cell} engagements have both ratings: not given"
        return as_estimates([{"term": "gap", "estimate": np.nan, "note": reason}])
    levels = comparison.confidence, comparison.equivalence_confidence
    return mean_gap(pairs, "advisee", "advisor", "cluster", *levels)


def _mixed_rows(pairs: pd.DataFrame, comparison: ComparisonPlan) -> pd.DataFrame:
    """The mixed model of all ratings, also of dyads with one."""
    long = pairs.melt(["engagement_id"], list(PAIR), "rater", "rating")
    long["role"] = (long["rater"] == "advisor").astype(float)
    mixed = fit_two_level(
        long, "rating", ["role"], "engagement_id", confidence=comparison.confidence
    )
    mixed = mixed[mixed["term"].isin(_KEPT)].drop(columns="outcome")
    # Its clusters are the dyads; of advisors it knows nothing.
    return mixed.assign(n_engagements=mixed["n_advisors"], n_advisors=np.nan)


def _by_setting(
    whole: pd.DataFrame, settings: pd.Series, comparison: ComparisonPlan, plan: ProcessPlan
) -> list[pd.DataFrame]:
    found = []
    for setting, own in whole.groupby(whole["engagement_id"].map(settings), sort=True):
        rows = _gap_rows(own, comparison, plan)
        rows = rows[rows["term"].isin(["gap", "gap_d"])]
        found.append(rows.assign(term=rows["term"] + f" in {setting}"))
    return found


def read_invariance(measurement: pd.DataFrame) -> tuple[str, str]:
    """Whether the raters use the items alike (held, partial, not, unknown), and what that means."""
    own = measurement[measurement["analysis"] == "invariance"] if len(measurement) else measurement
    if own.empty:
        return "unknown", "whether the raters use the items alike is not known"
    latent = own[own["term"].astype(str).str.startswith("latent mean gap")]
    notes = " ".join(str(note) for note in own["note"].dropna())
    if latent.empty:
        return "unknown", f"whether the raters use the items alike is not known: {notes}"
    if latent["estimate"].notna().any():
        partial = latent["note"].astype(str).str.contains("partial").any()
        if partial:
            return "partial", (
                "only some items are used alike by both raters; the latent gap rests on these"
            )
        return "held", "both raters use the items alike (scalar invariance holds)"
    reason = str(latent["note"].iloc[0])
    if "does not hold" in reason:
        return "not", (
            "the raters do not use the items alike (scalar invariance fails): the gap is one of "
            "answers and need not be one of the alliance"
        )
    return "unknown", f"whether the raters use the items alike is not known: {reason}"


def _latent_rows(measurement: pd.DataFrame) -> pd.DataFrame:
    """The latent gaps of the invariance models, a row per subscale."""
    if measurement.empty:
        return measurement
    named = measurement["term"].astype(str).str.startswith("latent mean gap: ")
    latent = measurement[named & measurement["estimate"].notna()]
    if latent.empty:
        return latent
    kept = latent.drop(columns=["dataset", "analysis", "rater", "occasion"], errors="ignore")
    kept = kept.assign(
        term="latent gap", subscale=latent["term"].str.removeprefix("latent mean gap: ")
    )
    if "occasion" in latent:
        when = latent["occasion"].map(lambda occasion: f"at check-in {occasion:.0f}")
        kept["note"] = when + "; " + latent["note"].fillna("")
    return as_estimates(kept.to_dict("records"))


def _decide(rows: pd.DataFrame, comparison: ComparisonPlan, plan: ProcessPlan, allows: str) -> Row:
    """The verdict on the total over all check-ins."""
    if rows["estimate"].isna().all():
        return _verdict_row({}, "not_testable", str(rows["note"].iloc[0]))
    jackknife = rows["method"] == "jackknife"
    gap = rows[(rows["term"] == "gap") & jackknife].iloc[0]
    d_rows = rows[rows["term"] == "gap_d"]
    d = d_rows[d_rows["method"] == "jackknife"].iloc[0]
    narrow = d_rows[d_rows["method"] != "jackknife"].iloc[0]
    bound = plan.equivalence_d
    if np.isnan(gap["conf_low"]):
        verdict, reason = "inconclusive", str(gap["note"])
    elif gap["n_advisors"] < comparison.minimum_clusters:
        verdict = "inconclusive"
        reason = f"only {gap['n_advisors']:.0f} clusters: no interval can be relied on"
    elif gap["conf_low"] > 0 or gap["conf_high"] < 0:
        verdict = "supported" if gap["conf_low"] > 0 else "opposed"
        reason = f"the interval lies {'above' if verdict == 'supported' else 'below'} 0"
        if d["conf_low"] < bound and d["conf_high"] > -bound:
            reason += f"; the gap may be smaller than d = {bound:g}"
    elif narrow["conf_low"] > -bound and narrow["conf_high"] < bound:
        verdict, reason = "equivalent", f"whatever gap there is, it is smaller than d = {bound:g}"
    else:
        verdict = "inconclusive"
        reason = f"the interval neither excludes 0 nor lies within d = +-{bound:g}"
    return _verdict_row(d.dropna().to_dict(), verdict, "; ".join([reason, allows]))


def _verdict_row(d: Row, verdict: str, reason: str) -> Row:
    return {
        "estimate": np.nan,
        **d,
        "analysis": "gap",
        "subscale": "total",
        "term": VERDICT,
        "primary": True,
        "verdict": verdict,
        "note": reason,
    }
