"""What would change the answer: how each line reads, and how large a study has to be."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from analysis.evidence.doubts import clusters_needed, read_doubts


def rows(*given):
    """Rows of a primary cell: (analysis, method, estimate, standard error) with 40 clusters."""
    return pd.DataFrame(
        [
            {
                "analysis": analysis,
                "term": term,
                "method": method,
                "estimate": estimate,
                "std_error": error,
                "df": 39.0,
                "conf_low": estimate - 2.02 * error,
                "conf_high": estimate + 2.02 * error,
                "n_engagements": 400.0,
                "n_advisors": 40.0,
            }
            for analysis, term, method, estimate, error in given
        ]
    )


def test_each_line_reads_as_its_own_interval_says():
    table = rows(
        ("clustered", "difference", "jackknife_90", 0.3, 0.05),
        ("clustered", "difference", "jackknife", 0.3, 0.05),
        ("disattenuated", "difference", "omega_jackknife", 0.02, 0.03),
        ("imputed", "difference", "rubin", 0.02, 0.2),
        ("adjusted", "difference", "jackknife", -0.3, 0.05),
        ("multilevel", "within_difference", "reml", 0.02, 0.03),
        ("multilevel", "between_difference", "reml", 0.9, 0.03),
    )
    found = read_doubts(table, sesoi=0.1)
    assert found["verdict"].tolist() == [
        "supported",
        "equivalent",
        "inconclusive",
        "opposed",
        # Slopes are not on the scale of D: their smallness shows nothing equivalent.
        "inconclusive",
    ]


def test_of_the_shifted_imputations_the_one_furthest_against_the_record_is_taken():
    shifted = [
        ("imputed", f"difference_shifted_{shift}", "rubin_shifted", estimate, 0.05)
        for shift, estimate in (("-0.5", -0.25), ("+0.5", -0.02), ("+0.2", -0.15))
    ]
    for sign in (1, -1):
        record = ("clustered", "difference", "jackknife", -0.2 * sign, 0.05)
        turned = [(*one[:3], one[3] * sign, one[4]) for one in shifted]
        found = read_doubts(rows(record, *turned), sesoi=0.1)
        assert found["estimate"].tolist() == [-0.2 * sign, -0.02 * sign]
        assert found["verdict"].tolist()[1] == "inconclusive"


def test_a_line_without_an_interval_answers_no_doubt():
    table = rows(
        ("clustered", "difference", "jackknife", 0.3, 0.05),
        ("disattenuated", "difference", "jackknife", np.nan, np.nan),
    )
    assert read_doubts(table, sesoi=0.1)["analysis"].tolist() == ["clustered"]


@pytest.mark.parametrize(("error", "here"), [(0.054, 18), (0.023, 150), (0.076, 111)])
def test_as_many_clusters_find_and_equate_as_often_as_promised(error, here):
    """Estimates around the truth with the standard error that such a study would have."""
    needed = clusters_needed(error, here, sesoi=0.1)
    rng = np.random.default_rng(7)
    for clusters, truth, shown in (
        (needed.to_find, 0.1, lambda d, e, t: d - t(0.975) * e > 0),
        (needed.to_equate, 0.0, lambda d, e, t: abs(d) + t(0.95) * e < 0.1),
    ):
        rates = []
        for n in (clusters, 0.7 * clusters):
            own = error * np.sqrt(here / n)
            # The estimated standard error varies as that of so many clusters does.
            errors = own * np.sqrt(rng.chisquare(n - 1, 200_000) / (n - 1))
            drawn = truth + own * rng.standard_normal(200_000)
            rates.append(shown(drawn, errors, lambda q, n=n: student.ppf(q, n - 1)).mean())
        assert rates[0] == pytest.approx(needed.power, abs=0.02)
        assert rates[1] < needed.power - 0.05
    # What this study finds is what one of its own size needs.
    assert clusters_needed(error, here, needed.findable).to_find == here


def test_what_no_study_reaches_is_not_given_and_nonsense_is_refused():
    assert np.isnan(clusters_needed(5.0, 100, sesoi=0.1).to_find)
    for error, here in ((0.0, 20), (np.nan, 20), (0.1, 1)):
        with pytest.raises(ValueError, match="at least two clusters"):
            clusters_needed(error, here, sesoi=0.1)
