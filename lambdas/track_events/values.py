"""The values in an event, by Personalize's rules; each is returned as it is kept, or raises `Refused`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

MAX_ID_LENGTH: Final = 256
MAX_RECOMMENDATION_ID_LENGTH: Final = 40
MAX_TEXT_LENGTH: Final = 1000
MAX_IMPRESSION: Final = 25
MAX_AHEAD_SECONDS: Final = 24 * 3600
MAX_BEHIND_SECONDS: Final = 365 * 24 * 3600
_LINE_BREAK = re.compile(r"[\r\n]")
_EVENT_ID = re.compile(r"[!-~]{1,256}")
_PRINTABLE = re.compile(r"[ -~]{1,1024}")
_SMALLEST_FLOAT, _LARGEST_FLOAT = 1.2e-38, 3.4e38
_INTEGERS: Final = {"int": 1 << 31, "long": 1 << 63}


class Refused(Exception):
    """The message says what the value has to be."""


def text(value: object, *, longest: int = MAX_ID_LENGTH) -> str:
    """An id or a name. One with a line break could never be exported."""
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise Refused(f"is a text of 1 to {longest} characters")
    if _LINE_BREAK.search(value):
        raise Refused("contains a line break, which no id or name may")
    return value


def event_id(value: object) -> str:
    """It becomes part of a key of at most 1,024 bytes, hence ASCII."""
    if not isinstance(value, str) or not _EVENT_ID.fullmatch(value):
        raise Refused("is a text of 1 to 256 ASCII characters without spaces, such as a UUID")
    return value


def attribution_source(value: object) -> str:
    """The name of what made the event happen, for metric attributions."""
    if not isinstance(value, str) or not _PRINTABLE.fullmatch(value) or not value.strip():
        raise Refused("is a text of 1 to 1024 printable ASCII characters")
    return value


def moment(value: object, *, now: float) -> int:
    """Whole seconds since 1970, from a number of seconds or ISO 8601."""
    seconds = _seconds(value)
    if seconds > now + MAX_AHEAD_SECONDS:
        hint = "; are these milliseconds?" if seconds > now * 100 else ""
        raise Refused(f"is in the future, by more than the day that clocks may differ{hint}")
    if seconds < now - MAX_BEHIND_SECONDS:
        raise Refused("is more than a year ago; load what is older into the events table")
    return math.floor(seconds)


def _seconds(value: object) -> float:
    if isinstance(value, str):
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            read = None
        if read is not None and read.tzinfo is not None:
            return read.timestamp()
    elif isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise Refused('is a number of seconds since 1970 or a time with its zone such as "2030-01-31T12:00:00Z"')


def number(value: object) -> float:
    """What a 32-bit float holds, and DynamoDB as well."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value == 0:
            return 0.0
        if _SMALLEST_FLOAT <= abs(value) <= _LARGEST_FLOAT:
            return float(value)
    raise Refused("is a number that a 32-bit float can hold")


def integer(value: object, *, kind: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and -_INTEGERS[kind] <= value < _INTEGERS[kind]:
        return value
    raise Refused(f"is a whole number of the type {kind}")


def impression(value: object) -> list[str]:
    """The items that were shown; an export joins them in one text of a thousand characters."""
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_IMPRESSION:
        raise Refused(f"is a list of 1 to {MAX_IMPRESSION} item ids")
    items = [text(item) for item in value]
    if len("|".join(items)) > MAX_TEXT_LENGTH:
        raise Refused(f"has item ids of more than {MAX_TEXT_LENGTH} characters in all")
    return items


def property_value(value: object, *, kind: str) -> str | int | float:
    """A property, of the type that the interactions' field has."""
    readers: Mapping[str, Callable[[Any], str | int | float]] = {
        "string": lambda given: text(given, longest=MAX_TEXT_LENGTH),
        "int": lambda given: integer(given, kind="int"),
        "long": lambda given: integer(given, kind="long"),
        "float": number,
        "double": number,
    }
    return readers[kind](value)
