"""An ASGI application on a port of its own, served by uvicorn from a background thread."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

# ASGI's own types: messages and scopes are dictionaries by specification
Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

# SDKs keep idle connections far longer than uvicorn's five seconds, and trip over one that closes under them
_KEEP_ALIVE_SECONDS = 75
_GRACE_SECONDS = 2
# where a client reaches a server that listens on every address
_REACHABLE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # looked up, not bound


class ServerError(Exception):
    """A server that doesn't come up; the message says on which address, and what to do."""


class PortInUse(ServerError):
    """Somebody else listens on the port."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"port {port} on {host} is already in use: stop what listens there, or choose another port "
            "(0 takes a free one)"
        )
        self.host = host
        self.port = port


class BackgroundServer:
    """Serves `app` at `host`:`port` between `start` and `stop`; port 0 takes a free one."""

    def __init__(self, app: AsgiApplication, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port that is served; until `start` the one asked for."""
        return self._port

    @property
    def url(self) -> str:
        host = _REACHABLE.get(self._host, self._host)
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    def start(self) -> str:
        """Listen, and return the URL once requests are answered. Raises `PortInUse`, `ServerError`."""
        listener = listen(self._host, self._port)
        self._port = listener.getsockname()[1]
        server = _Server(
            uvicorn.Config(
                self._app,
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        thread = threading.Thread(target=server.run, args=([listener],), name=f"server-{self._port}", daemon=True)
        thread.start()
        server.settled.wait()
        if not server.started:
            listener.close()
            raise ServerError(f"the server on {self._host}:{self._port} ended before it answered")
        self._server, self._thread = server, thread
        return self.url

    def stop(self) -> None:
        """Finish what is under way, close the port and wait for the thread. Does nothing when not started."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join()
        self._server = self._thread = None


class _Server(uvicorn.Server):
    """uvicorn's server, telling when it is up or has given up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        finally:
            self.settled.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket whose connections send at once (TCP_NODELAY). Raises `PortInUse`, `ServerError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # the explicit protocol matters: asyncio switches Nagle's algorithm off only where it sees it
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(host, port) from error
        raise ServerError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
    return listener
