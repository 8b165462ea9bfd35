"""Which lines of evidence the headline's engagements allow, told before anything is estimated."""

from __future__ import annotations

import pandas as pd

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cells import Cell
from analysis.evidence.covariates import find_covariates
from analysis.evidence.lines.imputed import FEWEST_PER_VARIABLE
from analysis.evidence.lines.multilevel import MINIMUM_WITHIN_DF
from analysis.evidence.lines.out_of_sample import FEWEST_PER_FOLD

Answerable = tuple[str, bool, str]

#: The lines that stand beside those that the verdict reads.
FURTHER = ("multilevel", "incremental", "out of sample", "adjusted", "imputed")
#: Engagements for each predictor, as the estimators ask for them.
_PER_PREDICTOR = 10


def list_further_lines(
    complete: pd.DataFrame,
    cell: Cell,
    frame: pd.DataFrame,
    outcomes: pd.DataFrame,
    plan: ComparisonPlan,
    cluster: str,
) -> list[Answerable]:
    """Each further line, whether it can be given, and what it rests on or lacks.

    Parameters
    ----------
    complete : the engagements with the headline's outcome and both ratings
    cell : the headline's outcome; ``frame`` all engagements, ``outcomes`` the clean table
    """
    n, clusters = len(complete), complete[cluster].nunique()
    covariates = find_covariates(cell, frame, outcomes, plan.covariate_coverage)
    return [
        _multilevel(n, clusters),
        _enough("incremental line", n, 2 + len(covariates.names)),
        _out_of_sample(n, clusters, plan),
        _adjusted(n, covariates.names),
        _imputed(n, len(cell.values), clusters),
    ]


def refuse_further_lines(reason: str) -> list[Answerable]:
    """All of them with one reason."""
    return [(f"{line} line", False, reason) for line in FURTHER]


def _multilevel(n: int, clusters: int) -> Answerable:
    free = n - clusters - 2
    told = f"{n} engagements in {clusters} clusters"
    if clusters < 2 or free < MINIMUM_WITHIN_DF:
        return "multilevel line", False, f"{told}: too few to tell within from between"
    return "multilevel line", True, told


def _enough(question: str, n: int, predictors: int) -> Answerable:
    needed = _PER_PREDICTOR * predictors
    told = f"{n} engagements for {predictors} predictors; at least {needed} are needed"
    return question, n >= needed, told


def _out_of_sample(n: int, clusters: int, plan: ComparisonPlan) -> Answerable:
    needed = FEWEST_PER_FOLD * plan.folds
    told = (
        f"{n} engagements and {clusters} clusters for {plan.folds} folds; at least {needed} and "
        f"{plan.folds} are needed"
    )
    return "out of sample line", n >= needed and clusters >= plan.folds, told


def _adjusted(n: int, names: tuple[str, ...]) -> Answerable:
    if not names:
        told = "no baseline of the outcome and no progress before the window is known of enough"
        return "adjusted line", False, told
    _, enough, _ = _enough("", n, 2 + len(names))
    return "adjusted line", enough, f"{n} engagements, given {' and '.join(names)}"


def _imputed(n: int, eligible: int, clusters: int) -> Answerable:
    gaps = eligible - n
    if gaps <= 0:
        return "imputed line", False, "no engagement with the outcome lacks a rating"
    needed = FEWEST_PER_VARIABLE * 3
    told = f"{gaps} of {eligible} engagements lack a rating; {n} complete ones to impute from"
    return "imputed line", n >= needed and clusters >= 2, told
