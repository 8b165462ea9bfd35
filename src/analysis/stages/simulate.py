"""A simulated programme's raw files and the truth they were made from."""

from __future__ import annotations

from pathlib import Path

from analysis.contract.faults import UserFault, nearest
from analysis.simulate.exports import write_programme
from analysis.simulate.programmes import EVERY_PROGRAMME
from analysis.simulate.survey_tools import LAYOUTS, write_layout


def simulate(programme: str, output: Path, truth: Path | None, layout: str | None = None) -> None:
    """Write a programme's raw files to a folder, and its truth as JSON.

    With a layout, the same data as that survey tool exports them.
    """
    if programme not in EVERY_PROGRAMME:
        hint = nearest(programme, EVERY_PROGRAMME)
        raise UserFault(f"there is no programme '{programme}'. {hint}")
    if layout is None:
        write_programme(programme, output, truth)
        return
    if layout not in LAYOUTS:
        raise UserFault(f"there is no layout '{layout}'. {nearest(layout, LAYOUTS)}")
    if truth is not None:
        raise UserFault("the truth belongs to the plain files: leave --truth or --layout out.")
    try:
        write_layout(EVERY_PROGRAMME[programme], layout, output)
    except ValueError as error:
        raise UserFault(f"{error}. Try coaching_pilot.") from None
