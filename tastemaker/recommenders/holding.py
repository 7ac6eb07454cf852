"""Which categories hold: of users by their attributes, of events by their context; numbers fall into buckets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from tastemaker.recommenders.attributes import BETWEEN_CATEGORIES

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tastemaker.recommenders.attributes import Attributes
    from tastemaker.recommenders.context import Categories, Context

BUCKETS: Final = 5
"""Into how many quantiles a number falls at most."""

Source = Literal["user", "context"]


class Category(NamedTuple):
    """A value of a user's attribute or of a contextual field; of a number, `value` counts the edges below it."""

    of: Source
    field: str
    value: str


class Strength(NamedTuple):
    """How much categories of each source count, from 0 to 1: the exponent of their lifts."""

    user: float = 0.0
    context: float = 0.0


Edges = Mapping[tuple[Source, str], "NDArray[np.float64]"]
"""Of each number, the sorted bounds between its buckets; what equals a bound falls below it."""


@dataclass(frozen=True, eq=False)
class Held:
    """`rows` (n, n_categories): 1 where a category, `names` has which, holds of a user or an event."""

    names: tuple[Category, ...]
    rows: csr_array

    @classmethod
    def of_users(cls, users: Attributes, edges: Edges) -> Held:
        """By the categories of their attributes, and the buckets of those numbers that have edges."""
        from scipy.sparse import csr_array, hstack

        names = tuple(Category("user", field, value) for field, value in users.category_names)
        parts = [cls(names, users.categories[:, : len(names)])]
        for place, field in enumerate(users.number_fields):
            if ("user", field) in edges:
                parts.append(_in_buckets(users.numbers[:, place], "user", field, edges["user", field]))
        rows = csr_array(hstack([part.rows for part in parts], format="csr"))
        return cls(tuple(name for part in parts for name in part.names), rows)

    @classmethod
    def of_events(cls, context: Context, edges: Edges) -> Iterator[Held]:
        """By one field of their context after the other."""
        for field, column in context.categories.items():
            yield _categorical(column, field)
        for field, numbers in context.numbers.items():
            yield _in_buckets(numbers, "context", field, edges["context", field])


def edges_of(users: Attributes | None, context: Context | None) -> Edges:
    """The bounds that part the numbers of these users and of these events into buckets."""
    columns: dict[tuple[Source, str], NDArray[np.float64]] = {}
    if users is not None:
        columns |= {("user", field): users.number(field) for field in users.number_fields}
    if context is not None:
        columns |= {("context", field): column for field, column in context.numbers.items()}
    return {name: _edges(column) for name, column in columns.items()}


def bucket_of(text: str, edges: NDArray[np.float64]) -> str:
    """The value of the category of a number that a request names; empty, which is none, where it is no number."""
    try:
        number = float(text)
    except ValueError:
        return ""
    return "" if math.isnan(number) else str(int(np.searchsorted(edges, number)))


def _edges(column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Behind those of quantiles that occur, or of few different numbers behind all but the largest.

    Halfway to the next number: one of single precision is another one than that of a request, which is in decimals.
    """
    numbers = column[np.isfinite(column)]
    distinct = np.unique(numbers)
    below = np.arange(len(distinct) - 1)
    if len(distinct) > BUCKETS:
        inner = np.quantile(numbers, np.arange(1, BUCKETS) / BUCKETS, method="inverted_cdf")
        below = np.unique(np.searchsorted(distinct, inner[inner < distinct[-1]]))
    return distinct[below] / 2 + distinct[below + 1] / 2


def _in_buckets(column: NDArray[np.float64], of: Source, field: str, edges: NDArray[np.float64]) -> Held:
    code = np.where(np.isnan(column), -1, np.searchsorted(edges, column)).astype(np.int32)
    names = tuple(Category(of, field, str(bucket)) for bucket in range(len(edges) + 1))
    return Held(names, _one_hot(code, len(names)))


def _categorical(column: Categories, field: str) -> Held:
    from scipy.sparse import csr_array

    place: dict[str, int] = {}
    cells = [
        (row, place.setdefault(part, len(place)))
        for row, text in enumerate(column.values)
        for part in dict.fromkeys(text.split(BETWEEN_CATEGORIES))
        if part
    ]
    rows, columns = np.array(cells, dtype=np.int64).reshape(-1, 2).T
    ones = np.ones(len(cells), dtype=np.float32)
    parts = csr_array((ones, (rows, columns)), shape=(len(column.values), len(place)))
    names = tuple(Category("context", field, value) for value in place)
    return Held(names, csr_array(_one_hot(column.code, len(column.values)) @ parts))


def _one_hot(code: NDArray[np.int32], size: int) -> csr_array:
    """(n, size): 1 at the code of each row; nothing in a row of −1."""
    from scipy.sparse import csr_array

    there = code >= 0
    starts = np.r_[0, np.cumsum(there)]
    return csr_array((np.ones(int(starts[-1]), dtype=np.float32), code[there], starts), shape=(len(code), size))
