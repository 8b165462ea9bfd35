import numpy as np
import pytest

from analysis.evidence.calibration.tally import Tally, mean_deviation, rate


def row(estimate, low=np.nan, high=np.nan, p=np.nan, **more):
    return {
        "analysis": "clustered",
        "method": "jackknife",
        "estimate": estimate,
        "conf_low": low,
        "conf_high": high,
        "p_value": p,
        "std_error": 0.1,
    } | more


def test_claims_coverage_and_bias_are_counted():
    tally = Tally()
    tally.count(row(0.3, 0.1, 0.5, 0.01), 0.2)  # above, covered
    tally.count(row(-0.3, -0.5, -0.1), 0.2)  # below by its interval alone, not covered
    tally.count(row(0.1, -0.1, 0.3, 0.2), 0.2)  # no claim
    tally.count(row(np.nan), 0.2)  # not given
    read = tally.read(("clustered", "jackknife"))
    assert (read["sets"], read["given"], read["above"], read["below"]) == (4, 3, 1, 1)
    assert (read["intervals"], read["covered"]) == (3, 2)
    assert read["estimates"] == pytest.approx(0.1 - 0.5 - 0.1)


def test_a_test_without_an_interval_claims_by_its_p_value_and_covers_nothing():
    tally = Tally()
    tally.count(row(0.3, p=0.04), 0.0)
    read = tally.read(("clustered", "jackknife"))
    assert (read["above"], read["intervals"]) == (1, 0)


def test_a_line_without_a_truth_has_neither_coverage_nor_bias():
    tally = Tally()
    tally.count(row(0.3, 0.1, 0.5), np.nan)
    read = tally.read(("clustered", "jackknife"))
    assert (read["above"], read["intervals"], read["estimates"]) == (1, 0, 0)


def test_parts_add_up_to_the_whole():
    parts, whole = (Tally(), Tally()), Tally()
    for place in range(6):
        one = row(0.1 * place, 0.1 * place - 0.2, 0.1 * place + 0.2)
        parts[place % 2].count(one, 0.0)
        whole.count(one, 0.0)
    parts[0].add(parts[1])
    np.testing.assert_allclose(
        parts[0].sums["clustered", "jackknife"], whole.sums["clustered", "jackknife"]
    )


def test_verdicts_are_counted_by_their_word():
    tally = Tally()
    for word in ("supported", "supported", "inconclusive"):
        tally.count({"analysis": "verdict", "method": "verdict", "verdict": word}, np.nan)
    assert tally.read(("verdict", "supported"))["sets"] == 2
    assert tally.read(("verdict", "opposed"))["sets"] == 0


def test_wilsons_interval_as_published():
    # Newcombe (1998, Statistics in Medicine 17, 857), table I: 81 of 263 and 0 of 20.
    found = rate(81, 263, 0.95)
    assert (found.low, found.high) == (
        pytest.approx(0.2553, abs=5e-5),
        pytest.approx(0.3662, abs=5e-5),
    )
    none = rate(0, 20, 0.95)
    assert (none.low, none.high) == (0.0, pytest.approx(0.1611, abs=5e-5))
    assert np.isnan(rate(0, 0, 0.95).share)
    for n in (200, 1500, 4000):
        assert rate(0, n, 0.99).low == 0.0
        assert rate(n, n, 0.99).high == 1.0


def test_the_mean_deviation_has_the_error_of_a_mean():
    values = np.random.default_rng(1).normal(0.3, 0.2, size=50)
    tally = Tally()
    for value in values:
        tally.count(row(value, value - 1, value + 1), 0.1)
    found = mean_deviation(tally.read(("clustered", "jackknife")), 0.99)
    assert found.share == pytest.approx(values.mean() - 0.1)
    assert found.error == pytest.approx(values.std(ddof=1) / np.sqrt(50))
