"""Jobs that are done when they have begun, the real training among them."""

from __future__ import annotations

from collections.abc import Callable

from tastemaker.personalize.engine import Result, Task
from tastemaker.personalize.jobs import ImportOutcome, ImportSpec, JobFailure, Jobs, TrainingOutcome, TrainingSpec
from tastemaker.personalize.training_data import TrainingRefused
from tastemaker.personalize.training_job import train


class InstantTrainings(Jobs):
    """Imports and trains as the real jobs do, but here and now."""

    def start_import(self, key: str, spec: ImportSpec, done: Callable[[ImportOutcome | JobFailure], None]) -> None:  # noqa: ARG002 # the protocol's
        done(ImportOutcome(self.datasets.import_csv(self._objects, spec)))

    def start_training(
        self, key: str, spec: TrainingSpec, done: Callable[[TrainingOutcome | JobFailure], None]
    ) -> None:
        directory = self._models / key.partition(":")[2].replace("/", "-").replace(":", "-")
        self._prepare(directory, spec)
        try:
            report = train(directory)
        except TrainingRefused as refused:
            done(JobFailure(str(refused)))
            return
        done(TrainingOutcome(dict(report.metrics), report.training_seconds, directory / "model"))

    def start_task(self, key: str, task: Task[Result], done: Callable[[Result | JobFailure], None]) -> None:  # noqa: ARG002 # the protocol's
        done(task(lambda: True))
