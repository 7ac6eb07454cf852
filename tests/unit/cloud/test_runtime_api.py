"""The Runtime API: what a worker process gets to see on the wire."""

from __future__ import annotations

import http.client
import os
import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tastemaker.cloud.runtime_api import Call, Kind, RuntimeApi

Answer = tuple[int, dict[str, str], bytes]
VERSION = "/2018-06-01/runtime"


class Process:
    """Plays the worker process: each request goes out from a thread of its own."""

    def __init__(self, api: RuntimeApi) -> None:
        self.api = api
        self._pool = ThreadPoolExecutor()

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> Future[Answer]:
        return self._pool.submit(self._request, method, path, body, headers)

    def _request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection(self.api.address, timeout=10)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, sent)
        response = connection.getresponse()
        answer = response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        connection.close()
        return answer

    def call(self) -> Call:
        """The next call that arrives at the API."""
        while (call := self.api.poll(5)) is None:
            pass
        return call

    def close(self) -> None:
        self._pool.shutdown()


@pytest.fixture
def process() -> Iterator[Process]:
    process = Process(RuntimeApi())
    yield process
    process.close()
    process.api.close()


def test_an_event_comes_with_every_header_of_the_real_api(process: Process) -> None:
    answer = process.request("GET", f"{VERSION}/invocation/next")
    call = process.call()
    assert call.kind is Kind.NEXT
    call.hand_over("id-1", b'{"a": 1}', deadline=1_700_000_000.5, arn="arn:f", trace_id="Root=1")
    status, headers, body = answer.result()
    assert (status, body) == (200, b'{"a": 1}')
    assert headers == {
        "content-type": "application/json",
        "content-length": "8",
        "lambda-runtime-aws-request-id": "id-1",
        "lambda-runtime-deadline-ms": "1700000000500",
        "lambda-runtime-invoked-function-arn": "arn:f",
        "lambda-runtime-trace-id": "Root=1",
    }


@pytest.mark.parametrize(
    ("path", "kind", "request_id"),
    [
        ("/invocation/id-1/response", Kind.RESPONSE, "id-1"),
        ("/invocation/id-1/error", Kind.ERROR, "id-1"),
        ("/init/error", Kind.INIT_ERROR, ""),
    ],
)
def test_answers_and_errors_are_confirmed(process: Process, path: str, kind: Kind, request_id: str) -> None:
    body = b"x" * 1_000_000
    answer = process.request("POST", VERSION + path, body, Lambda_Runtime_Function_Error_Type="ValueError")
    call = process.call()
    assert (call.kind, call.request_id, call.body, call.error_type) == (kind, request_id, body, "ValueError")
    call.accept()
    assert answer.result()[0] == 202


def test_a_refusal_has_the_form_of_the_real_api(process: Process) -> None:
    answer = process.request("POST", f"{VERSION}/invocation/other/response", b"1")
    process.call().refuse(400, "InvalidRequestID", "Invalid request ID")
    status, _, body = answer.result()
    assert (status, body) == (400, b'{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}\n')


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", f"{VERSION}/invocation/next"), ("GET", VERSION)])
def test_other_paths_do_not_exist(process: Process, method: str, path: str) -> None:
    answer = process.request(method, path)
    while not answer.done():
        assert process.api.poll(0.01) is None
    assert answer.result()[0] == 404


def test_bytes_that_are_no_http_cost_only_their_connection(process: Process) -> None:
    host, port = process.api.address.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as garbled:
        garbled.sendall(b"this is no HTTP\r\n\r\n")
        process.api.poll(5)
        process.api.poll(5)
        assert garbled.recv(100) == b""
    answer = process.request("GET", f"{VERSION}/invocation/next")
    process.call().hand_over("id", b"{}", deadline=1.0, arn="arn", trace_id="Root=1")
    assert answer.result()[0] == 200


def test_what_is_watched_is_read_while_polling(process: Process) -> None:
    reader, writer = os.pipe()
    seen: list[bytes] = []
    process.api.watch(reader, lambda: seen.append(os.read(reader, 100)))
    os.write(writer, b"a line")
    assert process.api.poll(5) is None
    assert seen == [b"a line"]
    process.api.unwatch(reader)
    os.close(reader)
    os.close(writer)
