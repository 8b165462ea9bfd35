"""Time the way from raw Parquet to the headline verdict, for programmes of growing size.

    python benchmarks/scale.py [--sizes 10000 100000 1000000] [--further 100000] [--record]

The steps are the commands that the workflow runs (`alliance ingest`, `score`, `compare`), each a
process of its own, one after another; making the data is not timed. Of each step: seconds on the
clock, seconds of processor time (user and system) and the peak of its memory, as the kernel
accounts them. `--further` times the other steps of a dataset's run too, at that size.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from time import monotonic

import pandas as pd
from page import SCALE, write_page
from programme_of_any_size import write_programme

ROOT = Path(__file__).resolve().parents[1]
PLAN = ROOT / "config" / "config.yaml"
TO_VERDICT = ("ingest", "score", "compare")
FURTHER = ("measure", "multiverse", "process", "warn")
ALLIANCE = "from analysis.cli import main; main()"


def time_step(step: str, mapping: Path, folder: Path) -> dict[str, object]:
    """Seconds and gigabytes of one step. Raises RuntimeError if it fails."""
    wanted = ["--mapping", str(mapping)]
    wanted += ["--output", str(folder)] if step == "ingest" else []
    wanted += [] if step == "ingest" else ["--plan", str(PLAN), "--folder", str(folder)]
    start = monotonic()
    command = [sys.executable, "-c", ALLIANCE, step, *wanted]
    process = os.posix_spawn(sys.executable, command, os.environ)
    _, status, used = os.wait4(process, 0)
    if status:
        raise RuntimeError(f"alliance {step} ended with {os.waitstatus_to_exitcode(status)}")
    return {
        "step": step,
        "seconds": monotonic() - start,
        "processor": used.ru_utime + used.ru_stime,
        "peak_gb": used.ru_maxrss * 1024 / 1e9,
    }


def time_size(engagements: int, scratch: Path, further: bool) -> list[dict[str, object]]:
    """A row per step, for one size; the files made are removed again."""
    with tempfile.TemporaryDirectory(dir=scratch) as place:
        mapping = write_programme(engagements, Path(place) / "raw")
        made = Path(place) / "made"
        made.mkdir()
        rows = []
        for step in (*TO_VERDICT, *(FURTHER if further else ())):
            rows.append({"engagements": engagements, **time_step(step, mapping, made)})
            print(
                "{engagements:>9,} {step:<10} {seconds:7.1f} s  {processor:7.1f} s of processor "
                "time  {peak_gb:5.2f} GB".format(**rows[-1]),
                flush=True,
            )
        table = pd.read_csv(made / "comparison.csv", low_memory=False)
        verdict = table.loc[table["analysis"] == "verdict", "verdict"].iloc[0]
        print(f"{engagements:>9,} verdict: {verdict}", flush=True)
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Print a line per step and size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = [10_000, 30_000, 100_000, 300_000, 1_000_000]
    parser.add_argument("--sizes", type=int, nargs="+", default=sizes, help="engagements")
    parser.add_argument("--further", type=int, help="time the other steps too, at this size")
    parser.add_argument("--scratch", type=Path, help="a folder with room for the files (3 GB)")
    parser.add_argument("--record", action="store_true", help=f"keep the rows in docs/{SCALE.name}")
    given = parser.parse_args(arguments)
    rows = []
    for size in given.sizes:
        rows += time_size(size, given.scratch, size == given.further)
    if given.record:
        pd.DataFrame(rows).to_csv(SCALE, index=False, float_format="%.4g", lineterminator="\n")
        write_page()
    return 0


if __name__ == "__main__":
    sys.exit(main())
