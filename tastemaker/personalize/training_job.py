"""One training, in a process of its own: `python -m tastemaker.personalize.training_job DIRECTORY`.

DIRECTORY holds `spec.json` and snapshots of the datasets; the job adds `report.json` and, where it succeeds, the folder
`model`. `training_files` says what is in them.

As in Personalize, the model that is deployed is the one that was measured: it is trained on nine tenths of the users,
and its metrics come from the others, whom it has not seen. Those users are served like any other, since a model
knows items and takes a user's history when it is asked; the catalogue is that of all users and of the Items dataset.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from pathlib import Path

import numpy as np

from tastemaker.evaluation import judge, last_item, personalize_split, whole_history
from tastemaker.evaluation.metrics import DEPTH
from tastemaker.personalize.datasets import read_records
from tastemaker.personalize.event_owners import events_of_users
from tastemaker.personalize.histories import chosen_events, interactions_of, save_histories
from tastemaker.personalize.metadata import MetadataFields, item_attributes
from tastemaker.personalize.stream_log import read_prefix
from tastemaker.personalize.streamed_records import with_streamed
from tastemaker.personalize.training_files import (
    ModelFiles,
    TrainingOrder,
    TrainingReport,
    records_path,
    stream_path,
)
from tastemaker.recommenders import RECIPES, RELATED_ITEMS, Attributes, Interactions

FEWEST_INTERACTIONS = 1000
FEWEST_RETURNING_USERS = 25
LEAST_SHARE_OF_RETURNING_USERS = 0.01


class TrainingRefused(Exception):
    """The data or the parameters do not allow training. The message is the failureReason."""


def main() -> None:
    directory = Path(sys.argv[1])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(10)  # those who ask for recommendations go first
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
    interactions = _interactions(directory, order)
    recipe_of = RECIPES.get(order.recipe)
    if recipe_of is None:
        raise TrainingRefused(f"The recipe {order.recipe} cannot be trained here: choose one of {', '.join(RECIPES)}.")
    try:
        recipe = recipe_of(order.hyperparameters)
    except ValueError as error:
        raise TrainingRefused(f"Invalid hyperparameters for {order.recipe}: {error}") from error
    items = _items(directory, order)
    if items is not None:
        interactions = interactions.with_items(items.ids.tolist())
    split = personalize_split(interactions, order.seed)
    fit_started = time.perf_counter()
    model = recipe.fit(split.train, items=items, seed=order.seed)
    fit_seconds = time.perf_counter() - fit_started
    asked_with = last_item if order.recipe in RELATED_ITEMS else whole_history
    evaluation = judge(
        lambda request, candidates: model.recommend(asked_with(request), DEPTH, candidates)[0],
        split,
        fit_seconds=fit_seconds,
    )
    files = ModelFiles(directory / "model")
    files.directory.mkdir()
    model.save(files.model)
    save_histories(files.histories, interactions, model.item_ids)
    return TrainingReport(evaluation.metrics, time.perf_counter() - started)


def check_minima(interactions: Interactions, event_type: str | None) -> None:
    """Personalize's minima for training. Raises TrainingRefused in Personalize's words."""
    if len(interactions) < FEWEST_INTERACTIONS:
        after = "" if event_type is None else f" after filtering by event type: {event_type}"
        raise TrainingRefused(f"Dataset has fewer than {FEWEST_INTERACTIONS} interactions{after or '.'}")
    returning = int((np.diff(interactions.starts) >= 2).sum())
    if returning < FEWEST_RETURNING_USERS:
        raise TrainingRefused(
            f"Dataset has fewer than {FEWEST_RETURNING_USERS} users with at least 2 interactions each."
        )
    if returning < LEAST_SHARE_OF_RETURNING_USERS * len(interactions.user_ids):
        raise TrainingRefused("Dataset has fewer than 1% of users with at least 2 interactions each.")


def _interactions(directory: Path, order: TrainingOrder) -> Interactions:
    path = records_path(directory, "INTERACTIONS")
    if not path.exists():
        raise TrainingRefused(f"Dataset has fewer than {FEWEST_INTERACTIONS} interactions.")
    records = read_records(path)
    if order.streamed_bytes:
        entries = read_prefix(stream_path(directory), order.streamed_bytes)
        records = with_streamed(records, events_of_users(entries))
    records = chosen_events(records, event_type=order.event_type, least_value=_threshold(order.event_value_threshold))
    interactions = interactions_of(records)
    check_minima(interactions, order.event_type)
    return interactions


def _items(directory: Path, order: TrainingOrder) -> Attributes | None:
    path = records_path(directory, "ITEMS")
    if not path.exists():
        return None
    return item_attributes(read_records(path), MetadataFields(tuple(order.item_categories), tuple(order.item_numbers)))


def _threshold(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError as error:
        raise TrainingRefused(f"The event value threshold is no number: {text}") from error


def _end_with_parent() -> None:
    # the parent holds the other end of this pipe and never writes: it ends when the parent does
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    main()
