"""The HTTP API's front door: an ASGI application that does what API Gateway does between a client and a function."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tastemaker.cloud.http_api import DEFAULT_STAGE, HttpApi, HttpRoute, RouteMatch, Router, TokenBucket
from tastemaker.cloud.payloads import HttpRequest, HttpResponse, MalformedResponse, event_of, response_of
from tastemaker.cloud.server import Receive, Scope, Send
from tastemaker.cloud.worker import Invocation
from tastemaker.cloud.workers import PayloadTooLarge
from tastemaker.personalize.clock import Clock

_LOG = logging.getLogger(__name__)
_LONGEST_BODY = 10 * 1024 * 1024
# as many requests wait for functions at once; each function serves them one by one
_THREADS = 64
_WITHOUT_BODY = (204, 304)

Invoke = Callable[[str, bytes], Invocation]


class Gateway:
    """Serves one `HttpApi`. `invoke` is called with a route's function and an event, from threads of the gateway's own.

    Throttles go by `clock`; integration time-outs are real, as the functions are.
    """

    def __init__(self, api: HttpApi, invoke: Invoke, clock: Clock) -> None:
        self._api = api
        self._invoke = invoke
        self._clock = clock
        self._router = Router(api.routes)
        throttles = {route.key: route.throttle or api.throttle for route in api.routes}
        self._buckets = {key: TokenBucket(throttle, clock) for key, throttle in throttles.items() if throttle}
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix=f"gateway-{api.api_id}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        body = await _body(receive)
        request = self._request(scope, body or b"")
        response = await self._respond(request) if body is not None else _message(413, "Request Entity Too Large")
        headers = [
            *(header for header in response.headers if not self._replaced(header[0])),
            ("apigw-requestid", request.request_id),
            *self._cors_headers(request),
        ]
        content = b"" if response.status in _WITHOUT_BODY else response.body
        if response.status not in _WITHOUT_BODY:
            headers.append(("content-length", str(len(content))))
        await send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            }
        )
        await send({"type": "http.response.body", "body": content})

    def close(self) -> None:
        """Take no more requests. Whoever waits for a function is left to the server's own end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _respond(self, request: HttpRequest) -> HttpResponse:
        if self._is_preflight(request):
            return HttpResponse(204, [], b"")
        match = self._match(request)
        if match is None:
            return _message(404, "Not Found")
        bucket = self._buckets.get(match.route.key)
        if bucket is not None and not bucket.take():
            return _message(429, "Too Many Requests")
        return await self._integrate(match.route, event_of(request, self._api, match))

    async def _integrate(self, route: HttpRoute, event: bytes) -> HttpResponse:
        """What the route's function answers, or what API Gateway says in its stead."""
        loop = asyncio.get_running_loop()
        answer = loop.run_in_executor(self._pool, self._invoke, route.function, event)
        try:
            invocation = await asyncio.wait_for(answer, route.timeout_seconds)
            if invocation.function_error is None:
                return response_of(invocation.payload)
            # the function's log says more; this line says which request it was
            _LOG.warning("%s answered 500: %s failed, request %s", route.key, route.function, invocation.request_id)
        except TimeoutError:
            _LOG.warning("%s answered 503: %s took over %g s", route.key, route.function, route.timeout_seconds)
            return _message(503, "Service Unavailable")
        except PayloadTooLarge:
            return _message(413, "Request Entity Too Large")
        except MalformedResponse as error:
            _LOG.warning("%s answered 500: %s gave no valid response: %s", route.key, route.function, error)
        except Exception:  # noqa: BLE001  # a gateway answers whatever happens behind it
            _LOG.exception("%s answered 500: %s could not be invoked", route.key, route.function)
        return _message(500, "Internal Server Error")

    def _match(self, request: HttpRequest) -> RouteMatch | None:
        path = request.path
        if self._api.stage != DEFAULT_STAGE:
            prefix = f"/{self._api.stage}"
            if path != prefix and not path.startswith(f"{prefix}/"):
                return None
            path = path.removeprefix(prefix) or "/"
        return self._router.match(request.method, path)

    def _is_preflight(self, request: HttpRequest) -> bool:
        asks = request.header("origin") and request.header("access-control-request-method")
        return bool(self._api.cors and request.method == "OPTIONS" and asks)

    def _cors_headers(self, request: HttpRequest) -> list[tuple[str, str]]:
        origin = request.header("origin")
        if self._api.cors is None or not origin:
            return []
        if self._is_preflight(request):
            return self._api.cors.preflight_headers(origin)
        return self._api.cors.headers(origin)

    def _replaced(self, name: str) -> bool:
        """Whether a function's header gives way to the gateway's: CORS headers do where the API has CORS."""
        return self._api.cors is not None and name.startswith("access-control-")

    def _request(self, scope: Scope, body: bytes) -> HttpRequest:
        return HttpRequest(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
            body=body,
            source_ip=scope["client"][0] if scope.get("client") else "127.0.0.1",
            protocol=f"HTTP/{scope['http_version']}",
            request_id=f"{secrets.token_urlsafe(11)}=",
            received_at=self._clock.now(),
        )


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None where it is over the limit of 10 MB."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _LONGEST_BODY:
            return None
        if not message.get("more_body"):
            return bytes(body)


def _message(status: int, message: str) -> HttpResponse:
    """An answer of the gateway's own."""
    return HttpResponse(
        status, [("content-type", "application/json")], json.dumps({"message": message}, separators=(",", ":")).encode()
    )
