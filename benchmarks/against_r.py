"""Time our works beside R's on the same data, in turn, and print the ratios.

    python benchmarks/against_r.py [--runs 5] [--only WORK ...] [--record] [--tiny]

Every run is a process of its own, with BLAS held to one thread on both sides. What is timed is the
work alone, in seconds of processor time of the process that does it, so that a busy machine changes
little: neither the start of Python or R nor the reading of the data. A ratio is printed only once
the answers agree. ``--tiny`` runs all of it on little data, to see that it runs; its ratios mean
nothing.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from page import SPEED, write_page
from works import WORKS, Work

HERE = Path(__file__).parent
PACKAGES = "boot lme4 psych lavaan"


def why_no_r() -> str:
    """Why R cannot be timed here, or ''."""
    if shutil.which("Rscript") is None:
        return "R is not installed"
    wanted = ", ".join(f"'{name}'" for name in PACKAGES.split())
    asked = f"cat(setdiff(c({wanted}), rownames(installed.packages())))"
    missing = subprocess.run(
        ["Rscript", "-e", asked], capture_output=True, text=True, check=True
    ).stdout
    return f"R lacks {missing}" if missing else ""


def run_once(command: list[str]) -> dict:
    """Seconds and answers of one process. Raises RuntimeError with what it said if it fails."""
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, **dict.fromkeys(threads, "1")},
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def disagreements(
    ours: Mapping[str, float], theirs: Mapping[str, float], tolerances: Mapping[str, float]
) -> list[str]:
    """The answers of both sides that differ by more than the relative tolerance, in words."""
    told = []
    shared = [name for name in theirs if name in ours]
    if not shared:
        return ["no answer is given by both"]
    for name in shared:
        begins = max((start for start in tolerances if name.startswith(start)), key=len)
        if not math.isclose(ours[name], theirs[name], rel_tol=tolerances[begins], abs_tol=1e-12):
            told.append(f"{name}: {ours[name]:.10g} here, {theirs[name]:.10g} there")
    return told


def compare(name: str, work: Work, runs: int, tiny: bool, with_r: bool) -> dict:
    """One work's row: seconds of every run of both sides, in turn, and what came of them."""
    with tempfile.TemporaryDirectory() as scratch:
        folders = []
        for kind, rows in (("small", work.small), ("full", work.small if tiny else work.rows)):
            folder = Path(scratch) / kind
            folder.mkdir()
            work.write(folder, rows)
            folders.append(str(folder))
        given = [name, *folders, str(min(work.resamples, 99) if tiny else work.resamples)]
        ours, theirs = [], []
        for _ in range(runs):
            ours.append(run_once([sys.executable, str(HERE / "ours.py"), *given]))
            if with_r:
                theirs.append(run_once(["Rscript", str(HERE / "theirs.R"), *given]))
    row = {"work": name, "title": work.title, "against": work.theirs, "goal": work.faster}
    row["short"] = work.short
    row["ours"] = [run["seconds"] for run in ours]
    if theirs:
        tolerances = work.tolerances if not tiny else {**work.tolerances, "std_error": 1.0}
        apart = disagreements(ours[0]["answers"], theirs[0]["answers"], tolerances)
        if apart:
            raise RuntimeError(f"{name}: the answers differ: {'; '.join(apart[:5])}")
        row["theirs"] = [run["seconds"] * work.times for run in theirs]
    return row


def in_words(row: dict) -> str:
    """A work's line: minimum, median and maximum of both, and the ratio pair by pair."""
    line = f"{row['title']}\n    ours {_spread(row['ours'])} s"
    if "theirs" not in row:
        return line
    ratios = [theirs / ours for ours, theirs in zip(row["ours"], row["theirs"], strict=True)]
    met = "met" if statistics.median(ratios) >= row["goal"] else f"NOT met: {row['short']}"
    return (
        f"{line}   {row['against']} {_spread(row['theirs'])} s   "
        f"times faster {_spread(ratios)}   goal {row['goal']:g}: {met}"
    )


def _spread(values: list[float]) -> str:
    return " / ".join(f"{one:.3g}" for one in (min(values), statistics.median(values), max(values)))


def record(rows: list[dict], path: Path = SPEED) -> None:
    """Keep every run's seconds: a row per work and run; other works' rows stay."""
    made = pd.DataFrame(
        [
            {"work": row["work"], "run": number + 1, "ours": ours, "theirs": theirs}
            for row in rows
            for number, (ours, theirs) in enumerate(zip(row["ours"], row["theirs"], strict=True))
        ]
    )
    if path.exists():
        kept = pd.read_csv(path)
        made = pd.concat([kept[~kept["work"].isin(made["work"])], made])
    order = made["work"].map(list(WORKS).index)
    made.iloc[order.argsort(kind="stable")].to_csv(path, index=False, float_format="%.6g")


def main(arguments: list[str] | None = None) -> int:
    """Print the table; exit code 1 if answers differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="runs of each side, in turn")
    parser.add_argument("--only", nargs="+", choices=list(WORKS), help="these works alone")
    parser.add_argument(
        "--record", action="store_true", help=f"keep the seconds in docs/{SPEED.name}"
    )
    parser.add_argument("--tiny", action="store_true", help="on little data, to see that it runs")
    given = parser.parse_args(arguments)
    reason = why_no_r()
    if reason:
        print(f"R's side is skipped: {reason}. Our own seconds follow.", flush=True)
    print(
        "minimum / median / maximum; seconds of processor time, the work alone, one core",
        flush=True,
    )
    rows = []
    for name in given.only or WORKS:
        rows.append(compare(name, WORKS[name], given.runs, given.tiny, not reason))
        print(in_words(rows[-1]), flush=True)
    if given.record and not reason:
        record(rows)
        write_page()
    return 0


if __name__ == "__main__":
    sys.exit(main())
