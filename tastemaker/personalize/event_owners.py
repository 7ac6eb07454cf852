"""Whose streamed events are: a user's own, and those of the anonymous sessions that turned out to be the user's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from tastemaker.personalize.stream_log import Entry, StreamedEvent


class EventOwners:
    """Follows a stream and tells which events each entry gives to whom.

    The anonymous events of a session belong to the user who is known in it: the one of the latest entry before, or
    else of the first one after. `most_waiting`: how many events of a session may wait for that; the oldest go first.
    """

    def __init__(self, *, most_waiting: int) -> None:
        self._most_waiting = most_waiting
        self._users: dict[str, str] = {}
        self._waiting: dict[str, list[StreamedEvent]] = {}

    def take(self, entry: Entry) -> tuple[str, list[StreamedEvent]] | None:
        """The user and the events that are the user's from this entry on, in the order in which they came."""
        user_id, session_id, event = entry
        if user_id is None:
            owner = self._users.get(session_id)
            if owner is not None:
                return owner, [event]
            waiting = self._waiting.setdefault(session_id, [])
            waiting.append(event)
            if len(waiting) > self._most_waiting:
                del waiting[0]
            return None
        self._users[session_id] = user_id
        waited = self._waiting.pop(session_id, ())
        return user_id, [*(replace(earlier, position=event.position) for earlier in waited), event]


def events_of_users(entries: Iterable[Entry]) -> list[tuple[str, StreamedEvent]]:
    """`(user id, event)` of all events whose user is known at the end, ordered by time."""
    entries = list(entries)
    owners = EventOwners(most_waiting=len(entries))
    owned = [(taken[0], event) for entry in entries if (taken := owners.take(entry)) is not None for event in taken[1]]
    owned.sort(key=lambda pair: (pair[1].timestamp, pair[1].fraction))
    return owned


def entries_of_users(entries: Sequence[Entry], user_ids: Collection[str]) -> list[Entry]:
    """The entries that are some users' at the end, and those of nobody's sessions whose ids stand for these users."""
    wanted = frozenset(user_ids)
    first_users: dict[str, str] = {}
    for entry in entries:
        if entry.user_id is not None:
            first_users.setdefault(entry.session_id, entry.user_id)
    latest_users = first_users.copy()
    found = []
    for entry in entries:
        if entry.user_id is not None:
            latest_users[entry.session_id] = entry.user_id
        if latest_users.get(entry.session_id, entry.session_id) in wanted:
            found.append(entry)
    return found
