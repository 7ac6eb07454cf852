"""The records of an Items, a Users or an Actions dataset as filters ask for them: by field, id and catalogue."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastemaker.personalize.filters.columns import Numbers, Texts, encode
from tastemaker.personalize.schemas import IDENTIFIED_BY, Schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_RECORD: Final = -1
"""The row of what has no record: all its fields are null."""

_CATALOGUES: Final = 8


class Attributes:
    """One snapshot of a dataset's records. Each field is encoded when it is first asked for. Safe to share."""

    def __init__(self, records: pa.Table, schema: Schema) -> None:
        self._records = records
        self.schema = schema
        self._ids = records[IDENTIFIED_BY[schema.dataset_type]]
        self._lock = threading.Lock()
        self._columns: dict[str, Numbers | Texts] = {}
        self._rows: OrderedDict[int, tuple[NDArray[np.str_], NDArray[np.int64]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._records)

    @property
    def ids(self) -> list[str]:
        """Of all records, in the order of their rows."""
        return list(self._row_of)

    def column(self, name: str) -> Numbers | Texts:
        """The field of that name; null everywhere where the records were imported without it."""
        column = self._columns.get(name)
        if column is None:
            with self._lock:
                column = self._columns[name] = self._encoded(name)
        return column

    def value(self, name: str, row: int) -> pa.Scalar | None:
        """What the record in that row has in the field; None where the records were imported without it."""
        values = self._values.get(name)
        return None if values is None else values[row]

    def row(self, id_: str | None) -> int:
        """The record with that id, or NO_RECORD."""
        return NO_RECORD if id_ is None else self._row_of.get(id_, NO_RECORD)

    def rows(self, catalogue: NDArray[np.str_]) -> NDArray[np.int64]:
        """(n_items,): the record of each item of a model's catalogue, NO_RECORD where there is none.

        Remembered for the catalogues that were asked for last, as long as they are the same object.
        """
        with self._lock:
            known = self._rows.get(id(catalogue))
            if known is None:
                places = pc.index_in(pa.array(catalogue.tolist(), pa.string()), value_set=self._ids)
                # the catalogue is kept beside its rows so that its id cannot pass to another one
                known = self._rows[id(catalogue)] = catalogue, places.fill_null(NO_RECORD).to_numpy().astype(np.int64)
            self._rows.move_to_end(id(catalogue))
            while len(self._rows) > _CATALOGUES:
                self._rows.popitem(last=False)
        return known[1]

    @cached_property
    def _values(self) -> dict[str, pa.ChunkedArray]:
        """By name: a table makes a column anew each time that it is asked for it."""
        return dict(zip(self._records.column_names, self._records.columns, strict=True))

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {id_: row for row, id_ in enumerate(self._ids.to_pylist())}

    def _encoded(self, name: str) -> Numbers | Texts:
        field = self.schema.field(name)
        if name in self._records.column_names:
            return encode(self._records[name], categorical=field is not None and field.categorical)
        text = field is not None and field.type == "string"
        return encode(
            pa.chunked_array([pa.nulls(len(self._records), pa.string() if text else pa.float64())]), categorical=False
        )
