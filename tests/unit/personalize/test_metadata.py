"""Which fields of the Items dataset a training learns from, and their values."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pyarrow as pa

from tastemaker.personalize.histories import event_context
from tastemaker.personalize.metadata import MetadataFields, item_attributes, user_attributes
from tastemaker.personalize.schemas import Field, Schema

SCHEMA = Schema(
    "ITEMS",
    (
        Field("ITEM_ID", "string"),
        Field("GENRES", "string", nullable=True, categorical=True),
        Field("TITLE", "string"),
        Field("PLOT", "string", textual=True),
        Field("PRICE", "float"),
        Field("YEAR", "int"),
        Field("ADULT", "boolean"),
        Field("CREATION_TIMESTAMP", "long"),
    ),
)


def test_categories_numbers_and_texts_are_learned_from_and_nothing_else() -> None:
    assert MetadataFields.of(SCHEMA) == MetadataFields(("GENRES",), ("PRICE", "YEAR"), ("PLOT",), created=True)


def test_of_events_the_context_is_learned_from_and_no_reserved_field() -> None:
    fields = (
        Field("USER_ID", "string"),
        Field("ITEM_ID", "string"),
        Field("TIMESTAMP", "long"),
        Field("EVENT_TYPE", "string"),
        Field("EVENT_VALUE", "float"),
        Field("DEVICE", "string", categorical=True),
        Field("PAGE", "string"),
        Field("HOUR", "int"),
    )

    assert MetadataFields.of(Schema("INTERACTIONS", fields)) == MetadataFields(("DEVICE",), ("HOUR",))
    assert MetadataFields.of(Schema("INTERACTIONS", fields), ["TIMESTAMP", "DEVICE"]) == MetadataFields(("DEVICE",))


def test_columns_that_are_left_out_are_not_learned_from() -> None:
    assert MetadataFields.of(SCHEMA, ["ITEM_ID", "YEAR", "TITLE"]) == MetadataFields((), ("YEAR",))


def test_records_become_attributes_and_a_column_that_was_added_later_is_passed_over() -> None:
    records = pa.table(
        {
            "ITEM_ID": ["b", "a"],
            "GENRES": pa.array(["x|y", None], pa.string()),
            "YEAR": pa.array([1990, None], pa.int32()),
        }
    )

    found = item_attributes(records, MetadataFields(("GENRES", "MOOD"), ("YEAR", "PRICE")))

    assert found.ids.tolist() == ["a", "b"]
    assert found.categories.toarray().tolist() == [[0, 0], [1, 1]]
    np.testing.assert_array_equal(found.numbers, [[np.nan], [1990]])


def test_whole_numbers_beyond_double_precision_are_the_nearest_that_there_are() -> None:
    fields = MetadataFields(numbers=("CODE",))
    codes = pa.chunked_array([pa.array([2**60 + 1, None], pa.int64())])
    records = pa.table({"USER_ID": ["a", "b"], "ITEM_ID": ["x", "y"], "CODE": codes})

    context = event_context(records, fields)

    assert context is not None
    for numbers in (
        context.numbers["CODE"],
        user_attributes(records, fields).number("CODE"),
        item_attributes(records, fields).number("CODE"),
    ):
        np.testing.assert_array_equal(numbers, [2.0**60, np.nan])


def test_one_long_text_of_the_context_does_not_make_all_of_them_as_large() -> None:
    words = [f"word {number}" for number in range(2_000)] + ["x" * 1_000]
    records = pa.table({"QUERY": pa.chunked_array([pa.array(words), pa.array([None, "word 7"])])})

    tracemalloc.start()
    context = event_context(records, MetadataFields(categories=("QUERY",)))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert context is not None
    assert [context.at(event) for event in (7, 2_000, 2_001, 2_002)] == [
        {"QUERY": "word 7"},
        {"QUERY": "x" * 1_000},
        {},
        {"QUERY": "word 7"},
    ]
    assert most < 1_000_000
