"""Transactions that cost what they touch: moto copies every table of a TransactWriteItems, whole, in case it fails."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType

_ADAPTED = "_tastemaker_adapted"
_USED = ("get_table", "get_item", "put_item", "delete_item", "update_item")


def install() -> None:
    """Adapt moto's backend, once."""
    if not hasattr(DynamoDBBackend, _ADAPTED):
        setattr(DynamoDBBackend, _ADAPTED, True)
        DynamoDBBackend.transact_write_items = _adapted(DynamoDBBackend.transact_write_items)


class _Untouchable:
    """A backend as its transactions see it, with no tables to copy."""

    def __init__(self, backend: Any) -> None:
        self.tables: dict[str, Any] = {}
        for name in _USED:
            setattr(self, name, getattr(backend, name))


class _Before:
    """An item as it was before the transaction."""

    def __init__(self, table: Any, kind: str, operation: Mapping[str, Any]) -> None:
        key = operation["Item" if kind == "Put" else "Key"]
        self._table = table
        self._hash_key = DynamoType(key[table.hash_key_attr])
        self._range_key = DynamoType(key[table.range_key_attr]) if table.range_key_attr else None
        item = table.get_item(self._hash_key, self._range_key)
        # a put takes the item's place, and an update changes it where it is
        self._item = copy.deepcopy(item) if kind == "Update" else item

    def restore(self) -> None:
        if self._item is None:
            self._table.delete_item(self._hash_key, self._range_key)
        elif self._range_key is None:
            self._table.items[self._hash_key] = self._item
        else:
            self._table.items[self._hash_key][self._range_key] = self._item


def _adapted(transact: Callable[[Any, list[dict[str, Any]]], None]) -> Callable[[Any, list[dict[str, Any]]], None]:
    def transact_write_items(backend: Any, transact_items: list[dict[str, Any]]) -> None:
        befores = _befores(backend, transact_items)
        if befores is None:
            transact(backend, transact_items)
            return
        try:
            transact(_Untouchable(backend), transact_items)
        except Exception:
            for before in befores:
                before.restore()
            raise

    return transact_write_items


def _befores(backend: Any, transact_items: Sequence[Mapping[str, Mapping[str, Any]]]) -> list[_Before] | None:
    """What is to be put back; None where moto must do it, since a stream would have to forget, too."""
    befores = []
    for item in transact_items:
        for kind, operation in item.items():
            table = backend.tables.get(operation.get("TableName"))
            if table is not None and table.stream_shard is not None:
                return None
            try:
                befores.append(_Before(table, kind, operation))
            except Exception:  # noqa: BLE001, S112  # no such table or key: this writes nothing, and moto says why
                continue
    return befores
