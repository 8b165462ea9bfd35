import re
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from analysis.contract.estimates import VERDICTS
from analysis.evidence.grid import compare_all_cells
from analysis.evidence.sentence import Headline, headline_sentence, plain_verdict, read_headline
from analysis.evidence.verdict import NOT_SHOWN, UNCORRECTED

SUPPORTED = Headline(
    verdict="supported",
    reason="both intervals exclude 0, clustered and disattenuated",
    outcome="goal_attainment",
    source="third_party",
    timing="prospective",
    difference=0.2412,
    conf_low=0.1203,
    conf_high=0.3621,
    r_advisee=0.4211,
    r_advisor=0.1799,
    n_engagements=1398,
    n_advisors=60,
)

REASONS = {
    "supported": ["both intervals exclude 0", f"...; {UNCORRECTED} (one occasion only)"],
    "opposed": ["both intervals exclude 0", "...; the interval reaches inside +-0.10"],
    "equivalent": ["neither interval excludes 0", UNCORRECTED],
    "inconclusive": ["neither interval excludes 0", f"only the clustered: {NOT_SHOWN}"],
    "not_testable": ["ratings of the alliance by the advisor are missing"],
}
ALL = [
    replace(SUPPORTED, verdict=verdict, reason=reason, timing=timing)
    for verdict, reasons in REASONS.items()
    for reason in reasons
    for timing in ("prospective", "concurrent", None)
]
CAUSAL = (
    r"\b(caus|lead|led|improv|affect|effect|influenc|driv|produc|boost|impact|result|determin|"
    r"increas|decreas|rais|enhanc|make|made|bring|foster|help|due|because|thanks)\w*"
)


@pytest.mark.parametrize("headline", ALL)
def test_no_sentence_holds_a_causal_word(headline):
    assert not re.search(CAUSAL, headline_sentence(headline, "Coaching"), re.IGNORECASE)


@pytest.mark.parametrize("headline", [one for one in ALL if one.timing != "prospective"])
def test_what_was_not_measured_after_the_ratings_is_never_predicted(headline):
    assert "predict" not in headline_sentence(headline, "Coaching").lower()


def test_a_supported_verdict_reads_as_a_sentence_and_its_numbers():
    assert headline_sentence(SUPPORTED, "Executive coaching") == (
        "Executive coaching: the advisee's rating of the alliance predicts goal attainment better "
        "than the advisor's. Difference of correlations D = 0.241 (95 % interval 0.120 to 0.362): "
        "advisee r = 0.421, advisor r = 0.180; 1,398 engagements, 60 advisors; outcome given by a "
        "third party, after the ratings."
    )


@pytest.mark.parametrize(
    ("verdict", "timing", "said"),
    [
        (
            "supported",
            "concurrent",
            "the advisee's rating of the alliance goes with goal attainment"
            " more closely than the advisor's",
        ),
        (
            "opposed",
            "prospective",
            "the advisor's rating of the alliance predicts goal attainment"
            " better than the advisee's",
        ),
        ("opposed", "concurrent", "the advisor's rating of the alliance goes with"),
        ("equivalent", "prospective", "predict goal attainment equally well"),
        ("equivalent", "concurrent", "go with goal attainment equally closely"),
        (
            "inconclusive",
            "prospective",
            "do not settle whether the advisee's or the advisor's"
            " rating of the alliance predicts goal attainment better",
        ),
        ("inconclusive", "concurrent", "goes with goal attainment more closely"),
    ],
)
def test_each_verdict_and_timing_has_its_words(verdict, timing, said):
    assert said in headline_sentence(replace(SUPPORTED, verdict=verdict, timing=timing), "X")


@pytest.mark.parametrize(("difference", "rater"), [(0.2, "advisee"), (-0.2, "advisor")])
def test_a_difference_of_reliability_is_not_called_a_difference(difference, rater):
    headline = replace(
        SUPPORTED,
        verdict="inconclusive",
        reason=f"only the clustered interval excludes 0: {NOT_SHOWN}",
        difference=difference,
    )
    assert (
        f"the {rater}'s rating of the alliance predicts goal attainment better"
        in headline_sentence(headline, "X")
    )
    assert f"as measured, but this is {NOT_SHOWN}." in headline_sentence(headline, "X")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (f"...; {UNCORRECTED} (one occasion only)", f"({UNCORRECTED})"),
        ("...; the interval reaches inside +-0.10: ...", "(the difference may be too small to"),
        ("...; 33% of the engagements with this outcome lack a rating", "(many ratings are mis"),
    ],
)
def test_cautions_stand_beside_the_verdict(reason, said):
    assert said in headline_sentence(replace(SUPPORTED, reason=reason), "X")


def test_not_testable_says_what_is_missing_and_prints_no_invented_number():
    headline = Headline(
        "not_testable", "ratings of the alliance by the advisor are missing", "renewal", "record"
    )
    assert headline_sentence(headline, "Support") == (
        "Support: whether the advisee's or the advisor's rating of the alliance says more about "
        "renewal cannot be tested with these data: ratings of the alliance by the advisor are "
        "missing."
    )


def test_without_an_interval_the_sentence_says_so():
    headline = replace(
        SUPPORTED,
        verdict="inconclusive",
        conf_low=float("nan"),
        conf_high=float("nan"),
        n_advisors=1,
    )
    said = headline_sentence(headline, "X")
    assert "D = 0.241 (no interval)" in said
    assert "1,398 engagements, 1 advisor;" in said


def test_level_and_clusters_are_named_as_given():
    said = headline_sentence(SUPPORTED, "X", confidence=0.9, clusters="organisations")
    assert "90 % interval" in said
    assert "60 organisations" in said


def test_every_verdict_has_plain_words_and_nothing_else_has():
    words = [plain_verdict(verdict) for verdict in VERDICTS]
    assert len(set(words)) == len(VERDICTS)
    with pytest.raises(ValueError, match="'proved' is no verdict"):
        plain_verdict("proved")


@pytest.fixture
def table(programme, plan):
    data = programme(21, latent=(0.55, 0.15))
    outcomes = pd.DataFrame(
        {
            "engagement_id": data.frame["engagement_id"],
            "outcome": "goal_attainment",
            "source": "record",
            "phase": "end",
            "value": data.frame.pop("goal_attainment"),
        }
    )
    declared = {"goal_attainment": SimpleNamespace(timing="concurrent", higher_is="better")}
    primary = SimpleNamespace(outcome="goal_attainment", source="record", phase="end")
    return compare_all_cells(
        data.frame, outcomes, data.occasions, None, declared, plan, "advisor_id", primary
    )


def test_the_headline_is_read_from_the_primary_rows(table):
    headline = read_headline(table)
    verdict = table[table["analysis"] == "verdict"].iloc[0]
    r = table[table["term"] == "correlation"].groupby("rater")["estimate"].first()
    assert (headline.verdict, headline.timing, headline.source) == (
        "supported",
        "concurrent",
        "record",
    )
    assert headline.difference == verdict["estimate"]
    assert headline.r_advisee - headline.r_advisor == pytest.approx(headline.difference)
    assert headline.r_advisee == r["advisee"]
    said = headline_sentence(headline, "X")
    assert "predict" not in said
    assert f"{verdict['n_engagements']:.0f} engagements, 40 advisors" in said
    assert "taken from records, concurrent with the ratings" in said


def test_a_table_without_a_primary_verdict_has_no_headline(table):
    with pytest.raises(ValueError, match="one primary verdict row; there are 0"):
        read_headline(table[table["analysis"] != "verdict"])
