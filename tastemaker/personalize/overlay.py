"""The live overlay: what users have done since a model was trained, and which of it counts for that model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from tastemaker.personalize.streams import Mark, StreamedEvent, Streams

if TYPE_CHECKING:
    from tastemaker.personalize.store import Resource

REAL_TIME_RECIPES: Final = frozenset(
    {
        "aws-user-personalization",
        "aws-user-personalization-v2",
        "aws-personalized-ranking",
        "aws-personalized-ranking-v2",
        "aws-next-best-action",
        "aws-ecomm-recommended-for-you",
        "aws-vod-top-picks",
    }
)
"""The recipes whose next answer an event changes; for the others it counts from the next training on."""


def remember_trained(version: Resource, mark: Mark | None) -> None:
    """Note up to which moment of the stream the training of a solution version or recommender sees the events."""
    version.hidden["streamed"] = None if mark is None else [mark.log_id, mark.position]


def since_training(streams: Streams, version: Resource, user_id: str) -> Sequence[StreamedEvent]:
    """The events of a user, or of a session, that count for the model of `version` and that its training did not see.

    Oldest first; at most as many as a stream has at hand.
    """
    dataset_arn = version.hidden["datasetArns"].get("INTERACTIONS")
    events = () if dataset_arn is None else streams.events_of(dataset_arn, user_id)
    if not events:
        return ()
    # a dataset that was deleted and made again has another log, of which the training saw nothing
    log_id, position = version.hidden.get("streamed") or (None, 0)
    if log_id == streams.log_id(dataset_arn):
        events = [event for event in events if event.position > position]
    event_type = version.members.get("eventType")
    threshold = version.members.get("solutionConfig", {}).get("eventValueThreshold")
    if event_type is not None:
        wanted = event_type.lower()
        events = [event for event in events if event.event_type.lower() == wanted]
    if threshold is not None:
        events = [event for event in events if _reaches(event, np.float32(threshold))]
    if weighed := version.members.get("solutionConfig", {}).get("eventsConfig"):
        least = {rule["eventType"].lower(): rule.get("eventValueThreshold") for rule in weighed["eventParametersList"]}
        events = [e for e in events if (name := e.event_type.lower()) in least and _passes(e, least[name])]
    return events


def _passes(event: StreamedEvent, least: float | None) -> bool:
    return least is None or _reaches(event, np.float32(least))


def _reaches(event: StreamedEvent, threshold: np.float32) -> bool:
    # in the precision of the column: 0.7 as a float is less than 0.7 as a double
    value = event.properties.get("EVENT_VALUE")
    return value is not None and bool(np.float32(value) >= threshold)
