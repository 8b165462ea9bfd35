from pathlib import Path

import pytest
import yaml

from analysis.contract.claims import read_ledger
from analysis.contract.faults import UserFault

LEDGER = Path(__file__).parents[2] / "config/claims.yaml"


@pytest.fixture
def edited(tmp_path):
    """A function that writes the ledger with one claim edited."""

    def edit(change):
        content = yaml.safe_load(LEDGER.read_text(encoding="utf-8"))
        change(content["claims"])
        path = tmp_path / "claims.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return path

    return edit


def test_the_ledger_holds_37_claims_of_three_tiers_each_with_its_rule():
    claims = read_ledger(LEDGER).claims
    assert len(claims) == 37
    tiers = [claim.tier for claim in claims]
    assert [tiers.count(tier) for tier in ("primary", "secondary", "exploratory")] == [3, 18, 16]
    assert all(claim.needs and claim.rule and claim.against for claim in claims)


def test_a_need_for_an_unknown_column_is_named_with_the_nearest(edited):
    path = edited(lambda claims: claims[0].update(needs=[{"column": "stake"}]))
    with pytest.raises(UserFault, match=r"claims\.0\.needs\.0: 'stake' is no column.*'stakes'"):
        read_ledger(path)


def test_two_claims_with_one_id_are_refused(edited):
    path = edited(lambda claims: claims[1].update(id=claims[0]["id"]))
    with pytest.raises(UserFault, match="two claims have the id alliance-primary-predictor"):
        read_ledger(path)


@pytest.mark.parametrize(
    ("need", "told"),
    [
        ({"outcome": "efort"}, "did you mean 'effort'"),
        ({"event": "complain"}, "did you mean 'complaint'"),
        ({"rating": "advisee", "items": True}, "exactly one of"),
        ({"rating": "advisee", "phase": "end"}, "phase belong to an outcome"),
    ],
)
def test_a_need_that_means_nothing_is_refused(edited, need, told):
    with pytest.raises(UserFault, match=told):
        read_ledger(edited(lambda claims: claims[0].update(needs=[need])))


def test_a_test_that_does_not_exist_is_named(edited):
    path = edited(lambda claims: claims[2].update(test="slop"))
    known = frozenset({"slope", *(claim.test for claim in read_ledger(LEDGER).claims)})
    with pytest.raises(UserFault, match=r"alliance-moderates-quality.test.*did you mean 'slope'"):
        read_ledger(path, known)
