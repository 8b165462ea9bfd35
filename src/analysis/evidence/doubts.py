"""What would change the answer: D under each doubt, and how large a study would have to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student

from analysis.contract.estimates import as_estimates

#: The lines that say what D becomes under a doubt: their names, terms and methods, the first that
#: is there being taken. Those without D's scale are read for their side only.
LINES = (
    ("clustered", "difference", ("jackknife",)),
    ("disattenuated", "difference", ("jackknife", "omega_jackknife")),
    ("imputed", "difference", ("rubin",)),
    ("imputed", "shifted", ("rubin_shifted",)),
    ("adjusted", "difference", ("jackknife",)),
    ("multilevel", "within_difference", ("cr2", "reml")),
    ("out_of_sample", "difference", ("ridge_corrected_t",)),
)
ON_ANOTHER_SCALE = ("multilevel", "out_of_sample")
#: A study of more clusters than this is none.
MOST_CLUSTERS = 100_000


@dataclass(frozen=True)
class Needed:
    """Clusters, each with as many engagements as here, that a study of the question needs.

    ``to_find``: for a true difference of the smallest size of interest to be found; ``to_equate``:
    for ratings that do equally well to be shown so; ``findable``: the smallest true difference
    that a study of the present size finds, each with the probability ``power``.
    """

    to_find: float
    to_equate: float
    findable: float
    power: float


def read_doubts(primary: pd.DataFrame, sesoi: float, equivalence: float = 0.90) -> pd.DataFrame:
    """D of the primary outcome under each doubt, the interval of record first.

    Parameters
    ----------
    primary : the rows of ``compare_all_cells`` on the primary outcome and the total.
    sesoi : smallest difference of interest.
    equivalence : level of the interval that has to lie within it.

    Returns a row per line that is given, in the vocabulary. ``verdict`` is how the line reads by
    itself: ``supported`` or ``opposed`` where its interval excludes 0, ``equivalent`` where the
    narrower one lies within the smallest difference of interest, else ``inconclusive``. Of the
    imputations with shifted ratings the one that speaks most against the line of record is taken.
    """
    found = []
    for analysis, term, methods in LINES:
        rows = primary[(primary["analysis"] == analysis) & primary["conf_low"].notna()]
        rows = rows[rows["term"].str.startswith("difference_shifted") | (rows["term"] == term)]
        rows = next((own for m in methods if len(own := rows[rows["method"] == m])), None)
        if rows is None:
            continue
        worst = _most_against(rows, found[0]["estimate"]) if found else 0
        row = rows.iloc[worst].to_dict()
        found.append({**row, "verdict": _read(row, sesoi, equivalence)})
    return as_estimates(found)


def _most_against(rows: pd.DataFrame, record: float) -> int:
    """Where the row stands that is furthest from the line of record, in its standard errors."""
    return int((-np.sign(record) * rows["estimate"] / rows["std_error"]).to_numpy().argmax())


def _read(row: dict, sesoi: float, equivalence: float) -> str:
    if row["conf_low"] > 0:
        return "supported"
    if row["conf_high"] < 0:
        return "opposed"
    if row["analysis"] in ON_ANOTHER_SCALE:
        return "inconclusive"
    half = student.ppf((1 + equivalence) / 2, row["df"]) * row["std_error"]
    return "equivalent" if abs(row["estimate"]) + half <= sesoi else "inconclusive"


def clusters_needed(
    std_error: float,
    n_clusters: float,
    sesoi: float,
    confidence: float = 0.95,
    equivalence: float = 0.90,
    power: float = 0.80,
) -> Needed:
    """How many clusters a further study needs if it is as precise per cluster as this one.

    The standard error falls with the root of the number of clusters. A difference is found with
    the probability ``power`` where it is t(confidence) + t(power) standard errors; two ratings that
    do equally well are shown so where the smallest difference of interest is t(equivalence) +
    t((1 + power) / 2), as both sides have to be excluded. NaN where no study of 100,000 clusters
    would do.

    Parameters
    ----------
    std_error : of D, by the jackknife over clusters.
    n_clusters : clusters it rests on; at least 2.

    Raises ValueError for fewer clusters or a standard error that is not above 0.
    """
    if not std_error > 0 or n_clusters < 2:
        raise ValueError("it takes a standard error above 0, from at least two clusters")

    def multiple(n, level: float, probability: float):
        return student.ppf((1 + level) / 2, n - 1) + student.ppf(probability, n - 1)

    n = np.arange(2, MOST_CLUSTERS + 1)
    error = std_error * np.sqrt(n_clusters / n)

    def first(level: float, probability: float) -> float:
        enough = multiple(n, level, probability) * error <= sesoi
        return float(n[enough.argmax()]) if enough.any() else np.nan

    return Needed(
        first(confidence, power),
        first(equivalence, (1 + power) / 2),
        float(multiple(n_clusters, confidence, power) * std_error),
        power,
    )
