"""moto behind an endpoint on a free port, for tests that call it as clients do."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from moto.core.base_backend import BackendDict

from tastemaker.cloud import dynamodb, moto_bridge
from tastemaker.cloud.calls import CallLog
from tastemaker.cloud.clients import Clients
from tastemaker.cloud.endpoint import Answer, Endpoint
from tastemaker.cloud.identity import Identities


@dataclass(frozen=True)
class Served:
    url: str
    clients: Clients
    identities: Identities
    calls: CallLog

    def client(self, service: str) -> Any:
        return self.clients.client(service)

    def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """One request as it is given, with nothing added by an SDK."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        finally:
            connection.close()


@contextmanager
def served(services: Mapping[str, Answer] | None = None) -> Iterator[Served]:
    """An endpoint with an empty moto behind it, and `services` in front."""
    BackendDict.reset()
    dynamodb.install()
    identities = Identities()
    calls = CallLog(identities)
    endpoint = Endpoint(
        services={"dynamodb": dynamodb.handle, **(services or {})}, others=moto_bridge.handle, calls=calls
    )
    url = endpoint.start()
    clients = Clients(url)
    try:
        yield Served(url, clients, identities, calls)
    finally:
        clients.close()
        endpoint.stop()


def listening(url: str) -> bool:
    """Whether somebody accepts connections there."""
    address = urlsplit(url)
    with socket.socket() as connection:
        return connection.connect_ex((address.hostname or "", address.port or 0)) == 0


def signed(service: str, *, key: str = "AKIATASTEMAKERADMIN0", region: str = "us-east-1") -> dict[str, str]:
    """The header by which a request says for whom and for which service it was signed."""
    scope = f"{key}/20250101/{region}/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}
