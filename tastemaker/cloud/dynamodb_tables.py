"""moto's DynamoDB tables with their items in DynamoDB's order: the methods that take the place of moto's own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from moto.dynamodb import responses
from moto.dynamodb.exceptions import ItemSizeTooLarge, MockValidationException
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table

from tastemaker.cloud import dynamodb_pages as pages

_LARGEST_ITEM = 400 * 1024
_SCALARS = frozenset({"S", "N"})
_TEXTS = frozenset({"S", "B"})
_PLAIN_NUMBER = re.compile(r"-?\d{1,37}")


def install() -> None:
    """Give moto's classes these methods, once. Tables made before keep their items where this doesn't look."""
    _Originals.init, _Originals.scan, _Originals.query = Table.__init__, Table.scan, Table.query
    Table.__init__, Table.scan, Table.query, Table.get_item = _init, _scan, _query, _get_item
    Item.__init__ = _init_item
    DynamoType.__hash__, DynamoType.__eq__, DynamoType.__lt__ = _hash, _equal, _less


def seed(table: Any, item: Mapping[str, Mapping[str, Any]]) -> None:
    """What the table's `put_item` does, without a condition and several times as fast."""
    for name, kind in ((table.hash_key_attr, table.hash_key_type), (table.range_key_attr, table.range_key_type)):
        if name is not None and not item.get(name, {}).get(kind):
            # PutItem's own words for what is wrong with this key
            responses.validate_put_has_empty_keys(item, table)
            table.put_item(item)
    if table.stream_shard is not None or table.global_indexes:
        responses.validate_put_has_empty_keys(item, table)
        table.put_item(item)
        return
    attributes = {}
    for name, structure in item.items():
        ((kind, value),) = structure.items()
        if kind in _SCALARS and type(value) is str and (kind != "N" or _PLAIN_NUMBER.fullmatch(value)):
            attribute = DynamoType.__new__(DynamoType)
            attribute.type, attribute.value = kind, value
        else:
            table._validate_item_types({name: structure})
            attribute = DynamoType(structure)
        attributes[name] = attribute
    stored = _item(attributes[table.hash_key_attr], attributes.get(table.range_key_attr), attributes)
    if pages.item_size(stored) > _LARGEST_ITEM:
        raise ItemSizeTooLarge
    if stored.range_key is None:
        table.items[stored.hash_key] = stored
    else:
        table.items[stored.hash_key][stored.range_key] = stored


class _Originals:
    """moto's own methods, for what this module leaves to it."""

    init: Any
    scan: Any
    query: Any


def _init(table: Any, *args: Any, **kwargs: Any) -> None:
    _Originals.init(table, *args, **kwargs)
    table.items = pages.Partitions()


def _get_item(table: Any, hash_key: Any, range_key: Any = None, projection_expression: Any = None) -> Any:
    if table.has_range_key and range_key is None:
        raise MockValidationException("The provided key element does not match the schema")
    # moto's own leaves an empty partition behind for each key that it looks for in vain
    found = table.items.get(hash_key)
    if found is not None and range_key is not None:
        found = found.get(range_key)
    return _projected(found, projection_expression) if found is not None else None


def _scan(
    table: Any,
    filters: Mapping[str, Any],
    limit: int | None,
    exclusive_start_key: Any,
    filter_expression: Any = None,
    index_name: str | None = None,
    consistent_read: bool = False,
    projection_expression: Any = None,
    segments: tuple[int | None, int | None] = (None, None),
) -> tuple[list[Any], int, Any]:
    if index_name:
        return _Originals.scan(  # type: ignore[no-any-return] # moto is untyped here
            table, filters, limit, exclusive_start_key, filter_expression, index_name, consistent_read,
            projection_expression, segments,
        )  # fmt: skip
    page = pages.scan(
        table,
        start=exclusive_start_key,
        limit=limit,
        segment=segments[0] or 0,
        total_segments=segments[1] or 1,
    )
    matching = [item for item in page.items if _passes(item, filters)] if filters else page.items
    return _result(table, page, matching, filter_expression, projection_expression)


def _query(
    table: Any,
    hash_key: Any,
    range_comparison: str | None,
    range_objs: Sequence[Any],
    limit: int | None,
    exclusive_start_key: Any,
    scan_index_forward: bool,
    projection_expressions: Any,
    index_name: str | None = None,
    consistent_read: bool = False,
    filter_expression: Any = None,
    hash_key_conditions: Any = None,
    range_key_conditions: Any = None,
    **filter_kwargs: Any,
) -> tuple[list[Any], int, Any]:
    if index_name or filter_kwargs:
        return _Originals.query(  # type: ignore[no-any-return] # moto is untyped here
            table, hash_key, range_comparison, range_objs, limit, exclusive_start_key, scan_index_forward,
            projection_expressions, index_name, consistent_read, filter_expression, hash_key_conditions,
            range_key_conditions, **filter_kwargs,
        )  # fmt: skip
    page = pages.query(
        table,
        hash_key,
        comparison=range_comparison,
        values=range_objs,
        forward=scan_index_forward,
        start=exclusive_start_key,
        limit=limit,
    )
    return _result(table, page, page.items, filter_expression, projection_expressions)


def _result(
    table: Any, page: pages.Page, items: Sequence[Any], filter_expression: Any, projection: Any
) -> tuple[list[Any], int, Any]:
    """A page as moto returns it: what passes the filter, how many were looked at, and where to go on."""
    if filter_expression is not None:
        items = [item for item in items if filter_expression.expr(item)]
    last = page.last
    key = table._get_last_evaluated_key(last, None) if last is not None else None
    return [_projected(item, projection) for item in items], len(page.items), key


def _passes(item: Any, filters: Mapping[str, Any]) -> bool:
    for name, (comparison, values) in filters.items():
        attribute = item.attrs.get(name)
        if attribute is None and comparison != "NULL":
            return False
        if attribute is not None and not attribute.compare(comparison, values):
            return False
    return True


def _projected(item: Any, projection: Sequence[Sequence[str]] | None) -> Any:
    if not projection:
        return item
    if any(len(path) > 1 or path[0].endswith("]") for path in projection):
        return item.project(projection)
    attributes = item.attrs
    return _item(
        item.hash_key, item.range_key, {path[0]: attributes[path[0]] for path in projection if path[0] in attributes}
    )


def _init_item(item: Any, hash_key: Any, range_key: Any, attrs: Mapping[str, Any]) -> None:
    _fill(item, hash_key, range_key, {name: DynamoType(value) for name, value in attrs.items()})
    # moto weighs the whole item again for each attribute
    if pages.item_size(item) > _LARGEST_ITEM:
        raise ItemSizeTooLarge


def _item(hash_key: Any, range_key: Any, attributes: Mapping[str, Any]) -> Any:
    # Item's own __new__ keeps every item there ever was in a list
    item = object.__new__(Item)
    _fill(item, hash_key, range_key, attributes)
    return item


def _fill(item: Any, hash_key: Any, range_key: Any, attributes: Mapping[str, Any]) -> None:
    item.hash_key = hash_key
    item.range_key = range_key
    item.attrs = LimitedSizeDict.__new__(LimitedSizeDict)
    dict.update(item.attrs, attributes)


def _hash(value: Any) -> int:
    return hash(value.value) if value.type in _TEXTS else hash(value.cast_value)


def _equal(value: Any, other: Any) -> bool:
    if type(other) is not DynamoType or value.type != other.type:
        return False
    return bool(value.value == other.value or (value.type not in _TEXTS and value.cast_value == other.cast_value))


def _less(value: Any, other: Any) -> bool:
    if value.type in _TEXTS:
        return bool(value.value < other.value)
    return bool(value.cast_value < other.cast_value)
