"""What a training reads: the snapshots beside its order, as recommenders take them, once they reach the minima."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastemaker.personalize.datasets import read_records
from tastemaker.personalize.event_owners import events_of_users
from tastemaker.personalize.histories import chosen_events, event_context, interactions_of, weighed_events
from tastemaker.personalize.metadata import (
    action_attributes,
    in_double_precision,
    item_attributes,
    user_attributes,
)
from tastemaker.personalize.stream_log import read_prefix
from tastemaker.personalize.streamed_records import with_streamed
from tastemaker.personalize.training_files import TrainingOrder, records_path, stream_path
from tastemaker.recommenders import Attributes, Interactions, locate

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST_INTERACTIONS = 1000
FEWEST_RETURNING_USERS = 25
LEAST_SHARE_OF_RETURNING_USERS = 0.01
_WITHOUT_MINIMA = frozenset({"aws-semantic-similarity"})
"""The recipes that learn from something else than interactions."""


class TrainingRefused(Exception):
    """The data or the parameters do not allow training. The message is the failureReason."""


@dataclass(frozen=True)
class TrainingData:
    """The snapshots in `directory`, of which `order` chooses."""

    directory: Path
    order: TrainingOrder

    def interactions(self) -> Interactions:
        """The chosen events, under a catalogue that has the items of the Items dataset as well.

        Raises TrainingRefused where they do not reach the minima.
        """
        interactions = self._chosen(self._events("INTERACTIONS"))
        if self.order.recipe not in _WITHOUT_MINIMA:
            check_minima(interactions, self._event_types())
        items = self._records("ITEMS")
        return interactions if items is None else interactions.with_items(items["ITEM_ID"].to_pylist())

    def action_interactions(self) -> Interactions:
        """What users did with actions, which stand in the place of items."""
        records = self._events("ACTION_INTERACTIONS")
        if records is None:
            return Interactions.from_columns([], [], [])
        names = ["ITEM_ID" if name == "ACTION_ID" else name for name in records.column_names]
        return interactions_of(records.rename_columns(names))

    def actions(self) -> Attributes | None:
        """What is known of actions; None without records of an Actions dataset."""
        records = self._records("ACTIONS")
        return None if records is None else action_attributes(records)

    def items(self) -> Attributes | None:
        """What is known of items; None without an Items dataset."""
        records = self._records("ITEMS")
        return None if records is None else item_attributes(records, self.order.item_fields)

    def users(self) -> Attributes | None:
        """What is known of users; None without a Users dataset."""
        records = self._records("USERS")
        return None if records is None else user_attributes(records, self.order.user_fields)

    def item_numbers(self, column: str, item_ids: NDArray[np.str_]) -> NDArray[np.float64]:
        """(n_items,): the values of a numeric column of Items for a sorted catalogue; 0 for what has none."""
        numbers = np.zeros(len(item_ids), dtype=np.float64)
        records = self._records("ITEMS")
        if records is not None and column in records.column_names:
            places = locate(item_ids, np.asarray(records["ITEM_ID"].to_pylist(), dtype=np.str_))
            values = pc.fill_null(in_double_precision(records[column]), 0.0).to_numpy()
            numbers[places[places >= 0]] = values[places >= 0]
        return numbers

    def mean_reward(self, interactions: Interactions) -> float | None:
        """What these events bring on average; None without an objective."""
        objective = self.order.objective
        if objective is None:
            return None
        return mean_reward(interactions, self.item_numbers(objective.column, interactions.item_ids))

    def rewarded(self, interactions: Interactions, mean: float | None) -> Interactions:
        """The same events, of which those on items of a greater value count for more where there is an objective.

        `mean`: the mean reward by which they are weighed, as `mean_reward` gives it.
        """
        objective = self.order.objective
        if objective is None or mean is None:
            return interactions
        rewards = self.item_numbers(objective.column, interactions.item_ids)
        return rewarded(interactions, rewards, objective.sensitivity, mean)

    def _records(self, dataset_type: str) -> pa.Table | None:
        path = records_path(self.directory, dataset_type)
        return read_records(path) if path.exists() else None

    def _events(self, dataset_type: str) -> pa.Table | None:
        records = self._records(dataset_type)
        order = self.order
        position = order.streamed_bytes if dataset_type == "INTERACTIONS" else order.streamed_action_bytes
        if records is None or not position:
            return records
        return with_streamed(records, events_of_users(read_prefix(stream_path(self.directory, dataset_type), position)))

    def _chosen(self, records: pa.Table | None) -> Interactions:
        if records is None:
            return Interactions.from_columns([], [], [])
        if self.order.events:
            chosen, weights = weighed_events(records, self.order.events)
        else:
            least = _threshold(self.order.event_value_threshold)
            chosen, weights = chosen_events(records, event_type=self.order.event_type, least_value=least), None
        return interactions_of(chosen, weights, event_context(chosen, self.order.context_fields))

    def _event_types(self) -> str | None:
        if self.order.events:
            return ", ".join(rule.event_type for rule in self.order.events)
        return self.order.event_type


def mean_reward(interactions: Interactions, rewards: NDArray[np.float64]) -> float:
    """The mean over the events of the reward of their item (`rewards`, (n_items,); negative ones are none)."""
    return float(np.maximum(rewards[interactions.item], 0.0).mean()) if len(interactions) else 0.0


def rewarded(interactions: Interactions, rewards: NDArray[np.float64], sensitivity: float, mean: float) -> Interactions:
    """The same events, each with the weight 1 − s + s·r ÷ r̄, times the weight it has.

    r: the reward of its item (`rewards`, (n_items,); negative ones are none), r̄: `mean`, that of the events that were
    trained on (0: there were no rewards, and they change nothing), s: `sensitivity`, from 0 (rewards change nothing) to
    1 (an event counts as much as it brings).
    """
    if not mean or not sensitivity:
        return interactions
    reward = np.maximum(rewards[interactions.item], 0.0)
    weight = (1 - sensitivity + sensitivity * reward / mean).astype(np.float32)
    return replace(interactions, weight=weight if interactions.weight is None else weight * interactions.weight)


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


def _threshold(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError as error:
        raise TrainingRefused(f"The event value threshold is no number: {text}") from error
