"""JSON values as JSONata sees them and back: null is not undefined, and 3.0 is the number 3."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jsonata.utils import Utils

from tastemaker.cloud.states.instants import Instant, iso_text

_BIGGEST_EXACT_FLOAT = 2**53


class NotJson(Exception):
    """A result that JSON cannot carry, such as a function or a regular expression."""


def to_jsonata(value: Any) -> Any:
    """A copy of `value` in which null is told apart from undefined (which the library writes as None)."""
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, dict):
        return {key: to_jsonata(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_jsonata(item) for item in value]
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime):
        return value.isoformat() if isinstance(value, Instant) else iso_text(value)
    return value


def from_jsonata(value: Any) -> Any:
    """A plain JSON copy of an expression's result."""
    if value is Utils.NULL_VALUE or value is None:
        return None
    if isinstance(value, dict):
        return {key: from_jsonata(item) for key, item in value.items() if not _is_function(item)}
    if isinstance(value, list):
        return [from_jsonata(value[index]) for index in range(len(value))]
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, (str, bool, int)):
        return value
    raise NotJson


def _number(value: float) -> float | int:
    """The whole number that a float is, as every JSON number with no fraction reads."""
    return int(value) if value.is_integer() and abs(value) < _BIGGEST_EXACT_FLOAT else value


def _is_function(value: Any) -> bool:
    return bool(Utils.is_function(value))
