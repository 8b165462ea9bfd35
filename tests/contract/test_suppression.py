"""Counts that belong together, and the auditor that checks what was withheld."""

import numpy as np
import pytest

from analysis.contract.suppression import find_exposed, possible_values, suppress, suppress_parts


def two_way(inner):
    """A two-way table with margins as cells, and its sums."""
    inner = np.asarray(inner)
    rows, columns = inner.shape
    full = np.zeros((rows + 1, columns + 1))
    full[:rows, :columns] = inner
    full[rows] = full.sum(axis=0)
    full[:, columns] = full.sum(axis=1)
    place = np.arange(full.size).reshape(full.shape)
    sums = [(line[-1], tuple(line[:-1])) for line in (*place, *place.T)]
    return full.ravel(), sums


def test_a_small_part_never_goes_alone():
    assert suppress_parts([40, 3, 12, 25], 10).tolist() == [False, True, True, False]
    assert suppress_parts([40, 30], 10).tolist() == [False, False]
    assert suppress_parts([3, 30], 10).tolist() == [True, True]


def test_two_small_parts_that_together_are_small_take_a_third_with_them():
    assert suppress_parts([40, 3, 2, 25], 10).tolist() == [False, True, True, True]
    assert suppress_parts([40, 7, 6, 25], 10).tolist() == [False, True, True, False]


def test_zero_is_told_unless_it_is_small_too():
    assert suppress_parts([0, 30], 10).tolist() == [False, False]
    assert suppress_parts([0, 30], 10, empty=True).tolist() == [True, True]
    assert suppress_parts([0, 5, 30, 40], 10).tolist() == [False, True, True, False]


def test_a_whole_that_may_be_withheld_protects_as_well():
    sums = [(2, (0, 1))]
    assert suppress([400, 3, 403], sums, 10, fixed=[0]).tolist() == [False, True, True]
    assert suppress([400, 3, 403], sums, 10, fixed=[2]).tolist() == [True, True, False]


def test_a_small_whole_that_is_told_anyway_hides_all_parts():
    assert suppress([4, 3, 7], [(2, (0, 1))], 10, fixed=[2]).tolist() == [True, True, False]


@pytest.mark.parametrize("seed", range(12))
def test_no_small_cell_of_a_two_way_table_can_be_worked_out(seed):
    rng = np.random.default_rng(seed)
    cells, sums = two_way(rng.poisson(rng.choice([8, 15, 40]), rng.integers(2, 6, 2)))
    hidden = suppress(cells, sums, 10)
    assert find_exposed(cells, sums, hidden, 10) == []
    small = (cells > 0) & (cells < 10)
    assert hidden[small].all()
    # hiding the small cells alone, as somebody in a hurry would, does not do
    if small.any() and not small[:-1].all():
        alone = find_exposed(cells, sums, small, 10)
        assert set(np.flatnonzero(hidden)) >= set(alone)


def test_the_auditor_sees_a_cell_that_margins_give_away():
    cells, sums = two_way([[20, 5, 30], [25, 40, 35], [30, 28, 26]])
    hidden = cells == 5
    assert find_exposed(cells, sums, hidden, 10) == [1]
    assert possible_values(cells, sums, hidden, 1) == (5, 5)
    hidden = suppress(cells, sums, 10)
    assert hidden.sum() == 4  # a rectangle
    low, high = possible_values(cells, sums, hidden, 1)
    assert high - low >= 10


def test_nothing_more_is_withheld_than_needed():
    cells, sums = two_way([[20, 5, 30], [25, 40, 35], [30, 28, 26]])
    hidden = suppress(cells, sums, 10)
    for cell in np.flatnonzero(hidden & (cells != 5)):
        given = hidden.copy()
        given[cell] = False
        assert find_exposed(cells, sums, given, 10) == [1]
