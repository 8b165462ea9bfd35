"""Does an early difference between the raters' views go with a worse outcome?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates, in_order
from analysis.contract.instruments import Instrument
from analysis.contract.plan import ComparisonPlan, ProcessPlan
from analysis.evidence.cells import Cell
from analysis.evidence.verdict import INDEPENDENT_SOURCES
from analysis.measure.window import PAIR
from analysis.models.intervals import Row
from analysis.models.surface import difference_along, fit_response_surface, shared_cells

VERDICT = "early discrepancy goes with worse"
#: Cells of the plane along each side of the response range.
CELLS = 12


def describe_discrepancy(
    frame: pd.DataFrame,
    scores: pd.DataFrame,
    cells: Sequence[Cell],
    instruments: Mapping[str, Instrument],
    cluster: str,
    primary: tuple[str | None, str | None, str],
    comparison: ComparisonPlan,
    plan: ProcessPlan,
) -> pd.DataFrame:
    """Response surfaces of outcomes on both raters' early totals, and the verdict.

    Parameters
    ----------
    frame : the analysis frame: a row per engagement with ``advisee_total`` and ``advisor_total``,
        means over the plan's window.
    scores : scores per engagement, rater and occasion, for the later check-ins.
    cells : the outcomes (``evidence.cells.collect_cells``), oriented so that higher is better.
    instruments : rater to the instrument that rater answered.
    primary : outcome, source and phase of the cell that the plan decides on.

    Returns
    -------
    DataFrame
        rows in the vocabulary, ``analysis`` "surface", for each cell at the end or later: those of
        ``models.surface.fit_response_surface`` with ``outcome_source``, ``phase`` and ``timing``;
        and for the primary cell

        - ``a4 standardised``: a4 with the outcome and the (pooled) ratings in standard deviations,
          methods ``cr2`` and ``cr2_90``
        - ``a4 early minus late``: the window's surface against that of the check-ins after it
        - ``centre``, ``lowest``, ``highest``: the scale's midpoint, on which ratings are centred,
          and its ends; ``cell``: the side of the plane's cells
        - ``surface``: the fitted outcome at the middle of each cell of the plane with enough
          engagements; ``method`` says where, as ``advisee 4.5, advisor 5.5``
        - ``early discrepancy goes with worse``: the verdict

        ``supported``: the 3-df test rejects, b4's interval lies above 0 and a4's below 0.
        ``opposed``: the test rejects, b4's interval lies below 0 and a4's above. ``equivalent``:
        neither, and the 90 % interval of the standardised a4 lies within the plan's bound. Else
        ``inconclusive``. A linear gap (a3) has no verdict.
    """
    chosen = next((cell for cell in cells if cell.key == primary), None)
    reason = _why_not(frame, instruments, chosen, primary)
    if reason:
        return as_estimates([_verdict_row({}, "not_testable", reason)])
    bounds = instruments[PAIR[0]].responses
    centre = (bounds.minimum + bounds.maximum) / 2
    frames = []
    for cell in cells:
        if cell is not chosen and (cell.phase == "during" or cell.refusal):
            continue
        ready = _ready(frame, cell, centre)
        if cell is chosen and (reason := cell.refusal or _too_few(len(ready), plan)):
            frames.append(
                _placed(as_estimates([_verdict_row({}, "not_testable", reason)]), cell, primary)
            )
            continue
        if _too_few(len(ready), plan):
            continue
        rows = fit_response_surface(ready, "value", *PAIR, cluster, comparison.confidence)
        if cell is chosen:
            rows = in_order(
                [
                    rows,
                    _standardised(ready, cluster, comparison),
                    _early_late(ready, scores, cluster, centre, comparison, plan),
                    _region(ready, rows, centre, bounds, plan),
                ]
            )
            rows = in_order([rows, as_estimates([_decide(rows, comparison, plan, cell)])])
        frames.append(_placed(rows, cell, primary))
    return in_order(frames)


def _too_few(n: int, plan: ProcessPlan) -> str:
    if n >= plan.surface_engagements:
        return ""
    return (
        f"{n} engagements have the outcome and both ratings; a surface needs "
        f"{plan.surface_engagements}"
    )


def _why_not(
    frame: pd.DataFrame,
    instruments: Mapping[str, Instrument],
    chosen: Cell | None,
    primary: tuple[str | None, str | None, str],
) -> str:
    for rater in PAIR:
        column = f"{rater}_total"
        if column not in frame or frame[column].isna().all():
            return f"the {rater} never rated the alliance within the window: a surface needs both"
    ranges = [instruments[rater].responses for rater in PAIR]
    if (ranges[0].minimum, ranges[0].maximum) != (ranges[1].minimum, ranges[1].maximum):
        return "the raters answered on different scales: no line on which they agree"
    if primary[0] is None:
        return "the mapping names no primary outcome"
    if chosen is None:
        return f"no value of {primary[0]} by {primary[1]} at {primary[2]}"
    if chosen.source not in INDEPENDENT_SOURCES:
        return (
            f"the outcome was given by the {chosen.source}, one of the two whose ratings are "
            "compared: an outcome from a third party or a record is missing"
        )
    return ""


def _ready(frame: pd.DataFrame, cell: Cell, centre: float) -> pd.DataFrame:
    """Engagements with the outcome and both totals, these centred."""
    merged = frame.merge(cell.values, on="engagement_id", how="inner")
    ratings = merged[[f"{rater}_total" for rater in PAIR]].to_numpy(dtype=float) - centre
    merged[list(PAIR)] = ratings
    return merged[np.isfinite(ratings).all(axis=1)]


def _placed(
    rows: pd.DataFrame, cell: Cell, primary: tuple[str | None, str | None, str]
) -> pd.DataFrame:
    """Rows with the cell that they are about, in the vocabulary's order."""
    named = rows.assign(
        analysis="surface",
        outcome=cell.outcome,
        outcome_source=cell.source,
        phase=cell.phase,
        timing=cell.timing,
        subscale="total",
        primary=cell.key == primary,
    )
    if cell.source not in INDEPENDENT_SOURCES:
        same = f"same source: the {cell.source} also rated the alliance"
        named["note"] = ["; ".join(filter(None, [same, note])) for note in named["note"].fillna("")]
    return in_order([named])


def _standardised(ready: pd.DataFrame, cluster: str, comparison: ComparisonPlan) -> pd.DataFrame:
    """a4 in standard deviations, at both levels of confidence."""
    spread = float(np.sqrt(ready[list(PAIR)].var().mean()))
    scaled = ready.assign(
        value=ready["value"] / (ready["value"].std() or 1.0),
        advisee=ready["advisee"] / (spread or 1.0),
        advisor=ready["advisor"] / (spread or 1.0),
    )
    narrow = comparison.equivalence_confidence
    found = []
    for level, method in ((comparison.confidence, "cr2"), (narrow, f"cr2_{narrow * 100:g}")):
        rows = fit_response_surface(scaled, "value", *PAIR, cluster, level)
        own = rows[rows["term"] == "a4"]
        found.append(own.assign(term="a4 standardised", method=method))
    return in_order(found)


def _early_late(
    ready: pd.DataFrame,
    scores: pd.DataFrame,
    cluster: str,
    centre: float,
    comparison: ComparisonPlan,
    plan: ProcessPlan,
) -> pd.DataFrame:
    """a4 of the window against a4 of the check-ins after it, both raters answering."""
    after = scores[scores["occasion"] > max(comparison.window)]
    wide = after.pivot(index=["engagement_id", "occasion"], columns="rater", values="total")
    wide = wide.reindex(columns=list(PAIR)).dropna()
    late = (wide.groupby("engagement_id").mean() - centre).add_prefix("late_")
    both = ready.merge(late, left_on="engagement_id", right_index=True, how="inner")
    if len(both) < plan.surface_engagements:
        reason = (
            f"{len(both)} engagements have ratings by both after the window; a surface needs "
            f"{plan.surface_engagements}"
        )
        return as_estimates([{"term": "a4 early minus late", "estimate": np.nan, "note": reason}])
    return difference_along(
        both, "value", PAIR, ("late_advisee", "late_advisor"), cluster, comparison.confidence
    )


def _region(
    ready: pd.DataFrame, rows: pd.DataFrame, centre: float, bounds, plan: ProcessPlan
) -> pd.DataFrame:
    """The midpoint, and the fitted outcome where there are engagements enough."""
    n = len(ready)
    width = (bounds.maximum - bounds.minimum) / CELLS
    plane = {
        "centre": centre,
        "lowest": bounds.minimum,
        "highest": bounds.maximum,
        "cell": width,
    }
    found: list[Row] = [
        {"term": term, "estimate": value, "n_engagements": n} for term, value in plane.items()
    ]
    b = rows.set_index("term")["estimate"]
    highest = bounds.maximum - centre
    for cell in shared_cells(ready, *PAIR, width, plan.smallest_cell, highest).itertuples():
        x, y = cell.x, cell.y
        fitted = b["b0"] + b["b1"] * x + b["b2"] * y
        fitted += b["b3"] * x * x + b["b4"] * x * y + b["b5"] * y * y
        where = f"advisee {centre + x:.6g}, advisor {centre + y:.6g}"
        found.append({"term": "surface", "estimate": fitted, "n_engagements": n, "method": where})
    return as_estimates(found)


def _decide(rows: pd.DataFrame, comparison: ComparisonPlan, plan: ProcessPlan, cell: Cell) -> Row:
    """The verdict on the primary cell."""
    by_term = rows[rows["method"] != "jackknife"].drop_duplicates("term").set_index("term")
    joint, b4, a4 = (by_term.loc[term] for term in ("b3 to b5", "b4", "a4"))
    scaled = rows[rows["term"] == "a4 standardised"]
    wide, narrow = (
        scaled[scaled["method"] == "cr2"].iloc[0],
        scaled[scaled["method"] != "cr2"].iloc[0],
    )
    if np.isnan([joint["p_value"], b4["conf_low"], a4["conf_low"]]).any():
        return _verdict_row({}, "inconclusive", str(joint["note"] or a4["note"] or b4["note"]))
    if joint["n_advisors"] < comparison.minimum_clusters:
        reason = f"only {joint['n_advisors']:.0f} clusters: no interval can be relied on"
        return _verdict_row(wide, "inconclusive", reason)
    curved = joint["p_value"] < 1 - comparison.confidence
    loss = b4["conf_low"] > 0 and a4["conf_high"] < 0
    gain = b4["conf_high"] < 0 and a4["conf_low"] > 0
    bound = plan.equivalence_curvature
    if curved and loss:
        verdict, reason = "supported", "the outcome falls away on both sides of agreement"
    elif curved and gain:
        verdict, reason = "opposed", "the outcome rises away from agreement"
    elif curved and (b4["conf_low"] > 0 or a4["conf_high"] < 0):
        verdict = "inconclusive"
        reason = "the surface is curved, but only one of b4 and a4 shows loss away from agreement"
    elif narrow["conf_low"] > -bound and narrow["conf_high"] < bound:
        verdict = "equivalent"
        reason = f"curvature along disagreement is smaller than {bound:g} standard deviations"
    elif curved:
        verdict = "inconclusive"
        reason = "the surface is curved, but not as loss away from agreement"
    else:
        verdict = "inconclusive"
        reason = "squares and product add nothing that can be told from chance"
    if cell.timing == "concurrent":
        reason += "; outcome and ratings were taken at about the same time"
    return _verdict_row(wide, verdict, reason)


def _verdict_row(a4: Mapping[str, object], verdict: str, reason: str) -> Row:
    names = ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")
    counts = ("n_engagements", "n_advisors", "method")
    return {
        **{name: a4.get(name, np.nan) for name in names},
        **{name: a4[name] for name in counts if name in a4},
        "analysis": "surface",
        "subscale": "total",
        "term": VERDICT,
        "primary": True,
        "verdict": verdict,
        "note": reason,
    }
