"""Random effects against metafor's values, closed forms, simulated truth and hard cases."""

import json
from pathlib import Path

import numpy as np
import pytest

from analysis.evidence.synthesis import random_effects
from analysis.models.random_effects import fit_random_effects, tau2_interval

REFERENCE = json.loads(Path("tests/reference/r_values.json").read_text())["molloy2014"]
EFFECTS = np.arctanh(REFERENCE["ri"])
VARIANCES = 1 / (np.array(REFERENCE["ni"]) - 3)


def test_reml_agrees_with_metafor():
    row = random_effects(EFFECTS, VARIANCES).iloc[0]
    told = REFERENCE["reml"]
    found = {
        "mu": row["estimate"],
        "se": row["std_error"],
        "tau2": row["tau2"],
        "I2": row["i2"],
        "Q": row["q"],
    }
    for name, value in found.items():
        assert value == pytest.approx(told[name], rel=1e-5), name
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(told["ci"], abs=1e-7)
    assert [row["pred_low"], row["pred_high"]] == pytest.approx(told["pi_normal"], abs=1e-7)


def test_knapp_hartung_agrees_with_metafor():
    row = random_effects(EFFECTS, VARIANCES, knapp_hartung=True).iloc[0]
    told = REFERENCE["knapp_hartung"]
    assert row["std_error"] == pytest.approx(told["se"], abs=1e-7)
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(told["ci"], abs=1e-7)
    assert [row["pred_low"], row["pred_high"]] == pytest.approx(told["pi_t"], abs=1e-7)


def test_the_q_profile_interval_agrees_with_the_published_one():
    """Quintana (2015), Frontiers in Psychology 6, 1549: .0081 [.0017, .0378] on these studies."""
    assert tau2_interval(EFFECTS, VARIANCES) == pytest.approx((0.0017, 0.0378), abs=5e-5)


def test_equal_variances_have_a_closed_form():
    """With one sampling variance REML's tau2 is the sample variance less it, never below 0."""
    y, v = np.array([0.1, 0.3, 0.2, 0.6]), np.full(4, 0.01)
    for method in ("reml", "dl"):
        row = random_effects(y, v, method).iloc[0]
        assert row["tau2"] == pytest.approx(y.var(ddof=1) - 0.01, abs=1e-10)
        assert row["estimate"] == pytest.approx(y.mean())
    kh = random_effects(y, v, knapp_hartung=True).iloc[0]
    assert kh["std_error"] == pytest.approx(y.std(ddof=1) / 2)
    assert random_effects(y, np.full(4, 1.0))["tau2"].iloc[0] == 0


def test_a_moderator_takes_up_the_difference_between_groups():
    y = np.array([0.1, 0.12, 0.08, 0.5, 0.52, 0.48])
    design = np.column_stack([np.ones(6), np.repeat([0.0, 1.0], 3)])
    fit = fit_random_effects(y, np.full(6, 0.01), design)
    assert fit.coefficients == pytest.approx([0.1, 0.4])
    assert fit.tau2 == 0
    assert fit.df == 4


def test_one_effect_is_told_as_such():
    row = random_effects([0.2], [0.04], knapp_hartung=True).iloc[0]
    assert row["conf_high"] == pytest.approx(0.2 + 1.959964 * 0.2, abs=1e-6)
    assert np.isnan([row["tau2"], row["pred_low"], row["pred_high"]]).all()
    assert "nothing to synthesise" in row["note"]


def test_effects_closer_than_chance_are_told():
    row = random_effects([0.2, 0.2, 0.21], [0.04] * 3, knapp_hartung=True).iloc[0]
    assert row["tau2"] == 0
    assert "less than chance" in row["note"]


@pytest.mark.parametrize(
    ("effects", "variances", "method"),
    [
        ([], [], "reml"),
        ([0.1], [0.0], "reml"),
        ([0.1, np.nan], [0.1, 0.1], "reml"),
        ([0.1, 0.2], [0.1], "reml"),
        ([0.1], [0.1], "hedges"),
    ],
)
def test_what_cannot_be_is_refused(effects, variances, method):
    with pytest.raises(ValueError, match=r"variance|method"):
        random_effects(effects, variances, method)


def test_order_does_not_matter():
    order = np.random.default_rng(1).permutation(len(EFFECTS))
    one = random_effects(EFFECTS, VARIANCES, knapp_hartung=True)
    other = random_effects(EFFECTS[order], VARIANCES[order], knapp_hartung=True)
    numbers = ["estimate", "std_error", "tau2", "pred_low"]
    assert one[numbers].to_numpy() == pytest.approx(other[numbers].to_numpy(), rel=1e-10)


def test_identical_effects_have_no_interval():
    row = random_effects([0.2, 0.2, 0.2], [0.04] * 3, knapp_hartung=True).iloc[0]
    assert row["estimate"] == pytest.approx(0.2)
    assert np.isnan([row["conf_low"], row["pred_high"]]).all()
    assert "do not differ" in row["note"]


@pytest.mark.slow
@pytest.mark.parametrize(("k", "least"), [(8, 0.84), (40, 0.92)])
def test_intervals_cover_the_truth(k, least):
    """The mean's interval covers as it says; the prediction interval less, the fewer effects."""
    rng = np.random.default_rng(7)
    runs, mean, tau = 1_000, 0.25, 0.12
    covered, foretold = 0, 0
    for _ in range(runs):
        v = rng.uniform(0.005, 0.02, k)
        y = rng.normal(mean, tau, k) + rng.normal(0, np.sqrt(v))
        row = random_effects(y, v, knapp_hartung=True).iloc[0]
        covered += row["conf_low"] < mean < row["conf_high"]
        foretold += row["pred_low"] < rng.normal(mean, tau) < row["pred_high"]
    error = np.sqrt(0.05 * 0.95 / runs)
    assert covered / runs == pytest.approx(0.95, abs=3 * error)
    assert least < foretold / runs < 0.95 + 3 * error
