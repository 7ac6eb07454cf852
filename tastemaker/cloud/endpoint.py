"""One HTTP endpoint for all of AWS: each request goes to its service's answer, in a thread, and is recorded."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tastemaker.cloud.calls import CallLog
from tastemaker.cloud.server import BackgroundServer
from tastemaker.cloud.services import service_of
from tastemaker.cloud.wire import Request, Response

# called with the name that the request is signed for; blocks
Answer = Callable[[str, Request], Response]
_Message = MutableMapping[str, Any]  # ASGI's own type

HEALTH_PATH = "/_tastemaker/health"
# Threads wait for functions, which call back: each service has enough of its own that none starves another
_THREADS = 64

# every answer of AWS carries one of them, and clients rely on it
_REQUEST_IDS = (b"x-amzn-requestid", b"x-amz-request-id")

_log = logging.getLogger(__name__)


class Endpoint:
    """Serves AWS from `start` to `stop`: `services` by signing name, and `others` for all that aren't named there."""

    def __init__(self, *, services: Mapping[str, Answer], others: Answer, calls: CallLog) -> None:
        self._services = services
        self._others = others
        self._calls = calls
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._server: BackgroundServer | None = None

    def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, and return the endpoint URL. Raises PortInUse; port 0 takes any free one."""
        self._pools = {
            service: ThreadPoolExecutor(_THREADS, thread_name_prefix=f"aws-{service or 'others'}")
            for service in ("", *self._services)
        }
        # its warnings are about malformed requests, of which their senders are told
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        self._server = BackgroundServer(self, host, port)
        return self._server.start()

    def stop(self) -> None:
        """Stop listening. What is being answered may finish, and isn't waited for long."""
        if self._server:
            self._server.stop()
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    async def __call__(
        self,
        scope: _Message,
        receive: Callable[[], Awaitable[_Message]],
        send: Callable[[_Message], Awaitable[None]],
    ) -> None:
        request = await _read(scope, receive)
        if request is None:
            return
        if request.path == HEALTH_PATH:
            response = Response(200, b'{"status":"ok"}', [("content-type", "application/json")])
        else:
            service = service_of(request)
            pool = self._pools[service if service in self._services else ""]
            response = await asyncio.get_running_loop().run_in_executor(pool, self._answer, service, request)
        await _write(response, send)

    def _answer(self, service: str, request: Request) -> Response:
        try:
            self._calls.record(service, request)
            return self._services.get(service, self._others)(service, request)
        except Exception as error:  # noqa: BLE001 - one faulty answer must not take the connection with it
            _log.exception("no answer to %s %s of %s", request.method, request.target or request.path, service)
            body = json.dumps({"__type": "InternalFailure", "message": f"{type(error).__name__}: {error}"})
            return Response(500, body.encode(), [("content-type", "application/json")])


async def _read(scope: _Message, receive: Callable[[], Awaitable[_Message]]) -> Request | None:
    """The whole request; None when the client went away before its end."""
    chunks: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=chunks[0] if len(chunks) == 1 else b"".join(chunks),
    )


async def _write(response: Response, send: Callable[[_Message], Awaitable[None]]) -> None:
    headers = [(name.lower().encode("latin-1"), _header(value)) for name, value in response.headers]
    if not any(name in _REQUEST_IDS for name, _ in headers):
        headers.append((b"x-amzn-requestid", str(uuid.uuid4()).encode()))
    if response.status not in (204, 304) and not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def _header(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()
