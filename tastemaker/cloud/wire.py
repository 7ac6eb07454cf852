"""AWS requests and responses as they go over the wire, and what a request's signature says about it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl

from tastemaker.cloud.identity import DEFAULT_REGION

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request")


@dataclass(frozen=True)
class Signature:
    """What a request claims in its credential scope. It isn't verified: every key is good here."""

    access_key_id: str
    region: str
    service: str


@dataclass(frozen=True)
class Request:
    """An HTTP request, whole.

    `path` is as it arrived, percent-encoded; `headers` have lower-case names, repeated ones joined by commas.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @cached_property
    def signature(self) -> Signature | None:
        """The credential scope, from the Authorization header or a presigned query; None where there is none."""
        authorization = self.headers.get("authorization", "")
        if not authorization and "X-Amz-Credential" in self.arguments:
            authorization = f"Credential={self.arguments['X-Amz-Credential']}"
        match = _CREDENTIAL.search(authorization)
        return Signature(match[1], region=match[3], service=match[4].lower()) if match else None

    @property
    def region(self) -> str:
        return self.signature.region if self.signature else DEFAULT_REGION

    @property
    def target(self) -> str:
        """The value of X-Amz-Target, by which JSON services name the operation; empty for all others."""
        return self.headers.get("x-amz-target", "")

    @cached_property
    def arguments(self) -> Mapping[str, str]:
        """The query's arguments, decoded."""
        return dict(parse_qsl(self.query, keep_blank_values=True)) if self.query else {}


@dataclass(frozen=True)
class Response:
    """An HTTP response, whole."""

    status: int
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = ()
