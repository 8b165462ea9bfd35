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


def calibrate(plan: Path, output: Path, share: float, processes: int) -> int:
    """Write ``tables/calibration.csv`` and ``figures/calibration``; 1 if a bar fails, else 0.

    The whole calibration is also recorded where the report and the documentation take it from; a
    share of it is a look, and is not.
    """
    if not 0 < share <= 1:
        raise UserFault(f"--replicates-share is {share:g}: it must lie above 0 and not above 1.")
    made = calibrate_lines(
        read_plan(plan), share, processes, told=lambda name: print(f"  {name}", flush=True)
    )
    table = output / "tables/calibration.csv"
    write_csv(made, table)
    rows = pd.read_csv(table)
    save_figure(draw_calibration(rows), output / "figures/calibration.svg")
    if share == 1:
        write_csv(made, CALIBRATION)
    print(tell_bars(rows))
    failed = failed_bars(made)
    return int(len(failed) > 0)
