import numpy as np
import pytest

from analysis.models.correlation import METHODS, compare_dependent_correlations


def by_method(*arguments):
    return compare_dependent_correlations(*arguments).set_index("method")


@pytest.mark.parametrize(
    ("method", "statistic", "p_value"),
    [
        ("williams", -1.0767, 0.2843),
        ("dunn_clark", -1.0730, None),
        ("steiger", -1.0718, 0.2838),
        ("hittner", -1.0715, None),
        ("meng", -1.0707, 0.2843),
    ],
)
def test_published_statistics_to_the_digits_printed(method, statistic, p_value):
    row = by_method(0.3, 0.4, 0.5, 100).loc[method]
    assert round(row["statistic"], 4) == statistic
    if p_value is not None:
        assert round(row["p_value"], 4) == p_value


def test_zous_published_interval_and_mengs_published_z():
    zou = by_method(0.396, 0.179, 0.088, 66).loc["zou"]
    assert (round(zou["conf_low"], 3), round(zou["conf_high"], 3)) == (-0.093, 0.517)
    assert round(by_method(0.63, -0.03, -0.19, 15).loc["meng", "statistic"], 2) == 1.68


def test_swapping_the_two_turns_every_sign():
    one, other = by_method(0.3, 0.4, 0.5, 100), by_method(0.4, 0.3, 0.5, 100)
    np.testing.assert_allclose(one["statistic"], -other["statistic"])
    assert one.loc["zou", "conf_low"] == pytest.approx(-other.loc["zou", "conf_high"])


def test_equal_correlations_give_zero():
    rows = by_method(0.3, 0.3, 0.5, 100).drop("zou")
    assert rows["statistic"].tolist() == [0] * 5
    assert rows["p_value"].tolist() == [1] * 5


def test_tests_hold_their_level_where_dyads_are_independent():
    rng = np.random.default_rng(7)
    corr = np.array([[1, 0.3, 0.3], [0.3, 1, 0.4], [0.3, 0.4, 1]])
    n, runs = 80, 1500
    rejected = dict.fromkeys(METHODS, 0)
    root = np.linalg.cholesky(corr)
    for _ in range(runs):
        r = np.corrcoef(rng.normal(size=(n, 3)) @ root.T, rowvar=False)
        rows = by_method(r[0, 1], r[0, 2], r[1, 2], n)
        for method in METHODS:
            row = rows.loc[method]
            zero_outside = row["conf_low"] > 0 or row["conf_high"] < 0
            rejected[method] += zero_outside if method == "zou" else row["p_value"] < 0.05
    # Four Monte Carlo standard errors of a rate of .05 over 1,500 samples: .0225.
    tolerance = 4 * np.sqrt(0.05 * 0.95 / runs)
    for method, count in rejected.items():
        assert abs(count / runs - 0.05) < tolerance, method


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((0.3, 0.4, 0.5, 3), "at least 4 cases"),
        ((1.0, 0.4, 0.4, 50), "a correlation is 1"),
        ((0.3, 0.3, 1.0, 50), "a correlation is 1"),
        ((0.9, -0.9, 0.9, 50), "cannot stand together"),
        ((np.nan, 0.3, 0.3, 50), "missing"),
    ],
)
def test_what_cannot_be_tested_is_a_note_and_no_number(arguments, reason):
    rows = by_method(*arguments)
    assert list(rows.index) == list(METHODS)
    assert rows[["statistic", "p_value", "conf_low", "conf_high"]].isna().all(axis=None)
    assert rows["note"].str.contains(reason).all()


def test_a_negative_variance_is_a_note_and_leaves_the_other_tests():
    rows = by_method(0.9857, 0.2625, 0.1390, 5)
    assert np.isnan(rows.loc["hittner", "statistic"])
    assert "negative" in rows.loc["hittner", "note"]
    assert rows.loc[["williams", "meng"], "statistic"].notna().all()
    assert (rows["estimate"] == 0.9857 - 0.2625).all()


def test_an_impossible_correlation_is_an_error():
    with pytest.raises(ValueError, match=r"r_12 = 1\.2"):
        compare_dependent_correlations(0.1, 0.2, 1.2, 50)
