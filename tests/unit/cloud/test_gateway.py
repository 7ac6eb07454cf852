"""The HTTP API: payload format 2.0, routes, CORS, throttles and what a client gets when something fails."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from tastemaker.cloud.gateway import Gateway
from tastemaker.cloud.http_api import Cors, HttpApi, HttpRoute, Throttle
from tastemaker.cloud.server import BackgroundServer, Message
from tastemaker.cloud.worker import Invocation
from tastemaker.cloud.workers import PayloadTooLarge
from tastemaker.personalize.clock import ManualClock

Headers = Sequence[tuple[str, str]]
SHOP = "https://shop.example"


@dataclass
class Function:
    """Stands behind the routes: remembers its events, answers what it is told to."""

    result: object = field(default_factory=dict)
    fails: bool = False
    events: list[dict[str, object]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def invoke(self, name: str, payload: bytes) -> Invocation:
        self.names.append(name)
        self.events.append(json.loads(payload))
        answer = self.result if isinstance(self.result, bytes) else json.dumps(self.result).encode()
        return Invocation(answer, "Unhandled" if self.fails else None, "", "id")

    @property
    def event(self) -> dict[str, object]:
        return self.events[-1]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name)


class Client:
    """Asks a gateway without a network."""

    def __init__(
        self,
        *routes: HttpRoute,
        invoke: Callable[[str, bytes], Invocation],
        cors: Cors | None = None,
        throttle: Throttle | None = None,
        stage: str = "$default",
    ) -> None:
        self.clock = ManualClock(1_700_000_000.25)
        api = HttpApi("abc123", routes, cors=cors, throttle=throttle, stage=stage)
        self.gateway = Gateway(api, invoke, self.clock)

    def request(self, method: str, target: str, headers: Headers = (), body: bytes = b"") -> Answer:
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in (("host", "localhost:8080"), *headers)],
            "client": ("10.0.0.7", 5000),
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        asyncio.run(self._run(scope, receive, send))
        answered = [(name.decode(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
        return Answer(sent[0]["status"], answered, sent[1]["body"])

    async def _run(self, scope: Mapping[str, object], receive: object, send: object) -> None:
        await self.gateway(scope, receive, send)  # type: ignore[arg-type]  # stand-ins of the same shape


def default(function: Function, **settings: object) -> Client:
    """A client of an API whose every request goes to `function`."""
    return Client(HttpRoute("$default", "shop"), invoke=function.invoke, **settings)  # type: ignore[arg-type]  # Client's own


def test_the_event_has_payload_format_2_0() -> None:
    function = Function()
    client = Client(HttpRoute("GET /items/{itemId}", "arn:recommend"), invoke=function.invoke)
    client.request(
        "GET",
        "/items/é b?userId=a%20b&x=1&x=2&flag",
        [("user-agent", "curl/8"), ("accept", "a"), ("accept", "b"), ("cookie", "k=1; l=2"), ("cookie", "m=3")],
    )
    context = function.event["requestContext"]
    assert isinstance(context, dict)
    assert function.names == ["arn:recommend"]
    assert context.pop("requestId").endswith("=")
    assert function.event == {
        "version": "2.0",
        "routeKey": "GET /items/{itemId}",
        "rawPath": "/items/é b",
        "rawQueryString": "userId=a%20b&x=1&x=2&flag",
        "cookies": ["k=1", "l=2", "m=3"],
        "headers": {
            "host": "localhost:8080",
            "user-agent": "curl/8",
            "accept": "a,b",
            "content-length": "0",
            "x-forwarded-for": "10.0.0.7",
            "x-forwarded-port": "8080",
            "x-forwarded-proto": "http",
        },
        "queryStringParameters": {"userId": "a b", "x": "1,2", "flag": ""},
        "pathParameters": {"itemId": "é b"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": "localhost",
            "domainPrefix": "localhost",
            "http": {
                "method": "GET",
                "path": "/items/é b",
                "protocol": "HTTP/1.1",
                "sourceIp": "10.0.0.7",
                "userAgent": "curl/8",
            },
            "routeKey": "GET /items/{itemId}",
            "stage": "$default",
            "time": "14/Nov/2023:22:13:20 +0000",
            "timeEpoch": 1700000000250,
        },
        "isBase64Encoded": False,
    }


def test_what_a_request_does_not_have_is_left_out_of_the_event() -> None:
    function = Function()
    default(function).request("GET", "/")
    absent = {"cookies", "queryStringParameters", "pathParameters", "stageVariables", "body"}
    assert absent.isdisjoint(function.event)


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/json; charset=utf-8", '{"a": "é"}'.encode(), ('{"a": "é"}', False)),
        ("text/plain", b"hi", ("hi", False)),
        ("application/vnd.api+json", b"{}", ("{}", False)),
        ("application/x-www-form-urlencoded", b"a=1", ("YT0x", True)),
        ("application/octet-stream", b"\x00\xff", ("AP8=", True)),
        ("application/json", b"\xff", ("/w==", True)),
    ],
)
def test_bodies_that_are_no_text_are_base64(content_type: str, body: bytes, expected: tuple[str, bool]) -> None:
    function = Function()
    default(function).request("POST", "/", [("content-type", content_type)], body)
    assert (function.event["body"], function.event["isBase64Encoded"]) == expected


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("GET", "/items/new", "GET /items/new"),
        ("GET", "/items/7", "GET /items/{id}"),
        ("POST", "/items/new", "ANY /items/new"),
        ("DELETE", "/items/7", "ANY /items/{proxy+}"),
        ("GET", "/items/7/details", "ANY /items/{proxy+}"),
        ("GET", "/items/", "$default"),
        ("GET", "/items", "$default"),
        ("GET", "/elsewhere", "$default"),
    ],
)
def test_the_most_specific_route_wins(method: str, path: str, key: str) -> None:
    function = Function()
    keys = ["$default", "ANY /items/{proxy+}", "GET /items/{id}", "ANY /items/new", "GET /items/new"]
    client = Client(*(HttpRoute(key, "shop") for key in keys), invoke=function.invoke)
    client.request(method, path)
    assert function.event["routeKey"] == key


def test_a_greedy_variable_takes_the_rest_of_the_path() -> None:
    function = Function()
    Client(HttpRoute("GET /files/{path+}", "shop"), invoke=function.invoke).request("GET", "/files/a/b/c")
    assert function.event["pathParameters"] == {"path": "a/b/c"}


@pytest.mark.parametrize(("method", "path"), [("POST", "/items"), ("GET", "/"), ("GET", "/items/"), ("GET", "/Items")])
def test_an_unknown_route_is_not_found(method: str, path: str) -> None:
    function = Function()
    answer = Client(HttpRoute("GET /items", "shop"), invoke=function.invoke).request(method, path)
    assert (answer.status, answer.body) == (404, b'{"message":"Not Found"}')
    assert answer.header("content-type") == "application/json"
    assert function.events == []


def test_a_named_stage_begins_the_path() -> None:
    function = Function()
    client = Client(HttpRoute("GET /items", "shop"), invoke=function.invoke, stage="prod")
    assert client.request("GET", "/items").status == 404
    assert client.request("GET", "/production/items").status == 404
    assert client.request("GET", "/prod/items").status == 200
    assert function.event["rawPath"] == "/prod/items"


def test_a_result_with_a_status_code_is_a_whole_response() -> None:
    result = {
        "statusCode": 201,
        "headers": {"Content-Type": "text/csv", "X-Count": 3, "Connection": "close", "Content-Length": "99"},
        "cookies": ["a=1", "b=2; Secure"],
        "body": "é",
    }
    answer = default(Function(result)).request("GET", "/")
    assert (answer.status, answer.body) == (201, "é".encode())
    assert answer.headers[:2] == [("content-type", "text/csv"), ("x-count", "3")]
    assert [value for name, value in answer.headers if name == "set-cookie"] == ["a=1", "b=2; Secure"]
    assert [value for name, value in answer.headers if name == "content-length"] == ["2"]
    assert answer.header("connection") is None
    assert answer.header("apigw-requestid")


def test_a_base64_body_is_decoded() -> None:
    answer = default(Function({"statusCode": "200", "isBase64Encoded": True, "body": "AP8="})).request("GET", "/")
    assert (answer.status, answer.body) == (200, b"\x00\xff")
    assert answer.header("content-type") == "text/plain; charset=utf-8"


@pytest.mark.parametrize("result", [{"items": [1]}, ["a"], "text", 7, None])
def test_any_other_result_is_the_body_of_a_200(result: object) -> None:
    answer = default(Function(result)).request("GET", "/")
    assert (answer.status, json.loads(answer.body)) == (200, result)
    assert answer.header("content-type") == "application/json"


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": "ok"},
        {"statusCode": 99},
        {"statusCode": 200, "body": {"not": "text"}},
        {"statusCode": 200, "headers": ["x"]},
        {"statusCode": 200, "headers": {"x": {}}},
        {"statusCode": 200, "headers": {"x": "a\r\nset-cookie: b"}},
        {"statusCode": 200, "cookies": "a=1"},
        {"statusCode": 200, "isBase64Encoded": True, "body": "no base64!"},
    ],
)
def test_a_malformed_response_is_an_internal_error(result: object) -> None:
    answer = default(Function(result)).request("GET", "/")
    assert (answer.status, answer.body) == (500, b'{"message":"Internal Server Error"}')


def test_a_failing_function_is_an_internal_error_and_its_words_stay_inside() -> None:
    answer = default(Function({"errorMessage": "secret", "statusCode": 200}, fails=True)).request("GET", "/")
    assert (answer.status, answer.body) == (500, b'{"message":"Internal Server Error"}')


def test_a_function_that_cannot_be_invoked_is_an_internal_error() -> None:
    def invoke(_: str, __: bytes) -> Invocation:
        raise OSError("no such file")

    answer = Client(HttpRoute("$default", "shop"), invoke=invoke).request("GET", "/")
    assert answer.status == 500


def test_a_function_slower_than_the_integration_allows_is_unavailable() -> None:
    released = threading.Event()

    def invoke(_: str, __: bytes) -> Invocation:
        released.wait(10)
        return Invocation(b"1", None, "", "id")

    answer = Client(HttpRoute("$default", "shop", timeout_seconds=0.05), invoke=invoke).request("GET", "/")
    released.set()
    assert (answer.status, answer.body) == (503, b'{"message":"Service Unavailable"}')


def test_bodies_over_the_limits_are_refused() -> None:
    function = Function()
    client = default(function)
    answer = client.request("POST", "/", body=b"x" * (10 * 1024 * 1024 + 1))
    assert (answer.status, answer.body) == (413, b'{"message":"Request Entity Too Large"}')
    assert function.events == []
    assert client.request("POST", "/", body=b"x" * (10 * 1024 * 1024)).status == 200

    def invoke(_: str, __: bytes) -> Invocation:
        raise PayloadTooLarge(6_291_456)

    assert Client(HttpRoute("$default", "shop"), invoke=invoke).request("POST", "/").status == 413


CORS = Cors(
    allow_origins=(SHOP,),
    allow_methods=("GET", "POST"),
    allow_headers=("content-type",),
    expose_headers=("x-count",),
    max_age=600,
    allow_credentials=True,
)
PREFLIGHT = [("access-control-request-method", "POST")]


def cors_headers(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers if name.startswith("access-control-")}


def test_a_preflight_is_answered_by_the_gateway() -> None:
    function = Function()
    answer = default(function, cors=CORS).request("OPTIONS", "/no/such/route", [("origin", SHOP), *PREFLIGHT])
    assert (answer.status, answer.body) == (204, b"")
    assert cors_headers(answer) == {
        "access-control-allow-origin": SHOP,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET,POST",
        "access-control-allow-headers": "content-type",
        "access-control-expose-headers": "x-count",
        "access-control-max-age": "600",
    }
    assert function.events == []


def test_a_strange_origin_gets_no_cors_headers() -> None:
    client = default(Function(), cors=CORS)
    strange = ("origin", "https://evil.example")
    assert cors_headers(client.request("OPTIONS", "/", [strange, *PREFLIGHT])) == {}
    assert cors_headers(client.request("GET", "/", [strange])) == {}
    assert cors_headers(client.request("GET", "/")) == {}


def test_an_allowed_origin_gets_them_on_answers_and_errors_alike() -> None:
    expected = {
        "access-control-allow-origin": SHOP,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "x-count",
    }
    for function in (Function({"a": 1}), Function(fails=True)):
        answer = default(function, cors=CORS).request("GET", "/", [("origin", SHOP)])
        assert cors_headers(answer) == expected


def test_the_apis_cors_replaces_the_functions() -> None:
    function = Function({"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}})
    answer = default(function, cors=CORS).request("GET", "/", [("origin", "https://evil.example")])
    assert cors_headers(answer) == {}
    assert cors_headers(default(function).request("GET", "/")) == {"access-control-allow-origin": "*"}


@pytest.mark.parametrize(
    ("allowed", "origin", "expected"),
    [("*", SHOP, "*"), ("https://*", SHOP, SHOP), ("https://*", "http://shop.example", None)],
)
def test_origins_may_be_wildcards(allowed: str, origin: str, expected: str | None) -> None:
    answer = default(Function(), cors=Cors(allow_origins=(allowed,))).request("GET", "/", [("origin", origin)])
    assert answer.header("access-control-allow-origin") == expected


def test_without_cors_an_options_request_is_like_any_other() -> None:
    function = Function()
    assert default(function).request("OPTIONS", "/", [("origin", SHOP), *PREFLIGHT]).status == 200
    assert len(function.events) == 1


def test_a_throttle_lets_a_burst_through_and_then_its_rate() -> None:
    client = default(Function(), throttle=Throttle(rate=2, burst=3))
    assert [client.request("GET", "/").status for _ in range(4)] == [200, 200, 200, 429]
    client.clock.advance(0.5)
    assert [client.request("GET", "/").status for _ in range(2)] == [200, 429]
    client.clock.advance(3600)
    answers = [client.request("GET", "/") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert answers[3].body == b'{"message":"Too Many Requests"}'


def test_each_route_has_a_bucket_of_its_own_and_its_own_throttle_comes_first() -> None:
    routes = [HttpRoute("GET /a", "f"), HttpRoute("GET /b", "f"), HttpRoute("GET /c", "f", throttle=Throttle(1, 2))]
    client = Client(*routes, invoke=Function().invoke, throttle=Throttle(rate=1, burst=1))
    statuses = {path: [client.request("GET", path).status for _ in range(3)] for path in ("/a", "/b", "/c")}
    assert statuses == {"/a": [200, 429, 429], "/b": [200, 429, 429], "/c": [200, 200, 429]}


def test_the_gateway_answers_over_the_wire() -> None:
    function = Function({"statusCode": 200, "headers": {"content-type": "application/json"}, "body": "[]"})
    gateway = default(function, cors=CORS).gateway
    server = BackgroundServer(gateway, "127.0.0.1", 0)
    server.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("GET", "/a%2Fb%20c?q=%C3%A9", headers={"X-Twice": "1", "Connection": "keep-alive"})
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"[]")
        assert function.event["rawPath"] == "/a/b c"
        assert function.event["rawQueryString"] == "q=%C3%A9"
        assert function.event["queryStringParameters"] == {"q": "é"}
        connection.request("OPTIONS", "/", headers={"Origin": SHOP, "Access-Control-Request-Method": "GET"})
        response = connection.getresponse()
        assert (response.status, response.read()) == (204, b"")
        connection.request("POST", "/", body=b"{}")
        assert connection.getresponse().read() == b"[]"
    finally:
        connection.close()
        server.stop()
        gateway.close()
