"""Intraclass correlations and profiles: published values, simulated truth, what cannot be had."""

import numpy as np
import pandas as pd
import pytest

from analysis.measure.agreement import (
    ICCS,
    icc_from_moments,
    intraclass_correlations,
    profile_correlations,
)

#: Six targets by four judges (Shrout and Fleiss 1979, table 2).
JUDGES = pd.DataFrame(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
)


def test_the_family_is_that_of_shrout_and_fleiss():
    found = intraclass_correlations(JUDGES).set_index("term")
    expected = dict(zip(ICCS, (0.17, 0.29, 0.71, 0.44, 0.62, 0.91), strict=True))
    for term, value in expected.items():
        assert round(found.loc[term, "estimate"], 2) == value


def test_intervals_are_those_that_are_printed_for_these_data():
    found = intraclass_correlations(JUDGES).set_index("term")
    printed = {
        "ICC(1)": (-0.13, 0.72),
        "ICC(A,1)": (0.02, 0.76),
        "ICC(C,1)": (0.34, 0.95),
        "ICC(k)": (-0.88, 0.91),
        "ICC(A,k)": (0.07, 0.93),
        "ICC(C,k)": (0.68, 0.99),
    }
    for term, limits in printed.items():
        assert found.loc[term, ["conf_low", "conf_high"]].tolist() == pytest.approx(
            limits, abs=0.006
        )
    assert found.loc["ICC(1)", "statistic"] == pytest.approx(1.79, abs=0.01)
    assert found.loc["ICC(C,1)", "statistic"] == pytest.approx(11.03, abs=0.01)


def simulate(rng, n, dyad=1.0, rater=0.5, residual=1.0):
    level = np.sqrt(dyad) * rng.normal(size=(n, 1)) + np.array([0, rater])
    return pd.DataFrame(level + np.sqrt(residual) * rng.normal(size=(n, 2)))


def test_known_agreement_comes_back():
    found = intraclass_correlations(simulate(np.random.default_rng(1), 20_000)).set_index("term")
    # variances 1 and 1, and rater means .5 apart: their variance is .125
    assert found.loc["ICC(C,1)", "estimate"] == pytest.approx(0.5, abs=0.02)
    assert found.loc["ICC(A,1)", "estimate"] == pytest.approx(1 / 2.125, abs=0.02)


def test_intervals_cover_as_often_as_they_say():
    rng, runs = np.random.default_rng(2), 400
    covered = 0
    for _ in range(runs):
        row = intraclass_correlations(simulate(rng, 30)).iloc[2]
        covered += row["conf_low"] < 0.5 < row["conf_high"]
    assert abs(covered / runs - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs)


def test_moments_of_many_samples_at_once_give_the_same():
    rng = np.random.default_rng(3)
    samples = [simulate(rng, 25).to_numpy() for _ in range(4)]
    means = np.stack([one.mean(axis=0) for one in samples])
    spreads = np.stack([np.cov(one, rowvar=False) for one in samples])
    found = icc_from_moments(means, spreads, np.full(4, 25))
    for row, one in zip(found, samples, strict=True):
        assert row == pytest.approx(intraclass_correlations(pd.DataFrame(one))["estimate"])


@pytest.mark.parametrize(
    ("ratings", "reason"),
    [
        (JUDGES[[0]], "one rater"),
        (JUDGES.head(2), "2 targets"),
        (JUDGES * 0 + 4, "no variance"),
        (JUDGES.assign(a=np.nan), "0 targets"),
    ],
)
def test_what_cannot_be_had_is_a_reason_and_no_number(ratings, reason):
    found = intraclass_correlations(ratings)
    assert found["estimate"].isna().all()
    assert found["note"].str.contains(reason).all()


def test_raters_who_agree_in_all_have_one_and_no_f_interval():
    found = intraclass_correlations(pd.DataFrame({"a": [1, 2, 3, 4.0], "b": [1, 2, 3, 4.0]}))
    assert (found["estimate"] == 1).all()
    assert found["conf_low"].isna().all()


def test_a_profile_correlation_is_pearsons_in_each_dyad():
    rng = np.random.default_rng(4)
    first, second = rng.normal(size=(2, 6, 5))
    found = profile_correlations(first, second)
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(first, second, strict=True)]
    assert found == pytest.approx(expected)
    first[2] = 3.0
    assert np.isnan(profile_correlations(first, second)[2])
    with pytest.raises(ValueError, match="at least 3"):
        profile_correlations(first[:, :2], second[:, :2])
    with pytest.raises(ValueError, match="do not match"):
        profile_correlations(first, second[:, :4])


def test_what_is_usual_makes_profiles_agree_and_is_taken_away():
    rng = np.random.default_rng(5)
    n, m = 2000, 12
    usual = 2 * rng.normal(size=m)
    strangers = usual + rng.normal(size=(2, n, m))
    assert profile_correlations(*strangers).mean() > 0.6
    mean = profile_correlations(*strangers, distinctive=True).mean()
    assert abs(mean) < 4 / np.sqrt(n * (m - 1))
    shared = rng.normal(size=(n, m))
    partners = usual + shared + rng.normal(size=(2, n, m))
    mean = profile_correlations(*partners, distinctive=True).mean()
    # a correlation of .5 from twelve points is low by .5 (1 - .25) / 22 on average
    assert mean == pytest.approx(0.5 - 0.5 * 0.75 / 22, abs=4 * 0.23 / np.sqrt(n))
