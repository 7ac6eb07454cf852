"""What the control plane and the runtime API need of the rooms that import, train and recommend."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from tastemaker.personalize.datasets import ImportSpec
    from tastemaker.personalize.jobs import ImportOutcome, JobFailure, TrainingOutcome, TrainingSpec
    from tastemaker.personalize.runtime import Question, Recommended

Result = TypeVar("Result")
Task: TypeAlias = Callable[[Callable[[], bool]], Result]
"""Work that is done in a thread of its own; it asks its argument now and then whether to go on, and may just return.

Raises `Refused` where it fails for a reason that the caller is to read.
"""
ImportDone: TypeAlias = "Callable[[ImportOutcome | JobFailure], None]"
TrainingDone: TypeAlias = "Callable[[TrainingOutcome | JobFailure], None]"


class Refused(Exception):
    """A task cannot be done. The message is the failureReason."""


class Records(Protocol):
    """The bulk records of datasets. `Datasets` says more."""

    def holds(self, dataset_arn: str) -> bool:
        """Whether anything has been imported."""

    def revision(self, dataset_arn: str) -> str | None:
        """What changes whenever the records do; None before the first import."""

    def read(self, dataset_arn: str) -> pa.Table | None:
        """The records; None before the first import."""

    def share(self, dataset_arn: str, directory: Path) -> None:
        """Make the records of this moment those of another `Datasets(directory)` on the same disk, if there are any."""

    def read_dated(self, dataset_arn: str) -> tuple[pa.Table, NDArray[np.int64]] | None:
        """The records, and (rows,) how long the log of streamed ones was when each was imported."""

    def forget(self, dataset_arn: str, column: str, values: Collection[str]) -> int:
        """Remove the records that have one of `values` in `column`, and count them."""

    def delete(self, dataset_arn: str) -> None:
        """Forget the records of a dataset, if there are any."""


class JobRunner(Protocol):
    """Runs the long work in the background; `done` is called from a thread of its own."""

    @property
    def datasets(self) -> Records: ...

    def check_location(self, location: str, role_arn: str) -> None:
        """Raise `LocationError` where the role cannot read `location`."""

    def start_import(self, key: str, spec: ImportSpec, done: ImportDone) -> None: ...

    def start_training(self, key: str, spec: TrainingSpec, done: TrainingDone) -> None: ...

    def start_task(self, key: str, task: Task[Result], done: Callable[[Result | JobFailure], None]) -> None: ...

    def cancel(self, key: str) -> None: ...

    def delete_model(self, model_path: Path) -> None:
        """Remove the files of a TrainingOutcome's model, if they are there."""

    def delete_sums(self, model_path: Path) -> None:
        """Remove what an update of such a model would add to, if it is there."""

    def close(self) -> None: ...


class Recommender(Protocol):
    """Answers from a trained model."""

    def recommend(self, model_path: Path, question: Question) -> Sequence[Recommended]:
        """At most `question.k` items, the best first."""

    def forget(self, model_path: Path) -> None:
        """Keep nothing of the model in memory: its files have changed."""

    def rank(self, model_path: Path, question: Question, items: Sequence[str]) -> Sequence[Recommended]:
        """Those of `items` that the question allows, the best first."""

    def recommend_actions(self, model_path: Path, question: Question, taken: Sequence[str]) -> Sequence[Recommended]:
        """At most `question.k` actions, the best first, for a user who has taken those of `taken`."""
