"""Pages against a naive evaluator: the order, the comparisons and the segments, for any items."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from tastemaker.cloud import dynamodb, dynamodb_pages, dynamodb_tables

PARTITION = st.sampled_from(["a", "b", "ü", "😀", ""])
PREFIX = "1"
COMPARISONS: dict[str, Callable[[Any, Any, Any], bool]] = {
    "=": lambda key, low, _: key == low,
    "<": lambda key, low, _: key < low,
    "<=": lambda key, low, _: key <= low,
    ">": lambda key, low, _: key > low,
    ">=": lambda key, low, _: key >= low,
    "BETWEEN": lambda key, low, high: low <= key <= high,
    "BEGINS_WITH": lambda key, low, _: key.startswith(low),
}
SORT_KEYS = st.text(alphabet="012é", min_size=1, max_size=3)


def table_of(rows: list[tuple[str, str]]) -> Any:
    dynamodb.install()
    table = Table(
        "T",
        account_id="123456789012",
        region="us-east-1",
        schema=[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
        attr=[{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "S"}],
    )
    for partition, sort_key in rows:
        dynamodb_tables.seed(table, {"p": {"S": f"p{partition}"}, "s": {"S": sort_key}})
    return table


def key_of(item: Any) -> dict[str, Any]:
    return {"p": item.hash_key, "s": item.range_key}


def all_pages(page_after: Callable[[Any], dynamodb_pages.Page]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    start = None
    while True:
        page = page_after(start)
        found += [(item.hash_key.value, item.range_key.value) for item in page.items]
        if page.last is None:
            return found
        start = key_of(page.last)


@given(
    rows=st.lists(st.tuples(PARTITION, SORT_KEYS), max_size=40),
    more=st.lists(st.tuples(PARTITION, SORT_KEYS), max_size=5),
    gone=st.integers(0, 40),
    limit=st.integers(1, 7),
    total=st.integers(1, 5),
)
def test_the_segments_pages_hold_every_item_once_whatever_was_written_and_deleted(
    rows: list[tuple[str, str]], more: list[tuple[str, str]], gone: int, limit: int, total: int
) -> None:
    table = table_of(rows)
    dynamodb_pages.scan(table, start=None, limit=None)
    expected = {(f"p{partition}", sort_key) for partition, sort_key in rows + more}
    for partition, sort_key in more:
        dynamodb_tables.seed(table, {"p": {"S": f"p{partition}"}, "s": {"S": sort_key}})
    for partition, sort_key in rows[:gone]:
        table.delete_item(DynamoType({"S": f"p{partition}"}), DynamoType({"S": sort_key}))
        expected.discard((f"p{partition}", sort_key))

    found: list[tuple[str, str]] = []
    for segment in range(total):

        def page_after(start: Any, segment: int = segment) -> dynamodb_pages.Page:
            return dynamodb_pages.scan(table, start=start, limit=limit, segment=segment, total_segments=total)

        found += all_pages(page_after)

    assert sorted(found) == sorted(expected)


@given(
    sort_keys=st.lists(SORT_KEYS, max_size=30),
    comparison=st.sampled_from([None, *COMPARISONS]),
    low=SORT_KEYS,
    high=SORT_KEYS,
    forward=st.booleans(),
    limit=st.integers(1, 7),
)
def test_a_query_finds_what_comparing_every_key_finds(
    sort_keys: list[str], comparison: str | None, low: str, high: str, forward: bool, limit: int
) -> None:
    table = table_of([("a", sort_key) for sort_key in sort_keys] + [("b", "1")])
    values = [] if comparison is None else [low, high] if comparison == "BETWEEN" else [low]

    def page_after(start: Any) -> dynamodb_pages.Page:
        return dynamodb_pages.query(
            table,
            DynamoType({"S": "pa"}),
            comparison=comparison,
            values=[DynamoType({"S": value}) for value in values],
            forward=forward,
            start=start,
            limit=limit,
        )

    matches = COMPARISONS[comparison] if comparison else lambda *_: True
    expected = sorted((key for key in set(sort_keys) if matches(key, low, high)), reverse=not forward)
    assert [sort_key for _, sort_key in all_pages(page_after)] == expected


def test_a_backup_keeps_the_order(table: Any) -> None:
    dynamodb_pages.scan(table, start=None, limit=None)

    copied = copy.deepcopy(table)
    dynamodb_tables.seed(copied, {"p": {"S": "pz"}, "s": {"S": "0"}})

    def scanned(of: Any) -> set[tuple[str, str]]:
        return set(all_pages(lambda start: dynamodb_pages.scan(of, start=start, limit=1)))

    assert scanned(copied) == scanned(table) | {("pz", "0")}


@pytest.fixture
def table() -> Any:
    return table_of([("a", "1"), ("a", "2"), ("b", "1")])


def test_a_page_ends_with_the_item_that_fills_its_megabyte(table: Any) -> None:
    for number in range(5):
        filler = {"S": "x" * (300 * 1024)}
        dynamodb_tables.seed(table, {"p": {"S": "large"}, "s": {"S": str(number)}, "filler": filler})

    page = dynamodb_pages.query(
        table, DynamoType({"S": "large"}), comparison=None, values=[], forward=True, start=None, limit=None
    )

    assert [item.range_key.value for item in page.items] == ["0", "1", "2", "3"]
    assert page.last is page.items[-1]


def test_the_order_of_partitions_does_not_depend_on_how_a_number_is_written() -> None:
    assert dynamodb_pages._token(DynamoType({"N": "10"})) == dynamodb_pages._token(DynamoType({"N": "1E+1"}))
