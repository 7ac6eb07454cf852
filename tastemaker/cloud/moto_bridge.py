"""Hands AWS requests to moto's backends, in this process, with nothing between but a WSGI environment."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import cast
from xml.sax.saxutils import escape

from botocore.exceptions import ClientError
from moto import backend_index, backends
from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    environ_key_for_header,
    should_preserve_original_header_name,
)
from moto.core.request import Request as MotoRequest
from werkzeug.exceptions import HTTPException

from tastemaker.cloud.identity import ACCOUNT_ID, ADMIN_CREDENTIALS, DEFAULT_REGION
from tastemaker.cloud.wire import Request, Response

_Handler = Callable[[object, str, object], object]

_log = logging.getLogger(__name__)

# moto knows these services by other names than those that they sign with
_SIGNING_ALIASES = {"eventbridge": "events", "iotdata": "data.iot", "mobiletargeting": "pinpoint"}
_SOME_AUTHORIZATION = (
    f"AWS4-HMAC-SHA256 Credential={ADMIN_CREDENTIALS.access_key_id}/20250101/{DEFAULT_REGION}/any/aws4_request"
)
_GLOBAL_SERVICES = frozenset({"budgets", "cloudfront"})
# the server sets its own, and lengths are counted anew
_HOP_HEADERS = frozenset({"status", "date", "server", "connection", "transfer-encoding", "content-length"})


class UnknownService(LookupError):
    """moto has no such service."""


def handle(service: str, request: Request) -> Response:
    """moto's answer. Blocks; never raises: what moto can't do is an answer too, and is logged."""
    try:
        status, headers, body = _call(service, request)
    except UnknownService as error:
        return _failure(request, 501, "NotImplemented", str(error))
    except NotImplementedError as error:
        return _failure(request, 501, "NotImplemented", str(error) or f"{service}: not implemented")
    except Exception as error:  # noqa: BLE001 - a fault in moto must answer this call and spare all others
        _log.exception("moto failed on %s %s of %s", request.method, request.target or request.path, service)
        return _failure(request, 500, "InternalFailure", f"{type(error).__name__}: {error}")
    return _response(request, status, headers, body)


def _call(service: str, request: Request) -> tuple[int, Mapping[str, object], object]:
    handler = _handler(service, request)
    wsgi_request = _Request(_environ(request))
    try:
        result = handler(wsgi_request, wsgi_request.raw_url, wsgi_request.headers)
    except HTTPException as error:
        return error.code or 500, dict(error.get_headers()), error.get_body()
    except ClientError as error:
        return 400, {}, str(error)
    if isinstance(result, tuple) and len(result) == 3:
        return cast(tuple[int, Mapping[str, object], object], result)
    return 200, {}, result


def _handler(service: str, request: Request) -> _Handler:
    for pattern, handler in _routes(_backend_name(_host(service, request))):
        if pattern.match(request.path):
            return handler
    raise UnknownService(f"{service} has no route for {request.method} {request.path}")


def _host(service: str, request: Request) -> str:
    """The host on AWS by which moto tells its backends apart."""
    service = _SIGNING_ALIASES.get(service, service)
    if service == "dynamodb" and request.target.startswith("DynamoDBStreams"):
        service = "streams.dynamodb"
    elif service == "s3" and request.path.startswith("/v20180820/"):
        service = f"{ACCOUNT_ID}.s3-control"
    if service in _GLOBAL_SERVICES:
        return f"{service}.amazonaws.com"
    return f"{service}.{request.region}.amazonaws.com"


@cache
def _backend_name(host: str) -> str:
    for name, pattern in backend_index.backend_url_patterns:
        if pattern.match(f"https://{host}"):
            return str(name)
    raise UnknownService(f"{host.partition('.')[0]} is a service that the embedded cloud does not have")


@cache
def _routes(backend_name: str) -> tuple[tuple[re.Pattern[str], _Handler], ...]:
    accounts = backends.get_backend(backend_name)[ACCOUNT_ID]
    # only its URLs are wanted, which are the same in every region
    backend = accounts["us-east-1" if "us-east-1" in accounts else "aws"]
    return tuple((re.compile(path), handler) for path, handler in backend.url_paths.items())


class _Request(MotoRequest):  # type: ignore[misc] # moto is untyped here
    """Tells moto that a server is in front of it, which sets the Date header itself."""

    from_wsgi_server = True


def _environ(request: Request) -> dict[str, object]:
    headers = request.headers
    host = headers.get("host", "localhost")
    name, _, port = host.rpartition(":")
    environ: dict[str, object] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _unquoted(request.path),
        "RAW_URI": request.path,
        "QUERY_STRING": request.query,
        "SERVER_NAME": name or host,
        "SERVER_PORT": port if name else "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_X_MOTO_ACCOUNT_ID": ACCOUNT_ID,
    }
    preserved = {}
    for header, value in headers.items():
        if header in ("content-length", "transfer-encoding"):
            continue
        key = environ_key_for_header(header)
        environ[key] = value
        if should_preserve_original_header_name(header):
            preserved[key] = header
    environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = preserved
    if "authorization" in headers and request.signature is None:
        # moto takes a scope that it can't read for an empty region
        environ["HTTP_AUTHORIZATION"] = _SOME_AUTHORIZATION
    return environ


def _unquoted(path: str) -> str:
    """WSGI's path: decoded to bytes, and those read as Latin-1."""
    if "%" not in path:
        return path
    return re.sub(rb"%([0-9a-fA-F]{2})", lambda hit: bytes([int(hit[1], 16)]), path.encode()).decode("latin-1")


def _response(request: Request, status: int, headers: Mapping[str, object], body: object) -> Response:
    sent = [(name, str(value)) for name, value in headers.items() if name.lower() not in _HOP_HEADERS]
    if request.method == "HEAD":
        # its length is that of the object, which isn't sent
        sent += [(name, str(value)) for name, value in headers.items() if name.lower() == "content-length"]
        return Response(int(status), b"", sent)
    return Response(int(status), _bytes(body), sent)


def _bytes(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    return b"".join(_bytes(chunk) for chunk in cast(Iterable[object], body)) if body is not None else b""


def _failure(request: Request, status: int, code: str, message: str) -> Response:
    """An error in the envelope that the request's protocol expects."""
    if request.target or "json" in request.headers.get("content-type", ""):
        body = json.dumps({"__type": code, "message": message}).encode()
        return Response(status, body, [("content-type", "application/x-amz-json-1.0"), ("x-amzn-errortype", code)])
    error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    if "Action=" in request.query or request.body.startswith((b"Action=", b"Version=")):
        error = f"<ErrorResponse>{error}</ErrorResponse>"
    return Response(status, error.encode(), [("content-type", "text/xml")])
