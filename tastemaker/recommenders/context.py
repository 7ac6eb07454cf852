"""What was so when events happened: the contextual columns beside them, categories and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Categories:
    """A field of n events: `values`, distinct texts, and `code` (n,), the place of each event's; −1: none.

    No array of texts, which would give all of them the length of the longest.
    """

    values: tuple[str, ...]
    code: NDArray[np.int32]

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Categories:
        values = sorted({text for text in texts if text})
        place = {value: number for number, value in enumerate(values)}
        return cls(tuple(values), np.array([place.get(text or "", -1) for text in texts], dtype=np.int32))


@dataclass(frozen=True, eq=False)
class Context:
    """Fields of n events by their names. `numbers`: (n,) each, NaN where an event has none."""

    categories: Mapping[str, Categories] = field(default_factory=dict)
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @classmethod
    def from_columns(
        cls, categories: Mapping[str, Sequence[str | None]], numbers: Mapping[str, Sequence[float | None]]
    ) -> Context:
        """Of parallel columns by field; a text `a|b` is two categories."""
        return cls(
            {name: Categories.of(column) for name, column in categories.items()},
            {name: np.array(column, dtype=np.float64) for name, column in numbers.items()},
        )

    @property
    def lengths(self) -> dict[str, int]:
        """The number of events by field: the same for all where nothing is wrong."""
        coded = {name: len(column.code) for name, column in self.categories.items()}
        return coded | {name: len(column) for name, column in self.numbers.items()}

    def of_events(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Context:
        """The same of the events that a mask (n,) or positions choose, in the order of the positions."""
        return Context(
            {name: Categories(column.values, column.code[chosen]) for name, column in self.categories.items()},
            {name: column[chosen] for name, column in self.numbers.items()},
        )

    def at(self, event: int) -> dict[str, str]:
        """The fields of one event as a request names them; without those that it has not."""
        texts = {
            name: column.values[column.code[event]]
            for name, column in self.categories.items()
            if column.code[event] >= 0
        }
        numbers = {name: repr(float(column[event])) for name, column in self.numbers.items()}
        return texts | {name: text for name, text in numbers.items() if text != "nan"}
