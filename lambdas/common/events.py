"""Events on their way: what the interactions' fields ask of them, and the message that carries them to Personalize."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NotRequired, TypedDict

EVENTS_A_MESSAGE: Final = 10
"""As many as one PutEvents takes, so a message is one call."""

SORT_KEY: Final = "eventKey"
"""The attribute `<timestamp>#<eventId>` by which the events of a user lie in the events table."""

EVENT_KEYS: Final[Mapping[str, str]] = {
    "USER_ID": "userId",
    "ITEM_ID": "itemId",
    "TIMESTAMP": "sentAt",
    "EVENT_TYPE": "eventType",
    "EVENT_VALUE": "eventValue",
    "IMPRESSION": "impression",
    "RECOMMENDATION_ID": "recommendationId",
    "EVENT_ATTRIBUTION_SOURCE": "eventAttributionSource",
}
"""What Personalize's own fields are called in an event; fields of one's own are among its properties."""

_FORBIDDEN: Final = frozenset({"userid", "sessionid", "eventtype", "timestamp", "recommendationid", "impression"})


class Event(TypedDict):
    """One event with all that was missing filled in; `sentAt` in whole seconds since 1970."""

    eventId: str
    eventType: str
    itemId: str
    sentAt: int
    eventValue: NotRequired[float]
    properties: NotRequired[dict[str, Any]]
    recommendationId: NotRequired[str]
    impression: NotRequired[list[str]]
    eventAttributionSource: NotRequired[str]


class Message(TypedDict):
    """Up to ten events of one session, as they lie in the queue; without `userId` nobody is logged in."""

    sessionId: str
    userId: NotRequired[str]
    events: list[Event]


@dataclass(frozen=True)
class EventField:
    """A field of the interactions and the attribute of the events table that holds it."""

    name: str
    attribute: str
    type: Literal["string", "int", "long", "float", "double"]
    required: bool

    @property
    def key(self) -> str:
        """Where the field is in an event: a key of its own, or of its properties."""
        return EVENT_KEYS.get(self.name) or property_name(self.name)

    @property
    def is_property(self) -> bool:
        return self.name not in EVENT_KEYS


def event_fields(document: str) -> tuple[EventField, ...]:
    """The fields from their JSON: `[{"name", "attribute", "type", "required"}, …]`."""
    return tuple(EventField(**field) for field in json.loads(document))


def property_name(field: str) -> str:
    """What PutEvents calls a field: `NUMBER_OF_RATINGS` is `numberOfRatings`."""
    first, *more = field.lower().split("_")
    return first + "".join(word.capitalize() for word in more)


def is_forbidden_property(field: str) -> bool:
    """Whether PutEvents refuses a property of this field's name, such as `SESSION_ID`: no event can bring it."""
    return field not in EVENT_KEYS and property_name(field).lower() in _FORBIDDEN


def property_texts(properties: Mapping[str, Any]) -> str:
    """Properties as PutEvents takes them: a JSON object of texts."""
    return compact({name: value if isinstance(value, str) else repr(value) for name, value in properties.items()})


def message_body(message: Message) -> str:
    """As the queue takes it: in ASCII, since SQS refuses some characters."""
    return json.dumps(message, separators=(",", ":"))


def compact(document: Mapping[str, Any] | Iterable[Any]) -> str:
    """JSON without needless characters."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
