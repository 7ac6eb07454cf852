"""Jobs whose real work is done when they have begun: the import of the CSV files, and a model that is fitted here."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tastemaker.personalize.csv_files import ImportRefused
from tastemaker.personalize.datasets import Datasets, ImportSpec
from tastemaker.personalize.engine import Result, Task
from tastemaker.personalize.histories import interactions_of, save_histories
from tastemaker.personalize.jobs import ImportOutcome, JobFailure, TrainingOutcome, TrainingSpec
from tastemaker.personalize.objects import Location, MemoryObjects, Weighed
from tastemaker.personalize.training_files import ModelFiles
from tastemaker.recommenders import RECIPES
from tests.unit.personalize.scene import outcome_of


class InstantJobs:
    """Datasets and models are kept under `directory`."""

    def __init__(self, *, objects: MemoryObjects, directory: Path) -> None:
        self.datasets = Datasets(directory / "datasets")
        self._objects = objects
        self._models = directory / "models"

    def check_location(self, location: str, role_arn: str) -> None:
        Location.parse(location).keys(self._objects, role_arn=role_arn)

    def start_import(self, key: str, spec: ImportSpec, done: Callable[[ImportOutcome | JobFailure], None]) -> None:  # noqa: ARG002 # the protocol's
        objects = Weighed(self._objects)
        try:
            rows = self.datasets.import_csv(objects, spec)
            outcome: ImportOutcome | JobFailure = ImportOutcome(rows, objects.bytes_read)
        except ImportRefused as refused_:
            outcome = JobFailure(refused_.reason)
        done(outcome)

    def start_training(
        self, key: str, spec: TrainingSpec, done: Callable[[TrainingOutcome | JobFailure], None]
    ) -> None:
        records = self.datasets.read(spec.dataset_arns["INTERACTIONS"])
        assert records is not None
        interactions = interactions_of(records)
        # what no model is behind is popularity here: the jobs are not what is tested
        model = RECIPES.get(spec.recipe, RECIPES["aws-popularity-count"])({}).fit(interactions, seed=spec.seed)
        files = ModelFiles(self._models / key.rpartition("/")[2])
        files.model.parent.mkdir(parents=True)
        model.save(files.model)
        save_histories(files.histories, interactions, model.item_ids)
        done(TrainingOutcome({}, training_seconds=1.0, model_path=files.model.parent))

    def start_task(self, key: str, task: Task[Result], done: Callable[[Result | JobFailure], None]) -> None:  # noqa: ARG002 # the protocol's
        done(outcome_of(task))

    def cancel(self, key: str) -> None:
        """Nothing is ever under way."""

    def delete_model(self, model_path: Path) -> None:
        shutil.rmtree(model_path)

    def delete_sums(self, model_path: Path) -> None:
        """No model here is ever updated."""

    def close(self) -> None:
        """Nothing is ever under way."""
