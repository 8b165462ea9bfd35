"""What should be known before a run is told, and nothing where all is well."""

from pathlib import Path

import pandas as pd

from analysis.contract.forms import align_forms
from analysis.contract.instruments import read_instrument
from analysis.evidence.cautions import list_cautions

KEYS = Path(__file__).parents[2] / "config/instruments"
ENGAGEMENTS = pd.DataFrame({"engagement_id": ["a", "b", "c"]})
CHECKINS = pd.DataFrame({"engagement_id": ["a", "b"]})
FRAME = pd.DataFrame({"advisee_total": [1.0, 2.0, None], "advisor_total": [3.0, 4.0, None]})


def told(advisee: str, advisor: str, frame: pd.DataFrame = FRAME, checkins=CHECKINS) -> list[str]:
    keys = {
        "advisee": read_instrument(KEYS / f"{advisee}.yaml"),
        "advisor": read_instrument(KEYS / f"{advisor}.yaml"),
    }
    return list_cautions(keys, align_forms(keys), ENGAGEMENTS, checkins, frame)


def test_verified_keys_and_varying_ratings_need_no_caution():
    everybody = pd.DataFrame({"engagement_id": ["a", "b", "c"]})
    assert told("wai_sr", "wai_sr", checkins=everybody) == []


def test_unverified_keys_and_silent_engagements_are_told():
    lines = told("wai_s", "wai_s")
    assert "the key of WAI-S (short form) (advisor) is unverified" in lines
    assert "1 engagements have no check-in at all" in lines


def test_ratings_that_never_vary_or_are_not_there_are_told():
    flat = FRAME.assign(advisee_total=2.0, advisor_total=float("nan"))
    lines = told("wai_sr", "wai_sr", flat)
    assert "the advisee's rating never varies: it can go with nothing" in lines
    assert "no usable rating by the advisor within the window" in lines


def test_forms_that_differ_are_told():
    assert any("ranges differ" in line for line in told("wai_sr", "wai_s"))
