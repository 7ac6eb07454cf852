"""A second endpoint: a proxy before the first one, with planted differences in what it answers."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import urlsplit


@dataclass
class Answer:
    """A JSON answer of the control plane, which a planted difference changes in place."""

    status: int
    body: dict[str, Any]


Plant = Callable[[Answer], None]


class _Proxy(BaseHTTPRequestHandler):
    upstream: ClassVar[str]
    plants: ClassVar[Mapping[str, Plant]]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = http.client.HTTPConnection(self.upstream)
        connection.request(self.command, self.path, body, dict(self.headers.items()))
        response = connection.getresponse()
        status, content = response.status, response.read()
        headers = [(name, value) for name, value in response.getheaders() if name.lower() not in _OWN_HEADERS]
        connection.close()
        if plant := self.plants.get(self.headers.get("X-Amz-Target", "").rpartition(".")[2]):
            answer = Answer(status, json.loads(content or b"{}"))
            plant(answer)
            status, content = answer.status, json.dumps(answer.body).encode()
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(content)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content if self.command != "HEAD" else b"")

    def __getattr__(self, name: str) -> Callable[[], None]:
        """`do_GET`, `do_POST` and the others are all the same."""
        if name.startswith("do_"):
            return self._forward
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


_OWN_HEADERS = {"content-length", "date", "server", "connection"}


@contextmanager
def planted(endpoint_url: str, plants: Mapping[str, Plant]) -> Iterator[str]:
    """The address of an endpoint that answers as that at `endpoint_url`, but for what the `plants` of operations do."""

    class Proxy(_Proxy):
        upstream = urlsplit(endpoint_url).netloc

    Proxy.plants = plants
    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
