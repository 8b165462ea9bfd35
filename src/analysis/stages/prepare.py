"""What the comparison of a dataset starts from, put together from its scores and tables."""

from __future__ import annotations

import pandas as pd

from analysis.contract.layout import Dataset
from analysis.contract.plan import ComparisonPlan
from analysis.measure.window import window_items, window_occasions


def comparison_inputs(
    dataset: Dataset,
    plan: ComparisonPlan,
    frame: pd.DataFrame,
    alliance: pd.DataFrame,
    checkins: pd.DataFrame,
    outcomes: pd.DataFrame,
) -> tuple:
    """The arguments of ``compare_all_cells`` and ``list_testable``, in their order."""
    settings = dataset.mapping
    occasions = window_occasions(alliance, plan.window)
    items = window_items(checkins, occasions, dataset.scored)
    return (
        frame,
        outcomes,
        occasions,
        items,
        settings.outcomes,
        plan,
        settings.cluster,
        settings.primary,
    )
