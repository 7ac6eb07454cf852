"""How a table's items lie in order, and pages of them: Scan and Query in time that grows with the page only.

DynamoDB orders partitions by a hash of the partition key, gives each segment of a parallel scan one contiguous range
of hashes, and orders a partition's items by the sort key. So does this.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models.dynamo_type import DynamoType, Item

PAGE_BYTES = 1024 * 1024
_TOKEN_BITS = 64

Key = Mapping[str, Any]  # attribute name → DynamoType, or AttributeValue in requests


class _Ordered(dict[Any, Any]):
    """A dictionary that subclasses keep an order of, once that was asked for."""

    def __reduce__(self) -> tuple[Any, ...]:
        # a copy gets the items one by one, and must not have them in its order before
        return type(self), (), None, None, iter(self.items())


class Partition(_Ordered):
    """The items of one partition by sort key, and those in order."""

    _order: list[Any] | None = None

    def __setitem__(self, sort_key: Any, item: Any) -> None:
        if self._order is not None and sort_key not in self:
            insort(self._order, sort_key)
        super().__setitem__(sort_key, item)

    def pop(self, sort_key: Any, *default: Any) -> Any:
        if self._order is not None and sort_key in self:
            del self._order[bisect_left(self._order, sort_key)]
        return super().pop(sort_key, *default)

    def order(self) -> list[Any]:
        """The sort keys, ascending. Not to be changed."""
        if self._order is None:
            self._order = sorted(self)
        return self._order


class Partitions(_Ordered):
    """A table's partitions by partition key: each a Partition, or an item where the table has no sort key."""

    _order: list[tuple[int, Any]] | None = None

    def __missing__(self, key: Any) -> Partition:
        partition = Partition()
        self[key] = partition
        return partition

    def __setitem__(self, key: Any, partition: Any) -> None:
        if self._order is not None and key not in self:
            insort(self._order, (_token(key), key))
        super().__setitem__(key, partition)

    def pop(self, key: Any, *default: Any) -> Any:
        if self._order is not None and key in self:
            del self._order[bisect_left(self._order, (_token(key), key))]
        return super().pop(key, *default)

    def order(self) -> list[tuple[int, Any]]:
        """The partition keys with their tokens, ascending by those. Not to be changed."""
        if self._order is None:
            self._order = sorted((_token(key), key) for key in self)
        return self._order

    def segment(self, segment: int, total: int) -> range:
        """Where in `order` a segment's partitions lie."""
        order = self.order()
        return range(
            *(
                bisect_left(order, number, key=lambda entry: _segment(entry[0], total))
                for number in (segment, segment + 1)
            )
        )


@dataclass(frozen=True)
class Page:
    """Items in order, and the last one's key where the page ended before the table did."""

    items: Sequence[Any]
    last: Any | None


def scan(table: Any, *, start: Key | None, limit: int | None, segment: int = 0, total_segments: int = 1) -> Page:
    """The next page of a table, or of one segment of it."""
    return _page(_scanned(table, start, segment, total_segments), limit)


def query(
    table: Any,
    partition_key: Any,
    *,
    comparison: str | None,
    values: Sequence[Any],
    forward: bool,
    start: Key | None,
    limit: int | None,
) -> Page:
    """The next page of a partition, of those items whose sort key compares so."""
    return _page(_queried(table, partition_key, comparison, values, forward, start), limit)


def _page(items: Iterator[Any], limit: int | None) -> Page:
    taken: list[Any] = []
    size = 0
    for item in items:
        taken.append(item)
        size += item_size(item)
        # a page that is full says so even when nothing is left: DynamoDB doesn't look ahead either
        if len(taken) == limit or size >= PAGE_BYTES:
            return Page(taken, item)
    return Page(taken, None)


def _scanned(table: Any, start: Key | None, segment: int, total_segments: int) -> Iterator[Any]:
    partitions: Partitions = table.items
    order = partitions.order()
    places = partitions.segment(segment, total_segments)
    if start is not None:
        partition_key, sort_key = _start_keys(table, start)
        token = _token(partition_key)
        if _segment(token, total_segments) != segment:
            raise MockValidationException(
                "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
                f"correct Segment. TotalSegments: {total_segments} Segment: {segment}"
            )
        place = bisect_left(order, (token, partition_key))
        if place < len(order) and order[place][1] == partition_key:
            if sort_key is not None:
                partition = partitions[order[place][1]]
                sort_keys = partition.order()
                yield from (partition[key] for key in sort_keys[bisect_right(sort_keys, sort_key) :])
            place += 1
        places = range(max(place, places.start), places.stop)
    for place in places:
        partition = partitions[order[place][1]]
        if table.has_range_key:
            yield from (partition[key] for key in partition.order())
        else:
            yield partition


def _queried(
    table: Any, partition_key: Any, comparison: str | None, values: Sequence[Any], forward: bool, start: Key | None
) -> Iterator[Any]:
    partition = table.items.get(partition_key)
    if partition is None:
        return
    if not table.has_range_key:
        if start is None:
            yield partition
        return
    order = partition.order()
    first, end = _matching(table, order, comparison, values)
    if start is not None:
        _, sort_key = _start_keys(table, start)
        if forward:
            first = max(first, bisect_right(order, sort_key))
        else:
            end = min(end, bisect_left(order, sort_key))
    keys = order[first:end] if forward else reversed(order[first:end])
    yield from (partition[key] for key in keys)


def _matching(table: Any, order: Sequence[Any], comparison: str | None, values: Sequence[Any]) -> tuple[int, int]:
    """Where in a partition's order the sort keys lie that compare so: every comparison selects one run of them."""
    if any(value.type != table.range_key_type for value in values):
        raise MockValidationException(
            "One or more parameter values were invalid: Condition parameter type does not match schema type"
        )
    match comparison, values:
        case None, _:
            return 0, len(order)
        case "=" | "EQ", [value]:
            return bisect_left(order, value), bisect_right(order, value)
        case "<" | "LT", [value]:
            return 0, bisect_left(order, value)
        case "<=" | "LE", [value]:
            return 0, bisect_right(order, value)
        case ">" | "GT", [value]:
            return bisect_right(order, value), len(order)
        case ">=" | "GE", [value]:
            return bisect_left(order, value), len(order)
        case "BETWEEN", [low, high]:
            return bisect_left(order, low), bisect_right(order, high)
        case "BEGINS_WITH", [value]:
            prefix = value.value
            return bisect_left(order, value), bisect_right(order, prefix, key=lambda key: key.value[: len(prefix)])
        case _:
            raise MockValidationException(f"Invalid KeyConditionExpression: Invalid operator: {comparison}")


def _start_keys(table: Any, start: Key) -> tuple[Any, Any | None]:
    names = [table.hash_key_attr, *([table.range_key_attr] if table.has_range_key else [])]
    if set(start) != set(names):
        raise MockValidationException("The provided starting key is invalid")
    keys = [DynamoType(start[name]) for name in names]
    return keys[0], keys[1] if len(keys) > 1 else None


def _token(key: Any) -> int:
    """A partition key's place in the order of partitions: evenly spread, and the same in every run."""
    value = str(Decimal(key.value).normalize()) if key.type == "N" else key.value
    digest = hashlib.md5(value if isinstance(value, bytes) else value.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[: _TOKEN_BITS // 8], "big")


def _segment(token: int, total: int) -> int:
    return token * total >> _TOKEN_BITS


def item_size(item: Item) -> int:
    """Bytes of an item as a page counts them: names and values."""
    size = 0
    for name, attribute in item.attrs.items():
        value = attribute.value
        size += len(name) if name.isascii() else len(name.encode())
        if type(value) is str:
            size += len(value) if value.isascii() else len(value.encode())
        else:
            size += attribute.size()
    return size
