"""Reading and scoring a large table of check-ins beside reading it alone, in turn.

    python benchmarks/reading.py [--rows 5000000] [--runs 5] [--record]

The clean table lies in a Parquet file. Reading alone is ``pandas.read_parquet``; beside it stands
what `alliance score` does: read, hold to the data dictionary, score. Seconds of processor time of
each process (its own and the kernel's for it) after one warm-up on little data, and the peak of its
memory beside the size of the table that is read.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from page import READING, write_page
from programme_of_any_size import programme_of

LARGEST_RATIO = 3
KEYS = Path(__file__).resolve().parents[1] / "config" / "instruments"


def write_checkins(rows: int, path: Path) -> None:
    """A clean table: eight check-ins of two raters, one answer in a hundred left out."""
    from analysis.simulate.programme import simulate_tables

    one = simulate_tables(programme_of(2_000), np.random.default_rng(1))["checkins"]
    copies = -(-rows // len(one))
    number = np.repeat(np.arange(copies), len(one))[:rows]
    table = pd.concat([one] * copies, ignore_index=True).iloc[:rows]
    block = pd.Series(number, index=table.index).astype("str").str.zfill(4)
    table.assign(engagement_id=block + table["engagement_id"]).to_parquet(path, index=False)


def read_or_score(what: str, small: str, path: str) -> None:
    """Do one of the two and print seconds, the table's size and the peak of memory, in GB."""
    from analysis.contract.instruments import read_instrument
    from analysis.contract.tables import read_table
    from analysis.measure.scoring import score_alliance

    key = read_instrument(KEYS / "wai_s.yaml")

    def call(file: str) -> float:
        if what == "read":
            table = pd.read_parquet(file)
        else:
            table = read_table("checkins", Path(file))
            score_alliance(table, {"advisee": key, "advisor": key})
        return float(table.memory_usage(deep=True).sum() / 1e9)

    call(small)
    start = resource.getrusage(resource.RUSAGE_SELF)
    size = call(path)
    end = resource.getrusage(resource.RUSAGE_SELF)
    user, system = end.ru_utime - start.ru_utime, end.ru_stime - start.ru_stime
    told = {"seconds": user + system, "user": user, "system": system}
    print(json.dumps(told | {"table_gb": size, "gb": end.ru_maxrss * 1024 / 1e9}))


def main(arguments: list[str] | None = None) -> int:
    """Print both ratios, with the spread over the runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000_000, help="answer sheets")
    parser.add_argument("--runs", type=int, default=5, help="runs of each, in turn")
    parser.add_argument("--record", action="store_true", help=f"keep them in docs/{READING.name}")
    given = parser.parse_args(arguments)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        small, full = Path(scratch) / "small.parquet", Path(scratch) / "checkins.parquet"
        write_checkins(1_000, small)
        write_checkins(given.rows, full)
        for run in range(1, given.runs + 1):
            row = {"rows": given.rows, "run": run}
            for what in ("read", "score"):
                command = [sys.executable, __file__, what, str(small), str(full)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                told = json.loads(done.stdout)
                row["table_gb"] = told.pop("table_gb")
                row |= {f"{what}_{name}": value for name, value in told.items()}
            rows.append(row)
    table = pd.DataFrame(rows)
    for name, ratio, goal in (
        (
            "reading and scoring over reading alone",
            table["score_seconds"] / table["read_seconds"],
            True,
        ),
        ("the same without the kernel's part", table["score_user"] / table["read_user"], False),
        ("peak memory over the table's", table["score_gb"] / table["table_gb"], True),
    ):
        met = "met" if statistics.median(ratio) <= LARGEST_RATIO else "NOT met"
        told = f"   goal at most {LARGEST_RATIO}: {met}" if goal else ""
        print(
            f"{given.rows:,} rows, {name}: {ratio.min():.2f} / {ratio.median():.2f} / "
            f"{ratio.max():.2f}{told}",
            flush=True,
        )
    if given.record:
        table.to_csv(READING, index=False, float_format="%.4g", lineterminator="\n")
        write_page()
    return 0


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] in ("read", "score"):
        read_or_score(*sys.argv[1:])
    else:
        sys.exit(main())
