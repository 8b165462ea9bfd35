"""A simulated programme's raw files and the truth they were made from."""

from __future__ import annotations

from pathlib import Path

from analysis.contract.faults import UserFault, nearest
from analysis.simulate.exports import write_programme
from analysis.simulate.programmes import PROGRAMMES


def simulate(programme: str, output: Path, truth: Path) -> None:
    """Write a programme's raw files to a folder, and its truth as JSON."""
    if programme not in PROGRAMMES:
        raise UserFault(f"there is no programme '{programme}'. {nearest(programme, PROGRAMMES)}")
    write_programme(programme, output, truth)
