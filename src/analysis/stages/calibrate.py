"""Every line of evidence held to known truth: the table, the figure, and the bars in words."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.contract.faults import UserFault
from analysis.contract.files import write_csv
from analysis.contract.layout import CALIBRATION, read_plan
from analysis.evidence.calibration.calibration import calibrate as calibrate_lines
from analysis.evidence.calibration.calibration import failed_bars
from analysis.present.calibration import tell_bars
from analysis.present.drawing import save_figure
from analysis.present.lies import draw_calibration
from analysis.simulate.scenarios import SCENARIOS, find_scenario


def calibrate(plan: Path, output: Path, share: float, processes: int) -> int:
    """Write ``tables/calibration.csv`` and ``figures/calibration``; 1 if a bar fails, else 0.

    The whole calibration is also recorded where the report and the documentation take it from; a
    share of it is a look, and is not.
    """
    for one in SCENARIOS:
        calibrate_scenario(plan, output, share, processes, one.name)
        print(f"  {one.name}", flush=True)
    return gather_calibration(output, whole=share == 1)


def calibrate_scenario(plan: Path, output: Path, share: float, processes: int, name: str) -> None:
    """Write ``calibration/<name>.csv``: one scenario's rows, which need none of the others."""
    if not 0 < share <= 1:
        raise UserFault(f"--replicates-share is {share:g}: it must lie above 0 and not above 1.")
    made = calibrate_lines(read_plan(plan), share, processes, [find_scenario(name)])
    write_csv(made, _part(output, name))


def gather_calibration(output: Path, whole: bool) -> int:
    """Put the scenarios together, draw them and tell the bars; 1 if a bar fails, else 0."""
    parts = [_part(output, one.name) for one in SCENARIOS]
    if missing := [path.stem for path in parts if not path.exists()]:
        raise UserFault(
            f"{output / 'calibration'}: not calibrated yet: {', '.join(missing)}."
            " `alliance calibrate --scenario NAME` makes each."
        )
    # As text: what is put together has the digits that were written.
    made = pd.concat([pd.read_csv(path, dtype=str, keep_default_na=False) for path in parts])
    table = output / "tables/calibration.csv"
    write_csv(made, table)
    rows = pd.read_csv(table)
    save_figure(draw_calibration(rows), output / "figures/calibration.svg")
    if whole:
        write_csv(made, CALIBRATION)
    print(tell_bars(rows))
    return int(len(failed_bars(rows)) > 0)


def _part(output: Path, name: str) -> Path:
    return output / f"calibration/{name}.csv"
