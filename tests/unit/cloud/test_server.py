"""The background server: up when it says so, down when told, clear about a taken port."""

from __future__ import annotations

import http.client
import socket

import pytest

from tastemaker.cloud.server import BackgroundServer, PortInUse, Receive, Scope, Send, ServerError, listen


async def hello(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  # an ASGI application's signature
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


def get(port: int) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/")
    body = connection.getresponse().read()
    connection.close()
    return body


def test_answers_as_soon_as_start_returns() -> None:
    server = BackgroundServer(hello, "127.0.0.1", 0)
    url = server.start()
    try:
        assert url == f"http://127.0.0.1:{server.port}"
        assert get(server.port) == b"hello"
    finally:
        server.stop()


def test_frees_its_port_when_stopped() -> None:
    server = BackgroundServer(hello, "127.0.0.1", 0)
    server.start()
    port = server.port
    server.stop()
    again = BackgroundServer(hello, "127.0.0.1", port)
    again.start()
    try:
        assert get(port) == b"hello"
    finally:
        again.stop()


def test_says_which_port_is_in_use_and_what_to_do() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} on 127.0.0.1 is already in use: stop .* or choose another"):
            BackgroundServer(hello, "127.0.0.1", port).start()


def test_names_an_address_that_is_not_its_own() -> None:
    with pytest.raises(ServerError, match=r"cannot listen on 203\.0\.113\.1:80"):
        BackgroundServer(hello, "203.0.113.1", 80).start()


def test_stopping_what_never_started_does_nothing() -> None:
    BackgroundServer(hello, "127.0.0.1", 0).stop()


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:80"), ("::", "http://[::1]:80"), ("localhost", "http://localhost:80")],
)
def test_the_url_is_one_that_a_client_can_use(host: str, url: str) -> None:
    assert BackgroundServer(hello, host, 80).url == url


def test_connections_do_not_wait_for_full_packets() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()) as client:
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert client.fileno() > 0
