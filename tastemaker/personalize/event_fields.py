"""What an event of PutEvents says, checked against the schema of the Interactions dataset that it goes into."""

from __future__ import annotations

import json
import math
import re
import sys
import uuid
from collections.abc import Mapping
from typing import Final, NotRequired, TypedDict

from tastemaker.personalize.csv_files import LONGEST_ID
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.schemas import Field, Schema
from tastemaker.personalize.stream_log import StreamedEvent

LARGEST_EVENT: Final = 10 * 1024
"""Bytes, as UTF-8."""
_LATEST: Final = 2.0**53
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOST: Final = {"float": 3.4028234663852886e38, "double": sys.float_info.max}
_BITS: Final = {"int": 31, "long": 63}
# what has members of its own in the request
_FORBIDDEN: Final = frozenset({"userid", "sessionid", "eventtype", "timestamp", "recommendationid", "impression"})
_OWN_MEMBERS: Final = frozenset({"USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"})


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
        own = [field for field in schema.fields if field.name not in _OWN_MEMBERS]
        self._by_name = {field.name: field for field in own}
        self._by_key = {camel_case(field.name): field for field in own}
        self._required = {key: field.name for key, field in self._by_key.items() if not field.nullable}

    def read(self, event: Event, place: str) -> StreamedEvent:
        """The event as it is kept; one without an id gets one. `place` is for messages. Raises InvalidInput."""
        sent_at = float(event["sentAt"])
        if abs(sent_at) > _LATEST:
            raise InvalidInput(f"{place}.sentAt is no time: give seconds since the epoch.")
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
                values[field.name] = _text(field, value, f"{place}.properties.{key}")
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
            name: _text(self._by_name[name], value, f"{place}.{camel_case(name)}")
            for name, value in given.items()
            if value is not None and name in self._by_name
        }


def camel_case(name: str) -> str:
    """How the Put operations call a field: NUMBER_OF_RATINGS is `numberOfRatings`."""
    first, *rest = name.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


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
    try:
        given = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise InvalidInput(
            f"Error parsing properties json: {place}.properties has to be a string that holds one JSON object."
        )
    for key in given:
        if key.lower() in _FORBIDDEN:
            raise InvalidInput(f"{place}.properties must not have {key}: it is a member of the request or the event.")
    return given


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _item_id(given: object, place: str) -> str | None:
    if given is None:
        return None
    item_id = str(given) if isinstance(given, (str, int)) and not isinstance(given, bool) else ""
    if not 1 <= len(item_id) <= LONGEST_ID:
        raise InvalidInput(f"{place}.properties.itemId has to be a string of 1 to {LONGEST_ID} characters.")
    return item_id


def _text(field: Field, value: object, place: str) -> str:
    """`value` as text that the type of its field can be read from."""
    if isinstance(value, (dict, list)):
        raise InvalidInput(f"{place} has to be a string or a number: the field {field.name} holds one value.")
    text = value if isinstance(value, str) else json.dumps(value)
    if field.type == "string":
        return text
    written = _boolean(text) if field.type == "boolean" else _number(field, text)
    if written is None:
        raise InvalidInput(f"{place} is no {field.type}, which the field {field.name} of the schema is.")
    return written


def _boolean(text: str) -> str | None:
    return text.lower() if text.lower() in ("true", "false") else None


def _number(field: Field, text: str) -> str | None:
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    if field.type not in _BITS:
        return repr(number) if abs(number) <= _MOST[field.type] else None
    if text.lstrip("+-").isdigit():
        whole = int(text)
    elif number.is_integer():
        whole = int(number)
    else:
        return None
    limit = 1 << _BITS[field.type]
    return str(whole) if -limit <= whole < limit else None
