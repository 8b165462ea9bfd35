"""What Snakemake takes for done, whatever stopped a step and whatever the clock says.

Snakemake copies an output marked ``update`` aside, and after a failure copies it back over what is
there and records the step as finished with the inputs it failed on: the next run would take the
earlier answer for the new one. Steps here write files whole or not at all, so nothing needs to be
copied; and what failed, or what no record tells the origin of, counts as unfinished and runs again.

It compares times of files to find what is out of date, and gives up where an output is older than
an input. Files that people bring may carry any time (their content decides); a step's outputs are
never older than what they rest on, even if the clock is set back while they are made.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from snakemake.persistence import PersistenceBase


def teach_snakemake() -> None:
    """Teach it so, in every process that reads the workflow."""
    if not getattr(PersistenceBase, "keeps_earlier_files", False):
        _keep_earlier_files()
        _keep_order()


def _keep_earlier_files() -> None:
    failed: set[Path] = set()
    record_finished, find_incomplete = PersistenceBase.finished, PersistenceBase.incomplete

    def restore_output(self, path: Path) -> bool:
        """After a failure: the earlier file stays as it is."""
        failed.add(path)
        return path.exists()

    async def finished(self, job) -> None:
        """Without a record, the marks set when the job began remain."""
        if failed.isdisjoint(map(Path, job.output)):
            await record_finished(self, job)

    async def incomplete(self, job) -> list:
        if self.has_metadata(job):
            return await find_incomplete(self, job)
        return [file for file in job.output if await file.exists()]

    PersistenceBase.backup_output = lambda self, path: None
    PersistenceBase.restore_output = restore_output
    PersistenceBase.cleanup_backup = lambda self, path: failed.discard(path)
    PersistenceBase.finished = finished
    PersistenceBase.incomplete = incomplete
    PersistenceBase.keeps_earlier_files = True


def _keep_order() -> None:
    from snakemake.dag import DAG  # which only a Snakemake that is at work can import

    began = time.time_ns()

    async def check_output_mtime(self, job, outputs) -> None:
        made = [Path(file) for file in job.input if not file.is_ancient]
        newest = max([began, *(path.stat().st_mtime_ns for path in made if path.exists())])
        for path in map(Path, outputs):
            if path.exists() and path.stat().st_mtime_ns < newest:
                os.utime(path, ns=(newest, newest))

    DAG.check_output_mtime = check_output_mtime
