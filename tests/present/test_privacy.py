"""The part of the report on privacy."""

import pandas as pd
import pytest

from analysis.contract.disclosure import release_privacy
from analysis.contract.mapping import Provenance
from analysis.contract.plan import DisclosurePlan
from analysis.contract.privacy import PRIVACY_COLUMNS
from analysis.present.order import PLACES
from analysis.present.privacy import NOT_DECLARED, describe_privacy

RULE = DisclosurePlan()
TOLD = {"description": "made for a test", "licence": "CC0", "consent": "none needed"}
HASHED = ("hashed", "advisor_id", 30, "HMAC-SHA-256 with a secret key")
DECLARED = [
    ("quasi-identifier", "stakes", None, "as it is"),
    ("quasi-identifier", "advisor_years", None, "below 5, 5 and more"),
]


def part(*rows, **provenance):
    account = pd.DataFrame([("own", *row) for row in rows], columns=list(PRIVACY_COLUMNS))
    released = release_privacy(account.astype({"count": float}), RULE)
    return describe_privacy(released, Provenance(**TOLD, **provenance), RULE)


def text_of(made) -> str:
    tables = (*made.tables, *made.further)
    return " ".join([*made.paragraphs, *(t.caption for t in tables), str([t.rows for t in tables])])


@pytest.mark.parametrize("provenance", [{}, {"public": True}, {"simulated": True}])
@pytest.mark.parametrize("rows", [[HASHED], [HASHED, *DECLARED, ("class", "14", 140, "")]])
def test_it_never_says_that_anybody_is_anonymous(provenance, rows):
    said = text_of(part(*rows, **provenance)).lower()
    assert "anonymous" not in said
    assert "anonymi" not in said.replace("k-anonymity", "")
    assert ("pseudonymous" in said) is not provenance.get("simulated", False)


def test_with_large_classes_k_is_told_with_what_it_is_over():
    made = part(HASHED, *DECLARED, ("class", "14", 140, ""))
    said = text_of(made)
    assert "stakes; advisor years (below 5, 5 and more)" in said
    assert "k = 14: every engagement looks like at least 13 others" in said
    assert made.tables[0].rows[-1][:2] == ("10 or more", "140")
    assert PLACES[made.anchor] == "rows"


def test_with_small_classes_neither_k_nor_their_engagements_are_told():
    made = part(HASHED, *DECLARED, ("class", "2", 4, ""), ("class", "7", 21, ""),
                ("class", "40", 80, ""))  # fmt: skip
    said = text_of(made)
    assert "k is below 5" in said
    assert [row[1] for row in made.tables[0].rows] == ["–", "–", "80"]
    for number in ("'4'", "'21'", "'2'", "'7'", "k = "):
        assert number not in said


def test_without_declared_facts_k_was_not_worked_out():
    made = part(HASHED)
    assert NOT_DECLARED in made.paragraphs
    assert made.tables == ()


def test_what_became_of_columns_is_told_with_small_counts_withheld():
    made = part(
        HASHED,
        ("dropped", "a.csv: E-mail", 4, "e-mail addresses"),
        ("cleared", "a.csv: Ship", 40, "personal names: ships, not people"),
        ("turned into weeks", "a.csv: Day", 40, "exact dates"),
    )
    rows = {row[0]: row[1:] for row in made.further[0].rows}
    assert rows["a.csv: E-mail"] == ("left behind", "–", "e-mail addresses; fewer than 10")
    assert rows["a.csv: Ship"][0] == "kept: declared not to be personal"
    assert rows["a.csv: Day"] == ("dates turned into whole weeks", "40", "exact dates")
    assert rows["advisor_id"][0] == "replaced by a keyed hash"
