"""The endpoint over real sockets: where requests go, and that nothing they hold brings it down."""

from __future__ import annotations

import base64
import json
import logging
import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tastemaker.cloud import moto_bridge
from tastemaker.cloud.calls import CallLog
from tastemaker.cloud.endpoint import HEALTH_PATH, Endpoint
from tastemaker.cloud.identity import Caller, Identities
from tastemaker.cloud.invocations import LambdaApi
from tastemaker.cloud.server import PortInUse
from tastemaker.cloud.wire import Request, Response
from tastemaker.cloud.workers import FunctionNotFound, Invocation
from tests.unit.cloud.served import Served, served, signed


def _personalize(service: str, request: Request) -> Response:
    answer = {"service": service, "target": request.target, "path": request.path, "body": request.body.decode()}
    return Response(200, json.dumps(answer).encode(), [("content-type", "application/json")])


def _broken(_service: str, _request: Request) -> Response:
    raise RuntimeError("out of order")


class _Functions:
    """Functions that answer with what they were called with."""

    def __init__(self) -> None:
        self.events: list[tuple[str, bytes]] = []

    def invoke(self, name_or_arn: str, payload: bytes, *, asynchronous: bool = False) -> Invocation:
        if name_or_arn == "missing":
            raise FunctionNotFound(name_or_arn)
        if asynchronous:
            self.events.append((name_or_arn, payload))
            return Invocation(b"", None, "", "request")
        error = "Unhandled" if name_or_arn == "faulty" else None
        return Invocation(json.dumps([name_or_arn, json.loads(payload)]).encode(), error, "START\nEND\n", "request")


@pytest.fixture(scope="module")
def _served() -> Iterator[tuple[Served, _Functions]]:
    functions = _Functions()
    lambda_api = LambdaApi(functions, moto_bridge.handle)
    with served({"personalize": _personalize, "lambda": lambda_api.answer, "broken": _broken}) as running:
        yield running, functions


@pytest.fixture
def functions(_served: tuple[Served, _Functions]) -> _Functions:
    _served[1].events.clear()
    return _served[1]


@pytest.fixture
def cloud(_served: tuple[Served, _Functions]) -> Served:
    _served[0].calls.clear()
    return _served[0]


def test_what_is_signed_for_personalize_goes_there(cloud: Served) -> None:
    status, _, body = cloud.send("POST", "/recommendations", signed("personalize"), b"{}")

    assert (status, json.loads(body)["path"]) == (200, "/recommendations")


def test_a_target_of_personalize_goes_there_without_a_signature(cloud: Served) -> None:
    target = "AmazonPersonalize.ListRecipes"

    _, _, body = cloud.send("POST", "/", {"X-Amz-Target": target}, b"{}")

    assert json.loads(body) == {"service": "personalize", "target": target, "path": "/", "body": "{}"}


@pytest.mark.parametrize("path", ["/recommendations", "/personalize-ranking", "/events", "/items", "/users"])
def test_the_runtime_and_events_paths_need_no_signature(cloud: Served, path: str) -> None:
    _, _, body = cloud.send("POST", path, body=b"{}")

    assert json.loads(body)["service"] == "personalize"


def test_a_bucket_that_is_called_like_a_path_of_personalize_stays_a_bucket(cloud: Served) -> None:
    status, _, body = cloud.send("GET", "/events", signed("s3"))

    assert status == 404
    assert b"NoSuchBucket" in body


def test_a_garbled_authorization_still_routes_by_target(cloud: Served) -> None:
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=///", "X-Amz-Target": "DynamoDB_20120810.ListTables"}

    status, _, body = cloud.send("POST", "/", headers, b"{}")

    assert (status, json.loads(body)) == (200, {"TableNames": []})


def test_an_invocation_answers_with_the_functions_payload(cloud: Served) -> None:
    response = cloud.client("lambda").invoke(FunctionName="f", Payload=b'{"a": 1}')

    assert json.load(response["Payload"]) == ["f", {"a": 1}]
    assert response["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in response
    assert "LogResult" not in response


def test_an_invocation_tells_of_the_functions_error_and_shows_the_end_of_its_log(cloud: Served) -> None:
    response = cloud.client("lambda").invoke(FunctionName="faulty", Payload=b"{}", LogType="Tail")

    assert response["FunctionError"] == "Unhandled"
    assert base64.b64decode(response["LogResult"]) == b"START\nEND\n"


def test_an_event_is_accepted_at_once(cloud: Served, functions: _Functions) -> None:
    response = cloud.client("lambda").invoke(FunctionName="f", InvocationType="Event", Payload=b"[]")

    assert response["StatusCode"] == 202
    assert functions.events == [("f", b"[]")]


def test_a_qualifier_is_handed_on(cloud: Served) -> None:
    response = cloud.client("lambda").invoke(FunctionName="f", Qualifier="live", Payload=b"{}")

    assert json.load(response["Payload"])[0] == "f:live"


def test_a_function_that_is_not_there_is_a_modelled_error(cloud: Served) -> None:
    client = cloud.client("lambda")

    with pytest.raises(client.exceptions.ResourceNotFoundException, match="Function not found: missing"):
        client.invoke(FunctionName="missing", Payload=b"{}")


def test_the_rest_of_lambda_is_motos(cloud: Served) -> None:
    assert cloud.client("lambda").list_functions()["Functions"] == []


def test_every_call_is_recorded_with_its_caller(cloud: Served) -> None:
    role = "arn:aws:iam::123456789012:role/r"
    s3 = cloud.clients.client("s3", cloud.identities.credentials_for(role, "f"))

    s3.list_buckets()

    assert [(call.caller, call.service, call.operation) for call in cloud.calls] == [
        (Caller(role, "f"), "s3", "ListBuckets")
    ]


def test_health_is_told_without_being_recorded(cloud: Served) -> None:
    status, _, body = cloud.send("GET", HEALTH_PATH)

    assert (status, json.loads(body)) == (200, {"status": "ok"})
    assert len(cloud.calls) == 0


def test_a_fault_answers_its_own_call_and_no_other(cloud: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL, "tastemaker.cloud.endpoint"):
        status, _, body = cloud.send("POST", "/", signed("broken"))

    assert (status, json.loads(body)["message"]) == (500, "RuntimeError: out of order")
    assert cloud.send("GET", HEALTH_PATH)[0] == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\xff\x16\x03\x01 no HTTP at all\r\n\r\n",
        b"GET /%zz%E0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: \xff\r\nX-Amz-Target: .\r\nContent-Length: 1\r\nConnection: close\r\n\r\n{",
        b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.Scan\r\nContent-Length: 9\r\n\r\n",
        b"PUT /b/k HTTP/1.1\r\nHost: x\r\nX-Amz-Content-Sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
        b"Content-Length: 2\r\nConnection: close\r\n\r\nzz",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ],
)
def test_malformed_requests_leave_the_endpoint_standing(
    cloud: Served, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    address = urlsplit(cloud.url)

    with (
        caplog.at_level(logging.CRITICAL, "tastemaker.cloud.moto_bridge"),
        socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection,
    ):
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    assert cloud.send("GET", HEALTH_PATH)[0] == 200


def test_one_connection_serves_many_requests(cloud: Served) -> None:
    address = urlsplit(cloud.url)
    request = f"GET {HEALTH_PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode()

    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
        answers = []
        for _ in range(3):
            connection.sendall(request)
            answers.append(_until(connection, b'{"status":"ok"}'))

    assert [answer[:15] for answer in answers] == [b"HTTP/1.1 200 OK"] * 3


def _until(connection: socket.socket, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end):
        received += connection.recv(65536)
    return received


def test_a_port_in_use_is_named_with_the_remedy(endpoint: Callable[[], Endpoint]) -> None:
    port = urlsplit(endpoint().start()).port
    assert port

    with pytest.raises(PortInUse, match=rf"port {port} on 127.0.0.1 is already in use: .* choose another port"):
        endpoint().start(port=port)


def test_a_port_is_free_again_after_the_end(endpoint: Callable[[], Endpoint]) -> None:
    first = endpoint()
    port = urlsplit(first.start()).port
    assert port

    first.stop()

    assert urlsplit(endpoint().start(port=port)).port == port


@pytest.fixture
def endpoint() -> Iterator[Callable[[], Endpoint]]:
    made: list[Endpoint] = []

    def make() -> Endpoint:
        made.append(Endpoint(services={}, others=_broken, calls=CallLog(Identities())))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def test_a_client_error_reaches_the_client_as_one(cloud: Served) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        cloud.client("s3").list_objects_v2(Bucket="nowhere")
