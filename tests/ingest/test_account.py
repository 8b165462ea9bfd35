"""The account of privacy that ingest writes."""

import pandas as pd
import pytest

from analysis.contract.mapping import Mapping
from analysis.contract.secret import PUBLIC, Key
from analysis.ingest.account import NOTHING, account_for_privacy, class_sizes
from analysis.ingest.dataset import ingest_dataset

SECRET = Key(bytes(range(32)), public=False)


def told(small, key: Key = SECRET) -> pd.DataFrame:
    """The account, by subject and item."""
    small.ingest()
    mapping = Mapping.model_validate(small.mapping)
    left = []
    tables, _ = ingest_dataset(mapping, small.folder, small.instruments, left)
    account = account_for_privacy(mapping, tables, left, key)
    return account.set_index(["subject", "item"])


@pytest.fixture
def full(small):
    small.files["engagements.csv"] = (
        "Case,Client,Coach,Status,E-mail,Spare,Name of ship,Begun,Anna Schmidt rates\n"
        "007,a,x,Done,a@example.org,1,Ada Byron,2024-03-02,3\n"
        "8,b,x,done,,2,Marie Curie,2024-03-09,4\n9,c,y,,b@example.org,3,Ada Byron,,\n"
    )
    small.mapping["sources"]["engagements"] |= {
        "drop": ["E-mail", "Spare", "Anna Schmidt rates"],
        "cleared": {"Name of ship": "ships, not people"},
    }
    small.mapping["tables"]["engagements"][0]["start"] = "Begun"
    return small


def test_what_was_dropped_cleared_turned_and_hashed(full):
    account = told(full)
    note = account["note"].to_dict()
    count = account["count"].to_dict()
    assert note["dropped", "engagements.csv: E-mail"] == "e-mail addresses"
    assert count["dropped", "engagements.csv: E-mail"] == 2
    assert note["dropped", "engagements.csv: Spare"] == NOTHING
    assert note["cleared", "engagements.csv: Name of ship"] == "personal names: ships, not people"
    assert note["turned into weeks", "engagements.csv: Begun"] == "exact dates"
    assert count["hashed", "advisor_id"] == 2
    assert note["hashed", "advisor_id"] == "HMAC-SHA-256 with a secret key"
    assert "everybody knows" in told(full, PUBLIC)["note"]["hashed", "advisor_id"]


def test_a_header_that_names_somebody_is_told_by_its_place(full):
    account = told(full)
    assert ("dropped", "engagements.csv: column 9") in account.index
    assert "Schmidt" not in account.to_csv()


def test_no_value_and_no_identifier_is_in_it(full):
    text = told(full).to_csv()
    for value in ("example.org", "Byron", "Curie", "2024", "007", ",x,"):
        assert value not in text


def test_classes_are_counted_over_what_was_declared_and_only_then(small):
    assert "class" not in told(small).index.get_level_values("subject")
    small.mapping["quasi_identifiers"] = {"status": []}
    account = told(small)
    assert account.loc["class", "count"].to_dict() == {"1": 1, "2": 2}
    assert account["note"]["quasi-identifier", "status"] == "as it is"


def test_bands_missing_values_and_the_size_of_organisations_make_classes():
    engagements = pd.DataFrame(
        {
            "organisation_id": ["a"] * 4 + ["b"] * 2 + [None],
            "years": [1, 4.9, 5, 10, 12, None, 40],
        }
    )
    of_years = class_sizes(engagements, {"years": (5, 10)})
    assert sorted(of_years) == [1, 1, 2, 3]  # missing; 5; below 5; 10 and more
    of_both = class_sizes(engagements, {"years": (5, 10), "organisation_size": (3,)})
    assert sorted(of_both) == [1, 1, 1, 1, 1, 2]
    assert class_sizes(engagements, {"organisation_size": ()}).sum() == 7


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"advisor_id": []}, "'advisor_id' is no column of engagements"),
        ({"years": []}, "'years' is no column of engagements"),
        ({"organisation_size": []}, "no organisation_id"),
        ({"status": [5, 3]}, "must rise"),
    ],
)
def test_what_cannot_be_a_quasi_identifier_is_refused(small, declared, words):
    small.mapping["quasi_identifiers"] = declared
    with pytest.raises(ValueError, match=words):
        Mapping.model_validate(small.mapping)
