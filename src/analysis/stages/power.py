"""A study's numbers to its power, as text and, where asked, as a table and a figure."""

from __future__ import annotations

from pathlib import Path

from analysis.contract.faults import UserFault
from analysis.contract.files import write_csv
from analysis.contract.layout import read_plan
from analysis.evidence.calibration.power import find_power, study_design
from analysis.present.power import Asked, draw_power, tell_power


def power(
    plan: Path,
    output: Path | None,
    target: float,
    replicates: int,
    seed: int | None,
    **study: object,
) -> None:
    """Print power by number of advisors; write ``power.csv`` and ``power.svg`` to a folder."""
    if not 0 < target < 1:
        raise UserFault(f"--target is {target:g}: it must lie between 0 and 1.")
    if not 50 <= replicates <= 20_000:
        raise UserFault(f"--replicates is {replicates}: it must be at least 50 and at most 20,000.")
    choices = read_plan(plan)
    seed = choices.calibration.seed if seed is None else seed
    if seed < 0:
        raise UserFault(f"--seed is {seed}: it must be at least 0.")
    try:
        design = study_design(**study)
    except ValueError as error:
        raise UserFault(f"No such study: {error}.") from None
    found = find_power(design, choices.comparison, replicates, seed, target)
    asked = Asked(
        design.advisors, design.engagements, design.validity, design.reliability, replicates, target
    )
    print(tell_power(found.curve, found.smallest, asked))
    if output is not None:
        from analysis.contract.estimates import in_order
        from analysis.present.drawing import save_figure

        write_csv(in_order([found.curve, found.smallest]), output / "power.csv")
        save_figure(draw_power(found.curve, asked), output / "power.svg")
