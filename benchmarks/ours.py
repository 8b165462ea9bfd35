"""One work of works.py as we do it, timed in one process: seconds and answers as a line of JSON.

    python benchmarks/ours.py WORK FOLDER_OF_A_SMALL_SIZE FOLDER RESAMPLES

As in ``theirs.R`` it is done once on little data first, which takes the late imports out.
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from time import process_time

from works import WORKS


def main(name: str, small: str, folder: str, resamples: str) -> None:
    """Do it on the small size, then time it."""
    work = WORKS[name]
    work.ours(Path(small), 99)()
    call = work.ours(Path(folder), int(resamples))
    gc.collect()
    start = process_time()
    answers = call()
    seconds = process_time() - start
    print(json.dumps({"seconds": seconds, "answers": {k: float(v) for k, v in answers.items()}}))


if __name__ == "__main__":
    main(*sys.argv[1:])
