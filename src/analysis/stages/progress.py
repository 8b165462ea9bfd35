"""The workflow's progress in plain lines: which step of how many, and how long each took."""

from __future__ import annotations

import sys
import time
from logging import LogRecord
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

NAME = "steps"
TARGET = "all"  # the rule that only names what a run makes: no step
NO_WORD = (
    "It left no word in its log: it was ended from outside, perhaps because memory ran out, or "
    "the disk is full."
)
#: What Snakemake says of every failed step, and we in our own words.
SAID_ALREADY = (
    "Exiting because",
    "At least one job",
    "Complete log",
    "RuleException:\nCalledProcessError",
)


class LogHandler(LogHandlerBase):
    """A Snakemake log handler that prints a line per finished step and a word per failure."""

    def __post_init__(self) -> None:
        self.total = 0
        self.done = 0
        self.started: dict[int, tuple[str, float]] = {}

    @property
    def writes_to_stream(self) -> bool:
        """It takes the place of Snakemake's own printing."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Snakemake keeps its own log file besides."""
        return False

    @property
    def has_filter(self) -> bool:
        """It chooses by event."""
        return True

    @property
    def has_formatter(self) -> bool:
        """It words its lines itself."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """It has no use for one."""
        return False

    def emit(self, record: LogRecord) -> None:
        """Print what a record means to somebody watching."""
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            self.total = record.stats["total"] - record.stats.get(TARGET, 0)
            _say(f"{self.total} steps to do")
        elif event == LogEvent.JOB_INFO and record.rule_name != TARGET:
            what = " ".join([record.rule_name.replace("_", " "), *record.wildcards.values()])
            self.started[record.jobid] = (what, time.monotonic())
            if self.common_settings.dryrun:
                _say(f"would {what}")
        elif event == LogEvent.JOB_FINISHED and record.job_id in self.started:
            what, since = self.started.pop(record.job_id)
            self.done += 1
            width = len(str(self.total))
            took = time.monotonic() - since
            _say(f"[{self.done:>{width}}/{self.total}] {what}  {took:.1f} s")
        elif event == LogEvent.JOB_ERROR:
            what, _ = self.started.pop(record.jobid, (record.rule_name, 0))
            _say(f"failed: {what}\n{_told(record.log)}", stream=sys.stderr)
        elif event == LogEvent.ERROR:
            _complain(record.getMessage())
        elif event is None:
            message = record.getMessage()
            if message.startswith("Nothing to be done"):
                _say("Nothing to do: the results are up to date.")
            elif record.levelname in ("ERROR", "CRITICAL"):
                _complain(message)


def _complain(message: str) -> None:
    if not message.startswith(SAID_ALREADY):
        _say(message, stream=sys.stderr)


def _told(logs: list[str]) -> str:
    """What a failed step wrote to its log."""
    texts = [
        Path(log).read_text(encoding="utf-8", errors="replace").strip()
        for log in logs
        if Path(log).is_file()
    ]
    return "\n".join(text for text in texts if text) or NO_WORD


def _say(text: str, stream=None) -> None:
    print(text, file=stream or sys.stdout, flush=True)


def register() -> None:
    """Make the handler known to Snakemake as ``--logger steps``."""
    LoggerPluginRegistry().register_plugin(NAME, sys.modules[__name__])
