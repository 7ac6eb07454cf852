"""Streamed events as lines of a log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tastemaker.personalize import append_log
from tastemaker.personalize.append_log import Line


@dataclass(frozen=True, slots=True)
class StreamedEvent:
    """What a user did. `timestamp` is in whole epoch seconds, with the rest of the second in `fraction`.

    `item_id` is what was done something with: in the stream of an Action_Interactions dataset, an action.
    `properties` holds the values of the other fields of the dataset's schema, as text, by the schema's names:
    `{"DEVICE": "phone", "EVENT_VALUE": "4.5"}`. `position` is the length in bytes of the log from which on the event
    is its user's: that at which it came, or, for one of an anonymous session, that at which the user was known.
    """

    item_id: str | None
    event_type: str
    timestamp: int
    event_id: str
    properties: Mapping[str, str]
    fraction: float = 0.0
    position: int = 0


class Entry(NamedTuple):
    """A line of a log: an event, and who sent it. `user_id` is None for an anonymous session."""

    user_id: str | None
    session_id: str
    event: StreamedEvent


def line_of(entry: Entry) -> bytes:
    """An event as a line. Raises UnicodeEncodeError for text that is no Unicode (a lone surrogate)."""
    user_id, session_id, event = entry
    when = [event.timestamp, event.fraction]
    what = [event.item_id, event.event_type, event.event_id, dict(event.properties)]
    return append_log.line_of([*when, user_id, session_id, *what])


def entries_of(lines: Iterable[Line]) -> list[Entry]:
    """The events that the lines of a log hold."""
    return [_entry(line) for line in lines]


def read_prefix(path: Path, size: int) -> list[Entry]:
    """The events in the first `size` bytes of a log, in the order in which they came."""
    return entries_of(append_log.read_lines(path, size))


def _entry(line: Line) -> Entry:
    timestamp, fraction, user_id, session_id, item_id, event_type, event_id, properties = line.value
    event = StreamedEvent(item_id, event_type, timestamp, event_id, properties, fraction, line.position)
    return Entry(user_id, session_id, event)
