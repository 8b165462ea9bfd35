"""What a failed step leaves: its earlier files untouched, and the step not done.

Snakemake copies an output marked ``update`` aside, and after a failure copies it back over what is
there and records the step as finished with the inputs it failed on: the next run would take the
earlier answer for the new one. Steps here write files whole or not at all, so nothing needs to be
copied; and what failed, or what no record tells the origin of, counts as unfinished and runs again.
"""

from __future__ import annotations

from pathlib import Path

from snakemake.persistence import PersistenceBase


def keep_earlier_files() -> None:
    """Teach Snakemake so, in every process that reads the workflow."""
    if getattr(PersistenceBase, "keeps_earlier_files", False):
        return
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
