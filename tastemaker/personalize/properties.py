"""The `properties` of the Put operations: a JSON object in a string, its values by camelCase names of the fields."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Final

from tastemaker.personalize.errors import InvalidInput
from tastemaker.personalize.schemas import Field

_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOST: Final = {"float": 3.4028234663852886e38, "double": sys.float_info.max}
_BITS: Final = {"int": 31, "long": 63}


def camel_case(name: str) -> str:
    """How the Put operations call a field: NUMBER_OF_RATINGS is `numberOfRatings`."""
    first, *rest = name.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


def parsed(text: str, place: str) -> Mapping[str, object]:
    """What `properties` hold, by its keys. `place`: the record or event, for messages. Raises InvalidInput."""
    try:
        given = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise InvalidInput(
            f"Error parsing properties json: {place}.properties has to be a string that holds one JSON object."
        )
    return given


def text_of(field: Field, value: object, place: str) -> str:
    """`value` as text that the type of its field can be read from. Raises InvalidInput."""
    if isinstance(value, (dict, list)):
        raise InvalidInput(f"{place} has to be a string or a number: the field {field.name} holds one value.")
    text = value if isinstance(value, str) else json.dumps(value)
    if field.type == "string":
        return text
    written = _boolean(text) if field.type == "boolean" else _number(field, text)
    if written is None:
        raise InvalidInput(f"{place} is no {field.type}, which the field {field.name} of the schema is.")
    return written


def _boolean(text: str) -> str | None:
    return text.lower() if text.lower() in ("true", "false") else None


def _number(field: Field, text: str) -> str | None:
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    if field.type not in _BITS:
        return repr(number) if abs(number) <= _MOST[field.type] else None
    if text.lstrip("+-").isdigit():
        whole = int(text)
    elif number.is_integer():
        whole = int(number)
    else:
        return None
    limit = 1 << _BITS[field.type]
    return str(whole) if -limit <= whole < limit else None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
