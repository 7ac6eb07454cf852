"""What a streamed event says, checked against the schema of the dataset of interactions that it goes into."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Mapping
from typing import Final, NotRequired, TypedDict

from tastemaker.personalize.csv_files import LONGEST_ID
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.properties import camel_case, parsed, text_of
from tastemaker.personalize.schemas import Schema
from tastemaker.personalize.stream_log import StreamedEvent

LARGEST_EVENT: Final = 10 * 1024
"""Bytes, as UTF-8."""
_LATEST: Final = 2.0**53
# what has members of its own in the request
_FORBIDDEN: Final = frozenset({"userid", "sessionid", "eventtype", "timestamp", "recommendationid", "impression"})
_OWN_MEMBERS: Final = frozenset({"USER_ID", "ITEM_ID", "ACTION_ID", "TIMESTAMP", "EVENT_TYPE"})


class Attribution(TypedDict):
    eventAttributionSource: str


class Event(TypedDict):
    """An event as the API's model states it. `sentAt` is in epoch seconds."""

    eventType: str
    sentAt: float
    eventId: NotRequired[str]
    eventValue: NotRequired[float]
    itemId: NotRequired[str]
    properties: NotRequired[str]
    recommendationId: NotRequired[str]
    impression: NotRequired[list[str]]
    metricAttribution: NotRequired[Attribution]


class EventFields:
    """The rules that a schema makes for events."""

    def __init__(self, schema: Schema) -> None:
        self._time = "timestamp" if schema.dataset_type == "ACTION_INTERACTIONS" else "sentAt"
        own = [field for field in schema.fields if field.name not in _OWN_MEMBERS]
        self._by_name = {field.name: field for field in own}
        self._by_key = {camel_case(field.name): field for field in own}
        self._required = {key: field.name for key, field in self._by_key.items() if not field.nullable}

    def read(self, event: Event, place: str) -> StreamedEvent:
        """The event as it is kept; one without an id gets one. `place` is for messages. Raises InvalidInput."""
        sent_at = float(event["sentAt"])
        if abs(sent_at) > _LATEST:
            raise InvalidInput(f"{place}.{self._time} is no time: give seconds since the epoch.")
        _check_size(event, place)
        given = _properties(event.get("properties", "{}"), place)
        item_id = _item_id(event.get("itemId", given.get("itemId")), place)
        values = self._values(given, place) | self._members(event, place)
        for key, name in self._required.items():
            if name not in values:
                raise InvalidInput(f"{place} lacks {_where(key)}: the field {name} of the schema does not allow null.")
        timestamp = math.floor(sent_at)
        event_id = event.get("eventId") or str(uuid.uuid4())
        return StreamedEvent(item_id, event["eventType"], timestamp, event_id, values, sent_at - timestamp)

    def _values(self, given: Mapping[str, object], place: str) -> dict[str, str]:
        """The values that the schema knows, by its names; like AWS, this passes over the others."""
        values = {}
        for key, value in given.items():
            field = self._by_key.get(key)
            if field is not None and value is not None and value != "":
                values[field.name] = text_of(field, value, f"{place}.properties.{key}")
        return values

    def _members(self, event: Event, place: str) -> dict[str, str]:
        """The values of the fields that have members of their own."""
        given: dict[str, object] = {
            "EVENT_VALUE": event.get("eventValue"),
            "RECOMMENDATION_ID": event.get("recommendationId"),
            "IMPRESSION": "|".join(event.get("impression", ())) or None,
            "EVENT_ATTRIBUTION_SOURCE": event.get("metricAttribution", {}).get("eventAttributionSource"),
        }
        return {
            name: text_of(self._by_name[name], value, f"{place}.{camel_case(name)}")
            for name, value in given.items()
            if value is not None and name in self._by_name
        }


def _where(key: str) -> str:
    own_members = ("eventValue", "recommendationId", "impression")
    return key if key in own_members else f"{key} in its properties"


def _check_size(event: Event, place: str) -> None:
    try:
        size = len(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())
    except UnicodeEncodeError as error:
        raise InvalidInput(f"{place} holds text that is no valid Unicode.") from error
    if size > LARGEST_EVENT:
        raise InvalidInput(f"{place} has {size} bytes, and {LARGEST_EVENT} is the most: send smaller properties.")


def _properties(text: str, place: str) -> Mapping[str, object]:
    given = parsed(text, place)
    for key in given:
        if key.lower() in _FORBIDDEN:
            raise InvalidInput(f"{place}.properties must not have {key}: it is a member of the request or the event.")
    return given


def _item_id(given: object, place: str) -> str | None:
    if given is None:
        return None
    item_id = str(given) if isinstance(given, (str, int)) and not isinstance(given, bool) else ""
    if not 1 <= len(item_id) <= LONGEST_ID:
        raise InvalidInput(f"{place}.properties.itemId has to be a string of 1 to {LONGEST_ID} characters.")
    return item_id
