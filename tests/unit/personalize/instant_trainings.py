"""Jobs that are done when they have begun, the real training among them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tastemaker.personalize.jobs import JobFailure, TrainingOutcome, TrainingSpec
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.training_data import TrainingRefused
from tastemaker.personalize.training_files import TrainingOrder, records_path, stream_path
from tastemaker.personalize.training_job import train
from tests.unit.personalize.instant_jobs import InstantJobs


class InstantTrainings(InstantJobs):
    """Trains as the child process would, but here and now."""

    def __init__(self, *, objects: MemoryObjects, directory: Path) -> None:
        super().__init__(objects=objects, directory=directory)
        self._trainings = directory / "trainings"

    def start_training(
        self, key: str, spec: TrainingSpec, done: Callable[[TrainingOutcome | JobFailure], None]
    ) -> None:
        directory = self._trainings / key.partition(":")[2].replace("/", "-").replace(":", "-")
        directory.mkdir(parents=True)
        for dataset_type, arn in spec.dataset_arns.items():
            self.datasets.snapshot(arn, records_path(directory, dataset_type))
        if spec.streamed is not None:
            stream_path(directory, "INTERACTIONS").hardlink_to(spec.streamed.prefix.path)
        TrainingOrder.of(spec).write(directory)
        try:
            report = train(directory)
        except TrainingRefused as refused:
            done(JobFailure(str(refused)))
            return
        done(TrainingOutcome(dict(report.metrics), report.training_seconds, directory / "model"))
