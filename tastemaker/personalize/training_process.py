"""Runs one training in a child process and turns however it ends into an outcome or a reason."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

from tastemaker.personalize import durable_files
from tastemaker.personalize.child_process import crash_reason, start_child
from tastemaker.personalize.training_files import TrainingReport, model_files

_logger = logging.getLogger(__name__)

_WITH_LESS_MEMORY = "Train on fewer interactions, or on a machine with more memory."


class Cancelled(Exception):
    """The training was called off."""


class TrainingFailed(Exception):
    """The training ended without a model. The message is the failureReason."""


@dataclass(frozen=True)
class TrainingOutcome:
    """`model_path` is the folder that the runtime loads."""

    metrics: dict[str, float]
    training_seconds: float
    model_path: Path
    tuned: dict[str, str] = field(default_factory=dict)
    """The hyperparameters that a search has found."""


class TrainingProcess:
    """A child that trains on what lies in `directory`, by a module that keeps to the files of `training_files`."""

    def __init__(self, directory: Path, *, module: str = "tastemaker.personalize.training_job") -> None:
        self._directory = directory
        self._module = module
        self._lock = threading.Lock()
        self._cancelled = False
        self._child: subprocess.Popen[bytes] | None = None

    def run(self, model_path: Path) -> TrainingOutcome:
        """Train, and move the model to `model_path`, replacing what is there. Raises Cancelled and TrainingFailed."""
        log_path = self._directory / "log.txt"
        with log_path.open("wb") as log:
            child = self._start(log.fileno())
            with child:
                status = child.wait()
        with self._lock:
            if self._cancelled:
                raise Cancelled
        report = TrainingReport.read(self._directory)
        log_text = log_path.read_text(encoding="utf-8", errors="replace").strip()
        if report is None:
            _logger.error("the training process in %s ended with status %d:\n%s", self._directory, status, log_text)
            raise TrainingFailed(crash_reason(status, log_text, work="Training", remedy=_WITH_LESS_MEMORY))
        if report.failure_reason is not None:
            if log_text:
                _logger.error("the training in %s failed:\n%s", self._directory, log_text)
            raise TrainingFailed(report.failure_reason)
        _move(model_files(self._directory).directory, model_path)
        if report.choice is not None:
            _logger.info("the training of %s chose %s", model_path.name, json.dumps(report.choice))
        return TrainingOutcome(dict(report.metrics), report.training_seconds, model_path, dict(report.tuned))

    def cancel(self) -> None:
        """Kill the child, or see to it that none is started."""
        with self._lock:
            self._cancelled = True
            if self._child is not None:
                self._child.kill()

    def _start(self, log: int) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._cancelled:
                raise Cancelled
            self._child = start_child(self._module, self._directory, log=log)
            return self._child


def _move(model: Path, target: Path) -> None:
    """Replace what is at `target`. The model is on the disk before anybody is told that there is one."""
    for path in (*model.iterdir(), model):
        durable_files.sync(path)
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    durable_files.replace(model, target)
