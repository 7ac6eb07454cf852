"""Imports and trainings in the background: started at once, told when they end, cancellable."""

from __future__ import annotations

import hashlib
import logging
import shutil
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

import pyarrow as pa

from tastemaker.personalize.csv_files import ImportRefused, arrow_type
from tastemaker.personalize.datasets import Datasets, ImportCancelled, ImportSpec, write_records
from tastemaker.personalize.engine import Refused, Result, Task
from tastemaker.personalize.objects import Location, ObjectStore, Weighed
from tastemaker.personalize.training_files import ModelFiles, TrainingOrder, base_files, records_path, stream_path
from tastemaker.personalize.training_process import Cancelled, TrainingFailed, TrainingOutcome, TrainingProcess
from tastemaker.personalize.training_spec import Streamed, TrainingSpec

__all__ = ["ImportOutcome", "ImportSpec", "JobFailure", "Jobs", "Streamed", "TrainingOutcome", "TrainingSpec"]

_logger = logging.getLogger(__name__)

_IMPORTS_AT_ONCE = 5
_TRAININGS_AT_ONCE = 2
_TASKS_AT_ONCE = 4


@dataclass(frozen=True)
class JobFailure:
    """Why a job failed, in the words of a failureReason."""

    reason: str


@dataclass(frozen=True)
class ImportOutcome:
    """`rows`: the records that the files held, before those that say the same became one. `bytes_read`: their size."""

    rows: int
    bytes_read: int = 0


_Outcome = TypeVar("_Outcome")
_ImportDone: TypeAlias = Callable[[ImportOutcome | JobFailure], None]
_TrainingDone: TypeAlias = Callable[[TrainingOutcome | JobFailure], None]


class _Cancellable(Protocol):
    def cancel(self) -> None: ...


class Jobs:
    """Runs jobs, each known by a key of the caller's, such as its ARN.

    `done` is called once, from a thread of the job's own, unless the job was cancelled before it ended. Datasets and
    models are kept under `directory`; `lasting`: what was imported outlives a loss of power.
    """

    def __init__(self, *, objects: ObjectStore, directory: Path, lasting: bool = True) -> None:
        self.datasets = Datasets(directory / "datasets", lasting=lasting)
        self._objects = objects
        self._models = directory / "models"
        self._trainings_directory = directory / "trainings"
        # what an earlier process left there when it was killed
        shutil.rmtree(self._trainings_directory, ignore_errors=True)
        self._lock = threading.Lock()
        self._closed = False
        self._running: dict[str, _Cancellable] = {}
        self._imports = ThreadPoolExecutor(_IMPORTS_AT_ONCE, "import")
        self._trainings = ThreadPoolExecutor(_TRAININGS_AT_ONCE, "training")
        self._tasks = ThreadPoolExecutor(_TASKS_AT_ONCE, "task")

    def check_location(self, location: str, role_arn: str) -> None:
        """Raise LocationError where the role can read nothing at `location`."""
        Location.parse(location).keys(self._objects, role_arn=role_arn)

    def start_import(self, key: str, spec: ImportSpec, done: _ImportDone) -> None:
        """Import in the background. Raises RuntimeError after `close` and where a job of this key is running."""
        job = _InThread()
        self._begin(key, job)
        self._imports.submit(self._import, key, job, spec, done)

    def start_task(self, key: str, task: Task[Result], done: Callable[[Result | JobFailure], None]) -> None:
        """Do any other work in the background. Raises RuntimeError as `start_import`."""
        job = _InThread()
        self._begin(key, job)
        self._tasks.submit(self._do, key, job, task, done)

    def start_training(self, key: str, spec: TrainingSpec, done: _TrainingDone) -> None:
        """Train in a child process, on the datasets as they are now. Raises RuntimeError as `start_import`."""
        directory = self._trainings_directory / f"{_name(key)}-{uuid.uuid4().hex[:8]}"
        job = TrainingProcess(directory)
        self._begin(key, job)
        try:
            self._prepare(directory, spec)
        except OSError:
            self._end(key, job)
            raise
        self._trainings.submit(self._train, key, job, directory, done)

    def cancel(self, key: str) -> None:
        """Call a job off; nothing happens where it has ended. `done` isn't called any more once this returns."""
        with self._lock:
            job = self._running.pop(key, None)
        if job is not None:
            job.cancel()

    def delete_model(self, model_path: Path) -> None:
        """Remove the files of a TrainingOutcome's model, if they are there."""
        if model_path.parent == self._models:
            shutil.rmtree(model_path, ignore_errors=True)

    def delete_sums(self, model_path: Path) -> None:
        """Remove what an update of a TrainingOutcome's model would add to, if it is there: it is not updated again."""
        if model_path.parent == self._models:
            files = ModelFiles(model_path)
            for path in (files.sums, files.mean_reward):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Cancel all jobs, end their processes and threads. May be called again."""
        with self._lock:
            self._closed = True
            jobs = list(self._running.values())
            self._running.clear()
        for job in jobs:
            job.cancel()
        self._imports.shutdown(cancel_futures=True)
        self._trainings.shutdown(cancel_futures=True)
        self._tasks.shutdown(cancel_futures=True)

    def _begin(self, key: str, job: _Cancellable) -> None:
        with self._lock:
            if self._closed:
                raise RuntimeError(f"{key} cannot start: the jobs are closed")
            if key in self._running:
                raise RuntimeError(f"{key} is running already")
            self._running[key] = job

    def _end(self, key: str, job: _Cancellable) -> bool:
        """Whether the job was still wanted; from now on it cannot be cancelled."""
        with self._lock:
            if self._running.get(key) is not job:
                return False
            del self._running[key]
            return True

    def _prepare(self, directory: Path, spec: TrainingSpec) -> None:
        directory.mkdir(parents=True)
        for dataset_type, arn in spec.dataset_arns.items():
            path = records_path(directory, dataset_type)
            if dataset_type in spec.merged:
                write_records(path, spec.merged[dataset_type])
            else:
                self.datasets.snapshot(arn, path)
        for dataset_type, streamed in (("INTERACTIONS", spec.streamed), ("ACTION_INTERACTIONS", spec.streamed_actions)):
            if streamed is not None:
                _link_stream(directory, dataset_type, streamed)
        if spec.extends is not None:
            ModelFiles(spec.extends).link(base_files(directory))
        TrainingOrder.of(spec).write(directory)

    def _do(self, key: str, job: _InThread, task: Task[Result], done: Callable[[Result | JobFailure], None]) -> None:
        outcome: Result | JobFailure
        try:
            outcome = task(job.wanted)
        except Refused as refused:
            _logger.warning("%s failed: %s", key, refused)
            outcome = JobFailure(str(refused))
        except Exception as error:
            _logger.exception("%s failed", key)
            outcome = JobFailure(f"The job failed with an internal error: {type(error).__name__}: {error}")
        self._tell(key, job, outcome, done)

    def _import(self, key: str, job: _InThread, spec: ImportSpec, done: _ImportDone) -> None:
        outcome: ImportOutcome | JobFailure
        try:
            objects = Weighed(self._objects)
            rows = self.datasets.import_csv(objects, spec, go_on=job.wanted)
            outcome = ImportOutcome(rows, objects.bytes_read)
        except ImportCancelled:
            return
        except ImportRefused as refused:
            _logger.warning("%s failed: %s", key, refused)
            outcome = JobFailure(refused.reason)
        except Exception as error:
            _logger.exception("%s failed", key)
            outcome = JobFailure(f"Import failed with an internal error: {type(error).__name__}: {error}")
        self._tell(key, job, outcome, done)

    def _train(self, key: str, job: TrainingProcess, directory: Path, done: _TrainingDone) -> None:
        outcome: TrainingOutcome | JobFailure
        try:
            outcome = job.run(self._models / _name(key))
        except Cancelled:
            return
        except TrainingFailed as failed:
            outcome = JobFailure(str(failed))
        except Exception as error:
            _logger.exception("%s failed", key)
            outcome = JobFailure(f"Training failed with an internal error: {type(error).__name__}: {error}")
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        self._tell(key, job, outcome, done)

    def _tell(self, key: str, job: _Cancellable, outcome: _Outcome, done: Callable[[_Outcome], None]) -> None:
        if not self._end(key, job):
            return
        try:
            done(outcome)
        except Exception:
            _logger.exception("nobody could be told that %s ended with %s", key, outcome)


class _InThread:
    def __init__(self) -> None:
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        self._cancelled.set()

    def wanted(self) -> bool:
        return not self._cancelled.is_set()


def _link_stream(directory: Path, dataset_type: str, streamed: Streamed) -> None:
    stream_path(directory, dataset_type).hardlink_to(streamed.prefix.path)
    records = records_path(directory, dataset_type)
    if not records.exists():  # nothing has been imported, so nothing else tells the columns
        types = {each.name: arrow_type(each, streamed.schema) for each in streamed.schema.fields}
        write_records(records, pa.schema(types).empty_table())


def _name(key: str) -> str:
    """A directory's name for a key of any length and characters."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]
