"""The one table of the routes that read, and of what each may be asked.

The stack's routes, the reading of requests and the OpenAPI document all follow from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lambdas.recommend.settings import Filter, Settings

DEFAULT_COUNT: Final = 10
MAX_COUNT: Final = 100
MAX_ID_LENGTH: Final = 256
MAX_VALUE_LENGTH: Final = 1000
FILTER_VALUE: Final = "filter."
CONTEXT: Final = "context."
_ID: Final[Mapping[str, Any]] = {"type": "string", "minLength": 1, "maxLength": MAX_ID_LENGTH}


@dataclass(frozen=True)
class Parameter:
    """A query parameter; `schema` is JSON Schema, for each of the values where it may be given `many` times.

    `code` is the error's where a value does not fit.
    """

    name: str
    code: str
    description: str
    schema: Mapping[str, Any]
    required: bool = False
    many: bool = False


@dataclass(frozen=True)
class Route:
    """`GET /<name>`. `lists` says that it answers items; `max_age` is how many seconds an answer to all may be kept."""

    name: str
    summary: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    lists: bool = False
    max_age: int = 0

    @property
    def key(self) -> str:
        """As API Gateway names it."""
        return f"GET /{self.name}"


def served(settings: Settings) -> dict[str, Route]:
    """The routes of a deployment by their keys; similar items need a model, the others are always there."""
    routes = [
        _listing(settings, "recommendations", "Items for a user, best first", _user(required=True), _context(settings)),
        _listing(settings, "popular-items", "What most users like, best first", {}, max_age=60),
        Route("health", "Whether there is something to recommend, and since when"),
        Route("openapi.json", "This document", max_age=3600),
    ]
    if "similar-items" in settings.models:
        similar = "Items like the one a visitor looks at, best first"
        routes.insert(1, _listing(settings, "similar-items", similar, _item() | _user(required=False), max_age=60))
    return {route.key: route for route in routes}


def _listing(
    settings: Settings, name: str, summary: str, *parameters: Mapping[str, Parameter], max_age: int = 0
) -> Route:
    of_the_route = {key: each for group in parameters for key, each in group.items()}
    usable = {
        key: each
        for key, each in settings.filters.items()
        if name in settings.models
        and (not each.needs_user or "userId" in of_the_route)
        and (not each.needs_item or "itemId" in of_the_route)
    }
    return Route(name, summary, of_the_route | _count() | _filters(usable), lists=True, max_age=max_age)


def _user(*, required: bool) -> dict[str, Parameter]:
    whom = "Who is to see them; a session's id for somebody unknown."
    return {"userId": Parameter("userId", "invalidUserId", whom, _ID, required=required)}


def _item() -> dict[str, Parameter]:
    return {"itemId": Parameter("itemId", "invalidItemId", "What they are to be like.", _ID, required=True)}


def _count() -> dict[str, Parameter]:
    schema = {"type": "integer", "minimum": 1, "maximum": MAX_COUNT, "default": DEFAULT_COUNT}
    return {"count": Parameter("count", "invalidCount", "How many at most.", schema)}


def _context(settings: Settings) -> dict[str, Parameter]:
    """`context.F=V` for each field F, by the name that Personalize's schema has for it."""
    schema = {"type": "string", "minLength": 1, "maxLength": MAX_VALUE_LENGTH}
    said = "What {} the request is made under, such as a device: a value of that field of the interactions."
    names = {f"{CONTEXT}{name}": name for name in settings.context if "recommendations" in settings.models}
    return {key: Parameter(key, "invalidContext", said.format(name), schema) for key, name in names.items()}


def _filters(usable: Mapping[str, Filter]) -> dict[str, Parameter]:
    """`filter=NAME`, and `filter.P=V` for each parameter P of any of the filters, one V or several."""
    if not usable:
        return {}
    about = "; ".join(f"{name}{_needs(each)}" for name, each in usable.items())
    said = f"One filter, which takes the place of the default one: {about}."
    parameters = {"filter": Parameter("filter", "invalidFilter", said, {"type": "string", "enum": list(usable)})}
    # Personalize takes values in double quotes and knows no way to write one inside
    schema = {"type": "string", "minLength": 1, "maxLength": MAX_VALUE_LENGTH - 2, "pattern": '^[^"]*$'}
    for name in dict.fromkeys(name for each in usable.values() for name in each.parameters):
        takers = ", ".join(key for key, each in usable.items() if name in each.parameters)
        said = f"A value of the filter {takers}; repeat the parameter for several."
        key = f"{FILTER_VALUE}{name}"
        parameters[key] = Parameter(key, "invalidFilterValue", said, schema, many=True)
    return parameters


def _needs(chosen: Filter) -> str:
    needed = [*(f"{FILTER_VALUE}{name}" for name in chosen.parameters), *(["userId"] if chosen.needs_user else [])]
    said = [*([f"needs {' and '.join(needed)}"] if needed else []), *(["the default"] if chosen.default else [])]
    return f" ({', '.join(said)})" if said else ""
