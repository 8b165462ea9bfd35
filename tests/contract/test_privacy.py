"""What of an account of privacy may leave."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.disclosure import release_privacy
from analysis.contract.plan import DisclosurePlan
from analysis.contract.privacy import CLASS, PRIVACY_COLUMNS, SMALLEST, band_classes

RULE = DisclosurePlan()


def account(*rows) -> pd.DataFrame:
    return pd.DataFrame([("own", *row) for row in rows], columns=list(PRIVACY_COLUMNS))


def classes(sizes: dict[int, int]) -> dict[str, object]:
    """Released bands (-1 where withheld) and k of classes given as size to engagements."""
    told = release_privacy(account(*((CLASS, str(k), n, "") for k, n in sizes.items())), RULE)
    by_item = told[told["subject"] == CLASS].set_index("item")["count"]
    least = told[told["subject"] == SMALLEST].iloc[0]
    k = least["note"] if np.isnan(least["count"]) else least["count"]
    return {"k": k, **by_item.fillna(-1).to_dict()}


def test_large_classes_are_told():
    assert classes({12: 24, 60: 60}) == {
        "k": 12,
        "below 5": 0,
        "5 to 9": 0,
        "10 or more": 84,
    }
    assert classes({1: 30, 7: 21, 60: 60}) == {
        "k": "below 5",
        "below 5": 30,
        "5 to 9": 21,
        "10 or more": 60,
    }


def test_a_small_band_is_withheld_with_another_that_would_tell_it():
    told = classes({2: 4, 7: 21, 60: 60})
    assert told == {"k": "below 5", "below 5": -1, "5 to 9": -1, "10 or more": 60}
    assert classes({7: 7, 60: 60}) == {
        "k": "5 to 9",
        "below 5": 0,
        "5 to 9": -1,
        "10 or more": -1,
    }


@pytest.mark.parametrize("threshold", [3, 5, 20])
def test_bands_hold_every_size_once(threshold):
    sizes = {size: size for size in range(1, 61)}
    assert sum(band_classes(sizes, threshold).values()) == sum(sizes)


def test_small_counts_of_cells_and_names_are_withheld_and_none_is_told():
    told = release_privacy(
        account(
            ("dropped", "a.csv: E-mail", 4, "e-mail addresses"),
            ("dropped", "a.csv: Phone", 40, "telephone numbers"),
            ("dropped", "a.csv: Fax", 0, "nothing personal was found in it"),
            ("hashed", "organisation_id", 3, "HMAC-SHA-256 with a secret key"),
            ("quasi-identifier", "stakes", np.nan, "as it is"),
        ),
        RULE,
    )
    assert told["count"].fillna(-1).tolist() == [-1, 40, 0, -1, -1]
    assert told["note"].tolist() == [
        "e-mail addresses; fewer than 10",
        "telephone numbers",
        "nothing personal was found in it",
        "HMAC-SHA-256 with a secret key; fewer than 10",
        "as it is",
    ]


def test_an_account_read_back_from_its_file_is_released_alike(tmp_path):
    given = account((CLASS, "7", 21, ""), ("hashed", "advisor_id", 30, "x"))
    given.to_csv(tmp_path / "privacy.csv", index=False)
    read = release_privacy(pd.read_csv(tmp_path / "privacy.csv"), RULE)
    pd.testing.assert_frame_equal(read, release_privacy(given, RULE), check_dtype=False)
