"""Propose memory and minutes for every rule from the benchmarks that runs have recorded.

    python workflow/profiles/slurm/propose.py results/benchmarks [MORE ...]

Prints the profile's ``set-resources``. A rule gets twice the largest memory it was seen to take and
five times its longest time, rounded up, and no less than 500 MB and 2 minutes: data of a user's
own may be larger than the examples, and a job that asks for a little too much only waits a little.
"""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path

LEAST_MB, STEP_MB = 500, 100
LEAST_MINUTES, STEP_MINUTES = 2, 1


def propose(folders: list[Path]) -> dict[str, dict[str, int]]:
    """Each rule's ``mem_mb`` and ``runtime`` (minutes) from ``<folder>/<rule>/*.tsv``."""
    seen: dict[str, list[tuple[float, float]]] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*.tsv")):
            rule = path.relative_to(folder).parts[0].removesuffix(".tsv")
            with path.open(newline="") as lines:
                for row in csv.DictReader(lines, delimiter="\t"):
                    # A job that ended before its memory was looked at says NA.
                    memory = 0.0 if row["max_rss"] == "NA" else float(row["max_rss"])
                    seen.setdefault(rule, []).append((memory, float(row["s"])))
    return {
        rule: {
            "mem_mb": _up(2 * max(memory for memory, _ in found), LEAST_MB, STEP_MB),
            "runtime": _up(5 * max(s for _, s in found) / 60, LEAST_MINUTES, STEP_MINUTES),
        }
        for rule, found in sorted(seen.items())
    }


def _up(value: float, least: int, step: int) -> int:
    """The value rounded up to a multiple of ``step``, and no less than ``least``."""
    return max(least, math.ceil(value / step) * step)


def main(arguments: list[str]) -> None:
    """Print the block."""
    print("set-resources:")
    for rule, needs in propose([Path(one) for one in arguments]).items():
        print(f"  {rule}: {{mem_mb: {needs['mem_mb']}, runtime: {needs['runtime']}}}")


if __name__ == "__main__":
    main(sys.argv[1:])
