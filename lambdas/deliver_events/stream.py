"""Events to Personalize's PutEvents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from botocore.exceptions import ClientError

from lambdas.common.errors import error_code
from lambdas.common.events import Event, Message, property_texts


class PersonalizeEvents(Protocol):
    """What is used of the client `personalize-events`."""

    def put_events(self, **parameters: Any) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Refusal:
    """An event that Personalize will never take, and why."""

    event: Event
    reason: str


class EventStream:
    """Sends messages, a call each; what Personalize throttles or cannot do now is raised as it comes."""

    def __init__(self, personalize: PersonalizeEvents) -> None:
        self._personalize = personalize

    def put(self, tracking_id: str, message: Message) -> list[Refusal]:
        """Send the events of `message`, and return those that Personalize calls invalid.

        It refuses a call for one bad event in it, so the events of a refused call are sent one by one: what has
        arrived before counts once, by its eventId.
        """
        reason = self._send(tracking_id, message, message["events"])
        if reason is None:
            return []
        if len(message["events"]) == 1:
            return [Refusal(message["events"][0], reason)]
        alone = [(event, self._send(tracking_id, message, [event])) for event in message["events"]]
        return [Refusal(event, reason) for event, reason in alone if reason is not None]

    def _send(self, tracking_id: str, message: Message, events: Sequence[Event]) -> str | None:
        """Why the call was refused, in Personalize's words; None where it was not."""
        who = {key: value for key, value in message.items() if key in {"sessionId", "userId"}}
        try:
            self._personalize.put_events(trackingId=tracking_id, **who, eventList=[_as_sent(event) for event in events])
        except ClientError as error:
            if error_code(error) != "InvalidInputException":
                raise
            return error.response["Error"].get("Message", "InvalidInputException")
        return None


def _as_sent(event: Event) -> dict[str, Any]:
    sent: dict[str, Any] = {**event, "sentAt": datetime.fromtimestamp(event["sentAt"], UTC)}
    if "properties" in event:
        sent["properties"] = property_texts(event["properties"])
    if source := sent.pop("eventAttributionSource", None):
        sent["metricAttribution"] = {"eventAttributionSource": source}
    return sent
