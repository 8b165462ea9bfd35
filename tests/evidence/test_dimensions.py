"""Factor models and invariance from check-ins, on a programme with one planted item at fault."""

from pathlib import Path

import numpy as np
import pytest

from analysis.contract.instruments import read_instrument
from analysis.evidence.dimensions import describe_dimensions
from analysis.simulate.programme import simulate_tables
from analysis.simulate.programmes import PROGRAMMES

KEYS = Path(__file__).parents[2] / "config/instruments"
WAI_SR = read_instrument(KEYS / "wai_sr.yaml")


@pytest.fixture(scope="module")
def consulting():
    tables = simulate_tables(PROGRAMMES["management_consulting"], np.random.default_rng(5))
    return tables["checkins"]


def test_the_planted_item_is_found_and_named(consulting):
    rows = describe_dimensions(consulting, {"advisee": WAI_SR, "advisor": WAI_SR})
    ladder = rows[rows["analysis"] == "invariance"]
    assert {"configural: cfi", "metric: change in cfi"} <= set(ladder["term"])
    items = ladder[ladder["note"].fillna("").str.contains("at fault")]
    shifted = [
        f"advisee_item_{i:02d}"
        for i in PROGRAMMES["management_consulting"].raters["advisor"].item_shifts
    ]
    assert any(name in term for name in shifted for term in items["term"])


def test_structures_are_compared_for_each_rater(consulting):
    rows = describe_dimensions(consulting, {"advisee": WAI_SR, "advisor": WAI_SR})
    fits = rows[(rows["analysis"] == "structure") & (rows["term"] == "cfi")]
    for _, own in fits.groupby("rater"):
        assert {"one factor", "two factors", "three correlated factors"} <= set(own["method"])


def test_what_cannot_be_compared_says_why(consulting):
    pulse = read_instrument(KEYS / "pulse.yaml")
    alone = consulting[consulting["rater"] == "advisee"]
    rows = describe_dimensions(alone, {"advisee": pulse})
    told = rows.set_index("analysis")["note"]
    assert "several items" in told["structure"]
    assert "only one rater" in told["invariance"]
    assert rows["estimate"].isna().all()
    other = WAI_SR.model_copy(update={"name": "another_form", "title": "Another form"})
    rows = describe_dimensions(consulting, {"advisee": WAI_SR, "advisor": other})
    assert "different forms" in rows.loc[rows["analysis"] == "invariance", "note"].iloc[0]
