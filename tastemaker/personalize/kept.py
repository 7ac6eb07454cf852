"""What an embedded Personalize keeps on disk, to be asked by somebody else: nothing there changes, nothing is begun."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tastemaker.personalize.datasets import Datasets
from tastemaker.personalize.objects import MemoryObjects
from tastemaker.personalize.service import Personalize

if TYPE_CHECKING:
    from tastemaker.personalize.clock import ManualClock
    from tastemaker.personalize.engine import ImportDone, Result, Task, TrainingDone
    from tastemaker.personalize.jobs import ImportSpec, JobFailure, TrainingSpec
    from tastemaker.personalize.runtime import Runtime

# resources first: what streams in meanwhile is then in the copy as well, and not the other way round
_COPIED: Final = (("resources", "*.json"), ("streams", "*.log"), ("puts", "*.log"))


class NothingKept(Exception):
    """A folder is no data directory. The message names it and the remedy."""


@contextmanager
def kept(data_dir: Path, *, clock: ManualClock, runtime: Runtime) -> Iterator[Personalize]:
    """The Personalize of a data directory as it is now, whether another process works with that or not.

    `clock` stands still, so that nothing falls due. Resources and events are copied, records and models read where they
    are, and what was under way stays so. Raises NothingKept, ResourcesUnreadable and LogUnreadable.
    """
    if not any((data_dir / "resources").glob("*.json")):
        raise NothingKept(
            f"{data_dir} holds no Personalize: give the folder that `tastemaker endpoint --data-dir` was given"
        )
    with tempfile.TemporaryDirectory(prefix="tastemaker-") as folder:
        copy = Path(folder)
        for name, pattern in _COPIED:
            (copy / name).mkdir()
            for path in (data_dir / name).glob(pattern):
                shutil.copyfile(path, copy / name / path.name)
        jobs = _NoJobs(_linked(data_dir / "datasets", copy / "datasets"))
        personalize = Personalize(objects=MemoryObjects({}), clock=clock, data_dir=copy, jobs=jobs, recommender=runtime)
        try:
            yield personalize
        finally:
            personalize.close()


def _linked(datasets: Path, copy: Path) -> Datasets:
    """The same records in a folder that may be tidied up."""
    copy.mkdir()
    for path in datasets.glob("*.arrow"):
        (copy / path.name).symlink_to(path.resolve())
    return Datasets(copy, lasting=False)


class _NoJobs:
    """Knows the records, and begins nothing."""

    def __init__(self, datasets: Datasets) -> None:
        self.datasets = datasets

    def check_location(self, location: str, role_arn: str) -> None:
        """Nobody is asked for files."""

    def start_import(self, key: str, spec: ImportSpec, done: ImportDone) -> None:
        """Stays under way."""

    def start_training(self, key: str, spec: TrainingSpec, done: TrainingDone) -> None:
        """Stays under way."""

    def start_task(self, key: str, task: Task[Result], done: Callable[[Result | JobFailure], None]) -> None:
        """Stays under way."""

    def cancel(self, key: str) -> None:
        """Nothing is under way here."""

    def delete_model(self, model_path: Path) -> None:
        """The model is somebody else's."""

    def delete_sums(self, model_path: Path) -> None:
        """The model is somebody else's."""

    def close(self) -> None:
        """Nothing is under way here."""
