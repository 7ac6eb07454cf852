"""What is wrong in a configuration file, in words for the person who edits it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class ConfigError(Exception):
    """The file cannot be used; the message names the file, each key and the remedy."""

    def __init__(self, file: Path, problems: Sequence[str]) -> None:
        super().__init__("\n".join(f"{file}: {problem}" for problem in problems))


_EXPECTED: Final[Mapping[str, str]] = {
    "string_type": "a text in quotes",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "dict_type": "a table of keys",
    "model_type": "a table of keys",
    "model_attributes_type": "a table of keys",
    "tuple_type": "a list in square brackets",
}
_PATTERNS: Final[Mapping[str, str]] = {
    "project": "up to 30 letters, digits and hyphens, a letter first",
    "name": "up to 30 letters, digits, hyphens and underscores, a letter or a digit first",
    "table": "3 to 255 letters, digits, dots, hyphens and underscores",
    "bucket": "a bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens",
    "emails": 'an address such as "on-call@shop.example"',
    "cors_origins": 'an origin such as "https://shop.example", without a path, or "*"',
}


def describe(error: Mapping[str, Any], known: Sequence[str]) -> str:
    """One validation error as `[section] key: what is wrong`; `known` are the keys that its table may have."""
    location: tuple[str | int, ...] = error["loc"]
    return f"{_place(location)}: {_complaint(error, known)}"


def _place(location: Sequence[str | int]) -> str:
    keys = ""
    for key in location:
        keys += f"[{key + 1}]" if isinstance(key, int) else f".{key}"
    return keys.lstrip(".")


def _complaint(error: Mapping[str, Any], known: Sequence[str]) -> str:
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    key = next((part for part in reversed(error["loc"]) if isinstance(part, str)), "")
    match kind:
        case "extra_forbidden":
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            return f"unknown key; {hint}known here are {', '.join(known)}"
        case "missing":
            return "this key is required"
        case "literal_error":
            return f"{given!r} is not possible; expected is {context['expected']}"
        case "string_pattern_mismatch":
            return f"{given!r} is not possible; expected is {_PATTERNS[key]}"
        case "greater_than_equal":
            return f"{given!r} is too small; at least {context['ge']} is needed"
        case "less_than_equal":
            return f"{given!r} is too large; at most {context['le']} is possible"
        case "string_too_short":
            return "it is empty"
        case "string_too_long":
            return f"it has {len(given)} characters; at most {context['max_length']} are possible"
        case "value_error":
            return str(context["error"])
        case _:
            return f"expected is {_EXPECTED[kind]}, not {given!r}"
