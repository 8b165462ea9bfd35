"""The programme audit: its numbers are those of the released tables, in words that hold."""

import re

import numpy as np
import pandas as pd
import pytest

from analysis.contract.benchmarks import Benchmark
from analysis.contract.instruments import Instrument
from analysis.present.audit import Audited, make_audit, render_audit

HOSTILE = '<script>x</script> & "q" برنامج 🌱 ' + "W" * 120
KEY = Instrument.model_validate(
    {
        "name": "wai_s",
        "title": HOSTILE[:60],
        "responses": {"minimum": 1, "maximum": 7},
        "subscales": {"goal": [1, 2], "bond": [3, 4]},
        "status": "user_supplied",
        "source": "a test",
    }
)
MEAN = Benchmark(
    title="coaching clients",
    quantity="mean",
    instrument="wai_s",
    rater="advisee",
    value=5.0,
    sd=0.5,
    source=HOSTILE,
    status="unverified",
)
GAP = Benchmark(title="therapy", quantity="gap_d", value=-0.63, source="T", status="verified")


def programme(name: str = "", advisor: bool = True, shift: float = 0.0) -> list[dict]:
    behind = f" in {name}" if name else ""
    rows = [("engagements", None, 120, np.nan, np.nan)]
    for rater in ("advisee", "advisor") if advisor else ("advisee",):
        rows += [
            ("answered", rater, 0.756, 0.70, 0.81),
            ("mean", rater, 5.5 + shift, 5.3, 5.7),
            ("sd", rater, 0.8, np.nan, np.nan),
        ]
    if advisor:
        rows += [("gap", None, -0.35, -0.44, -0.26), ("gap_d", None, -0.55, -0.69, -0.40)]
    return [
        {"analysis": "programme", "term": f"{term}{behind}", "rater": rater, "estimate": value,
         "conf_low": low, "conf_high": high, "n_engagements": 120, "n_advisors": 20,
         "subscale": "total" if term in ("mean", "sd", "gap", "gap_d") else None}
        for term, rater, value, low, high in rows
    ]  # fmt: skip


def ruptures(excess_low: float) -> pd.DataFrame:
    rows = [
        ("beginning", 0.1, np.nan, np.nan),
        ("ruptured", 0.34, 0.29, 0.39),
        ("ruptured_by_chance", 0.30, np.nan, np.nan),
        ("ruptured_excess", 0.04, excess_low, 0.08),
        ("repaired_within_3", 0.45, 0.38, 0.52),
        ("repaired_within_3_by_chance", 0.40, np.nan, np.nan),
    ]
    return pd.DataFrame(
        [
            {"analysis": "repair" if "repaired" in term else "rupture", "term": term,
             "rater": "advisee", "method": "2s_previous", "estimate": value, "conf_low": low,
             "conf_high": high, "n_engagements": 143, "verdict": None, "note": None}
            for term, value, low, high in rows
        ]
    )  # fmt: skip


def warning(low: float) -> pd.DataFrame:
    rows = [
        ("base_rate", None, 0.18, np.nan, np.nan),
        ("auc", "model", 0.65, low, 0.75),
        ("auc", "rule", 0.58, 0.5, 0.66),
        ("alarms", "model", 0.2, 0.15, 0.25),
        ("sensitivity", "model", 0.4, 0.2, 0.6),
        ("specificity", "model", 0.8, 0.7, 0.9),
        ("auc_above_chance", "jackknife", 0.15, np.nan, np.nan),
    ]
    return pd.DataFrame(
        [
            {"analysis": "warning", "outcome": "ended_early", "occasion": 2, "term": term,
             "method": method, "estimate": value, "conf_low": low, "conf_high": high,
             "n_engagements": 250, "verdict": "supported" if "chance" in term else None,
             "note": None}
            for term, method, value, low, high in rows
        ]
    )  # fmt: skip


def audited(**changes) -> Audited:
    measurement = pd.DataFrame([*programme(), *programme(HOSTILE), *programme("South", shift=0.2)])
    given = {
        "name": "own",
        "title": HOSTILE,
        "measurement": measurement,
        "process": ruptures(0.01),
        "warning": warning(0.55),
        "instruments": {"advisee": KEY, "advisor": KEY},
        "benchmarks": (MEAN, GAP),
        "notes": (HOSTILE,),
    }
    return Audited(**given | changes)


def read(page: str) -> str:
    """A page's text without style, script and images."""
    plain = re.sub(r"<style>.*?</style>|<script>.*?</script>|<img[^>]*>", " ", page, flags=re.S)
    return re.sub(r"<[^>]+>", " ", plain)


def part(anchor: str, **changes):
    return next(one for one in make_audit(audited(**changes)) if one.anchor == anchor)


def test_labels_of_a_dataset_come_out_as_text_and_nothing_is_loaded():
    page = render_audit([audited()])
    body = page[page.index("<body") : page.index("<script>\n") if "<script>\n" in page else None]
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in body
    assert "<bdi>برنامج</bdi>" in body
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", page)
    assert page == render_audit([audited()])


def test_the_glance_says_the_first_sentence_of_every_part():
    glance, *others = make_audit(audited())
    assert [one.heading for one in others] == [heading for heading, _ in glance.terms]
    assert [one.paragraphs[0] for one in others] == [text for _, text in glance.terms]


def test_every_part_with_numbers_says_what_they_mean_and_do_not_show_and_what_to_do():
    for one in make_audit(audited())[1:]:
        assert [heading for heading, _ in one.terms] == [
            "What it means",
            "What it does not show",
            "What you may do",
        ]


def test_replies_and_ratings_are_those_of_the_table():
    assert "Advisees answered 76 % of the check-ins that were due" in part("replies").paragraphs[0]
    assert (
        "5.50 on a scale from 1 to 7 (95 % interval 5.30 to 5.70)" in part("ratings").paragraphs[0]
    )
    by_programme = part("ratings").tables[0]
    assert [row[0] for row in by_programme.rows] == ["All together", HOSTILE, "South"]
    assert by_programme.rows[2][2] == "5.70 [5.30, 5.70]"


def test_a_published_mean_stands_only_beside_the_same_instrument_and_rater():
    published = part("ratings").tables[1]
    assert [row[0] for row in published.rows] == ["Advisees"]
    assert published.rows[0][1:4] == ("5.50", "5.00 (SD 0.50)", "1.00 SD")
    assert "(unverified)" in published.rows[0][4]
    other = KEY.model_copy(update={"name": "wai_sr"})
    alone = part("ratings", instruments={"advisee": other, "advisor": other})
    assert len(alone.tables) == 1
    assert "No published mean" in alone.paragraphs[1]


def test_a_gap_is_told_with_its_side_and_size_and_beside_published_ones():
    gap = part("gap")
    assert "0.35 points lower than advisees, which is 0.55 standard" in gap.paragraphs[0]
    assert "(95 % interval 0.26 to 0.44)." in gap.paragraphs[0]
    assert gap.tables[-1].rows[0][1:3] == ("−0.55 [−0.69, −0.40]", "−0.63")


def test_one_rater_alone_has_no_gap_and_says_so():
    rows = pd.DataFrame(programme(advisor=False))
    gap = part("gap", measurement=rows, instruments={"advisee": KEY})
    assert gap.paragraphs == ("The gap between both sides’ ratings: only one side rated.",)
    assert not gap.tables


def test_ruptures_stand_beside_what_chance_alone_shows():
    told = part("ruptures").paragraphs[0]
    assert (
        "34 % of engagements show at least one clear drop, where chance alone would show 30 %"
        in told
    )
    assert "4.0 in 100 more than chance" in told
    unclear = part("ruptures", process=ruptures(-0.01)).paragraphs[0]
    assert unclear.endswith("no clear difference from chance.")
    assert part("ruptures").tables[0].rows[1][:3] == (
        "Advisees: drops repaired within 3 check-ins",
        "45 % [38 %, 52 %]",
        "40 %",
    )


def test_early_warning_says_whether_it_beats_a_coin():
    assert part("warning").paragraphs[0].endswith(": better than a coin.")
    assert part("warning", warning=warning(0.45)).paragraphs[0].endswith("than a coin.")
    assert "not clearly better" in part("warning", warning=warning(0.45)).paragraphs[0]
    rows = [row[0] for row in part("warning").tables[0].rows]
    assert rows == ["Check-in 2: the model", "Check-in 2: the rule of thumb"]


@pytest.mark.parametrize("table", ["measurement", "process", "warning"])
def test_what_is_not_there_is_said_and_not_made_up(table):
    empty = getattr(audited(), table).iloc[:0]
    page = render_audit([audited(**{table: empty})])
    assert not re.search(r"\bnan\b", read(page))


def test_withheld_numbers_are_dashes():
    rows = pd.DataFrame([*programme(), *programme("North"), *programme("South")])
    hidden = rows["term"].str.endswith("in South")
    rows.loc[hidden, ["estimate", "conf_low", "conf_high", "n_engagements"]] = np.nan
    table = part("ratings", measurement=rows).tables[0]
    assert table.rows[2] == ("South", "–", "–", "–", "–", "–")


def test_no_word_says_that_one_thing_brings_about_another():
    page = read(render_audit([audited()]))
    assert not re.search(r"\b(causes?|leads? to|improves?|because of|effect of|due to)\b", page)
