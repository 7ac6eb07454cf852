"""Streamed events beside bulk records: the same columns, and nothing twice."""

from __future__ import annotations

import pyarrow as pa

from tastemaker.personalize.stream_log import StreamedEvent
from tastemaker.personalize.streamed_records import with_streamed

TEXT = pa.dictionary(pa.int32(), pa.string())
COLUMNS = pa.schema(
    {
        "USER_ID": TEXT,
        "ITEM_ID": TEXT,
        "TIMESTAMP": pa.int64(),
        "EVENT_TYPE": TEXT,
        "EVENT_VALUE": pa.float32(),
        "RATINGS": pa.int32(),
        "CHILD": pa.bool_(),
    }
)
BULK = ("ann", "hat", 1, "view", None, 7, None)


def bulk(*rows: tuple[object, ...]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
    arrays = [
        pa.array(values, pa.string()).dictionary_encode() if field.type == TEXT else pa.array(values, field.type)
        for values, field in zip(columns, COLUMNS, strict=True)
    ]
    return pa.table(arrays, schema=COLUMNS)


def streamed(
    item: str | None, second: int, *, user: str = "ann", event_type: str = "view", **properties: str
) -> tuple[str, StreamedEvent]:
    return user, StreamedEvent(item, event_type, second, f"{item}-{second}", properties)


def rows(table: pa.Table) -> list[tuple[object, ...]]:
    assert table.schema == COLUMNS
    return [tuple(row.values()) for row in table.to_pylist()]


def test_streamed_events_come_below_in_the_columns_of_the_dataset() -> None:
    event = streamed("coat", 2, EVENT_VALUE="0.5", RATINGS="-3", CHILD="true", GONE="x")

    assert rows(with_streamed(bulk(BULK), [event])) == [BULK, ("ann", "coat", 2, "view", 0.5, -3, True)]


def test_without_bulk_records_there_are_the_streamed_ones() -> None:
    assert rows(with_streamed(bulk(), [streamed("coat", 2)])) == [("ann", "coat", 2, "view", None, None, None)]


def test_without_streamed_events_nothing_changes() -> None:
    assert rows(with_streamed(bulk(BULK), [])) == [BULK]
    assert rows(with_streamed(bulk(BULK), [streamed(None, 1)])) == [BULK]


def test_an_event_that_came_back_in_bulk_counts_once() -> None:
    events = [
        streamed("hat", 1, EVENT_VALUE="2.0"),  # says more, but is the same
        streamed("hat", 2),
        streamed("hat", 1, user="bob"),
        streamed("hat", 1, event_type="buy"),
        streamed("coat", 1),
    ]

    added = rows(with_streamed(bulk(BULK), events))[1:]

    assert [row[:4] for row in added] == [
        ("ann", "hat", 2, "view"),
        ("bob", "hat", 1, "view"),
        ("ann", "hat", 1, "buy"),
        ("ann", "coat", 1, "view"),
    ]


def test_streamed_events_that_say_the_same_of_a_second_are_one() -> None:
    events = [streamed("coat", 2), streamed("coat", 2), streamed("coat", 2, RATINGS="1")]

    assert len(rows(with_streamed(bulk(BULK), events))) == 3


def test_a_schema_without_event_types_tells_events_by_user_item_and_second() -> None:
    plain = bulk(BULK).select(["USER_ID", "ITEM_ID", "TIMESTAMP"])

    table = with_streamed(plain, [streamed("hat", 1, event_type="buy"), streamed("hat", 2)])

    assert table.to_pydict() == {"USER_ID": ["ann"] * 2, "ITEM_ID": ["hat"] * 2, "TIMESTAMP": [1, 2]}
