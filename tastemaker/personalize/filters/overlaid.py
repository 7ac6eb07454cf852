"""Records with those above them that came later: few, and so cheap to make anew with every one that comes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from tastemaker.personalize.filters.attributes import NO_RECORD, Attributes
from tastemaker.personalize.filters.columns import Column
from tastemaker.recommenders import locate

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from tastemaker.personalize.dataset_records import DatasetRecords
    from tastemaker.personalize.filters.expression import Operator
    from tastemaker.personalize.schemas import Schema
    from tastemaker.personalize.store import Resource

_FEWEST_ABOVE: Final = 64
_MOST_ABOVE: Final = 1000
_LEAST_SHARE_ABOVE: Final = 1 / 64


class Overlaid:
    """`above` replaces the records of the same ids `below`. Its rows follow those of `below`."""

    def __init__(self, below: Attributes, above: Attributes) -> None:
        self._below = below
        self._above = above
        self._lock = threading.Lock()
        self._rows: dict[int, tuple[NDArray[np.str_], NDArray[np.int64]]] = {}

    def column(self, name: str) -> Column:
        return _Stacked(self._below.column(name), self._above.column(name), len(self._below))

    @property
    def schema(self) -> Schema:
        return self._above.schema

    def value(self, name: str, row: int) -> pa.Scalar | None:
        size = len(self._below)
        return self._below.value(name, row) if row < size else self._above.value(name, row - size)

    def row(self, id_: str | None) -> int:
        row = self._above.row(id_)
        return self._below.row(id_) if row == NO_RECORD else len(self._below) + row

    def rows(self, catalogue: NDArray[np.str_]) -> NDArray[np.int64]:
        with self._lock:
            known = self._rows.get(id(catalogue))
            if known is None:
                known = self._rows[id(catalogue)] = catalogue, self._found(catalogue)
        return known[1]

    def _found(self, catalogue: NDArray[np.str_]) -> NDArray[np.int64]:
        found = self._below.rows(catalogue).copy()
        ids = np.array(self._above.ids, dtype=np.str_)
        # in the catalogue's own width, or it would be copied for the search
        places = locate(catalogue, ids.astype(catalogue.dtype))
        present = np.flatnonzero((places >= 0) & (catalogue[places] == ids))
        found[places[present]] = len(self._below) + present
        return found


class _Stacked:
    """A column of `n_below` records, of those above them, and of one that has nothing."""

    def __init__(self, below: Column, above: Column, n_below: int) -> None:
        self._below = below
        self._above = above
        self._n_below = n_below

    def among(self, values: Sequence[str | float]) -> NDArray[np.bool_]:
        return np.concatenate([self._below.among(values)[:-1], self._above.among(values)])

    def ordered(self, order: Operator, value: float) -> NDArray[np.bool_]:
        return np.concatenate([self._below.ordered(order, value)[:-1], self._above.ordered(order, value)])

    def at(self, row: int) -> Sequence[str | float]:
        if row == NO_RECORD:
            return ()
        return self._below.at(row) if row < self._n_below else self._above.at(row - self._n_below)


class LiveAttributes:
    """The records of one dataset as they are at each request. Safe to share.

    What is streamed is laid above what has been encoded, until that is worth encoding it all again.
    """

    def __init__(self, records: DatasetRecords) -> None:
        self._records = records
        self._lock = threading.Lock()
        self._revision: tuple[object, str] = None, ""
        self._below: Attributes | None = None
        self._below_reaches = 0
        self._reaches = 0
        self._whole: Attributes | Overlaid | None = None

    def of(self, dataset: Resource) -> Attributes | Overlaid | None:
        """The records of `dataset`, always the same one; None before the first."""
        # looked at before the records are read: what comes in between is read again at the next request
        revision = self._records.revision(dataset.arn), dataset.members["schemaArn"]
        mark = self._records.mark(dataset.arn)
        reaches = 0 if mark is None else mark.position
        with self._lock:
            if revision != self._revision:
                self._encode(dataset, reaches)
                self._revision = revision
            elif reaches > self._reaches:
                self._lay(dataset, reaches)
            return self._whole

    def _encode(self, dataset: Resource, reaches: int) -> None:
        records = self._records.records_of(dataset, "ALL")
        self._below = None if records is None else Attributes(records, self._records.schema(dataset))
        self._whole = self._below
        self._below_reaches = self._reaches = reaches

    def _lay(self, dataset: Resource, reaches: int) -> None:
        size = 0 if self._below is None else len(self._below)
        most = min(_MOST_ABOVE, _FEWEST_ABOVE + int(size * _LEAST_SHARE_ABOVE))
        later = self._records.streamed_after(dataset, self._below_reaches, most=most)
        if self._below is None or later is None:
            self._encode(dataset, reaches)
            return
        self._whole = Overlaid(self._below, Attributes(later, self._records.schema(dataset)))
        self._reaches = reaches
