"""What a user can do with an action: the event types of action interactions, however they are written."""

from __future__ import annotations

from typing import Final

VIEWED: Final = "Viewed"
TAKEN: Final = "Taken"
NOT_TAKEN: Final = "Not Taken"
EVENT_TYPES: Final = (VIEWED, TAKEN, NOT_TAKEN)


def letters(event_type: str) -> str:
    """What counts when event types of actions are compared: `Not Taken` is `NOT_TAKEN` is `not-taken`."""
    return "".join(filter(str.isalnum, event_type)).lower()


def canonical(event_type: str) -> str | None:
    """The event type as it is kept; None for what is none of them."""
    return _BY_LETTERS.get(letters(event_type))


_BY_LETTERS: Final = {letters(event_type): event_type for event_type in EVENT_TYPES}
