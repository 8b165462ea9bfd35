import numpy as np
import pytest

from analysis.contract.multiplicity import adjust_holm


def test_holm_agrees_with_a_worked_example_and_is_monotone():
    # Four tests, .01 .04 .03 .005: R's p.adjust(p, "holm") gives .03 .06 .06 .02.
    adjusted = adjust_holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert list(adjusted) == ["a", "b", "c", "d"]
    assert list(adjusted.values()) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_a_test_that_was_not_made_does_not_count():
    adjusted = adjust_holm({"a": 0.02, "b": np.nan, "c": 0.9})
    assert adjusted["a"] == pytest.approx(0.04)
    assert np.isnan(adjusted["b"])
    assert adjust_holm({"a": 0.8, "b": 0.7})["a"] == 1.0
    assert adjust_holm({}) == {}
