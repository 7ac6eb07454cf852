"""PutEvents: what users do, as they do it."""

from __future__ import annotations

from functools import lru_cache
from typing import NotRequired, TypedDict

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.event_fields import Event, EventFields
from tastemaker.personalize.kinds import DATASET, EVENT_TRACKER, SCHEMA
from tastemaker.personalize.operations.attribution import count_events
from tastemaker.personalize.operations.registry import operation
from tastemaker.personalize.operations.states import settled
from tastemaker.personalize.schemas import parse_schema
from tastemaker.personalize.store import Resource
from tastemaker.personalize.streams import StreamClosed


class PutEventsRequest(TypedDict):
    trackingId: str
    sessionId: str
    userId: NotRequired[str]
    eventList: list[Event]


@operation("PutEvents", locked=False)
def put_events(here: AccountRegion, given: PutEventsRequest) -> None:
    """All the events of the request, or none where one of them will not do."""
    dataset = _recording(here, given["trackingId"])
    here.rates.take(("PutEvents", dataset.members["datasetGroupArn"]), here.quotas.events_per_second)
    fields = _fields_of(here, dataset)
    events = [
        fields.read(event, f"eventList.{number}.member") for number, event in enumerate(given["eventList"], start=1)
    ]
    try:
        here.streams.put(dataset.arn, events, session_id=given["sessionId"], user_id=given.get("userId"))
    except StreamClosed as closed:
        raise InvalidInput(str(closed)) from closed
    except UnicodeEncodeError as error:
        raise InvalidInput("The request holds text that is no valid Unicode.") from error
    for event in given["eventList"]:
        _count_impressions(here, dataset.arn, event)
    sender = given.get("userId") or given["sessionId"]
    count_events(here, dataset.members["datasetGroupArn"], sender, given["eventList"], events)


def _count_impressions(here: AccountRegion, dataset_arn: str, event: Event) -> None:
    """What the user saw when the event happened: the items that it lists, or those of the answer that it names."""
    if "impression" in event:
        here.impressions.count(dataset_arn, event["impression"])
    elif "recommendationId" in event:
        rid = event["recommendationId"]
        here.impressions.count(dataset_arn, here.recommendations.shown(rid), recommendation_id=rid)


def _recording(here: AccountRegion, tracking_id: str) -> Resource:
    """The Interactions dataset that the events of a tracker go into."""
    trackers = here.resources.peek_where(EVENT_TRACKER, trackingId=tracking_id)
    tracker = settled(here, trackers[0]) if trackers else None
    if tracker is None:
        raise InvalidInput(f"There is no event tracker with the trackingId {tracking_id}: see DescribeEventTracker.")
    if tracker.status != "ACTIVE":
        raise InvalidInput(f"{tracker.arn} is {tracker.status}: it records events when it is ACTIVE.")
    group_arn = tracker.members["datasetGroupArn"]
    datasets = here.resources.peek_where(DATASET, datasetGroupArn=group_arn, datasetType="INTERACTIONS")
    dataset = settled(here, datasets[0]) if datasets else None
    if dataset is None:
        raise InvalidInput(f"{group_arn} has no INTERACTIONS dataset to record events in: create it first.")
    if dataset.status != "ACTIVE":
        raise InvalidInput(f"{dataset.arn} is {dataset.status}: events are recorded in it when it is ACTIVE.")
    return dataset


def _fields_of(here: AccountRegion, dataset: Resource) -> EventFields:
    schema = here.resources.peek(SCHEMA, dataset.members["schemaArn"])
    if schema is None:
        raise InvalidInput(f"{dataset.arn} is being deleted: it takes no events any more.")
    return _fields(schema.members["schema"], schema.members.get("domain"))


@lru_cache(maxsize=64)
def _fields(schema: str, domain: str | None) -> EventFields:
    return EventFields(parse_schema(schema, domain))
