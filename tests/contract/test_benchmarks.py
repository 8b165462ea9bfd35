"""Published values: the shipped ones are sourced, and contradictions are refused."""

from pathlib import Path

import pytest
import yaml

from analysis.contract.benchmarks import read_benchmarks
from analysis.contract.faults import UserFault

ROOT = Path(__file__).parents[2]
GOOD = {
    "title": "clients of ours",
    "quantity": "mean",
    "instrument": "wai_s",
    "rater": "advisee",
    "value": 5.5,
    "sd": 0.9,
    "source": "a test",
    "status": "user_supplied",
}


def read(tmp_path, **changes):
    path = tmp_path / "benchmarks.yaml"
    path.write_text(yaml.safe_dump({"benchmarks": [GOOD | changes]}))
    return read_benchmarks(path)


def test_the_shipped_values_are_verified_and_name_their_year():
    shipped = read_benchmarks(ROOT / "config/benchmarks.yaml")
    assert shipped
    for one in shipped:
        assert one.status == "verified"
        assert any(year in one.source for year in ("2007", "2025"))


def test_psychotherapys_clients_rate_higher_so_that_the_gap_is_negative():
    gaps = [
        one for one in read_benchmarks(ROOT / "config/benchmarks.yaml") if one.quantity == "gap_d"
    ]
    assert [one.value for one in gaps] == [-0.63, -0.41]


def test_a_value_of_ones_own_is_taken(tmp_path):
    (one,) = read(tmp_path)
    assert one.value == 5.5


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"instrument": None}, "needs its instrument"),
        ({"quantity": "gap_d"}, "neither instrument nor rater"),
        ({"quantity": "agreement", "instrument": None, "rater": None}, "between -1 and 1"),
        ({"conf_low": 5.0}, "go together"),
        ({"conf_low": 5.6, "conf_high": 5.9}, "outside its interval"),
        ({"vlaue": 3}, "not known"),
        ({"status": "sure"}, "status"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path, changes, word):
    with pytest.raises(UserFault, match=word):
        read(tmp_path, **changes)
