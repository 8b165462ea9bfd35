"""The words of a dataset's account of privacy, and how many engagements are too few to hide in."""

from __future__ import annotations

from collections.abc import Mapping

#: ``count`` is of cells (dropped, cleared, turned into weeks), names (hashed) or engagements.
PRIVACY_COLUMNS = ("dataset", "subject", "item", "count", "note")

DROPPED, CLEARED, WEEKS, HASHED, QUASI_IDENTIFIER, CLASS, SMALLEST = (
    "dropped",
    "cleared",
    "turned into weeks",
    "hashed",
    "quasi-identifier",
    "class",
    "smallest class",
)

#: Below five alike, one more fact tells somebody apart (a common least k in released microdata).
FEW = 5


def band_classes(engagements: Mapping[int, int], threshold: int) -> dict[str, int]:
    """Engagements by how many are like them, in bands that no single class can be read from.

    Parameters
    ----------
    engagements : size of a class to the engagements in all classes of that size.
    threshold : below it no count is given.

    >>> band_classes({1: 3, 7: 14, 40: 40}, 10)
    {'below 5': 3, '5 to 9': 14, '10 or more': 40}
    """
    few = min(FEW, threshold)
    bands = {f"below {few}": range(few)}
    if few < threshold:
        bands[f"{few} to {threshold - 1}"] = range(few, threshold)
    bands[f"{threshold} or more"] = range(threshold, max([threshold, *engagements]) + 1)
    return {
        name: sum(count for size, count in engagements.items() if size in band)
        for name, band in bands.items()
    }
