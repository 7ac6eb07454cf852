"""From the query of a URL to what is asked; whatever is wrong in it is an `HttpError` 400 that says what to mend."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from lambdas.common.http import HttpError
from lambdas.recommend.routes import CONTEXT, DEFAULT_COUNT, FILTER_VALUE, MAX_VALUE_LENGTH, Parameter, Route
from lambdas.recommend.settings import Filter

_SHOWN: Final = 5


@dataclass(frozen=True)
class Query:
    """What a request asks for; `filter_values` and `context` are as Personalize takes them."""

    user_id: str | None = None
    item_id: str | None = None
    count: int = DEFAULT_COUNT
    filter: str | None = None
    filter_values: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)


def read(raw: str, route: Route, filters: Mapping[str, Filter]) -> Query:
    """The query string `raw`, still encoded, by the table of the route's parameters and the filters by name."""
    given = _decoded(raw)
    if unknown := [name for name in given if name not in route.parameters]:
        names = ", ".join(name[:40] for name in unknown[:_SHOWN])
        known = ", ".join(route.parameters) or "none"
        raise HttpError(400, "unknownParameter", f"unknown parameter {names}; known are {known}")
    values = {
        name: _checked(parameter, given.get(name, [])) for name, parameter in route.parameters.items() if name in given
    }
    for name, parameter in route.parameters.items():
        if parameter.required and name not in values:
            raise HttpError(400, parameter.code, f"{name} is required and {_rule(parameter.schema)}")
    user_id, chosen = values.get("userId", [None])[0], values.get("filter", [None])[0]
    return Query(
        user_id=user_id,
        item_id=values.get("itemId", [None])[0],
        count=int(values.get("count", [DEFAULT_COUNT])[0]),
        filter=chosen,
        filter_values=_filter_values(chosen, filters, _under(FILTER_VALUE, values), has_user=user_id is not None),
        context={name: context[0] for name, context in _under(CONTEXT, values).items()},
    )


def _decoded(raw: str) -> dict[str, list[str]]:
    """The values by name, in their order: `queryStringParameters` would join those of a name by commas."""
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise HttpError(400, "invalidQuery", "the query is not UTF-8 in percent-encoding") from error
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    return given


def _checked(parameter: Parameter, values: Sequence[str]) -> Sequence[str]:
    if len(values) > 1 and not parameter.many:
        raise HttpError(400, parameter.code, f"{parameter.name} is given {len(values)} times; give it once")
    if not all(_fits(value, parameter.schema) for value in values):
        raise HttpError(400, parameter.code, f"{parameter.name} {_rule(parameter.schema)}")
    return values


def _fits(value: str, schema: Mapping[str, Any]) -> bool:
    if schema["type"] == "integer":
        # str.isdigit also takes digits that int refuses, such as superscripts
        return (
            value.isascii()
            and value.isdigit()
            and len(value) <= 4
            and schema["minimum"] <= int(value) <= schema["maximum"]
        )
    if "enum" in schema:
        return value in schema["enum"]
    return schema["minLength"] <= len(value) <= schema["maxLength"] and bool(
        re.search(schema.get("pattern", ""), value)
    )


def _rule(schema: Mapping[str, Any]) -> str:
    """The schema in words."""
    if schema["type"] == "integer":
        return f"is a whole number from {schema['minimum']} to {schema['maximum']}"
    if "enum" in schema:
        return f"is one of {', '.join(schema['enum'])}"
    unquoted = ", none of them a double quote" if "pattern" in schema else ""
    return f"has {schema['minLength']} to {schema['maxLength']} characters{unquoted}"


def _under(prefix: str, values: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    return {name.removeprefix(prefix): each for name, each in values.items() if name.startswith(prefix)}


def _filter_values(
    name: str | None, filters: Mapping[str, Filter], given: Mapping[str, Sequence[str]], *, has_user: bool
) -> dict[str, str]:
    """Every value in double quotes, those of a parameter joined by commas. A filter needs all of its parameters."""
    if name is None:
        if given:
            raise HttpError(400, "invalidFilter", f"{_names(given)} needs a filter; name it with filter=…")
        return {}
    chosen = filters[name]
    if chosen.needs_user and not has_user:
        raise HttpError(400, "invalidUserId", f"the filter {name} asks what the user did or is; give a userId")
    if missing := [each for each in chosen.parameters if each not in given]:
        raise HttpError(400, "invalidFilterValue", f"the filter {name} needs {_names(missing)}")
    if unknown := [each for each in given if each not in chosen.parameters]:
        raise HttpError(400, "invalidFilterValue", f"the filter {name} has no use for {_names(unknown)}")
    encoded = {each: ",".join(f'"{value}"' for value in values) for each, values in given.items()}
    if too_long := [each for each, text in encoded.items() if len(text) > MAX_VALUE_LENGTH]:
        raise HttpError(
            400,
            "invalidFilterValue",
            f"{_names(too_long)} is too long: all its values, quotes and commas between have at most "
            f"{MAX_VALUE_LENGTH} characters",
        )
    return encoded


def _names(parameters: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(f"{FILTER_VALUE}{each}" for each in parameters)
