"""DynamoDB's data plane on moto's tables, made quick and put right.

moto walks a service model over every attribute of every item, twice a call, and sorts the whole table for every page.
Here `AttributeValue` structures pass through as they are, pages cost what they hold, and one call at a time touches
the tables, so that a conditional write is one.
"""

from __future__ import annotations

import base64
import binascii
import gc
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from botocore.loaders import create_loader
from botocore.model import ServiceModel, StructureShape
from moto.core.exceptions import JsonRESTError, ServiceException
from moto.core.responses import ActionResult
from moto.dynamodb import responses
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.utilities import dynamo_to_dict
from werkzeug.exceptions import HTTPException

from tastemaker.cloud import dynamodb_filters, dynamodb_tables, dynamodb_transactions, moto_bridge
from tastemaker.cloud.identity import ACCOUNT_ID, DEFAULT_REGION
from tastemaker.cloud.wire import Request, Response

AttributeValue = Mapping[str, Any]

_TARGET = "DynamoDB_20120810."
_ERROR_PREFIX = "com.amazonaws.dynamodb.v20120810#"
_HEADERS = (("content-type", "application/x-amz-json-1.0"),)
_LARGEST_BATCH_WRITE = 25
_DATA_OPERATIONS = {
    "BatchGetItem": "batch_get_item",
    "BatchWriteItem": "batch_write_item",
    "DeleteItem": "delete_item",
    "GetItem": "get_item",
    "PutItem": "put_item",
    "Query": "query",
    "Scan": "scan",
    "TransactGetItems": "transact_get_items",
    "TransactWriteItems": "transact_write_items",
    "UpdateItem": "update_item",
}
# moto takes no lock of its own
_tables = threading.RLock()


class SeedingError(Exception):
    """A table can't take what it is given; the message names the table, the item's number and what is wrong."""


def install() -> None:
    """Put this module's tables in the place of moto's; harmless when repeated. Tables made count stay as they are."""
    if responses.DynamoResult is not _Untouched:
        responses.DynamoResult = _Untouched
        dynamodb_tables.install()
        dynamodb_filters.install()
        dynamodb_transactions.install()


def handle(service: str, request: Request) -> Response:
    """The answer to any DynamoDB request; what isn't about items is moto's own."""
    operation = request.target.removeprefix(_TARGET)
    if operation not in _DATA_OPERATIONS:
        with _tables:
            return moto_bridge.handle(service, request)
    try:
        parameters = _parsed(request.body)
        _check(operation, parameters)
        with _tables:
            if operation == "BatchWriteItem":
                _check_batch(parameters["RequestItems"], request.region)
            if operation == "BatchGetItem":
                _check_keys(parameters["RequestItems"], request.region)
            return Response(200, _encoded(_perform(operation, parameters, request.region)), _HEADERS)
    except HTTPException as error:
        return Response(error.code or 400, str(error.description).encode(), _HEADERS)
    except ServiceException as error:
        body = {"__type": _ERROR_PREFIX + error.code, "message": error.message}
        return Response(400, json.dumps(body).encode(), _HEADERS)


def seed_table(
    table_name: str,
    items: Iterable[Mapping[str, AttributeValue]],
    *,
    region: str = DEFAULT_REGION,
) -> int:
    """Put items straight into a table of this process, as PutItem would one by one; returns how many.

    Values are those that boto3 takes (binary ones as bytes). Raises SeedingError for a table that isn't there and for
    the first item that PutItem would refuse; those before it are in the table.
    """
    count = 0
    with _tables, _collector_at_rest():
        table = dynamodb_backends[ACCOUNT_ID][region].tables.get(table_name)
        if table is None:
            raise SeedingError(f"there is no table {table_name} in {region}")
        for count, item in enumerate(items, start=1):
            try:
                dynamodb_tables.seed(table, item)
            except JsonRESTError as refusal:
                raise SeedingError(f"item {count} for the table {table_name}: {refusal.message}") from refusal
    return count


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    # half of the time of a large load would go into looking for garbage among items that all stay
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _perform(operation: str, parameters: dict[str, Any], region: str) -> dict[str, Any]:
    handler = responses.DynamoHandler()
    handler.body = parameters
    handler.region = region
    handler.current_account = ACCOUNT_ID
    result: dict[str, Any] = getattr(handler, _DATA_OPERATIONS[operation])().result
    if parameters.get("ReturnConsumedCapacity", "NONE") == "NONE":
        result.pop("ConsumedCapacity", None)
    known = _members(operation).output
    return {name: value for name, value in result.items() if name in known}


def _check(operation: str, parameters: Mapping[str, Any]) -> None:
    """What moto leaves to the SDKs, and some SDKs to the service."""
    for name in _members(operation).required:
        if name not in parameters:
            member = name[0].lower() + name[1:]
            raise MockValidationException(
                f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: "
                "Member must not be null"
            )
    limit = parameters.get("Limit", 1)
    if limit < 1:
        raise MockValidationException(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1"
        )


def _check_batch(writes: Mapping[str, Sequence[Mapping[str, Any]]], region: str) -> None:
    if sum(map(len, writes.values())) > _LARGEST_BATCH_WRITE:
        raise MockValidationException("Too many items requested for the BatchWriteItem call")
    for table_name, requests in writes.items():
        names = dynamodb_backends[ACCOUNT_ID][region].get_table(table_name).table_key_attrs
        keys = set()
        for request in requests:
            (written,) = request.values()
            attributes = written.get("Item") or written.get("Key") or {}
            keys.add(tuple(str(attributes.get(name)) for name in names))
        if len(keys) < len(requests):
            raise MockValidationException("Provided list of item keys contains duplicates")


def _check_keys(reads: Mapping[str, Mapping[str, Any]], region: str) -> None:
    """Moto finds nothing by a key of another type, where DynamoDB refuses it."""
    for table_name, request in reads.items():
        table = dynamodb_backends[ACCOUNT_ID][region].get_table(table_name)
        types = {each["AttributeName"]: each["AttributeType"] for each in table.attr}
        wanted = {name: types[name] for name in table.table_key_attrs}
        for key in request["Keys"]:
            if {name: next(iter(value), None) for name, value in key.items()} != wanted:
                raise MockValidationException("The provided key element does not match the schema")


class _Members:
    """The names of an operation's members, by botocore's model."""

    def __init__(self, operation: str) -> None:
        model = _service_model().operation_model(operation)
        self.required: list[str] = model.input_shape.required_members if model.input_shape else []
        shape = model.output_shape
        self.output = frozenset(shape.members) if isinstance(shape, StructureShape) else frozenset()


_members = cache(_Members)


@cache
def _service_model() -> ServiceModel:
    return ServiceModel(create_loader().load_service_model("dynamodb", "service-2"), "dynamodb")


def _parsed(body: bytes) -> dict[str, Any]:
    # only binary values need a second look, which costs half of the parsing
    hook = _with_bytes if re.search(rb'"BS?"\s*:', body) else None
    try:
        parsed = json.loads(body, object_hook=hook)
    except (ValueError, binascii.Error) as error:
        raise _serialization_error(str(error)) from error
    if not isinstance(parsed, dict):
        raise _serialization_error("Unexpected value type in payload")
    return parsed


def _serialization_error(message: str) -> ServiceException:
    return ServiceException("SerializationException", message)


def _with_bytes(structure: dict[str, Any]) -> dict[str, Any]:
    if len(structure) == 1:
        match structure:
            case {"B": str(text)}:
                return {"B": base64.b64decode(text, validate=True)}
            case {"BS": list(texts)}:
                return {"BS": [base64.b64decode(text, validate=True) for text in texts]}
    return structure


def _encoded(result: Mapping[str, Any]) -> bytes:
    return _encoder.encode(result).encode()


def _as_json(value: Any) -> Any:
    if type(value) is DynamoType:
        return {value.type: value.value}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} is no DynamoDB value")


_encoder = json.JSONEncoder(default=_as_json, ensure_ascii=False, separators=(",", ":"), check_circular=False)


class _Untouched(ActionResult):  # type: ignore[misc] # moto is untyped here
    """A result whose DynamoDB values stay as they are until moto's own serializer wants them."""

    def execute_result(self, context: Any) -> Any:
        return ActionResult(dynamo_to_dict(self.result)).execute_result(context)
