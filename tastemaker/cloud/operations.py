"""Which API operation a request is, and its parameters, told by botocore's service models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl, unquote

import botocore.loaders
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel, ServiceModel, StructureShape

from tastemaker.cloud.wire import Request

# REST services whose models are not named after the name they sign with
_MODELS = {
    "apigateway": ("apigatewayv2", "apigateway"),
    "personalize": ("personalize-runtime", "personalize-events"),
}
_RPC_PATH = re.compile(r"/service/[^/]+/operation/(\w+)$")


@dataclass(frozen=True)
class Operation:
    """An operation by its API name, and the request's parameters by their API names."""

    name: str
    parameters: Mapping[str, object]


def operation_of(service: str, request: Request) -> Operation:
    """What `request` asks of the service that signs as `service`.

    An operation that no model knows is named by its method and path, so that nothing goes unseen.
    """
    if request.target:
        return Operation(request.target.rpartition(".")[2], _json(request.body))
    if match := _RPC_PATH.match(request.path):
        return Operation(match[1], {})
    if form := _form(request):
        return Operation(form.pop("Action"), form)
    for model in _MODELS.get(service, (service,)):
        for route in _routes(model).get(request.method, ()):
            if (arguments := route.match(request)) is not None:
                body = _json(request.body) if route.json_body else {}
                return Operation(route.operation, {**body, **arguments})
    return Operation(f"{request.method} {request.path}", {})


@dataclass(frozen=True)
class _Route:
    """One REST operation: what its requests look like, and where they carry their parameters."""

    operation: str
    path: re.Pattern[str]
    labels: Sequence[str]
    query: Mapping[str, str | None]
    headers: frozenset[str]
    parameters: Mapping[str, str]
    json_body: bool

    def match(self, request: Request) -> dict[str, object] | None:
        """The parameters in the path and the query; None where the request is another operation's."""
        query = request.arguments
        for name, value in self.query.items():
            if name not in query or (value is not None and query[name] != value):
                return None
        if not self.headers <= request.headers.keys() or not (match := self.path.fullmatch(request.path)):
            return None
        arguments: dict[str, object] = {
            name: unquote(text) for name, text in zip(self.labels, match.groups(), strict=True)
        }
        arguments.update((self.parameters[name], value) for name, value in query.items() if name in self.parameters)
        return arguments


@cache
def _routes(service: str) -> Mapping[str, Sequence[_Route]]:
    """A REST service's operations by method, those that ask for more first. Empty for all other services."""
    try:
        model = botocore.loaders.create_loader().load_service_model(service, "service-2")
    except UnknownServiceError:
        return {}
    service_model = ServiceModel(model, service)
    if not str(service_model.metadata.get("protocol", "")).startswith("rest"):
        return {}
    routes: dict[str, list[_Route]] = {}
    for name in service_model.operation_names:
        operation = service_model.operation_model(name)
        routes.setdefault(str(operation.http["method"]), []).append(_route(operation))
    for candidates in routes.values():
        candidates.sort(key=lambda route: len(route.query) + len(route.headers), reverse=True)
    return routes


def _route(operation: OperationModel) -> _Route:
    path, _, fixed = str(operation.http["requestUri"]).partition("?")
    query: dict[str, str | None] = {name: value or None for name, value in parse_qsl(fixed, keep_blank_values=True)}
    headers, parameters = set(), {}
    shape = operation.input_shape
    for name, location, wire_name, required in _members(shape) if isinstance(shape, StructureShape) else ():
        if location == "querystring":
            parameters[wire_name] = name
            if required:
                query.setdefault(wire_name, None)
        elif location == "header" and required:
            headers.add(wire_name.lower())
    pattern, labels = _pattern(path)
    protocol = str(operation.service_model.metadata["protocol"])
    return _Route(
        operation=operation.name,
        path=pattern,
        labels=labels,
        query=query,
        headers=frozenset(headers),
        parameters=parameters,
        json_body=protocol == "rest-json" and not (shape and shape.serialization.get("payload")),
    )


def _members(shape: StructureShape) -> Iterator[tuple[str, str, str, bool]]:
    for name, member in shape.members.items():
        location = str(member.serialization.get("location", ""))
        yield name, location, str(member.serialization.get("name", name)), name in shape.required_members


def _pattern(path: str) -> tuple[re.Pattern[str], Sequence[str]]:
    """A service model's path, such as `/{Bucket}/{Key+}`, as an expression over percent-encoded paths, and what its
    groups are called."""
    labels: list[str] = []
    expression = ""
    for piece in re.split(r"(\{[^}]+\})", path.rstrip("/")):
        if piece.startswith("{"):
            label = piece.strip("{}")
            labels.append(label.rstrip("+"))
            expression += "(.+)" if label.endswith("+") else "([^/]+)"
        else:
            expression += re.escape(piece)
    return re.compile(expression + "/?"), labels


def _json(body: bytes) -> dict[str, object]:
    try:
        parsed = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _form(request: Request) -> dict[str, str]:
    """The parameters of a query-protocol request, `Action` among them; empty for all other requests."""
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    text = request.body.decode("utf-8", "replace") if is_form else request.query
    if "Action=" not in text:
        return {}
    form = dict(parse_qsl(text, keep_blank_values=True))
    return form if "Action" in form else {}
