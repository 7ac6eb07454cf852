"""Streamed events as records of their dataset, beside the bulk ones: what a training learns from."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tastemaker.personalize.stream_log import StreamedEvent

_IDENTITY = ("USER_ID", "ITEM_ID", "ACTION_ID", "TIMESTAMP", "EVENT_TYPE")


def with_streamed(records: pa.Table, owned: Sequence[tuple[str, StreamedEvent]]) -> pa.Table:
    """The bulk records of a dataset of interactions, and below them the streamed ones that are not among them.

    `owned` are `(user id, event)` in the order of time. Where user, item, event type and second are those of a bulk
    record, that is the event itself, come back by an export. Streamed events that say the same of the same second
    become one; events without an item, or an action, are left out.
    """
    known = _identities(_of_same_seconds(records, owned))
    names = [name for name in _IDENTITY if name in records.column_names]
    others = [name for name in records.column_names if name not in _IDENTITY]
    kept: dict[tuple[object, ...], tuple[str, StreamedEvent]] = {}
    for user_id, event in owned:
        identity = (user_id, event.item_id, event.timestamp, event.event_type)[: len(names)]
        if event.item_id is not None and identity not in known:
            kept.setdefault((identity, *map(event.properties.get, others)), (user_id, event))
    if not kept:
        return records
    rows = list(kept.values())
    columns = {name: _column(name, records.schema.field(name).type, rows) for name in records.column_names}
    return pa.concat_tables([records, pa.table(columns, schema=records.schema)]).unify_dictionaries()


def _column(name: str, kind: pa.DataType, owned: Sequence[tuple[str, StreamedEvent]]) -> pa.Array:
    values: list[object]
    if name == "USER_ID":
        values = [user_id for user_id, _ in owned]
    elif name in ("ITEM_ID", "ACTION_ID"):
        values = [event.item_id for _, event in owned]
    elif name == "EVENT_TYPE":
        values = [event.event_type for _, event in owned]
    elif name == "TIMESTAMP":
        return pa.array([event.timestamp for _, event in owned], kind)
    else:
        values = [event.properties.get(name) for _, event in owned]
    texts = pa.array(values, pa.string())
    # its own encoding: a cast to a dictionary is not built everywhere
    return texts.dictionary_encode() if pa.types.is_dictionary(kind) else texts.cast(kind)


def _of_same_seconds(records: pa.Table, owned: Sequence[tuple[str, StreamedEvent]]) -> pa.Table:
    """The few records that could be streamed ones: nothing is compared with the others."""
    seconds = pa.array({event.timestamp for _, event in owned}, pa.int64())
    return records.filter(pc.is_in(records["TIMESTAMP"], value_set=seconds))


def _identities(records: pa.Table) -> set[tuple[object, ...]]:
    columns = [records[name] for name in _IDENTITY if name in records.column_names]
    plain = [column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column for column in columns]
    return set(zip(*(column.to_pylist() for column in plain), strict=True))
