"""Several tests of one family: p values adjusted so that any false finding among them is rare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Name = TypeVar("Name")


def adjust_holm(p_values: Mapping[Name, float]) -> dict[Name, float]:
    """Holm's adjusted p values (1979, Scandinavian Journal of Statistics 6, 65-70).

    Parameters
    ----------
    p_values : what is tested -> its p value; NaN for a test that could not be made, which does not
        count and stays NaN.

    Returns
    -------
    The same names: of m known p values the k-th smallest becomes the largest of (m - j + 1) p_j
    over j <= k, at most 1.

    Examples
    --------
    >>> adjust_holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    known = sorted((name for name, p in p_values.items() if p == p), key=p_values.get)
    adjusted, largest = dict(p_values), 0.0
    for place, name in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - place) * p_values[name]))
        adjusted[name] = largest
    return adjusted
