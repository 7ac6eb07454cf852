"""Streamed records of items, users and actions as tables, alone and with the imported ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tastemaker.personalize.csv_files import arrow_type
from tastemaker.personalize.puts import PutRecord
from tastemaker.personalize.schemas import IDENTIFIED_BY, Schema

if TYPE_CHECKING:
    from numpy.typing import NDArray


def table_of(puts: Sequence[PutRecord], schema: Schema) -> pa.Table:
    """A row for each record, in the columns of the schema; a field that a record lacks is null."""
    id_field = IDENTIFIED_BY[schema.dataset_type]
    columns = {}
    for field in schema.fields:
        own = field.name == id_field
        texts = [put.record_id if own else put.values.get(field.name) for put in puts]
        columns[field.name] = pa.array(texts, pa.string()).cast(arrow_type(field, schema))
    return pa.table(columns)


def below(bulk: pa.Table, imported: NDArray[np.int64], latest: Sequence[PutRecord], schema: Schema) -> pa.Table:
    """The record of each id that came last: the rows of `bulk` that no later put replaces, and then the puts.

    `imported`: (rows,), how long the log of puts was when each row was imported. `latest`: one put for each id.
    """
    id_field = IDENTIFIED_BY[schema.dataset_type]
    by_id = {put.record_id: put for put in latest}
    rows = np.flatnonzero(pc.is_in(bulk[id_field], value_set=pa.array(list(by_id), pa.string())).to_numpy())
    kept = np.ones(bulk.num_rows, dtype=np.bool_)
    for row, id_ in zip(rows.tolist(), bulk[id_field].take(pa.array(rows)).to_pylist(), strict=True):
        if by_id[id_].position > imported[row]:
            kept[row] = False
        else:
            del by_id[id_]
    return pa.concat_tables(
        [bulk.filter(pa.array(kept)), table_of(list(by_id.values()), schema)], promote_options="default"
    )
