"""One training, in a process of its own: `python -m tastemaker.personalize.training_job DIRECTORY`.

DIRECTORY holds `spec.json` and snapshots of the datasets; the job adds `report.json` and, where it succeeds, the folder
`model`. `training_files` says what is in them.

As in Personalize, the model that is deployed is the one that was measured: it is trained on nine tenths of the users,
and its metrics come from the others, whom it has not seen. Those users are served like any other, since a model
knows items and takes a user's history when it is asked; the catalogue is that of all users and of the Items dataset.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tastemaker.personalize.action_training import train_actions
from tastemaker.personalize.child_process import serve_parent
from tastemaker.personalize.histories import save_histories
from tastemaker.personalize.item_training import train_items
from tastemaker.personalize.model_update import bring_up_to_date
from tastemaker.personalize.segment_training import train_segments
from tastemaker.personalize.trained import Trained
from tastemaker.personalize.training_data import TrainingData, TrainingRefused
from tastemaker.personalize.training_files import TrainingOrder, TrainingReport, model_files
from tastemaker.recommenders import (
    ACTION_RECIPES,
    RECIPES,
    SEGMENT_RECIPES,
    NotEnoughMemory,
    SequenceRidgeModel,
    choice_of,
)

_TRAININGS: Final[Mapping[str, Callable[[TrainingData], Trained]]] = {
    **dict.fromkeys(RECIPES, train_items),
    **dict.fromkeys(SEGMENT_RECIPES, train_segments),
    **dict.fromkeys(ACTION_RECIPES, train_actions),
}
"""Recipe → what trains it."""


def main() -> None:
    directory = Path(sys.argv[1])
    serve_parent()
    try:
        report = train(directory)
    except TrainingRefused as error:
        report = TrainingReport({}, 0.0, str(error))
    except Exception as error:  # noqa: BLE001 - whatever went wrong must reach the failureReason
        traceback.print_exc()
        report = TrainingReport({}, 0.0, f"Training failed with an internal error: {type(error).__name__}: {error}")
    report.write(directory)


def train(directory: Path) -> TrainingReport:
    """Check, train, measure, and save into `directory`. Raises TrainingRefused."""
    started = time.perf_counter()
    order = TrainingOrder.read(directory)
    data = TrainingData(directory, order)
    files = model_files(directory)
    files.directory.mkdir(exist_ok=True)
    if order.recipe not in _TRAININGS:
        known = ", ".join(_TRAININGS)
        raise TrainingRefused(f"The recipe {order.recipe} cannot be trained here: choose one of {known}.")
    try:
        trained = bring_up_to_date(data) if order.extends else _TRAININGS[order.recipe](data)
    except NotEnoughMemory as error:
        raise TrainingRefused(str(error)) from error
    trained.model.save(files.model)
    holding = None
    if trained.users is not None and isinstance(trained.model, SequenceRidgeModel):
        holding = trained.model.circumstances.of_users(trained.users)
    save_histories(files.histories, trained.interactions, trained.model.item_ids, holding)
    choice = choice_of(trained.model)
    return TrainingReport(
        trained.metrics,
        time.perf_counter() - started,
        tuned=trained.tuned,
        choice=None if choice is None else choice.to_json(),
    )


if __name__ == "__main__":
    main()
