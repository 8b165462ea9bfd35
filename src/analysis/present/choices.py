"""The multiverse read as people read it: choices and their levels in words, one question's rows."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.contract.estimates import COLUMNS
from analysis.evidence.multiverse.multiverse import CHOICE_COLUMNS

#: A choice's column, its name in the shares of variance, and its words.
CHOICES = (
    ("subscale", "subscale", "Rating"),
    ("window", "window", "Check-ins"),
    ("minimum_answered", "minimum_answered", "Items answered, at least"),
    ("adjustment", "adjustment", "Held constant"),
    ("method", "estimator", "Correlation"),
    ("minimum_caseload", "minimum_caseload", "Engagements of each {cluster}, at least"),
)
#: A choice within a sentence.
IN_A_SENTENCE = {
    "subscale": "which rating is taken",
    "window": "which check-ins count",
    "minimum_answered": "how many items must be answered",
    "adjustment": "what is held constant",
    "estimator": "how the correlations are computed",
    "minimum_caseload": "how many engagements a cluster must have",
}
TOGETHER = "Only in combination"

LEVELS = {
    ("adjustment", "none"): "nothing",
    ("adjustment", "baseline"): "the outcome’s baseline",
    ("method", "pearson"): "as it is",
    ("method", "spearman"): "of ranks",
    ("method", "disattenuated"): "corrected for reliability",
}


@dataclass(frozen=True)
class Multiverse:
    """One dataset's multiverse: the primary question's specifications, tests, shares, and all rows.

    ``specifications`` are those with an estimate, from the lowest D to the highest.
    """

    rows: pd.DataFrame

    @property
    def reason(self) -> str:
        """Why there is none, or ''."""
        verdicts = self.rows["verdict"] == "not_testable"
        return str(self.rows.loc[verdicts, "note"].iloc[0]) if verdicts.any() else ""

    @property
    def own(self) -> pd.Series:
        """The plan's own specification; where it could not be estimated, a row of its question."""
        return self.rows[self.rows["primary"]].iloc[0]

    @property
    def specifications(self) -> pd.DataFrame:
        """The primary question's, with an estimate, in the order of the curve."""
        own = self.rows[self.rows["analysis"] == "specification"]
        for column in ("outcome", "outcome_source", "phase"):
            own = own[own[column] == self.own[column]]
        given = own[own["estimate"].notna()]
        return given.sort_values(["estimate", *_columns()], kind="stable").reset_index(drop=True)

    @property
    def tests(self) -> pd.DataFrame:
        """The primary question's joint test by term."""
        own = self.rows[(self.rows["analysis"] == "joint_test") & self.rows["primary"]]
        return own.set_index("term")

    @property
    def shares(self) -> pd.Series:
        """Share of the variance of D by choice."""
        own = self.rows[self.rows["analysis"] == "variance_share"]
        return own.set_index("term")["estimate"]


def read_multiverse(rows: pd.DataFrame) -> Multiverse:
    """A dataset's rows as read back from their file."""
    whole = rows.reindex(columns=[*COLUMNS, *CHOICE_COLUMNS]).copy()
    whole["primary"] = whole["primary"].eq(True) | whole["primary"].astype(str).eq("True")
    for column in _columns():
        whole[column] = whole[column].map(_as_text)
    return Multiverse(whole)


def level_in_words(column: str, level: str) -> str:
    """A choice's level in words."""
    if column == "window":
        return level.replace(" ", ", ")
    if column == "minimum_answered":
        return f"{float(level) * 100:.0f} %"
    return LEVELS.get((column, level), level.replace("_", " "))


def levels_of(specifications: pd.DataFrame, column: str) -> list[str]:
    """A choice's levels: numbers by size, words as they first come in the table of choices."""
    found = list(dict.fromkeys(specifications.sort_index()[column]))
    if column in ("minimum_answered", "minimum_caseload"):
        return sorted(found, key=float)
    known = ["total", "none", "pearson", "spearman", "disattenuated", "baseline"]
    return sorted(found, key=lambda one: (one not in known, one in known and known.index(one), one))


def _columns() -> list[str]:
    return [column for column, _, _ in CHOICES]


def _as_text(value: object) -> str:
    """A level as text, whatever kind of number its file was read as."""
    if value is None or value != value:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
