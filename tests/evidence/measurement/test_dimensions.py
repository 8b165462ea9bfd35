"""Factor models and invariance from check-ins, on a programme with one planted item at fault."""

from pathlib import Path

import numpy as np
import pytest

from analysis.contract.forms import align_forms
from analysis.contract.instruments import Responses, read_instrument
from analysis.evidence.measurement.dimensions import describe_dimensions
from analysis.simulate.programme import simulate_tables
from analysis.simulate.programmes import PROGRAMMES

KEYS = Path(__file__).parents[3] / "config/instruments"
WAI_SR = read_instrument(KEYS / "wai_sr.yaml")


@pytest.fixture(scope="module")
def consulting():
    """Check-ins, and each engagement's cluster."""
    tables = simulate_tables(PROGRAMMES["management_consulting"], np.random.default_rng(5))
    clusters = tables["engagements"].set_index("engagement_id")["advisor_id"]
    return tables["checkins"], clusters


def describe(consulting, **instruments):
    return describe_dimensions(consulting[0], align_forms(instruments), consulting[1], (1, 2, 3))


@pytest.fixture(scope="module")
def rows(consulting):
    return describe(consulting, advisee=WAI_SR, advisor=WAI_SR)


def test_the_planted_item_is_found_and_named(rows):
    ladder = rows[rows["analysis"] == "invariance"]
    assert {"configural: cfi", "metric: change in cfi"} <= set(ladder["term"])
    items = ladder[ladder["note"].fillna("").str.contains("at fault")]
    shifted = [
        f"advisee_item_{i:02d}"
        for i in PROGRAMMES["management_consulting"].raters["advisor"].item_shifts
    ]
    assert any(name in term for name in shifted for term in items["term"])
    scaled = ladder[ladder["term"] == "configural: chisq"].iloc[0]
    assert "for clusters" in scaled["note"]
    assert scaled["n_advisors"] == 18


def test_structures_are_compared_for_each_rater(rows):
    fits = rows[(rows["analysis"] == "structure") & (rows["term"] == "cfi")]
    for _, own in fits.groupby("rater"):
        assert {"one factor", "two factors", "three correlated factors"} <= set(own["method"])
    loadings = rows[(rows["term"] == "task =~ item_01") & (rows["rater"] == "advisee")]
    assert loadings["estimate"].between(0.4, 1).all()
    assert (rows["term"] == "goal and task").sum() == 2


def test_each_raters_items_are_compared_over_time(rows):
    over = rows[rows["analysis"] == "invariance_occasions"]
    for _, own in over.groupby("rater"):
        assert {"configural: cfi", "scalar: change in cfi"} <= set(own["term"])
        change = own[own["term"] == "latent mean change: bond"].iloc[0]
        assert "check-in 1" in change["note"]
    assert not over["term"].str.startswith("latent mean gap").any()


def test_what_cannot_be_compared_says_why(consulting):
    pulse = read_instrument(KEYS / "pulse.yaml")
    checkins, clusters = consulting
    alone = checkins[checkins["rater"] == "advisee"]
    rows = describe((alone, clusters), advisee=pulse)
    told = rows.set_index("analysis")["note"]
    assert "several items" in told["structure"]
    assert "only one rater" in told["invariance"]
    assert "several items" in told["invariance_occasions"]
    assert rows["estimate"].isna().all()
    once = checkins[checkins["occasion"] == 1]
    rows = describe((once, clusters), advisee=WAI_SR, advisor=WAI_SR)
    over = rows[rows["analysis"] == "invariance_occasions"]
    assert over["note"].str.contains("only one check-in").all()


def test_forms_that_differ_are_compared_on_their_common_items(consulting):
    # the advisors answered another form: their items 1 to 8 are the advisees' in another order
    checkins, clusters = consulting
    order = {1: 12, 2: 10, 3: 2, 4: 3, 5: 5, 6: 7, 7: 4, 8: 6, 9: 11}
    subscales = {"task": [1, 2, 3], "bond": [4, 5, 6], "goal": [7, 8, 9]}
    other = WAI_SR.model_copy(
        update={
            "name": "other",
            "title": "Other",
            "subscales": {name: tuple(own) for name, own in subscales.items()},
            "twins": {"wai_sr": order},
        }
    )
    theirs = checkins["rater"] == "advisor"
    mixed = checkins.copy()
    for own, twin in order.items():
        mixed.loc[theirs, f"item_{own:02d}"] = checkins.loc[theirs, f"item_{twin:02d}"]
    mixed.loc[theirs, ["item_10", "item_11", "item_12"]] = np.nan
    forms = align_forms({"advisee": WAI_SR, "advisor": other})
    assert forms.matched["goal"] == ((4, 7), (6, 8), (11, 9))
    assert "items 1, 8, 9" in forms.left_out[0]
    rows = describe_dimensions(mixed, forms, clusters, (1, 2, 3))
    ladder = rows[rows["analysis"] == "invariance"].set_index("term")
    # nine items and eighteen columns: 171 covariances less 18 loadings, 18 residuals, 9 twins, 15
    assert ladder.loc["configural: chisq", "df"] == 171 - 60
    fault = ladder[ladder["note"].fillna("").str.contains("at fault")]
    assert "scalar: advisee_item_11" in fault.index
    wide = other.model_copy(update={"responses": Responses(minimum=1, maximum=7)})
    rows = describe(consulting, advisee=WAI_SR, advisor=wide)
    assert "ranges" in rows.loc[rows["analysis"] == "invariance", "note"].iloc[0]
    alone = other.model_copy(update={"twins": {}})
    rows = describe(consulting, advisee=WAI_SR, advisor=alone)
    assert "different forms" in rows.loc[rows["analysis"] == "invariance", "note"].iloc[0]
