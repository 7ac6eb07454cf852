"""Fields of items and users as arrays that whole catalogues are compared by at once."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tastemaker.personalize.filters.expression import Operator

ORDERS: Final[dict[Operator, Callable[[Any, Any], Any]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Column(Protocol):
    """The values of one field in n records, and after them one record that has none."""

    def among(self, values: Sequence[str | float]) -> NDArray[np.bool_]:
        """(n + 1,): whether the record has one of `values`."""

    def ordered(self, order: Operator, value: float) -> NDArray[np.bool_]:
        """(n + 1,): whether the record's number is `<`, `<=`, `>` or `>=` than `value`; neither null nor text is."""

    def at(self, row: int) -> Sequence[str | float]:
        """What a record has: nothing where it is null, several values where the field is categorical."""


class Numbers:
    """A number a record, null as NaN, in the precision of the schema: 0.7 as a float is not 0.7 as a double."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        single = pa.types.is_float32(column.type)
        kept = column if single else column.cast(pa.float64(), safe=False)
        self._values = np.append(kept.to_numpy(), np.nan).astype(np.float32 if single else np.float64, copy=False)

    def among(self, values: Sequence[str | float]) -> NDArray[np.bool_]:
        found = np.zeros(len(self._values), dtype=np.bool_)
        for value in values:
            found |= self._values == self._same(value)
        return found

    def ordered(self, order: Operator, value: float) -> NDArray[np.bool_]:
        return np.asarray(ORDERS[order](self._values, self._same(value)), dtype=np.bool_)

    def at(self, row: int) -> Sequence[float]:
        value = self._values[row]
        return () if np.isnan(value) else (value,)

    def _same(self, value: str | float) -> NDArray[np.floating[Any]]:
        with np.errstate(over="ignore"):
            return np.asarray(float(value)).astype(self._values.dtype)


class Texts:
    """The texts of each record: one, or where the field is categorical those that `|` separates."""

    def __init__(self, column: pa.ChunkedArray, *, categorical: bool) -> None:
        rows, texts = _members(column) if categorical else _whole(column)
        encoded = pc.dictionary_encode(texts)
        self._texts: list[str] = encoded.dictionary.to_pylist()
        self._codes = {text: code for code, text in enumerate(self._texts)}
        codes = encoded.indices.to_numpy()
        self._n_rows = len(column) + 1
        # the same pairs twice: grouped by record, and by text
        self._codes_of_rows = codes
        self._row_starts = np.searchsorted(rows, np.arange(self._n_rows + 1))
        order = np.argsort(codes, kind="stable")
        self._rows_of_texts = rows[order]
        self._text_starts = np.searchsorted(codes[order], np.arange(len(self._texts) + 1))

    def among(self, values: Sequence[str | float]) -> NDArray[np.bool_]:
        found = np.zeros(self._n_rows, dtype=np.bool_)
        for value in values:
            code = self._codes.get(str(value))
            if code is not None:
                found[self._rows_of_texts[self._text_starts[code] : self._text_starts[code + 1]]] = True
        return found

    def ordered(self, order: Operator, value: float) -> NDArray[np.bool_]:  # noqa: ARG002 # the protocol's
        return np.zeros(self._n_rows, dtype=np.bool_)

    def at(self, row: int) -> Sequence[str]:
        place = row % self._n_rows
        codes = self._codes_of_rows[self._row_starts[place] : self._row_starts[place + 1]]
        return tuple(self._texts[code] for code in codes)


def encode(column: pa.ChunkedArray, *, categorical: bool) -> Numbers | Texts:
    """A column of strings or of numbers, encoded."""
    if pa.types.is_string(column.type) or pa.types.is_dictionary(column.type):
        return Texts(column.cast(pa.string()), categorical=categorical)
    return Numbers(column)


def _whole(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Array]:
    present = np.flatnonzero(column.is_valid().to_numpy())
    return present, _one_chunk(column.drop_null())


def _members(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Array]:
    split = pc.split_pattern(_one_chunk(column), "|")
    return pc.list_parent_indices(split).to_numpy().astype(np.int64), pc.list_flatten(split)


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
