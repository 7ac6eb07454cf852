"""The events table: an event is written once, however often it is delivered or sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from lambdas.common.errors import error_code
from lambdas.common.events import SORT_KEY, Event, EventField

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MARKER_SECONDS: Final = 30 * 24 * 3600
"""How long an eventId is known; a message lives half as long in a queue."""
_SEEN: Final = "ConditionalCheckFailed"


class EventsTable:
    """Writes a user's events to `table`, by the mapping `fields`, and remembers their ids in `engine_table`.

    The key begins with the time, so a client that repeats an event without `sentAt` would write a second row: the
    markers of the ids, which expire, keep it from that.
    """

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        *,
        table: str,
        engine_table: str,
        fields: Sequence[EventField],
        now: Callable[[], float],
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._engine_table = engine_table
        self._fields = fields
        self._now = now

    def put(self, user_id: str, events: Sequence[Event]) -> None:
        """Write those that are not there yet, at most fifty, in one transaction."""
        missing = {event["eventId"]: event for event in events}
        while missing:
            try:
                self._write(user_id, list(missing.values()))
            except ClientError as error:
                seen = _seen(error, list(missing))
                if not seen:
                    raise
                missing = {event_id: event for event_id, event in missing.items() if event_id not in seen}
            else:
                return

    def _write(self, user_id: str, events: Sequence[Event]) -> None:
        expires_at = str(int(self._now()) + MARKER_SECONDS)
        writes: list[Any] = []
        for event in events:
            marker = {"key": {"S": marker_key(user_id, event["eventId"])}, "expiresAt": {"N": expires_at}}
            writes += [
                {
                    "Put": {
                        "TableName": self._engine_table,
                        "Item": marker,
                        "ConditionExpression": "attribute_not_exists(#key)",
                        "ExpressionAttributeNames": {"#key": "key"},
                    }
                },
                {"Put": {"TableName": self._table, "Item": self._item(user_id, event)}},
            ]
        self._dynamodb.transact_write_items(TransactItems=writes)

    def _item(self, user_id: str, event: Event) -> dict[str, Any]:
        item = {SORT_KEY: {"S": f"{event['sentAt']}#{event['eventId']}"}}
        own: Mapping[str, Any] = {**event, "userId": user_id}
        for field in self._fields:
            values = event.get("properties", {}) if field.is_property else own
            if field.key in values:
                item[field.attribute] = _attribute(values[field.key])
        return item


def marker_key(user_id: str, event_id: str) -> str:
    """The engine table's key that says an event is known. An id counts for its user, and nobody's is readable."""
    return f"event#{hashlib.sha256(json.dumps([user_id, event_id]).encode()).hexdigest()}"


def _attribute(value: object) -> dict[str, Any]:
    match value:
        case str():
            return {"S": value}
        case list():
            return {"L": [_attribute(member) for member in value]}
        case _:
            return {"N": repr(value)}


def _seen(error: ClientError, event_ids: Sequence[str]) -> set[str]:
    """The events whose markers cancelled the transaction; none where something else went wrong."""
    if error_code(error) != "TransactionCanceledException":
        return set()
    # two reasons an event, the marker's first
    reasons = error.response.get("CancellationReasons", [])[::2]
    return {event_id for event_id, reason in zip(event_ids, reasons, strict=True) if reason.get("Code") == _SEEN}
