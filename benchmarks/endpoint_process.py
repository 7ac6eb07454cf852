"""A real `tastemaker endpoint` in a process of its own, pinned to one core, and a client that costs next to nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import boto3

REGION = "us-east-1"
# nobody verifies a signature; its parts are what a request of an SDK carries
_AUTHORIZATION = (
    f"AWS4-HMAC-SHA256 Credential=local/20260101/{REGION}/personalize/aws4_request, "
    f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
)


@contextmanager
def endpoint(data_dir: Path, *options: str) -> Iterator[str]:
    """The URL of an endpoint on `data_dir`. Where there are two cores, it has one and the caller another."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) > 1:
        os.sched_setaffinity(0, cores[1:2])  # what is started now stays there
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "tastemaker.cli.main", "endpoint", "--port", "0", "--data-dir", data_dir, *options],
            stdout=subprocess.PIPE,
            text=True,
        )
    finally:
        if len(cores) > 1:
            os.sched_setaffinity(0, cores[:1])
    try:
        yield _url(process)
    finally:
        process.terminate()
        process.communicate()
        if len(cores) > 1:
            os.sched_setaffinity(0, cores)


def _url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if "AWS_ENDPOINT_URL=" in line:
            return line.partition("AWS_ENDPOINT_URL=")[2].strip()
    raise RuntimeError("the endpoint ended before it said where it listens")


def client(service: str, url: str) -> Any:
    """A boto3 client of the endpoint, typed as loosely as boto3's own."""
    return boto3.client(  # type: ignore[call-overload] # any service
        service, endpoint_url=url, region_name=REGION, aws_access_key_id="local", aws_secret_access_key="local"
    )


class Connection:
    """One kept-alive connection, by which requests are sent whole and at once."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        assert address.hostname is not None
        self._host = address.netloc
        self._socket = socket.create_connection((address.hostname, address.port or 80))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()

    def request(self, path: str, body: bytes) -> bytes:
        """A request as it goes over the wire."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\n"
            f"User-Agent: benchmark\r\nX-Amz-Date: 20260101T000000Z\r\nAuthorization: {_AUTHORIZATION}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def send(self, request: bytes) -> None:
        self._socket.sendall(request)

    def receive(self) -> bytes:
        """The body of the next answer. Raises RuntimeError where that is no 200."""
        while (end := self._received.find(b"\r\n\r\n")) < 0:
            self._more()
        head = self._received[:end].lower()
        start = head.index(b"content-length:") + len(b"content-length:")
        size = int(head[start:].split(b"\r\n", 1)[0])
        whole = end + 4 + size
        while len(self._received) < whole:
            self._more()
        body, self._received = self._received[end + 4 : whole], self._received[whole:]
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"{head.decode('latin-1').splitlines()[0]}: {body.decode()}")
        return body

    def _more(self) -> None:
        received = self._socket.recv(1 << 16)
        if not received:
            raise RuntimeError("the endpoint closed the connection")
        self._received += received
