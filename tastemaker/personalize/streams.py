"""Streamed events: what Put operations bring, safe on disk before it is acknowledged and at hand for requests."""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Final

from tastemaker.personalize.append_log import AppendLog, Line, LogFolder, LogUnreadable, Mark, Prefix, StreamClosed
from tastemaker.personalize.event_owners import EventOwners, entries_of_users
from tastemaker.personalize.stream_log import Entry, StreamedEvent, entries_of, line_of

__all__ = ["LogUnreadable", "Mark", "Prefix", "StreamClosed", "StreamedEvent", "Streams"]

LIVE_EVENTS: Final = 500
"""How many events of a user are at hand; the older ones are on disk, for training."""
_REMEMBERED: Final = 250_000
"""At least so many of a dataset's latest events are known, so that one that comes again counts once."""


_TIME: Final = attrgetter("timestamp", "fraction")


class Streams:
    """The streams of all datasets of interactions, each a log in `directory`. Safe to use from several threads.

    An event is the operating system's when `put` returns, and with `fsync` the disk's. Raises LogUnreadable.
    """

    def __init__(self, directory: Path, *, fsync: bool = False) -> None:
        self._logs = LogFolder(directory, _Stream, fsync=fsync)

    def put(
        self, dataset_arn: str, events: Sequence[StreamedEvent], *, session_id: str, user_id: str | None = None
    ) -> None:
        """Add the events of one sender, as `put_entries` does."""
        self.put_entries(dataset_arn, [Entry(user_id, session_id, event) for event in events])

    def put_entries(self, dataset_arn: str, entries: Sequence[Entry]) -> None:
        """Add events, all or none of them; those that are there already are passed over.

        That is an event of an `event_id` that has been, and one that says the same of the same moment and user (or, of
        an anonymous session, the same session). Raises StreamClosed, UnicodeEncodeError for text that is no Unicode,
        and OSError.
        """
        self._logs.get_or_create(dataset_arn).put(entries)

    def events_of(self, dataset_arn: str, user_id: str) -> Sequence[StreamedEvent]:
        """The latest events of a user, oldest first, those of sessions that turned out to be the user's among them.

        A session's id may stand for a user's, and then they are the events of that session.
        """
        stream = self._logs.get(dataset_arn)
        return () if stream is None else stream.of(user_id)

    def prefix(self, dataset_arn: str) -> Prefix | None:
        """All that is in the stream now; None where nothing has come."""
        stream = self._logs.get(dataset_arn)
        return None if stream is None else stream.prefix()

    def log_id(self, dataset_arn: str) -> str | None:
        """The identity of the stream's log, which another stream of the same dataset's name does not have."""
        stream = self._logs.get(dataset_arn)
        return None if stream is None else stream.log_id

    def share(self, dataset_arn: str, directory: Path) -> None:
        """Copy what has come until now, if anything has, for another `Streams(directory)`."""
        if (prefix := self.prefix(dataset_arn)) is not None:
            prefix.copy_into(directory)

    def forget(self, dataset_arn: str, user_ids: Collection[str]) -> int:
        """Remove the events of users, those of their sessions among them, and count them. Marks stay what they are.

        Raises StreamClosed and, with nothing removed, OSError.
        """
        stream = self._logs.get(dataset_arn)
        return 0 if stream is None else stream.forget(user_ids)

    def delete(self, dataset_arn: str) -> None:
        """Forget the stream of a dataset, if there is one."""
        self._logs.delete(dataset_arn)

    def close(self) -> None:
        """Close the files. May be called again."""
        self._logs.close()


class _Stream:
    """The stream of one dataset."""

    def __init__(self, log: AppendLog, lines: Iterable[Line]) -> None:
        self.log_id = log.mark.log_id
        self._log = log
        self._lock = threading.Lock()
        self._closed = False
        self._live = _Live(entries_of(lines))

    def put(self, entries: Sequence[Entry]) -> None:
        with self._lock:
            self._need_open()
            fresh, lines, position = [], [], self._log.mark.position
            coming: set[int] = set()
            for entry in entries:
                keys = _keys(entry)
                if self._live.known.has(keys) or not coming.isdisjoint(keys):
                    continue
                coming.update(keys)
                lines.append(line_of(entry))
                position += len(lines[-1])
                fresh.append(entry._replace(event=replace(entry.event, position=position)))
            if not fresh:
                return
            self._log.append(lines)
            for entry in fresh:
                self._live.take(entry)

    def prefix(self) -> Prefix:
        with self._lock:
            return self._log.prefix

    def forget(self, user_ids: Collection[str]) -> int:
        with self._lock:
            self._need_open()
            gone = {entry.event.position for entry in entries_of_users(entries_of(self._log.read()), user_ids)}
            if gone:
                self._log.blank(gone)
                self._live = _Live(entries_of(self._log.read()))
            return len(gone)

    def delete(self) -> None:
        self.close()
        self._log.remove()

    def close(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                self._log.close()

    def of(self, user_id: str) -> Sequence[StreamedEvent]:
        return self._live.of(user_id)

    def _need_open(self) -> None:
        if self._closed:
            raise StreamClosed(f"{self._log.dataset_arn} takes no events any more.")


class _Live:
    """What is at hand of a stream: each user's and each session's latest events in the order of time."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.known = _Known(_REMEMBERED)
        self._events: dict[str, list[StreamedEvent]] = {}
        self._owners = EventOwners(most_waiting=LIVE_EVENTS)
        for entry in entries:
            self.take(entry)

    def of(self, user_id: str) -> Sequence[StreamedEvent]:
        # one step for the interpreter, so that no lock is needed
        return self._events.get(user_id, [])[-LIVE_EVENTS:]

    def take(self, entry: Entry) -> None:
        self.known.add(_keys(entry))
        taken = self._owners.take(entry)
        if taken is not None:
            user_id, events = taken
            if user_id == entry.session_id and len(events) > 1:  # some are there already, as the session's
                there = {event.event_id for event in events}
                self._events[user_id] = [each for each in self._events[user_id] if each.event_id not in there]
            for event in events:
                _insert(self._events.setdefault(user_id, []), event)
        # a session's id may be asked for like a user's, and may even be one
        if taken is None or taken[0] != entry.session_id:
            _insert(self._events.setdefault(entry.session_id, []), entry.event)


def _insert(events: list[StreamedEvent], event: StreamedEvent) -> None:
    if events and event.timestamp <= events[-1].timestamp:
        insort(events, event, key=_TIME)
    else:
        events.append(event)
    if len(events) > 2 * LIVE_EVENTS:
        del events[:-LIVE_EVENTS]


def _keys(entry: Entry) -> tuple[int, int]:
    """What tells that an event has been: its id, and all else that it says.

    As hashes of 64 bits, of which the half million that are kept are all different but for one case in 10⁸.
    """
    user_id, session_id, event = entry
    sender = ("session", session_id) if user_id is None else ("user", user_id)
    properties = tuple(sorted(event.properties.items()))
    content = (sender, event.item_id, event.event_type, event.timestamp, event.fraction, properties)
    return hash(event.event_id), hash(content)


class _Known:
    """Keys of the latest events, at least `capacity` of them and at most twice as many."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._latest: set[int] = set()
        self._earlier: set[int] = set()

    def has(self, keys: Iterable[int]) -> bool:
        return any(key in self._latest or key in self._earlier for key in keys)

    def add(self, keys: Sequence[int]) -> None:
        self._latest.update(keys)
        if len(self._latest) >= self._capacity * len(keys):
            self._latest, self._earlier = set(), self._latest
