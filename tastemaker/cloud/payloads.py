"""API Gateway's payload format 2.0: from an HTTP request to a function's event, and from its result to a response."""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from tastemaker.cloud.http_api import HttpApi, RouteMatch

# the content types whose bodies reach a function as text; forms are not among them
_TEXT = ("text/", "application/json", "application/xml", "application/javascript")
_TEXT_SUFFIXES = ("+json", "+xml")
# line breaks would begin another header
_SENDABLE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
# describe one connection, not the message: API Gateway doesn't pass them on in either direction
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)

# counted by the gateway, or none of a function's business
_OURS = _HOP_BY_HOP | {"content-length"}


@dataclass(frozen=True)
class HttpRequest:
    """A request at the gateway: `path` decoded, `query` as it came, header names in lower case and in their order."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    source_ip: str
    protocol: str
    request_id: str
    received_at: float

    def header(self, name: str) -> str:
        """All values of a header, joined by commas; empty where there is none."""
        return ",".join(value for known, value in self.headers if known == name)


@dataclass(frozen=True)
class HttpResponse:
    """A response at the gateway, without the headers that the gateway itself adds."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


class MalformedResponse(Exception):
    """The function's result looks like a response but can't be sent as one."""


def event_of(request: HttpRequest, api: HttpApi, match: RouteMatch) -> bytes:
    """The event for the function behind a route. What there is none of is left out, as on AWS."""
    cookies = [cookie.strip() for name, value in request.headers if name == "cookie" for cookie in value.split(";")]
    headers = {
        name: request.header(name) for name, _ in request.headers if name != "cookie" and name not in _HOP_BY_HOP
    }
    host = headers.get("host", "")
    port = host.rpartition(":")[2] if ":" in host.rpartition("]")[2] else "80"
    headers.setdefault("content-length", str(len(request.body)))
    headers.setdefault("x-forwarded-for", request.source_ip)
    headers.setdefault("x-forwarded-port", port)
    headers.setdefault("x-forwarded-proto", "http")
    event: dict[str, object] = {
        "version": "2.0",
        "routeKey": match.route.key,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": _context(request, api, match, host.removesuffix(f":{port}")),
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if request.query:
        event["queryStringParameters"] = _query_parameters(request.query)
    if match.path_parameters:
        event["pathParameters"] = dict(match.path_parameters)
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request)
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def response_of(payload: bytes) -> HttpResponse:
    """The HTTP response that a function's result stands for. Raises `MalformedResponse`.

    An object with a `statusCode` is a response; anything else is the body of a 200, as it is.
    """
    try:
        result = json.loads(payload)
    except ValueError:
        result = None
    if not isinstance(result, dict) or "statusCode" not in result:
        return HttpResponse(200, [("content-type", "application/json")], payload)
    headers = [(name.lower(), value) for name, value in _headers(result.get("headers")) if name.lower() not in _OURS]
    if "content-type" not in dict(headers):
        headers.append(("content-type", "text/plain; charset=utf-8"))
    cookies = result.get("cookies") or []
    if not isinstance(cookies, list):
        raise MalformedResponse("cookies is not a list")
    headers += [("set-cookie", _field("set-cookie", cookie)) for cookie in cookies]
    return HttpResponse(_status(result["statusCode"]), headers, _decoded(result))


def _context(request: HttpRequest, api: HttpApi, match: RouteMatch, domain: str) -> Mapping[str, object]:
    moment = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(request.received_at))
    return {
        "accountId": api.account_id,
        "apiId": api.api_id,
        "domainName": domain,
        "domainPrefix": domain.split(".")[0],
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": request.header("user-agent"),
        },
        "requestId": request.request_id,
        "routeKey": match.route.key,
        "stage": api.stage,
        "time": moment,
        "timeEpoch": int(request.received_at * 1000),
    }


def _query_parameters(query: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    return parameters


def _body(request: HttpRequest) -> tuple[str, bool]:
    """The body as text, and whether that is Base64."""
    content_type = request.header("content-type").partition(";")[0].strip().lower()
    if not content_type or content_type.startswith(_TEXT) or content_type.endswith(_TEXT_SUFFIXES):
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode(), True


def _status(value: object) -> int:
    try:
        status = int(str(value))
    except ValueError:
        status = 0
    if not 100 <= status <= 599:
        raise MalformedResponse(f"statusCode is {value!r}")
    return status


def _headers(value: object) -> list[tuple[str, str]]:
    if value is None:
        return []
    if not isinstance(value, dict):
        raise MalformedResponse("headers is not an object")
    return [(_field("a header's name", name), _field(name, content)) for name, content in value.items()]


def _field(name: str, value: object) -> str:
    """A header's value, or its name, as it may go over the wire."""
    if isinstance(value, (dict, list)) or value is None:
        raise MalformedResponse(f"{name} is no text")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not _SENDABLE.fullmatch(text):
        raise MalformedResponse(f"{name} has characters that no header may have: {text!r}")
    return text


def _decoded(result: Mapping[str, object]) -> bytes:
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedResponse("body is no text")
    if not result.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise MalformedResponse(f"body is no Base64: {error}") from error
