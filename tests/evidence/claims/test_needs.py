"""Whatever a claim needs and the data lack is named, and having it makes the claim testable."""

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.contract.claims import Ledger, read_ledger
from analysis.evidence.claims.estimands import TESTS
from analysis.evidence.claims.ledger import answer_claims
from analysis.evidence.claims.needs import list_answerable, list_missing
from analysis.evidence.verdict import INDEPENDENT_SOURCES

CLAIMS = read_ledger(Path(__file__).parents[3] / "config/claims.yaml").claims
NEEDS = [(claim, place) for claim in CLAIMS for place in range(len(claim.needs))]
NAMES = [f"{claim.id}-{claim.needs[place].kind}-{place}" for claim, place in NEEDS]


def without(data, need):
    """The dataset with one ingredient taken out, and a word that its absence must be named by."""
    alliance, events, engagements = data.alliance, data.events, data.engagements
    match need.kind:
        case "rating":
            left = alliance[alliance["rater"] != need.rating]
            return replace(data, alliance=left), f"ratings of the alliance by the {need.rating}"
        case "outcome":
            return replace(data, outcomes=_without_outcome(data, need)), "the outcome "
        case "event":
            left = events[~events["event"].isin(need.names)]
            return replace(data, events=left), f"events of the kind {need.names[0]}"
        case "column":
            names = list(need.names)
            tables = {
                "engagements": engagements.drop(columns=names, errors="ignore"),
                "events": events.drop(columns=names, errors="ignore"),
            }
            return replace(data, **tables), f"the column {names[0]}"
        case "setting":
            other = engagements["setting"].where(~engagements["setting"].isin(need.names), "other")
            words = need.names[0].replace("_", " ")
            return replace(data, engagements=engagements.assign(setting=other)), words
        case "occasions":
            left = alliance[alliance["occasion"] < need.occasions]
            return replace(data, alliance=left), f"at least {need.occasions} check-ins"
        case "subscales":
            left = alliance.drop(columns=need.subscales[-1])
            return replace(data, alliance=left), f"subscale {need.subscales[-1]}"
        case "items":
            return replace(data, instruments={}), "single items"


def _without_outcome(data, need):
    rows = data.outcomes
    names = [data.primary.outcome if name == "primary" else name for name in need.names]
    gone = rows["outcome"].isin(names)
    if need.times:
        return rows[~gone | (rows["week"] <= rows["week"].min())]
    if need.phase:
        gone &= rows["phase"] == need.phase
    if need.source == "independent":
        gone &= rows["source"].isin(INDEPENDENT_SOURCES)
    elif need.source:
        gone &= rows["source"] == need.source
    return rows[~gone]


def answer(claim, data):
    alone = Ledger(claims=(claim.model_copy(update={"shares": None}),))
    return answer_claims(alone, data, TESTS).iloc[0]


@pytest.fixture(scope="module")
def answered(rich):
    """Every claim answered once where nothing is missing."""
    return {claim.id: answer(claim, rich) for claim in CLAIMS}


@pytest.mark.parametrize(("claim", "place"), NEEDS, ids=NAMES)
def test_taking_an_ingredient_out_is_named_and_adding_it_makes_the_claim_testable(
    claim, place, rich, answered
):
    data, word = without(rich, claim.needs[place])
    missing = list_missing(claim, data)
    assert any(word in told for told in missing), missing
    assert not list_missing(claim, rich)
    if claim.across:
        return
    row = answer(claim, data)
    assert row["verdict"] == "not_testable"
    assert row["note"].startswith("missing: ")
    assert word in row["note"]
    assert word in row["sentence"]
    assert answered[claim.id]["verdict"] != "not_testable", answered[claim.id]["note"]


def test_every_claim_but_those_across_datasets_is_answered_where_nothing_is_missing(answered):
    refused = {name for name, row in answered.items() if row["verdict"] == "not_testable"}
    assert refused == {"generalises-across-settings"}
    assert "across datasets" in answered["generalises-across-settings"]["note"]


def test_every_answer_has_its_numbers_and_a_sentence_without_a_causal_word(answered):
    for name, row in answered.items():
        assert row["sentence"].endswith("."), name
        assert not {"causes", "leads to", "because of"} & set(row["sentence"].split()), name
        if (
            row["verdict"] != "not_testable"
            and row["note"]
            and "no clear excess" not in row["note"]
        ):
            assert row[["estimate", "conf_low", "conf_high"]].notna().all(), name
            assert row["conf_low"] <= row["estimate"] <= row["conf_high"], name
            assert row["n_engagements"] >= 10, name


def test_claims_that_can_be_answered_are_told_before_anything_is_estimated(ledger, rich):
    rows = list_answerable(ledger, rich).set_index("question")
    assert list(rows.index) == [claim.id for claim in ledger.claims]
    across = {claim.id for claim in ledger.claims if claim.across}
    for claim in ledger.claims:
        lacking = list_missing(claim, rich)
        assert rows.loc[claim.id, "testable"] == (not lacking and claim.id not in across)
    assert rows["testable"].any()
    assert set(rows.loc[list(across), "reason"]) == {"decided across datasets, not within one"}
    poor = replace(rich, events=rich.events.iloc[:0])
    assert list_answerable(ledger, poor)["testable"].sum() < rows["testable"].sum()
