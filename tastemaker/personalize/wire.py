"""The three APIs on the wire: which operation a request names, its input, and answers in its protocol's envelope.

`personalize` is AWS JSON 1.1 (one path, the operation in `X-Amz-Target`); `personalize-runtime` and
`personalize-events` are REST-JSON (a path an operation). No target collides with a path, so one port serves all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, NoReturn, cast

from botocore.loaders import Loader, create_loader
from botocore.model import ServiceModel, Shape

from tastemaker.personalize.errors import InvalidInput, PersonalizeError, Serialization, UnknownOperation, Validation
from tastemaker.personalize.ids import new_uuid
from tastemaker.personalize.shapes import Members, Reader, Writer, compile_reader, compile_writer, read

_TARGET_HEADER: Final = "x-amz-target"
_REST_SERVICES: Final = ("personalize-runtime", "personalize-events")


@dataclass(frozen=True)
class WireRequest:
    """An HTTP request as it arrived; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    account: str
    region: str


@dataclass(frozen=True)
class WireResponse:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Operation:
    """One operation of one of the APIs, with what reads its input and writes its output."""

    name: str
    rest: bool
    reader: Reader
    writer: Writer | None
    errors: tuple[str, ...]
    """The codes that the API's model has for it."""


def find_operation(request: WireRequest) -> Operation:
    """The operation that `request` names, or `UnknownOperation`."""
    target = request.headers.get(_TARGET_HEADER)
    if target is not None:
        operation = control_operations().get(target)
        name = target
    else:
        operation = rest_operations().get((request.method, request.path.partition("?")[0]))
        name = f"{request.method} {request.path}"
    if operation is None:
        raise UnknownOperation(f"{name} is no operation of Amazon Personalize.")
    return operation


def read_input(operation: Operation, request: WireRequest) -> Members:
    """The checked input of `operation`; `Serialization` or `InvalidInput` where the body will not do.

    Where the model has no `InvalidInput` for the operation it is `Validation`, which all of AWS's APIs may answer.
    """
    try:
        return read(operation.reader, _decoded(request.body))
    except InvalidInput as refusal:
        if refusal.code in operation.errors:
            raise
        raise Validation(refusal.message) from refusal


def success(operation: Operation, output: Members | None) -> WireResponse:
    """A 200 with what the model knows of `output`."""
    body = _encoded(operation.writer(output or {})) if operation.writer is not None else b""
    return WireResponse(200, _headers(rest=operation.rest), body)


def failure(error: PersonalizeError, request: WireRequest) -> WireResponse:
    """`error` in the envelope of the protocol that `request` speaks."""
    if _TARGET_HEADER in request.headers:
        body = {"__type": error.code, "message": error.message}
        return WireResponse(error.control_status, _headers(rest=False), _encoded(body))
    headers = _headers(rest=True) | {"x-amzn-ErrorType": error.code}
    return WireResponse(error.rest_status, headers, _encoded({"message": error.message}))


def _headers(*, rest: bool) -> dict[str, str]:
    content_type = "application/json" if rest else "application/x-amz-json-1.1"
    return {"Content-Type": content_type, "x-amzn-RequestId": new_uuid()}


def _decoded(body: bytes) -> object:
    if not body:
        return {}
    try:
        return _DECODE(body.decode())
    except (ValueError, RecursionError) as error:
        raise Serialization(f"The request body is no valid JSON: {error}") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


# each is made once: `json.loads` and `json.dumps` with settings make one anew at every call
_DECODE: Final = json.JSONDecoder(parse_constant=_refuse_constant).decode
_ENCODE: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode


def _encoded(value: object) -> bytes:
    # ASCII escapes carry lone surrogates, which UTF-8 could not
    return _ENCODE(value).encode("ascii")


def operations() -> Iterable[Operation]:
    """All the operations of the three APIs."""
    return (*control_operations().values(), *rest_operations().values())


@cache
def control_operations() -> Mapping[str, Operation]:
    """The operations of `personalize` by their `X-Amz-Target`."""
    prefix = _service_model("personalize").metadata["targetPrefix"]
    return {f"{prefix}.{operation.name}": operation for _, operation in _operations("personalize", rest=False)}


@cache
def rest_operations() -> Mapping[tuple[str, str], Operation]:
    """The operations of `personalize-runtime` and `personalize-events` by method and path."""
    return {route: operation for service in _REST_SERVICES for route, operation in _operations(service, rest=True)}


def _operations(service: str, *, rest: bool) -> list[tuple[tuple[str, str], Operation]]:
    model = _service_model(service)
    found = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        output = operation.output_shape
        writer = compile_writer(output) if output is not None and output.members else None
        route = (operation.http["method"], operation.http["requestUri"])
        reader = compile_reader(cast(Shape, operation.input_shape))
        errors = tuple(shape.name for shape in operation.error_shapes)
        found.append((route, Operation(name, rest, reader, writer, errors)))
    return found


@cache
def _service_model(service: str) -> ServiceModel:
    return ServiceModel(_loader().load_service_model(service, "service-2"), service)


@cache
def _loader() -> Loader:
    # a session would find the same models, and take the first request 60 ms longer
    return create_loader()
