"""Streamed events as records of their dataset, beside the bulk ones: what a training learns from."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tastemaker.personalize.stream_log import StreamedEvent

_IDENTITY = ("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE")


def with_streamed(records: pa.Table, owned: Sequence[tuple[str, StreamedEvent]]) -> pa.Table:
    """The bulk records of an Interactions dataset, and below them the streamed ones that are not among them.

    `owned` are `(user id, event)` in the order of time. Where user, item, event type and second are those of a bulk
    record, that is the event itself, come back by an export. Streamed events that say the same of the same second
    become one; events without an item are left out.
    """
    owned = [(user_id, event) for user_id, event in owned if event.item_id is not None]
    if not owned:
        return records
    columns = {name: _column(name, records.schema.field(name).type, owned) for name in records.column_names}
    streamed = pa.table(columns, schema=records.schema)
    known = _identities(_of_same_seconds(records, streamed))
    rows = zip(_identities_in_order(streamed), streamed.to_pylist(), strict=True)
    seen: set[tuple[object, ...]] = set()
    kept = []
    for number, (identity, row) in enumerate(rows):
        content = tuple(row.values())
        if identity not in known and content not in seen:
            seen.add(content)
            kept.append(number)
    return pa.concat_tables([records, streamed.take(pa.array(kept, pa.int64()))]).unify_dictionaries()


def _column(name: str, kind: pa.DataType, owned: Sequence[tuple[str, StreamedEvent]]) -> pa.Array:
    values: list[object]
    if name == "USER_ID":
        values = [user_id for user_id, _ in owned]
    elif name == "ITEM_ID":
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


def _of_same_seconds(records: pa.Table, streamed: pa.Table) -> pa.Table:
    """The few records that could be streamed ones: nothing is compared with the others."""
    return records.filter(pc.is_in(records["TIMESTAMP"], value_set=pc.unique(streamed["TIMESTAMP"])))


def _identities(records: pa.Table) -> set[tuple[object, ...]]:
    return set(_identities_in_order(records))


def _identities_in_order(records: pa.Table) -> list[tuple[object, ...]]:
    names = [name for name in _IDENTITY if name in records.column_names]
    return list(zip(*(records[name].to_pylist() for name in names), strict=True))
