"""The files by which a training and whoever ordered it, in two processes, understand each other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tastemaker.personalize.metadata import NO_METADATA, MetadataFields
from tastemaker.personalize.training_spec import EventRule, Objective, Streamed, TrainingSpec
from tastemaker.personalize.tuning import Tuning


@dataclass(frozen=True)
class TrainingOrder:
    """What the child is told, as JSON: a `TrainingSpec`, whose data lie beside it.

    `extends`: the model that lies there, too, is to be brought up to date.
    """

    recipe: str
    event_type: str | None
    event_value_threshold: str | None
    hyperparameters: Mapping[str, str]
    seed: int
    streamed_bytes: int = 0
    """How much of the log of streamed events, which lies beside the order, the training sees."""
    streamed_action_bytes: int = 0
    """The same of those on actions."""
    item_fields: MetadataFields = NO_METADATA
    user_fields: MetadataFields = NO_METADATA
    context_fields: MetadataFields = NO_METADATA
    events: Sequence[EventRule] = ()
    objective: Objective | None = None
    tuning: Tuning | None = None
    extends: bool = False

    @classmethod
    def of(cls, spec: TrainingSpec) -> TrainingOrder:
        return cls(
            recipe=spec.recipe,
            event_type=spec.event_type,
            event_value_threshold=spec.event_value_threshold,
            hyperparameters=dict(spec.hyperparameters),
            seed=spec.seed,
            streamed_bytes=_bytes(spec.streamed),
            streamed_action_bytes=_bytes(spec.streamed_actions),
            item_fields=spec.item_fields,
            user_fields=spec.user_fields,
            context_fields=spec.context_fields,
            events=tuple(spec.events),
            objective=spec.objective,
            tuning=spec.tuning,
            extends=spec.extends is not None,
        )

    def write(self, directory: Path) -> None:
        (directory / "spec.json").write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, directory: Path) -> TrainingOrder:
        told = json.loads((directory / "spec.json").read_text(encoding="utf-8"))
        for name in ("item_fields", "user_fields", "context_fields"):
            told[name] = MetadataFields.of_json(told[name])
        told["events"] = tuple(EventRule(**rule) for rule in told["events"])
        told["objective"] = told["objective"] and Objective(**told["objective"])
        told["tuning"] = told["tuning"] and Tuning(**told["tuning"])
        return cls(**told)


@dataclass(frozen=True)
class TrainingReport:
    """What the child answers, as JSON: metrics and wall time of a success, or the reason of a failure.

    `tuned`: the hyperparameters that a search has found. `choice`: what the model has chosen by its data, and what it
    tried; None where there was nothing to choose.
    """

    metrics: Mapping[str, float]
    training_seconds: float
    failure_reason: str | None = None
    tuned: Mapping[str, str] = field(default_factory=dict)
    choice: Mapping[str, object] | None = None

    def write(self, directory: Path) -> None:
        partial = directory / "report.partial"
        partial.write_text(json.dumps(asdict(self)), encoding="utf-8")
        partial.replace(directory / "report.json")

    @classmethod
    def read(cls, directory: Path) -> TrainingReport | None:
        """None where the child ended without a report."""
        path = directory / "report.json"
        return cls(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


@dataclass(frozen=True)
class ModelFiles:
    """A trained model on disk, which only the deletion of users' data changes: another one is written beside it."""

    directory: Path

    @property
    def model(self) -> Path:
        """The recommender, as it saves itself."""
        return self.directory / "model.npz"

    @property
    def histories(self) -> Path:
        """The users' histories that the training saw."""
        return self.directory / "histories.arrow"

    @property
    def sums(self) -> Path:
        """What an update of the recommender adds to, where there is such a thing."""
        return self.directory / "sums.npz"

    @property
    def mean_reward(self) -> Path:
        """What the events of the training bring on average, where there is an objective: it weighs later ones too."""
        return self.directory / "mean_reward.json"

    def link(self, target: ModelFiles) -> None:
        """Make all of it available as `target`, whatever becomes of this folder."""
        target.directory.mkdir()
        for path in (self.model, self.histories, self.sums, self.mean_reward):
            if path.exists():
                (target.directory / path.name).hardlink_to(path)


def model_files(directory: Path) -> ModelFiles:
    """Where a training puts its model."""
    return ModelFiles(directory / "model")


def base_files(directory: Path) -> ModelFiles:
    """Where the model lies that a training extends."""
    return ModelFiles(directory / "base")


def stream_path(directory: Path, dataset_type: str) -> Path:
    """Where the log of the events lies that were streamed into a dataset."""
    return directory / f"{dataset_type}.log"


def records_path(directory: Path, dataset_type: str) -> Path:
    """Where the snapshot of a dataset lies."""
    return directory / f"{dataset_type}.arrow"


def _bytes(streamed: Streamed | None) -> int:
    return 0 if streamed is None else streamed.prefix.mark.position
