"""Power by simulation against what theory says, and bad questions."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.calibration.power import find_power, study_design

ALONE = {"shared": (0.0, 0.0, 0.0), "spread": 0.0}


def curve_of(power, line):
    own = power.curve[power.curve["analysis"] == line]
    return own.set_index("n_advisors")


@pytest.fixture(scope="module")
def power():
    design = study_design(60, 7, (0.9, 0.7), 0.15)
    return find_power(design, ComparisonPlan(), 200, seed=1)


def test_without_clustering_and_error_power_is_that_of_steigers_test():
    # Unit-reliable ratings of one advisee for each advisor pair: n = 300, rho .375 and .225.
    design = study_design(150, 2, (1.0, 1.0), 0.15, **ALONE)
    found = find_power(design, ComparisonPlan(), 400, seed=2)
    z = np.arctanh([0.375, 0.225])
    r12, rm = 0.40, 0.30
    psi = r12 * (1 - 2 * rm**2) - rm**2 * (1 - 2 * rm**2 - r12**2) / 2
    covariance = psi / (1 - rm**2) ** 2
    expected = ndtr((z[0] - z[1]) * np.sqrt((300 - 3) / (2 - 2 * covariance)) - 1.96)
    # 400 data sets: an error of about .02 at most; three of these, and .02 for the approximation.
    for line in ("naive", "clustered"):
        assert curve_of(found, line).loc[150, "estimate"] == pytest.approx(expected, abs=0.08)


def test_without_a_difference_the_lines_err_at_their_level():
    design = study_design(40, 6, (0.9, 0.9), 0.0)
    found = find_power(design, ComparisonPlan(), 400, seed=3, target=0.01)
    assert set(found.curve["term"]) == {"false_difference", "power_equivalence"}
    for line in ("clustered", "disattenuated"):
        row = curve_of(found, line).loc[40]
        assert row["estimate"] == pytest.approx(0.05, abs=4 * 0.011)  # error of .05 in 400: .011


def test_power_rises_with_size_and_the_smallest_reaches_the_target(power):
    for line in ("clustered", "disattenuated", "verdict"):
        shares = curve_of(power, line)["estimate"]
        assert shares.index.is_monotonic_increasing
        assert (np.diff(shares) > -0.03).all()
        smallest = power.smallest.set_index("analysis").loc[line]
        assert smallest["estimate"] >= 0.80
        smaller = shares[shares.index < 0.9 * smallest["n_advisors"]]
        assert (smaller < 0.80).all()


def test_the_study_asked_about_is_a_point_of_the_curve_with_all_its_engagements(power):
    assert curve_of(power, "verdict").loc[60, "n_engagements"] == 420


def test_less_reliable_ratings_need_more_advisors(power):
    design = study_design(60, 7, (0.9, 0.5), 0.15)
    harder = find_power(design, ComparisonPlan(), 200, seed=1)
    needs = [
        one.smallest.set_index("analysis").loc["verdict", "n_advisors"] for one in (power, harder)
    ]
    assert needs[1] > needs[0]


def test_the_advisors_side_is_found_as_well():
    design = study_design(60, 7, (0.9, 0.9), -0.25)
    found = find_power(design, ComparisonPlan(), 100, seed=4)
    assert curve_of(found, "verdict").loc[60, "estimate"] > 0.8


def test_a_target_out_of_reach_says_so():
    design = study_design(10, 2, (0.5, 0.5), 0.02)
    found = find_power(design, ComparisonPlan(), 50, seed=5)
    row = found.smallest.set_index("analysis").loc["verdict"]
    assert np.isnan(row["n_advisors"])
    assert "not reached" in row["note"]


def test_the_same_seed_gives_the_same_numbers(power):
    design = study_design(60, 7, (0.9, 0.7), 0.15)
    pd.testing.assert_frame_equal(
        power.curve, find_power(design, ComparisonPlan(), 200, seed=1).curve
    )


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"advisors": -3}, "number of advisors is -3"),
        ({"engagements_per_advisor": 0}, "engagements per advisor is 0"),
        ({"reliability": (1.2, 0.5)}, "reliability of the advisee's rating is 1.2"),
        ({"reliability": (0.9, 0.0)}, "must be above 0"),
        ({"difference": 1.9}, "none lies beyond 1"),
        ({"agreement": -0.99}, "cannot stand together"),
        ({"shared": (0.1, 0.1, 0.9)}, "must not exceed its reliability"),
        ({"advisors": 100_000}, "more than can be looked at"),
        ({"occasions": 0}, "number of check-ins is 0"),
        ({"difference": float("nan")}, "the difference is nan"),
    ],
)
def test_a_study_that_cannot_be_is_refused_in_words(change, word):
    asked = {
        "advisors": 60,
        "engagements_per_advisor": 7,
        "reliability": (0.9, 0.7),
        "difference": 0.15,
    }
    with pytest.raises(ValueError, match=word):
        study_design(**{**asked, **change})
