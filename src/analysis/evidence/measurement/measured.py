"""All that is said of how well a dataset's alliance was measured, in one table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.contract.estimates import as_estimates, in_order
from analysis.contract.forms import Forms
from analysis.contract.plan import Plan
from analysis.evidence.measurement.agreement import describe_agreement, describe_variance
from analysis.evidence.measurement.descriptives import count_participants, describe_variables
from analysis.evidence.measurement.dimensions import describe_dimensions
from analysis.evidence.measurement.missing_rules import compare_missing_rules
from analysis.evidence.measurement.nonresponse import describe_nonresponse
from analysis.evidence.measurement.programmes import describe_programmes
from analysis.evidence.measurement.ratings import describe_measurement
from analysis.evidence.measurement.responses import describe_replies, describe_responses
from analysis.measure.window import window_items, window_occasions


@dataclass(frozen=True)
class Measured:
    """What was measured: the clean tables, the scores made from them, and the raters' forms.

    ``primary``: outcome, source and phase of the primary outcome; ``cluster``: the column of
    ``engagements`` whose engagements are not independent; ``programme``: the one that sorts them
    into programmes.
    """

    engagements: pd.DataFrame
    checkins: pd.DataFrame
    outcomes: pd.DataFrame
    alliance: pd.DataFrame
    frame: pd.DataFrame
    forms: Forms
    cluster: str
    primary: tuple[str, str, str]
    programme: str = "setting"


def measure_all(data: Measured, plan: Plan) -> pd.DataFrame:
    """Reliability, structure, invariance, agreement, variance, responses and what is missing.

    Returns
    -------
    DataFrame
        rows in the vocabulary, ``analysis`` being ``forms`` (what was left out of the scores), or
        one that the functions called here name; no figure rests on fewer than ten engagements
    """
    choices = plan.comparison
    confidence, window, rule = choices.confidence, choices.window, plan.disclosure
    instruments = data.forms.instruments
    clusters = data.engagements.set_index("engagement_id")[data.cluster]
    items = window_items(data.checkins, window_occasions(data.alliance, window), instruments)
    wanted = (data.outcomes[["outcome", "source", "phase"]] == list(data.primary)).all(axis=1)
    outcome = data.outcomes[wanted].groupby("engagement_id")["value"].mean()
    return in_order(
        [
            _forms(data.forms),
            describe_measurement(data.checkins, clusters, instruments, confidence),
            describe_dimensions(data.checkins, data.forms, clusters, window),
            describe_agreement(data.frame, items, data.forms, data.cluster, confidence),
            describe_variance(data.alliance, data.engagements, data.cluster, window, confidence),
            describe_responses(data.checkins, instruments, rule, clusters),
            describe_replies(data.engagements, data.checkins, data.alliance, rule),
            describe_programmes(
                data.engagements,
                data.alliance,
                data.frame,
                instruments,
                data.cluster,
                data.programme,
                window,
                rule.threshold,
                confidence,
            ),
            describe_variables(
                data.frame, outcome, data.primary[0], instruments, data.cluster, confidence
            ),
            count_participants(data.engagements, data.alliance, outcome, window, rule.threshold),
            describe_nonresponse(
                data.engagements,
                data.alliance,
                data.outcomes,
                data.primary,
                window,
                confidence,
                rule,
            ),
            compare_missing_rules(
                data.checkins,
                data.alliance,
                instruments,
                clusters,
                outcome,
                plan.scoring.minimum_answered,
                np.random.default_rng(choices.seed),
                confidence,
            ),
        ]
    )


def _forms(forms: Forms) -> pd.DataFrame:
    """What the raters' forms leave out, a row each."""
    told = list(forms.left_out)
    names = {instrument.name for instrument in forms.instruments.values()}
    if forms.reason and len(names) > 1:
        told.append(forms.reason)
    return as_estimates({"analysis": "forms", "estimate": np.nan, "note": note} for note in told)
