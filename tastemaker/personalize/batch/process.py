"""Runs the child process of one batch job and turns however it ends into a report or a reason."""

from __future__ import annotations

import logging
import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tastemaker.personalize.batch.orders import BatchReport
from tastemaker.personalize.child_process import crash_reason, start_child
from tastemaker.personalize.engine import Refused

_LOGGER = logging.getLogger(__name__)

_MODULE: Final = "tastemaker.personalize.batch.job"
_LOOK_SECONDS: Final = 0.05


class Cancelled(Exception):
    """Nobody wants the job any more."""


def run_children(directories: Sequence[Path], *, go_on: Callable[[], bool]) -> BatchReport:
    """Answer what lies in `directories`, the parts of one job, at the same time. Raises as `run_child`."""
    failed = threading.Event()

    def run(directory: Path) -> BatchReport:
        try:
            return run_child(directory, go_on=lambda: go_on() and not failed.is_set())
        except Refused:
            failed.set()
            raise

    with ThreadPoolExecutor(len(directories), "batch") as threads:
        running = [threads.submit(run, directory) for directory in directories]
    # a refusal ends the others, whose cancellation says nothing
    for error in (future.exception() for future in running):
        if isinstance(error, Refused):
            raise error
    return BatchReport.of_parts([future.result() for future in running])


def run_child(directory: Path, *, go_on: Callable[[], bool]) -> BatchReport:
    """Answer what lies in `directory`. Raises Refused where that fails, and Cancelled soon after `go_on` says no."""
    log_path = directory / "log.txt"
    with log_path.open("wb") as log, start_child(_MODULE, directory, log=log.fileno()) as child:
        while (status := _ended(child)) is None:
            if not go_on():
                child.kill()
                raise Cancelled
    report = BatchReport.read(directory)
    text = log_path.read_text(encoding="utf-8", errors="replace").strip()
    if report is None:
        _LOGGER.error("the batch process in %s ended with status %d:\n%s", directory, status, text)
        raise Refused(crash_reason(status, text, work="Batch inference", remedy="Ask fewer lines at a time."))
    if report.failure_reason is not None:
        if text:
            _LOGGER.error("the batch job in %s failed:\n%s", directory, text)
        raise Refused(report.failure_reason)
    return report


def _ended(child: subprocess.Popen[bytes]) -> int | None:
    try:
        return child.wait(_LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        return None
