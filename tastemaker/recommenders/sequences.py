"""What users consumed one after another, laid out so that sums over all positions take no loop over users."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.recommenders.interactions import Interactions


@dataclass(frozen=True, eq=False)
class Sequences:
    """Events (T,) of all users, one user after the other, each oldest first.

    `item` is below `n_items`; `position` counts the user's earlier events, `remaining` the later ones; `occurrence`
    counts how often the user has had the item so far, this event included, so 1 is a new item. `lateness` is how much
    the event counts as a position to learn from, as `lateness` says. `weight` is that of the event as a target, on
    average 1 over the events that were given (None: 1 throughout).
    """

    n_items: int
    user: NDArray[np.int32]
    item: NDArray[np.int32]
    position: NDArray[np.int64]
    remaining: NDArray[np.int64]
    occurrence: NDArray[np.int64]
    lateness: NDArray[np.float32]
    weight: NDArray[np.float32] | None = None

    @classmethod
    def of(cls, interactions: Interactions, items: NDArray[np.int32] | None = None) -> Sequences:
        """The events of all items, or only those of `items`, which are then numbered by their place in that array."""
        user, item, n_items = interactions.user, interactions.item, len(interactions.item_ids)
        weight = _of_mean_one(interactions)
        if items is not None:
            place = np.full(n_items, -1, dtype=np.int32)
            place[items] = np.arange(len(items), dtype=np.int32)
            kept = place[item] >= 0
            user, item, n_items = user[kept], place[item[kept]], len(items)
            weight = None if weight is None else weight[kept]
        index = np.arange(len(user))
        first, last = np.searchsorted(user, user, side="left"), np.searchsorted(user, user, side="right") - 1
        late = lateness(index - first, last - first + 1)
        return cls(n_items, user, item, index - first, last - index, _occurrence(user, item, n_items), late, weight)

    def __len__(self) -> int:
        return len(self.item)

    def lagged(self, lag: int) -> NDArray[np.int64]:
        """The events whose user had at least `lag` before: event i's partner is event i − lag."""
        return np.flatnonzero(self.position >= lag)

    def weights(self, events: NDArray[np.int64]) -> NDArray[np.float32] | float:
        """How much each of these events counts; 1 for all of them where none counts less."""
        return 1.0 if self.weight is None else self.weight[events]

    @cached_property
    def steps(self) -> list[NDArray[np.int64]]:
        """The events at position 0, at position 1, and so on."""
        order = np.argsort(self.position, kind="stable")
        return np.split(order, np.cumsum(np.bincount(self.position))[:-1]) if len(order) else []


def lateness(position: NDArray[np.int64], length: NDArray[np.int64]) -> NDArray[np.float32]:
    """√((t + 1) ÷ n) for position t of n events.

    Recommendations are asked for at the end of a sequence: what came late in others' is more like it.
    """
    return np.sqrt((position + 1) / length).astype(np.float32)


def mean_weight(interactions: Interactions) -> float:
    """What the weights of the events are divided by, since only their ratios matter."""
    weight = interactions.weight
    mean = 0.0 if weight is None or not len(weight) else float(weight.mean(dtype=np.float64))
    return mean or 1.0


def _of_mean_one(interactions: Interactions) -> NDArray[np.float32] | None:
    """None where all are alike."""
    weight = interactions.weight
    if weight is None or not len(weight) or weight.min() == weight.max():
        return None
    return np.asarray(weight / mean_weight(interactions), dtype=np.float32)


def _occurrence(user: NDArray[np.int32], item: NDArray[np.int32], n_items: int) -> NDArray[np.int64]:
    pair = user.astype(np.int64) * n_items + item
    order = np.argsort(pair, kind="stable")
    ordered = pair[order]
    counted = np.empty(len(pair), dtype=np.int64)
    counted[order] = np.arange(1, len(pair) + 1) - np.searchsorted(ordered, ordered, side="left")
    return counted
