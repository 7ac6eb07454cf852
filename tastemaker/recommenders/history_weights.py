"""Linear weights of a history: what each of its events adds to the items, the less the longer ago it was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

_NO_WEIGHT = 1e-2
"""Older events than those that weigh this are passed over."""


@dataclass(frozen=True, eq=False)
class HistoryWeights:
    """The event that is a-th last of those with weights adds `decay`^a · `values[r]` to `columns[r]`, r its item's row.

    `row` (n_items,): the row of each item, −1 where it has none; `columns`, `values` (n_rows, width): positions in the
    catalogue and what is added there; 0 where a row has fewer. `most`: how many events are looked at, the last ones.
    """

    decay: float
    row: NDArray[np.int32]
    columns: NDArray[np.int32]
    values: NDArray[np.float32]
    most: int = 1_000

    @classmethod
    def of_rows(cls, decay: float, matrix: csr_array) -> HistoryWeights:
        """Of a sparse matrix (n_items, n_items); items whose rows are empty have none."""
        n_items = matrix.shape[0]
        length = np.diff(matrix.indptr)
        filled = np.flatnonzero(length)
        row = np.full(n_items, -1, dtype=np.int32)
        row[filled] = np.arange(len(filled))
        shape = (len(filled), int(length.max(initial=0)))
        columns, values = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.float32)
        place = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], length)
        at = row[np.repeat(np.arange(n_items), length)], place
        columns[at], values[at] = matrix.indices, matrix.data
        return cls(decay, row, columns, values)

    @cached_property
    def memory(self) -> int:
        """How many of the last events weigh anything."""
        return min(self.most, 1 + int(np.log(_NO_WEIGHT) / np.log(self.decay)))

    def recent(self, history: NDArray[np.int32]) -> NDArray[np.intp]:
        """The places in a history, oldest first, of the events that add something."""
        return np.flatnonzero(self.row[history] >= 0)[-self.memory :]

    def added(self, history: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """(n_events, width) twice: the items to which each of the `recent` events adds something, and how much."""
        rows = self.row[history]
        rows = rows[rows >= 0][-self.memory :]
        values = self.values.take(rows, axis=0)
        values *= self._weight[self.memory - len(rows) :]
        # numpy adds faster where it has not to turn indices into its own type
        return self.columns.take(rows, axis=0).astype(np.intp), values

    def left(self, events: int) -> NDArray[np.float32]:
        """(events,): what decay leaves of so many `recent` events, the oldest first."""
        return self._weight[self.memory - events :, 0]

    def of_items(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """(n_rows, n_chosen): what each row adds to `items`, distinct positions."""
        chosen = np.full(len(self.row), -1, dtype=np.int32)
        chosen[items] = np.arange(len(items))
        place = chosen[self.columns]
        row, at = np.nonzero((place >= 0) & (self.values != 0))
        each = np.zeros((len(self.columns), len(items)), dtype=np.float32)
        each[row, place[row, at]] = self.values[row, at]
        return each

    def moved(self, place: NDArray[np.int32], n_items: int) -> HistoryWeights:
        """The same in another catalogue, where item i is at `place[i]`."""
        return replace(self.seen_from(place, n_items), columns=place[self.columns])

    def seen_from(self, place: NDArray[np.int32], n_items: int) -> HistoryWeights:
        """The same for histories of another catalogue; what they add to stays."""
        row = np.full(n_items, -1, dtype=np.int32)
        row[place] = self.row
        return replace(self, row=row)

    def arrays(self, name: object) -> dict[str, NDArray[np.generic]]:
        """What `from_arrays` reads."""
        return {
            f"decay_{name}": np.array(self.decay),
            f"row_{name}": self.row,
            f"columns_{name}": self.columns,
            f"values_{name}": self.values,
            f"most_{name}": np.array(self.most),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], name: object) -> HistoryWeights:
        """The weights of that name."""
        return cls(
            decay=float(arrays[f"decay_{name}"].astype(np.float64)),
            row=arrays[f"row_{name}"].astype(np.int32),
            columns=arrays[f"columns_{name}"].astype(np.int32),
            values=arrays[f"values_{name}"].astype(np.float32),
            most=int(arrays[f"most_{name}"].astype(np.int64)) if f"most_{name}" in arrays else cls.most,
        )

    @cached_property
    def _weight(self) -> NDArray[np.float32]:
        """(memory, 1): what decay leaves of each event, the oldest first."""
        return np.power(self.decay, np.arange(self.memory - 1, -1, -1)).astype(np.float32)[:, None]


def without_quick_repeats(history: NDArray[np.int32]) -> NDArray[np.int32]:
    """The history with each item once that came again at once or after one other, where it came first."""
    # a history is short: a loop has found its repeats (`soon_before`) before an array is sorted
    once, last, other = [], -1, -1
    for item in history.tolist():
        if item != last:
            if item != other:
                once.append(item)
            last, other = item, last
    return np.array(once, dtype=np.int32)
