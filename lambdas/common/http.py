"""What the functions behind the HTTP API have in common: an answer in JSON, and an error as the API writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

NO_STORE: Final = "no-store"
"""The cache control of an answer that is one visitor's own: nothing between may keep it."""


class HttpError(Exception):
    """An answer other than success; `code` is for programs, the message says what to mend, `details` where."""

    def __init__(
        self, status: int, code: str, message: str, details: Sequence[Mapping[str, Any]] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": str(self)}
        return {"error": error if self.details is None else {**error, "details": list(self.details)}}


def response(status: int, body: Mapping[str, Any], *, cache_control: str = NO_STORE) -> dict[str, Any]:
    """An HTTP API answer."""
    headers = {"content-type": "application/json; charset=utf-8", "cache-control": cache_control}
    if cache_control != NO_STORE:
        # API Gateway adds CORS headers for the page that asks, which no other page may be shown
        headers["vary"] = "origin"
    return {
        "statusCode": status,
        "headers": headers,
        "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    }
