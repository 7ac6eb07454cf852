"""Between HTTP and the recommender: what a request may say, and how an answer is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

DEFAULT_COUNT: Final = 10
MAX_COUNT: Final = 100
MAX_ID_LENGTH: Final = 256
PARAMETERS: Final = frozenset({"userId", "count"})


class HttpError(Exception):
    """An answer other than 200; `code` is for programs, the message says what to mend."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": str(self)}}


@dataclass(frozen=True)
class RecommendationRequest:
    """`GET /recommendations`: `count` items for `user_id`."""

    user_id: str
    count: int


def parse(event: Mapping[str, Any]) -> RecommendationRequest:
    """Read an API Gateway event, payload format 2.0; whatever is wrong in it is an `HttpError` 400."""
    query: Mapping[str, str] = event.get("queryStringParameters") or {}
    if unknown := sorted(query.keys() - PARAMETERS):
        raise HttpError(
            400,
            "unknownParameter",
            f"unknown parameter {', '.join(unknown)}; known are {', '.join(sorted(PARAMETERS))}",
        )
    user_id = query.get("userId", "")
    if not 1 <= len(user_id) <= MAX_ID_LENGTH:
        raise HttpError(400, "invalidUserId", f"userId is required and has 1 to {MAX_ID_LENGTH} characters")
    return RecommendationRequest(user_id, _count(query.get("count")))


def response(status: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """An HTTP API answer. It is one visitor's own, so nothing between may keep it."""
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json; charset=utf-8", "cache-control": "no-store"},
        "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    }


def _count(raw: str | None) -> int:
    if raw is None:
        return DEFAULT_COUNT
    # str.isdigit also takes digits that int refuses, such as superscripts
    if raw.isascii() and raw.isdigit() and len(raw) <= 4 and 1 <= int(raw) <= MAX_COUNT:
        return int(raw)
    raise HttpError(400, "invalidCount", f"count is a whole number from 1 to {MAX_COUNT}")
