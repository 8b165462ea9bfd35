"""Individuals charts agree with the published example."""

import numpy as np
import pytest

from analysis.models.ruptures.chart import chart_individuals

PUBLISHED = [78.4, 80.1, 84.4, 79.1, 80.4, 83.5, 73.8, 83.5, 75.0, 76.8]
PUBLISHED += [70.5, 80.3, 82.4, 79.4, 86.4, 90.5, 77.7, 82.5, 79.9, 83.2]


def test_the_published_chart():
    chart = chart_individuals(np.array([PUBLISHED]))
    assert chart.centre[0] == pytest.approx(80.39, abs=5e-3)
    assert chart.moving_range[0] == pytest.approx(5.3263, abs=5e-5)
    assert chart.lower[0] == pytest.approx(66.22, abs=5e-3)
    assert chart.upper[0] == pytest.approx(94.56, abs=5e-3)
    assert not chart.below[0]


def test_fewer_than_eight_answers_are_insufficient_however_many_check_ins():
    scores = np.array([[5, np.nan, 5, 4, 5, 5, 4, 1.0, np.nan]])
    chart = chart_individuals(scores)
    assert not chart.sufficient[0] and np.isnan(chart.lower[0]) and not chart.below[0]


def test_check_ins_left_out_are_passed_over():
    whole = np.array([[5, 5, 5, 5, 5, 1, 5, 5.0]])
    gaps = np.insert(whole, 3, np.nan, axis=1)
    assert chart_individuals(gaps).lower[0] == chart_individuals(whole).lower[0]
    assert chart_individuals(gaps).below[0]
