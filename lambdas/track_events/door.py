"""The door: a posted object becomes messages for the queue, or an error that names every place in it to mend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, cast

from lambdas.common.events import EVENTS_A_MESSAGE, Event, EventField, Message, compact, property_texts
from lambdas.common.http import HttpError
from lambdas.track_events import values

MAX_EVENTS: Final = 100
MAX_EVENT_BYTES: Final = 10 * 1024
MAX_PROPERTIES_LENGTH: Final = 1024
_SHOWN: Final = 5
_Read = Callable[[Any], Any]


class Door:
    """Checks events against the interactions' `fields`; `now` in seconds since 1970."""

    def __init__(self, fields: Sequence[EventField], *, now: Callable[[], float], new_id: Callable[[], str]) -> None:
        self._now = now
        self._new_id = new_id
        self._properties = {field.key: field for field in fields if field.is_property}
        self._required = {field.key for field in fields if field.required and not field.is_property}
        self._required -= {"userId", "sentAt"}

    def messages(self, document: Mapping[str, Any]) -> list[Message]:
        """The events of `{"sessionId", "userId"?, "events"}`, each with its `sentAt` and `eventId` from now on.

        Raises `HttpError` 400 with `details`, `[{"field": "events[3].itemId", "message"}, …]`.
        """
        problems = _Problems()
        top: dict[str, _Read] = {"sessionId": values.text, "userId": values.text, "events": _events}
        visit = problems.read("", document, top, required={"sessionId", "events"})
        events = [
            self._event(f"events[{place}]", given, problems) for place, given in enumerate(visit.get("events", []))
        ]
        problems.raise_any()
        session = {key: visit[key] for key in ("sessionId", "userId") if key in visit}
        starts = range(0, len(events), EVENTS_A_MESSAGE)
        return [cast("Message", {**session, "events": events[at : at + EVENTS_A_MESSAGE]}) for at in starts]

    def _event(self, place: str, given: object, problems: _Problems) -> Event:
        if not isinstance(given, dict):
            problems.add(place, "is an object")
            given = {}
        now = self._now()
        keys: dict[str, _Read] = {
            "eventType": values.text,
            "itemId": values.text,
            "sentAt": partial(values.moment, now=now),
            "eventId": values.event_id,
            "eventValue": values.number,
            "properties": _object,
            "recommendationId": partial(values.text, longest=values.MAX_RECOMMENDATION_ID_LENGTH),
            "impression": values.impression,
            "eventAttributionSource": values.attribution_source,
        }
        before = len(problems)
        event = problems.read(place, given, keys, required={"eventType", "itemId"} | self._required)
        properties = self._read_properties(f"{place}.properties", event.pop("properties", {}), problems)
        if properties:
            event["properties"] = properties
        event = {"eventId": self._new_id(), "sentAt": int(now), **event}
        if len(problems) == before and (size := len(compact(event).encode())) > MAX_EVENT_BYTES:
            problems.add(place, f"has {size} bytes; Personalize takes {MAX_EVENT_BYTES}")
        return cast("Event", event)

    def _read_properties(self, place: str, given: Mapping[str, Any], problems: _Problems) -> dict[str, Any]:
        keys = {key: partial(values.property_value, kind=field.type) for key, field in self._properties.items()}
        required = {key for key, field in self._properties.items() if field.required}
        properties = problems.read(place, given, keys, required=required)
        if (length := len(property_texts(properties))) > MAX_PROPERTIES_LENGTH:
            problems.add(place, f"has {length} characters as JSON; Personalize takes {MAX_PROPERTIES_LENGTH}")
        return properties


class _Problems:
    """What is wrong, place by place."""

    def __init__(self) -> None:
        self._found: list[dict[str, str]] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, field: str, message: str) -> None:
        self._found.append({"field": field, "message": message})

    def read(
        self, place: str, given: Mapping[str, Any], keys: Mapping[str, _Read], *, required: set[str]
    ) -> dict[str, Any]:
        """The values of an object, without those that are wrong. A null counts as not given."""
        given = {key: value for key, value in given.items() if value is not None}
        prefix = f"{place}." if place else ""
        for key in [key for key in given if key not in keys][:_SHOWN]:
            known = ", ".join(keys) or "none"
            self.add(f"{prefix}{key[:40]}", f"is no key that is known here; known are {known}")
        read: dict[str, Any] = {}
        for key, reader in keys.items():
            if key in given:
                try:
                    read[key] = reader(given[key])
                except values.Refused as refused:
                    self.add(f"{prefix}{key}", str(refused))
            elif key in required:
                self.add(f"{prefix}{key}", "is required")
        return read

    def raise_any(self) -> None:
        if self._found:
            first = self._found[0]
            more = f", and {len(self._found) - 1} more in `details`" if len(self._found) > 1 else ""
            message = f"nothing was taken: {first['field']} {first['message']}{more}"
            raise HttpError(400, "invalidEvents", message, self._found)


def _events(value: object) -> list[object]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_EVENTS:
        raise values.Refused(f"is a list of 1 to {MAX_EVENTS} events")
    return value


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise values.Refused("is an object, by the names that Personalize gives the interactions' fields")
    return value
