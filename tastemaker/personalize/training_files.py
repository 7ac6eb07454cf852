"""The files by which a training and whoever ordered it, in two processes, understand each other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class TrainingOrder:
    """What the child is told, as JSON. `recipe` is the recipe's name, such as `aws-user-personalization`.

    `item_categories` and `item_numbers` name the fields of the Items dataset that it is to learn from.
    """

    recipe: str
    event_type: str | None
    event_value_threshold: str | None
    hyperparameters: Mapping[str, str]
    seed: int
    streamed_bytes: int = 0
    """How much of the log of streamed events, which lies beside the order, the training sees."""
    item_categories: Sequence[str] = ()
    item_numbers: Sequence[str] = ()

    def write(self, directory: Path) -> None:
        (directory / "spec.json").write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, directory: Path) -> TrainingOrder:
        return cls(**json.loads((directory / "spec.json").read_text(encoding="utf-8")))


@dataclass(frozen=True)
class TrainingReport:
    """What the child answers, as JSON: metrics and wall time of a success, or the reason of a failure."""

    metrics: Mapping[str, float]
    training_seconds: float
    failure_reason: str | None = None

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
    """A trained model on disk."""

    directory: Path

    @property
    def model(self) -> Path:
        """The recommender, as it saves itself."""
        return self.directory / "model.npz"

    @property
    def histories(self) -> Path:
        """The users' histories that the training saw."""
        return self.directory / "histories.arrow"


def stream_path(directory: Path) -> Path:
    """Where the log of the streamed interactions lies."""
    return directory / "INTERACTIONS.log"


def records_path(directory: Path, dataset_type: str) -> Path:
    """Where the snapshot of a dataset lies."""
    return directory / f"{dataset_type}.arrow"
