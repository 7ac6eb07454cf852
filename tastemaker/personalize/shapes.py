"""Checks and projections compiled from botocore's shapes: what may come in, and what of a resource goes out.

SDKs check required members, types and minima; patterns, enums and maxima are left to the server, so all of them are
checked here. `Reader`s turn decoded JSON into checked input, `Writer`s turn members into what the model knows of them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias, cast

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from tastemaker.personalize.errors import InvalidInput, Serialization

Members: TypeAlias = dict[str, Any]
"""The members of a structure by the API's own names, of the types that its botocore shape states."""

Problems: TypeAlias = list[str]
Reader: TypeAlias = Callable[[object, str, Problems], Any]
Writer: TypeAlias = Callable[[Any], Any]
Check: TypeAlias = Callable[[Any], str | None]

_SPACES = r"\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_JAVA_CLASSES = {r"\p{L}": r"\w", r"\p{N}": r"\w", r"\p{Z}": _SPACES, r"\p{ASCII}": r"[\x00-\x7f]"}
_INT_LIMIT = 2**31


def read(reader: Reader, value: object) -> Members:
    """Checked input, or `InvalidInput` with every violated constraint in it."""
    problems: Problems = []
    members = reader(value, "", problems)
    if problems:
        noun = "error" if len(problems) == 1 else "errors"
        raise InvalidInput(f"{len(problems)} validation {noun} detected: {'; '.join(problems)}")
    return cast(Members, members)


def compile_reader(shape: Shape) -> Reader:
    """The reader of `shape`; it raises `Serialization` on a wrong JSON type and collects violated constraints."""
    if isinstance(shape, StructureShape):
        return _structure_reader(shape)
    if isinstance(shape, ListShape):
        return _list_reader(shape)
    if isinstance(shape, MapShape):
        return _map_reader(shape)
    if shape.type_name == "timestamp":
        return _read_timestamp
    return _scalar_reader(shape)


def compile_writer(shape: Shape) -> Writer:
    """The writer of `shape`: keeps the members the model knows, leaves out what is None, rounds timestamps to ms."""
    if isinstance(shape, StructureShape):
        return _structure_writer(shape)
    if isinstance(shape, ListShape):
        write_member = compile_writer(shape.member)
        return lambda values: [write_member(value) for value in values]
    if isinstance(shape, MapShape):
        write_value = compile_writer(shape.value)
        return lambda entries: {key: write_value(value) for key, value in entries.items()}
    if shape.type_name == "timestamp":
        return lambda seconds: round(seconds, 3)
    return _as_it_is


def _as_it_is(value: object) -> object:
    return value


def _structure_writer(shape: StructureShape) -> Writer:
    writers = {name: compile_writer(member) for name, member in shape.members.items()}
    as_they_are = frozenset(name for name, write in writers.items() if write is _as_it_is)

    def write_structure(members: Members) -> Members:
        if as_they_are.issuperset(members) and None not in members.values():
            return members
        # by what is there, not by what could be: a list of recommendations has few of its many members
        written = {}
        for name, value in members.items():
            write = writers.get(name)
            if write is not None and value is not None:
                # most members go as they are, and a call for each would cost more than all else here
                written[name] = value if write is _as_it_is else write(value)
        return written

    return write_structure


def _structure_reader(shape: StructureShape) -> Reader:
    readers = {name: compile_reader(member) for name, member in shape.members.items()}
    required = tuple(shape.required_members)

    def read_structure(value: object, path: str, problems: Problems) -> Members:
        if not isinstance(value, dict):
            raise _wrong_type(path, "an object", value)
        prefix = f"{path}." if path else ""
        for name in required:
            if value.get(name) is None:
                problems.append(_violation(f"{prefix}{name}", None, "Member must not be null"))
        return {
            name: readers[name](member, f"{prefix}{name}", problems)
            for name, member in value.items()
            if member is not None and name in readers
        }

    return read_structure


def _list_reader(shape: ListShape) -> Reader:
    read_member = compile_reader(shape.member)
    checks = _length_checks(shape)

    def read_list(value: object, path: str, problems: Problems) -> list[Any]:
        if not isinstance(value, list):
            raise _wrong_type(path, "a list", value)
        _apply(checks, value, path, problems, sensitive=True)
        members = []
        for number, member in enumerate(value, start=1):
            place = f"{path}.{number}.member"
            if member is None:
                problems.append(_violation(place, None, "Member must not be null"))
            else:
                members.append(read_member(member, place, problems))
        return members

    return read_list


def _map_reader(shape: MapShape) -> Reader:
    read_key, read_value = compile_reader(shape.key), compile_reader(shape.value)
    checks = _length_checks(shape)

    def read_map(value: object, path: str, problems: Problems) -> Members:
        if not isinstance(value, dict):
            raise _wrong_type(path, "an object", value)
        _apply(checks, value, path, problems, sensitive=True)
        entries = {}
        for key, entry in value.items():
            place = f"{path}.{key}.member"
            read_key(key, f"{path}.{key}.key", problems)
            if entry is None:
                problems.append(_violation(place, None, "Member must not be null"))
            else:
                entries[key] = read_value(entry, place, problems)
        return entries

    return read_map


def _scalar_reader(shape: Shape) -> Reader:
    accepts, wanted = _SCALARS[shape.type_name]
    checks = _scalar_checks(shape)
    sensitive = bool(shape.metadata.get("sensitive"))

    def read_scalar(value: object, path: str, problems: Problems) -> object:
        if not accepts(value):
            raise _wrong_type(path, wanted, value)
        if checks:
            _apply(checks, value, path, problems, sensitive=sensitive)
        return value

    return read_scalar


def _read_timestamp(value: object, path: str, _: Problems) -> float:
    """Seconds since the epoch, as most SDKs send them, with a fraction or without; or ISO 8601, UTC unless it says."""
    if _is_number(value):
        return cast(float, value)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise _wrong_type(path, "a number of seconds since the epoch, or an ISO 8601 time", value)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _is_number(value: object) -> bool:
    # 1e999 is valid JSON, and infinite
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_INT_LIMIT <= value < _INT_LIMIT


_SCALARS: dict[str, tuple[Callable[[object], bool], str]] = {
    "string": (lambda value: isinstance(value, str), "a string"),
    "boolean": (lambda value: isinstance(value, bool), "a boolean"),
    "integer": (_is_integer, "a 32-bit integer"),
    "float": (_is_number, "a number"),
    "double": (_is_number, "a number"),
}


def _scalar_checks(shape: Shape) -> tuple[Check, ...]:
    if not isinstance(shape, StringShape):
        return _range_checks(shape)
    checks = list(_length_checks(shape))
    if shape.enum:
        checks.append(_enum_check(shape.enum))
    if pattern := shape.metadata.get("pattern"):
        checks.append(_pattern_check(pattern))
    return tuple(checks)


def _length_checks(shape: Shape) -> tuple[Check, ...]:
    return _bounds(shape, measure=len, noun="length")


def _range_checks(shape: Shape) -> tuple[Check, ...]:
    return _bounds(shape, measure=lambda value: value, noun="value")


def _bounds(shape: Shape, *, measure: Callable[[Any], float], noun: str) -> tuple[Check, ...]:
    checks: list[Check] = []
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None:
        too_small = f"Member must have {noun} greater than or equal to {low}"
        checks.append(lambda value: too_small if measure(value) < low else None)
    if high is not None:
        too_big = f"Member must have {noun} less than or equal to {high}"
        checks.append(lambda value: too_big if measure(value) > high else None)
    return tuple(checks)


def _enum_check(values: list[str]) -> Check:
    allowed = frozenset(values)
    message = f"Member must satisfy enum value set: [{', '.join(values)}]"
    return lambda value: None if value in allowed else message


def _pattern_check(pattern: str) -> Check:
    translated = pattern
    for java, python in _JAVA_CLASSES.items():
        translated = translated.replace(java, python)
    # the service's expressions are Java's: \d is ASCII there, and the whole value has to match
    matches = re.compile(translated, re.UNICODE if r"\p{" in pattern else re.ASCII).fullmatch
    message = f"Member must satisfy regular expression pattern: {pattern}"
    return lambda value: None if matches(value) else message


def _apply(checks: tuple[Check, ...], value: object, path: str, problems: Problems, *, sensitive: bool) -> None:
    for check in checks:
        if constraint := check(value):
            problems.append(_violation(path, ... if sensitive else value, constraint))


def _violation(path: str, value: object, constraint: str) -> str:
    """AWS's own wording; a value that the model marks as sensitive (`...`) is not repeated."""
    shown = "" if value is ... else " null" if value is None else f" '{value}'"
    return f"Value{shown} at '{path}' failed to satisfy constraint: {constraint}"


_JSON_WORDS = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}


def _wrong_type(path: str, wanted: str, value: object) -> Serialization:
    return Serialization(f"{path or 'The request body'} must be {wanted}, not {_JSON_WORDS.get(type(value), 'null')}.")
