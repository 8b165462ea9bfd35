"""What must hold of every estimator on any data: units, swapped raters, replicated rows, honesty.

Data are drawn to be awkward on purpose: one cluster or many, of one row or several, constant, tied
or perfectly correlated columns, offsets of a million, gaps. A number that comes out must be one
that the data define; where they do not, a note says why and no number stands beside it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis.evidence.synthesis import random_effects
from analysis.measure.agreement import intraclass_correlations
from analysis.measure.missing import pool_rubin
from analysis.measure.reliability import cronbach_alpha, mcdonald_omega
from analysis.models.cluster_sums import (
    correlation,
    covariances,
    standardise,
    sum_products,
)
from analysis.models.correlation import compare_dependent_correlations
from analysis.models.gap import mean_gap
from analysis.models.multilevel import fit_two_level, ols_cr2
from analysis.models.resampling import (
    cluster_bootstrap_difference,
    cluster_jackknife_difference,
)
from analysis.models.surface import fit_response_surface

#: How a column of ratings may look: its values from a common part and noise of its own.
SHAPES = (
    "ordinary",
    "integers",
    "constant",
    "two_values",
    "copy",
    "opposite",
    "gaps",
    "one_differs",
)
FEW = settings(max_examples=50)
MANY = settings(max_examples=150)
NINE = st.just(9)
ANY = st.integers(1, 9)

pytestmark = pytest.mark.slow


@st.composite
def dyads(draw, shapes=SHAPES, clusters=ANY, least=1):
    """A frame of an outcome, two ratings and a cluster."""
    sizes = draw(st.lists(st.integers(least, 6), min_size=1, max_size=9))
    sizes = sizes[: draw(clusters)]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    codes = np.repeat(np.arange(len(sizes)), sizes)
    common = rng.standard_normal(len(codes)) + rng.standard_normal(len(sizes))[codes]
    frame = {"cluster": [f"c{code}" for code in codes]}
    for name in ("outcome", "first", "second"):
        values = common + rng.standard_normal(len(codes))
        offset = draw(st.sampled_from([0.0, 0.0, 1.0, -50.0, 1e6]))
        frame[name] = _shaped(draw(st.sampled_from(shapes)), values, common, rng) + offset
    return pd.DataFrame(frame)


def _shaped(shape, values, common, rng):
    n = len(values)
    if shape == "integers":
        return np.clip(np.round(3 + values), 1, 5)
    if shape == "constant":
        return np.full(n, 0.1)
    if shape == "two_values":
        return (values > 0).astype(float)
    if shape == "copy":
        return common.copy()
    if shape == "opposite":
        return -common
    if shape == "gaps":
        return np.where(rng.random(n) < 0.3, np.nan, values)
    if shape == "one_differs":
        return np.where(np.arange(n) == 0, 1.0, 0.0)
    return values


ORDINARY = dyads(shapes=("ordinary", "integers"), clusters=NINE, least=3).filter(
    lambda frame: frame["cluster"].nunique() >= 4
)
UNITS = st.tuples(st.sampled_from([0.01, 0.5, 7.0, 1000.0]), st.sampled_from([-20.0, 0.0, 1e6]))

DIFFERENCES = {
    "jackknife": cluster_jackknife_difference,
    "bootstrap": lambda *columns: cluster_bootstrap_difference(
        *columns, 99, np.random.default_rng(5)
    ),
    "bca": lambda *columns: cluster_bootstrap_difference(
        *columns, 99, np.random.default_rng(5), interval="bca"
    ),
}
COLUMNS = ("outcome", "first", "second", "cluster")
SWAPPED = ("outcome", "second", "first", "cluster")


def honest(table: pd.DataFrame) -> None:
    """A number has an order and no infinity; what has no number has a note."""
    for row in table.to_dict("records"):
        numbers = {
            name: row[name]
            for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value", "df")
            if name in row and row[name] is not None
        }
        if "df" in numbers:
            assert numbers.pop("df") != 0, row
        assert not any(np.isinf(value) for value in numbers.values()), row
        if np.isnan(numbers["estimate"]):
            assert row.get("note"), row
            assert all(np.isnan(value) for value in numbers.values()), row
        if numbers.get("std_error", 0) == numbers.get("std_error", 0):
            assert numbers.get("std_error", 0) >= 0, row
        if "p_value" in numbers and not np.isnan(numbers["p_value"]):
            assert 0 <= numbers["p_value"] <= 1, row
        low, high = numbers.get("conf_low", np.nan), numbers.get("conf_high", np.nan)
        assert np.isnan(low) == np.isnan(high), row
        if not np.isnan(low):
            assert low <= high, row


@pytest.mark.parametrize("name", DIFFERENCES)
@MANY
@given(frame=dyads())
def test_a_difference_is_a_number_that_the_data_define_or_a_note(name, frame):
    honest(DIFFERENCES[name](frame, *COLUMNS))


@pytest.mark.parametrize("name", DIFFERENCES)
@FEW
@given(frame=ORDINARY)
def test_swapping_the_raters_turns_the_sign_and_nothing_else(name, frame):
    one, other = (DIFFERENCES[name](frame, *order).iloc[0] for order in (COLUMNS, SWAPPED))
    assert one["estimate"] == pytest.approx(-other["estimate"], abs=1e-12)
    assert one["std_error"] == pytest.approx(other["std_error"], rel=1e-9, nan_ok=True)
    assert one["conf_low"] == pytest.approx(-other["conf_high"], abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", DIFFERENCES)
@FEW
@given(frame=ORDINARY, first=UNITS, second=UNITS, outcome=UNITS)
def test_units_and_offsets_of_a_rating_change_nothing(name, frame, first, second, outcome):
    other = frame.copy()
    for column, (unit, offset) in zip(COLUMNS[:3], (outcome, first, second), strict=True):
        other[column] = frame[column] * unit + offset
    there, here = (DIFFERENCES[name](one, *COLUMNS).iloc[0] for one in (other, frame))
    for column in ("estimate", "std_error", "conf_low", "conf_high"):
        # An offset of 1e6 on a unit of 0.01 leaves some eight digits of the rating.
        assert there[column] == pytest.approx(here[column], abs=1e-5, nan_ok=True)


@FEW
@given(frame=ORDINARY)
def test_the_jackknife_is_a_plain_loop_over_clusters(frame):
    def loop(rows):
        return rows["outcome"].corr(rows["first"]) - rows["outcome"].corr(rows["second"])

    names = frame["cluster"].unique()
    without = np.array([loop(frame[frame["cluster"] != name]) for name in names])
    assume(np.isfinite(without).all() and np.isfinite(loop(frame)))
    row = cluster_jackknife_difference(frame, *COLUMNS).iloc[0]
    assume(not np.isnan(row["std_error"]))
    g = len(names)
    error = np.sqrt((g - 1) / g * ((without - without.mean()) ** 2).sum())
    assert row["estimate"] == pytest.approx(loop(frame), abs=1e-9)
    assert row["std_error"] == pytest.approx(error, abs=1e-9)


@FEW
@given(frame=ORDINARY, data=st.data())
def test_weights_of_clusters_are_rows_repeated_and_sums_are_rows_at_any_offset(frame, data):
    names, codes = np.unique(frame["cluster"], return_inverse=True)
    weights = np.array(data.draw(st.lists(st.integers(0, 3), min_size=9, max_size=9)))[: len(names)]
    repeated = frame.loc[frame.index.repeat(weights[codes])]
    assume(len(repeated) > 3)
    assume((repeated[["outcome", "first"]].std() > 1e-6).all())
    values = frame[["outcome", "first"]].to_numpy() + 1e6
    sums = sum_products(standardise(values)[0], codes, len(names))
    found = correlation(covariances(weights.astype(float) @ sums, 2), 0, 1)
    assert found == pytest.approx(repeated["outcome"].corr(repeated["first"]), abs=1e-7)


FITTED = {
    "gap": lambda frame: mean_gap(frame, "first", "second", "cluster"),
    "two_level": lambda frame: fit_two_level(frame, "outcome", ["first", "second"], "cluster"),
    "ols_cr2": lambda frame: ols_cr2(frame, "outcome", ["first", "second"], "cluster"),
    "surface": lambda frame: fit_response_surface(frame, "outcome", "first", "second", "cluster"),
    "surface_independent": lambda frame: fit_response_surface(frame, "outcome", "first", "second"),
    "icc": lambda frame: intraclass_correlations(frame[["first", "second"]]),
    "alpha": lambda frame: cronbach_alpha(frame[["outcome", "first", "second"]]),
    "omega": lambda frame: mcdonald_omega(frame[["outcome", "first", "second"]]),
}


@pytest.mark.parametrize("name", FITTED)
@MANY
@given(frame=dyads())
def test_a_fit_is_a_number_that_the_data_define_or_a_note(name, frame):
    honest(FITTED[name](frame))


def term(table, name):
    return table.set_index("term").loc[name, "estimate"]


@FEW
@given(frame=ORDINARY)
def test_a_surface_of_swapped_raters_turns_the_slope_of_the_difference(frame):
    one = fit_response_surface(frame, "outcome", "first", "second")
    other = fit_response_surface(frame, "outcome", "second", "first")
    assume(not np.isnan(term(one, "a1")))
    for name, sign in {"a1": 1, "a2": 1, "a3": -1, "a4": 1, "a5": -1}.items():
        assert term(other, name) == pytest.approx(sign * term(one, name), rel=1e-5, abs=1e-6)


@FEW
@given(frame=ORDINARY, unit=st.sampled_from([0.1, 3.0, 250.0]))
def test_the_gap_is_in_the_units_of_the_ratings_and_turns_with_the_raters(frame, unit):
    rows = mean_gap(frame, "first", "second", "cluster").iloc[0]
    other = frame.assign(first=frame["first"] * unit, second=frame["second"] * unit)
    scaled = mean_gap(other, "first", "second", "cluster").iloc[0]
    turned = mean_gap(frame, "second", "first", "cluster").iloc[0]
    assert scaled["estimate"] == pytest.approx(rows["estimate"] * unit, rel=1e-6, abs=1e-6)
    assert turned["estimate"] == pytest.approx(-rows["estimate"], rel=1e-9, abs=1e-9)


@FEW
@given(frame=ORDINARY, unit=st.sampled_from([0.1, 3.0, 250.0]))
def test_slopes_are_in_the_units_of_the_outcome(frame, unit):
    other = frame.assign(outcome=(frame["outcome"] - frame["outcome"].mean()) * unit)
    for fit in (FITTED["two_level"], FITTED["ols_cr2"]):
        here, there = (term(fit(one), "first") for one in (frame, other))
        assume(not np.isnan(here) and not np.isnan(there))
        assert there == pytest.approx(here * unit, rel=1e-4, abs=1e-6 * unit)


@FEW
@given(frame=ORDINARY, unit=st.sampled_from([0.01, 30.0]), offset=st.sampled_from([0.0, 1e6]))
def test_reliability_knows_neither_unit_nor_offset(frame, unit, offset):
    items = frame[["outcome", "first", "second"]]
    for estimator in (cronbach_alpha, mcdonald_omega):
        here = estimator(items)["estimate"].iloc[0]
        there = estimator((items - items.mean()) * unit + offset)["estimate"].iloc[0]
        assert there == pytest.approx(here, abs=1e-5, nan_ok=True)


effects = st.lists(st.floats(-1, 1), min_size=2, max_size=8)


@MANY
@given(effects=effects, seed=st.integers(0, 2**32 - 1), shift=st.floats(-3, 3))
def test_shifting_all_effects_shifts_their_mean_alone(effects, seed, shift):
    variances = np.random.default_rng(seed).uniform(0.001, 0.2, len(effects))
    here = random_effects(np.array(effects), variances).iloc[0]
    there = random_effects(np.array(effects) + shift, variances).iloc[0]
    assert there["estimate"] == pytest.approx(here["estimate"] + shift, abs=1e-6)
    assert there["tau2"] == pytest.approx(here["tau2"], abs=1e-6)
    assert there["std_error"] == pytest.approx(here["std_error"], abs=1e-6)
    assert here["tau2"] >= 0
    assert min(effects) - 1e-9 <= here["estimate"] <= max(effects) + 1e-9


@MANY
@given(r_y1=st.floats(-1, 1), r_y2=st.floats(-1, 1), r_12=st.floats(-1, 1), n=st.integers(-1, 500))
def test_published_tests_are_numbers_or_notes_for_any_correlations(r_y1, r_y2, r_12, n):
    here = compare_dependent_correlations(r_y1, r_y2, r_12, n)
    there = compare_dependent_correlations(r_y2, r_y1, r_12, n)
    for one, other in zip(here.to_dict("records"), there.to_dict("records"), strict=True):
        assert one["p_value"] == pytest.approx(other["p_value"], abs=1e-9, nan_ok=True)
        if np.isnan(one["statistic"]) and np.isnan(one["conf_low"]):
            assert one["note"]
        assert not np.isinf(one["statistic"])


@MANY
@given(estimates=st.lists(st.floats(-5, 5), min_size=1, max_size=20), variance=st.floats(1e-6, 4))
def test_pooling_adds_what_imputations_differ_by(estimates, variance):
    row = pool_rubin(estimates, [variance] * len(estimates), n=200, k=2).iloc[0]
    if len(estimates) == 1:
        assert np.isnan(row["estimate"])
        assert row["note"]
        return
    assert row["estimate"] == pytest.approx(np.mean(estimates), abs=1e-12)
    assert row["variance"] >= variance * (1 - 1e-12)
    assert 0 <= row["fmi"] <= 1
