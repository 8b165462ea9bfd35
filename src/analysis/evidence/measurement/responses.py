"""What was answered: each rater's responses, and who answered at which check-in."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates
from analysis.contract.instruments import Instrument
from analysis.contract.plan import DisclosurePlan
from analysis.contract.suppression import suppress
from analysis.measure.scoring import turn_reversed
from analysis.models.intervals import Row

#: A range with more whole steps than this is shown in as many equal parts.
MOST_STEPS = 10
#: How many must stand behind a figure, unless the plan says otherwise.
RULE = DisclosurePlan()


def describe_responses(
    checkins: pd.DataFrame,
    instruments: Mapping[str, Instrument],
    rule: DisclosurePlan = RULE,
    clusters: pd.Series | None = None,
) -> pd.DataFrame:
    """How often each rater gave each response, over all items and check-ins.

    Reversed items are turned first, so that high is good throughout. A response that fewer
    engagements than the threshold gave at least once is not given, nor what would let its share be
    worked out from the others; that nobody gave one is.

    Parameters
    ----------
    checkins : the clean table of check-ins
    instruments : rater to the instrument that rater answered
    rule : the plan's threshold
    clusters : engagement to its cluster, to tell whose the answers are for the most part

    Returns
    -------
    DataFrame
        rows in the vocabulary, ``analysis`` being ``responses``; ``term`` is ``response 1`` and so
        on (``response 1 to 10`` for a part of a wide range; scores between two steps count to the
        nearer one), ``estimate`` its share of the rater's answers, ``n_engagements`` those with at
        least one such answer
    """
    rows: list[Row] = []
    for rater, instrument in instruments.items():
        own = checkins[checkins["rater"] == rater]
        names = list(instrument.item_names.values()) or list(instrument.subscales)
        turned = own if instrument.ready_made else turn_reversed(own, instrument)
        answers = turned[names].to_numpy(dtype=float)
        labels, codes = _categories(answers, instrument)
        numbers, named = pd.factorize(own["engagement_id"])
        ids = np.broadcast_to(numbers[:, None], answers.shape)
        given = codes >= 0
        total = given.sum()
        counts = [np.unique(ids[codes == place]).size for place in range(len(labels))]
        given_so = [int((codes == place).sum()) for place in range(len(labels))]
        hidden = suppress(
            [*given_so, total],
            [(len(labels), tuple(range(len(labels))))],
            rule.threshold,
            fixed=[len(labels)],
            small=[*(0 < count < rule.threshold for count in counts), False],
        )
        told = f"fewer than {rule.threshold} engagements gave it, or another could be worked out"
        method = "ready-made scores, to the nearest step" if instrument.ready_made else "items"
        for place, label in enumerate(labels):
            row: Row = {"rater": rater, "term": f"response {label}", "method": method}
            if hidden[place] or not total:
                rows.append(row | {"estimate": np.nan, "note": f"{told} from it"})
                continue
            share = given_so[place] / float(total)
            row |= {"estimate": share, "n_engagements": counts[place], "note": ""}
            if clusters is not None and counts[place]:
                who = np.unique(ids[codes == place])
                own_clusters = clusters.loc[named[who]].value_counts()
                row["n_largest"] = own_clusters.max()
            rows.append(row)
    return as_estimates({"analysis": "responses", **row} for row in rows)


def _categories(answers: np.ndarray, instrument: Instrument) -> tuple[list[str], np.ndarray]:
    """Names of the steps of the range, and each answer's step; -1 where there is none."""
    low, high = instrument.responses.minimum, instrument.responses.maximum
    known = np.isfinite(answers)
    filled = np.where(known, answers, low)
    if high - low <= MOST_STEPS:
        # half a step counts upwards, whichever way the processor rounds
        codes = np.floor(filled - low + 0.5 + 1e-9).astype(int)
        labels = [f"{low + step:g}" for step in range(int(np.floor(high - low + 0.5)) + 1)]
    else:
        edges = np.linspace(low, high, MOST_STEPS + 1)
        codes = np.clip(np.searchsorted(edges, filled, side="right") - 1, 0, MOST_STEPS - 1)
        labels = [f"{a:g} to {b:g}" for a, b in pairwise(edges)]
    return labels, np.where(known, np.clip(codes, 0, len(labels) - 1), -1)


def describe_replies(
    engagements: pd.DataFrame,
    checkins: pd.DataFrame,
    alliance: pd.DataFrame,
    rule: DisclosurePlan = RULE,
) -> pd.DataFrame:
    """Who answered at which check-in: the map of what is missing.

    Parameters
    ----------
    engagements : the clean table
    checkins : the clean table of check-ins
    alliance : scores per engagement, rater and occasion, with the share ``prorated``
    rule : the plan's threshold

    Returns
    -------
    DataFrame
        rows in the vocabulary, ``analysis`` being ``replies``; for each rater and occasion ``term``
        is ``answered`` (share of the engagements that planned so many check-ins, or of all where
        that is not known, with a usable total; those who ended early are not taken out) and
        ``prorated`` (share of the usable ones of which a subscale rests on fewer than all its
        items)
    """
    planned = pd.Series(np.inf, index=engagements["engagement_id"])
    if "planned_checkins" in engagements:
        planned = engagements.set_index("engagement_id")["planned_checkins"].fillna(np.inf)
    usable, fewest = alliance[alliance["total"].notna()], rule.threshold
    rows: list[Row] = []
    for rater in dict.fromkeys(checkins["rater"]):
        for occasion in sorted(checkins["occasion"].unique()):
            due = planned.index[planned >= occasion]
            own = usable[(usable["rater"] == rater) & (usable["occasion"] == occasion)]
            n = int(own["engagement_id"].isin(due).sum())
            row: Row = {"rater": rater, "occasion": int(occasion)}
            if n < fewest:
                note = f"fewer than {fewest} answered: not given"
                rows += [
                    row | {"term": term, "estimate": np.nan, "note": note}
                    for term in ("answered", "prorated")
                ]
                continue
            partly = int((own["prorated"] > 0).sum())
            rows.append(
                row
                | {"term": "answered", "estimate": n / len(due), "n_engagements": n}
                | {"method": "share of engagements due", "note": ""}
            )
            few = 0 < partly < fewest
            rows.append(
                row
                | {"term": "prorated", "n_engagements": len(own), "method": "share of those usable"}
                | {"estimate": np.nan if few else partly / len(own)}
                | {"note": f"fewer than {fewest} prorated: not given" if few else ""}
            )
    return as_estimates({"analysis": "replies", **row} for row in rows)
