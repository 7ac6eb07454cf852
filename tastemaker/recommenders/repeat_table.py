"""How likely what was consumed is consumed again, learned from the log: zero where nobody ever repeats."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tastemaker.recommenders.sequences import Sequences

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.recommenders.interactions import Interactions

DEPTH = 20
"""Recency ranks that are told apart."""
COUNTS = 3
"""Numbers of consumptions that are told apart: once, twice, more often."""

_ENOUGH_EVENTS = 100_000
_SMOOTHING = 50.0
_NEGLIGIBLE = 0.02


@dataclass(frozen=True, eq=False)
class RepeatTable:
    """E[Σ_{j≥0} g^j (the item is consumed at t + j)] for an item of the history, with decay g, by weight of the event.

    `recent` (COUNTS, DEPTH): by times consumed so far × rank among the user's distinct items, last consumed first.
    `far`: for all items further back.
    """

    recent: NDArray[np.float32]
    far: float

    @classmethod
    def learn(cls, interactions: Interactions, decay: float) -> RepeatTable:
        """Averages over positions of about 100,000 events at most, of users spread evenly over the catalogue of users.

        Each cell is a mean of what was seen and 50 imagined observations of the row's mean rate, so that rare cells
        say nothing wild.
        """
        sequences = Sequences.of(_some_users(interactions))
        items, counts = _recent_items(sequences)
        seen, again = np.zeros((COUNTS, DEPTH)), np.zeros((COUNTS, DEPTH))
        for count in range(COUNTS):
            seen[count] = (counts == count + 1).sum(axis=0)
        distinct = _distinct_before(sequences)
        far_seen, far_again = float(np.maximum(distinct - DEPTH, 0).sum()), 0.0
        first = _first_position(sequences)
        lag, weight = 0, 1.0
        while weight >= _NEGLIGIBLE:
            event = sequences.lagged(lag)
            then = event - lag
            match = items[then] == sequences.item[event, None]
            row, rank = np.nonzero(match)
            np.add.at(again, (counts[then[row], rank] - 1, rank), weight * sequences.weights(event[row]))
            distant = (first[event] < sequences.position[then]) & ~match.any(axis=1)
            far_again += weight * float(np.sum(distant * sequences.weights(event)))
            lag, weight = lag + 1, weight * decay
        far = far_again / max(far_seen, 1.0)
        by_rank = (again.sum(axis=0) + _SMOOTHING * far) / (seen.sum(axis=0) + _SMOOTHING)
        recent = (again + _SMOOTHING * by_rank) / (seen + _SMOOTHING)
        return cls(recent=recent.astype(np.float32), far=far)

    @classmethod
    def beside(cls, interactions: Interactions, consumed: Interactions, decay: float) -> RepeatTable:
        """The same in the unit of what is expected of new items: by events of which quick repeats are not counted.

        `consumed`: without them.
        """
        table = cls.learn(interactions, decay)
        pace = len(interactions) / max(1, len(consumed))
        return cls(recent=table.recent * np.float32(pace), far=table.far * pace)

    def values(self, history: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The distinct items of a history, the last one first, and what the table says of each."""
        # a history is short: a dictionary, which keeps the order, has counted it before an array is sorted
        times: dict[int, int] = {}
        for item in reversed(history.tolist()):
            times[item] = times.get(item, 0) + 1
        values = np.full(len(times), self.far, dtype=np.float32)
        ranked = zip(self._by_rank, times.values(), strict=False)
        values[:DEPTH] = [of_count[min(count, COUNTS) - 1] for of_count, count in ranked]
        return np.fromiter(times, dtype=np.int32, count=len(times)), values

    @cached_property
    def _by_rank(self) -> list[list[float]]:
        return [rates.tolist() for rates in self.recent.T]


def _some_users(interactions: Interactions) -> Interactions:
    stride = 1 + (len(interactions) - 1) // _ENOUGH_EVENTS
    return interactions.of_users(np.arange(len(interactions.user_ids)) % stride == 0)


def _recent_items(sequences: Sequences) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """(T, DEPTH) twice: before each event, the user's distinct items, last first (−1: none), and their row counts."""
    items = np.full((len(sequences), DEPTH), -1, dtype=np.int32)
    counts = np.zeros((len(sequences), DEPTH), dtype=np.int64)
    occurrence = np.minimum(sequences.occurrence, COUNTS)
    ranks = np.arange(DEPTH)
    for now in sequences.steps[1:]:
        last = sequences.item[now - 1]
        match = items[now - 1] == last[:, None]
        # what was before the item moves one back; where it is new (or too far back), the last rank falls off
        moves = ranks[None, 1:] <= np.where(match.any(axis=1), match.argmax(axis=1), DEPTH)[:, None]
        for table, front in ((items, last), (counts, occurrence[now - 1])):
            before = table[now - 1]
            table[now, 0] = front
            table[now, 1:] = np.where(moves, before[:, :-1], before[:, 1:])
    return items, counts


def _distinct_before(sequences: Sequences) -> NDArray[np.int64]:
    """(T,): how many different items the user had before each event."""
    new = (sequences.occurrence == 1).astype(np.int64)
    before = np.cumsum(new) - new
    distinct: NDArray[np.int64] = before - before[np.arange(len(sequences)) - sequences.position]
    return distinct


def _first_position(sequences: Sequences) -> NDArray[np.int64]:
    """(T,): the position at which the user had the event's item for the first time."""
    pair = sequences.user.astype(np.int64) * sequences.n_items + sequences.item
    _, first, inverse = np.unique(pair, return_index=True, return_inverse=True)
    positions: NDArray[np.int64] = sequences.position[first[inverse]]
    return positions
