"""The Lambda Runtime API of one worker process: the HTTP port that `awslambdaric` polls for events.

Nothing runs in the background here. Whoever invokes the function drives `poll` until the answer is there, so a warm
invocation costs no change of thread. Each process has a port of its own: `awslambdaric` reports failed initialisation
with a client that understands no path behind the port.
"""

from __future__ import annotations

import selectors
import socket
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

import httptools

from tastemaker.cloud.server import listen

_PREFIX = "/2018-06-01/runtime"
_ERROR_TYPE = "lambda-runtime-function-error-type"
_REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 404: "Not Found", 413: "Request Entity Too Large"}
# a process that takes its event slower than this is not reading at all
_SEND_SECONDS = 10.0


class Kind(Enum):
    """What a worker process says."""

    NEXT = "next"
    RESPONSE = "response"
    ERROR = "error"
    INIT_ERROR = "init error"


@dataclass(frozen=True)
class Call:
    """One request of the worker process. It waits for an answer until it is given one."""

    kind: Kind
    request_id: str
    body: bytes
    error_type: str
    answer: Callable[[int, Mapping[str, str], bytes], None]

    def accept(self) -> None:
        """Confirm a response or an error."""
        self.answer(202, {"Content-Type": "application/json"}, b'{"status":"OK"}\n')

    def refuse(self, status: int, error_type: str, message: str) -> None:
        """Turn a request down with the Runtime API's own form of error."""
        body = f'{{"errorMessage":"{message}","errorType":"{error_type}"}}\n'
        self.answer(status, {"Content-Type": "application/json"}, body.encode())

    def hand_over(self, request_id: str, payload: bytes, *, deadline: float, arn: str, trace_id: str) -> None:
        """Answer a NEXT with an event. `deadline` is in seconds since the epoch."""
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": arn,
            "Lambda-Runtime-Trace-Id": trace_id,
        }
        self.answer(200, headers, payload)


class RuntimeApi:
    """Listens on a loopback port and turns what arrives into calls, in the thread that polls."""

    def __init__(self) -> None:
        self._listener = listen("127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._connections: set[_Connection] = set()
        self._calls: deque[Call] = deque()

    def watch(self, descriptor: int, readable: Callable[[], object]) -> None:
        """Call `readable` from `poll` whenever `descriptor` has something to read."""
        self._selector.register(descriptor, selectors.EVENT_READ, readable)

    def unwatch(self, descriptor: int) -> None:
        self._selector.unregister(descriptor)

    def poll(self, seconds: float) -> Call | None:
        """The next call; None when nothing was complete after one round of waiting for at most `seconds`."""
        if not self._calls:
            for key, _ in self._selector.select(seconds):
                key.data()
        return self._calls.popleft() if self._calls else None

    def close(self) -> None:
        for connection in tuple(self._connections):
            self._drop(connection)
        self._selector.close()
        self._listener.close()

    def _accept(self) -> None:
        stream, _ = self._listener.accept()
        stream.settimeout(_SEND_SECONDS)
        connection = _Connection(stream, self._calls.append)
        self._connections.add(connection)
        self._selector.register(stream, selectors.EVENT_READ, lambda: self._receive(connection))

    def _receive(self, connection: _Connection) -> None:
        if not connection.receive():
            self._drop(connection)

    def _drop(self, connection: _Connection) -> None:
        self._selector.unregister(connection.stream)
        self._connections.discard(connection)
        connection.stream.close()


class _Connection:
    """A keep-alive connection of the worker process; httptools calls its `on_` methods."""

    def __init__(self, stream: socket.socket, deliver: Callable[[Call], None]) -> None:
        self.stream = stream
        self._deliver = deliver
        self._parser = httptools.HttpRequestParser(self)
        self._path = b""
        self._headers: dict[str, str] = {}
        self._body = bytearray()

    def receive(self) -> bool:
        """Read what is there; whether the connection lives on."""
        try:
            data = self.stream.recv(262_144)
            self._parser.feed_data(data)
        except (OSError, httptools.HttpParserError):
            return False
        return bool(data)

    def on_message_begin(self) -> None:
        self._path, self._headers, self._body = b"", {}, bytearray()

    def on_url(self, part: bytes) -> None:
        self._path += part

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, part: bytes) -> None:
        self._body += part

    def on_message_complete(self) -> None:
        kind, request_id = _route(self._parser.get_method().decode(), self._path.decode("latin-1"))
        call = Call(kind or Kind.NEXT, request_id, bytes(self._body), self._headers.get(_ERROR_TYPE, ""), self._answer)
        if kind is None:
            call.refuse(404, "NotFound", "the Runtime API has no such path")
        else:
            self._deliver(call)

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        lines = [f"HTTP/1.1 {status} {_REASONS[status]}", *(f"{name}: {value}" for name, value in headers.items())]
        head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("latin-1")
        # a process that is gone is noticed by whoever watches the process
        with suppress(OSError):
            self.stream.sendall(head + body)


def _route(method: str, path: str) -> tuple[Kind | None, str]:
    """What a request is, and the id of the invocation that it is about; None for what the API doesn't have."""
    match method, path.removeprefix(_PREFIX).split("/"):
        case "GET", ["", "invocation", "next"]:
            return Kind.NEXT, ""
        case "POST", ["", "invocation", request_id, "response"]:
            return Kind.RESPONSE, request_id
        case "POST", ["", "invocation", request_id, "error"]:
            return Kind.ERROR, request_id
        case "POST", ["", "init", "error"]:
            return Kind.INIT_ERROR, ""
        case _:
            return None, ""
