"""Events for tests, and Personalize's PutEvents as it behaves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from lambdas.common.events import Event, EventField

NOW = 1_800_000_000.5
FIELDS = (
    EventField("USER_ID", "userId", "string", True),
    EventField("ITEM_ID", "itemId", "string", True),
    EventField("TIMESTAMP", "timestamp", "long", True),
    EventField("EVENT_TYPE", "kind", "string", True),
    EventField("EVENT_VALUE", "value", "float", False),
    EventField("IMPRESSION", "shown", "string", False),
    EventField("RECOMMENDATION_ID", "recommendation", "string", False),
    EventField("DEVICE_TYPE", "device", "string", False),
    EventField("NUMBER_OF_RATINGS", "ratings", "int", False),
)


def event(number: int = 1, **more: Any) -> Event:
    """An event as the queue holds it."""
    document: Any = {
        "eventId": f"e{number}",
        "eventType": "View",
        "itemId": f"i{number}",
        "sentAt": 1_700_000_000,
        **more,
    }
    found: Event = document
    return found


class PersonalizeEvents:
    """Takes an eventId once, up to ten events a call, and refuses a whole call for one bad event.

    `faults` are error codes that the next calls get instead; an item `bad` is invalid.
    """

    def __init__(self, tracking_id: str = "tracker") -> None:
        self.tracking_id = tracking_id
        self.calls: list[dict[str, Any]] = []
        self.events: dict[str, dict[str, Any]] = {}
        self.faults: list[str] = []

    def put_events(self, **parameters: Any) -> Mapping[str, Any]:
        self.calls.append(parameters)
        if self.faults:
            raise _error(self.faults.pop(0), "not now")
        if parameters["trackingId"] != self.tracking_id:
            raise _error("InvalidInputException", "no such tracker")
        events = parameters["eventList"]
        if not 1 <= len(events) <= 10:
            raise _error("InvalidInputException", f"{len(events)} events")
        for each in events:
            if each["itemId"] == "bad" or len(each.get("properties", "{}")) > 1024:
                raise _error("InvalidInputException", "the item is bad")
            json.loads(each.get("properties", "{}"))
        for each in events:
            self.events.setdefault(each["eventId"], each)
        return {}


def _error(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "PutEvents")
