"""PutActionInteractions: what users do with actions, as they do it."""

from __future__ import annotations

from functools import lru_cache
from typing import NotRequired, TypedDict

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.action_events import EVENT_TYPES, canonical
from tastemaker.personalize.append_log import StreamClosed
from tastemaker.personalize.errors import InvalidInput, ResourceNotFound, in_use
from tastemaker.personalize.event_fields import Event, EventFields
from tastemaker.personalize.kinds import DATASET
from tastemaker.personalize.operations.registry import operation
from tastemaker.personalize.operations.states import need_active, settled
from tastemaker.personalize.schemas import Schema
from tastemaker.personalize.store import Resource
from tastemaker.personalize.stream_log import Entry


class ActionInteraction(TypedDict):
    """An event as the API's model states it. `timestamp` is in epoch seconds."""

    actionId: str
    userId: NotRequired[str]
    sessionId: str
    timestamp: float
    eventType: str
    eventId: NotRequired[str]
    recommendationId: NotRequired[str]
    impression: NotRequired[list[str]]
    properties: NotRequired[str]


class PutActionInteractionsRequest(TypedDict):
    trackingId: str
    actionInteractions: list[ActionInteraction]


@operation("PutActionInteractions", locked=False)
def put_action_interactions(here: AccountRegion, given: PutActionInteractionsRequest) -> None:
    """All the events of the request, or none where one of them will not do."""
    dataset = _recording(here, given["trackingId"])
    here.rates.take(("PutActionInteractions", dataset.members["datasetGroupArn"]), here.quotas.events_per_second)
    fields = _fields(here.records.schema(dataset))
    entries = [
        _entry(fields, event, f"actionInteractions.{number}.member")
        for number, event in enumerate(given["actionInteractions"], start=1)
    ]
    try:
        here.streams.put_entries(dataset.arn, entries)
    except StreamClosed as closed:
        raise in_use(dataset.arn, str(closed)) from closed
    except UnicodeEncodeError as error:
        raise InvalidInput("The request holds text that is no valid Unicode.") from error


def _recording(here: AccountRegion, tracking_id: str) -> Resource:
    """The Action_Interactions dataset that has the trackingId."""
    datasets = here.resources.peek_where(DATASET, trackingId=tracking_id)
    dataset = settled(here, datasets[0]) if datasets else None
    if dataset is None:
        raise ResourceNotFound(
            f"There is no ACTION_INTERACTIONS dataset with the trackingId {tracking_id}: see DescribeDataset."
        )
    need_active(dataset)
    return dataset


def _entry(fields: EventFields, given: ActionInteraction, place: str) -> Entry:
    event_type = canonical(given["eventType"])
    if event_type is None:
        raise InvalidInput(f"{place}.eventType is {given['eventType']}, and has to be one of {', '.join(EVENT_TYPES)}.")
    event: Event = {"eventType": event_type, "sentAt": given["timestamp"], "itemId": given["actionId"]}
    if "eventId" in given:
        event["eventId"] = given["eventId"]
    if "recommendationId" in given:
        event["recommendationId"] = given["recommendationId"]
    if "impression" in given:
        event["impression"] = given["impression"]
    if "properties" in given:
        event["properties"] = given["properties"]
    return Entry(given.get("userId"), given["sessionId"], fields.read(event, place))


@lru_cache(maxsize=64)
def _fields(schema: Schema) -> EventFields:
    return EventFields(schema)
