"""The three Personalize APIs of one endpoint, asked by the names of their operations, and what was asked of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import boto3
import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from botocore.model import OperationModel

Members: TypeAlias = dict[str, Any]
"""The members of a structure by the API's own names, of the types that its botocore shape states."""

SERVICES: Final = ("personalize", "personalize-runtime", "personalize-events")
CLIENT_CONFIG: Final = Config(
    parameter_validation=False,  # the service's own checks are what is asked for
    connect_timeout=10,
    read_timeout=120,
    retries={"mode": "standard", "total_max_attempts": 1},  # botocore would try again where a quota is reached
)


class Refused(Exception):
    """The endpoint refused a call: its code, HTTP status and message."""

    def __init__(self, operation: str, *, code: str, status: int, message: str) -> None:
        super().__init__(f"{operation} was refused with {code} ({status}): {message}")
        self.operation = operation
        self.code = code
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Exchange:
    """One call and its answer. `fields` are the answer's members; code and message are those of a refusal."""

    operation: str
    given: Members
    status: int
    fields: tuple[str, ...] = ()
    code: str | None = None
    message: str | None = None


@dataclass
class Endpoint:
    """Calls of operations by their names, by boto3's `clients` of the services. `exchanges` grows with each of them."""

    clients: Mapping[str, Any]
    exchanges: list[Exchange] = field(default_factory=list)

    def call(self, operation: str, given: Members) -> Members:
        """The members of the answer. Raises Refused."""
        method: Callable[..., Members] = getattr(self.clients[service_of(operation)], xform_name(operation))
        try:
            answer = method(**given)
        except ClientError as error:
            refused = _refused(operation, error)
            code, message = refused.code, refused.message
            self.exchanges.append(Exchange(operation, given, refused.status, code=code, message=message))
            raise refused from error
        metadata = answer.pop("ResponseMetadata")
        self.exchanges.append(Exchange(operation, given, metadata["HTTPStatusCode"], fields=field_paths(answer)))
        return answer


def connect(url: str | None, *, region: str, credentials: tuple[str, str] | None = None) -> Endpoint:
    """An endpoint at `url`, or AWS itself in `region` where that is None. `credentials` None: the machine's own."""
    return Endpoint({service: client(service, url, region=region, credentials=credentials) for service in SERVICES})


def client(service: str, url: str | None, *, region: str, credentials: tuple[str, str] | None) -> Any:
    """A boto3 client as `connect` makes them, of any service."""
    key, secret = credentials or (None, None)
    make: Callable[..., Any] = boto3.client
    return make(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        # buckets that have no host name of their own, as on a local endpoint
        config=CLIENT_CONFIG.merge(Config(s3={"addressing_style": "path" if url else "auto"})),
    )


def field_paths(value: Members, prefix: str = "") -> tuple[str, ...]:
    """The members of an answer, those inside as `solution.status`, those of a list's entries as `items[].name`."""
    paths: set[str] = set()
    for name, member in value.items():
        path = f"{prefix}{name}"
        paths.add(path)
        if isinstance(member, dict):
            paths.update(field_paths(member, f"{path}."))
        elif isinstance(member, list):
            for entry in member:
                if isinstance(entry, dict):
                    paths.update(field_paths(entry, f"{path}[]."))
    return tuple(sorted(paths))


@cache
def operations() -> Mapping[str, OperationModel]:
    """The operations of the three APIs as botocore's models have them, by name."""
    session = botocore.session.get_session()
    models = [session.get_service_model(service) for service in SERVICES]
    return {name: model.operation_model(name) for model in models for name in model.operation_names}


def service_of(operation: str) -> str:
    """The service that has `operation`. Raises KeyError for the name of none."""
    return str(operations()[operation].service_model.service_name)


def modelled_errors(operation: str) -> tuple[str, ...]:
    """The codes that the model of `operation` knows."""
    return tuple(shape.name for shape in operations()[operation].error_shapes)


def inputs(operation: str) -> tuple[str, ...]:
    """The members of an operation's input."""
    shape = operations()[operation].input_shape
    return tuple(shape.members) if shape is not None else ()


def _refused(operation: str, error: ClientError) -> Refused:
    told = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return Refused(operation, code=told.get("Code", ""), status=status, message=told.get("Message", ""))
