"""Real botocore clients on an embedded Personalize without a socket: signed, serialised and parsed as over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, overload
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.session import Session

from tastemaker.personalize.service import Personalize
from tastemaker.personalize.wire import WireRequest, WireResponse

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.config import Config
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_personalize_events import PersonalizeEventsClient
    from mypy_boto3_personalize_runtime import PersonalizeRuntimeClient

DEFAULT_ACCOUNT: Final = "123456789012"
DEFAULT_REGION: Final = "us-east-1"
_SESSION_LOCK: Final = threading.Lock()


@overload
def client(
    personalize: Personalize,
    service: Literal["personalize"],
    *,
    account: str = ...,
    region: str = ...,
    config: Config | None = ...,
) -> PersonalizeClient: ...
@overload
def client(
    personalize: Personalize,
    service: Literal["personalize-runtime"],
    *,
    account: str = ...,
    region: str = ...,
    config: Config | None = ...,
) -> PersonalizeRuntimeClient: ...
@overload
def client(
    personalize: Personalize,
    service: Literal["personalize-events"],
    *,
    account: str = ...,
    region: str = ...,
    config: Config | None = ...,
) -> PersonalizeEventsClient: ...


def client(
    personalize: Personalize,
    service: str,
    *,
    account: str = DEFAULT_ACCOUNT,
    region: str = DEFAULT_REGION,
    config: Config | None = None,
) -> BaseClient:
    """A client of `service` whose calls `personalize` answers, as `account` in `region`.

    It is what `boto3.client` gives, needs neither credentials nor network, and ignores `AWS_ENDPOINT_URL`.
    """
    # a session parses the service models once, but makes clients for one thread at a time
    with _SESSION_LOCK:
        made = _session().create_client(
            service,
            region_name=region,
            endpoint_url=f"http://{service}.{region}.in-process",
            aws_access_key_id="in-process",
            aws_secret_access_key="in-process",  # noqa: S106 # signs what nobody verifies
            config=config,
        )

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        return _response(request, personalize.handle(_wire_request(request, account, region)))

    made.meta.events.register(f"before-send.{service}.*", answer)  # type: ignore[arg-type] # an answer replaces sending; the stubs forbid one
    return made


@cache
def _session() -> Session:
    return Session()


def _wire_request(request: AWSPreparedRequest, account: str, region: str) -> WireRequest:
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    body = request.body or b""
    return WireRequest(
        method=request.method,
        path=urlsplit(request.url).path,
        headers=headers,
        body=body if isinstance(body, bytes) else str(body).encode(),
        account=account,
        region=region,
    )


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _response(request: AWSPreparedRequest, response: WireResponse) -> AWSResponse:
    return AWSResponse(request.url, response.status, HTTPHeaders.from_dict(response.headers), _Body(response.body))


class _Body:
    """A response's body as botocore reads it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        yield self._content
