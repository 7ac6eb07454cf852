"""Calls to moto's services from within this process: AWS's own request shapes, no endpoint and no network."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.model import ListShape, MapShape, StructureShape
from moto.core.botocore_stubber import BotocoreStubber

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.client import BaseClient
    from botocore.model import Shape

_IN_PROCESS = Config(  # type: ignore[call-arg]  # the stubs lack the endpoint option
    ignore_configured_endpoint_urls=True,  # AWS_ENDPOINT_URL points at this cloud's own door
    retries={"total_max_attempts": 1},
    s3={"addressing_style": "path"},
)


class UnsupportedPropertyError(Exception):
    """A template sets a property that the service's API doesn't have, or that isn't adapted here."""


def call(region: str, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Call `operation` (as the service model spells it) with CloudFormation's `parameters`, fitted to its shape."""
    client = _client(service, region)
    shape = client.meta.service_model.operation_model(operation).input_shape
    fitted = _fit(dict(parameters), shape, operation) if shape else {}
    response: dict[str, Any] = getattr(client, xform_name(operation))(**fitted)
    return response


@cache
def _client(service: str, region: str) -> BaseClient:
    transport = BotocoreStubber()
    transport.enabled = True
    session = boto3.Session(
        aws_access_key_id="cloudformation",
        aws_secret_access_key="in-process",  # noqa: S106  # moto checks no signatures
        region_name=region,
    )
    client: BaseClient = session.client(service, config=_IN_PROCESS)  # type: ignore[call-overload]  # the overloads know literal service names only
    client.meta.events.register_first("before-send", transport)
    return client


def _fit(value: Any, shape: Shape, where: str) -> Any:
    """CloudFormation lets numbers and booleans be strings and documents be objects; the APIs don't."""
    match shape:
        case StructureShape():
            unknown = sorted(set(value) - set(shape.members))
            if unknown:
                raise UnsupportedPropertyError(f"{where} has no {', '.join(unknown)}")
            return {name: _fit(member, shape.members[name], f"{where}.{name}") for name, member in value.items()}
        case ListShape():
            return [_fit(member, shape.member, where) for member in value]
        case MapShape():
            return {name: _fit(member, shape.value, f"{where}.{name}") for name, member in value.items()}
        case _:
            return _fit_scalar(value, shape.type_name)


def _fit_scalar(value: Any, type_name: str) -> Any:
    match type_name:
        case "boolean":
            return value if isinstance(value, bool) else str(value).lower() == "true"
        case "integer" | "long":
            return int(value)
        case "float" | "double":
            return float(value)
        case "string":
            return text(value)
        case _:
            return value


def text(value: Any) -> str:
    """A property as the APIs take it where they want a string: booleans in lower case, documents as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
