"""Identifiers hashed, in an order that neither names nor secrets nor rows have a part in."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.dictionary import IDENTIFIERS
from analysis.contract.faults import UserFault
from analysis.contract.secret import PUBLIC, Key
from analysis.ingest import pseudonyms
from analysis.ingest.pseudonyms import DIGITS, hide_identifiers, pseudonym

SECRET = Key(bytes(range(32)), public=False)
OTHER = Key(bytes(range(1, 33)), public=False)


@pytest.fixture
def tables():
    """Fifty engagements of nine advisors in three organisations; many answers are the same."""
    rng = np.random.default_rng(5)
    n = 50
    engagements = pd.DataFrame(
        {
            "engagement_id": [f"E{place:02d}" for place in range(n)],
            "advisee_id": [f"C{place % 40:02d}" for place in range(n)],
            "advisor_id": [f"A{place % 9}" for place in range(n)],
            "organisation_id": [f"O{place % 3}" if place % 7 else None for place in range(n)],
            "setting": "mentoring",
            "level": rng.choice(["junior", "senior"], n),
        }
    )
    checkins = pd.DataFrame(
        {
            "engagement_id": np.repeat(engagements["engagement_id"], 2).to_numpy(),
            "rater": ["advisee", "advisor"] * n,
            "occasion": 1,
            "item_01": rng.integers(1, 4, 2 * n).astype(float),
        }
    )
    events = pd.DataFrame(
        {
            "engagement_id": rng.choice(engagements["engagement_id"], 20),
            "occasion": rng.integers(1, 3, 20).astype(float),
            "event": rng.choice(["complaint", "challenge"], 20),
        }
    )
    outcomes = pd.DataFrame(
        {
            "engagement_id": engagements["engagement_id"],
            "outcome": "renewal",
            "value": rng.integers(0, 2, n).astype(float),
        }
    )
    return {
        "engagements": engagements,
        "checkins": checkins,
        "outcomes": outcomes,
        "events": events,
    }


def renamed(tables, rng) -> dict[str, pd.DataFrame]:
    """The same content under other names, rows and columns in another order."""
    new = {}
    for kind in IDENTIFIERS:
        names = tables["engagements"][kind].dropna().unique()
        drawn = rng.permutation(len(names))
        new[kind] = {name: f"x{place}y" for name, place in zip(names, drawn, strict=True)}
    made = {}
    for table, frame in tables.items():
        named = frame.assign(
            **{kind: frame[kind].map(to) for kind, to in new.items() if kind in frame}
        )
        made[table] = named.iloc[rng.permutation(len(named)), rng.permutation(named.shape[1])]
    return made


def places(hidden: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables with nothing but the place left of each pseudonym."""
    return {
        table: frame.assign(**{kind: frame[kind].str[:4] for kind in IDENTIFIERS if kind in frame})
        for table, frame in hidden.items()
    }


def test_no_identifier_is_left_and_relations_are_kept(tables):
    hidden = hide_identifiers(tables, "own", SECRET)
    raw = {name for kind in IDENTIFIERS for name in tables["engagements"][kind].dropna()}
    for frame in hidden.values():
        for kind in set(IDENTIFIERS) & set(frame):
            assert not set(frame[kind]) & raw
            assert frame[kind].dropna().str.fullmatch(rf"\d{{4}}-[0-9a-f]{{{DIGITS}}}").all()
    sizes = [
        frame["engagements"]["advisor_id"].value_counts().sort_values().tolist()
        for frame in (tables, hidden)
    ]
    assert sizes[0] == sizes[1]
    assert hidden["engagements"]["organisation_id"].isna().sum() == 8
    assert set(hidden["checkins"]["engagement_id"]) == set(hidden["engagements"]["engagement_id"])


@pytest.mark.parametrize("seed", range(5))
def test_names_secrets_rows_and_columns_leave_the_tables_as_they_are(tables, seed):
    first = places(hide_identifiers(tables, "own", SECRET))
    second = places(hide_identifiers(renamed(tables, np.random.default_rng(seed)), "other", OTHER))
    for table, frame in first.items():
        pd.testing.assert_frame_equal(frame, second[table][list(frame)])


def test_the_order_has_nothing_to_do_with_how_high_the_ratings_are(tables):
    hidden = hide_identifiers(tables, "own", SECRET)
    mean = hidden["checkins"].groupby("engagement_id")["item_01"].mean()
    assert abs(np.corrcoef(np.arange(len(mean)), mean)[0, 1]) < 3 / np.sqrt(len(mean))


def test_engagements_that_are_alike_in_all_but_their_advisors_follow_their_advisors():
    alike = pd.DataFrame(
        {
            "engagement_id": list("abcdef"),
            "advisee_id": list("uvwxyz"),
            "advisor_id": ["p", "q", "r", "p", "q", "r"],
            "setting": "other",
        }
    )
    none = {"engagement_id": pd.Series(dtype="str")}
    tables = {"engagements": alike, "events": pd.DataFrame(none)}
    first = places(hide_identifiers(tables, "own", SECRET))["engagements"]
    mixed = {"engagements": alike.iloc[[4, 0, 5, 2, 1, 3]], "events": pd.DataFrame(none)}
    mixed["engagements"] = mixed["engagements"].assign(advisor_id=list("zqpqzp"))
    second = places(hide_identifiers(mixed, "own", OTHER))["engagements"]
    pd.testing.assert_frame_equal(first, second)


def test_a_pseudonym_depends_on_secret_dataset_kind_and_name_and_on_nothing_else():
    told = pseudonym("advisor_id", "A1", "own", SECRET)
    assert told == pseudonym("advisor_id", "A1", "own", SECRET)
    others = {
        pseudonym("advisor_id", "A1", "own", OTHER),
        pseudonym("advisor_id", "A1", "own", PUBLIC),
        pseudonym("advisor_id", "A1", "owns", SECRET),
        pseudonym("advisee_id", "A1", "own", SECRET),
        pseudonym("advisor_id", "A2", "own", SECRET),
        pseudonym("advisor_id", "nA1", "ow", SECRET),
    }
    assert len(others) == 6
    assert told not in others


def test_two_names_with_one_pseudonym_stop_the_run(tables, monkeypatch):
    monkeypatch.setattr(pseudonyms, "pseudonym", lambda *_: "0" * DIGITS)
    with pytest.raises(UserFault, match="two values of engagement_id have the same pseudonym"):
        hide_identifiers(tables, "own", SECRET)
